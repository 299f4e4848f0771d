//! What is asked for, and by whom.

use axum::body::Body;
use http::Request;
use http::request::Builder;

/// Somebody of the tree.
#[derive(Debug, Clone, Copy)]
pub(super) enum Who {
    Ana,
    Bo,
    Cem,
}

/// What is asked for: its name, by whom, and where, with the root and the deepest of the path in it.
pub(super) const ASKED: [(&str, Who, &str); 20] = [
    (
        "list, all (API), memberships from the root",
        Who::Ana,
        "/identity/v1/organizations",
    ),
    (
        "list, all (API), 10,000 below the root",
        Who::Bo,
        "/identity/v1/organizations",
    ),
    (
        "list, all (API), one membership",
        Who::Cem,
        "/identity/v1/organizations",
    ),
    (
        "list, first page of 100",
        Who::Ana,
        "/identity/v1/organizations?page=1&perPage=100",
    ),
    (
        "list, first page of 100, none at the root",
        Who::Bo,
        "/identity/v1/organizations?page=1&perPage=100",
    ),
    (
        "list, last page of 1,000",
        Who::Ana,
        "/identity/v1/organizations?page=100&perPage=1000",
    ),
    ("organizations (page)", Who::Ana, "/organizations"),
    (
        "organizations (page), none at the root",
        Who::Bo,
        "/organizations",
    ),
    ("search, many fit", Who::Ana, "/organizations?q=team%207"),
    ("search, one fits", Who::Ana, "/organizations?q=15-99999"),
    (
        "search, one fits, none at the root",
        Who::Bo,
        "/organizations?q=15-99999",
    ),
    (
        "switch: security of the root",
        Who::Ana,
        "/orgs/ROOT/security",
    ),
    (
        "switch: security at depth 16",
        Who::Ana,
        "/orgs/DEEPEST/security",
    ),
    (
        "switch: as the only owner, depth 16",
        Who::Cem,
        "/orgs/DEEPEST/security",
    ),
    ("team of the root", Who::Cem, "/orgs/ROOT/team"),
    ("try it at the root", Who::Cem, "/orgs/ROOT/security/try-it"),
    ("activity of the root", Who::Cem, "/orgs/ROOT/activity"),
    ("all my tokens, everywhere", Who::Ana, "/tokens"),
    (
        "explain, held at 16 levels",
        Who::Ana,
        "/identity/v1/organizations/DEEPEST/explain?permission=build:manage",
    ),
    (
        "explain, what is missing",
        Who::Ana,
        "/identity/v1/organizations/DEEPEST/explain?permission=billing:manage",
    ),
];

/// A request without a body, to be asked again and again.
#[derive(Debug, Clone, Default)]
pub(super) struct Ask {
    pub(super) path: String,
    pub(super) cookie: String,
    pub(super) bearer: String,
    /// Of a form; none: it is a GET.
    pub(super) form: String,
}

impl Ask {
    pub(super) fn get(path: &str) -> Self {
        Self {
            path: path.to_owned(),
            ..Self::default()
        }
    }

    pub(super) fn cookie(self, cookie: &str) -> Self {
        Self {
            cookie: cookie.to_owned(),
            ..self
        }
    }

    pub(super) fn request(&self) -> Request<Body> {
        let with = |request: Builder, name, value: &str| match value {
            "" => request,
            value => request.header(name, value),
        };
        let is_page = self.path.starts_with("/org") || self.path.starts_with("/tokens");
        let request = if self.form.is_empty() {
            Request::get(&self.path)
        } else {
            let form = "application/x-www-form-urlencoded";
            Request::post(&self.path).header("content-type", form)
        };
        let request = request.header("host", "127.0.0.1:8787");
        let request = with(request, "accept", if is_page { "text/html" } else { "" });
        let request = with(request, "cookie", &self.cookie);
        let request = with(request, "authorization", &self.bearer);
        request
            .body(Body::from(self.form.clone()))
            .expect("a request")
    }
}
