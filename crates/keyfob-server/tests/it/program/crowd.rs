//! Clients that generate and revoke without a pause, and remember what they were told: what was
//! acknowledged must be so for ever after, whatever is done to the server meanwhile.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex};
use std::time::Duration;

use serde_json::json;

use super::wire::{Wire, pats_of};
use super::{Host, PASSWORD, PATIENCE};
use crate::client::Answer;

/// Where everybody is a member.
pub(super) const ACME: &str = "019c0000-0000-7000-8000-00000000acce";
/// The issuer, so that the server may listen on another port each time.
pub(super) const URL: [&str; 2] = ["--public-url", "http://127.0.0.1:8787"];
const CLIENTS: u64 = 4;
/// About so many living tokens a client keeps.
const LIVING: usize = 10;
/// So many tokens that were revoked long ago are tried again each time.
const LOOKED_BACK: usize = 4;

/// Throws that are the same for the same seed (`SplitMix64`).
#[derive(Debug, Clone)]
pub(super) struct Dice(pub(super) u64);

impl Dice {
    pub(super) fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % limit
    }

    fn index(&mut self, count: usize) -> usize {
        usize::try_from(self.below(u64::try_from(count).unwrap())).unwrap()
    }
}

/// What the clients were told so far.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Told {
    pub(super) generated: u64,
    pub(super) revoked: u64,
    /// 503: it may have happened or not.
    pub(super) refused: u64,
    /// No answer, because the server was gone.
    pub(super) unanswered: u64,
}

impl Told {
    pub(super) fn acknowledged(&self) -> u64 {
        self.generated + self.revoked
    }

    pub(super) fn add(&mut self, more: Self) {
        self.generated += more.generated;
        self.revoked += more.revoked;
        self.refused += more.refused;
        self.unanswered += more.unanswered;
    }
}

/// The sum, for whoever waits for it to grow.
#[derive(Debug, Default)]
pub(super) struct Tally {
    told: Mutex<Told>,
    changed: Condvar,
}

impl Tally {
    fn add(&self, change: impl FnOnce(&mut Told)) {
        change(&mut self.told.lock().unwrap());
        self.changed.notify_all();
    }

    pub(super) fn told(&self) -> Told {
        *self.told.lock().unwrap()
    }

    pub(super) fn wait_until(&self, is_so: impl Fn(&Told) -> bool) {
        let told = self.told.lock().unwrap();
        let waited = self
            .changed
            .wait_timeout_while(told, PATIENCE, |told| !is_so(told));
        let (told, elapsed) = waited.unwrap();
        assert!(!elapsed.timed_out(), "waited in vain: {told:?}");
    }

    /// Lets the clients work on for so long.
    pub(super) fn wait_for(&self, time: Duration) {
        let told = self.told.lock().unwrap();
        drop(
            self.changed
                .wait_timeout_while(told, time, |_told| true)
                .unwrap(),
        );
    }
}

#[derive(Debug)]
struct Token {
    id: String,
    secret: String,
}

/// One client with a person's session.
#[derive(Debug)]
struct Client {
    cookie: String,
    dice: Dice,
    /// Acknowledged by 201.
    living: Vec<Token>,
    /// Acknowledged by 204.
    revoked: Vec<Token>,
    /// Being revoked when the server went away.
    unsure: Vec<Token>,
    /// Revoked, and found dead after a fault already.
    settled: Vec<Token>,
}

/// All of them.
#[derive(Debug)]
pub(super) struct Crowd {
    clients: Vec<Client>,
    pub(super) tally: Tally,
}

impl Crowd {
    /// Settings with which they can work for an hour.
    pub(super) fn settle(host: &mut Host) {
        host.set("KEYFOB__POLICY__PAT_LIMIT", "100");
        host.set("KEYFOB__POLICY__REAUTHENTICATION", "60m");
        let mut lines = format!(r#"{{"type":"organization","id":"{ACME}","name":"Acme"}}"#);
        for number in 0..CLIENTS {
            let email = format!("c{number}@acme.example");
            let user =
                json!({"type": "user", "email": email, "fullName": "C", "password": PASSWORD});
            let roles = ["owner"];
            let member =
                json!({"type": "membership", "user": email, "organization": ACME, "roles": roles});
            lines.extend(["\n", &user.to_string(), "\n", &member.to_string()]);
        }
        let done = host.run_with(&["import", "-"], &lines);
        assert_eq!(done.code, Some(0), "{}", done.err);
    }

    pub(super) fn new(wire: Wire, dice: &mut Dice) -> Self {
        let client = |number| Client {
            cookie: wire.sign_in(&format!("c{number}")),
            dice: Dice(dice.below(u64::MAX)),
            living: Vec::new(),
            revoked: Vec::new(),
            unsure: Vec::new(),
            settled: Vec::new(),
        };
        Self {
            clients: (0..CLIENTS).map(client).collect(),
            tally: Tally::default(),
        }
    }

    /// Lets all work until the server is gone, or until `meanwhile` is over.
    pub(super) fn work<T>(&mut self, wire: Wire, meanwhile: impl FnOnce(&Tally) -> T) -> T {
        let is_over = AtomicBool::new(false);
        let (clients, tally) = (&mut self.clients, &self.tally);
        std::thread::scope(|scope| {
            for client in clients {
                let is_over = &is_over;
                scope.spawn(move || client.work(wire, is_over, tally));
            }
            // Also when it panics: the others would never end.
            let _over = Over(&is_over);
            meanwhile(tally)
        })
    }

    /// What was acknowledged is so. What was not is one or the other, and then stays so.
    pub(super) fn check(&mut self, wire: Wire, looked_back: Back) {
        std::thread::scope(|scope| {
            for client in &mut self.clients {
                scope.spawn(move || client.check(wire, looked_back));
            }
        });
    }

    /// The ids of all tokens that were acknowledged, and whether they live.
    pub(super) fn acknowledged(&self) -> impl Iterator<Item = (&str, bool)> {
        self.clients.iter().flat_map(|client| {
            let living = client.living.iter().map(|token| (token.id.as_str(), true));
            let ended = client.revoked.iter().chain(&client.settled);
            living.chain(ended.map(|token| (token.id.as_str(), false)))
        })
    }
}

/// How many of the tokens that were found dead before are tried again.
#[derive(Debug, Clone, Copy)]
pub(super) enum Back {
    Some,
    All,
}

struct Over<'a>(&'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Client {
    fn work(&mut self, wire: Wire, is_over: &AtomicBool, tally: &Tally) {
        while !is_over.load(Ordering::Relaxed) && self.step(wire, tally) {}
    }

