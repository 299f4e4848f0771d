//! Links with which the first account is made. The secret in a link is not here, only its SHA-256.
//!
//! A link counts while there is no account; the first one takes all links with it.

use keyfob_core::time::Timestamp;

use crate::StoreError;
use crate::db::{Tx, args, statements};

statements! {
    SETUP_LINK_INSERT = "INSERT INTO setup_link (hash, expires_at) VALUES ($1, $2)";
    SETUP_LINK_EXISTS = "SELECT EXISTS (SELECT 1 FROM setup_link WHERE hash = $1 AND expires_at > $2)";
    SETUP_LINK_DELETE_OVER = "DELETE FROM setup_link WHERE expires_at <= $1";
    SETUP_LINK_DELETE_ALL = "DELETE FROM setup_link";
}

/// Keeps a link, and forgets those that are over.
pub async fn setup_link_insert(
    tx: &mut Tx,
    hash: &[u8],
    expires_at: Timestamp,
    now: Timestamp,
) -> Result<(), StoreError> {
    tx.execute(&SETUP_LINK_DELETE_OVER, args![now]).await?;
    tx.execute(&SETUP_LINK_INSERT, args![hash, expires_at])
        .await
        .map(|_rows| ())
}

/// Whether there is such a link, and it is not over.
pub async fn setup_link_exists(
    tx: &mut Tx,
    hash: &[u8],
    now: Timestamp,
) -> Result<bool, StoreError> {
    let exists = tx
        .optional(&SETUP_LINK_EXISTS, args![hash, now], |row| {
            row.get::<bool>(0)
        })
        .await?;
    Ok(exists.unwrap_or_default())
}

/// Ends every link: the first account is made.
pub async fn setup_link_delete_all(tx: &mut Tx) -> Result<(), StoreError> {
    tx.execute(&SETUP_LINK_DELETE_ALL, args![])
        .await
        .map(|_rows| ())
}
