//! `keyfobd serve` from its first line to its exit status.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use rustix::process::Signal;

use super::super::wire::{claims, read_answer};
use super::host;

#[test]
fn it_says_where_it_listens_answers_there_and_ends_with_0() {
    let host = host();
    host.acme();
    let server = host.serve(&[]);
    let address = server.wire.address;
    for (path, body) in [("/healthz", "ok"), ("/readyz", "ok")] {
        let answer = server.wire.get(path).send();
        assert_eq!((answer.status, answer.text()), (200, body), "{path}");
    }
    let discovery = server.wire.get("/.well-known/openid-configuration").send();
    assert_eq!(discovery.member("issuer"), format!("http://{address}"));
    let done = server.stop();
    assert_eq!(
        (done.code, done.out.as_str()),
        (Some(0), ""),
        "{}",
        done.err
    );
    let last = done.err.lines().last().unwrap();
    assert!(last.ends_with(" INFO keyfob_server::commands::serve: stopped"));
    assert!(TcpStream::connect(address).is_err(), "nobody listens");
}

#[test]
fn ctrl_c_ends_it_too() {
    let host = host();
    let server = host.serve(&[]);
    server.running.signal(Signal::INT);
    assert_eq!(server.running.end().code, Some(0));
}

#[test]
fn the_metrics_have_a_port_of_their_own_and_nothing_else_is_there() {
    let host = host();
    let acme = host.acme();
    let server = host.serve(&[]);
    let cookie = server.wire.sign_in("ana");
    let pat = server.wire.generate(&cookie, &acme);
    server.wire.jwt(&pat);
    server.wire.jwt(&pat);
    assert_eq!(server.wire.exchange("x").outcome(), "401 invalid_grant");
    let metrics = server.metrics();
    let answer = metrics.get("/metrics").send();
    assert_eq!(answer.status, 200);
    assert_eq!(
        answer.header("content-type"),
        Some("application/openmetrics-text; version=1.0.0; charset=utf-8")
    );
    let lines: Vec<&str> = answer.text().lines().collect();
    for line in [
        "keyfob_exchanges_total{outcome=\"granted\"} 2",
        "keyfob_exchanges_total{outcome=\"unknown\"} 1",
        "keyfob_pats_generated_total 1",
        "# EOF",
    ] {
        assert!(lines.contains(&line), "{line} in {}", answer.text());
    }
    assert_eq!(metrics.get("/healthz").send().status, 404);
    assert_eq!(server.wire.get("/metrics").outcome(), "404 not_found");
}

#[test]
fn a_request_that_has_begun_is_answered_before_it_ends() {
    let host = host();
    let server = host.serve(&[]);
    let mut begun = server.wire.connect();
    let head = "POST /auth/v2/token HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\nexpect: 100-continue\r\n\
                content-type: application/x-www-form-urlencoded\r\n\r\n";
    begun.write_all(head.as_bytes()).unwrap();
    // The server says so when it waits for the body, and not before.
    let mut go_on = [0; 25];
    begun.read_exact(&mut go_on).unwrap();
    assert_eq!(&go_on, b"HTTP/1.1 100 Continue\r\n\r\n");
    server.running.signal(Signal::TERM);
    while TcpStream::connect(server.wire.address).is_ok() {}
    begun.write_all(b"pat=x").unwrap();
    assert_eq!(read_answer(&mut begun).outcome(), "401 invalid_grant");
    assert_eq!(server.running.end().code, Some(0));
}

#[test]
fn a_client_that_only_keeps_its_connection_open_holds_nobody_up() {
    let host = host();
    let server = host.serve(&[]);
    let mut idle = server.wire.connect();
    idle.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n")
        .unwrap();
    let mut answer = [0; 15];
    idle.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"HTTP/1.1 200 OK");
    let done = server.stop();
    assert_eq!(done.code, Some(0));
    assert!(!done.err.contains("did not drain"), "{}", done.err);
}

#[test]
fn another_issuer_is_refused_until_it_is_meant_and_then_old_access_tokens_are_dead() {
    let host = host();
    let acme = host.acme();
    let (first, second) = ("http://127.0.0.1:8787", "http://localhost:9000");
    let server = host.serve(&["--public-url", first]);
    let cookie = server.wire.sign_in("ana");
    let pat = server.wire.generate(&cookie, &acme);
    let old = server.wire.jwt(&pat);
    assert_eq!(claims(&old)["iss"], first);
    assert_eq!(server.wire.with_jwt(&old), "200");
    assert_eq!(server.stop().code, Some(0));

    let elsewhere = ["serve", "--listen", "127.0.0.1:0", "--public-url"];
    assert_eq!(
        host.refusal(&[&elsewhere[..], &[second]].concat()),
        format!(
            "this installation's issuer is {first}, and this server would be {second}: start it with \
             --public-url {first}, or with --change-issuer, which ends every access token"
        )
    );
    let server = host.serve(&["--public-url", second, "--change-issuer"]);
    assert_eq!(server.wire.with_jwt(&old), "401 invalid_token");
    let new = server.wire.jwt(&pat);
    assert_eq!(claims(&new)["iss"], second);
    assert_eq!(server.wire.with_jwt(&new), "200");
    assert_eq!(server.wire.session(&cookie), "200", "sessions live on");
    assert_eq!(server.stop().code, Some(0));

    let back = host.refusal(&[&elsewhere[..], &[first]].concat());
    assert!(back.starts_with(&format!("this installation's issuer is {second}, and")));
    let server = host.serve(&["--public-url", second]);
    assert_eq!(server.wire.with_jwt(&new), "200");
}

#[test]
fn p11_the_prefix_is_free_until_the_first_token() {
    let mut host = host();
    let acme = host.acme();
    let url = ["--public-url", "http://127.0.0.1:8787"];
    assert_eq!(host.serve(&url).stop().code, Some(0));
    host.set("KEYFOB__TOKENS__PREFIX", "acme_");
    let server = host.serve(&url);
    let pat = server.wire.generate(&server.wire.sign_in("ana"), &acme);
    assert_eq!((pat.len(), pat.starts_with("acme_")), (5 + 38, true));
    assert_eq!(server.stop().code, Some(0));
    host.without("KEYFOB__TOKENS__PREFIX");
    assert_eq!(
        host.refusal(&["serve", "--listen", "127.0.0.1:0"]),
        "tokens of this installation begin with \"acme_\", and the configuration says \"kfpat_\": set \
         tokens.prefix back to \"acme_\""
    );
    host.set("KEYFOB__TOKENS__PREFIX", "acme_");
    assert_eq!(host.serve(&url).wire.exchange(&pat).outcome(), "200");
}

#[test]
fn listening_where_others_reach_it_needs_a_public_url() {
    let host = host();
    for any in ["0.0.0.0:0", "[::]:0"] {
        let said = host.refusal(&["serve", "--listen", any, "--metrics-listen", "127.0.0.1:0"]);
        let rest = said.strip_prefix("listening on ").unwrap();
        let (address, rest) = rest.split_once(' ').unwrap();
        let bound: std::net::SocketAddr = address.parse().unwrap();
        assert!(bound.ip().is_unspecified() && bound.port() != 0);
        assert_eq!(
            rest,
            "needs http.public_url (--public-url): the address under which clients reach the server"
        );
    }
    assert_eq!(
        host.refusal(&["serve", "--public-url", "http://keyfob.example.com"]),
        "http.public_url (from --public-url): with http, secrets cross the network in the open; use https \
         behind a TLS proxy, or set http.insecure_http (--insecure-http) if that is meant"
    );
}
