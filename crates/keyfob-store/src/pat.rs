//! Personal API tokens. There is no function here that returns a token's secret: it is not stored.

pub mod everywhere;
pub mod subtree;

use keyfob_core::event::{Action, Actor, Fact, FeedItem};
use keyfob_core::id::{KeyId, OrgId, PatId, UserId};
use keyfob_core::name::Name;
use keyfob_core::network::Networks;
use keyfob_core::pat::rotation::{OldPat, used_after_rotation};
use keyfob_core::pat::{Ceiling, GeneratePermit, RevokePermit, RevokedBecause};
use keyfob_core::reach::Reach;
use keyfob_core::secret::PatMac;
use keyfob_core::time::{Lifetime, Timestamp};

use crate::StoreError;
use crate::db::{RowRef, Tx, Value, args, statements};
use crate::event::{audit_append, feed_append};
use crate::member::MemberAt;
use crate::rotation::{Successor, read_successor};

statements! {
    PAT_INSERT = "INSERT INTO pat
        (id, user_id, organization_id, tree, mac, pepper, name, hint, created_at, expires_at, ceiling, reach, networks)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)";
    PAT_FIND = "SELECT p.id, p.user_id, p.organization_id, p.tree, p.name, p.hint, p.created_at, p.expires_at, p.ceiling,
            p.reach, p.networks, p.revoked_at, p.revoked_because, l.used_at, l.address, l.client, l.organization,
            o.pat, r.successor, r.rotated_at, r.ends_at, r.used_at
        FROM visible_pat p LEFT JOIN pat_use l ON l.pat = p.id
        LEFT JOIN pat_rotation r ON r.pat = p.id LEFT JOIN pat_rotation o ON o.successor = p.id
        WHERE p.organization_id = $1 AND p.id = $2";
    PAT_LIST = "SELECT p.id, p.user_id, p.organization_id, p.tree, p.name, p.hint, p.created_at, p.expires_at, p.ceiling,
            p.reach, p.networks, p.revoked_at, p.revoked_because, l.used_at, l.address, l.client, l.organization,
            o.pat, r.successor, r.rotated_at, r.ends_at, r.used_at
        FROM visible_pat p LEFT JOIN pat_use l ON l.pat = p.id
        LEFT JOIN pat_rotation r ON r.pat = p.id LEFT JOIN pat_rotation o ON o.successor = p.id
        WHERE p.organization_id = $1 AND p.user_id = $2 ORDER BY p.id DESC";
    PAT_EXISTS = "SELECT EXISTS (SELECT 1 FROM pat WHERE id = $1)";
    PAT_IS = "SELECT EXISTS (SELECT 1 FROM pat WHERE id = $1 AND mac = $2)";
    PAT_COUNT_LIVE = "SELECT CAST(COUNT(*) AS BIGINT) FROM visible_pat p
        WHERE p.organization_id = $1 AND p.user_id = $2 AND p.revoked_at IS NULL AND (p.expires_at IS NULL OR p.expires_at > $3)
            AND NOT EXISTS (SELECT 1 FROM pat_rotation r WHERE r.pat = p.id)";
    PAT_REVOKE = "UPDATE pat SET revoked_at = $2, revoked_because = $3, revoked_by = $4
        WHERE id = $1 AND revoked_at IS NULL RETURNING organization_id, tree";
    PAT_REVOKE_HELD = "UPDATE pat SET revoked_at = $3, revoked_because = $4, revoked_by = $5
        WHERE organization_id = $1 AND user_id = $2 AND revoked_at IS NULL RETURNING id";
    // Written behind the exchange, so perhaps after the holder was erased: then it would name them again.
    PAT_USE_PUT = "INSERT INTO pat_use (pat, used_at, address, client, organization)
        SELECT p.id, $2, $3, $4, $5 FROM pat p JOIN users u ON u.id = p.user_id WHERE p.id = $1 AND u.erased_at IS NULL
        ON CONFLICT (pat) DO UPDATE SET used_at = excluded.used_at, address = excluded.address,
            client = excluded.client, organization = excluded.organization
        WHERE pat_use.used_at <= excluded.used_at";
}

/// A PAT as its holder sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pat {
    /// Which.
    pub id: PatId,
    /// Whose.
    pub user: UserId,
    /// Where.
    pub organization: OrgId,
    /// The root of its tree.
    pub tree: OrgId,
    /// What its holder calls it.
    pub name: String,
    /// Prefix, ellipsis and last four characters; none when only a hash was imported.
    pub hint: Option<String>,
    /// From its making to its expiry.
    pub lifetime: Lifetime,
    /// What it is limited to.
    pub ceiling: Option<Ceiling>,
    /// How far it goes.
    pub reach: Reach,
    /// From where it works.
    pub networks: Option<Networks>,
    /// When and why it was ended.
    pub revoked: Option<(Timestamp, RevokedBecause)>,
    /// Its last use, some seconds late.
    pub last_used: Option<LastUse>,
    /// The token that it replaced.
    pub replaces: Option<PatId>,
    /// What replaced it.
    pub successor: Option<Successor>,
}

