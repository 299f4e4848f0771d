//! `keyfobd audit`: checking that nobody has changed what was recorded, also against checkpoints that were
//! kept elsewhere.

use std::collections::BTreeMap;
use std::io::{self, Write as _};

use anyhow::{Result, bail};
use keyfob_core::chain::{Broken, ChainCheck, HeldLinks};
use keyfob_core::id::OrgId;
use keyfob_store::event::{AuditChain, audit_chains, audit_part};
use keyfob_store::org::org_find;
use keyfob_store::{StoreError, Tx};

use super::operator::Operator;
use crate::cli::AuditVerifyArgs;
use crate::config::Config;
use crate::open::Schema;

mod checkpoint;
mod held;

pub(super) use self::checkpoint::{key, take};

/// Records that are read at once.
const PART: i64 = 1_000;

/// `audit verify`: goes along every chain from its first record.
pub(super) async fn verify(config: &Config, args: &AuditVerifyArgs) -> Result<()> {
    let operator = Operator::open(config, Schema::AsItIs).await?;
    // One snapshot, so that what is written meanwhile is on both sides of the comparison or on none.
    let mut tx = operator.store.read().await?;
    let mut held = held::read(&mut tx, &operator, args).await?;
    let chains = with_missing(audit_chains(&mut tx).await?, &held);
    let (mut records, mut broken) = (0, Vec::new());
    for chain in &chains {
        let links = held.remove(&chain.tree).unwrap_or_default();
        match check(&mut tx, chain, links).await? {
            Ok(count) => records += count,
            Err(cause) => broken.push(format!("{}: {cause}", name(&mut tx, chain.tree).await?)),
        }
    }
    for line in &broken {
        writeln!(io::stdout(), "{line}")?;
    }
    if !broken.is_empty() {
        bail!(
            "{} of {} chains of the audit log do not verify",
            broken.len(),
            chains.len()
        );
    }
    writeln!(
        io::stdout(),
        "{records} records in {} chains: each is as it was written.",
        chains.len()
    )?;
    match args.checkpoints.len() {
        0 => {}
        1 => writeln!(io::stdout(), "All that the checkpoint holds is there.")?,
        count => writeln!(io::stdout(), "All that {count} checkpoints hold is there.")?,
    }
    Ok(())
}

/// Adds the chains of which there is nothing left, or only what a checkpoint holds.
fn with_missing(
    found: Vec<AuditChain>,
    held: &BTreeMap<Option<OrgId>, HeldLinks>,
) -> Vec<AuditChain> {
    let wanted = held.keys().copied().chain([None]);
    let mut all: BTreeMap<_, _> = wanted.map(|tree| (tree, None)).collect();
    all.extend(found.into_iter().map(|chain| (chain.tree, chain.head)));
    let all = all.into_iter();
    all.map(|(tree, head)| AuditChain { tree, head }).collect()
}

async fn check(
    tx: &mut Tx,
    chain: &AuditChain,
    held: HeldLinks,
) -> Result<Result<i64, Broken>, StoreError> {
    let mut check = ChainCheck::against(held);
    let mut after = i64::MIN;
    loop {
        let part = audit_part(tx, chain.tree, after, PART).await?;
        let Some(last) = part.last() else {
            break;
        };
        after = last.seq;
        for record in &part {
            let linked = record.linked(chain.tree);
            if let Err(broken) = check.next(&linked, &record.previous_hash, &record.hash) {
                return Ok(Err(broken));
            }
        }
    }
    let head = chain.head.as_ref();
    let ended = check.end(head.map(|(seq, hash)| (*seq, hash.as_slice())));
    Ok(ended.map(|()| check.count()))
}

async fn name(tx: &mut Tx, tree: Option<OrgId>) -> Result<String, StoreError> {
    let Some(tree) = tree else {
        return Ok("the instance".to_owned());
    };
    let found = org_find(tx, tree).await?;
    Ok(found.map_or_else(
        || format!("the tree {tree}"),
        |root| format!("the tree {} ({tree})", root.name),
    ))
}
