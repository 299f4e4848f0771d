//! Contract 5, CSRF: what another site makes a browser send is refused, and nothing of it is done.

use crate::client::Ask;
use crate::site::{ISSUER, Site, pats_of};

/// Values of `Sec-Fetch-Site`, and whether such a request may change something.
const SITES: [(Option<&str>, bool); 8] = [
    (None, true),
    (Some("same-origin"), true),
    (Some("none"), true),
    (Some("same-site"), false),
    (Some("cross-site"), false),
    (Some("Same-Origin"), false),
    (Some("same-origin, none"), false),
    (Some(""), false),
];

/// Values of `Origin`, likewise.
const ORIGINS: [(Option<&str>, bool); 9] = [
    (None, true),
    (Some(ISSUER), true),
    (Some("null"), false),
    (Some(""), false),
    (Some("https://127.0.0.1:8787"), false),
    (Some("http://127.0.0.1"), false),
    (Some("http://127.0.0.1:8787/"), false),
    (Some("http://127.0.0.1:8787.evil.example"), false),
    (Some("http://localhost:8787"), false),
];

const REFUSED: &str = "403 cross_site_request";

/// A request with one pair of the two headers.
struct Row {
    ask: Ask,
    /// Whether it is one of ours.
    is_ours: bool,
    /// The pair.
    text: String,
}

impl Row {
    /// What must come back, if that is what comes back to one of ours.
    fn wanted(&self, done: &'static str) -> &'static str {
        if self.is_ours { done } else { REFUSED }
    }
}

/// Every pair of the two headers.
fn table(ask: impl Fn() -> Ask) -> Vec<Row> {
    let with = |name: &'static str, value: Option<&str>, ask: Ask| match value {
        Some(value) => ask.header(name, value),
        None => ask,
    };
    let mut rows = Vec::new();
    for (site, is_good_site) in SITES {
        for (origin, is_good_origin) in ORIGINS {
            rows.push(Row {
                ask: with("origin", origin, with("sec-fetch-site", site, ask())),
                is_ours: is_good_site && is_good_origin,
                text: format!("Sec-Fetch-Site {site:?}, Origin {origin:?}"),
            });
        }
    }
    rows
}

#[tokio::test]
async fn a_change_with_the_cookie_passes_from_our_own_pages_and_from_programs_only() {
    let site = Site::on(super::backend().await).await;
    let cookie = site.sign_in("ana").await;
    let unknown = "01890a5d-ac96-774b-bcce-b302099a8057";
    let pat = format!("{}/{unknown}", pats_of(site.acme));
    let session = format!("/identity/v1/sessions/{unknown}");
    for (method, target, done) in [
        ("DELETE", "/identity/v1/sessions?others=true", "204"),
        ("DELETE", &*session, "404 not_found"),
        ("DELETE", &*pat, "404 not_found"),
        ("POST", &*pats_of(site.acme), "415 unsupported_media_type"),
    ] {
        for row in table(|| site.ask(method, target).cookie(&cookie)) {
            let (wanted, text) = (row.wanted(done), row.text);
            assert_eq!(row.ask.outcome().await, wanted, "{method} {target}: {text}");
        }
    }
}

#[tokio::test]
async fn what_is_refused_is_not_done() {
    let site = Site::on(super::backend().await).await;
    let cookie = site.sign_in("ana").await;
    let pat = site.generate(&cookie, site.acme, "{}").await;
    let evil = |ask: Ask| ask.header("origin", "https://evil.example").outcome();
    assert_eq!(
        evil(site.generating(&cookie, site.acme, "{}")).await,
        REFUSED
    );
    assert_eq!(evil(site.revoking(&pat).cookie(&cookie)).await, REFUSED);
    let sign_out = site.delete("/identity/v1/session").cookie(&cookie);
    assert_eq!(evil(sign_out).await, REFUSED);
    let listed = site.get(&pats_of(site.acme)).cookie(&cookie).send().await;
    assert_eq!(listed.outcome(), "200", "the session lives");
    let listed = listed.json();
    assert_eq!(listed["data"].as_array().unwrap().len(), 1);
    assert_eq!(listed["data"][0]["status"], "active");
}

