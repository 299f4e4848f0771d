//! No test is switched off: neither a function nor an example in a comment.

use super::tree::{Finding, Tree};

/// Written apart, so that this file does not find itself.
const ATTRIBUTE: &str = concat!("#[", "ignore");

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = vec![];
    for file in tree.with(&["rs"]) {
        for (line, text) in file.lines() {
            let text = text.trim_start();
            if text.starts_with(ATTRIBUTE) || is_ignored_example(text) {
                findings.push(file.finding(line, "a test that is switched off; mend or delete it"));
            }
        }
    }
    findings
}

/// An example's opening line: three backticks and attributes separated by commas.
fn is_ignored_example(text: &str) -> bool {
    let comment = text
        .strip_prefix("///")
        .or_else(|| text.strip_prefix("//!"));
    let attributes = comment.and_then(|comment| comment.trim_start().strip_prefix("```"));
    attributes.is_some_and(|attributes| {
        attributes
            .split(',')
            .any(|attribute| attribute.trim().starts_with("ignore"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> usize {
        check(&Tree::of([("a.rs", text)])).len()
    }

    #[test]
    fn an_ignored_test_is_found_with_and_without_a_reason() {
        assert_eq!(
            found(&format!("    {ATTRIBUTE}]\n    fn it_works() {{}}")),
            1
        );
        assert_eq!(found(&format!("{ATTRIBUTE} = \"slow\"]")), 1);
    }

    #[test]
    fn an_ignored_example_is_found_and_one_that_only_compiles_is_not() {
        assert_eq!(found("/// ```ignore"), 1);
        assert_eq!(found("//! ```rust,ignore"), 1);
        assert_eq!(found("/// ```no_run"), 0);
        assert_eq!(found("/// ```text"), 0);
    }
}
