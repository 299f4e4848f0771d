//! The configuration: file and environment to what they mean.

use std::cell::RefCell;
use std::ffi::OsString;
use std::fs;

use keyfob_server::config::{Config, ConfigError, Overrides, explain, probe};
use keyfob_server::document::Node;
use tempfile::NamedTempFile;

use crate::secret::{SECRET, is_told, plain};

const URL: &str = "KEYFOB__DATABASE__URL";
const PASSWORD: &str = "KEYFOB__DATABASE__PASSWORD";

/// A configuration is the same each time it is read, and a secret given beside it is told neither by
/// what it means nor by what is wrong with it. Lines of the input that begin with `KEYFOB__` are
/// environment variables, the others the file.
pub fn holds(data: &[u8]) {
    let Some(text) = plain(data) else { return };
    let is_variable = |line: &&str| line.starts_with("KEYFOB__") && line.contains('=');
    let (variables, lines): (Vec<&str>, Vec<&str>) = text.lines().partition(is_variable);
    let file = lines.join("\n");
    let variables: Vec<(&str, &str)> = variables
        .into_iter()
        .filter_map(|line| line.split_once('='))
        .filter(|(name, value)| !name.contains('\0') && !value.contains('\0'))
        .collect();
    if reads_a_file(&file, &variables) {
        return;
    }
    let address = format!("postgres://me:{SECRET}@db/k");
    let beside = [(URL, "postgres://me@db/k"), (PASSWORD, SECRET)];
    let inside = [(URL, address.as_str())];
    let told = |secrets: &[(&str, &str)]| {
        let variables: Vec<_> = variables.iter().chain(secrets).copied().collect();
        let told = match load(&file, &variables) {
            Ok(config) => format!("{config:?} {}", explain(&config).join("\n")),
            Err(error) => format!("{error} {error:?}"),
        };
        assert!(!is_told(&told), "{told}");
        told
    };
    told(&beside);
    told(&inside);
    assert_eq!(told(&[]), told(&[]));
}

fn load(file: &str, variables: &[(&str, &str)]) -> Result<Config, ConfigError> {
    thread_local! {
        static FILE: RefCell<NamedTempFile> = RefCell::new(NamedTempFile::new().expect("a file"));
    }
    FILE.with_borrow(|place| {
        fs::write(place.path(), file).expect("written");
        let overrides = Overrides {
            file: Some(place.path().to_owned()),
            flags: vec![],
        };
        let variables = variables
            .iter()
            .map(|(name, value)| (OsString::from(name), OsString::from(value)));
        probe::layered(overrides, variables)
    })
}

/// Whether it names a file with a secret, which could be any file of this machine.
fn reads_a_file(file: &str, variables: &[(&str, &str)]) -> bool {
    let by_variable = variables
        .iter()
        .any(|(name, _value)| name.to_ascii_uppercase().ends_with("_FILE"));
    by_variable || Node::from_toml(file).is_ok_and(|node| names_a_file(&node))
}

fn names_a_file(node: &Node) -> bool {
    let Node::Members(members) = node else {
        return false;
    };
    members
        .iter()
        .any(|(name, node)| name.ends_with("password_file") || names_a_file(node))
}
