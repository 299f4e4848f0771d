//! Each route of the management API, what it asks for, and a request that only authorization can refuse.

use serde_json::json;

use super::oracle::{Asks, Place};
use super::{World, name};
use crate::client::Ask;

/// Where a route is about one organization.
const ORGANIZATION: &str = "/identity/v1/organizations/{organization}";

/// Method, path, what it asks for. A route of `http.rs` that is not here fails the test.
pub(super) const ROUTES: [(&str, &str, Asks); 39] = [
    ("GET", "/oauth/userinfo", Asks::Program),
    ("POST", "/oauth/userinfo", Asks::Program),
    ("GET", "/identity/v1/session", Asks::Person),
    ("GET", "/identity/v1/sessions", Asks::Person),
    ("GET", "/identity/v1/organizations", Asks::Anybody),
    ("POST", "/identity/v1/organizations", Asks::Root),
    ("GET", "/identity/v1/roles.json", Asks::Anybody),
    ("GET", "/roles.json", Asks::Anybody),
    ("PATCH", "/identity/v1/users", Asks::Manages),
    ("GET", "", Asks::Known),
    ("PATCH", "", Asks::Manages),
    ("DELETE", "", Asks::Owner),
    ("POST", "/sub-organizations", Asks::Manages),
    ("POST", "/move", Asks::Move),
    ("GET", "/users", Asks::Members),
    ("PATCH", "/users/{user}", Asks::Manages),
    ("DELETE", "/users/{user}", Asks::Manages),
    ("GET", "/users/{user}/roles", Asks::Members),
    ("PUT", "/users/{user}/roles", Asks::Manages),
    ("GET", "/invitations", Asks::Manages),
    ("POST", "/invitations", Asks::Manages),
    ("PATCH", "/invitations", Asks::Manages),
    ("DELETE", "/invitations", Asks::Manages),
    ("GET", "/activity", Asks::Log),
    ("GET", "/explain", Asks::Known),
    ("GET", "/personal-api-tokens", Asks::OwnTokens),
    ("POST", "/personal-api-tokens", Asks::Generate),
    ("DELETE", "/personal-api-tokens/{token}", Asks::RevokeOthers),
    (
        "POST",
        "/personal-api-tokens/{token}/rotate",
        Asks::RotateOthers,
    ),
    ("GET", "/tokens", Asks::Manages),
    ("POST", "/tokens/revoke", Asks::ManagesAsPerson),
    ("GET", "/refusals/{request}", Asks::Refusal),
    // Of these there is one for each session, which is about no organization; their own tests ask.
    ("POST", "/identity/v1/session", Asks::Anybody),
    ("DELETE", "/identity/v1/session", Asks::Person),
    ("DELETE", "/identity/v1/sessions", Asks::Person),
    ("DELETE", "/identity/v1/sessions/{session}", Asks::Person),
    // The same as the first two, at the address of older clients.
    (
        "GET",
        "/auth/realms/{realm}/protocol/openid-connect/userinfo",
        Asks::Program,
    ),
    (
        "POST",
        "/auth/realms/{realm}/protocol/openid-connect/userinfo",
        Asks::Program,
    ),
    ("GET", "/explain?user", Asks::Manages),
];

/// Those that end what the next request needs, and are asked by other tests.
const ELSEWHERE: [(&str, &str); 4] = [
    ("POST", "/identity/v1/session"),
    ("DELETE", "/identity/v1/session"),
    ("DELETE", "/identity/v1/sessions"),
    ("DELETE", "/identity/v1/sessions/{session}"),
];

/// The whole path of a route.
pub(super) fn path(path: &str) -> String {
    let (path, _query) = path.split_once('?').unwrap_or((path, ""));
    let is_whole = ["/identity", "/oauth", "/auth", "/roles"];
    if is_whole.iter().any(|start| path.starts_with(start)) {
        path.to_owned()
    } else {
        format!("{ORGANIZATION}{path}")
    }
}

/// Whether the matrix sends it.
pub(super) fn is_sent(method: &str, path: &str) -> bool {
    !ELSEWHERE.contains(&(method, path))
}

/// Whether it is about an organization.
pub(super) fn has_place(route: &str) -> bool {
    path(route).contains("{organization}") || route == "/identity/v1/users"
}

/// The request, with nobody asking yet.
pub(super) fn request(world: &World, (method, route): (&str, &str), place: Place) -> Ask {
    let id = world.organization(place);
    let user = world.target;
    let target = path(route)
        .replace("{organization}", &id.to_string())
        .replace("{realm}", "any")
        .replace("{user}", &user.to_string())
        .replace("{token}", &world.pat(place))
        .replace("{request}", &world.refusals[name(place)]);
    assert!(!target.contains('{'), "{target}");
    let ask = |query: &str| world.site.ask(method, &format!("{target}{query}"));
    let invited = json!({ "userEmail": "kim@acme.example" }).to_string();
    match (method, route) {
        ("PATCH", "/identity/v1/users") => {
            let promise = json!({ "organizationId": id.to_string(), "roles": [] });
            let body = json!({
                "userEmail": "lea@acme.example",
                "organizationsAndRoles": [promise],
            });
            ask(&format!("?action=invite&organizationId={id}")).json(&body.to_string())
        }
        ("POST", "/identity/v1/organizations") => ask("").json(r#"{"name":"New"}"#),
        ("PATCH", "") => {
            let body = json!({ "name": name(place) });
            ask("").json(&body.to_string())
        }
        ("DELETE", "") => ask("?confirm=Other"),
        ("POST", "/sub-organizations") => {
            let body = json!({ "name": world.new_name() });
            ask("").json(&body.to_string())
        }
        ("POST", "/move") => {
            let body = json!({ "parent": world.parent(place).to_string() });
            ask("").json(&body.to_string())
        }
        ("PATCH", "/users/{user}") => ask("").json(r#"{"suspended":true}"#),
        ("PUT", _roles) => ask("").json(r#"{"roles":["view-build"]}"#),
        ("POST", "/invitations") => ask("").json(r#"{"userEmail":"lea@acme.example","roles":[]}"#),
        ("PATCH", "/invitations") => ask("?action=re-invite").json(&invited),
        ("DELETE", "/invitations") => ask("").json(&invited),
        ("GET", "/explain") => ask("?permission=build:view"),
        ("GET", "/explain?user") => ask(&format!("?permission=build:view&user={user}")),
        ("POST", "/personal-api-tokens" | "/personal-api-tokens/{token}/rotate") => {
            ask("").json("{}")
        }
        ("POST", "/tokens/revoke") => {
            let body = json!({ "tokens": [world.pat(place)], "dryRun": true });
            ask("").json(&body.to_string())
        }
        _bodiless => ask(""),
    }
}
