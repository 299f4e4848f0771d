//! Key records: peppers and signing keys, sealed under the root key.

use keyfob_core::event::{Action, Actor, Fact};
use keyfob_core::id::KeyId;
use keyfob_core::time::Timestamp;

use crate::StoreError;
use crate::db::{Tx, args, statements};
use crate::event::audit_append;
use crate::instance::instance_raise_key_set;

statements! {
    KEY_INSERT = "INSERT INTO key_record (id, purpose, algorithm, sealed, public_key, created_at, publish_from, sign_from, retire_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    KEY_LIST = "SELECT id, purpose, algorithm, sealed, public_key, created_at, publish_from, sign_from, retire_at, dropped_at
        FROM key_record ORDER BY id";
}

/// A secret key as it lies in the database (guarantee 10).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyRecord {
    /// Which; the `kid` of a signing key.
    pub id: KeyId,
    /// `pepper` or `access-token`.
    pub purpose: String,
    /// `HMAC-SHA-256` or a JWS algorithm (RFC 7518 §3.1).
    pub algorithm: String,
    /// The secret half, sealed; purpose and id are its associated data.
    pub sealed: Vec<u8>,
    /// The public half of a signing key: for ES256 the uncompressed point.
    pub public_key: Option<Vec<u8>>,
    /// When it was made.
    pub created_at: Timestamp,
    /// From when the JWKS lists it.
    pub publish_from: Timestamp,
    /// From when it signs.
    pub sign_from: Timestamp,
    /// From when the JWKS no longer lists it.
    pub retire_at: Option<Timestamp>,
    /// Since when nothing it signed counts.
    pub dropped_at: Option<Timestamp>,
}

/// Keeps a new key record.
pub async fn key_insert(
    tx: &mut Tx,
    key: &KeyRecord,
    actor: &Actor,
    now: Timestamp,
) -> Result<(), StoreError> {
    let values = args![
        key.id,
        &key.purpose,
        &key.algorithm,
        key.sealed.as_slice(),
        key.public_key.as_deref(),
        key.created_at,
        key.publish_from,
        key.sign_from,
        key.retire_at
    ];
    tx.execute(&KEY_INSERT, values).await?;
    instance_raise_key_set(tx).await?;
    let fact = Fact {
        tree: None,
        action: Action::KeyMade,
        organization: None,
        subject: Some(key.id.uuid()),
        detail: key.purpose.clone(),
    };
    audit_append(tx, actor, fact, now).await
}

/// Reads all key records, the oldest first.
pub async fn key_list(tx: &mut Tx) -> Result<Vec<KeyRecord>, StoreError> {
    tx.all(&KEY_LIST, args![], |row| {
        Ok(KeyRecord {
            id: row.get(0)?,
            purpose: row.get(1)?,
            algorithm: row.get(2)?,
            sealed: row.get(3)?,
            public_key: row.get(4)?,
            created_at: row.get(5)?,
            publish_from: row.get(6)?,
            sign_from: row.get(7)?,
            retire_at: row.get(8)?,
            dropped_at: row.get(9)?,
        })
    })
    .await
}
