//! `keyfobd doctor`: a line for each check, 0 or 1 at the end, and nothing changed.

use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::PermissionsExt as _;

use keyfob_server::seal::RootKey;
use keyfob_store::Store;
use keyfob_store::probe;
use keyfob_testkit::entropy::SeededEntropy;
use serde_json::Value;

use super::super::running::Done;
use super::super::{Host, PASSWORD, Server};
use super::host;

const URL: [&str; 2] = ["--public-url", "http://127.0.0.1:8787"];

/// What it prints: of each check its status and its sentence.
struct Findings(Vec<[String; 3]>);

impl Findings {
    fn of(done: &Done) -> Self {
        let line = |line: &str| {
            let (status, rest) = line.split_at(9);
            let (check, says) = rest.split_once(": ").unwrap();
            [status.trim_end(), check, says].map(str::to_owned)
        };
        let findings = Self(done.out.lines().map(line).collect());
        let expected = match findings.problems().len() {
            0 => (Some(0), String::new()),
            1 => (Some(1), "keyfobd: 1 problem was found\n".to_owned()),
            many => (Some(1), format!("keyfobd: {many} problems were found\n")),
        };
        assert_eq!((done.code, done.err.clone()), expected, "{}", done.out);
        findings
    }

    fn problems(&self) -> Vec<&str> {
        let problems = self.0.iter().filter(|found| found[0] == "problem");
        problems.map(|found| found[1].as_str()).collect()
    }

    fn checks(&self) -> Vec<&str> {
        self.0.iter().map(|found| found[1].as_str()).collect()
    }

    /// The status of a check and what is said of it.
    fn of_check(&self, check: &str) -> String {
        let found = self.0.iter().find(|found| found[1] == check);
        let [status, _check, says] = found.unwrap_or_else(|| panic!("{check} in {:?}", self.0));
        format!("{status}: {says}")
    }
}

/// An address where nobody listens, and that nobody else is given so soon.
fn nowhere() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
}

fn doctor(host: &Host, listen: SocketAddr, more: &[&str]) -> Done {
    let listen = listen.to_string();
    let ports = ["--listen", &listen, "--metrics-listen", "off"];
    host.run(&[&["doctor"], &URL[..], &ports, more].concat())
}

/// What it finds in an installation that nobody serves.
fn findings(host: &Host) -> Findings {
    Findings::of(&doctor(host, nowhere(), &[]))
}

/// An installation that has served.
fn installed() -> Host {
    let host = host();
    let acme = host.acme();
    let server = host.serve(&URL);
    server.wire.generate(&server.wire.sign_in("ana"), &acme);
    assert_eq!(server.stop().code, Some(0));
    host
}

/// Does to the database what no program of ours does.
fn by_hand(host: &Host, statements: &'static str) {
    host.with_store(async |store: Store| {
        let mut tx = store.write().await.unwrap();
        probe::script(&mut tx, statements).await.unwrap();
        tx.commit().await.unwrap();
    });
}

fn checks_of(host: &Host) -> Vec<&'static str> {
    let place: &[&str] = match host.database {
        None => &["data directory", "disk space", "lock"],
        Some(_) => &[],
    };
    let durability: &[&str] = match host.database {
        None => &[],
        Some(_) => &["durability"],
    };
    let inside = [
        "issuer",
        "token prefix",
        "clock",
        "role catalogue",
        "keys",
        "import",
    ];
    [
        &["configuration"][..],
        place,
        &["root key", "database"],
        durability,
        &inside,
        &["server", "metrics"],
    ]
    .concat()
}

