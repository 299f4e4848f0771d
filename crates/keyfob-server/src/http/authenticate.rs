//! Who calls the management API: a session by its cookie, or a program by its access token.

use std::sync::Arc;

use axum::extract::{FromRef, FromRequestParts, Request};
use axum::middleware::Next;
use axum::response::Response;
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};

use super::problem::{Code, Problem};
use crate::app::Outage;
use crate::app::access::{AccessError, Caller, TokenCaller, admit_token};
use crate::app::sign_in::{CookieValue, SignedIn, signed_in};
use crate::context::Ctx;
use crate::state::App;

pub(super) const SESSION_COOKIE: &str = "keyfob_session";
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// A caller of either kind; without one there is no handler body.
#[derive(Debug)]
pub struct Authenticated(pub Caller);

/// A signed-in person; an access token is refused with 403 `session_required`.
#[derive(Debug)]
pub struct ByPerson(pub SignedIn);

/// A program with an access token; a session is no answer to userinfo (RFC 6750).
#[derive(Debug)]
pub struct ByToken(pub TokenCaller);

impl<S: Send + Sync> FromRequestParts<S> for Authenticated
where
    Arc<App>: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let app = Arc::<App>::from_ref(state);
        let ctx = Ctx::from_request_parts(parts, state).await?;
        authenticate(&app, &ctx, parts).await.map(Self)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for ByPerson
where
    Arc<App>: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match Authenticated::from_request_parts(parts, state).await?.0 {
            Caller::Session(who) => Ok(Self(*who)),
            Caller::Token(_program) => Err(Code::SessionRequired.into()),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for ByToken
where
    Arc<App>: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        if !parts.headers.contains_key(header::AUTHORIZATION) {
            // BRR-01: without credentials the challenge names no error.
            return Err(Problem::new(
                Code::NotSignedIn,
                "Send an access token as Authorization: Bearer.",
            ));
        }
        match Authenticated::from_request_parts(parts, state).await?.0 {
            Caller::Token(token) => Ok(Self(*token)),
            Caller::Session(_person) => Err(Code::NotSignedIn.into()),
        }
    }
}

async fn authenticate(app: &App, ctx: &Ctx, parts: &Parts) -> Result<Caller, Problem> {
    if let Some(query) = parts.uri.query()
        && form_urlencoded::parse(query.as_bytes()).any(|(name, _value)| name == "access_token")
    {
        let detail =
            "An access token was sent in the query string. Send it as Authorization: Bearer.";
        return Err(Problem::new(Code::InvalidRequest, detail));
    }
    let cookie = session_cookie(app, &parts.headers)?;
    match (bearer(&parts.headers)?, cookie) {
        (Some(_token), Some(_cookie)) => Err(Problem::new(
            Code::InvalidRequest,
            "Send a session or an access token, not both.",
        )),
        (Some(token), None) => by_token(app, ctx, token).await,
        (None, Some(cookie)) => {
            refuse_other_sites(app, &parts.method, &parts.headers)?;
            let who = signed_in(app, ctx, cookie)
                .await
                .map_err(Problem::unavailable)?;
            who.map(|who| Caller::Session(Box::new(who)))
                .ok_or(Code::NotSignedIn.into())
        }
        (None, None) => Err(Code::NotSignedIn.into()),
    }
}

async fn by_token(app: &App, ctx: &Ctx, token: &str) -> Result<Caller, Problem> {
    match admit_token(app, ctx, token).await {
        Ok(token) => Ok(Caller::Token(Box::new(token))),
        Err(AccessError::Outage(outage)) => Err(Problem::unavailable(outage)),
        Err(refused) => {
            tracing::info!(request.id = %ctx.request_id, reason = %refused, "access token refused");
            let value =
                HeaderValue::from_static("Bearer realm=\"keyfob\", error=\"invalid_token\"");
            Err(Problem::from(Code::InvalidToken).with_header(header::WWW_AUTHENTICATE, value))
        }
    }
}

