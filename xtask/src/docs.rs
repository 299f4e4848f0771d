//! `cargo xtask docs`: the documents that the server writes about itself.
//!
//! `keyfobd docs DIR` prints its registry of error codes, its compiled-in
//! configuration and the description of its API; here they are put under `docs/`, or compared with it.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::{Context, ensure};

use crate::Verdict;
use crate::process::{cargo, root, run};

/// What the server writes, no more and no less.
const DOCUMENTS: [&str; 3] = ["configuration.md", "errors.md", "openapi.json"];

/// Writes the documents into `docs/`.
pub(crate) fn write() -> anyhow::Result<Verdict> {
    let made = generate()?;
    for name in DOCUMENTS {
        let target = root().join("docs").join(name);
        fs::copy(made.path().join(name), &target)
            .with_context(|| format!("cannot write {}", target.display()))?;
    }
    Ok(Verdict::Passed)
}

/// Compares the documents in `docs/` with what would be written.
pub(crate) fn check() -> anyhow::Result<Verdict> {
    let made = generate()?;
    let mut verdict = Verdict::Passed;
    for name in DOCUMENTS {
        let fresh = fs::read_to_string(made.path().join(name))?;
        let kept = fs::read_to_string(root().join("docs").join(name)).unwrap_or_default();
        if let Some(line) = first_difference(&kept, &fresh) {
            println!(
                "docs/{name}:{line}: differs from what the server says; run `cargo xtask docs`"
            );
            verdict = Verdict::Failed;
        }
    }
    Ok(verdict)
}

fn generate() -> anyhow::Result<tempfile::TempDir> {
    let folder = tempfile::tempdir()?;
    run(cargo(["run", "--quiet", "--package", "keyfob-server", "--", "docs"]).arg(folder.path()))?;
    let found = names(folder.path())?;
    ensure!(
        found.iter().eq(DOCUMENTS),
        "`keyfobd docs` wrote {found:?} instead of {DOCUMENTS:?}"
    );
    Ok(folder)
}

fn names(folder: &Path) -> anyhow::Result<BTreeSet<String>> {
    fs::read_dir(folder)?
        .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
        .collect()
}

/// The number of the first line in which the two differ.
fn first_difference(kept: &str, fresh: &str) -> Option<usize> {
    if kept == fresh {
        return None;
    }
    let same = kept
        .split_inclusive('\n')
        .zip(fresh.split_inclusive('\n'))
        .take_while(|(a, b)| a == b);
    Some(same.count() + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_differing_line_is_named() {
        assert_eq!(first_difference("a\nb\nc\n", "a\nb\nc\n"), None);
        assert_eq!(first_difference("a\nb\nc\n", "a\nB\nc\n"), Some(2));
    }

    #[test]
    fn a_missing_tail_is_a_difference_even_if_it_is_only_the_last_line_end() {
        assert_eq!(first_difference("", "a\n"), Some(1));
        assert_eq!(first_difference("a\n", "a\nb\n"), Some(2));
        assert_eq!(first_difference("a", "a\n"), Some(1));
    }
}
