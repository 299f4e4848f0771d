//! Rotations: which token replaced which, until when the old one lives on, and whether the new one was
//! ever used (contract P10).

use keyfob_core::event::{Action, Actor};
use keyfob_core::id::{PatId, UserId};
use keyfob_core::pat::rotation::{ATTEMPT_LENGTH, Attempt, RotatePermit, RotateStep, Rotated};
use keyfob_core::time::{Lifetime, Timestamp};

use crate::StoreError;
use crate::db::{RowRef, Tx, Value, args, statements};
use crate::event::audit_append;
use crate::pat::{NewPat, Revoked, about, pat_insert, pat_revoke, read_because};

statements! {
    ROTATION_FIND = "SELECT r.successor, s.created_at, s.expires_at, s.revoked_because, n.successor,
            r.used_at, r.attempt, r.attempt_until
        FROM pat_rotation r JOIN pat s ON s.id = r.successor LEFT JOIN pat_rotation n ON n.pat = r.successor
        WHERE r.pat = $1";
    ROTATION_INSERT = "INSERT INTO pat_rotation (pat, successor, rotated_at, ends_at, attempt, attempt_until)
        VALUES ($1, $2, $3, $4, $5, $6)";
    ROTATION_REPLACE = "UPDATE pat_rotation SET successor = $2 WHERE pat = $1 AND successor = $3 AND used_at IS NULL";
    // Never later than it would have ended.
    PAT_SHORTEN = "UPDATE pat SET expires_at = $2 WHERE id = $1 AND (expires_at IS NULL OR expires_at > $2)";
    SUCCESSOR_USED = "UPDATE pat_rotation SET used_at = $2 WHERE successor = $1 AND (used_at IS NULL OR used_at > $2)";
    ROTATION_ENDED = "SELECT r.pat, p.user_id, r.ends_at FROM pat_rotation r JOIN visible_pat p ON p.id = r.pat
        WHERE r.ends_at > $1 AND r.ends_at <= $2 AND p.revoked_at IS NULL ORDER BY r.ends_at LIMIT $3";
}

/// What replaced a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Successor {
    /// Which.
    pub pat: PatId,
    /// When the rotation was asked for first.
    pub rotated_at: Timestamp,
    /// When the old token ends.
    pub ends_at: Timestamp,
    /// When the successor was first exchanged.
    pub first_used_at: Option<Timestamp>,
}

/// Finds the rotation that a token has behind it.
pub async fn rotation_find(tx: &mut Tx, pat: PatId) -> Result<Option<Rotated>, StoreError> {
    tx.optional(&ROTATION_FIND, args![pat], |row| {
        Ok(Rotated {
            successor: row.get(0)?,
            lifetime: Lifetime {
                start: row.get(1)?,
                end: row.get(2)?,
            },
            revoked: read_because(row, 3)?,
            next: row.get(4)?,
            first_used_at: row.get(5)?,
            attempt: read_attempt(row, 6)?,
        })
    })
    .await
}

/// Keeps a successor, and ends what the permit says: the old token at once or after its overlap, or the
/// successor that nobody used.
pub async fn pat_rotate(
    tx: &mut Tx,
    permit: &RotatePermit,
    new: &NewPat<'_>,
    actor: &Actor,
    now: Timestamp,
) -> Result<(), StoreError> {
    let (old, successor) = (permit.pat(), permit.successor());
    pat_insert(tx, successor, new, actor, now).await?;
    let mut fact = about(
        Action::PatRotated,
        successor.tree(),
        successor.organization(),
        old,
    );
    fact.detail = format!("to {}", new.id);
    audit_append(tx, actor, fact, now).await?;
    match permit.step() {
        RotateStep::Overlap(end) => {
            rotation_insert(tx, permit, new.id, *end, now).await?;
            tx.execute(&PAT_SHORTEN, args![old, *end]).await?;
        }
        RotateStep::AtOnce(ended) => {
            rotation_insert(tx, permit, new.id, now, now).await?;
            pat_revoke(tx, ended, actor, now).await?;
        }
        RotateStep::Again(unseen) => {
            let values = args![old, new.id, unseen.pat()];
            let replaced = tx.execute(&ROTATION_REPLACE, values).await?;
            let ended = pat_revoke(tx, unseen, actor, now).await?;
            if (replaced, ended) != (1, Revoked::Now) {
                return Err(StoreError::misuse(
                    "the permit is of another transaction than its facts",
                ));
            }
        }
    }
    Ok(())
}

