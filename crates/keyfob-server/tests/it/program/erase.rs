//! `keyfobd user erase`, beside a server that runs and without one.

use std::fs;

use serde_json::Value;

use super::super::Host;
use super::host;
use crate::erasing::tables_with;

const URL: [&str; 2] = ["--public-url", "http://127.0.0.1:8787"];
const BO: &str = "bo@acme.example";
const ERASE: [&str; 3] = ["user", "erase", BO];
const YES: [&str; 4] = ["user", "erase", BO, "--yes"];
/// Ana owns Acme, Bo is a member with another system's id, and both came by an import.
const LINES: &str = r#"{"type":"organization","name":"Acme"}
{"type":"user","email":"ana@acme.example","fullName":"Ana Lima","password":"correct horse"}
{"type":"user","email":"bo@acme.example","externalId":"hr-4711","fullName":"Bo Ekholm","password":"correct horse"}
{"type":"membership","user":"ana@acme.example","organization":"Acme","roles":["owner"]}
{"type":"membership","user":"ext:hr-4711","organization":"Acme","roles":["view-build"]}
{"type":"membership","user":"bo@acme.example","organization":"Acme","roles":["view-build"]}
"#;

fn imported() -> Host {
    let host = host();
    assert_eq!(host.run_with(&["import", "-"], LINES).code, Some(0));
    host
}

/// What an import says of each kind: created, unchanged, ended here.
fn import(host: &Host, lines: &str) -> String {
    let done = host.run_with(&["import", "-"], lines);
    assert_eq!(done.code, Some(0), "{} {}", done.out, done.err);
    let line = |kind| {
        let mut lines = done.out.lines().filter_map(|line| line.split_once(": "));
        lines.find(|(name, _rest)| *name == kind).unwrap().1
    };
    format!(
        "users {}; memberships {}",
        line("users"),
        line("memberships")
    )
}

#[test]
fn a_person_is_erased_beside_a_running_server_and_no_import_brings_them_back() {
    let host = imported();
    let server = host.serve(&URL);
    let cookie = server.wire.sign_in("bo");
    let list = server.wire.get("/identity/v1/organizations");
    let list: Value = list.header("cookie", &cookie).send().json();
    let acme = list["data"][0]["id"].as_str().unwrap();
    let pat = server.wire.generate(&cookie, acme);
    let jwt = server.wire.jwt(&pat);
    assert_eq!(server.wire.with_jwt(&jwt), "200");
    let said = host.printed(&YES);
    let (id, rest) = said.split_at(36);
    assert_eq!(
        rest,
        " is erased: 1 membership ended with the tokens held there; 1 session and 2 side records of the audit \
         log destroyed. The audit log keeps the id and shows \"Erased person\". Backups made before still \
         name them.\n"
    );
    assert_eq!(server.wire.with_jwt(&jwt), "401 invalid_token");
    assert_eq!(server.wire.exchange(&pat).outcome(), "401 invalid_grant");
    assert_eq!(server.stop().code, Some(0));
    for text in [BO, "Bo Ekholm", "hr-4711", "127.0.0.1\""] {
        assert_eq!(tables_with(&host.dump(), text), [], "{text}");
    }
    if let Ok(file) = fs::read(host.path("keyfob-data/keyfob.db")) {
        let holds = |text: &str| file.windows(text.len()).any(|part| part == text.as_bytes());
        assert!(!holds(BO) && !holds("Bo Ekholm") && !holds("hr-4711"));
        assert!(holds("ana@acme.example"), "others are there");
    }
    let verified = host.printed(&["audit", "verify"]);
    assert!(verified.ends_with(": each is as it was written.\n"));
    for user in [BO, id, "ext:hr-4711"] {
        let again = host.refusal(&["user", "erase", user, "--yes"]);
        let wanted = format!("{id} was erased already, at ");
        assert!(again.starts_with(&wanted), "{again}");
    }
    let unknown = host.refusal(&["user", "erase", "eve@acme.example"]);
    assert_eq!(unknown, "there is no user \"eve@acme.example\"");
    // The same file again, and lines that say only one of the names, or another one beside it.
    let ended = "users 0 created, 1 unchanged, 1 ended here, 0 bad; \
                 memberships 0 created, 1 unchanged, 2 ended here, 0 bad";
    assert_eq!(import(&host, LINES), ended);
    for line in [
        r#"{"type":"user","email":"bo@acme.example","fullName":"Bo Ek"}"#.to_owned(),
        r#"{"type":"user","email":"b@acme.example","externalId":"hr-4711","fullName":"Bo Ek"}"#
            .to_owned(),
        r#"{"type":"user","email":"bo@acme.example","externalId":"hr-9","fullName":"Bo"}"#
            .to_owned(),
        format!(r#"{{"type":"user","id":"{id}","email":"x@acme.example","fullName":"Bo"}}"#),
    ] {
        let ended = "users 0 created, 0 unchanged, 1 ended here, 0 bad; \
                     memberships 0 created, 0 unchanged, 0 ended here, 0 bad";
        assert_eq!(import(&host, &line), ended, "{line}");
    }
    // By command the address is free, and then lines with it speak of the new account.
    let new = host.person("bo");
    assert_ne!(new, id);
    let line = r#"{"type":"membership","user":"bo@acme.example","organization":"Acme","roles":[]}"#;
    let made = "users 0 created, 0 unchanged, 0 ended here, 0 bad; \
                memberships 1 created, 0 unchanged, 0 ended here, 0 bad";
    assert_eq!(import(&host, line), made);
    let listed = host.printed(&["keys", "list"]);
    assert!(listed.contains("  recognises erased people\n"), "{listed}");
}

#[test]
fn the_address_is_typed_once_more_unless_somebody_says_yes() {
    let host = imported();
    let before = host.dump();
    for typed in ["", "\n", "ana@acme.example\n", "yes\n"] {
        let done = host.run_with(&ERASE, typed);
        assert_eq!((done.code, done.out.as_str()), (Some(1), ""), "{typed}");
        let asked =
            "This ends every membership of Bo Ekholm <bo@acme.example>, revokes their tokens, ";
        assert!(done.err.starts_with(asked), "{}", done.err);
        let refused = "keyfobd: that is not their address: nobody was erased\n";
        assert!(done.err.ends_with(refused), "{}", done.err);
    }
    assert_eq!(host.dump(), before);
    let done = host.run_with(&ERASE, "Bo@Acme.example\n");
    assert_eq!(done.code, Some(0), "{}", done.err);
    assert!(!done.out.contains("Bo") && !done.out.contains("bo@"));
    assert_eq!(tables_with(&host.dump(), BO), []);
}

#[test]
fn the_only_owner_is_not_erased() {
    let host = imported();
    let before = host.dump();
    let refused = host.refusal(&["user", "erase", "ana@acme.example", "--yes"]);
    assert!(
        refused.starts_with("nobody was erased: nobody else owns Acme (")
            && refused.ends_with("): make somebody else an owner first, or delete it"),
        "{refused}"
    );
    assert_eq!(host.dump(), before);
}
