//! Contract 7: the first command makes schema and catalogue; every later one needs the same root key.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use keyfob_server::seal::RootKey;
use keyfob_testkit::entropy::SeededEntropy;

use super::super::{Host, mode};
use super::host;

const MIGRATED: &str = "The schema is up to date.\n";

/// What every command says that has to open the database.
fn refusals(host: &Host) -> String {
    let said = host.refusal(&["migrate"]);
    for args in [
        &["serve", "--listen", "127.0.0.1:0"][..],
        &["roles", "show"],
        &["user", "suspend", "ana@acme.example"],
        &["org", "add", "Acme", "--owner", "ana@acme.example"],
        &["import", "-"],
    ] {
        assert_eq!(host.refusal(args), said, "{args:?}");
    }
    said
}

#[test]
fn the_first_command_makes_schema_and_catalogue_and_a_second_changes_nothing() {
    let host = host();
    let catalogue = host.printed(&["roles", "show"]);
    assert!(catalogue.starts_with("# role catalogue, version 1\n\n[[module]]\nkey = \"build\"\n"));
    let key = fs::read(host.path(host.root_key)).unwrap();
    assert_eq!(host.printed(&["migrate"]), MIGRATED);
    assert_eq!(host.printed(&["roles", "show"]), catalogue);
    assert_eq!(fs::read(host.path(host.root_key)).unwrap(), key);
}

#[test]
fn a_missing_root_key_is_told_and_never_made_anew() {
    let host = host();
    host.printed(&["migrate"]);
    let (place, aside) = (host.path(host.root_key), host.path("aside"));
    fs::rename(&place, &aside).unwrap();
    let sentence = format!(
        "the root key {} is missing: put the installation's own root key there (it is in your backup of \
         the keys), or name its place with --root-key-file",
        host.root_key
    );
    assert_eq!(refusals(&host), sentence);
    assert!(!place.exists());
    let named = ["migrate", "--root-key-file", "aside"];
    assert_eq!(host.printed(&named), MIGRATED);
}

#[test]
fn p12_another_root_key_opens_nothing() {
    let host = host();
    host.printed(&["migrate"]);
    let (place, own) = (host.path(host.root_key), host.path("own"));
    fs::rename(&place, &own).unwrap();
    RootKey::load_or_make(&place, &SeededEntropy::new(2)).unwrap();
    let sentence = format!(
        "the root key {} is not the one that this database was made with",
        host.root_key
    );
    assert_eq!(refusals(&host), sentence);
    fs::rename(&own, &place).unwrap();
    assert_eq!(host.printed(&["migrate"]), MIGRATED);
}

#[test]
fn a_root_key_that_others_can_read_is_refused() {
    let host = host();
    host.printed(&["migrate"]);
    let place = host.path(host.root_key);
    assert_eq!(mode(&place), 0o600);
    for open in [0o640, 0o604, 0o620] {
        fs::set_permissions(&place, fs::Permissions::from_mode(open)).unwrap();
        let sentence = format!(
            "the root key {0} can be read by others: take that right away (chmod 600 {0})",
            host.root_key
        );
        assert_eq!(host.refusal(&["migrate"]), sentence, "{open:o}");
    }
    fs::set_permissions(&place, fs::Permissions::from_mode(0o600)).unwrap();
    assert_eq!(host.printed(&["migrate"]), MIGRATED);
}

#[test]
fn a_root_key_holds_32_bytes_in_base64() {
    let host = host();
    host.printed(&["migrate"]);
    let place = host.path(host.root_key);
    let sentence = format!(
        "the root key {} does not hold 32 bytes in base64 (make one with: head -c 32 /dev/urandom | base64)",
        host.root_key
    );
    for text in [
        "",
        "c2hvcnQ=\n",
        "not base64 at all, not at all, not at all...\n",
    ] {
        // The file keeps its mode.
        fs::write(&place, text).unwrap();
        assert_eq!(host.refusal(&["migrate"]), sentence, "{text:?}");
    }
}
