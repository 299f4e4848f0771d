//! What is left to do is an issue; a mark in the code names its number.

use super::tree::{Finding, Tree};

const CODE: [&str; 8] = ["css", "html", "js", "rs", "sh", "sql", "toml", "yml"];

/// Written apart, so that this file does not find itself.
const MARKS: [&str; 2] = [concat!("TO", "DO"), concat!("FIX", "ME")];

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = vec![];
    for file in tree.with(&CODE) {
        for (line, text) in file.lines() {
            for mark in MARKS.into_iter().filter(|mark| lacks_issue(text, mark)) {
                let message = format!("{mark} without an issue; write `{mark}(#123): …` or do it");
                findings.push(file.finding(line, message));
            }
        }
    }
    findings
}

fn lacks_issue(text: &str, mark: &str) -> bool {
    text.split(mark).skip(1).any(|rest| {
        let number = rest
            .strip_prefix("(#")
            .and_then(|rest| rest.split_once(')'));
        number.is_none_or(|(number, _)| number.parse::<u32>().is_err())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> usize {
        check(&Tree::of([("a.rs", text)])).len()
    }

    #[test]
    fn a_mark_needs_the_number_of_an_issue() {
        for mark in MARKS {
            assert_eq!(found(&format!("// {mark}: later")), 1);
            assert_eq!(found(&format!("// {mark}(somebody): later")), 1);
            assert_eq!(found(&format!("// {mark}(#): later")), 1);
            assert_eq!(found(&format!("// {mark}(#12): later")), 0);
        }
    }
}
