//! Looking for a person in everything that a database holds.

use std::collections::{BTreeMap, BTreeSet};

/// The tables in which a text stands.
pub(crate) fn tables_with(
    dump: &BTreeMap<String, BTreeSet<String>>,
    text: &str,
) -> Vec<(String, String)> {
    let rows = dump.iter().flat_map(|(table, rows)| {
        let rows = rows.iter().filter(|row| row.contains(text));
        rows.map(|row| (table.clone(), row.clone()))
    });
    rows.collect()
}
