//! Lists of exceptions that may only shrink: `xtask/allow/*.txt`.
//!
//! A line is `path number`; what follows a `#` says why. The number is exact:
//! more is a new fault, and less must be written down, so that it stays.

use super::tree::{Finding, SourceFile, Tree};

/// How much of something a file has.
#[derive(Debug)]
pub(crate) struct Measure<'t> {
    /// The file.
    pub(crate) file: &'t SourceFile,
    /// How much.
    pub(crate) number: usize,
    /// The line to point at.
    pub(crate) line: usize,
}

/// A list: where it is, and what it counts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct List {
    /// Its path.
    pub(crate) path: &'static str,
    /// What is counted, in the plural.
    pub(crate) what: &'static str,
    /// What to do instead of adding to the list.
    pub(crate) remedy: &'static str,
}

struct Entry<'t> {
    path: &'t str,
    number: usize,
    line: usize,
}

impl List {
    /// Compares what was measured with what the list allows.
    pub(crate) fn compare(self, tree: &Tree, measures: &[Measure<'_>]) -> Vec<Finding> {
        let Some(file) = tree.get(self.path) else {
            return vec![Finding {
                path: self.path.to_owned(),
                line: 1,
                message: "is missing; restore it, empty if need be".to_owned(),
            }];
        };
        let mut findings = vec![];
        let entries = entries(file, &mut findings);
        for measure in measures {
            let entry = entries.iter().find(|entry| entry.path == measure.file.path);
            let allowed = entry.map_or(0, |entry| entry.number);
            if measure.number > allowed {
                let (number, what, remedy) = (measure.number, self.what, self.remedy);
                let message = format!("{number} {what}, {allowed} excepted; {remedy}");
                findings.push(measure.file.finding(measure.line, message));
            }
        }
        for entry in entries {
            let measure = measures
                .iter()
                .find(|measure| measure.file.path == entry.path);
            let number = measure.map_or(0, |measure| measure.number);
            if number == 0 {
                findings.push(file.finding(entry.line, "no longer needed; delete the entry"));
            } else if number < entry.number {
                let message = format!("now {number} {}; lower the entry to that", self.what);
                findings.push(file.finding(entry.line, message));
            }
        }
        findings
    }
}

fn entries<'t>(file: &'t SourceFile, findings: &mut Vec<Finding>) -> Vec<Entry<'t>> {
    let mut entries = vec![];
    for (line, text) in file.lines() {
        let entry = text.split_once('#').map_or(text, |(entry, _)| entry).trim();
        let parsed = entry
            .split_once(' ')
            .and_then(|(path, number)| Some((path, number.trim().parse().ok()?)));
        match parsed {
            Some((path, number)) => entries.push(Entry { path, number, line }),
            None if entry.is_empty() => {}
            None => findings.push(file.finding(line, "is no entry; write `path number # why`")),
        }
    }
    entries
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: List = List {
        path: "list.txt",
        what: "holes",
        remedy: "mend them",
    };

    fn compare(list: &str, holes: usize) -> Vec<String> {
        let tree = Tree::of([("a.rs", ""), ("list.txt", list)]);
        let measure = Measure {
            file: tree.get("a.rs").unwrap(),
            number: holes,
            line: 7,
        };
        let measures = if holes == 0 { vec![] } else { vec![measure] };
        LIST.compare(&tree, &measures)
            .iter()
            .map(ToString::to_string)
            .collect()
    }

    #[test]
    fn exactly_what_is_listed_is_allowed() {
        assert_eq!(compare("# holes\n\na.rs 3 # old\n", 3), [""; 0]);
        assert_eq!(compare("", 0), [""; 0]);
    }

    #[test]
    fn more_than_listed_is_a_fault_in_the_file() {
        assert_eq!(
            compare("a.rs 2", 3),
            ["a.rs:7: 3 holes, 2 excepted; mend them"]
        );
        assert_eq!(compare("", 1), ["a.rs:7: 1 holes, 0 excepted; mend them"]);
    }

    #[test]
    fn less_than_listed_is_a_fault_in_the_list() {
        assert_eq!(
            compare("a.rs 3", 2),
            ["list.txt:1: now 2 holes; lower the entry to that"]
        );
        assert_eq!(
            compare("\na.rs 3", 0),
            ["list.txt:2: no longer needed; delete the entry"]
        );
    }

    #[test]
    fn a_line_that_is_no_entry_and_a_missing_list_are_told() {
        assert_eq!(
            compare("a.rs many", 0),
            ["list.txt:1: is no entry; write `path number # why`"]
        );
        assert_eq!(LIST.compare(&Tree::of([]), &[]).len(), 1);
    }
}
