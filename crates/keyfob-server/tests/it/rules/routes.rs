//! Every route of the server, with who may use it: a route that is not in the table fails the test.

use std::collections::BTreeSet;

mod things;

pub(super) use self::things::{Caller, Things};
use crate::site::{Site, pats_of};

/// Where the routes are.
const SOURCE: &str = include_str!("../../../src/http.rs");
pub(super) const METHODS: [&str; 5] = ["GET", "POST", "PUT", "PATCH", "DELETE"];

/// What each caller gets: nobody; a stranger's session; an access token of the owner's, for the
/// organization; the owner's session. The object is always the organization, or a thing of the owner's.
const MATRIX: [(&str, &str, [u16; 4]); 50] = [
    ("POST", "/auth/v1/token", [200, 200, 200, 200]),
    ("POST", "/auth/v2/token", [200, 200, 200, 200]),
    ("POST", "/auth/v3/token", [200, 200, 200, 200]),
    // Whoever authenticates there is taken for a client, and there are none.
    ("POST", "/oauth/token", [200, 200, 401, 200]),
    ("GET", "/.well-known/jwks.json", [200, 200, 200, 200]),
    (
        "GET",
        "/.well-known/openid-configuration",
        [200, 200, 200, 200],
    ),
    (
        "GET",
        "/.well-known/oauth-authorization-server",
        [200, 200, 200, 200],
    ),
    (
        "GET",
        "/.well-known/oauth-protected-resource",
        [200, 200, 200, 200],
    ),
    ("GET", "/oauth/userinfo", [401, 401, 200, 401]),
    ("POST", "/oauth/userinfo", [401, 401, 200, 401]),
    (
        "GET",
        "/auth/realms/{realm}/protocol/openid-connect/userinfo",
        [401, 401, 200, 401],
    ),
    (
        "POST",
        "/auth/realms/{realm}/protocol/openid-connect/userinfo",
        [401, 401, 200, 401],
    ),
    ("GET", "/identity/v1/session", [401, 200, 403, 200]),
    ("POST", "/identity/v1/session", [201, 201, 201, 201]),
    ("DELETE", "/identity/v1/session", [401, 204, 403, 204]),
    ("GET", "/identity/v1/sessions", [401, 200, 403, 200]),
    ("DELETE", "/identity/v1/sessions", [401, 204, 403, 204]),
    (
        "DELETE",
        "/identity/v1/sessions/{session}",
        [401, 404, 403, 204],
    ),
    ("GET", "/identity/v1/organizations", [401, 200, 200, 200]),
    ("POST", "/identity/v1/organizations", [401, 403, 403, 403]),
    (
        "GET",
        "/identity/v1/organizations/{organization}",
        [401, 404, 200, 200],
    ),
    (
        "PATCH",
        "/identity/v1/organizations/{organization}",
        [401, 404, 200, 200],
    ),
    // With a name that is not its own: what is deleted cannot be asked for again.
    (
        "DELETE",
        "/identity/v1/organizations/{organization}",
        [401, 404, 403, 400],
    ),
    (
        "POST",
        "/identity/v1/organizations/{organization}/sub-organizations",
        [401, 404, 201, 201],
    ),
    // A root, which has no other place.
    (
        "POST",
        "/identity/v1/organizations/{organization}/move",
        [401, 404, 403, 400],
    ),
    (
        "GET",
        "/identity/v1/organizations/{organization}/users",
        [401, 404, 200, 200],
    ),
    (
        "PATCH",
        "/identity/v1/organizations/{organization}/users/{user}",
        [401, 404, 204, 204],
    ),
    (
        "DELETE",
        "/identity/v1/organizations/{organization}/users/{user}",
        [401, 404, 204, 204],
    ),
    (
        "GET",
        "/identity/v1/organizations/{organization}/users/{user}/roles",
        [401, 404, 200, 200],
    ),
    (
        "PUT",
        "/identity/v1/organizations/{organization}/users/{user}/roles",
        [401, 404, 200, 200],
    ),
    (
        "GET",
        "/identity/v1/organizations/{organization}/invitations",
        [401, 404, 200, 200],
    ),
    (
        "POST",
        "/identity/v1/organizations/{organization}/invitations",
        [401, 404, 201, 201],
    ),
    (
        "PATCH",
        "/identity/v1/organizations/{organization}/invitations",
        [401, 404, 200, 200],
    ),
    (
        "DELETE",
        "/identity/v1/organizations/{organization}/invitations",
        [401, 404, 204, 204],
    ),
    ("PATCH", "/identity/v1/users", [401, 404, 200, 200]),
    (
        "GET",
        "/identity/v1/organizations/{organization}/activity",
        [401, 404, 200, 200],
    ),
    (
        "GET",
        "/identity/v1/organizations/{organization}/explain",
        [401, 404, 200, 200],
    ),
    ("GET", "/identity/v1/roles.json", [401, 200, 200, 200]),
    ("GET", "/roles.json", [401, 200, 200, 200]),
    (
        "GET",
        "/identity/v1/organizations/{organization}/personal-api-tokens",
        [401, 404, 403, 200],
    ),
    (
        "POST",
        "/identity/v1/organizations/{organization}/personal-api-tokens",
        [401, 404, 403, 201],
    ),
    (
        "DELETE",
        "/identity/v1/organizations/{organization}/personal-api-tokens/{token}",
        [401, 404, 204, 204],
    ),
    (
        "POST",
        "/identity/v1/organizations/{organization}/personal-api-tokens/{token}/rotate",
        [401, 404, 403, 201],
    ),
    (
        "GET",
        "/identity/v1/organizations/{organization}/tokens",
        [401, 404, 200, 200],
    ),
    (
        "POST",
        "/identity/v1/organizations/{organization}/tokens/revoke",
        [401, 404, 403, 200],
    ),
    (
        "GET",
        "/identity/v1/organizations/{organization}/refusals/{request}",
        [401, 404, 403, 200],
    ),
    ("GET", "/healthz", [200, 200, 200, 200]),
    ("GET", "/readyz", [200, 200, 200, 200]),
    ("GET", "/openapi.json", [200, 200, 200, 200]),
    ("GET", "/errors", [200, 200, 200, 200]),
];