#[test]
fn a_stopped_installation_is_looked_at_and_not_changed() {
    let host = installed();
    let kept = || (host.dump(), host.names("."), host.names("keyfob-data"));
    let before = kept();
    let listen = nowhere();
    let found = Findings::of(&doctor(&host, listen, &[]));
    assert_eq!(kept(), before);
    assert_eq!(found.problems(), [""; 0]);
    assert_eq!(found.checks(), checks_of(&host));
    for (check, says) in [
        (
            "configuration",
            "every key and value is understood".to_owned(),
        ),
        ("root key", format!("{} holds one", host.root_key)),
        ("issuer", "http://127.0.0.1:8787, as configured".to_owned()),
        ("token prefix", "tokens begin with kfpat_".to_owned()),
        ("role catalogue", "version 1 is in force".to_owned()),
        (
            "keys",
            "ES256: one signs, and no change is planned".to_owned(),
        ),
        ("import", "none is unfinished".to_owned()),
        ("server", format!("none listens on {listen}")),
        ("metrics", "they are off".to_owned()),
    ] {
        assert_eq!(found.of_check(check), format!("ok: {says}"));
    }
    let clock = found.of_check("clock");
    match host.database {
        None => assert!(clock.starts_with("ok: this machine's says 20"), "{clock}"),
        Some(_) => assert_eq!(clock, "ok: this machine's and the database's agree"),
    }
}

#[test]
fn a_running_server_is_asked_and_not_disturbed() {
    let host = installed();
    let server: Server = host.serve(&URL);
    let (address, metrics) = (server.wire.address, server.metrics().address);
    let ports = [
        "--listen",
        &address.to_string(),
        "--metrics-listen",
        &metrics.to_string(),
    ];
    let found = Findings::of(&host.run(&[&["doctor"], &URL[..], &ports].concat()));
    assert_eq!(found.problems(), [""; 0]);
    assert_eq!(
        found.of_check("server"),
        format!("ok: one is ready at http://{address}")
    );
    assert_eq!(
        found.of_check("metrics"),
        format!("ok: they are at http://{metrics}/metrics")
    );
    // A port on which something else answers.
    let found = Findings::of(&doctor(&host, metrics, &[]));
    assert_eq!(
        found.of_check("server"),
        format!(
            "problem: another program listens on {metrics}: stop it, or choose another http.listen"
        )
    );
    server.wire.sign_in("ana");
    assert_eq!(server.stop().code, Some(0));
}

#[test]
fn a_configuration_that_is_refused_is_all_that_is_told() {
    let host = installed();
    host.write(
        "keyfob.toml",
        "[database]\npassword = \"hunter2\"\nurls = 1\n",
    );
    let found = Findings::of(&doctor(&host, nowhere(), &["--config", "keyfob.toml"]));
    assert_eq!(found.checks(), ["configuration"]);
    let said = found.of_check("configuration");
    let sentence = "problem: database.urls (from keyfob.toml): not known; known here: ";
    assert!(
        said.starts_with(sentence) && !said.contains("hunter2"),
        "{said}"
    );
    let public = ["doctor", "--listen", "0.0.0.0:0"];
    assert_eq!(
        Findings::of(&host.run(&public)).of_check("configuration"),
        "problem: listening on 0.0.0.0:0 needs http.public_url (--public-url): the address under which \
         clients reach the server"
    );
}

#[test]
fn what_does_not_fit_this_server_is_told_with_the_sentence_of_its_start() {
    let mut host = installed();
    let other = ["--public-url", "http://localhost:9000"];
    let found =
        Findings::of(&host.run(&[&["doctor", "--listen", "127.0.0.1:0"], &other[..]].concat()));
    assert_eq!(found.problems(), ["issuer"]);
    assert_eq!(
        found.of_check("issuer"),
        "problem: this installation's issuer is http://127.0.0.1:8787, and this server would be \
         http://localhost:9000: start it with --public-url http://127.0.0.1:8787, or with --change-issuer, \
         which ends every access token"
    );
    host.set("KEYFOB__TOKENS__PREFIX", "acme_");
    let found = findings(&host);
    assert_eq!(found.problems(), ["token prefix"]);
    assert_eq!(
        found.of_check("token prefix"),
        "problem: tokens of this installation begin with \"kfpat_\", and the configuration says \"acme_\": \
         set tokens.prefix back to \"kfpat_\""
    );
}