#[tokio::test]
async fn reading_is_not_refused() {
    let site = Site::on(super::backend().await).await;
    let cookie = site.sign_in("ana").await;
    for method in ["GET", "HEAD"] {
        for Row { ask, text, .. } in table(|| {
            let ask = site.ask(method, "/identity/v1/session");
            ask.cookie(&cookie)
        }) {
            assert_eq!(ask.send().await.status, 200, "{method}: {text}");
        }
    }
}

#[tokio::test]
async fn an_access_token_is_no_cookie_and_passes_from_anywhere() {
    let site = Site::on(super::backend().await).await;
    let pat = site.pat("ana", site.acme).await;
    let jwt = site.jwt(&pat, site.acme).await;
    let other = format!(
        "{}/01890a5d-ac96-774b-bcce-b302099a8057",
        pats_of(site.acme)
    );
    for Row { ask, text, .. } in table(|| site.delete(&other).bearer(&jwt)) {
        assert_eq!(ask.outcome().await, "404 not_found", "{text}");
    }
    let own = site.revoking(&pat).bearer(&jwt);
    let own = own.header("sec-fetch-site", "cross-site");
    let own = own.header("origin", "https://evil.example");
    assert_eq!(own.outcome().await, "204");
}

#[tokio::test]
async fn nobody_is_signed_in_by_another_site_with_a_cookie_or_without() {
    let site = Site::on(super::backend().await).await;
    let cookie = site.sign_in("ana").await;
    let mut begun = 1;
    for row in table(|| site.signing_in("ana")) {
        let wanted = row.wanted("201");
        let Row { ask, is_ours, text } = row;
        let answer = ask.send().await;
        assert_eq!(answer.outcome(), wanted, "{text}");
        assert_eq!(answer.header("set-cookie").is_some(), is_ours, "{text}");
        begun += usize::from(is_ours);
    }
    let listed = site.get("/identity/v1/sessions").cookie(&cookie);
    let listed = listed.send().await.json();
    assert_eq!(listed["data"].as_array().unwrap().len(), begun);
    let again = site.signing_in("ana").cookie(&cookie);
    let again = again.header("sec-fetch-site", "cross-site");
    assert_eq!(again.outcome().await, REFUSED);
    let who = site.get("/identity/v1/session").cookie(&cookie);
    assert_eq!(who.outcome().await, "200", "the old session lives");
}

#[tokio::test]
async fn one_foreign_value_among_good_ones_is_enough() {
    let site = Site::on(super::backend().await).await;
    let cookie = site.sign_in("ana").await;
    let change = || {
        let ask = site.delete("/identity/v1/sessions?others=true");
        ask.cookie(&cookie)
    };
    for (name, good, bad) in [
        ("origin", ISSUER, "https://evil.example"),
        ("sec-fetch-site", "same-origin", "cross-site"),
    ] {
        for (first, second) in [(good, bad), (bad, good)] {
            let ask = change().header(name, first).header(name, second);
            assert_eq!(ask.outcome().await, REFUSED, "{name}");
        }
        let twice = change().header(name, good).header(name, good);
        assert_eq!(twice.outcome().await, "204", "{name}");
    }
}

#[tokio::test]
async fn another_site_does_not_learn_whether_a_cookie_is_good() {
    let site = Site::on(super::backend().await).await;
    let good = site.sign_in("ana").await;
    let dead = format!("keyfob_session={}", "A".repeat(43));
    let mut seen = Vec::new();
    for cookie in [&good, &dead] {
        let ask = site.delete("/identity/v1/session").cookie(cookie);
        let answer = ask.header("origin", "null").send().await;
        assert_eq!(answer.outcome(), REFUSED);
        let id = answer.header("x-request-id").unwrap();
        seen.push((answer.header_lines(), answer.text().replace(id, "ID")));
    }
    assert_eq!(seen[0], seen[1]);
}

#[tokio::test]
async fn behind_https_the_origin_is_the_public_one() {
    let issuer = "https://keyfob.example";
    let backend = super::backend().await;
    let site = Site::with(backend, |parts| issuer.clone_into(&mut parts.issuer)).await;
    let cookie = site.sign_in("ana").await;
    for (origin, wanted) in [
        (issuer, "204"),
        ("http://keyfob.example", REFUSED),
        ("https://keyfob.example:443", REFUSED),
        (ISSUER, REFUSED),
    ] {
        let ask = site.delete("/identity/v1/sessions?others=true");
        let ask = ask.cookie(&cookie).header("origin", origin);
        assert_eq!(ask.outcome().await, wanted, "{origin}");
    }
}