async fn rotation_insert(
    tx: &mut Tx,
    permit: &RotatePermit,
    successor: PatId,
    ends_at: Timestamp,
    now: Timestamp,
) -> Result<(), StoreError> {
    let attempt = permit.attempt();
    let values = args![
        permit.pat(),
        successor,
        now,
        ends_at,
        attempt.map(|attempt| attempt.digest.as_slice()),
        attempt.map(|attempt| attempt.until)
    ];
    tx.execute(&ROTATION_INSERT, values).await.map(|_rows| ())
}

/// Whether it was this call that settled the first use of a successor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FirstUse {
    /// It is in the store now, and from here on nothing replaces the successor.
    Settled,
    /// It was there already, or the token is no successor any more: another one is in its place.
    Unchanged,
}

/// Settles the first use of a successor before it is answered.
pub async fn successor_settle(
    tx: &mut Tx,
    successor: PatId,
    now: Timestamp,
) -> Result<FirstUse, StoreError> {
    let settled = tx.execute(&SUCCESSOR_USED, args![successor, now]).await?;
    Ok(match settled {
        0 => FirstUse::Unchanged,
        _row => FirstUse::Settled,
    })
}

/// Notes first uses of successors that nothing can replace; a later one than stored changes nothing.
pub async fn successor_used(tx: &mut Tx, uses: &[(PatId, Timestamp)]) -> Result<(), StoreError> {
    let rows: Vec<Vec<Value<'_>>> = uses
        .iter()
        .map(|(successor, at)| vec![Value::from(*successor), Value::from(*at)])
        .collect();
    tx.execute_many(&SUCCESSOR_USED, &rows).await?;
    Ok(())
}

/// A rotated token whose overlap is over, and which is not revoked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EndedOverlap {
    /// Which.
    pub pat: PatId,
    /// Whose.
    pub holder: UserId,
    /// When it ended.
    pub ended_at: Timestamp,
}

/// Lists overlaps that ended after `after` and are over at `now`, the oldest first, at most `limit`.
pub async fn rotation_ended(
    tx: &mut Tx,
    after: Timestamp,
    now: Timestamp,
    limit: i64,
) -> Result<Vec<EndedOverlap>, StoreError> {
    tx.all(&ROTATION_ENDED, args![after, now, limit], |row| {
        Ok(EndedOverlap {
            pat: row.get(0)?,
            holder: row.get(1)?,
            ended_at: row.get(2)?,
        })
    })
    .await
}

/// Reads what replaced a token, from four columns beginning at `first`; none when nothing did.
pub(crate) fn read_successor(
    row: &RowRef<'_>,
    first: usize,
) -> Result<Option<Successor>, StoreError> {
    let Some(pat) = row.get::<Option<PatId>>(first)? else {
        return Ok(None);
    };
    Ok(Some(Successor {
        pat,
        rotated_at: row.get(first + 1)?,
        ends_at: row.get(first + 2)?,
        first_used_at: row.get(first + 3)?,
    }))
}

fn read_attempt(row: &RowRef<'_>, first: usize) -> Result<Option<Attempt>, StoreError> {
    let until: Option<Timestamp> = row.get(first + 1)?;
    let Some(until) = until else {
        return Ok(None);
    };
    let digest: [u8; ATTEMPT_LENGTH] = row
        .bytes(first)?
        .try_into()
        .map_err(|_length| StoreError::corrupt("a request that is no digest"))?;
    Ok(Some(Attempt { digest, until }))
}
