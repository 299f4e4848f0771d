//! A module `foo` is `foo.rs`, with its children in `foo/`: a file's name says
//! what it holds.

use super::tree::{Finding, Tree};

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let is_unnamed = |path: &str| path.rsplit('/').next() == Some("mod.rs");
    tree.files()
        .iter()
        .filter(|file| is_unnamed(&file.path))
        .map(|file| file.finding(1, "a `mod.rs`; move it to `<folder>.rs` beside its folder"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_module_file_without_a_name_is_found() {
        let tree = Tree::of([
            ("src/pat/mod.rs", ""),
            ("src/pat.rs", ""),
            ("src/xmod.rs", ""),
        ]);
        let findings = check(&tree);
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].path, "src/pat/mod.rs");
    }
}