/// What the route table of the source says: method and path.
pub(super) fn routes() -> BTreeSet<(&'static str, &'static str)> {
    let (table, _rest) = SOURCE.split_once(".with_state(").unwrap();
    routes_in(table)
}

/// What a table of routes says.
pub(super) fn routes_in(table: &'static str) -> BTreeSet<(&'static str, &'static str)> {
    let mut routes = BTreeSet::new();
    for entry in table.split(".route(").skip(1) {
        let (_before, quoted) = entry.split_once('"').unwrap();
        let (path, handlers) = quoted.split_once('"').unwrap();
        let named = |method: &str| handlers.contains(&format!("{}(", method.to_lowercase()));
        let methods = METHODS.into_iter().filter(|method| named(method));
        let before = routes.len();
        routes.extend(methods.map(|method| (method, path)));
        assert!(routes.len() > before, "no method is known of {path}");
    }
    routes
}

#[test]
fn every_route_is_in_the_matrix() {
    let listed: BTreeSet<_> = MATRIX
        .iter()
        .map(|(method, path, _)| (*method, *path))
        .collect();
    assert_eq!(listed, routes());
    assert_eq!(listed.len(), MATRIX.len(), "none twice");
}

#[tokio::test]
async fn each_caller_gets_what_the_matrix_says() {
    let backend = super::backend().await;
    let site = Site::with(backend, |parts| parts.policy.pat_limit = 1_000).await;
    let status = async |caller: Caller, method: &str, path: &str| {
        let things = Things::of(&site).await;
        let answer = things.ask(&site, caller, method, path).send().await;
        // An error is in one of the two forms, whoever gets it.
        answer.outcome();
        answer.status
    };
    for (method, path, wanted) in MATRIX {
        let answered = [
            status(Caller::Nobody, method, path).await,
            status(Caller::Stranger, method, path).await,
            status(Caller::Token, method, path).await,
            status(Caller::Owner, method, path).await,
        ];
        assert_eq!(answered, wanted, "{method} {path}");
    }
}

#[tokio::test]
async fn every_other_method_is_405_for_every_caller() {
    let site = Site::on(super::backend().await).await;
    let things = Things::of(&site).await;
    let routes = routes();
    let paths: BTreeSet<&str> = routes.iter().map(|(_method, path)| *path).collect();
    let pairs = paths
        .iter()
        .flat_map(|path| METHODS.map(|method| (method, *path)));
    let others = pairs.filter(|pair| !routes.contains(pair));
    let callers = [Caller::Nobody, Caller::Token, Caller::Owner];
    let asks = others.flat_map(|pair| callers.map(|caller| (caller, pair)));
    for (caller, (method, path)) in asks {
        let answer = things.ask(&site, caller, method, path).send().await;
        assert_eq!(answer.status, 405, "{method} {path} {caller:?}");
        let allow = answer.header("allow").unwrap().split(',');
        let listed: BTreeSet<&str> = allow.filter(|method| *method != "HEAD").collect();
        let here = routes.iter().filter(|(_method, there)| *there == path);
        let known: BTreeSet<&str> = here.map(|(method, _there)| *method).collect();
        assert_eq!(listed, known, "{path}");
    }
}

#[tokio::test]
async fn a_token_of_another_organization_of_the_tree_does_not_cover_this_one() {
    let site = Site::on(super::backend().await).await;
    let ana = site.sign_in("ana").await;
    let pat = site.generate(&ana, site.acme, "{}").await;
    let below = site.jwt(&pat, site.mobile).await;
    // The same PAT, an access token for an organization below: not for what lies above it.
    let ask = site.delete(&pat.path()).bearer(&below);
    assert_eq!(ask.outcome().await, "404 not_found");
    let mine = site.get(&pats_of(site.acme)).cookie(&ana).send().await;
    assert_eq!(mine.json()["data"][0]["status"], "active");
}
