//! Every decision record has the five headings, the next number, and a line in
//! the index; the index names nothing else.

use super::tree::{Finding, SourceFile, Tree};

const FOLDER: &str = "docs/adr/";
const INDEX: &str = "docs/adr/README.md";
const HEADINGS: [&str; 5] = [
    "## Status",
    "## Context",
    "## Decision",
    "## Consequences",
    "## Alternatives",
];

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let records: Vec<_> = tree
        .under(FOLDER)
        .filter(|file| file.path != INDEX)
        .collect();
    let index = tree.get(INDEX);
    let mut findings = vec![];
    for (number, record) in (1..).zip(&records) {
        let name = name(record);
        if !name.starts_with(&format!("{number:04}-")) || !record.is(&["md"]) {
            findings.push(record.finding(1, format!("rename it to `{number:04}-<title>.md`")));
        }
        if !index.is_some_and(|index| index.text.contains(&format!("({name})"))) {
            findings.push(record.finding(1, format!("is not in {INDEX}; add a line with a link")));
        }
        for heading in HEADINGS
            .into_iter()
            .filter(|heading| !has_line(record, heading))
        {
            findings.push(record.finding(1, format!("has no `{heading}`; write it")));
        }
    }
    let is_record = |target: &str| records.iter().any(|record| name(record) == target);
    for (line, target) in index.into_iter().flat_map(links) {
        if !is_record(target) {
            let message = format!("{target} does not exist; correct the link");
            findings.push(Finding {
                path: INDEX.to_owned(),
                line,
                message,
            });
        }
    }
    findings
}

fn name(record: &SourceFile) -> &str {
    record.path.strip_prefix(FOLDER).unwrap_or(&record.path)
}

fn has_line(file: &SourceFile, wanted: &str) -> bool {
    file.text.lines().any(|line| line.trim_end() == wanted)
}

/// Links to files beside the index.
fn links(index: &SourceFile) -> impl Iterator<Item = (usize, &str)> {
    index.lines().flat_map(|(line, text)| {
        let targets = text
            .split("](")
            .skip(1)
            .filter_map(|rest| rest.split_once(')'));
        targets
            .map(|(target, _)| target)
            .filter(|target| !target.contains('/'))
            .map(move |target| (line, target))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "# 1. Title\n\n## Status\n\n## Context\n\n## Decision\n\n## Consequences\n\n\
                        ## Alternatives\n";

    fn found(name: &str, text: &str, index: &str) -> Vec<String> {
        let tree = Tree::of([(name, text), (INDEX, index)]);
        check(&tree).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_whole_record_in_the_index_is_good() {
        assert_eq!(
            found("docs/adr/0001-a.md", GOOD, "- [A](0001-a.md)"),
            [""; 0]
        );
    }

    #[test]
    fn a_record_missing_from_the_index_is_found() {
        let told = "docs/adr/0001-a.md:1: is not in docs/adr/README.md; add a line with a link";
        assert_eq!(found("docs/adr/0001-a.md", GOOD, ""), [told]);
    }

    #[test]
    fn a_missing_heading_is_found() {
        let text = GOOD.replace("## Alternatives\n", "");
        let found = found("docs/adr/0001-a.md", &text, "[A](0001-a.md)");
        assert_eq!(
            found,
            ["docs/adr/0001-a.md:1: has no `## Alternatives`; write it"]
        );
    }

    #[test]
    fn a_dead_link_and_a_wrong_number_are_found() {
        let found = found("docs/adr/0002-b.md", GOOD, "[A](0001-a.md)\n[B](0002-b.md)");
        assert_eq!(
            found,
            [
                "docs/adr/0002-b.md:1: rename it to `0001-<title>.md`",
                "docs/adr/README.md:1: 0001-a.md does not exist; correct the link",
            ]
        );
    }
}
