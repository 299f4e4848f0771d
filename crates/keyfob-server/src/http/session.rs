//! Signing in and out over JSON, and the list of one's sessions (contract 5).

use std::sync::Arc;

use axum::extract::{FromRequest as _, FromRequestParts as _};
use axum::extract::{Path, Query, Request, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use keyfob_core::id::SessionId;
use serde::{Deserialize, Serialize};

use super::authenticate::{
    ByPerson, forget_cookie, refuse_other_sites, session_cookie, set_cookie,
};
use super::json::Json;
use super::problem::{Code, Problem};
use crate::app::sign_in::{self, SignInError, SignedIn, signed_in};
use crate::context::Ctx;
use crate::date::rfc3339;
use crate::secret::SecretText;
use crate::state::App;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Credentials {
    pub(super) email: String,
    pub(super) password: SecretText,
}

/// Who is signed in, and until when.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Who {
    user_id: String,
    email: String,
    full_name: String,
    expires_date: String,
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
pub(super) async fn who(ByPerson(who): ByPerson) -> Response {
    Json(Who::of(&who)).into_response()
}

/// Answers `DELETE /identity/v1/session`.
pub(super) async fn sign_out(
    State(app): State<Arc<App>>,
    ctx: Ctx,
    ByPerson(who): ByPerson,
) -> Result<Response, Problem> {
    sign_in::sign_out(&app, &ctx, &who).await?;
    let cookie = header_value(&forget_cookie(&app))?;
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, cookie)]).into_response())
}

#[derive(Serialize)]
struct Sessions {
    data: Vec<Listed>,
}

/// One session in the list.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Listed {
    id: String,
    current: bool,
    created_date: String,
    last_used_date: String,
    expires_date: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_agent: Option<String>,
}

/// Answers `GET /identity/v1/sessions`.
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
