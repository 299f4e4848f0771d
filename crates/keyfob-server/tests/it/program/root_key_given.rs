//! On PostgreSQL the root key is given, the same on every node.

use std::fs;
use std::process::Command;

use super::host;

#[test]
fn without_a_root_key_the_sentence_says_how_to_make_one_and_none_is_made() {
    let mut host = host();
    fs::remove_file(host.path("root.key")).unwrap();
    host.without("KEYFOB__ROOT_KEY_FILE");
    let sentence = host.refusal(&["migrate"]);
    assert_eq!(
        sentence,
        "with PostgreSQL the root key is always given, the same on every node: make one with (umask 077; \
         head -c 32 /dev/urandom | base64 > root.key) and name it with --root-key-file"
    );
    assert!(host.names("keyfob-data").is_empty());
    // Its advice, taken word for word.
    let (_before, advice) = sentence.split_once("make one with ").unwrap();
    let (advice, _after) = advice.split_once(" and name it").unwrap();
    let mut shell = Command::new("sh");
    shell.args(["-c", advice]).current_dir(host.path("."));
    assert!(shell.status().unwrap().success());
    let named = ["migrate", "--root-key-file", "root.key"];
    assert_eq!(host.printed(&named), "The schema is up to date.\n");
}

#[test]
fn a_root_key_file_that_is_not_there_is_not_made() {
    let host = host();
    fs::remove_file(host.path("root.key")).unwrap();
    assert_eq!(
        host.refusal(&["migrate"]),
        "the root key root.key is missing: put the installation's own root key there (it is in your backup \
         of the keys), or name its place with --root-key-file"
    );
    assert!(!host.path("root.key").exists());
    assert!(host.names("keyfob-data").is_empty());
}

#[test]
fn x9_two_servers_share_a_database_and_its_root_key() {
    let host = host();
    let acme = host.acme();
    let url = ["--public-url", "http://127.0.0.1:8787"];
    let (one, two) = (host.serve(&url), host.serve(&url));
    let cookie = one.wire.sign_in("ana");
    let pat = one.wire.generate(&cookie, &acme);
    let jwt = two.wire.jwt(&pat);
    assert_eq!(one.wire.with_jwt(&jwt), "200");
    let answer = two.wire.get(&super::super::wire::pats_of(&acme));
    let listed = answer.header("cookie", &cookie).send().json();
    let id = listed["data"][0]["id"].as_str().unwrap().to_owned();
    let path = format!("{}/{id}", super::super::wire::pats_of(&acme));
    let revoked = two.wire.ask("DELETE", &path).header("cookie", &cookie);
    assert_eq!(revoked.outcome(), "204");
    assert_eq!(one.wire.exchange(&pat).outcome(), "401 invalid_grant");
    assert_eq!(one.wire.with_jwt(&jwt), "401 invalid_token");
    assert_eq!(one.stop().code, Some(0));
    assert_eq!(two.wire.exchange(&pat).outcome(), "401 invalid_grant");
}
