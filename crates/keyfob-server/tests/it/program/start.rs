//! What a server refuses to start on: one sentence each, exit status 1, nothing lost, and it starts when
//! the cause is gone.

use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use keyfob_core::event::{Action, Actor, Fact};
use keyfob_core::time::{Clock as _, Timestamp};
use keyfob_server::seal::RootKey;
use keyfob_server::system::SystemClock;
use keyfob_store::Store;
use keyfob_store::event::audit_append;
use keyfob_store::probe::{self, Cell};
use keyfob_testkit::entropy::SeededEntropy;

use super::super::{ANY_PORT, Host};
use super::host;

/// The issuer of every installation here, so that no port matters to it.
const URL: &str = "http://127.0.0.1:8787";

/// An installation that has served, and a token that it exchanges.
struct Installed {
    host: Host,
    pat: String,
}

impl Installed {
    fn new() -> Self {
        let host = host();
        let acme = host.acme();
        let server = host.serve(&["--public-url", URL]);
        let pat = server.wire.generate(&server.wire.sign_in("ana"), &acme);
        assert_eq!(server.stop().code, Some(0));
        Self { host, pat }
    }

    /// The sentence with which it refuses to start, after which all is there as before.
    fn refuses(&self, args: &[&str]) -> String {
        let kept = || {
            (
                self.host.dump(),
                fs::read(self.host.path(self.host.root_key)),
            )
        };
        let (rows, key) = kept();
        let usual = [
            ["--public-url", URL],
            ["--listen", ANY_PORT],
            ["--metrics-listen", ANY_PORT],
        ];
        let usual = usual.iter().filter(|flag| !args.contains(&flag[0]));
        let usual: Vec<&str> = usual.flatten().copied().collect();
        let sentence = self.host.refusal(&[&["serve"], args, &usual].concat());
        let (rows_after, key_after) = kept();
        assert_eq!(rows_after, rows);
        assert_eq!(key_after.ok(), key.ok());
        sentence
    }

    fn starts(&self) {
        let server = self.host.serve(&["--public-url", URL]);
        assert_eq!(server.wire.exchange(&self.pat).outcome(), "200");
        assert_eq!(server.stop().code, Some(0));
    }
}

#[test]
fn start_with_a_wrong_root_key_is_refused() {
    let at = Installed::new();
    let (place, own) = (at.host.path(at.host.root_key), at.host.path("own"));
    fs::rename(&place, &own).unwrap();
    RootKey::load_or_make(&place, &SeededEntropy::new(2)).unwrap();
    assert_eq!(
        at.refuses(&[]),
        format!(
            "the root key {} is not the one that this database was made with",
            at.host.root_key
        )
    );
    fs::rename(&own, &place).unwrap();
    at.starts();
}

#[test]
fn start_on_a_busy_port_is_refused() {
    let at = Installed::new();
    let taken = TcpListener::bind(ANY_PORT).unwrap();
    let address: SocketAddr = taken.local_addr().unwrap();
    assert_eq!(
        at.refuses(&["--listen", &address.to_string()]),
        format!(
            "{address} cannot be listened on (is another server running there?): Address already in use \
             (os error 98)"
        )
    );
    assert_eq!(
        at.refuses(&["--metrics-listen", &address.to_string()]),
        "the metrics port cannot be listened on: Address already in use (os error 98)"
    );
    at.starts();
}

#[test]
fn start_with_an_unknown_kind_of_database_is_refused() {
    let at = Installed::new();
    assert_eq!(
        at.refuses(&["--database", "mysql://me@db/keyfob"]),
        "database.url (from --database): write postgres://… or \"embedded\""
    );
    at.starts();
}

#[test]
fn start_with_an_unknown_key_in_the_configuration_is_refused() {
    let at = Installed::new();
    at.host
        .write("keyfob.toml", "[http]\nlisten_on = \"127.0.0.1:8787\"\n");
    let said = at.refuses(&["--config", "keyfob.toml"]);
    let (sentence, known) = said.split_once("; known here: ").unwrap();
    assert_eq!(sentence, "http.listen_on (from keyfob.toml): not known");
    assert!(known.starts_with("listen, public_url, "), "{known}");
    at.starts();
}

#[test]
fn start_as_another_issuer_than_the_stored_one_is_refused() {
    let at = Installed::new();
    let other = "http://localhost:9000";
    assert_eq!(
        at.refuses(&["--public-url", other]),
        format!(
            "this installation's issuer is {URL}, and this server would be {other}: start it with \
             --public-url {URL}, or with --change-issuer, which ends every access token"
        )
    );
    at.starts();
}

#[test]
fn start_with_a_clock_more_than_5_minutes_behind_the_last_audit_record_is_refused() {
    let at = Installed::new();
    let now = SystemClock::default().now();
    let near = now.plus(Duration::from_mins(4));
    at.host.with_store(|store| record(store, near));
    at.starts();
    let far = now.plus(Duration::from_mins(15));
    at.host.with_store(|store| record(store, far));
    let said = at.refuses(&[]);
    let rest = said.strip_prefix("this machine's clock says ").unwrap();
    let (shown, rest) = rest.split_once("Z, ").unwrap();
    assert_eq!(shown.len(), "2027-01-15T08:00:00.250".len());
    let (_before, newest) = rest.split_once(" (").unwrap();
    let (newest, advice) = newest.split_once("): ").unwrap();
    assert!(newest.ends_with('Z') && newest > shown, "{newest}");
    assert_eq!(advice, "set the clock right and start again");
    // What the clock would be if it were right: after the last record.
    at.host.with_store(|store| move_records(store, far, now));
    at.starts();
}

/// Writes an audit record with another time than now.
async fn record(store: Store, at: Timestamp) {
    let fact = Fact {
        tree: None,
        action: Action::CatalogueApplied,
        organization: None,
        subject: None,
        detail: String::new(),
    };
    let mut tx = store.write().await.unwrap();
    audit_append(&mut tx, &Actor::OPERATOR, fact, at)
        .await
        .unwrap();
    tx.commit().await.unwrap();
}

async fn move_records(store: Store, from: Timestamp, to: Timestamp) {
    let moved = probe::statement("UPDATE audit_record SET at = $2 WHERE at = $1");
    let times = [Cell::from(from.millis()), Cell::from(to.millis())];
    let mut tx = store.write().await.unwrap();
    assert_eq!(probe::execute(&mut tx, moved, &times).await.unwrap(), 1);
    tx.commit().await.unwrap();
}
