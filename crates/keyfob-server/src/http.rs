//! The edge of the server, and every route in one table.
//!
//! Handlers here read a request, call one use case in `app`, and write its answer. They do not query
//! and do not decide.

#[expect(
    unused_qualifications,
    reason = "utoipa names the parameters of a query by their whole path"
)]
mod activity;
pub mod authenticate;
pub(crate) mod body;
mod discovery;
pub mod edge;
#[expect(
    unused_qualifications,
    reason = "utoipa names the parameters of a query by their whole path"
)]
mod explain;
pub mod form;
pub mod health;
mod invitations;
pub mod json;
#[expect(
    unused_qualifications,
    reason = "utoipa names the parameters of a query by their whole path"
)]
mod managed_tokens;
mod members;
pub mod oauth_error;
mod oauth_token;
pub(crate) mod openapi;
#[expect(
    unused_qualifications,
    reason = "utoipa names the parameters of a query by their whole path"
)]
mod organizations;
mod path;
mod pats;
#[doc(hidden)]
pub mod probe;
pub mod problem;
mod refusals;
pub mod server;
mod session;
pub(crate) mod token;

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::middleware::from_fn;
use axum::routing::{delete, get, patch, post};
use keyfob_store::StoreError;
use keyfob_store::instance::instance_find;

use crate::http::edge::Edge;
use crate::state::App;
use crate::web;

/// Every route of the public listener, behind the edge.
pub fn service(app: &Arc<App>) -> Edge {
    let (clock, entropy) = (Arc::clone(&app.clock), Arc::clone(&app.entropy));
    Edge::new(routes(app), clock, entropy, Arc::clone(&app.metrics))
        .known_as(&app.issuer)
        .behind(app.proxies.clone())
        .showing(&app.brand, app.demo.as_ref())
}

/// The management API (contract 5).
fn management() -> Router<Arc<App>> {
    Router::new()
        .route(
            "/identity/v1/session",
            get(session::who)
                .post(session::sign_in)
                .delete(session::sign_out),
        )
        .route(
            "/identity/v1/sessions",
            get(session::list).delete(session::end_others),
        )
        .route("/identity/v1/sessions/{session}", delete(session::end))
        .route(
            "/identity/v1/organizations",
            get(organizations::list).post(organizations::create),
        )
        .route(
            "/identity/v1/organizations/{organization}",
            get(organizations::one)
                .patch(organizations::rename)
                .delete(organizations::delete),
        )
        .route(
            "/identity/v1/organizations/{organization}/sub-organizations",
            post(organizations::create_below),
        )
        .route(
            "/identity/v1/organizations/{organization}/move",
            post(organizations::move_below),
        )
        .route(
            "/identity/v1/organizations/{organization}/users",
            get(members::list),
        )
        .route(
            "/identity/v1/organizations/{organization}/users/{user}",
            delete(members::remove).patch(members::suspend),
        )
        .route(
            "/identity/v1/organizations/{organization}/users/{user}/roles",
            get(members::roles).put(members::set_roles),
        )
        .route(
            "/identity/v1/organizations/{organization}/invitations",
            get(invitations::list)
                .post(invitations::invite)
                .patch(invitations::invite_again)
                .delete(invitations::withdraw),
        )
        .route("/identity/v1/users", patch(invitations::invite_to_several))
        .route_layer(from_fn(authenticate::challenge_programs))
}

/// What happened, why somebody may do something, and which roles there are (contract 5).
fn answers() -> Router<Arc<App>> {
    Router::new()
        .route(
            "/identity/v1/organizations/{organization}/activity",
            get(activity::list),
        )
        .route(
            "/identity/v1/organizations/{organization}/explain",
            get(explain::explain),
        )
        .route("/identity/v1/roles.json", get(members::catalogue))
        .route("/roles.json", get(members::catalogue))
        .route_layer(from_fn(authenticate::challenge_programs))
}

/// Personal API tokens over JSON (contract 5).
fn tokens() -> Router<Arc<App>> {
    Router::new()
        .route(
            "/identity/v1/organizations/{organization}/personal-api-tokens",
            get(pats::list).post(pats::generate),
        )
        .route(
            "/identity/v1/organizations/{organization}/personal-api-tokens/{token}",
            delete(pats::revoke),
        )
        .route(
            "/identity/v1/organizations/{organization}/personal-api-tokens/{token}/rotate",
            post(pats::rotate::rotate),
        )
        .route(
            "/identity/v1/organizations/{organization}/tokens",
            get(managed_tokens::list),
        )
        .route(
            "/identity/v1/organizations/{organization}/tokens/revoke",
            post(managed_tokens::revoke),
        )
        .route_layer(from_fn(authenticate::challenge_programs))
        .route(
            "/identity/v1/organizations/{organization}/refusals/{request}",
            get(refusals::find),
        )
}

fn routes(app: &Arc<App>) -> Router {
    Router::new()
        // the token doors (contract 3)
        .route("/auth/v1/token", post(token::v1))
        .route("/auth/v2/token", post(token::v2))
        .route("/auth/v3/token", post(token::v3))
        .route("/oauth/token", post(oauth_token::token))
        // what tells about them (contract 4)
        .route("/.well-known/jwks.json", get(discovery::jwks))
        .route("/.well-known/openid-configuration", get(discovery::openid))
        .route(
            "/.well-known/oauth-authorization-server",
            get(discovery::oauth),
        )
        .route(
            "/.well-known/oauth-protected-resource",
            get(discovery::protected_resource),
        )
        .route(
            "/oauth/userinfo",
            get(discovery::userinfo).post(discovery::userinfo),
        )
        .route(
            "/auth/realms/{realm}/protocol/openid-connect/userinfo",
            get(discovery::userinfo).post(discovery::userinfo),
        )
        .merge(management())
        .merge(answers())
        .merge(tokens())
        // the operator's
        .route("/healthz", get(health::healthz))
        .route("/readyz", get(readyz))
        // pages, and what they are made from
        .route("/openapi.json", get(openapi::document))
        .route("/errors", get(problem::registry::errors_page))
        .merge(web::routes())
        .with_state(Arc::clone(app))
}

/// Ready is who can read what every decision reads; an answer that touches no stored page proves nothing.
#[utoipa::path(
    get,
    path = "/readyz",
    operation_id = "isReady",
    tag = "Health",
    summary = "Is it ready",
    description = "Whether the store answers.",
    responses((status = 200, description = "It is", body = String, content_type = "text/plain"), (status = 503, description = "It is not", body = String, content_type = "text/plain")),
    security(()),
)]
async fn readyz(State(app): State<Arc<App>>) -> axum::response::Response {
    let reads = async {
        let mut tx = app.store.read_single().await?;
        instance_find(&mut tx).await.map(|_found| ())
    };
    health::readyz::<StoreError>(reads).await
}