/// Tells a program which permission its access token lacks (RFC 6750 §3.1); a person with a session has
/// nothing to do with it.
pub(super) async fn challenge_programs(request: Request, next: Next) -> Response {
    let is_program = request.headers().contains_key(header::AUTHORIZATION);
    let mut response = next.run(request).await;
    let problem = response.extensions().get::<Problem>();
    if is_program && let Some(permission) = problem.and_then(Problem::needs) {
        let challenge = format!(
            "Bearer realm=\"keyfob\", error=\"insufficient_scope\", scope=\"{permission}\""
        );
        // Permissions of the catalogue are words that may stand in a header.
        if let Ok(value) = HeaderValue::try_from(challenge) {
            response
                .headers_mut()
                .insert(header::WWW_AUTHENTICATE, value);
        }
    }
    response
}

/// `Bearer <jwt>`, or the bare `<jwt>` (wire). None when there is no such header.
pub(super) fn bearer(headers: &HeaderMap) -> Result<Option<&str>, Problem> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    let malformed = || {
        Problem::new(
            Code::InvalidRequest,
            "The header Authorization cannot be read.",
        )
    };
    if values.next().is_some() {
        return Err(malformed());
    }
    let text = value.to_str().map_err(|_not_ascii| malformed())?.trim();
    match text.split_once(' ') {
        None => Ok(Some(text)),
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => Ok(Some(token.trim())),
        Some(_other_scheme) => Err(Code::NotSignedIn.into()),
    }
}

/// The one cookie of ours; two of the name are a mistake or an attack, and neither is believed.
pub(crate) fn session_cookie<'h>(
    app: &App,
    headers: &'h HeaderMap,
) -> Result<Option<&'h str>, Problem> {
    one_cookie(&own_cookie_name(app, SESSION_COOKIE), headers)
}

/// The one cookie of that name.
pub(crate) fn one_cookie<'h>(
    name: &str,
    headers: &'h HeaderMap,
) -> Result<Option<&'h str>, Problem> {
    let texts = headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok());
    let pairs = texts
        .flat_map(|text| text.split(';'))
        .filter_map(|pair| pair.trim().split_once('='));
    let mut ours = pairs
        .filter(|(each, _value)| *each == name)
        .map(|(_name, value)| value);
    match (ours.next(), ours.next()) {
        (Some(_one), Some(_two)) => Err(Problem::new(
            Code::InvalidRequest,
            "The session cookie came twice.",
        )),
        (cookie, _none) => Ok(cookie.filter(|value| !value.is_empty())),
    }
}

/// The whole name of a cookie of ours: with https, browsers let only this host set it.
pub(crate) fn own_cookie_name(app: &App, name: &str) -> String {
    let prefix = if is_https(app) { "__Host-" } else { "" };
    format!("{prefix}{name}")
}

fn is_https(app: &App) -> bool {
    app.issuer.starts_with("https://")
}

/// The `Set-Cookie` of a new session.
pub(crate) fn set_cookie(app: &App, value: &CookieValue) -> String {
    own_cookie(app, SESSION_COOKIE, value.expose())
}

/// The `Set-Cookie` that takes it away.
pub(crate) fn forget_cookie(app: &App) -> String {
    format!("{}; Max-Age=0", own_cookie(app, SESSION_COOKIE, ""))
}

/// The `Set-Cookie` of a cookie of ours that ends with the browser.
pub(crate) fn own_cookie(app: &App, name: &str, value: &str) -> String {
    let name = own_cookie_name(app, name);
    let secure = if is_https(app) { "; Secure" } else { "" };
    format!("{name}={value}{secure}; HttpOnly; SameSite=Lax; Path=/")
}

/// Refuses what another site made a browser send (contract 5, CSRF). A program sends neither header.
pub(crate) fn refuse_other_sites(
    app: &App,
    method: &Method,
    headers: &HeaderMap,
) -> Result<(), Problem> {
    if method.is_safe() {
        return Ok(());
    }
    let ours = |name: HeaderName, fits: &dyn Fn(&[u8]) -> bool| {
        headers
            .get_all(name)
            .iter()
            .all(|value| fits(value.as_bytes()))
    };
    let same_site = ours(SEC_FETCH_SITE, &|value| {
        value == b"same-origin" || value == b"none"
    });
    let same_origin = ours(header::ORIGIN, &|value| value == app.issuer.as_bytes());
    if same_site && same_origin {
        Ok(())
    } else {
        Err(Code::CrossSiteRequest.into())
    }
}

impl From<Outage> for Problem {
    fn from(outage: Outage) -> Self {
        Self::unavailable(outage)
    }
}
