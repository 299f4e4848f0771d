//! Signing in and out over JSON, and the list of one's sessions (contract 5).

use std::sync::Arc;

use axum::extract::{FromRequest as _, FromRequestParts as _};
use axum::extract::{Path, Query, Request, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use keyfob_core::id::SessionId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::authenticate::{
    ByPerson, forget_cookie, refuse_other_sites, session_cookie, set_cookie,
};
use super::json::Json;
use super::openapi::shapes::AllOthers;
use super::problem::{Code, Problem};
use crate::app::sign_in::{self, SignInError, SignedIn, signed_in};
use crate::context::Ctx;
use crate::date::rfc3339;
use crate::secret::SecretText;
use crate::state::App;

/// What one signs in with.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"email": "ana@acme.example", "password": "four words and a half"}))]
pub(super) struct Credentials {
    /// The address of the account; upper and lower case are the same.
    pub(super) email: String,
    /// Its password.
    #[schema(value_type = String, format = Password)]
    pub(super) password: SecretText,
}

/// Who is signed in, and until when.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = SignedIn)]
struct Who {
    #[schema(format = Uuid)]
    user_id: String,
    email: String,
    full_name: String,
    /// When the session ends at the latest.
    #[schema(format = DateTime)]
    expires_date: String,
    /// When the password was entered last.
    #[schema(format = DateTime)]
    authenticated_date: String,
}

impl Who {
    fn of(who: &SignedIn) -> Self {
        Self {
            user_id: who.user.id.to_string(),
            email: who.user.email.clone(),
            full_name: who.user.full_name.clone(),
            expires_date: rfc3339(who.session.expires_at),
            authenticated_date: rfc3339(who.session.authenticated_at),
        }
    }
}

/// Answers `POST /identity/v1/session`. The check for other sites holds without a cookie too: nobody
/// is to be signed in to an account that is not theirs.
#[utoipa::path(
    post,
    path = "/identity/v1/session",
    operation_id = "signIn",
    tag = "Sessions",
    summary = "Sign in",
    description = "With a session of the same person it re-authenticates: a new cookie, and the old one is dead.",
    request_body(content = Credentials),
    responses((status = 201, description = "Signed in; the cookie is the session", body = Who, headers(("set-cookie" = String, description = "The session, for this host alone")))),
    security(()),
    extensions(("x-errors" = json!(["cross_site_request", "invalid_credentials", "too_many_requests", "unprocessable", "temporarily_unavailable"]))),
)]
pub(super) async fn sign_in(
    State(app): State<Arc<App>>,
    ctx: Ctx,
    request: Request,
) -> Result<Response, Problem> {
    refuse_other_sites(&app, request.method(), request.headers())?;
    let current = match session_cookie(&app, request.headers())? {
        Some(cookie) => signed_in(&app, &ctx, cookie).await?,
        None => None,
    };
    let Json(Credentials { email, password }) = Json::from_request(request, &()).await?;
    let begun = sign_in::sign_in(&app, &ctx, &email, password.expose(), current.as_ref()).await;
    match begun {
        Ok((who, cookie)) => {
            let cookie = header_value(&set_cookie(&app, &cookie))?;
            Ok((
                StatusCode::CREATED,
                [(header::SET_COOKIE, cookie)],
                Json(Who::of(&who)),
            )
                .into_response())
        }
        Err(SignInError::Credentials) => Err(Code::InvalidCredentials.into()),
        Err(SignInError::Limited(limited)) => {
            let seconds = HeaderValue::from(limited.seconds);
            Err(Problem::from(Code::TooManyRequests).with_header(header::RETRY_AFTER, seconds))
        }
        Err(SignInError::Outage(outage)) => Err(outage.into()),
    }
}

/// Answers `GET /identity/v1/session`.
#[utoipa::path(
    get,
    path = "/identity/v1/session",
    operation_id = "readSession",
    tag = "Sessions",
    summary = "Who is signed in",
    description = "And until when.",
    responses((status = 200, description = "Who", body = Who)),
    security(("session" = [])),
)]
pub(super) async fn who(ByPerson(who): ByPerson) -> Response {
    Json(Who::of(&who)).into_response()
}