#[test]
fn a_root_key_that_is_missing_open_or_another_is_told() {
    let host = installed();
    let place = host.path(host.root_key);
    let shown = host.root_key;
    fs::set_permissions(&place, fs::Permissions::from_mode(0o644)).unwrap();
    let found = findings(&host);
    assert_eq!(found.problems(), ["root key"]);
    assert_eq!(
        found.of_check("root key"),
        format!(
            "problem: the root key {shown} can be read by others: take that right away (chmod 600 {shown})"
        )
    );
    fs::remove_file(&place).unwrap();
    let found = findings(&host);
    assert_eq!(found.problems(), ["root key"]);
    assert!(
        found
            .of_check("root key")
            .contains(" is missing: put the installation's own root key there")
    );
    assert!(!place.exists());
    RootKey::load_or_make(&place, &SeededEntropy::new(2)).unwrap();
    let found = findings(&host);
    assert_eq!(found.problems(), ["keys"]);
    assert_eq!(
        found.of_check("keys"),
        format!("problem: the root key {shown} is not the one that this database was made with")
    );
}

#[test]
fn keys_that_do_not_sign_yet_or_will_soon_be_followed_are_told() {
    let mut host = installed();
    let said = |host: &Host| findings(host).of_check("keys");
    assert_eq!(
        said(&host),
        "ok: ES256: one signs, and no change is planned"
    );
    host.run(&["keys", "rotate"]);
    let planned = said(&host);
    let rest = planned.strip_prefix("ok: ES256: one signs, and the next one will from 20");
    assert!(rest.unwrap().ends_with('Z'), "{planned}");
    host.set("KEYFOB__RESOURCE_SERVER__DEFAULT__ALGORITHM", "EdDSA");
    let found = findings(&host);
    assert!(found.problems().is_empty());
    assert_eq!(
        found.of_check("keys"),
        "warning: EdDSA: none signs yet; a server that starts makes one"
    );
}

#[test]
fn a_schema_a_catalogue_and_an_import_that_are_not_as_they_should_be_are_told() {
    let host = installed();
    by_hand(&host, "UPDATE instance SET import_pending = incarnation");
    let found = findings(&host);
    assert_eq!(found.problems(), [""; 0]);
    assert_eq!(
        found.of_check("import"),
        "warning: one was interrupted, and nothing of it can be seen: run it again, or remove what it left \
         with `keyfobd import --discard`"
    );
    by_hand(&host, "UPDATE catalogue SET body = 'no catalogue'");
    let found = findings(&host);
    assert_eq!(found.problems(), ["role catalogue"]);
    assert!(found.of_check("role catalogue").starts_with(
        "problem: the database was changed by other hands: put a backup of it in place: the stored role \
         catalogue is wrong: not a role catalogue: "
    ));
    by_hand(
        &host,
        "INSERT INTO schema_migration (name, checksum, applied_at) VALUES ('9999_later', '', 0)",
    );
    let found = findings(&host);
    assert_eq!(found.problems(), ["database"]);
    assert_eq!(
        found.of_check("database"),
        "problem: the database's schema is newer than this program: use the newer keyfobd"
    );
}

#[test]
fn a_clock_behind_the_last_audit_record_is_told() {
    let host = installed();
    by_hand(&host, "UPDATE audit_record SET at = at + 600000");
    let found = findings(&host);
    assert_eq!(found.problems(), ["clock"]);
    let said = found.of_check("clock");
    assert!(
        said.starts_with("problem: this machine's clock says 20"),
        "{said}"
    );
    assert!(
        said.ends_with("Z): set the clock right and start again"),
        "{said}"
    );
}

#[test]
fn for_machines_it_is_one_json_object_and_no_secret_is_in_it() {
    let host = installed();
    let done = doctor(&host, nowhere(), &["--json"]);
    let found: Value = serde_json::from_str(&done.out).unwrap();
    assert_eq!((done.code, &found["problems"]), (Some(0), &Value::from(0)));
    let checks = found["checks"].as_array().unwrap();
    let names: Vec<&str> = checks
        .iter()
        .map(|found| found["check"].as_str().unwrap())
        .collect();
    assert_eq!(names, checks_of(&host));
    assert_eq!(checks[0]["status"], "ok");
    assert_eq!(checks[0]["says"], "every key and value is understood");
    let key = fs::read_to_string(host.path(host.root_key)).unwrap();
    for secret in [key.trim(), PASSWORD] {
        assert!(!done.out.contains(secret));
    }
}
