//! Who may depend on whom: the arrows between our crates, and what each must
//! never be able to do.
//!
//! A boundary is worth a crate only because the compiler enforces it, and it
//! does so only as long as the manifest says no more than this table.

use toml::{Table, Value};

use super::tree::{Finding, SourceFile, Tree};

struct Rule {
    name: &'static str,
    /// Ours that ship with it.
    ours: &'static [&'static str],
    /// Ours that only its tests use.
    ours_in_tests: &'static [&'static str],
    /// Others' that it must not ship with, and why.
    never: &'static [&'static str],
    why: &'static str,
}

const ENGINES: &[&str] = &[
    "rusqlite",
    "tokio-postgres",
    "deadpool-postgres",
    "postgres-types",
];

const RULES: [Rule; 8] = [
    Rule {
        name: "keyfob-core",
        ours: &[],
        ours_in_tests: &[],
        never: &[
            "tokio",
            "futures-util",
            "axum",
            "hyper",
            "http",
            "rusqlite",
            "tokio-postgres",
            "serde",
            "serde_json",
            "jiff",
            "tracing",
        ],
        why: "core neither waits, queries, serves, serializes nor reads a clock",
    },
    Rule {
        name: "keyfob-store",
        ours: &["keyfob-core"],
        ours_in_tests: &["keyfob-testkit"],
        never: &["axum", "hyper", "http", "serde_json"],
        why: "the store does not speak HTTP",
    },
    Rule {
        name: "keyfob-server",
        ours: &["keyfob-core", "keyfob-store", "keyfob-verify"],
        ours_in_tests: &["keyfob-testkit"],
        never: ENGINES,
        why: "only the store sees a database driver",
    },
    Rule {
        name: "keyfob-verify",
        ours: &[],
        ours_in_tests: &[],
        never: &[
            "rusqlite",
            "tokio-postgres",
            "deadpool-postgres",
            "jiff",
            "anyhow",
        ],
        why: "verify goes into other people's services and stays small",
    },
    Rule {
        name: "keyfob-cli",
        ours: &["keyfob-verify"],
        ours_in_tests: &[],
        never: ENGINES,
        why: "the client speaks HTTP only",
    },
    Rule {
        name: "keyfob-properties",
        ours: &[
            "keyfob-core",
            "keyfob-store",
            "keyfob-server",
            "keyfob-verify",
        ],
        ours_in_tests: &[],
        never: ENGINES,
        why: "properties are of parsers",
    },
    Rule {
        name: "keyfob-testkit",
        ours: &["keyfob-core", "keyfob-store"],
        ours_in_tests: &[],
        never: &[],
        why: "",
    },
    Rule {
        name: "xtask",
        ours: &[],
        ours_in_tests: &[],
        never: &[],
        why: "",
    },
];

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let manifests = tree.files().iter().filter(|file| {
        file.path == "xtask/Cargo.toml"
            || (file.path.starts_with("crates/") && file.path.ends_with("/Cargo.toml"))
    });
    let mut findings: Vec<_> = manifests.flat_map(check_manifest).collect();
    findings.extend(testkit_inside_store(tree));
    findings
}

fn check_manifest(file: &SourceFile) -> Vec<Finding> {
    let Ok(manifest) = file.text.parse::<Table>() else {
        return vec![file.finding(1, "is not TOML; correct it")];
    };
    let name = manifest
        .get("package")
        .and_then(|package| package.get("name"));
    let name = name.and_then(Value::as_str).unwrap_or_default();
    let Some(rule) = RULES.iter().find(|rule| rule.name == name) else {
        let message = format!(
            "`{name}` is not in the table of arrows; add it in {}",
            file!()
        );
        return vec![file.finding(1, message)];
    };
    let mut findings = vec![];
    for (section, dependency) in dependencies(&manifest) {
        let line = line_of(file, &dependency);
        let for_tests = section == "dev-dependencies";
        let allowed = rule.ours.contains(&dependency.as_str())
            || (for_tests && rule.ours_in_tests.contains(&dependency.as_str()));
        if dependency.starts_with("keyfob") && !allowed {
            let message = format!("{name} must not depend on {dependency}; see ARCHITECTURE.md");
            findings.push(file.finding(line, message));
        }
        if !for_tests && rule.never.contains(&dependency.as_str()) {
            let message = format!("remove {dependency}: {}", rule.why);
            findings.push(file.finding(line, message));
        }
    }
    findings
}

