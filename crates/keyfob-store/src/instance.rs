//! What there is once per database, and the role catalogues.

use keyfob_core::event::{Action, Actor, Fact};
use keyfob_core::id::ImportId;
use keyfob_core::time::Timestamp;
use uuid::Uuid;

use crate::StoreError;
use crate::db::{Tx, args, statements};
use crate::epoch::instance_epoch_raise;
use crate::event::audit_append;

statements! {
    INSTANCE_FIND = "SELECT incarnation, issuer, token_prefix, root_check, epoch, catalogue, key_set, import_pending
        FROM instance WHERE id = 1";
    INSTANCE_INSERT = "INSERT INTO instance (id, incarnation, created_at, root_check, epoch, catalogue, key_set)
        VALUES (1, $1, $2, $3, 1, $4, 1)";
    INSTANCE_SET_ISSUER = "UPDATE instance SET issuer = $1 WHERE id = 1";
    INSTANCE_SET_ROOT_CHECK = "UPDATE instance SET root_check = $1 WHERE id = 1";
    INSTANCE_FREEZE_PREFIX = "UPDATE instance SET token_prefix = $1 WHERE id = 1 AND token_prefix IS NULL";
    INSTANCE_RAISE_EPOCH = "UPDATE instance SET epoch = epoch + 1 WHERE id = 1 RETURNING epoch";
    INSTANCE_RAISE_KEY_SET = "UPDATE instance SET key_set = key_set + 1 WHERE id = 1 RETURNING key_set";
    INSTANCE_SET_CATALOGUE = "UPDATE instance SET catalogue = $1 WHERE id = 1";
    CATALOGUE_INSERT = "INSERT INTO catalogue (version, applied_at, body) VALUES ($1, $2, $3)";
    CATALOGUE_FIND = "SELECT body FROM catalogue WHERE version = $1";
}

/// The one row of `instance`.
#[derive(Debug, Clone)]
pub struct Instance {
    /// This database's line of history.
    pub incarnation: Uuid,
    /// The issuer, once a server has run.
    pub issuer: Option<String>,
    /// The prefix of tokens, once there is one.
    pub token_prefix: Option<String>,
    /// A known value sealed under the root key.
    pub root_check: Vec<u8>,
    /// The instance epoch.
    pub epoch: i64,
    /// The version of the catalogue in force.
    pub catalogue: i64,
    /// The number of the key set.
    pub key_set: i64,
    /// The import whose rows are hidden.
    pub import_pending: Option<ImportId>,
}

/// Reads the instance; none in a database that holds a schema and nothing else.
pub async fn instance_find(tx: &mut Tx) -> Result<Option<Instance>, StoreError> {
    tx.optional(&INSTANCE_FIND, args![], |row| {
        Ok(Instance {
            incarnation: row.get(0)?,
            issuer: row.get(1)?,
            token_prefix: row.get(2)?,
            root_check: row.get(3)?,
            epoch: row.get(4)?,
            catalogue: row.get(5)?,
            key_set: row.get(6)?,
            import_pending: row.get(7)?,
        })
    })
    .await
}

/// What a new database is made with.
#[derive(Debug)]
pub struct NewInstance<'a> {
    /// This database's line of history.
    pub incarnation: Uuid,
    /// A known value sealed under the root key.
    pub root_check: &'a [u8],
    /// The first catalogue.
    pub catalogue: NewCatalogue<'a>,
}

/// A catalogue to keep.
#[derive(Debug)]
pub struct NewCatalogue<'a> {
    /// Its version.
    pub version: i64,
    /// Its text.
    pub body: &'a str,
}

/// Makes the instance with its first catalogue.
pub async fn instance_insert(
    tx: &mut Tx,
    new: &NewInstance<'_>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let NewCatalogue { version, body } = new.catalogue;
    tx.execute(&CATALOGUE_INSERT, args![version, now, body])
        .await?;
    tx.execute(
        &INSTANCE_INSERT,
        args![new.incarnation, now, new.root_check, version],
    )
    .await?;
    Ok(())
}

/// Writes the issuer.
pub async fn instance_set_issuer(tx: &mut Tx, issuer: &str) -> Result<(), StoreError> {
    tx.execute(&INSTANCE_SET_ISSUER, args![issuer])
        .await
        .map(|_rows| ())
}

/// Writes the check value of another root key.
pub(crate) async fn instance_set_root_check(tx: &mut Tx, check: &[u8]) -> Result<(), StoreError> {
    tx.execute(&INSTANCE_SET_ROOT_CHECK, args![check])
        .await
        .map(|_rows| ())
}

/// Writes the prefix of tokens, unless it is already there.
pub async fn instance_freeze_prefix(tx: &mut Tx, prefix: &str) -> Result<(), StoreError> {
    tx.execute(&INSTANCE_FREEZE_PREFIX, args![prefix])
        .await
        .map(|_rows| ())
}

/// Raises the instance epoch: every access token made before is dead.
pub(crate) async fn instance_raise_epoch(tx: &mut Tx) -> Result<i64, StoreError> {
    let raised = tx
        .optional(&INSTANCE_RAISE_EPOCH, args![], |row| row.get(0))
        .await?;
    raised.ok_or(StoreError::corrupt("there is no instance"))
}

/// Raises the key set's number: every node reads the key records again.
pub(crate) async fn instance_raise_key_set(tx: &mut Tx) -> Result<i64, StoreError> {
    let raised = tx
        .optional(&INSTANCE_RAISE_KEY_SET, args![], |row| row.get(0))
        .await?;
    raised.ok_or(StoreError::corrupt("there is no instance"))
}

/// Puts a new catalogue in force: every access token made under the old one is dead.
pub async fn catalogue_apply(
    tx: &mut Tx,
    new: &NewCatalogue<'_>,
    actor: &Actor,
    now: Timestamp,
) -> Result<(), StoreError> {
    tx.execute(&CATALOGUE_INSERT, args![new.version, now, new.body])
        .await?;
    tx.execute(&INSTANCE_SET_CATALOGUE, args![new.version])
        .await?;
    instance_epoch_raise(tx, now).await?;
    let fact = Fact {
        tree: None,
        action: Action::CatalogueApplied,
        organization: None,
        subject: None,
        detail: format!("version {}", new.version),
    };
    audit_append(tx, actor, fact, now).await
}

/// Reads the text of a catalogue.
pub async fn catalogue_find(tx: &mut Tx, version: i64) -> Result<Option<String>, StoreError> {
    tx.optional(&CATALOGUE_FIND, args![version], |row| row.get(0))
        .await
}