/// Answers `DELETE /identity/v1/session`.
#[utoipa::path(
    delete,
    path = "/identity/v1/session",
    operation_id = "signOut",
    tag = "Sessions",
    summary = "Sign out",
    description = "Ends this session; its cookie is worth nothing any more.",
    responses((status = 204, description = "Signed out", headers(("set-cookie" = String, description = "Takes the cookie away")))),
    security(("session" = [])),
)]
pub(super) async fn sign_out(
    State(app): State<Arc<App>>,
    ctx: Ctx,
    ByPerson(who): ByPerson,
) -> Result<Response, Problem> {
    sign_in::sign_out(&app, &ctx, &who).await?;
    let cookie = header_value(&forget_cookie(&app))?;
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, cookie)]).into_response())
}

#[derive(Serialize, ToSchema)]
struct Sessions {
    data: Vec<Listed>,
}

/// One session in the list.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Session)]
struct Listed {
    #[schema(format = Uuid)]
    id: String,
    /// Whether it is the one that asks.
    current: bool,
    #[schema(format = DateTime)]
    created_date: String,
    #[schema(format = DateTime)]
    last_used_date: String,
    #[schema(format = DateTime)]
    expires_date: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_agent: Option<String>,
}

/// Answers `GET /identity/v1/sessions`.
#[utoipa::path(
    get,
    path = "/identity/v1/sessions",
    operation_id = "listSessions",
    tag = "Sessions",
    summary = "Where one is signed in",
    description = "One's own sessions that still hold.",
    responses((status = 200, description = "The sessions", body = Sessions, links(("endSession" = (operation_id = "endSession", parameters(("session" = "$response.body#/data/0/id")), description = "Ends the first of them"))))),
    security(("session" = [])),
)]
pub(super) async fn list(
    State(app): State<Arc<App>>,
    ctx: Ctx,
    ByPerson(who): ByPerson,
) -> Result<Response, Problem> {
    let sessions = sign_in::sessions(&app, &ctx, who.user.id).await?;
    let data = sessions.into_iter().map(|session| Listed {
        id: session.id.to_string(),
        current: session.id == who.session.id,
        created_date: rfc3339(session.created_at),
        last_used_date: rfc3339(session.seen_at),
        expires_date: rfc3339(session.expires_at),
        address: session.address,
        user_agent: session.client,
    });
    Ok(Json(Sessions {
        data: data.collect(),
    })
    .into_response())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Others {
    others: bool,
}

/// Answers `DELETE /identity/v1/sessions?others=true`; without the word nothing ends.
#[utoipa::path(
    delete,
    path = "/identity/v1/sessions",
    operation_id = "endOtherSessions",
    tag = "Sessions",
    summary = "End all sessions but this one",
    description = "Without the word nothing ends.",
    params(("others" = AllOthers, Query, description = "Says which: all but this one")),
    responses((status = 204, description = "They are ended")),
    security(("session" = [])),
)]
pub(super) async fn end_others(
    State(app): State<Arc<App>>,
    ctx: Ctx,
    request: Request,
) -> Result<StatusCode, Problem> {
    let (mut parts, _body) = request.into_parts();
    let ByPerson(who) = ByPerson::from_request_parts(&mut parts, &app).await?;
    let asked = Query::<Others>::try_from_uri(&parts.uri);
    if !asked.is_ok_and(|Query(Others { others })| others) {
        return Err(Problem::new(
            Code::InvalidRequest,
            "Say which sessions: ?others=true ends all but this one.",
        ));
    }
    sign_in::end_others(&app, &ctx, &who).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Answers `DELETE /identity/v1/sessions/{session}`.
#[utoipa::path(
    delete,
    path = "/identity/v1/sessions/{session}",
    operation_id = "endSession",
    tag = "Sessions",
    summary = "End a session",
    description = "One's own, this one too.",
    responses((status = 204, description = "It is ended")),
    security(("session" = [])),
    extensions(("x-errors" = json!(["not_found"]))),
)]
pub(super) async fn end(
    State(app): State<Arc<App>>,
    ctx: Ctx,
    ByPerson(who): ByPerson,
    Path(session): Path<String>,
) -> Result<StatusCode, Problem> {
    // What is no id names no session.
    let session: SessionId = session
        .parse()
        .map_err(|_no_id| Problem::from(Code::NotFound))?;
    if sign_in::end(&app, &ctx, who.user.id, session).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Code::NotFound.into())
    }
}

fn header_value(text: &str) -> Result<HeaderValue, Problem> {
    HeaderValue::try_from(text).map_err(Problem::internal)
}
