//! Checking a chain of the audit log against what the rules say a record is.

use keyfob_core::chain::ChainCheck;
use keyfob_core::id::OrgId;
use keyfob_store::event::AuditRecord;

/// The number of the first record of a tree's chain that does not verify; none when all do.
pub fn first_bad(tree: Option<OrgId>, chain: &[AuditRecord]) -> Option<i64> {
    let mut check = ChainCheck::default();
    chain.iter().find_map(|record| {
        let wanted = check.count() + 1;
        let checked = check.next(&record.linked(tree), &record.previous_hash, &record.hash);
        checked.is_err().then_some(wanted)
    })
}
