//! Whether the database answers, with the right schema and an installation in it.

use anyhow::{Result, anyhow};
use keyfob_store::instance::{Instance, instance_find};
use keyfob_store::{SchemaState, Store};

use super::finding::Report;
use crate::config::Config;
use crate::open::{OpenError, store_options};

/// A database with an installation in it.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) store: Store,
    pub(super) instance: Instance,
}

/// Opens the database, and makes nothing in it.
pub(super) async fn open(config: &Config, report: &mut Report) -> Option<Opened> {
    let check = "database";
    match look(config).await {
        Ok(opened) => {
            let engine = match opened.store.engine_name() {
                "sqlite" => "the embedded database",
                _server => "PostgreSQL",
            };
            report.ok(
                check,
                format!("{engine} answers, and its schema is the one of this program"),
            );
            Some(opened)
        }
        Err(error) => {
            report.problem(check, &error);
            None
        }
    }
}

async fn look(config: &Config) -> Result<Opened> {
    let store = Store::open(store_options(config)).await;
    let store = store.map_err(OpenError::Store)?;
    let unfounded =
        || anyhow!("the database is empty: make an installation in it with `keyfobd serve`");
    match store.schema_state().await? {
        SchemaState::Current => {}
        SchemaState::Empty => return Err(unfounded()),
        SchemaState::Behind(_missing) => return Err(OpenError::Behind.into()),
        SchemaState::Ahead(_unknown) => return Err(OpenError::Ahead.into()),
    }
    let mut tx = store.read_single().await?;
    let instance = instance_find(&mut tx).await?.ok_or_else(unfounded)?;
    drop(tx);
    Ok(Opened { store, instance })
}
