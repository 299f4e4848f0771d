//! `keyfobd audit checkpoint` and `audit key`: what the audit log holds now, signed, to be kept elsewhere.
//!
//! The key is of its own and never turns over, so that a checkpoint can be checked for as long as the
//! database lives; it is made when it is first asked for.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;

use anyhow::{Context as _, Result, anyhow, bail};
use keyfob_core::event::Actor;
use keyfob_store::event::{AuditChain, audit_heads};
use keyfob_store::instance::instance_find;
use keyfob_store::key::{AUDIT_CHECKPOINT, KeyRecord, key_insert, key_list};
use keyfob_store::{StoreError, Tx, retry};

use crate::checkpoint::note::NoteSigner;
use crate::checkpoint::{Checkpoint, Link};
use crate::commands::operator::Operator;
use crate::config::Config;
use crate::keys::{new_checkpoint_key, open_checkpoint_key};
use crate::open::Schema;

/// `audit checkpoint`
pub(in crate::commands) async fn take(config: &Config, out: Option<&Path>) -> Result<()> {
    let operator = Operator::open(config, Schema::AsItIs).await?;
    let signer = signer(&operator).await?;
    let mut tx = operator.store.read().await?;
    let instance = instance_find(&mut tx)
        .await?
        .ok_or_else(|| anyhow!("there is no instance in this database"))?;
    let heads = audit_heads(&mut tx).await?;
    let links: Result<Vec<_>> = heads.into_iter().map(link).collect();
    let checkpoint = Checkpoint {
        incarnation: instance.incarnation,
        at: operator.now,
        links: links?,
    };
    drop(tx);
    operator.store.close().await;
    let note = signer.sign(&checkpoint.text());
    let Some(path) = out else {
        write!(io::stdout(), "{note}")?;
        return Ok(());
    };
    keep(path, &note)?;
    writeln!(
        io::stdout(),
        "A checkpoint of {} chains is in {}. Keep it where who can write to the database cannot.",
        checkpoint.links.len(),
        path.display()
    )?;
    Ok(())
}

/// `audit key`
pub(in crate::commands) async fn key(config: &Config) -> Result<()> {
    let operator = Operator::open(config, Schema::AsItIs).await?;
    let signer = signer(&operator).await?;
    operator.store.close().await;
    writeln!(io::stdout(), "{}", signer.key())?;
    Ok(())
}

/// The key that signs: the oldest, or a new one while there is none.
async fn signer(operator: &Operator) -> Result<NoteSigner> {
    let mut tx = operator.store.read_single().await?;
    let found = first(&mut tx).await?;
    drop(tx);
    let record = match found {
        Some(record) => record,
        None => make(operator).await?,
    };
    Ok(open_checkpoint_key(&record, &operator.root_key)?)
}

async fn make(operator: &Operator) -> Result<KeyRecord> {
    let new = &new_checkpoint_key(&operator.root_key, &*operator.entropy, operator.now)?;
    let made = retry(|| async move {
        let mut tx = operator.store.write().await?;
        // Another command may have been quicker.
        if let Some(found) = first(&mut tx).await? {
            return Ok(found);
        }
        key_insert(&mut tx, new, &Actor::OPERATOR, operator.now).await?;
        tx.commit().await?;
        Ok::<_, StoreError>(new.clone())
    });
    Ok(made.await?)
}

async fn first(tx: &mut Tx) -> Result<Option<KeyRecord>, StoreError> {
    let records = key_list(tx).await?.into_iter();
    let mut of_it = records.filter(|record| record.purpose == AUDIT_CHECKPOINT);
    Ok(of_it.find(|record| !record.is_forgotten()))
}

fn link(head: AuditChain) -> Result<Link> {
    let written = head.head.and_then(|(seq, hash)| {
        let hash = hash.try_into().ok()?;
        Some((seq, hash))
    });
    let (seq, hash) = written
        .ok_or_else(|| anyhow!("the head of a chain holds no hash: see `keyfobd audit verify`"))?;
    Ok(Link {
        tree: head.tree,
        seq,
        hash,
    })
}

/// Writes a new file: a checkpoint never takes the place of an older one, which holds what this one
/// perhaps no longer does.
fn keep(path: &Path, note: &str) -> Result<()> {
    let new = OpenOptions::new().write(true).create_new(true).open(path);
    let mut file = match new {
        Err(cause) if cause.kind() == io::ErrorKind::AlreadyExists => bail!(
            "{} is there already: a checkpoint does not take the place of another",
            path.display()
        ),
        opened => opened.with_context(|| format!("{} cannot be written", path.display()))?,
    };
    let written = file
        .write_all(note.as_bytes())
        .and_then(|()| file.sync_all());
    if let Err(cause) = written {
        // Half a checkpoint is none. If it cannot be removed either, the first failure says why.
        drop(fs::remove_file(path));
        return Err(anyhow!(cause).context(format!("{} cannot be written", path.display())));
    }
    Ok(())
}