impl Pat {
    /// When it was used last, if its successor was in use by then.
    pub fn used_after_rotation(&self) -> Option<Timestamp> {
        let first = self.successor.and_then(|by| by.first_used_at);
        used_after_rotation(first, self.last_used.as_ref().map(|last| last.at))
    }

    /// Whether it takes a place under the limit, as [`pat_count_live`] counts (P7).
    pub fn takes_a_place(&self, now: Timestamp) -> bool {
        let lives = self.revoked.is_none() && !self.lifetime.is_over_at(now);
        lives && self.successor.is_none()
    }

    /// What counts of it when it is to be rotated.
    pub fn to_rotate(&self) -> OldPat {
        OldPat {
            id: self.id,
            holder: self.user,
            organization: self.organization,
            tree: self.tree,
            lifetime: self.lifetime,
            revoked: self.revoked.map(|(_at, because)| because),
            ceiling: self.ceiling.clone(),
            reach: self.reach.clone(),
            networks: self.networks.clone(),
        }
    }
}

/// When, from where and for what a PAT was last exchanged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastUse {
    /// When.
    pub at: Timestamp,
    /// The client's address.
    pub address: Option<String>,
    /// What the client called itself.
    pub client: Option<String>,
    /// The target.
    pub organization: OrgId,
}

/// What a new PAT is made with, beside its permit.
#[derive(Debug)]
pub struct NewPat<'a> {
    /// Its id.
    pub id: PatId,
    /// What its holder calls it.
    pub name: &'a Name,
    /// Its secret's keyed digest.
    pub mac: &'a PatMac,
    /// The key record of the pepper that made the digest.
    pub pepper: KeyId,
    /// Prefix, ellipsis and last four characters.
    pub hint: &'a str,
}

/// Keeps a new PAT.
pub async fn pat_insert(
    tx: &mut Tx,
    permit: &GeneratePermit,
    new: &NewPat<'_>,
    actor: &Actor,
    now: Timestamp,
) -> Result<(), StoreError> {
    let (want, life) = (permit.want(), permit.lifetime());
    let networks = want.networks.as_ref().map(Networks::to_text);
    let reach = want.reach.to_text();
    let values = args![
        new.id,
        permit.user(),
        permit.organization(),
        permit.tree(),
        new.mac.as_bytes(),
        new.pepper,
        new.name.as_str(),
        new.hint,
        life.start,
        life.end,
        want.ceiling.as_ref().map(Ceiling::as_text),
        &reach,
        networks.as_deref()
    ];
    tx.execute(&PAT_INSERT, values).await?;
    let fact = about(
        Action::PatGenerated,
        permit.tree(),
        permit.organization(),
        new.id,
    );
    audit_append(tx, actor, fact, now).await
}

/// Finds a PAT of an organization.
pub async fn pat_find(
    tx: &mut Tx,
    organization: OrgId,
    id: PatId,
) -> Result<Option<Pat>, StoreError> {
    tx.optional(&PAT_FIND, args![organization, id], read).await
}

/// Lists a user's PATs in an organization, the newest first, ended ones included.
pub async fn pat_list(
    tx: &mut Tx,
    organization: OrgId,
    user: UserId,
) -> Result<Vec<Pat>, StoreError> {
    tx.all(&PAT_LIST, args![organization, user], read).await
}

/// Whether a PAT with that id was kept: what a repeated attempt asks after a commit without answer.
pub async fn pat_exists(tx: &mut Tx, id: PatId) -> Result<bool, StoreError> {
    let exists = tx
        .optional(&PAT_EXISTS, args![id], |row| row.get::<bool>(0))
        .await?;
    Ok(exists.unwrap_or_default())
}

/// Whether a PAT was kept with that secret: of two attempts with one id only one has it.
pub async fn pat_is(tx: &mut Tx, id: PatId, mac: &PatMac) -> Result<bool, StoreError> {
    let is = tx
        .optional(&PAT_IS, args![id, mac.as_bytes()], |row| row.get::<bool>(0))
        .await?;
    Ok(is.unwrap_or_default())
}

/// Counts a user's PATs in an organization that are neither revoked nor expired, nor in the overlap of a
/// rotation (P7).
pub async fn pat_count_live(
    tx: &mut Tx,
    organization: OrgId,
    user: UserId,
    now: Timestamp,
) -> Result<u32, StoreError> {
    let count = tx
        .optional(&PAT_COUNT_LIVE, args![organization, user, now], |row| {
            row.get::<i64>(0)
        })
        .await?;
    Ok(u32::try_from(count.unwrap_or_default()).unwrap_or(u32::MAX))
}

/// Whether a revocation changed anything; either way the PAT is revoked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Revoked {
    /// By this very call.
    Now,
    /// It was already.
    Already,
}

