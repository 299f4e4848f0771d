//! Changing one's password. The present one is guessed no faster here than at the sign-in.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Query, Request, State};
use axum::response::Response;
use http::{HeaderValue, StatusCode, header};
use serde::Deserialize;

use super::form::Form;
use super::frame::Person;
use super::page::{Shell, lead_to, show, with_cookie};
use super::say;
use super::visitor::{Member, next};
use crate::app::change_password::{ChangePasswordError, change_password};
use crate::app::password::BadPassword;
use crate::app::sign_in::SignInError;
use crate::context::Ctx;
use crate::http::authenticate::set_cookie;
use crate::http::problem::Problem;
use crate::secret::SecretText;
use crate::state::App;

#[derive(Template)]
#[template(path = "password.html")]
struct PasswordPage<'a> {
    shell: Shell,
    person: Person,
    next: &'a str,
    /// What is wrong with the present password: a heading and a sentence.
    trouble: Option<(String, &'static str)>,
    /// What is wrong with the new one.
    new: Option<String>,
    /// What is wrong with its repetition.
    again: Option<&'static str>,
}

#[derive(Template)]
#[template(path = "password_changed.html")]
struct ChangedPage<'a> {
    shell: Shell,
    next: &'a str,
}

#[derive(Deserialize)]
pub(super) struct Asked {
    next: Option<String>,
}

/// What is wrong with a form.
#[derive(Default)]
struct Wrong {
    trouble: Option<(String, &'static str)>,
    new: Option<String>,
    again: Option<&'static str>,
}

/// Answers `GET /password`.
pub(super) async fn page(member: Member, Query(asked): Query<Asked>) -> Result<Response, Problem> {
    shown(&member, next(asked.next.as_deref()), Wrong::default())
}

/// Answers `GET /password/changed`.
pub(super) async fn changed(
    member: Member,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    show(&ChangedPage {
        shell: Shell::for_member(say::PASSWORD_CHANGED, &member),
        next: next(asked.next.as_deref()),
    })
}

fn shown(member: &Member, next: &str, wrong: Wrong) -> Result<Response, Problem> {
    show(&PasswordPage {
        shell: Shell::for_member(say::CHANGE_PASSWORD, member),
        person: Person::new(&member.who.user.full_name, &member.who.user.email),
        next,
        trouble: wrong.trouble,
        new: wrong.new,
        again: wrong.again,
    })
}

/// Answers `POST /password`.
pub(super) async fn change(
    State(app): State<Arc<App>>,
    ctx: Ctx,
    member: Member,
    request: Request,
) -> Result<Response, Problem> {
    let mut form = Form::read(&app, &member.forms, request).await?;
    let mut taken = |name| {
        let secret = form.take_secret(name);
        secret.unwrap_or_else(|| SecretText::new(String::new()))
    };
    let (present, new, again) = (taken("present"), taken("new"), taken("again"));
    let next = next(form.text("next"));
    let (present, new) = (present.expose(), new.expose());
    if new != again.expose() {
        let wrong = Wrong {
            again: Some(say::PASSWORDS_DIFFER),
            ..Wrong::default()
        };
        return refused(&member, next, wrong, StatusCode::UNPROCESSABLE_ENTITY);
    }
    match change_password(&app, &ctx, &member.who, present, new).await {
        Ok(cookie) => {
            let led = lead_to(&format!("/password/changed?next={}", encoded(next)));
            with_cookie(led, &set_cookie(&app, &cookie))
        }
        Err(ChangePasswordError::Bad(bad)) => {
            let wrong = Wrong {
                new: Some(told(bad)),
                ..Wrong::default()
            };
            refused(&member, next, wrong, StatusCode::UNPROCESSABLE_ENTITY)
        }
        Err(ChangePasswordError::NotProved(error)) => not_proved(&member, next, error),
    }
}

/// As at the sign-in: a wrong password and too many tries look the same whoever one is.
fn not_proved(member: &Member, next: &str, error: SignInError) -> Result<Response, Problem> {
    let trouble = |heading: String, sentence| Wrong {
        trouble: Some((heading, sentence)),
        ..Wrong::default()
    };
    match error {
        SignInError::Credentials => {
            let wrong = trouble(say::DID_NOT_WORK.to_owned(), say::WRONG_PASSWORD);
            refused(member, next, wrong, StatusCode::FORBIDDEN)
        }
        SignInError::Limited(limited) => {
            let wrong = trouble(say::wait(limited.seconds), say::TOO_MANY_TRIES);
            let mut response = refused(member, next, wrong, StatusCode::TOO_MANY_REQUESTS)?;
            let seconds = HeaderValue::from(limited.seconds);
            response.headers_mut().insert(header::RETRY_AFTER, seconds);
            Ok(response)
        }
        SignInError::Outage(outage) => Err(outage.into()),
    }
}

fn refused(
    member: &Member,
    next: &str,
    wrong: Wrong,
    status: StatusCode,
) -> Result<Response, Problem> {
    let mut response = shown(member, next, wrong)?;
    *response.status_mut() = status;
    Ok(response)
}

/// What is wrong with a password that somebody chose.
pub(super) fn told(bad: BadPassword) -> String {
    match bad {
        BadPassword::TooShort { min } => say::password_too_short(min),
        BadPassword::TooLong => say::PASSWORD_TOO_LONG.to_owned(),
    }
}

fn encoded(path: &str) -> String {
    form_urlencoded::byte_serialize(path.as_bytes()).collect()
}
