//! Imports stand in three blocks: the standard library, other crates, this crate.
//!
//! The stable rustfmt orders each block but does not make them. Looked at are
//! the `use` lines at the left margin; what is inside a module follows suit.

use super::tree::{Finding, SourceFile, Tree};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Block {
    Standard,
    External,
    Own,
}

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    tree.with(&["rs"]).flat_map(check_file).collect()
}

fn check_file(file: &SourceFile) -> Vec<Finding> {
    let modules: Vec<&str> = file.text.lines().filter_map(module_name).collect();
    let mut findings = vec![];
    let mut last: Option<Block> = None;
    let mut after_blank = false;
    let mut inside = false;
    for (line, text) in file.lines() {
        if inside {
            inside = !text.ends_with(';');
        } else if let Some(path) = text.strip_prefix("use ") {
            let block = block_of(path, &modules);
            if last.is_some_and(|last| last > block) {
                findings
                    .push(file.finding(line, "is after its block; order: std, crates, this crate"));
            } else if last.is_some_and(|last| (last == block) == after_blank) {
                let message =
                    "put one empty line between blocks and none inside: std, crates, this crate";
                findings.push(file.finding(line, message));
            }
            last = Some(block);
            after_blank = false;
            inside = !text.ends_with(';');
        } else if text.is_empty() {
            after_blank = true;
        } else if !text.starts_with("//") && !text.starts_with("#[") {
            // Another item: what follows is a new set of imports.
            last = None;
        }
    }
    findings
}

/// The name in `mod name;`, whose paths are this crate's though they look external.
fn module_name(line: &str) -> Option<&str> {
    line.split_once("mod ")?.1.strip_suffix(';')
}

fn block_of(path: &str, modules: &[&str]) -> Block {
    let is_end = |c: char| !c.is_alphanumeric() && c != '_';
    let first = path
        .trim_start_matches("::")
        .split(is_end)
        .next()
        .unwrap_or_default();
    match first {
        "std" | "core" | "alloc" => Block::Standard,
        "crate" | "self" | "super" => Block::Own,
        name if modules.contains(&name) => Block::Own,
        _ => Block::External,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<usize> {
        check(&Tree::of([("a.rs", text)]))
            .iter()
            .map(|found| found.line)
            .collect()
    }

    #[test]
    fn three_blocks_in_order_are_good() {
        let text = "mod c;\n\nuse std::fmt;\nuse std::io::{\n    Read,\n};\n\nuse axum::Router;\n\n\
                    use c::D;\nuse crate::b;\n";
        assert_eq!(lines(text), [0; 0]);
    }

    #[test]
    fn blocks_run_together_or_torn_apart_are_found() {
        assert_eq!(lines("use std::fmt;\nuse axum::Router;\n"), [2]);
        assert_eq!(lines("use std::fmt;\n\nuse std::io;\n"), [3]);
    }

    #[test]
    fn blocks_in_the_wrong_order_are_found() {
        assert_eq!(lines("use crate::a;\n\nuse axum::Router;\n"), [3]);
        assert_eq!(lines("use axum::Router;\n\nuse std::fmt;\n"), [3]);
    }

    #[test]
    fn imports_after_another_item_start_anew() {
        assert_eq!(
            lines("use crate::a;\n\nfn f() {}\n\nuse std::fmt;\n"),
            [0; 0]
        );
    }
}
