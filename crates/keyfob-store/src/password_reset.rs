//! Links with which a forgotten password is replaced. The secret in a link is not here, only its SHA-256.
//!
//! Of one person the last link counts.

use keyfob_core::event::{Action, Actor, Fact};
use keyfob_core::id::UserId;
use keyfob_core::time::Timestamp;

use crate::StoreError;
use crate::db::{Tx, args, statements};
use crate::event::audit_append;

statements! {
    PASSWORD_RESET_PUT = "INSERT INTO password_reset (user_id, hash, expires_at) VALUES ($1, $2, $3)
        ON CONFLICT (user_id) DO UPDATE SET hash = excluded.hash, expires_at = excluded.expires_at";
    PASSWORD_RESET_FIND = "SELECT r.user_id FROM password_reset r JOIN visible_user u ON u.id = r.user_id
        WHERE r.hash = $1 AND r.expires_at > $2 AND u.suspended_at IS NULL";
    PASSWORD_RESET_DELETE = "DELETE FROM password_reset WHERE user_id = $1";
    PASSWORD_RESET_DELETE_OVER = "DELETE FROM password_reset WHERE expires_at <= $1";
}

/// Keeps a link, in the place of one before, and forgets those that are over.
pub async fn password_reset_put(
    tx: &mut Tx,
    user: UserId,
    (hash, expires_at): (&[u8], Timestamp),
    actor: &Actor,
    now: Timestamp,
) -> Result<(), StoreError> {
    tx.execute(&PASSWORD_RESET_DELETE_OVER, args![now]).await?;
    tx.execute(&PASSWORD_RESET_PUT, args![user, hash, expires_at])
        .await?;
    let fact = Fact {
        tree: None,
        action: Action::PasswordResetSent,
        organization: None,
        subject: Some(user.uuid()),
        detail: String::new(),
    };
    audit_append(tx, actor, fact, now).await
}

/// Finds whose link it is; none when there is no such link, it is over, or its user is suspended.
pub async fn password_reset_find(
    tx: &mut Tx,
    hash: &[u8],
    now: Timestamp,
) -> Result<Option<UserId>, StoreError> {
    tx.optional(&PASSWORD_RESET_FIND, args![hash, now], |row| row.get(0))
        .await
}

/// Ends a user's link.
pub async fn password_reset_delete(tx: &mut Tx, user: UserId) -> Result<(), StoreError> {
    tx.execute(&PASSWORD_RESET_DELETE, args![user])
        .await
        .map(|_rows| ())
}
