//! P2: whatever is logged, by us or by a library below us, no secret is in it.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use tracing_subscriber::EnvFilter;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::listening::always_ask;
use crate::site::{PASSWORD, Pat, Site, pats_of};

/// What a client calls its request: whoever knows it could repeat it.
const REQUEST: &str = "9f0c6d52-a-key-of-a-client";

/// Where events are written instead of standard error.
#[derive(Debug, Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Log {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

/// Uses every kind of secret well and badly; returns them all.
async fn use_secrets(site: &Site) -> Vec<String> {
    let cookie = site.sign_in("ana").await;
    let pat = site.generate(&cookie, site.acme, "{}").await;
    let secret = pat.secret.as_str();
    let jwt = site.jwt(&pat, site.acme).await;
    let rotated = rotate(site, &cookie).await;
    let wrong = format!("{}0", &secret[..43]);
    let mistyped = format!(r#"{{"email":"ana@acme.example","password":"{PASSWORD}!"}}"#);
    for (ask, outcome) in [
        (site.get("/oauth/userinfo").bearer(&jwt), "200"),
        (
            site.get("/oauth/userinfo").bearer(secret),
            "401 invalid_token",
        ),
        (site.get(&pats_of(site.acme)).cookie(&cookie), "200"),
        (
            site.exchanging("v2", &format!("pat={wrong}")),
            "401 invalid_grant",
        ),
        (
            site.exchanging("v2", &format!("pat={jwt}")),
            "401 invalid_grant",
        ),
        (
            site.exchanging("v3", &format!("pat={secret}")),
            "400 invalid_request",
        ),
        (
            site.post(&format!("/auth/v2/token?pat={secret}")).form(""),
            "400 invalid_request",
        ),
        (
            site.get(&format!("/oauth/userinfo?access_token={jwt}"))
                .bearer(&jwt),
            "400 invalid_request",
        ),
        (site.post(&format!("/auth/v2/{secret}")), "404 not_found"),
        (
            site.get(&format!("/{secret}")).header("user-agent", secret),
            "404 not_found",
        ),
        (
            site.post("/identity/v1/session").json(&mistyped),
            "401 invalid_credentials",
        ),
        (site.revoking(&pat).bearer(&jwt), "204"),
        (
            site.exchanging("v2", &format!("pat={secret}")),
            "401 invalid_grant",
        ),
    ] {
        assert_eq!(ask.outcome().await, outcome);
    }
    let session = cookie.split_once('=').unwrap().1.to_owned();
    let tokens = rotated.iter().chain([&pat]);
    let mut secrets: Vec<String> = tokens.map(|pat| pat.secret[6..38].to_owned()).collect();
    secrets.extend([jwt, session, PASSWORD.to_owned(), REQUEST.to_owned()]);
    secrets
}

/// Rotates a token well and badly; returns it and its successors.
async fn rotate(site: &Site, cookie: &str) -> [Pat; 3] {
    let old = site.generate(cookie, site.acme, "{}").await;
    let at_once = r#"{"overlapSeconds":0}"#;
    let asking = async || site.rotating(cookie, &old, REQUEST, at_once).send().await;
    let [unseen, new] = [
        old.successor(&asking().await),
        old.successor(&asking().await),
    ];
    let other = format!("{REQUEST}2");
    for (ask, outcome) in [
        (
            site.rotating(cookie, &old, &other, at_once),
            "409 already_rotated",
        ),
        (
            site.exchanging("v2", &format!("pat={}", unseen.secret)),
            "401 invalid_grant",
        ),
        (site.exchanging("v2", &format!("pat={}", new.secret)), "200"),
        (site.revoking(&new).cookie(cookie), "204"),
    ] {
        assert_eq!(ask.outcome().await, outcome);
    }
    [old, unseen, new]
}

#[tokio::test]
async fn p2_no_secret_is_logged_even_when_everything_is() {
    always_ask();
    let site = Site::on(super::backend().await).await;
    // Once without a log: a place that logs asks who listens when it is first come by, and when somebody
    // begins to listen. Come by first in another test's thread, it would hear of nobody and be silent.
    use_secrets(&site).await;
    let log = Log::default();
    let writer = log.clone();
    let events = tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new("trace"))
        .with_ansi(false)
        .with_writer(move || writer.clone());
    let _until_the_end = events.finish().set_default();
    let secrets = use_secrets(&site).await;
    let text = log.text();
    let said = |what: &str| assert!(text.contains(what), "{what}");
    said("request answered");
    said("reason=\"revoked\"");
    if site.backend.url().is_some() {
        // The library that speaks to the server tells what it was given.
        said("tokio_postgres");
        said("with parameters");
    }
    for secret in &secrets {
        let line = text.lines().find(|line| line.contains(secret));
        assert_eq!(line, None, "{secret}");
    }
}
