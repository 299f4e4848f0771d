//! The doors `/auth/v1/token`, `/auth/v2/token` and `/auth/v3/token` (contract 3).

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderName, HeaderValue, header};
use keyfob_core::id::OrgId;
use keyfob_core::scope::Scopes;

use super::form::{Field, Fields, token_form};
use super::oauth_error::{OAuthCode, OAuthError};
use super::openapi::shapes::{AccessToken, V1Form, V2Form, V3Form};
use crate::app::exchange::{ExchangeError, Exchanged, Wanted, exchange};
use crate::context::Ctx;
use crate::date;
use crate::metrics::ExchangeOutcome;
use crate::resource_server::ResourceServer;
use crate::secret::SecretText;
use crate::state::App;

/// How long before its end a PAT's answers say so: 14 days.
const SOON_MILLIS: i64 = 14 * 24 * 60 * 60 * 1_000;
const JSON: HeaderValue = HeaderValue::from_static("application/json");
const EXPIRES: HeaderName = HeaderName::from_static("keyfob-token-expires");
const NOTICE: HeaderName = HeaderName::from_static("keyfob-token-notice");

/// What a door takes.
struct Door {
    /// The fields that carry the secret.
    credentials: &'static [Field],
    /// What is said when it came in another door's field.
    right_field: &'static str,
    /// Whether an organization can be named.
    takes_organization: bool,
}

const V1: Door = Door {
    credentials: &[Field::Pat, Field::DashedPersonalAccessKey],
    right_field: "On v1 send the secret in the field pat.",
    takes_organization: false,
};
const V2: Door = Door {
    credentials: &[Field::Pat],
    right_field: "On v2 send the secret in the field pat.",
    takes_organization: true,
};
const V3: Door = Door {
    credentials: &[Field::PersonalAccessKey],
    right_field: "On v3 send the secret in the field personalAccessKey.",
    takes_organization: true,
};
const CREDENTIALS: [Field; 3] = [
    Field::Pat,
    Field::DashedPersonalAccessKey,
    Field::PersonalAccessKey,
];

/// Answers `POST /auth/v1/token`.
#[utoipa::path(
    post,
    path = "/auth/v1/token",
    operation_id = "exchangeV1",
    tag = "Exchange",
    summary = "Exchange a personal API token, the first form",
    description = "For the organization of the token itself: this door knows no organization field.",
    request_body(content = V1Form, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, description = "The access token", body = AccessToken, headers(("keyfob-token-expires" = Option<String>, description = "When the personal API token expires, as an HTTP date"),
        ("keyfob-token-notice" = Option<String>, description = "`expires-soon` in its last 14 days")))),
    security(()),
    extensions(("x-errors" = json!(["invalid_request", "invalid_scope", "invalid_grant", "too_many_requests"]))),
)]
pub(super) async fn v1(State(app): State<Arc<App>>, ctx: Ctx, request: Request) -> Response {
    answer(&app, &ctx, &V1, request).await
}

/// Answers `POST /auth/v2/token`.
#[utoipa::path(
    post,
    path = "/auth/v2/token",
    operation_id = "exchangeV2",
    tag = "Exchange",
    summary = "Exchange a personal API token, the main door",
    description = "For an organization at or below that of the token.",
    request_body(content = V2Form, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, description = "The access token", body = AccessToken, headers(("keyfob-token-expires" = Option<String>, description = "When the personal API token expires, as an HTTP date"),
        ("keyfob-token-notice" = Option<String>, description = "`expires-soon` in its last 14 days")))),
    security(()),
    extensions(("x-errors" = json!(["invalid_request", "invalid_scope", "invalid_grant", "access_denied", "too_many_requests"]))),
)]
pub(super) async fn v2(State(app): State<Arc<App>>, ctx: Ctx, request: Request) -> Response {
    answer(&app, &ctx, &V2, request).await
}

/// Answers `POST /auth/v3/token`.
#[utoipa::path(
    post,
    path = "/auth/v3/token",
    operation_id = "exchangeV3",
    tag = "Exchange",
    summary = "Exchange a personal API token, the third form",
    description = "As v2, with another name of the secret.",
    request_body(content = V3Form, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, description = "The access token", body = AccessToken, headers(("keyfob-token-expires" = Option<String>, description = "When the personal API token expires, as an HTTP date"),
        ("keyfob-token-notice" = Option<String>, description = "`expires-soon` in its last 14 days")))),
    security(()),
    extensions(("x-errors" = json!(["invalid_request", "invalid_scope", "invalid_grant", "access_denied", "too_many_requests"]))),
)]
pub(super) async fn v3(State(app): State<Arc<App>>, ctx: Ctx, request: Request) -> Response {
    answer(&app, &ctx, &V3, request).await
}

async fn answer(app: &App, ctx: &Ctx, door: &Door, request: Request) -> Response {
    let asked = match read(door, app, request).await {
        Ok(asked) => asked,
        Err(error) => {
            app.metrics.exchanged(ExchangeOutcome::Malformed);
            return error.into_response();
        }
    };
    let want = Wanted {
        pat: asked.secret.expose(),
        target: asked.target,
        scopes: asked.scopes,
        named: &[],
        server: asked.server,
    };
    match exchange(app, ctx, &want).await {
        Ok(exchanged) => granted(ctx, &exchanged),
        Err(error) => refusal(error).into_response(),
    }
}

