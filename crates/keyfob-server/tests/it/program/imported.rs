//! The example as an operator imports it, served.

use super::Host;

const ACME: &str = include_str!("../../../../../examples/acme.jsonl");

#[test]
fn the_example_is_imported_once_and_its_people_work() {
    let host = Host::embedded();
    host.write("acme.jsonl", ACME);
    let counts = |created: bool| {
        let line = |kind, count: u64| {
            let (new, old) = if created { (count, 0) } else { (0, count) };
            format!("{kind}: {new} created, {old} unchanged, 0 ended here, 0 bad\n")
        };
        let kinds = [
            ("organizations", 12),
            ("users", 14),
            ("memberships", 15),
            ("tokens", 0),
        ];
        kinds.map(|(kind, count)| line(kind, count)).concat()
    };
    for created in [true, false] {
        let done = host.run(&["import", "acme.jsonl"]);
        assert_eq!((done.code, done.out), (Some(0), counts(created)));
    }
    let server = host.serve(&[]);
    let before = server
        .wire
        .signing_in("ana.lima@acme.example", "a long password");
    assert_eq!(before.outcome(), "401 invalid_credentials");
    let ana = ["user", "set-password", "ext:hr-17", "--password-stdin"];
    assert_eq!(
        host.run_with(&ana, "a long password").printed(),
        "ana.lima@acme.example has a new password; every session is ended\n"
    );
    let cookie = server
        .wire
        .sign_in_with("ana.lima@acme.example", "a long password");
    let list = server.wire.get("/identity/v1/organizations");
    let listed = list.header("cookie", &cookie).send().json();
    let listed = listed["data"].as_array().unwrap();
    let find = |name: &str| {
        let found = listed.iter().find(|it| it["name"] == name).unwrap();
        found["id"].as_str().unwrap()
    };
    assert_eq!(listed.len(), 10, "the tree of Acme, and not Nordlicht's");
    let pat = server.wire.generate(&cookie, find("Acme"));
    for name in ["Acme", "Işık Kurye", "Säule finden"] {
        let answer = server.wire.exchange_for(&pat, find(name));
        assert_eq!(answer.outcome(), "200", "{name}");
    }
}
