//! What tells others about the server: keys, metadata, and who an access token speaks for.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, header};
use keyfob_core::key::JWKS_MAX_AGE;
use keyfob_verify::Algorithm;
use serde::Serialize;
use utoipa::ToSchema;

use super::authenticate::ByToken;
use super::json::Json;
use super::oauth_token::TOKEN_EXCHANGE;
use super::openapi::shapes::KeySet;
use super::problem::Problem;
use crate::context::Ctx;
use crate::state::{App, STALE};

/// How long others may keep keys and metadata: [`JWKS_MAX_AGE`]. A new key is listed for twice as long
/// before it signs.
const MAX_AGE: HeaderValue = HeaderValue::from_static("public, max-age=300");
const _: () = assert!(JWKS_MAX_AGE.as_secs() == 300, "as in the header");

/// Answers `GET /.well-known/jwks.json` (RFC 7517 §5). A key that was dropped is gone from it at once;
/// while the store is away, what was read within the last two minutes is served.
#[utoipa::path(
    get,
    path = "/.well-known/jwks.json",
    operation_id = "readKeys",
    tag = "Discovery",
    summary = "The keys that verify access tokens",
    description = "A key that was dropped is gone from it at once (RFC 7517).",
    responses((status = 200, description = "The key set", body = KeySet)),
    security(()),
    extensions(("x-errors" = json!(["temporarily_unavailable"]))),
)]
pub(super) async fn jwks(State(app): State<Arc<App>>, ctx: Ctx) -> Result<Response, Problem> {
    let loaded = match app.current(ctx.now).await {
        Ok(loaded) => loaded,
        Err(error) => {
            let kept = app.loaded();
            if ctx.now.since(kept.read_at) > STALE {
                return Err(Problem::unavailable(error));
            }
            kept
        }
    };
    let keys = loaded.ring.jwks(ctx.now);
    Ok(([(header::CACHE_CONTROL, MAX_AGE)], Json(keys)).into_response())
}

/// What both documents have in common, so that they cannot differ (ATJ-08).
#[derive(Serialize, ToSchema)]
#[schema(as = ServerMetadata)]
struct Metadata<'a> {
    issuer: &'a str,
    jwks_uri: String,
    token_endpoint: String,
    scopes_supported: [&'static str; 3],
    response_types_supported: [&'static str; 0],
    grant_types_supported: [&'static str; 1],
    token_endpoint_auth_methods_supported: [&'static str; 1],
}

/// The same, and what `OpenID` Connect adds to it.
#[derive(Serialize, ToSchema)]
#[schema(as = OpenIdConfiguration)]
struct OpenId<'a> {
    #[serde(flatten)]
    common: Metadata<'a>,
    userinfo_endpoint: String,
    subject_types_supported: [&'static str; 1],
    id_token_signing_alg_values_supported: Vec<&'static str>,
    claims_supported: [&'static str; 6],
}

/// Answers `GET /.well-known/openid-configuration` (`OpenID` Connect Discovery 1.0 §4). It names only
/// what exists: there is no authorization endpoint, and no ID token is issued.
#[utoipa::path(
    get,
    path = "/.well-known/openid-configuration",
    operation_id = "readOpenIdConfiguration",
    tag = "Discovery",
    summary = "Metadata as OpenID Connect Discovery has it",
    description = "It names only what exists: there is no authorization endpoint.",
    responses((status = 200, description = "The metadata", body = OpenId)),
    security(()),
)]
pub(super) async fn openid(State(app): State<Arc<App>>) -> Response {
    let algorithms = app.resource_servers.algorithms().into_iter();
    let document = OpenId {
        common: metadata(&app),
        userinfo_endpoint: format!("{}/oauth/userinfo", app.issuer),
        subject_types_supported: ["public"],
        // Required by the standard; the algorithms that our tokens are signed with.
        id_token_signing_alg_values_supported: algorithms.map(Algorithm::name).collect(),
        claims_supported: [
            "sub",
            "email",
            "email_verified",
            "name",
            "currentOrganizationId",
            "rootOrganizationId",
        ],
    };
    ([(header::CACHE_CONTROL, MAX_AGE)], Json(document)).into_response()
}

/// Answers `GET /.well-known/oauth-authorization-server` (RFC 8414 §3).
#[utoipa::path(
    get,
    path = "/.well-known/oauth-authorization-server",
    operation_id = "readAuthorizationServer",
    tag = "Discovery",
    summary = "Metadata of the authorization server",
    description = "RFC 8414.",
    responses((status = 200, description = "The metadata", body = Metadata)),
    security(()),
)]
pub(super) async fn oauth(State(app): State<Arc<App>>) -> Response {
    ([(header::CACHE_CONTROL, MAX_AGE)], Json(metadata(&app))).into_response()
}

fn metadata(app: &App) -> Metadata<'_> {
    Metadata {
        issuer: &app.issuer,
        jwks_uri: format!("{}/.well-known/jwks.json", app.issuer),
        token_endpoint: format!("{}/oauth/token", app.issuer),
        // Permissions are scopes too; which there are is the catalogue's business.
        scopes_supported: ["openid", "profile", "email"],
        response_types_supported: [],
        grant_types_supported: [TOKEN_EXCHANGE],
        token_endpoint_auth_methods_supported: ["none"],
    }
}

/// What our own API is, as a resource (RFC 9728 §2).
#[derive(Serialize, ToSchema)]
struct ProtectedResource<'a> {
    resource: &'a str,
    authorization_servers: [&'a str; 1],
    bearer_methods_supported: [&'static str; 1],
}

/// Answers `GET /.well-known/oauth-protected-resource` (RFC 9728 §3): where tokens for our own API come
/// from.
#[utoipa::path(
    get,
    path = "/.well-known/oauth-protected-resource",
    operation_id = "readProtectedResource",
    tag = "Discovery",
    summary = "Metadata of this API",
    description = "RFC 9728: where access tokens for it come from.",
    responses((status = 200, description = "The metadata", body = ProtectedResource)),
    security(()),
)]
pub(super) async fn protected_resource(State(app): State<Arc<App>>) -> Response {
    let document = ProtectedResource {
        resource: &app.issuer,
        authorization_servers: [&app.issuer],
        bearer_methods_supported: ["header"],
    };
    ([(header::CACHE_CONTROL, MAX_AGE)], Json(document)).into_response()
}

/// The person behind an access token, as far as its scopes allow (`OpenID` Connect Core 1.0 §5.3).
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct UserInfo {
    sub: uuid::Uuid,
    current_organization_id: uuid::Uuid,
    root_organization_id: uuid::Uuid,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    #[serde(rename = "email_verified", skip_serializing_if = "Option::is_none")]
    email_verified: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
}

/// Answers userinfo at both its paths. Which claims it shows follows from the token's scopes; what they
/// say is read from the store.
#[utoipa::path(
    get,
    path = "/oauth/userinfo",
    operation_id = "readUserInfo",
    tag = "Discovery",
    summary = "Who an access token speaks for",
    description = "As far as its scopes allow.",
    responses((status = 200, description = "The person", body = UserInfo)),
    security(("accessToken" = [])),
)]
pub(super) async fn userinfo(ByToken(token): ByToken) -> Response {
    let (claims, person) = (token.claims, token.person);
    Json(UserInfo {
        sub: claims.sub,
        current_organization_id: claims.current_organization_id,
        root_organization_id: claims.root_organization_id,
        email_verified: claims
            .email
            .as_ref()
            .map(|_asked| person.email_verified_at.is_some()),
        email: claims.email.map(|_asked| person.email),
        name: claims.name.map(|_asked| person.full_name),
    })
    .into_response()
}
