//! `cargo xtask tidy`: the rules of the house that no compiler knows.
//!
//! Each check is a function from the tree of files to what it finds, in a module
//! of its own whose tests plant the fault it looks for. Exceptions are lists in
//! `xtask/allow/`, and a list may only shrink: an entry that is no longer needed
//! is a finding like any other.

mod adr;
mod allow;
mod arrows;
mod clippy_config;
mod expose;
mod ignored;
mod imports;
mod length;
mod machine_paths;
mod migrations;
mod module_files;
mod open_work;
mod security_rules;
mod tree;

use self::tree::{Finding, Tree};
use crate::Verdict;
use crate::process::root;

/// Every check there is.
const CHECKS: [fn(&Tree) -> Vec<Finding>; 12] = [
    length::check,
    module_files::check,
    arrows::check,
    expose::check,
    migrations::check,
    adr::check,
    open_work::check,
    ignored::check,
    clippy_config::check,
    imports::check,
    machine_paths::check,
    security_rules::check,
];

pub(crate) fn tidy() -> anyhow::Result<Verdict> {
    let tree = Tree::read(root())?;
    let mut findings: Vec<Finding> = CHECKS.iter().flat_map(|check| check(&tree)).collect();
    findings.sort();
    for finding in &findings {
        println!("{finding}");
    }
    println!(
        "tidy: {} files, {} findings",
        tree.files().len(),
        findings.len()
    );
    Ok(if findings.is_empty() {
        Verdict::Passed
    } else {
        Verdict::Failed
    })
}