    /// Generates or revokes one. False when the server is gone.
    fn step(&mut self, wire: Wire, tally: &Tally) -> bool {
        let odds = if self.living.len() < LIVING { 3 } else { 1 };
        if self.living.is_empty() || self.dice.below(4) < odds {
            return self.generate(wire, tally);
        }
        let chosen = self.dice.index(self.living.len());
        let token = self.living.swap_remove(chosen);
        self.revoke(wire, token, tally)
    }

    fn generate(&mut self, wire: Wire, tally: &Tally) -> bool {
        let Ok(answer) = wire.generating(&self.cookie, ACME).attempt() else {
            tally.add(|told| told.unanswered += 1);
            return false;
        };
        match &*answer.outcome() {
            "201" => {
                let (id, secret) = (answer.member("id"), answer.member("token"));
                self.living.push(Token { id, secret });
                tally.add(|told| told.generated += 1);
            }
            refused => {
                must_pass(refused, &answer);
                tally.add(|told| told.refused += 1);
            }
        }
        true
    }

    fn revoke(&mut self, wire: Wire, token: Token, tally: &Tally) -> bool {
        let Ok(answer) = self.revoking(wire, &token.id) else {
            self.unsure.push(token);
            tally.add(|told| told.unanswered += 1);
            return false;
        };
        match &*answer.outcome() {
            "204" => {
                self.revoked.push(token);
                tally.add(|told| told.revoked += 1);
            }
            refused => {
                must_pass(refused, &answer);
                self.unsure.push(token);
                tally.add(|told| told.refused += 1);
            }
        }
        true
    }

    fn revoking(&self, wire: Wire, id: &str) -> std::io::Result<Answer> {
        let path = format!("{}/{id}", pats_of(ACME));
        wire.ask("DELETE", &path)
            .header("cookie", &self.cookie)
            .attempt()
    }

    fn check(&mut self, wire: Wire, looked_back: Back) {
        let exchange = |token: &Token| wire.exchange(&token.secret).outcome();
        for token in &self.living {
            assert_eq!(exchange(token), "200", "201 was told of {}", token.id);
        }
        // It was revoked or not, and to say it again is no harm.
        for token in std::mem::take(&mut self.unsure) {
            let found = exchange(&token);
            assert!(found == "200" || is_dead(&found), "{found} of {}", token.id);
            assert_eq!(self.revoking(wire, &token.id).unwrap().outcome(), "204");
            self.revoked.push(token);
        }
        for token in &self.revoked {
            let found = exchange(token);
            assert!(is_dead(&found), "204 was told of {}: {found}", token.id);
        }
        let old: Vec<&Token> = match looked_back {
            Back::All => self.settled.iter().collect(),
            Back::Some if self.settled.is_empty() => Vec::new(),
            Back::Some => {
                let chosen = (0..LOOKED_BACK).map(|_throw| self.dice.index(self.settled.len()));
                chosen.map(|index| &self.settled[index]).collect()
            }
        };
        for token in old {
            let found = exchange(token);
            assert!(is_dead(&found), "{} was dead before: {found}", token.id);
        }
        self.settled.append(&mut self.revoked);
    }
}

/// Refused as a wrong secret is. From the 61st in a minute on that may be 429 (X6), which no token that
/// lives is ever told.
fn is_dead(outcome: &str) -> bool {
    ["401 invalid_grant", "429 too_many_requests"].contains(&outcome)
}

/// A refusal must be the one that is gone later.
fn must_pass(outcome: &str, answer: &Answer) {
    assert_eq!(outcome, "503 temporarily_unavailable");
    assert_eq!(answer.header("retry-after"), Some("5"));
}
