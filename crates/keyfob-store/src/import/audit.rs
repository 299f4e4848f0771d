//! Audit records by the thousand: the same chains as one by one, with as few statements as possible.
//!
//! The head of each chain is read once for a batch and written once; the records go out together.

use std::collections::BTreeMap;

use keyfob_core::event::{Actor, CHAIN_START, Fact, Record, link};
use keyfob_core::id::OrgId;
use keyfob_core::time::Timestamp;
use uuid::Uuid;

use super::facts::{among, find_among};
use crate::StoreError;
use crate::db::{Tx, Value, statements};
use crate::event::{AUDIT_HEAD_PUT, AUDIT_RECORD_INSERT};

statements! {
    AUDIT_HEADS = among!("SELECT tree, seq, hash FROM audit_head WHERE tree");
}

/// The end of a chain.
struct Head {
    seq: i64,
    hash: Vec<u8>,
}

/// A record and its links, ready to be written.
struct Linked<'f> {
    fact: &'f Fact,
    tree: Uuid,
    seq: i64,
    previous: Vec<u8>,
    hash: Vec<u8>,
}

/// Appends records of an actor who is no person, in order, each to the chain of its tree.
pub(super) async fn audit_append_batch(
    tx: &mut Tx,
    actor: &Actor,
    facts: &[Fact],
    now: Timestamp,
) -> Result<(), StoreError> {
    let mut heads = read_heads(tx, facts).await?;
    let mut linked = Vec::with_capacity(facts.len());
    for fact in facts {
        let tree = chain_of(fact);
        let head = heads.entry(tree).or_insert_with(|| Head {
            seq: 0,
            hash: CHAIN_START.to_vec(),
        });
        head.seq += 1;
        let record = Record {
            seq: head.seq,
            at: now,
            via: actor.via,
            actor: actor.person,
            request: actor.request,
            fact,
        };
        let hash = link(&head.hash, &record).to_vec();
        let previous = std::mem::replace(&mut head.hash, hash.clone());
        linked.push(Linked {
            fact,
            tree,
            seq: head.seq,
            previous,
            hash,
        });
    }
    let records: Vec<_> = linked.iter().map(|record| record.row(actor, now)).collect();
    tx.execute_many(&AUDIT_RECORD_INSERT, &records).await?;
    let ends: Vec<_> = heads
        .iter()
        .map(|(tree, head)| {
            vec![
                Value::from(*tree),
                Value::from(head.seq),
                Value::from(&head.hash),
            ]
        })
        .collect();
    tx.execute_many(&AUDIT_HEAD_PUT, &ends)
        .await
        .map(|_rows| ())
}

async fn read_heads(tx: &mut Tx, facts: &[Fact]) -> Result<BTreeMap<Uuid, Head>, StoreError> {
    let mut trees: Vec<Uuid> = facts.iter().map(chain_of).collect();
    trees.sort_unstable();
    trees.dedup();
    let keys: Vec<_> = trees.into_iter().map(Value::from).collect();
    let found = find_among(tx, &AUDIT_HEADS, &keys, |row| {
        Ok((
            row.get(0)?,
            Head {
                seq: row.get(1)?,
                hash: row.get(2)?,
            },
        ))
    });
    Ok(found.await?.into_iter().collect())
}

/// The chain of a fact; the nil UUID is the instance's.
fn chain_of(fact: &Fact) -> Uuid {
    fact.tree.map_or(Uuid::nil(), OrgId::uuid)
}

impl Linked<'_> {
    fn row(&self, actor: &Actor, now: Timestamp) -> Vec<Value<'_>> {
        let Linked {
            fact,
            tree,
            seq,
            previous,
            hash,
        } = self;
        vec![
            Value::from(*tree),
            Value::from(*seq),
            Value::from(now),
            Value::from(fact.action.word()),
            Value::from(actor.via.word()),
            Value::from(actor.person),
            Value::from(fact.organization),
            Value::from(fact.subject),
            Value::from(&fact.detail),
            Value::from(actor.request),
            Value::from(previous),
            Value::from(hash),
        ]
    }
}
