//! What checkpoints hold, read from their files and believed only by their signatures.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, anyhow, bail};
use keyfob_core::chain::HeldLinks;
use keyfob_core::id::OrgId;
use keyfob_store::Tx;
use keyfob_store::instance::instance_find;
use keyfob_store::key::{AUDIT_CHECKPOINT, key_list};
use uuid::Uuid;

use crate::checkpoint::note::{BadNote, Note, NoteKey};
use crate::checkpoint::{Checkpoint, Link};
use crate::cli::AuditVerifyArgs;
use crate::commands::operator::Operator;
use crate::keys::open_checkpoint_key;

/// Reads every file. One that cannot be believed ends the command, because nothing would follow from what
/// the others say.
pub(super) async fn read(
    tx: &mut Tx,
    operator: &Operator,
    args: &AuditVerifyArgs,
) -> Result<BTreeMap<Option<OrgId>, HeldLinks>> {
    let mut held: BTreeMap<Option<OrgId>, HeldLinks> = BTreeMap::new();
    if args.checkpoints.is_empty() {
        return Ok(held);
    }
    let trusted = Trusted::load(tx, operator, &args.keys).await?;
    for path in &args.checkpoints {
        let checkpoint = trusted
            .read(path)
            .with_context(|| format!("the checkpoint {} is not good", path.display()))?;
        for Link { tree, seq, hash } in checkpoint.links {
            if !held.entry(tree).or_default().add(seq, hash) {
                bail!(
                    "the checkpoint {} and one before it hold different hashes of record {seq} of {}: the \
                     audit log was written anew between them",
                    path.display(),
                    tree.map_or_else(
                        || "the instance".to_owned(),
                        |tree| format!("the tree {tree}")
                    )
                );
            }
        }
    }
    Ok(held)
}

/// The keys whose word counts.
struct Trusted {
    incarnation: Uuid,
    keys: Vec<NoteKey>,
}

impl Trusted {
    async fn load(tx: &mut Tx, operator: &Operator, given: &[NoteKey]) -> Result<Self> {
        let instance = instance_find(tx)
            .await?
            .ok_or_else(|| anyhow!("there is no instance in this database"))?;
        let mut keys = given.to_vec();
        // A key that was given stands for itself: whoever replaced the database's own changes nothing then.
        if keys.is_empty() {
            let records = key_list(tx).await?;
            for record in records
                .iter()
                .filter(|record| record.purpose == AUDIT_CHECKPOINT && !record.is_forgotten())
            {
                let signer = open_checkpoint_key(record, &operator.root_key)?;
                keys.push(signer.key().clone());
            }
        }
        Ok(Self {
            incarnation: instance.incarnation,
            keys,
        })
    }

    fn read(&self, path: &Path) -> Result<Checkpoint> {
        let text = fs::read_to_string(path).context("it cannot be read")?;
        let note = Note::parse(&text)?;
        // Before the signature: what is of another instance or another version is no forgery.
        let checkpoint = Checkpoint::parse(note.unchecked_text())?;
        if checkpoint.incarnation != self.incarnation {
            bail!("it is of another instance, {}", checkpoint.incarnation);
        }
        match note.open(&self.keys) {
            Ok(_signed) => Ok(checkpoint),
            Err(BadNote::Stranger) => {
                let names: Vec<&str> = note.names().collect();
                bail!(
                    "it is signed by {}, a key that this database does not have: either the checkpoint is \
                     forged, or the database is older than it or was tampered with. Give the right key by \
                     --key, as `keyfobd audit key` printed it once",
                    names.join(" and ")
                )
            }
            Err(bad) => Err(bad.into()),
        }
    }
}
