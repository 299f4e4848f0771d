//! Every page, with who gets it: one that is not in the table fails the test. And every form without its
//! token: it does nothing, whoever sends it.

use std::collections::BTreeSet;

use super::super::routes::routes_in;
use crate::client::Answer;
use crate::reader::Reader;
use crate::site::Site;

/// Where the pages are.
pub(super) const SOURCE: &str = include_str!("../../../../src/web.rs");

/// What each reader gets: nobody; a stranger to the organization; its owner.
const MATRIX: [(&str, &str, [u16; 3]); 64] = [
    ("GET", "/", [303, 303, 303]),
    ("GET", "/docs/api", [200, 200, 200]),
    ("GET", "/sign-in", [200, 303, 303]),
    ("POST", "/sign-in", [403, 403, 403]),
    ("POST", "/sign-out", [403, 403, 403]),
    ("POST", "/preferences", [403, 403, 403]),
    ("GET", "/orgs/{organization}/team", [303, 404, 200]),
    ("GET", "/orgs/{organization}/team/{user}", [303, 404, 200]),
    ("POST", "/orgs/{organization}/team/{user}", [303, 403, 403]),
    (
        "POST",
        "/orgs/{organization}/team/{user}/suspend",
        [303, 403, 403],
    ),
    (
        "GET",
        "/orgs/{organization}/team/{user}/remove",
        [303, 404, 200],
    ),
    (
        "POST",
        "/orgs/{organization}/team/{user}/remove",
        [303, 403, 403],
    ),
    ("GET", "/orgs/{organization}/new", [303, 404, 200]),
    ("POST", "/orgs/{organization}/new", [303, 403, 403]),
    ("GET", "/orgs/{organization}/rename", [303, 404, 200]),
    ("POST", "/orgs/{organization}/rename", [303, 403, 403]),
    ("GET", "/orgs/{organization}/delete", [303, 404, 200]),
    ("POST", "/orgs/{organization}/delete", [303, 403, 403]),
    ("GET", "/orgs/{organization}/move", [303, 404, 200]),
    ("POST", "/orgs/{organization}/move", [303, 403, 403]),
    ("GET", "/orgs/{organization}/explain", [303, 404, 200]),
    ("GET", "/orgs/{organization}/team.csv", [303, 404, 200]),
    ("GET", "/orgs/{organization}/tokens.csv", [303, 404, 200]),
    ("GET", "/orgs/{organization}/tokens", [303, 404, 200]),
    // Where nothing is chosen there is nothing to show, for who may see it.
    ("GET", "/orgs/{organization}/tokens/revoke", [303, 404, 303]),
    (
        "POST",
        "/orgs/{organization}/tokens/revoke",
        [303, 403, 403],
    ),
    ("GET", "/orgs/{organization}/invite", [303, 404, 200]),
    ("POST", "/orgs/{organization}/invite", [303, 403, 403]),
    ("GET", "/orgs/{organization}/invitations", [303, 404, 200]),
    ("POST", "/orgs/{organization}/invitations", [303, 403, 403]),
    ("GET", "/orgs/{organization}/activity", [303, 404, 200]),
    ("GET", "/orgs/{organization}/security", [303, 404, 200]),
    (
        "GET",
        "/orgs/{organization}/security/tokens",
        [303, 303, 303],
    ),
    (
        "POST",
        "/orgs/{organization}/security/tokens",
        [303, 403, 403],
    ),
    (
        "GET",
        "/orgs/{organization}/security/tokens/{token}/revoke",
        [303, 404, 200],
    ),
    (
        "POST",
        "/orgs/{organization}/security/tokens/{token}/revoke",
        [303, 403, 403],
    ),
    (
        "GET",
        "/orgs/{organization}/security/tokens/{token}/rotate",
        [303, 404, 200],
    ),
    (
        "POST",
        "/orgs/{organization}/security/tokens/{token}/rotate",
        [303, 403, 403],
    ),
    (
        "GET",
        "/orgs/{organization}/security/try-it",
        [303, 404, 200],
    ),
    (
        "POST",
        "/orgs/{organization}/security/try-it",
        [303, 403, 403],
    ),
    ("POST", "/sessions", [303, 403, 403]),
    ("GET", "/sessions/others", [303, 200, 200]),
    ("POST", "/sessions/others", [303, 403, 403]),
    ("GET", "/password", [303, 200, 200]),
    ("POST", "/password", [303, 403, 403]),
    ("GET", "/password/changed", [303, 200, 200]),
    // Without a link, and with people in it: there is nothing to set up.
    ("GET", "/setup", [410, 410, 410]),
    ("POST", "/setup", [403, 403, 403]),
    // Without a link nobody is invited.
    ("GET", "/invitation", [410, 410, 410]),
    ("POST", "/invitation", [403, 403, 403]),
    ("POST", "/invitation/account", [403, 403, 403]),
    // Mail is not set up.
    ("GET", "/forgotten", [404, 404, 404]),
    ("POST", "/forgotten", [404, 404, 404]),
    ("GET", "/reset", [410, 410, 410]),
    ("POST", "/reset", [403, 403, 403]),
    // This is no demo.
    ("GET", "/demo", [404, 404, 404]),
    ("POST", "/demo", [404, 404, 404]),
    ("GET", "/organizations", [303, 200, 200]),
    // By policy the operator makes roots.
    ("GET", "/organizations/new", [303, 403, 403]),
    ("POST", "/organizations/new", [303, 403, 403]),
    ("GET", "/tokens", [303, 200, 200]),
    // Who has no token is asked about none.
    ("GET", "/tokens/revoke", [303, 303, 200]),
    ("POST", "/tokens/revoke", [303, 403, 403]),
    ("GET", "/assets/{file}", [200, 200, 200]),
];