/// Ends a PAT for good: one conditional statement, and only the one that changes a row tells feed and
/// audit log.
pub async fn pat_revoke(
    tx: &mut Tx,
    permit: &RevokePermit,
    actor: &Actor,
    now: Timestamp,
) -> Result<Revoked, StoreError> {
    let values = args![permit.pat(), now, permit.because().word(), permit.by()];
    let ended: Option<(OrgId, OrgId)> = tx
        .optional(&PAT_REVOKE, values, |row| Ok((row.get(0)?, row.get(1)?)))
        .await?;
    let Some((organization, tree)) = ended else {
        return Ok(Revoked::Already);
    };
    feed_append(tx, FeedItem::Pat(permit.pat()), now).await?;
    audit_append(
        tx,
        actor,
        pat_revoked_fact(tree, organization, permit.pat(), permit.because()),
        now,
    )
    .await?;
    Ok(Revoked::Now)
}

/// Ends every PAT that a user holds in an organization; the caller writes the records returned.
pub(crate) async fn pat_revoke_held(
    tx: &mut Tx,
    at: MemberAt,
    because: RevokedBecause,
    actor: &Actor,
    now: Timestamp,
) -> Result<Vec<Fact>, StoreError> {
    let values = args![at.organization, at.user, now, because.word(), actor.person];
    let ended: Vec<PatId> = tx.all(&PAT_REVOKE_HELD, values, |row| row.get(0)).await?;
    for pat in &ended {
        feed_append(tx, FeedItem::Pat(*pat), now).await?;
    }
    Ok(ended
        .into_iter()
        .map(|pat| pat_revoked_fact(at.tree, at.organization, pat, because))
        .collect())
}

/// The audit record of an ended PAT.
pub(crate) fn pat_revoked_fact(
    tree: OrgId,
    organization: OrgId,
    pat: PatId,
    because: RevokedBecause,
) -> Fact {
    Fact {
        detail: because.word().to_owned(),
        ..about(Action::PatRevoked, tree, organization, pat)
    }
}

/// Notes last uses; an older one than stored changes nothing.
pub async fn pat_use_put(tx: &mut Tx, uses: &[(PatId, LastUse)]) -> Result<(), StoreError> {
    let mut rows = Vec::with_capacity(uses.len());
    for (pat, last) in uses {
        rows.push(vec![
            Value::from(*pat),
            Value::from(last.at),
            Value::from(last.address.as_deref()),
            Value::from(last.client.as_deref()),
            Value::from(last.organization),
        ]);
    }
    tx.execute_many(&PAT_USE_PUT, &rows).await?;
    Ok(())
}

/// The audit record of something that happened to a PAT.
pub(crate) fn about(action: Action, tree: OrgId, organization: OrgId, pat: PatId) -> Fact {
    Fact {
        tree: Some(tree),
        action,
        organization: Some(organization),
        subject: Some(pat.uuid()),
        detail: String::new(),
    }
}

/// Reads what a PAT is bound to, from three columns beginning at `first`.
pub(crate) fn read_bounds(
    row: &RowRef<'_>,
    first: usize,
) -> Result<(Option<Ceiling>, Reach, Option<Networks>), StoreError> {
    let ceiling = row.text_opt(first)?.map(Ceiling::from_stored);
    let reach = Reach::from_stored(row.text(first + 1)?)
        .ok_or(StoreError::corrupt("a reach that is none"))?;
    let networks = match row.text_opt(first + 2)? {
        None => None,
        Some(text) => {
            let bad = |cause| StoreError::corrupt_by("networks that are none", cause);
            Some(Networks::parse(text.split_ascii_whitespace()).map_err(bad)?)
        }
    };
    Ok((ceiling, reach, networks))
}

/// Reads why a PAT was ended.
pub(crate) fn read_because(
    row: &RowRef<'_>,
    index: usize,
) -> Result<Option<RevokedBecause>, StoreError> {
    let word = row.text_opt(index)?;
    word.map(|word| {
        RevokedBecause::from_word(word)
            .ok_or(StoreError::corrupt("an unknown reason of revocation"))
    })
    .transpose()
}

fn read(row: &RowRef<'_>) -> Result<Pat, StoreError> {
    let (ceiling, reach, networks) = read_bounds(row, 8)?;
    let revoked_at: Option<Timestamp> = row.get(11)?;
    let used_at: Option<Timestamp> = row.get(13)?;
    let last_used = match used_at {
        None => None,
        Some(at) => Some(LastUse {
            at,
            address: row.get(14)?,
            client: row.get(15)?,
            organization: row.get(16)?,
        }),
    };
    Ok(Pat {
        id: row.get(0)?,
        user: row.get(1)?,
        organization: row.get(2)?,
        tree: row.get(3)?,
        name: row.get(4)?,
        hint: row.get(5)?,
        lifetime: Lifetime {
            start: row.get(6)?,
            end: row.get(7)?,
        },
        ceiling,
        reach,
        networks,
        revoked: revoked_at.zip(read_because(row, 12)?),
        last_used,
        replaces: row.get(17)?,
        successor: read_successor(row, 18)?,
    })
}
