//! Opening an installation: data directory, root key, database, first catalogue and first keys.
//!
//! Whichever command first meets an empty database founds it (contract 7). On the embedded database
//! that makes the root key too; on PostgreSQL the root key is always given.

use std::path::{Path, PathBuf};

use keyfob_core::event::Actor;
use keyfob_core::time::{Clock, Entropy, Purpose};
use keyfob_store::instance::{Instance, NewCatalogue, NewInstance, instance_find, instance_insert};
use keyfob_store::key::key_insert;
use keyfob_store::{SchemaState, Store, StoreError, StoreOptions, retry};
use keyfob_verify::Algorithm;
use uuid::Builder;

use crate::config::{Config, DatabaseConfig};
use crate::data_dir::{self, DataDirError};
use crate::keys::{BadKeys, new_pepper, new_signing_key};
use crate::roles_file;
use crate::seal::{RootKey, RootKeyError};

/// The embedded database's file in the data directory.
pub const DATABASE_FILE: &str = "keyfob.db";
/// The root key's file in the data directory, unless another place is named.
pub const ROOT_KEY_FILE: &str = "root.key";

/// Why an installation cannot be opened. Each is one sentence that says what to do.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Nothing can be kept in the data directory.
    #[error(transparent)]
    DataDir(#[from] DataDirError),
    /// On PostgreSQL the root key must be given.
    #[error(
        "with PostgreSQL the root key is always given, the same on every node: make one with \
         (umask 077; head -c 32 /dev/urandom | base64 > root.key) and name it with --root-key-file"
    )]
    NoRootKeyGiven,
    /// The root key is of no use.
    #[error(transparent)]
    RootKey(#[from] RootKeyError),
    /// The database cannot be opened.
    #[error("the database cannot be opened")]
    Store(#[from] StoreError),
    /// The schema is older than this program.
    #[error("the database's schema is older than this program: run `keyfobd migrate` first")]
    Behind,
    /// The schema is newer than this program.
    #[error("the database's schema is newer than this program: use the newer keyfobd")]
    Ahead,
    /// The first keys could not be made.
    #[error("the first keys could not be made")]
    Keys(#[from] BadKeys),
}

/// An open installation.
#[derive(Debug)]
pub struct Installation {
    /// The database.
    pub store: Store,
    /// The key that opens the others.
    pub root_key: RootKey,
    /// The instance as it was when opened.
    pub instance: Instance,
}

/// What opening may do to a schema that is older than this program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Schema {
    /// Refuse: a node must not change under the others.
    AsItIs,
    /// Bring it up to date.
    Migrate,
}

/// Opens the installation that a configuration names, and founds it when its database is empty.
pub async fn open(
    config: &Config,
    schema: Schema,
    clock: &dyn Clock,
    entropy: &dyn Entropy,
) -> Result<Installation, OpenError> {
    data_dir::make(&config.data_dir)?;
    let store = Store::open(store_options(config)).await?;
    match store.schema_state().await? {
        SchemaState::Current => {}
        SchemaState::Empty => {
            store.migrate(clock.now().millis()).await?;
        }
        SchemaState::Behind(_missing) if schema == Schema::Migrate => {
            store.migrate(clock.now().millis()).await?;
        }
        SchemaState::Behind(_missing) => return Err(OpenError::Behind),
        SchemaState::Ahead(_unknown) => return Err(OpenError::Ahead),
    }
    let place = root_key_place(config)?;
    let mut tx = store.read().await?;
    let before = instance_find(&mut tx).await?;
    drop(tx);
    let root_key = match (&before, &config.database) {
        (None, DatabaseConfig::Embedded) => RootKey::load_or_make(&place, entropy)?,
        (None | Some(_), _) => RootKey::load(&place)?,
    };
    let instance = if let Some(instance) = before {
        instance
    } else {
        let algorithms = config.resource_servers.algorithms();
        found(&store, &root_key, &algorithms, clock, entropy).await?
    };
    if !root_key.fits(&instance.root_check) {
        return Err(RootKeyError::Wrong(place).into());
    }
    Ok(Installation {
        store,
        root_key,
        instance,
    })
}

/// Which database a configuration names.
pub(crate) fn store_options(config: &Config) -> StoreOptions {
    match &config.database {
        DatabaseConfig::Embedded => StoreOptions::sqlite(config.data_dir.join(DATABASE_FILE)),
        DatabaseConfig::Postgres { url, password } => {
            let options = StoreOptions::postgres(url.clone());
            match password {
                Some(password) => options.password(password.expose().to_owned()),
                None => options,
            }
        }
    }
}

/// Where the root key is.
pub(crate) fn root_key_place(config: &Config) -> Result<PathBuf, OpenError> {
    match (&config.root_key_file, &config.database) {
        (Some(place), _) => Ok(place.clone()),
        (None, DatabaseConfig::Embedded) => Ok(Path::new(&config.data_dir).join(ROOT_KEY_FILE)),
        (None, DatabaseConfig::Postgres { .. }) => Err(OpenError::NoRootKeyGiven),
    }
}

/// Founds a migrated database, unless another process was quicker: first catalogue, pepper, and a
/// signing key for each algorithm.
///
/// # Errors
/// When a key cannot be made or the store fails.
pub async fn found(
    store: &Store,
    root_key: &RootKey,
    algorithms: &[Algorithm],
    clock: &dyn Clock,
    entropy: &dyn Entropy,
) -> Result<Instance, OpenError> {
    let now = clock.now();
    let mut random = [0; 10];
    entropy.fill(Purpose::Id, &mut random);
    let millis = u64::try_from(now.millis()).unwrap_or_default();
    let root_check = root_key.check_value(entropy);
    let new = &NewInstance {
        incarnation: Builder::from_unix_timestamp_millis(millis, &random).into_uuid(),
        root_check: &root_check,
        catalogue: NewCatalogue {
            version: 1,
            body: roles_file::FIRST,
        },
    };
    let mut keys = vec![new_pepper(root_key, entropy, now)];
    for algorithm in algorithms {
        keys.push(new_signing_key(*algorithm, root_key, entropy, now)?);
    }
    let keys = &keys;
    let instance = retry(|| async move {
        let mut tx = store.write().await?;
        if instance_find(&mut tx).await?.is_none() {
            instance_insert(&mut tx, new, now).await?;
            for key in keys {
                key_insert(&mut tx, key, &Actor::OPERATOR, now).await?;
            }
        }
        let instance = instance_find(&mut tx).await?;
        tx.commit().await?;
        Ok::<_, StoreError>(instance)
    })
    .await?;
    instance.ok_or(OpenError::Store(StoreError::Misuse {
        what: "a founded instance is not there",
    }))
}
