//! No file of ours is longer than 400 lines, its unit tests included.

use super::allow::{List, Measure};
use super::tree::{Finding, Tree};

const LIMIT: usize = 400;

/// What people write by hand. Prose and generated files are as long as they are.
const WRITTEN: [&str; 6] = ["css", "html", "js", "rs", "sh", "sql"];

const LIST: List = List {
    path: "xtask/allow/long-files.txt",
    what: "lines where 400 are the limit",
    remedy: "split the file by what its parts are about",
};

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let measures: Vec<_> = tree
        .with(&WRITTEN)
        .map(|file| Measure {
            file,
            number: file.text.lines().count(),
            line: LIMIT + 1,
        })
        .filter(|measure| measure.number > LIMIT)
        .collect();
    LIST.compare(tree, &measures)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(lines: usize) -> usize {
        let text = "x\n".repeat(lines);
        check(&Tree::of([
            ("src/a.rs", &text),
            ("a.md", &"x\n".repeat(900)),
            (LIST.path, ""),
        ]))
        .len()
    }

    #[test]
    fn the_limit_itself_is_allowed_and_one_line_more_is_not() {
        assert_eq!(findings(LIMIT), 0);
        assert_eq!(findings(LIMIT + 1), 1);
    }
}
