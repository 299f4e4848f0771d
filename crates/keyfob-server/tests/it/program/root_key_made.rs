//! The embedded database makes its own root key.

use std::fs;

use super::super::mode;
use super::host;

#[test]
fn the_first_command_makes_a_root_key_for_its_owner_only() {
    let host = host();
    host.printed(&["migrate"]);
    assert_eq!(host.names("keyfob-data"), ["keyfob.db", "root.key"]);
    for (name, bits) in [("", 0o700), ("root.key", 0o600), ("keyfob.db", 0o600)] {
        assert_eq!(mode(&host.path("keyfob-data").join(name)), bits, "{name}");
    }
    let text = fs::read_to_string(host.path("keyfob-data/root.key")).unwrap();
    let key = data_encoding::BASE64.decode(text.trim_end().as_bytes());
    assert_eq!(key.unwrap().len(), 32);
    let other = super::host();
    other.printed(&["migrate"]);
    let another = fs::read_to_string(other.path("keyfob-data/root.key")).unwrap();
    assert_ne!(text, another, "it is drawn");
}

/// `serve` and `import` take the lock before anything else, and so are the first in the folder.
#[test]
fn whichever_command_makes_the_data_directory_keeps_others_out() {
    let host = host();
    host.serve(&["--data-dir", "served/here"]).stop();
    let imported = host.run(&["import", "--discard", "--data-dir", "imported/here"]);
    assert_eq!(imported.code, Some(0));
    for folder in ["served/here", "imported/here"] {
        assert_eq!(mode(&host.path(folder)), 0o700, "{folder}");
        assert_eq!(mode(&host.path(folder).join("root.key")), 0o600);
    }
}

#[test]
fn a_root_key_elsewhere_is_made_there() {
    let host = host();
    host.printed(&["migrate", "--root-key-file", "keys.txt"]);
    assert_eq!(host.names("keyfob-data"), ["keyfob.db"]);
    assert_eq!(mode(&host.path("keys.txt")), 0o600);
    assert_eq!(
        host.refusal(&["migrate"]),
        "the root key ./keyfob-data/root.key is missing: put the installation's own root key there (it is \
         in your backup of the keys), or name its place with --root-key-file"
    );
}
