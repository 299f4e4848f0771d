//! Checking a chain of the audit log against what the rules say a record is.

use keyfob_core::event::{Action, CHAIN_START, Fact, Record, Via, link};
use keyfob_core::id::OrgId;
use keyfob_store::event::AuditRecord;

/// The number of the first record of a tree's chain that does not verify; none when all do.
pub fn first_bad(tree: Option<OrgId>, chain: &[AuditRecord]) -> Option<i64> {
    let mut previous = CHAIN_START.to_vec();
    for (seq, record) in (1..).zip(chain) {
        let is_linked = record.seq == seq && record.previous_hash == previous;
        if !is_linked || record.hash != expected_link(tree, record) {
            return Some(seq);
        }
        previous.clone_from(&record.hash);
    }
    None
}

/// The hash that a stored record should have.
fn expected_link(tree: Option<OrgId>, stored: &AuditRecord) -> Vec<u8> {
    let fact = Fact {
        tree,
        action: Action::from_word(&stored.action).expect("a known action"),
        organization: stored.organization,
        subject: stored.subject,
        detail: stored.detail.clone(),
    };
    let record = Record {
        seq: stored.seq,
        at: stored.at,
        via: Via::from_word(&stored.via).expect("a known way"),
        actor: stored.actor,
        request: stored.request,
        fact: &fact,
    };
    link(&stored.previous_hash, &record).to_vec()
}
