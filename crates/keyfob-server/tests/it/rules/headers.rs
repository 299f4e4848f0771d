//! What every answer tells browsers and caches, and that no header of a request changes it.

use std::collections::BTreeSet;

use super::routes::{Caller, METHODS, Things, routes};
use crate::client::{Answer, Ask};
use crate::site::Site;

/// On every answer, whatever it is.
const ALWAYS: [(&str, &str); 4] = [
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-resource-policy", "same-origin"),
    ("cross-origin-opener-policy", "same-origin"),
];
/// What may be kept, because it is the same for everybody, and how long.
const KEPT: [(&str, &str); 6] = [
    ("/.well-known/jwks.json", "public, max-age=300"),
    ("/.well-known/openid-configuration", "public, max-age=300"),
    (
        "/.well-known/oauth-authorization-server",
        "public, max-age=300",
    ),
    (
        "/.well-known/oauth-protected-resource",
        "public, max-age=300",
    ),
    ("/openapi.json", "public, max-age=300"),
    ("/assets/{file}", "public, max-age=86400"),
];
const HSTS: &str = "strict-transport-security";

/// Everything that an answer must have; `kept` is how long it may be kept, if it may.
fn check(answer: &Answer, kept: Option<&str>, what: &str) {
    for (name, value) in ALWAYS {
        assert_eq!(answer.header(name), Some(value), "{name}: {what}");
    }
    let policy = answer.header("content-security-policy").unwrap();
    for rule in ["default-src 'none'", "frame-ancestors 'none'"] {
        assert!(policy.split("; ").any(|it| it == rule), "{policy}: {what}");
    }
    assert!(!policy.contains("unsafe"), "{policy}: {what}");
    let cache = kept.unwrap_or("no-store");
    assert_eq!(answer.header("cache-control"), Some(cache), "{what}");
    assert!(answer.header("x-request-id").is_some(), "{what}");
    for never in [
        "server",
        "x-powered-by",
        "access-control-allow-origin",
        "vary",
    ] {
        assert_eq!(answer.header(never), None, "{never}: {what}");
    }
}

fn kept(path: &str, answer: &Answer) -> Option<&'static str> {
    let mut kept = KEPT.iter().filter(|_entry| answer.status == 200);
    kept.find(|(known, _)| *known == path).map(|(_, how)| *how)
}

async fn site() -> Site {
    Site::with(super::backend().await, |parts| {
        parts.policy.pat_limit = 1_000;
    })
    .await
}

#[tokio::test]
async fn t_14_every_answer_of_every_route_has_the_headers_that_protect_it() {
    let site = site().await;
    for (method, path) in routes() {
        for caller in [Caller::Nobody, Caller::Owner] {
            let things = Things::of(&site).await;
            let answer = things.ask(&site, caller, method, path).send().await;
            let what = format!("{method} {path} {caller:?}: {}", answer.status);
            check(&answer, kept(path, &answer), &what);
            assert_eq!(answer.header(HSTS), None, "http only: {what}");
        }
    }
}

#[tokio::test]
async fn t_14_the_servers_own_refusals_have_them_too() {
    let site = site().await;
    let things = Things::of(&site).await;
    let known = routes();
    let paths: BTreeSet<&str> = known.iter().map(|(_method, path)| *path).collect();
    let methods = METHODS.into_iter().chain(["TRACE", "OPTIONS", "BREW"]);
    let all = methods.flat_map(|method| paths.iter().map(move |path| (method, *path)));
    for (method, path) in all.filter(|route| !known.contains(route)) {
        let answer = things.ask(&site, Caller::Owner, method, path).send().await;
        assert_eq!(answer.status, 405, "{method} {path}");
        check(&answer, None, &format!("{method} {path}"));
    }
    for target in ["/nothing", "/..", "/assets/none.css", "/auth/v2/nothing"] {
        let answer = site.get(target).send().await;
        assert_eq!(answer.status, 404, "{target}");
        check(&answer, None, target);
    }
}

/// What a cache in front might take for the name of a file.
const SUFFIXES: [&str; 10] = [
    "/x.css", "/.css", ";x.css", "%3Fx.css", "%23x.css", "%00.css", "%0Ax.css", "%2Fx.css",
    "%5Cx.css", ".css",
];

#[tokio::test]
async fn t_23_a_suffix_never_leads_to_what_is_somebodys() {
    let site = site().await;
    let things = Things::of(&site).await;
    let with_suffix = |path: &str, suffix: &str| {
        let path = format!("{}{suffix}", path.trim_start_matches('/'));
        format!("/{}", path.trim_start_matches('/'))
    };
    for (_method, path) in routes() {
        for suffix in SUFFIXES {
            let path = with_suffix(path, suffix);
            let answer = things.ask(&site, Caller::Owner, "GET", &path).send().await;
            // 405 where an id stands at the end of the path, which another method takes.
            let is_none = matches!(answer.status, 404 | 405);
            assert!(is_none, "{path}: {}", answer.status);
            check(&answer, None, &path);
        }
    }
}

