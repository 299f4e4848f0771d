//! Signing in and out.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Query, Request, State};
use axum::response::Response;
use http::{HeaderValue, StatusCode, header};
use serde::Deserialize;

use super::form::Form;
use super::page::{Shell, lead_to, show_visitor, with_cookie};
use super::say;
use super::visitor::{Visitor, next};
use crate::app::sign_in::{self, SignInError};
use crate::context::Ctx;
use crate::http::authenticate::{forget_cookie, set_cookie};
use crate::http::problem::Problem;
use crate::secret::SecretText;
use crate::state::App;

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignInPage<'a> {
    shell: Shell,
    /// Where it leads to.
    next: &'a str,
    /// What was typed before.
    email: &'a str,
    /// Whether a forgotten password can be replaced.
    has_mail: bool,
    /// Why it did not work: a heading and a sentence.
    trouble: Option<(String, &'static str)>,
}

#[derive(Deserialize)]
pub(super) struct Asked {
    next: Option<String>,
}

/// Answers `GET /sign-in`.
pub(super) async fn page(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let next = next(asked.next.as_deref());
    if visitor.who.is_some() {
        return Ok(lead_to(next));
    }
    shown(&app, &visitor, (next, ""), None)
}

fn shown(
    app: &App,
    visitor: &Visitor,
    (next, email): (&str, &str),
    trouble: Option<(String, &'static str)>,
) -> Result<Response, Problem> {
    let page = SignInPage {
        shell: Shell::for_visitor(say::SIGN_IN, visitor),
        next,
        email,
        has_mail: app.mailer.is_some(),
        trouble,
    };
    show_visitor(visitor, &page)
}

/// Answers `POST /sign-in`.
pub(super) async fn sign_in(
    State(app): State<Arc<App>>,
    ctx: Ctx,
    visitor: Visitor,
    request: Request,
) -> Result<Response, Problem> {
    let mut form = Form::read(&app, &visitor.forms, request).await?;
    let password = form.take_secret("password");
    let password = password.unwrap_or_else(|| SecretText::new(String::new()));
    let email = form.text("email").unwrap_or_default();
    let next = next(form.text("next"));
    let current = visitor.who.as_ref();
    match sign_in::sign_in(&app, &ctx, email, password.expose(), current).await {
        Ok((_who, cookie)) => with_cookie(lead_to(next), &set_cookie(&app, &cookie)),
        Err(SignInError::Credentials) => {
            let trouble = (say::DID_NOT_WORK.to_owned(), say::WRONG_CREDENTIALS);
            let mut response = shown(&app, &visitor, (next, email), Some(trouble))?;
            *response.status_mut() = StatusCode::UNAUTHORIZED;
            Ok(response)
        }
        Err(SignInError::Limited(limited)) => {
            let trouble = (say::wait(limited.seconds), say::TOO_MANY_TRIES);
            let mut response = shown(&app, &visitor, (next, email), Some(trouble))?;
            *response.status_mut() = StatusCode::TOO_MANY_REQUESTS;
            let seconds = HeaderValue::from(limited.seconds);
            response.headers_mut().insert(header::RETRY_AFTER, seconds);
            Ok(response)
        }
        Err(SignInError::Outage(outage)) => Err(outage.into()),
    }
}

/// Answers `POST /sign-out`; whoever is not signed in is signed out already.
pub(super) async fn sign_out(
    State(app): State<Arc<App>>,
    ctx: Ctx,
    visitor: Visitor,
    request: Request,
) -> Result<Response, Problem> {
    let form = Form::read(&app, &visitor.forms, request).await?;
    if let Some(who) = &visitor.who {
        sign_in::sign_out(&app, &ctx, who).await?;
    }
    let to = form.text("next").map_or("/sign-in", |to| next(Some(to)));
    with_cookie(lead_to(to), &forget_cookie(&app))
}
