//! Nothing in the repository knows the machine it was written on: no path into
//! somebody's folders, and no registry but the public one in `Cargo.lock`.

use super::tree::{Finding, Tree};

/// Top folders below which a person's or a build machine's files lie.
const PRIVATE: [&str; 5] = ["Users", "home", "private", "root", "work"];

const REGISTRY: &str = "registry+https://github.com/rust-lang/crates.io-index";

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = vec![];
    for file in tree.files() {
        for (line, text) in file.lines() {
            if let Some(top) = PRIVATE.into_iter().find(|top| names_below(text, top)) {
                let message = format!("a path in /{top} of some machine; make it relative");
                findings.push(file.finding(line, message));
            }
        }
    }
    let lock = tree.get("Cargo.lock");
    for (lock, (line, text)) in lock
        .into_iter()
        .flat_map(|lock| lock.lines().map(move |at| (lock, at)))
    {
        if text.starts_with("source = ") && !text.contains(REGISTRY) {
            findings.push(lock.finding(line, "not from crates.io; take the crate from there"));
        }
    }
    findings
}

/// Whether the text holds an absolute path below this top folder. What stands
/// before the first `/` must not make it a part of a longer path or of an URL.
fn names_below(text: &str, top: &str) -> bool {
    let below = format!("/{top}/");
    let mut before = "";
    let mut pieces = text.split(below.as_str()).peekable();
    while let Some(piece) = pieces.next() {
        before = if piece.is_empty() { before } else { piece };
        let is_start = !before.ends_with(|c: char| c.is_alphanumeric() || "_-.~/:*}>)".contains(c));
        let goes_on = pieces
            .peek()
            .is_some_and(|next| next.starts_with(char::is_alphanumeric));
        if is_start && goes_on {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> usize {
        check(&Tree::of([("a.md", text)])).len()
    }

    #[test]
    fn a_path_into_somebodys_folder_is_found() {
        for top in PRIVATE {
            assert_eq!(found(&format!("see /{top}/ana/file")), 1);
            assert_eq!(found(&format!("/{top}/x")), 1);
            assert_eq!(found(&format!("path = \"/{top}/x\"")), 1);
        }
    }

    #[test]
    fn urls_relative_paths_and_the_folder_itself_are_not() {
        for top in PRIVATE {
            assert_eq!(found(&format!("https://example.com/{top}/x")), 0);
            assert_eq!(found(&format!("docs/{top}/x and ./{top}/x")), 0);
            assert_eq!(found(&format!("below `/{top}/`")), 0);
        }
    }

    #[test]
    fn a_crate_from_elsewhere_is_found() {
        let good = format!("source = \"{REGISTRY}\"\n");
        assert_eq!(check(&Tree::of([("Cargo.lock", &good)])), []);
        let bad = "source = \"sparse+https://mirror.example/index/\"\n";
        assert_eq!(check(&Tree::of([("Cargo.lock", bad)])).len(), 1);
    }
}
