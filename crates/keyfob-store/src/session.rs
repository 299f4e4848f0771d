//! Sessions of signed-in people. The cookie's value is not here, only its SHA-256.

use keyfob_core::event::{Action, Actor, Fact};
use keyfob_core::id::{SessionId, UserId};
use keyfob_core::time::Timestamp;

use crate::StoreError;
use crate::db::{Tx, args, statements};
use crate::event::audit_append;

statements! {
    SESSION_INSERT = "INSERT INTO session (id, hash, user_id, created_at, authenticated_at, seen_at, expires_at, address, client)
        VALUES ($1, $2, $3, $4, $4, $4, $5, $6, $7)";
    SESSION_FIND = "SELECT s.id, s.user_id, s.created_at, s.authenticated_at, s.seen_at, s.expires_at, s.address, s.client
        FROM session s JOIN visible_user u ON u.id = s.user_id
        WHERE s.hash = $1 AND s.ended_at IS NULL AND u.suspended_at IS NULL";
    SESSION_STANDS = "SELECT EXISTS (SELECT 1 FROM session s JOIN visible_user u ON u.id = s.user_id
        WHERE s.id = $1 AND s.ended_at IS NULL AND u.suspended_at IS NULL)";
    SESSION_LIST = "SELECT id, user_id, created_at, authenticated_at, seen_at, expires_at, address, client
        FROM session WHERE user_id = $1 AND ended_at IS NULL ORDER BY id";
    SESSION_SEEN = "UPDATE session SET seen_at = $2 WHERE id = $1 AND seen_at < $2";
    SESSION_END = "UPDATE session SET ended_at = $3 WHERE id = $1 AND user_id = $2 AND ended_at IS NULL RETURNING id";
    SESSION_END_ALL = "UPDATE session SET ended_at = $2 WHERE user_id = $1 AND ended_at IS NULL";
    SESSION_END_OTHERS = "UPDATE session SET ended_at = $3 WHERE user_id = $1 AND id <> $2 AND ended_at IS NULL";
}

/// A session that has not been ended; whether it is too old is the rules' to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Which.
    pub id: SessionId,
    /// Whose.
    pub user: UserId,
    /// When it began.
    pub created_at: Timestamp,
    /// When the person last proved who they are.
    pub authenticated_at: Timestamp,
    /// When it was last used, some seconds late.
    pub seen_at: Timestamp,
    /// When it ends at the latest.
    pub expires_at: Timestamp,
    /// The address it began from.
    pub address: Option<String>,
    /// What the client called itself.
    pub client: Option<String>,
}

/// A session to begin.
#[derive(Debug)]
pub struct NewSession<'a> {
    /// Its id.
    pub id: SessionId,
    /// SHA-256 of the cookie's value.
    pub hash: &'a [u8],
    /// Whose.
    pub user: UserId,
    /// When it ends at the latest.
    pub expires_at: Timestamp,
}

/// Begins a session.
pub async fn session_insert(
    tx: &mut Tx,
    new: &NewSession<'_>,
    actor: &Actor,
    now: Timestamp,
) -> Result<(), StoreError> {
    let address = actor.address.map(|address| address.to_string());
    let values = args![
        new.id,
        new.hash,
        new.user,
        now,
        new.expires_at,
        address.as_deref(),
        actor.client.as_deref()
    ];
    tx.execute(&SESSION_INSERT, values).await?;
    audit_append(tx, actor, about(Action::SessionStarted, new.id), now).await
}

/// Finds a session by its cookie's hash; none when it was ended or its user is suspended.
pub async fn session_find(tx: &mut Tx, hash: &[u8]) -> Result<Option<Session>, StoreError> {
    tx.optional(&SESSION_FIND, args![hash], read).await
}

/// Whether a session was not ended meanwhile, nor its user suspended.
pub async fn session_stands(tx: &mut Tx, id: SessionId) -> Result<bool, StoreError> {
    let stands = tx
        .optional(&SESSION_STANDS, args![id], |row| row.get::<bool>(0))
        .await?;
    Ok(stands.unwrap_or_default())
}

/// Lists a user's sessions that were not ended, the oldest first.
pub async fn session_list(tx: &mut Tx, user: UserId) -> Result<Vec<Session>, StoreError> {
    tx.all(&SESSION_LIST, args![user], read).await
}

/// Notes when sessions were last used.
pub async fn session_seen(tx: &mut Tx, seen: &[(SessionId, Timestamp)]) -> Result<(), StoreError> {
    let rows = seen.iter().map(|(id, at)| args![*id, *at].to_vec());
    tx.execute_many(&SESSION_SEEN, &rows.collect::<Vec<_>>())
        .await?;
    Ok(())
}

/// Ends one session of a user. Says whether anything changed.
pub async fn session_end(
    tx: &mut Tx,
    id: SessionId,
    user: UserId,
    actor: &Actor,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let ended = tx
        .optional(&SESSION_END, args![id, user, now], |row| {
            row.get::<SessionId>(0)
        })
        .await?;
    if ended.is_some() {
        audit_append(tx, actor, about(Action::SessionEnded, id), now).await?;
    }
    Ok(ended.is_some())
}

/// Ends every session of a user but one; says how many.
pub async fn session_end_others(
    tx: &mut Tx,
    user: UserId,
    but: SessionId,
    actor: &Actor,
    now: Timestamp,
) -> Result<u64, StoreError> {
    let ended = tx
        .execute(&SESSION_END_OTHERS, args![user, but, now])
        .await?;
    if ended > 0 {
        let fact = Fact {
            detail: format!("others {ended}"),
            ..about(Action::SessionEnded, but)
        };
        audit_append(tx, actor, fact, now).await?;
    }
    Ok(ended)
}

/// Ends every session of a user, as part of a change that has a record of its own.
pub(crate) async fn session_end_all(
    tx: &mut Tx,
    user: UserId,
    now: Timestamp,
) -> Result<(), StoreError> {
    tx.execute(&SESSION_END_ALL, args![user, now])
        .await
        .map(|_rows| ())
}

fn about(action: Action, session: SessionId) -> Fact {
    Fact {
        tree: None,
        action,
        organization: None,
        subject: Some(session.uuid()),
        detail: String::new(),
    }
}

fn read(row: &crate::db::RowRef<'_>) -> Result<Session, StoreError> {
    Ok(Session {
        id: row.get(0)?,
        user: row.get(1)?,
        created_at: row.get(2)?,
        authenticated_at: row.get(3)?,
        seen_at: row.get(4)?,
        expires_at: row.get(5)?,
        address: row.get(6)?,
        client: row.get(7)?,
    })
}
