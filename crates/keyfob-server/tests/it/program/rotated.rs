//! P10: a rotation when the server dies in the middle of it, and the end of an overlap, which comes by itself.

use std::collections::BTreeSet;
use std::thread;
use std::time::Instant;

use rustix::process::Signal;

use super::super::crowd::URL;
use super::super::wire::{Ask, Wire, pats_of};
use super::super::{Host, PATIENCE, Server};
use super::host;
use crate::client::Answer;

/// Fewer than a member can have tokens.
const ROUNDS: usize = 8;

/// A person of an organization, signed in.
struct Person {
    cookie: String,
    organization: String,
}

/// A token: its id and its secret.
struct Token {
    id: String,
    secret: String,
}

impl Token {
    fn of(answer: &Answer) -> Self {
        assert_eq!(answer.outcome(), "201");
        Self {
            id: answer.member("id"),
            secret: answer.member("token"),
        }
    }
}

impl Person {
    fn generate(&self, wire: Wire) -> Token {
        Token::of(&wire.generating(&self.cookie, &self.organization).send())
    }

    fn rotating(&self, wire: Wire, old: &Token, key: &str, body: &str) -> Ask {
        let target = format!("{}/{}/rotate", pats_of(&self.organization), old.id);
        let ask = wire.ask("POST", &target).header("cookie", &self.cookie);
        ask.header("idempotency-key", key).json(body)
    }

    /// What the list says of a token's state.
    fn status(&self, wire: Wire, token: &Token) -> String {
        let list = wire.get(&pats_of(&self.organization));
        let list = list.header("cookie", &self.cookie).send().json();
        let mut listed = list["data"].as_array().unwrap().iter();
        let found = listed.find(|each| each["id"] == token.id).unwrap();
        found["status"].as_str().unwrap().to_owned()
    }
}

fn stage() -> (Host, Server, Person) {
    let host = host();
    let organization = host.acme();
    let server = host.serve(&URL);
    let cookie = server.wire.sign_in("ana");
    let person = Person {
        cookie,
        organization,
    };
    (host, server, person)
}

/// Kills the server and starts another one.
fn replaced(host: &Host, server: Server) -> Server {
    server.running.signal(Signal::KILL);
    assert_eq!(server.running.end().code, None, "killed");
    host.serve(&URL)
}

#[test]
fn p10_a_successor_that_was_used_just_before_a_crash_is_not_replaced() {
    let (host, server, ana) = stage();
    let old = ana.generate(server.wire);
    let new = ana.rotating(server.wire, &old, "a", "{}").send();
    let new = Token::of(&new);
    server.wire.jwt(&new.secret);
    let server = replaced(&host, server);
    let again = ana.rotating(server.wire, &old, "a", "{}").outcome();
    assert_eq!(again, "409 already_rotated");
    for token in [&old, &new] {
        server.wire.jwt(&token.secret);
    }
}

#[test]
fn p10_when_it_is_killed_in_the_middle_nobody_is_without_a_token_and_no_secret_is_shown_twice() {
    let (host, mut server, ana) = stage();
    let mut shown = BTreeSet::new();
    for round in 0..ROUNDS {
        let old = ana.generate(server.wire);
        let key = format!("round-{round}");
        let wire = server.wire;
        let first = thread::scope(|scope| {
            let asked = scope.spawn(|| ana.rotating(wire, &old, &key, "{}").attempt());
            // Each round it is a little later that it dies.
            for _while in 0..round {
                drop(wire.get("/healthz").attempt());
            }
            server.running.signal(Signal::KILL);
            asked.join().unwrap()
        });
        assert_eq!(server.running.end().code, None, "killed");
        server = host.serve(&URL);
        let unseen = first.ok().as_ref().map(Token::of);
        for token in unseen.iter().chain([&old]) {
            assert_eq!(ana.status(server.wire, token), "active", "{round}");
        }
        let again = ana.rotating(server.wire, &old, &key, "{}").send();
        let new = Token::of(&again);
        for token in [&old, &new] {
            server.wire.jwt(&token.secret);
        }
        if let Some(unseen) = &unseen {
            let outcome = server.wire.exchange(&unseen.secret).outcome();
            assert_eq!(outcome, "401 invalid_grant");
        }
        for token in unseen.into_iter().chain([new]) {
            assert!(shown.insert(token.secret), "{round}");
        }
    }
    assert!(shown.len() >= ROUNDS);
    assert_eq!(server.stop().code, Some(0));
}

#[test]
fn p10_the_end_of_an_overlap_is_told_by_itself() {
    let (_host, server, ana) = stage();
    let old = ana.generate(server.wire);
    let short = r#"{"overlapSeconds":1}"#;
    let new = ana.rotating(server.wire, &old, "a", short).send();
    let new = Token::of(&new);
    let deadline = Instant::now() + PATIENCE;
    while ana.status(server.wire, &old) != "revoked" {
        assert!(Instant::now() < deadline, "it is never told");
    }
    let outcome = server.wire.exchange(&old.secret).outcome();
    assert_eq!(outcome, "401 invalid_grant");
    server.wire.jwt(&new.secret);
    assert_eq!(server.stop().code, Some(0));
}