/// An answer without what differs from request to request.
fn told(answer: &Answer) -> (u16, String, String) {
    let id = answer.header("x-request-id").unwrap().to_owned();
    let body = String::from_utf8_lossy(&answer.body).replace(&id, "");
    (answer.status, answer.header_lines(), body)
}

/// Headers that say where a request came from or went to, and must not count.
const WHEREABOUTS: [(&str, &str); 14] = [
    ("host", "evil.example"),
    ("host", "127.0.0.1:1"),
    ("host", "[::1]"),
    ("host", "KEYFOB.EXAMPLE."),
    ("host", "a,b"),
    ("x-forwarded-host", "evil.example"),
    ("x-forwarded-proto", "https"),
    ("x-forwarded-port", "1"),
    ("x-forwarded-prefix", "/evil"),
    ("x-forwarded-for", "10.0.0.1"),
    ("x-original-url", "/evil"),
    ("x-rewrite-url", "/evil"),
    ("x-http-method-override", "DELETE"),
    ("forwarded", "for=10.0.0.1;host=evil.example;proto=https"),
];

#[tokio::test]
async fn t_23_no_answer_depends_on_the_host_or_on_a_forwarded_one() {
    let site = site().await;
    let things = Things::of(&site).await;
    let all = routes();
    let gets = all.iter().filter(|(method, _path)| *method == "GET");
    let asked = gets.flat_map(|route| [Caller::Nobody, Caller::Owner].map(|who| (route, who)));
    for ((method, path), caller) in asked {
        let ask = || things.ask(&site, caller, method, path);
        let usual = told(&ask().send().await);
        for (name, value) in WHEREABOUTS {
            let answer = told(&ask().header(name, value).send().await);
            assert_eq!(answer, usual, "{name}: {value} at {path}");
        }
        assert!(!usual.2.contains("keyfob.example"), "{}", usual.2);
    }
}

#[tokio::test]
async fn t_23_what_may_be_kept_is_the_same_for_everybody() {
    let site = site().await;
    let things = Things::of(&site).await;
    for (path, how) in KEPT {
        let ask = |caller| things.ask(&site, caller, "GET", path);
        let usual = ask(Caller::Nobody).send().await;
        assert_eq!(usual.header("cache-control"), Some(how));
        assert_eq!(usual.header("set-cookie"), None, "{path}");
        let usual = told(&usual);
        let with = |name, value| ask(Caller::Owner).header(name, value);
        for other in [
            ask(Caller::Owner),
            ask(Caller::Token),
            ask(Caller::Stranger),
            with("accept", "text/html"),
            with("accept-encoding", "gzip, br"),
            with("accept-language", "tr"),
            with("origin", "https://evil.example"),
            with("user-agent", "another"),
        ] {
            assert_eq!(told(&other.send().await), usual, "{path}");
        }
    }
}

#[tokio::test]
async fn t_23_a_request_without_one_host_is_refused_in_the_form_of_its_address() {
    let site = site().await;
    for (target, wanted) in [
        ("/auth/v2/token", "400 invalid_request"),
        ("/identity/v1/session", "400 invalid_request"),
        ("/", "400 invalid_request"),
    ] {
        let twice = site.get(target).header("host", "a").header("host", "b");
        let answer = twice.send().await;
        assert_eq!(answer.outcome(), wanted, "{target}");
        check(&answer, None, target);
        assert_eq!(
            site.get(target).header("host", "a b").outcome().await,
            wanted
        );
    }
}

#[tokio::test]
async fn t_27_more_than_64_headers_are_refused_in_the_form_of_their_address() {
    let site = site().await;
    let with_65 = |ask: Ask| (0..64).fold(ask, |ask, _| ask.header("x", "y"));
    for (target, wanted) in [
        ("/auth/v2/token", "431 invalid_request"),
        ("/identity/v1/session", "431 too_many_headers"),
    ] {
        let answer = with_65(site.get(target)).send().await;
        assert_eq!(answer.outcome(), wanted, "{target}");
        check(&answer, None, target);
    }
}

#[tokio::test]
async fn with_a_public_https_address_browsers_are_told_to_stay_with_tls() {
    for (issuer, wanted) in [
        ("https://keyfob.example.com", Some("max-age=31536000")),
        ("http://keyfob.example.com", None),
        // On a loopback name they would do so for every other program there.
        ("https://localhost:8787", None),
        ("https://127.0.0.1:8787", None),
    ] {
        let with = |parts: &mut keyfob_server::state::Parts| issuer.clone_into(&mut parts.issuer);
        let site = Site::with(super::backend().await, with).await;
        for ask in [
            site.get("/"),
            site.get("/nothing"),
            site.get("/assets/keyfob.css"),
            site.get("/auth/v2/token"),
            site.get("/").header("host", "a b"),
        ] {
            let answer = ask.send().await;
            assert_eq!(answer.header(HSTS), wanted, "{issuer} {}", answer.status);
        }
    }
}
