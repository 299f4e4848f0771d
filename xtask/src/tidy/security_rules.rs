//! `docs/security-rules.md`: each rule of the standards and each failure seen elsewhere has a test that
//! exists, or a reason why not.

use std::collections::BTreeSet;

use super::tree::{Finding, SourceFile, Tree};

const TABLE: &str = "docs/security-rules.md";

/// The families of rules, and how many there are in each. `E` are the failures of comparable systems.
const FAMILIES: [(&str, u32); 8] = [
    ("TOK", 13),
    ("BRR", 4),
    ("TXE", 7),
    ("JWT", 9),
    ("ATJ", 9),
    ("MET", 5),
    ("ERR", 3),
    ("E", 50),
];
/// The threats that concern what there is.
const THREATS: [u32; 14] = [1, 2, 4, 5, 11, 15, 18, 19, 20, 22, 23, 27, 28, 29];

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let Some(table) = tree.get(TABLE) else {
        return vec![];
    };
    let tests = tests(tree);
    let mut missing = wanted();
    let mut findings = vec![];
    for (line, text) in table.lines().filter(|(_line, text)| text.starts_with("| ")) {
        let cells: Vec<&str> = text.trim_matches('|').split('|').map(str::trim).collect();
        let [id, named, why] = cells.as_slice() else {
            findings.push(table.finding(line, "a row has three cells: rule, tests, why not"));
            continue;
        };
        if !missing.remove(*id) {
            continue;
        }
        findings.extend(row(table, line, named, why, &tests));
    }
    let absent = missing.into_iter();
    findings.extend(absent.map(|id| table.finding(1, format!("{id} has no row"))));
    findings
}

fn row(
    table: &SourceFile,
    line: usize,
    named: &str,
    why: &str,
    tests: &BTreeSet<&str>,
) -> Vec<Finding> {
    let names: Vec<&str> = named.split('`').skip(1).step_by(2).collect();
    if names.is_empty() && why.is_empty() {
        return vec![table.finding(line, "name a test, or say why there is none")];
    }
    let unknown = names.into_iter().filter(|name| !tests.contains(name));
    unknown
        .map(|name| table.finding(line, format!("there is no test {name}")))
        .collect()
}

fn wanted() -> BTreeSet<String> {
    let numbered = FAMILIES
        .into_iter()
        .flat_map(|(family, count)| (1..=count).map(move |number| format!("{family}-{number:02}")));
    let threats = THREATS.into_iter().map(|number| format!("T-{number:02}"));
    numbered.chain(threats).collect()
}

/// Names of all functions behind `fn`; a name of the table is long enough to be none by chance.
fn tests(tree: &Tree) -> BTreeSet<&str> {
    let files = tree.with(&["rs"]).map(|file| file.text.as_str());
    let after = files.flat_map(|text| text.split("fn ").skip(1));
    after
        .filter_map(|rest| rest.split(|letter: char| !is_of_a_name(letter)).next())
        .collect()
}

fn is_of_a_name(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || letter == '_'
}

#[cfg(test)]
mod tests {
    use super::*;

    const CODE: (&str, &str) = ("a.rs", "async fn tok_01_get_is_405() {}");

    fn about(row: &str) -> Vec<String> {
        let findings = check(&Tree::of([(TABLE, row), CODE]));
        let of_row = findings
            .into_iter()
            .filter(|finding| !finding.message.ends_with("has no row"));
        of_row.map(|finding| finding.message).collect()
    }

    #[test]
    fn a_row_names_tests_that_exist_or_says_why_not() {
        let nothing: [&str; 0] = [];
        assert_eq!(about("| TOK-01 | `tok_01_get_is_405` | |"), nothing);
        assert_eq!(about("| TOK-01 | | Not built. |"), nothing);
        assert_eq!(
            about("| TOK-01 | `tok_01_get` | |"),
            ["there is no test tok_01_get"]
        );
        assert_eq!(
            about("| TOK-01 | | |"),
            ["name a test, or say why there is none"]
        );
        assert_eq!(
            about("| TOK-01 | a |"),
            ["a row has three cells: rule, tests, why not"]
        );
    }

    #[test]
    fn every_rule_has_a_row() {
        let findings = check(&Tree::of([(TABLE, "| TOK-01 | | Not built. |"), CODE]));
        let absent: Vec<String> = findings
            .into_iter()
            .map(|finding| finding.message)
            .collect();
        assert!(absent.contains(&"TOK-13 has no row".to_owned()));
        assert!(!absent.contains(&"TOK-01 has no row".to_owned()));
        assert_eq!(absent.len(), 100 + 14 - 1);
        assert!(
            check(&Tree::of([CODE])).is_empty(),
            "no table, nothing to hold"
        );
    }
}
