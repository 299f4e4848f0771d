//! `POST /oauth/token`: the same exchange by the standard, RFC 8693 (contract X3, X7, X10).
//!
//! A PAT is the `subject_token`, of a type of our own, because it is no OAuth access token. There are no
//! registered clients: who authenticates as one is refused rather than believed.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::header;
use keyfob_core::exchange::Denial;
use keyfob_core::id::OrgId;
use keyfob_core::scope::NamedScopes;

use super::form::{Field, Fields, token_form};
use super::oauth_error::{OAuthCode, OAuthError};
use super::openapi::shapes::{AccessToken, ExchangeForm};
use super::token::{organization_of, success};
use crate::app::exchange::{ExchangeError, Wanted, exchange};
use crate::context::Ctx;
use crate::metrics::ExchangeOutcome;
use crate::resource_server::ResourceServer;
use crate::secret::SecretText;
use crate::state::App;

/// The one grant type (RFC 8693 §2.1).
pub(super) const TOKEN_EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
/// The type of a PAT.
const PAT_TYPE: &str = "urn:keyfob:token-type:pat";
/// The type of what is given for it (RFC 8693 §3).
const ACCESS_TOKEN_TYPE: &str = "urn:ietf:params:oauth:token-type:access_token";
/// Further member of the answer (RFC 8693 §2.2.1).
const ISSUED: &str = r#","issued_token_type":"urn:ietf:params:oauth:token-type:access_token""#;

/// Answers `POST /oauth/token`.
#[utoipa::path(
    post,
    path = "/oauth/token",
    operation_id = "exchangeToken",
    tag = "Exchange",
    summary = "Exchange a personal API token by RFC 8693",
    description = "The token is the `subject_token`. There are no registered clients.",
    request_body(content = ExchangeForm, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, description = "The access token", body = AccessToken)),
    security(()),
    extensions(("x-errors" = json!(["invalid_request", "invalid_scope", "invalid_target", "unsupported_grant_type", "invalid_client", "too_many_requests"]))),
)]
pub(super) async fn token(State(app): State<Arc<App>>, ctx: Ctx, request: Request) -> Response {
    let claims_a_client = request.headers().contains_key(header::AUTHORIZATION);
    let (parts, body) = request.into_parts();
    let fields = match token_form(&parts.headers, parts.uri.query(), body).await {
        Ok(fields) if claims_a_client || is_client(&fields) => {
            return malformed(&app, OAuthError::invalid_client());
        }
        Ok(fields) => fields,
        Err(error) => return malformed(&app, error),
    };
    let asked = match Asked::read(&app, fields) {
        Ok(asked) => asked,
        Err(error) => return malformed(&app, error),
    };
    match asked.exchange(&app, &ctx).await {
        Ok(response) => response,
        Err(error) => error.into_response(),
    }
}

fn malformed(app: &App, error: OAuthError) -> Response {
    app.metrics.exchanged(ExchangeOutcome::Malformed);
    error.into_response()
}

/// Whether the form authenticates a client (RFC 6749 §2.3.1, RFC 7521 §4.2). A `client_id` alone does not.
fn is_client(fields: &Fields) -> bool {
    fields.has(Field::ClientSecret) || fields.has(Field::ClientAssertion)
}

struct Asked<'a> {
    secret: SecretText,
    target: Option<OrgId>,
    /// The field `scope`, in which words are still to be told apart.
    scope: Option<String>,
    server: &'a ResourceServer,
}

