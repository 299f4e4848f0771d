//! P14, P16: what is written behind an exchange, when the program stops and when it is killed.

use std::time::Instant;

use rustix::process::Signal;
use serde_json::Value;

use super::super::wire::{Wire, pats_of};
use super::super::{PATIENCE, Server};
use super::host;

/// The only token of a person, as the list has it.
fn listed(wire: Wire, cookie: &str, organization: &str) -> Value {
    let list = wire.get(&pats_of(organization)).header("cookie", cookie);
    let list = list.send();
    assert_eq!(list.outcome(), "200");
    list.json()["data"][0].clone()
}

/// When it was used last, and how often it was refused.
fn said(token: &Value) -> (Option<String>, Option<i64>) {
    let date = token["lastUsed"]["date"].as_str().map(str::to_owned);
    (date, token["refusals"][0]["count"].as_i64())
}

#[test]
fn p14_a_crash_loses_nothing_that_was_shown_and_a_stop_nothing_at_all() {
    let host = host();
    let acme = host.acme();
    let serve = || host.serve(&["--public-url", "http://127.0.0.1:8787"]);
    let use_it = |server: &Server, pat: &str| {
        server.wire.jwt(pat);
        let nowhere = "01890a5d-ac96-774b-bcce-b302099a8057";
        let refused = server.wire.exchange_for(pat, nowhere).outcome();
        assert_eq!(refused, "403 access_denied");
    };
    let server = serve();
    let cookie = server.wire.sign_in("ana");
    let pat = server.wire.generate(&cookie, &acme);
    use_it(&server, &pat);
    // Nothing else happens than that time passes: it is written by itself.
    let deadline = Instant::now() + PATIENCE;
    let before = loop {
        let said = said(&listed(server.wire, &cookie, &acme));
        if said.0.is_some() && said.1.is_some() {
            break said;
        }
        assert!(Instant::now() < deadline, "it is never written");
    };
    server.running.signal(Signal::KILL);
    assert_eq!(server.running.end().code, None, "killed");
    let server = serve();
    assert_eq!(said(&listed(server.wire, &cookie, &acme)), before);
    // Told to stop, it writes first what it still has.
    use_it(&server, &pat);
    assert_eq!(server.stop().code, Some(0));
    let server = serve();
    let after = said(&listed(server.wire, &cookie, &acme));
    assert!(after.0 > before.0, "{after:?} after {before:?}");
    assert_eq!((before.1, after.1), (Some(1), Some(2)));
}