struct Asked<'a> {
    secret: SecretText,
    target: Option<OrgId>,
    scopes: Scopes,
    server: &'a ResourceServer,
}

async fn read<'a>(door: &Door, app: &'a App, request: Request) -> Result<Asked<'a>, OAuthError> {
    let (parts, body) = request.into_parts();
    let mut fields = token_form(&parts.headers, parts.uri.query(), body).await?;
    let secret = credential(door, &mut fields)?;
    let target = organization(door, &fields)?;
    let scopes = Scopes::parse(fields.text(Field::Scope)).map_err(|_colon| {
        let description = "A permission is no scope here: scope chooses claims and never narrows.";
        OAuthError::new(OAuthCode::InvalidScope, description)
    })?;
    let server = match fields.text(Field::Audience) {
        None => Some(app.resource_servers.default_one()),
        Some(audience) => app.resource_servers.of_audience(audience, &app.issuer),
    };
    let server = server.ok_or(OAuthError::invalid_request("The audience is not known."))?;
    Ok(Asked {
        secret,
        target,
        scopes,
        server,
    })
}

/// X4: just one credential field, and the door's own.
fn credential(door: &Door, fields: &mut Fields) -> Result<SecretText, OAuthError> {
    let sent: Vec<Field> = CREDENTIALS
        .into_iter()
        .filter(|field| fields.has(*field))
        .collect();
    match sent.as_slice() {
        [] => Err(OAuthError::invalid_request("The secret is missing.")),
        [field] if door.credentials.contains(field) => {
            let secret = fields
                .take_secret(*field)
                .filter(|secret| !secret.expose().trim().is_empty());
            secret.ok_or(OAuthError::invalid_request("The secret is empty."))
        }
        [_other] => Err(OAuthError::invalid_request(door.right_field)),
        _several => Err(OAuthError::invalid_request(
            "Send one secret, in one field.",
        )),
    }
}

/// X4: none, one, or both names with the same value.
fn organization(door: &Door, fields: &Fields) -> Result<Option<OrgId>, OAuthError> {
    let names = [Field::SubOrganization, Field::SubOrganizationId];
    if door.takes_organization {
        let differ = "subOrganization and subOrganizationId differ. Send one of them.";
        return organization_of(fields, names, differ);
    }
    let is_named = |field| !fields.text(field).unwrap_or_default().trim().is_empty();
    if names.into_iter().any(is_named) {
        let message = "v1 knows no organization field. Use /auth/v2/token.";
        return Err(OAuthError::invalid_request(message));
    }
    Ok(None)
}

/// Reads the target organization from either of two fields.
pub(super) fn organization_of(
    fields: &Fields,
    names: [Field; 2],
    differ: &'static str,
) -> Result<Option<OrgId>, OAuthError> {
    let malformed = |_no_id| OAuthError::invalid_request("The organization is not a UUID.");
    let read = |field| {
        let text = fields.text(field).map(str::trim);
        let text = text.filter(|text| !text.is_empty());
        text.map(str::parse::<OrgId>).transpose().map_err(malformed)
    };
    let [one, other] = names.map(read);
    match (one?, other?) {
        (Some(one), Some(other)) if one != other => Err(OAuthError::invalid_request(differ)),
        (one, other) => Ok(one.or(other)),
    }
}

fn granted(ctx: &Ctx, exchanged: &Exchanged) -> Response {
    success(ctx, exchanged, "")
}

/// X5. `more` is JSON of further members, with the comma before it.
pub(super) fn success(ctx: &Ctx, exchanged: &Exchanged, more: &str) -> Response {
    // Put together by hand: letters of base64url, dots, digits and known words need no escaping, and a
    // serializer would look at each of the token's two thousand letters for it.
    let Exchanged {
        access_token,
        expires_in,
        scope,
        ..
    } = exchanged;
    let body = format!(
        r#"{{"access_token":"{access_token}","token_type":"Bearer","expires_in":{expires_in},"scope":"{scope}"{more}}}"#
    );
    let mut response = Response::new(Body::from(body));
    // With room for what the edge adds: growing costs as much as all of them.
    let mut headers = HeaderMap::with_capacity(16);
    headers.insert(header::CONTENT_TYPE, JSON);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
    if let Some(end) = exchanged.pat_end {
        // Digits and letters of a date are always a header's.
        headers.extend(
            HeaderValue::try_from(date::http(end))
                .ok()
                .map(|value| (EXPIRES, value)),
        );
        if end.millis() - ctx.now.millis() <= SOON_MILLIS {
            headers.insert(NOTICE, HeaderValue::from_static("expires-soon"));
        }
    }
    *response.headers_mut() = headers;
    response
}

/// The door's one answer to each refusal (X6).
pub(crate) fn refusal(error: ExchangeError) -> OAuthError {
    match error {
        ExchangeError::Unknown => OAuthError::invalid_grant(),
        ExchangeError::Denied(denial) if denial.is_of_the_target() => OAuthError::access_denied(),
        // Nothing is named at these doors, so nothing named is refused.
        ExchangeError::Denied(_of_the_token) => OAuthError::invalid_grant(),
        ExchangeError::Limited(limited) => OAuthError::too_many_requests(limited.seconds),
        ExchangeError::Outage(outage) => OAuthError::temporarily_unavailable(outage),
    }
}
