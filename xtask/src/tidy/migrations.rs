//! Migrations come in pairs, one for each engine, numbered without a gap, and
//! one that was released is never edited: a database it ran on would differ from
//! a new one for ever.
//!
//! `xtask/allow/migrations.txt` holds their SHA-256 in the form of `sha256sum`.

use std::collections::BTreeSet;

use aws_lc_rs::digest::{SHA256, digest};
use data_encoding::HEXLOWER;

use super::tree::{Finding, SourceFile, Tree};

const FOLDERS: [&str; 2] = [
    "crates/keyfob-store/migrations/sqlite/",
    "crates/keyfob-store/migrations/postgres/",
];

const LIST: &str = "xtask/allow/migrations.txt";

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = unpaired(tree);
    findings.extend(
        FOLDERS
            .into_iter()
            .flat_map(|folder| misnumbered(tree, folder)),
    );
    findings.extend(edited(tree));
    findings
}

fn unpaired(tree: &Tree) -> Vec<Finding> {
    let [sqlite, postgres] = FOLDERS;
    let lacks_twin = |file: &&SourceFile, own: &str, other: &str| {
        file.path
            .strip_prefix(own)
            .is_some_and(|name| tree.get(&format!("{other}{name}")).is_none())
    };
    let twinless = tree
        .files()
        .iter()
        .filter(|file| lacks_twin(file, sqlite, postgres) || lacks_twin(file, postgres, sqlite));
    twinless
        .map(|file| file.finding(1, "has no namesake for the other engine; write it"))
        .collect()
}

fn misnumbered(tree: &Tree, folder: &str) -> Vec<Finding> {
    let is_due = |number: usize, file: &SourceFile| {
        let name = file.path.strip_prefix(folder).unwrap_or_default();
        name.starts_with(&format!("{number:04}_")) && file.is(&["sql"])
    };
    (1..)
        .zip(tree.under(folder))
        .filter(|(number, file)| !is_due(*number, file))
        .map(|(number, file)| file.finding(1, format!("rename it to `{number:04}_<what>.sql`")))
        .collect()
}

fn edited(tree: &Tree) -> Vec<Finding> {
    let list = tree.get(LIST);
    let listed: Vec<(usize, &str, &str)> = list
        .into_iter()
        .flat_map(SourceFile::lines)
        .filter(|(_, text)| !text.starts_with('#'))
        .filter_map(|(line, text)| text.split_once("  ").map(|(hash, path)| (line, hash, path)))
        .collect();
    let mut findings = vec![];
    let mut known = BTreeSet::new();
    for (line, hash, path) in listed {
        known.insert(path);
        match (tree.get(path), list) {
            (Some(file), _) if sha256(&file.text) != hash => {
                let message = "was edited after it was released; undo that and add a new one";
                findings.push(file.finding(1, message));
            }
            (None, Some(list)) => {
                let message = format!("{path} is gone; a released migration stays, restore it");
                findings.push(list.finding(line, message));
            }
            _ => {}
        }
    }
    for file in FOLDERS.into_iter().flat_map(|folder| tree.under(folder)) {
        if !known.contains(file.path.as_str()) {
            let entry = format!("{}  {}", sha256(&file.text), file.path);
            findings.push(file.finding(1, format!("is not in {LIST}; add the line `{entry}`")));
        }
    }
    findings
}

fn sha256(text: &str) -> String {
    HEXLOWER.encode(digest(&SHA256, text.as_bytes()).as_ref())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SQLITE: &str = "crates/keyfob-store/migrations/sqlite/0001_init.sql";
    const POSTGRES: &str = "crates/keyfob-store/migrations/postgres/0001_init.sql";

    fn list(entries: &[(&str, &str)]) -> String {
        let line = |(path, text): &(&str, &str)| format!("{}  {path}\n", sha256(text));
        entries.iter().map(line).collect()
    }

    fn messages<const N: usize>(files: [(&str, &str); N]) -> Vec<String> {
        check(&Tree::of(files))
            .iter()
            .map(ToString::to_string)
            .collect()
    }

    #[test]
    fn a_listed_unedited_pair_is_good() {
        let list = list(&[(SQLITE, "a"), (POSTGRES, "b")]);
        assert_eq!(
            messages([(SQLITE, "a"), (POSTGRES, "b"), (LIST, &list)]),
            [""; 0]
        );
    }

    #[test]
    fn an_edited_migration_is_found() {
        let list = list(&[(SQLITE, "a"), (POSTGRES, "b")]);
        let found = messages([(SQLITE, "a"), (POSTGRES, "b;"), (LIST, &list)]);
        assert_eq!(found.len(), 1);
        assert!(
            found[0].contains("postgres/0001_init.sql:1: was edited"),
            "{found:?}"
        );
    }

    #[test]
    fn a_migration_without_a_twin_is_found() {
        let found = messages([(SQLITE, "a"), (LIST, &list(&[(SQLITE, "a")]))]);
        assert_eq!(
            found,
            [format!(
                "{SQLITE}:1: has no namesake for the other engine; write it"
            )]
        );
    }

    #[test]
    fn an_unlisted_migration_is_told_with_the_line_to_add() {
        let found = messages([
            (SQLITE, "a"),
            (POSTGRES, "b"),
            (LIST, &list(&[(SQLITE, "a")])),
        ]);
        assert_eq!(found.len(), 1);
        assert!(
            found[0].contains(list(&[(POSTGRES, "b")]).trim()),
            "{found:?}"
        );
    }

    #[test]
    fn a_released_migration_cannot_be_deleted() {
        let found = messages([(LIST, &list(&[(SQLITE, "a")]))]);
        assert_eq!(found.len(), 1);
        assert!(
            found[0].starts_with("xtask/allow/migrations.txt:1:"),
            "{found:?}"
        );
    }

    #[test]
    fn a_gap_in_the_numbers_is_found() {
        let [sqlite, postgres] = FOLDERS.map(|folder| format!("{folder}0003_late.sql"));
        let list = list(&[(&sqlite, "a"), (&postgres, "b")]);
        let found = messages([(&sqlite, "a"), (&postgres, "b"), (LIST, &list)]);
        assert_eq!(found.len(), 2);
        assert!(
            found[0].ends_with("rename it to `0001_<what>.sql`"),
            "{found:?}"
        );
    }

    #[test]
    fn the_hash_is_the_one_sha256sum_prints() {
        // FIPS 180-2, appendix B.1.
        let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(sha256("abc"), expected);
    }
}