/// Every dependency with its section, those of one platform or under another
/// name included.
fn dependencies(manifest: &Table) -> Vec<(&'static str, String)> {
    let platforms = manifest
        .get("target")
        .and_then(Value::as_table)
        .into_iter()
        .flatten();
    let tables: Vec<&Table> = std::iter::once(manifest)
        .chain(platforms.filter_map(|(_, platform)| platform.as_table()))
        .collect();
    let mut found = vec![];
    for section in ["dependencies", "dev-dependencies", "build-dependencies"] {
        let entries = tables
            .iter()
            .filter_map(|table| table.get(section)?.as_table())
            .flatten();
        found.extend(entries.map(|(key, value)| {
            let renamed = value.get("package").and_then(Value::as_str);
            (section, renamed.unwrap_or(key).to_owned())
        }));
    }
    found
}

fn line_of(file: &SourceFile, dependency: &str) -> usize {
    let is_it = |(_, text): &(usize, &str)| text.starts_with(dependency) && text.contains('=');
    file.lines().find(is_it).map_or(1, |(line, _)| line)
}

/// `testkit` depends on `store`; used from a unit test of `store` it would bring
/// a second compilation whose types do not match the first.
fn testkit_inside_store(tree: &Tree) -> Vec<Finding> {
    let mut findings = vec![];
    for file in tree.under("crates/keyfob-store/src/") {
        for (line, _) in file
            .lines()
            .filter(|(_, text)| text.contains("keyfob_testkit"))
        {
            findings.push(file.finding(line, "testkit in a unit test; move the test to `tests/`"));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(name: &str, rest: &str) -> Vec<String> {
        let path = format!("crates/{name}/Cargo.toml");
        let text = format!("[package]\nname = \"{name}\"\n{rest}");
        check(&Tree::of([(path.as_str(), text.as_str())]))
            .iter()
            .map(ToString::to_string)
            .collect()
    }

    #[test]
    fn the_arrows_of_the_house_are_allowed() {
        let text = "[dependencies]\nkeyfob-core.workspace = true\n\
                    [dev-dependencies]\nkeyfob-testkit.workspace = true\n";
        assert_eq!(found("keyfob-store", text), [""; 0]);
    }

    #[test]
    fn an_arrow_the_other_way_is_found_with_its_line() {
        assert_eq!(
            found(
                "keyfob-core",
                "[dependencies]\nkeyfob-store.workspace = true\n"
            ),
            [
                "crates/keyfob-core/Cargo.toml:4: keyfob-core must not depend on keyfob-store; \
              see ARCHITECTURE.md"
            ]
        );
    }

    #[test]
    fn a_crate_for_tests_must_not_ship() {
        assert_eq!(
            found("keyfob-server", "[dependencies]\nkeyfob-testkit = \"1\"\n").len(),
            1
        );
    }

    #[test]
    fn a_renamed_or_platform_dependency_does_not_hide() {
        let renamed = "[dependencies]\nrules = { package = \"keyfob-core\", path = \"x\" }\n";
        assert_eq!(found("keyfob-verify", renamed).len(), 1);
        let platform = "[target.'cfg(unix)'.dependencies]\nrusqlite = \"0\"\n";
        assert_eq!(found("keyfob-server", platform).len(), 1);
    }

    #[test]
    fn what_a_crate_must_not_be_able_to_do_is_found_but_its_tests_may() {
        let shipped = found("keyfob-core", "[dependencies]\ntokio.workspace = true\n");
        assert!(shipped[0].contains("core neither waits"), "{shipped:?}");
        assert_eq!(
            found(
                "keyfob-server",
                "[dev-dependencies]\ntokio-postgres = \"0\"\n"
            ),
            [""; 0]
        );
    }

    #[test]
    fn a_crate_without_a_rule_is_found() {
        assert_eq!(found("keyfob-new", "").len(), 1);
    }

    #[test]
    fn testkit_in_a_unit_test_of_the_store_is_found() {
        let path = "crates/keyfob-store/src/pat.rs";
        let text = "#[cfg(test)]\nmod tests {\n    use keyfob_testkit::world;\n}\n";
        let findings = check(&Tree::of([(path, text)]));
        assert_eq!(
            findings.iter().map(|found| found.line).collect::<Vec<_>>(),
            [3]
        );
    }
}
