//! A crate's own `clippy.toml` replaces the one at the top, so it must repeat it.

use toml::{Table, Value};

use super::tree::{Finding, SourceFile, Tree};

const ROOT: &str = "clippy.toml";

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let Some(root) = tree.get(ROOT) else {
        return vec![];
    };
    let own = tree
        .under("crates/")
        .filter(|file| file.path.ends_with("/clippy.toml"));
    let Ok(wanted) = root.text.parse::<Table>() else {
        return vec![root.finding(1, "is not TOML; correct it")];
    };
    own.flat_map(|file| compare(&wanted, file)).collect()
}

fn compare(wanted: &Table, file: &SourceFile) -> Vec<Finding> {
    let Ok(table) = file.text.parse::<Table>() else {
        return vec![file.finding(1, "is not TOML; correct it")];
    };
    let mut findings = vec![];
    for (key, value) in wanted {
        let missing = lacking(value, table.get(key));
        findings.extend(missing.into_iter().map(|lost| {
            file.finding(
                1,
                format!("`{key}` lacks `{lost}`; repeat what {ROOT} says"),
            )
        }));
    }
    findings
}

/// What of `wanted` is not in `found`: of an array some elements, else all.
fn lacking<'w>(wanted: &'w Value, found: Option<&Value>) -> Vec<&'w Value> {
    match (wanted.as_array(), found.and_then(Value::as_array)) {
        (Some(wanted), Some(found)) => wanted.iter().filter(|one| !found.contains(one)).collect(),
        _ if Some(wanted) == found => vec![],
        _ => vec![wanted],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WANTED: &str = "size = 60\nbanned = [{ path = \"a\" }, { path = \"b\" }]";

    fn found(own: &str) -> usize {
        check(&Tree::of([("crates/x/clippy.toml", own), (ROOT, WANTED)])).len()
    }

    #[test]
    fn a_repetition_with_more_is_good() {
        assert_eq!(found(WANTED), 0);
        assert_eq!(
            found("size = 60\nbanned = [{ path = \"c\" }, { path = \"b\" }, { path = \"a\" }]"),
            0
        );
    }

    #[test]
    fn what_is_missing_or_different_is_found() {
        assert_eq!(found("size = 60\nbanned = [{ path = \"a\" }]"), 1);
        assert_eq!(
            found("size = 61\nbanned = [{ path = \"a\" }, { path = \"b\" }]"),
            1
        );
        assert_eq!(found(""), 2);
        assert_eq!(found("size"), 1);
    }
}
