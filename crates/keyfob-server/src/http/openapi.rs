//! The description of the API (`OpenAPI` 3.1), made from the handlers and from the types that they read and
//! write. `docs/openapi.json` is the same text.
//!
//! A handler says in `#[utoipa::path]` what is its own; what follows from that, or holds of many, is added in
//! [`complete`]. A test compares the document with the table of routes.

mod answers;
mod complete;
pub(super) mod shapes;

use std::sync::{Arc, LazyLock};

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, header};
use serde_json::Value;
use utoipa::OpenApi;

use super::authenticate::{SESSION_COOKIE, own_cookie_name};
use super::{
    activity, discovery, explain, health, invitations, managed_tokens, members, oauth_token,
    organizations, pats, refusals, session, token,
};
use crate::state::App;

/// The cookie's name in the document.
const COOKIE: &str = "__Host-keyfob_session";
/// How long others may keep it: it changes with the binary only.
const MAX_AGE: HeaderValue = HeaderValue::from_static("public, max-age=300");

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Keyfob",
        description = "Personal API tokens for organizations with sub-organizations: exchange a token for a \
                       short-lived access token, and manage organizations, members and tokens.\n\n\
                       Members that are not there are left out and never `null`. Dates are RFC 3339 in UTC. \
                       Every answer has the id of its request in `X-Request-Id`. `x-errors` lists the codes \
                       of an operation's own refusals, beside those that any request may meet.",
        license(name = "Apache-2.0 OR MIT", identifier = "Apache-2.0 OR MIT"),
    ),
    servers((url = "/", description = "This server")),
    tags(
        (name = "Exchange", description = "A personal API token for an access token"),
        (name = "Sessions", description = "Signing in and out"),
        (name = "Organizations", description = "The tree"),
        (name = "Members", description = "Who belongs to an organization, and with which roles"),
        (name = "Invitations", description = "Who is to become a member"),
        (name = "Activity", description = "The audit log"),
        (name = "Personal API tokens", description = "One's own tokens"),
        (name = "Tokens of an organization", description = "Everybody's tokens, for who manages it"),
        (name = "Discovery", description = "What tells about the server"),
        (name = "Health", description = "For supervisors"),
    ),
    components(schemas(
        shapes::AllOthers,
        shapes::OAuthError,
        shapes::OrganizationField,
        shapes::Problem,
        shapes::ReachWord,
        shapes::RoleKey,
        shapes::VisibleName,
    )),
    paths(
        token::v1,
        token::v2,
        token::v3,
        oauth_token::token,
        discovery::jwks,
        discovery::openid,
        discovery::oauth,
        discovery::protected_resource,
        discovery::userinfo,
        session::who,
        session::sign_in,
        session::sign_out,
        session::list,
        session::end_others,
        session::end,
        activity::list,
        invitations::list,
        invitations::invite,
        invitations::invite_to_several,
        invitations::invite_again,
        invitations::withdraw,
        organizations::list,
        organizations::create,
        organizations::one,
        organizations::rename,
        organizations::delete,
        organizations::create_below,
        organizations::move_below,
        members::list,
        members::remove,
        members::suspend,
        members::roles,
        members::set_roles,
        members::catalogue,
        explain::explain,
        pats::list,
        pats::generate,
        pats::revoke,
        pats::rotate::rotate,
        managed_tokens::list,
        managed_tokens::revoke,
        refusals::find,
        health::healthz,
        super::readyz,
        document,
    )
)]
struct Described;

/// The document.
static DOCUMENT: LazyLock<Value> = LazyLock::new(|| {
    // A document of texts and maps always becomes JSON.
    let mut document = serde_json::to_value(Described::openapi()).unwrap_or_default();
    complete::complete(&mut document);
    // Whether a map keeps its order is decided by a feature that any other crate can switch on.
    document.sort_all_objects();
    document
});

/// The document as it is served and kept.
static TEXT: LazyLock<String> = LazyLock::new(|| format!("{:#}\n", *DOCUMENT));

/// The document, to look into.
pub(crate) fn value() -> &'static Value {
    &DOCUMENT
}

/// The document, as a text.
pub(crate) fn text() -> &'static str {
    &TEXT
}

/// Answers `GET /openapi.json`.
#[utoipa::path(
    get,
    path = "/openapi.json",
    operation_id = "readDescription",
    tag = "Discovery",
    summary = "This document",
    description = "For people there is a page at `/docs/api`.",
    responses((status = 200, description = "The description of the API", body = Value)),
    security(()),
)]
pub(super) async fn document(State(app): State<Arc<App>>) -> Response {
    let headers = [
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/json"),
        ),
        (header::CACHE_CONTROL, MAX_AGE),
    ];
    // The cookie's name depends on the public address.
    let name = own_cookie_name(&app, SESSION_COOKIE);
    (headers, text().replace(COOKIE, &name)).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::form::Field;

    #[test]
    fn the_fields_of_forms_are_those_that_the_doors_read() {
        for form in ["V1Form", "V2Form", "V3Form", "ExchangeForm"] {
            let fields = value().pointer(&format!("/components/schemas/{form}/properties"));
            let fields = fields.and_then(Value::as_object).expect("fields");
            let unknown = fields.keys().find(|name| Field::of(name).is_none());
            assert_eq!(unknown, None, "{form}");
        }
    }

    #[test]
    fn the_kept_document_is_the_one_that_is_served() {
        let kept = include_str!("../../../../docs/openapi.json");
        let mut lines = kept.lines().zip(text().lines()).enumerate();
        let differs = lines.find(|(_number, (kept, made))| kept != made);
        assert_eq!(differs, None, "run `cargo xtask docs`");
        assert_eq!(kept.len(), text().len(), "run `cargo xtask docs`");
    }
}
