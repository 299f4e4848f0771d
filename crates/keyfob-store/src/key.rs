//! Key records: peppers and signing keys, sealed under the root key.
//!
//! Each change of a record raises the key set's number, so that every decision notices it in its own
//! snapshot (guarantee 10).

use keyfob_core::event::{Action, Actor, Fact, FeedItem};
use keyfob_core::id::KeyId;
use keyfob_core::key::KeyTimes;
use keyfob_core::time::Timestamp;

use crate::StoreError;
use crate::db::{Tx, args, statements};
use crate::event::{audit_append, feed_append};
use crate::instance::{instance_raise_key_set, instance_set_root_check};

statements! {
    KEY_INSERT = "INSERT INTO key_record (id, purpose, algorithm, sealed, public_key, created_at, publish_from, sign_from, retire_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    KEY_LIST = "SELECT id, purpose, algorithm, sealed, public_key, created_at, publish_from, sign_from, retire_at, dropped_at
        FROM key_record ORDER BY id";
    KEY_RETIRE = "UPDATE key_record SET retire_at = $2 WHERE id = $1 AND dropped_at IS NULL RETURNING purpose";
    KEY_DROP = "UPDATE key_record SET dropped_at = $2, sealed = $3 WHERE id = $1 AND dropped_at IS NULL RETURNING purpose";
    KEY_SEAL = "UPDATE key_record SET sealed = $2 WHERE id = $1";
    KEY_PEPPER_IS_NEEDED = "SELECT EXISTS (SELECT 1 FROM pat
        WHERE pepper = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $2))";
}

/// What the record of a pepper says it is for.
pub const PEPPER: &str = "pepper";
/// What the record of a key that signs access tokens says.
pub const ACCESS_TOKEN: &str = "access-token";
/// What the record of a key that signs checkpoints of the audit log says.
pub const AUDIT_CHECKPOINT: &str = "audit-checkpoint";
/// What the record of the key by which erased people are recognised says.
pub const ERASURE: &str = "erasure";
/// What is left of a secret that is no longer needed.
const FORGOTTEN: &[u8] = &[];

/// A secret key as it lies in the database (guarantee 10).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyRecord {
    /// Which; the `kid` of a signing key.
    pub id: KeyId,
    /// [`PEPPER`], [`ACCESS_TOKEN`], [`AUDIT_CHECKPOINT`] or [`ERASURE`].
    pub purpose: String,
    /// `HMAC-SHA-256` or a JWS algorithm (RFC 7518 §3.1).
    pub algorithm: String,
    /// The secret half, sealed; purpose and id are its associated data. Empty once it was forgotten.
    pub sealed: Vec<u8>,
    /// The public half of a signing key: for ES256 the uncompressed point, for `EdDSA` the 32 bytes, for
    /// RS256 a `RSAPublicKey` in DER.
    pub public_key: Option<Vec<u8>>,
    /// When it was made.
    pub created_at: Timestamp,
    /// From when to when it does what.
    pub times: KeyTimes,
}

impl KeyRecord {
    /// Whether its secret half is gone for good.
    pub fn is_forgotten(&self) -> bool {
        self.sealed.is_empty()
    }
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
        key.times.publish_from,
        key.times.sign_from,
        key.times.retire_at
    ];
    tx.execute(&KEY_INSERT, values).await?;
    instance_raise_key_set(tx).await?;
    let fact = about(Action::KeyMade, key.id, &key.purpose);
    audit_append(tx, actor, fact, now).await
}

/// Gives a record an end. None that was dropped gets one.
pub async fn key_retire(
    tx: &mut Tx,
    key: KeyId,
    at: Timestamp,
    actor: &Actor,
    now: Timestamp,
) -> Result<(), StoreError> {
    let values = args![key, at];
    let Some(purpose) = tx
        .optional(&KEY_RETIRE, values, |row| row.get::<String>(0))
        .await?
    else {
        return Ok(());
    };
    instance_raise_key_set(tx).await?;
    audit_append(tx, actor, about(Action::KeyRetired, key, &purpose), now).await
}

/// Ends a record at once and forgets its secret half; of a signing key the feed tells. A record that
/// was dropped already stays as it is.
pub async fn key_drop(
    tx: &mut Tx,
    key: KeyId,
    actor: &Actor,
    now: Timestamp,
) -> Result<(), StoreError> {
    let values = args![key, now, FORGOTTEN];
    let Some(purpose) = tx
        .optional(&KEY_DROP, values, |row| row.get::<String>(0))
        .await?
    else {
        return Ok(());
    };
    instance_raise_key_set(tx).await?;
    if purpose == ACCESS_TOKEN {
        feed_append(tx, FeedItem::Key(key), now).await?;
    }
    audit_append(tx, actor, about(Action::KeyDropped, key, &purpose), now).await
}

/// Forgets the secret half of a record whose time is over; the record stays.
pub async fn key_forget(tx: &mut Tx, key: KeyId) -> Result<(), StoreError> {
    tx.execute(&KEY_SEAL, args![key, FORGOTTEN])
        .await
        .map(|_rows| ())
}

/// Puts all secrets, sealed anew, and the check value in the place of those under another root key.
pub async fn key_reseal(
    tx: &mut Tx,
    sealed: &[(KeyId, Vec<u8>)],
    root_check: &[u8],
    actor: &Actor,
    now: Timestamp,
) -> Result<(), StoreError> {
    for (key, sealed) in sealed {
        tx.execute(&KEY_SEAL, args![*key, sealed.as_slice()])
            .await?;
    }
    instance_set_root_check(tx, root_check).await?;
    instance_raise_key_set(tx).await?;
    let fact = Fact {
        tree: None,
        action: Action::RootKeyChanged,
        organization: None,
        subject: None,
        detail: String::new(),
    };
    audit_append(tx, actor, fact, now).await
}

/// Whether a PAT that may still be exchanged is stored under a pepper.
pub async fn key_pepper_is_needed(
    tx: &mut Tx,
    pepper: KeyId,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let needed = tx
        .optional(&KEY_PEPPER_IS_NEEDED, args![pepper, now], |row| {
            row.get::<bool>(0)
        })
        .await?;
    Ok(needed.unwrap_or(true))
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
            times: KeyTimes {
                publish_from: row.get(6)?,
                sign_from: row.get(7)?,
                retire_at: row.get(8)?,
                dropped_at: row.get(9)?,
            },
        })
    })
    .await
}

fn about(action: Action, key: KeyId, purpose: &str) -> Fact {
    Fact {
        tree: None,
        action,
        organization: None,
        subject: Some(key.uuid()),
        detail: purpose.to_owned(),
    }
}