#[test]
fn every_page_is_in_the_matrix() {
    let listed: BTreeSet<_> = MATRIX
        .iter()
        .map(|(method, path, _)| (*method, *path))
        .collect();
    assert_eq!(listed, routes_in(SOURCE));
    assert_eq!(listed.len(), MATRIX.len(), "none twice");
}

#[tokio::test]
async fn each_reader_gets_what_the_matrix_says() {
    let site = Site::on(super::backend().await).await;
    let pat = site.pat("ana", site.acme).await;
    for (method, path, wanted) in MATRIX {
        let target = path
            .replace("{organization}", &site.acme.to_string())
            .replace("{token}", &pat.id)
            .replace("{user}", &site.cem.to_string())
            .replace("{file}", "keyfob.css");
        let mut answers = Vec::new();
        for mut reader in [
            Reader::new(&site),
            Reader::signed_in(&site, "dee").await,
            Reader::signed_in(&site, "ana").await,
        ] {
            let ask = site.ask(method, &target).form("");
            let answer = reader.answer(ask).await;
            protects(&answer, path);
            answers.push(answer.status);
        }
        assert_eq!(answers, wanted, "{method} {path}");
    }
    assert_eq!(
        site.exchange(&pat, site.acme).await.status,
        200,
        "still good"
    );
}

/// What every page says to the browser, whoever gets it.
fn protects(answer: &Answer, path: &str) {
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    let is_html = answer.header("content-type") == Some("text/html; charset=utf-8");
    if !is_html {
        return;
    }
    assert_eq!(answer.header("cache-control"), Some("no-store"), "{path}");
    assert_eq!(answer.header("referrer-policy"), Some("same-origin"));
    assert_eq!(
        answer.header("content-security-policy"),
        Some(
            "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; \
             connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
        )
    );
    for inline in [" style=", "<style", " onclick=", "javascript:"] {
        assert!(!answer.text().contains(inline), "{path}: {inline}");
    }
    assert_eq!(answer.text().matches("<h1").count(), 1, "{path}");
}