impl<'a> Asked<'a> {
    fn read(app: &'a App, mut fields: Fields) -> Result<Self, OAuthError> {
        match fields.text(Field::GrantType) {
            Some(TOKEN_EXCHANGE) => {}
            None => return Err(OAuthError::invalid_request("grant_type is missing.")),
            Some(_other) => {
                let message = "The one grant type here is token exchange (RFC 8693).";
                return Err(OAuthError::new(OAuthCode::UnsupportedGrantType, message));
            }
        }
        types(&fields)?;
        let server = server(app, &fields)?;
        let differ = "organization and subOrganization differ. Send one of them.";
        let names = [Field::Organization, Field::SubOrganization];
        let target = organization_of(&fields, names, differ)?;
        let scope = fields.text(Field::Scope).map(str::to_owned);
        NamedScopes::parse(scope.as_deref()).map_err(|_unknown| invalid_scope())?;
        let secret = fields
            .take_secret(Field::SubjectToken)
            .filter(|secret| !secret.expose().trim().is_empty());
        let missing = "Send the personal API token as subject_token.";
        Ok(Self {
            secret: secret.ok_or(OAuthError::invalid_request(missing))?,
            target,
            scope,
            server,
        })
    }

    async fn exchange(&self, app: &App, ctx: &Ctx) -> Result<Response, OAuthError> {
        let scopes = NamedScopes::parse(self.scope.as_deref()).map_err(|_read| invalid_scope())?;
        let want = Wanted {
            pat: self.secret.expose(),
            target: self.target,
            scopes: scopes.claims,
            named: &scopes.permissions,
            server: self.server,
        };
        let exchanged = exchange(app, ctx, &want).await.map_err(refusal)?;
        Ok(success(ctx, &exchanged, ISSUED))
    }
}

/// Token types: each must be the one that there is. Nobody acts for somebody else here, and to say
/// nothing of it would be to grant it (TXE-04).
fn types(fields: &Fields) -> Result<(), OAuthError> {
    let refuse = |message| Err(OAuthError::invalid_request(message));
    if fields.has(Field::ActorToken) || fields.has(Field::ActorTokenType) {
        return refuse("There is no acting for somebody else here.");
    }
    match fields.text(Field::SubjectTokenType) {
        Some(PAT_TYPE) => {}
        _other_or_none => {
            return refuse("subject_token_type must be urn:keyfob:token-type:pat.");
        }
    }
    match fields.text(Field::RequestedTokenType) {
        None | Some(ACCESS_TOKEN_TYPE) => Ok(()),
        Some(_other) => refuse("Only access tokens are issued here."),
    }
}

/// X10: the one resource server that is meant, by `audience`, by `resource`, or by both alike.
fn server<'a>(app: &'a App, fields: &Fields) -> Result<&'a ResourceServer, OAuthError> {
    let unknown = OAuthError::new(
        OAuthCode::InvalidTarget,
        "The resource server is not known.",
    );
    let (servers, issuer) = (&app.resource_servers, &app.issuer);
    let named =
        |field, find: &dyn Fn(&str) -> Option<&'a ResourceServer>| fields.text(field).map(find);
    let by_audience = named(Field::Audience, &|text| servers.of_audience(text, issuer));
    let by_resource = named(Field::Resource, &|text| servers.of_resource(text, issuer));
    match (by_audience, by_resource) {
        (None, None) => Ok(servers.default_one()),
        (Some(one), None) | (None, Some(one)) => one.ok_or(unknown),
        (Some(one), Some(other)) => one.filter(|_known| one == other).ok_or(unknown),
    }
}

fn invalid_scope() -> OAuthError {
    let message = "A scope is unknown, or a permission is not held there.";
    OAuthError::new(OAuthCode::InvalidScope, message)
}

fn refusal(error: ExchangeError) -> OAuthError {
    match error {
        ExchangeError::Outage(outage) => OAuthError::temporarily_unavailable(outage),
        ExchangeError::Limited(limited) => OAuthError::too_many_requests(limited.seconds),
        ExchangeError::Denied(Denial::Scope) => invalid_scope(),
        ExchangeError::Denied(denial) if denial.is_of_the_target() => {
            let message = "The personal API token does not give access to that organization.";
            OAuthError::new(OAuthCode::InvalidTarget, message)
        }
        // RFC 8693 §2.2.2: whatever is wrong with the subject token.
        ExchangeError::Unknown | ExchangeError::Denied(_) => {
            OAuthError::invalid_request("The personal API token is not valid.")
        }
    }
}
