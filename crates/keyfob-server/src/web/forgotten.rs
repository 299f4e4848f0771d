//! A forgotten password: asking for a link, and choosing another password by it. Only where mail is set up.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Query, Request, State};
use axum::response::Response;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use keyfob_core::name::Email;
use serde::Deserialize;

use super::form::Form;
use super::link::LinkPage;
use super::page::{Shell, lead_to, show_visitor, with_cookie};
use super::visitor::Visitor;
use super::{letter, password, say};
use crate::app::reset_password::{LINK_LIFE, PAGE, ResetError, is_open, reset, send_link};
use crate::context::Ctx;
use crate::http::authenticate::set_cookie;
use crate::http::problem::{Code, Problem};
use crate::secret::SecretText;
use crate::state::App;
use crate::throttle::Source;

const LINK: LinkPage = LinkPage {
    path: PAGE,
    cookie: "keyfob_reset",
    life: LINK_LIFE,
};

#[derive(Template)]
#[template(path = "forgotten.html")]
struct ForgottenPage<'a> {
    shell: Shell,
    email: &'a str,
    error: Option<String>,
    /// Asked too often: a heading and a sentence.
    trouble: Option<(String, &'static str)>,
    /// Whether it was sent, if there is such an account.
    is_sent: bool,
}

#[derive(Template)]
#[template(path = "reset.html")]
struct ResetPage {
    shell: Shell,
    new: Option<String>,
    again: Option<&'static str>,
    /// Too many at once: a heading and a sentence.
    trouble: Option<(String, &'static str)>,
}

#[derive(Template)]
#[template(path = "reset_ended.html")]
struct EndedPage {
    shell: Shell,
}

#[derive(Deserialize)]
pub(super) struct Asked {
    code: Option<SecretText>,
}

/// Answers `GET /forgotten`.
pub(super) async fn page(
    State(app): State<Arc<App>>,
    visitor: Visitor,
) -> Result<Response, Problem> {
    if app.mailer.is_none() {
        return Err(Code::NotFound.into());
    }
    asking(&visitor, "", (None, None))
}

fn asking(
    visitor: &Visitor,
    email: &str,
    (error, trouble): (Option<String>, Option<(String, &'static str)>),
) -> Result<Response, Problem> {
    let page = ForgottenPage {
        shell: Shell::for_visitor(say::FORGOTTEN, visitor),
        email,
        error,
        trouble,
        is_sent: false,
    };
    show_visitor(visitor, &page)
}

/// Answers `POST /forgotten`. Whether there is such an account shows neither in the answer nor in its time.
pub(super) async fn ask(
    State(app): State<Arc<App>>,
    ctx: Ctx,
    visitor: Visitor,
    request: Request,
) -> Result<Response, Problem> {
    if app.mailer.is_none() {
        return Err(Code::NotFound.into());
    }
    let form = Form::read(&app, &visitor.forms, request).await?;
    let typed = form.text("email").unwrap_or_default();
    let email = match Email::parse(typed) {
        Ok(email) => email,
        Err(bad) => {
            let mut response = asking(&visitor, typed, (Some(say::bad_name(bad)), None))?;
            *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
            return Ok(response);
        }
    };
    if let Err(limited) = app.resets.failed(Source::of(ctx.peer), ctx.now) {
        let trouble = (say::wait(limited.seconds), say::TOO_MANY_TRIES);
        let mut response = asking(&visitor, typed, (None, Some(trouble)))?;
        *response.status_mut() = StatusCode::TOO_MANY_REQUESTS;
        let seconds = HeaderValue::from(limited.seconds);
        response.headers_mut().insert(header::RETRY_AFTER, seconds);
        return Ok(response);
    }
    tokio::spawn(send_link(Arc::clone(&app), ctx, email, letter::for_reset));
    let page = ForgottenPage {
        shell: Shell::for_visitor(say::FORGOTTEN, &visitor),
        email: typed,
        error: None,
        trouble: None,
        is_sent: true,
    };
    show_visitor(&visitor, &page)
}

/// Answers `GET /reset`.
pub(super) async fn reset_page(
    State(app): State<Arc<App>>,
    ctx: Ctx,
    visitor: Visitor,
    headers: HeaderMap,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    if let Some(code) = asked.code {
        return LINK.take_over(&app, &code);
    }
    let Some(secret) = LINK.brought(&app, &headers)? else {
        return ended(&visitor);
    };
    if !is_open(&app, &ctx, &secret).await? {
        return ended(&visitor);
    }
    choosing(&visitor, (None, None), None)
}

fn choosing(
    visitor: &Visitor,
    (new, again): (Option<String>, Option<&'static str>),
    trouble: Option<(String, &'static str)>,
) -> Result<Response, Problem> {
    let page = ResetPage {
        shell: Shell::for_visitor(say::CHOOSE_PASSWORD, visitor),
        new,
        again,
        trouble,
    };
    show_visitor(visitor, &page)
}

fn ended(visitor: &Visitor) -> Result<Response, Problem> {
    let shell = Shell::for_visitor(say::LINK_ENDED, visitor);
    let mut response = show_visitor(visitor, &EndedPage { shell })?;
    *response.status_mut() = StatusCode::GONE;
    Ok(response)
}

/// Answers `POST /reset`.
pub(super) async fn choose(
    State(app): State<Arc<App>>,
    ctx: Ctx,
    visitor: Visitor,
    request: Request,
) -> Result<Response, Problem> {
    let secret = LINK.brought(&app, request.headers())?;
    let mut form = Form::read(&app, &visitor.forms, request).await?;
    let Some(secret) = secret else {
        return ended(&visitor);
    };
    let mut taken = |name| {
        let secret = form.take_secret(name);
        secret.unwrap_or_else(|| SecretText::new(String::new()))
    };
    let (new, again) = (taken("new"), taken("again"));
    let wrong = |wrong| -> Result<Response, Problem> {
        let mut response = choosing(&visitor, wrong, None)?;
        *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
        Ok(response)
    };
    if new.expose() != again.expose() {
        return wrong((None, Some(say::PASSWORDS_DIFFER)));
    }
    match reset(&app, &ctx, &secret, &new).await {
        Ok(cookie) => {
            let led = LINK.forget(&app, lead_to("/password/changed"))?;
            with_cookie(led, &set_cookie(&app, &cookie))
        }
        Err(ResetError::LinkEnded) => ended(&visitor),
        Err(ResetError::Password(bad)) => wrong((Some(password::told(bad)), None)),
        Err(ResetError::Limited(limited)) => {
            let trouble = (say::wait(limited.seconds), say::TOO_MANY_TRIES);
            let mut response = choosing(&visitor, (None, None), Some(trouble))?;
            *response.status_mut() = StatusCode::TOO_MANY_REQUESTS;
            let seconds = HeaderValue::from(limited.seconds);
            response.headers_mut().insert(header::RETRY_AFTER, seconds);
            Ok(response)
        }
        Err(ResetError::Outage(outage)) => Err(outage.into()),
    }
}
