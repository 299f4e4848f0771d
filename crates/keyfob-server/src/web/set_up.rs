//! Making the first account, by the link that the operator was shown (D8).

use std::sync::Arc;

use askama::Template;
use axum::extract::{Query, Request, State};
use axum::response::Response;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use keyfob_core::name::{BadName, Email, Name};
use serde::Deserialize;

use super::form::Form;
use super::frame::Area;
use super::link::LinkPage;
use super::page::{Shell, lead_to, show_visitor, with_cookie};
use super::password;
use super::say;
use super::visitor::Visitor;
use crate::app::password::check_chosen;
use crate::app::set_up::{self, First, LINK_LIFE, SetUpError};
use crate::context::Ctx;
use crate::http::authenticate::set_cookie;
use crate::http::problem::Problem;
use crate::secret::SecretText;
use crate::state::App;

const LINK: LinkPage = LinkPage {
    path: "/setup",
    cookie: "keyfob_setup",
    life: LINK_LIFE,
};

/// What was typed, but the password.
#[derive(Debug, Default)]
struct Kept {
    full_name: String,
    email: String,
    organization: String,
}

/// What is wrong, field by field.
#[derive(Debug, Default)]
struct Errors {
    full_name: Option<String>,
    email: Option<String>,
    password: Option<String>,
    organization: Option<String>,
}

#[derive(Template)]
#[template(path = "set_up.html")]
struct SetUpPage {
    shell: Shell,
    kept: Kept,
    errors: Errors,
    /// Too many at once: a heading and a sentence.
    trouble: Option<(String, &'static str)>,
}

#[derive(Template)]
#[template(path = "set_up_ended.html")]
struct EndedPage {
    shell: Shell,
}

#[derive(Deserialize)]
pub(super) struct Asked {
    code: Option<SecretText>,
}

/// Answers `GET /setup`.
pub(super) async fn page(
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
    if !set_up::is_open(&app, &ctx, &secret).await? {
        return ended(&visitor);
    }
    shown(&visitor, Kept::default(), Errors::default())
}

fn shown(visitor: &Visitor, kept: Kept, errors: Errors) -> Result<Response, Problem> {
    let page = SetUpPage {
        shell: Shell::for_visitor(say::SET_UP, visitor),
        kept,
        errors,
        trouble: None,
    };
    show_visitor(visitor, &page)
}

fn ended(visitor: &Visitor) -> Result<Response, Problem> {
    let shell = Shell::for_visitor(say::SET_UP, visitor);
    let mut response = show_visitor(visitor, &EndedPage { shell })?;
    *response.status_mut() = StatusCode::GONE;
    Ok(response)
}

/// Answers `POST /setup`.
pub(super) async fn set_up(
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
    let password = form.take_secret("password");
    let kept = Kept::of(&form);
    let first = match first(&kept, password) {
        Ok(first) => first,
        Err(errors) => {
            let mut response = shown(&visitor, kept, errors)?;
            *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
            return Ok(response);
        }
    };
    match set_up::set_up(&app, &ctx, &secret, &first).await {
        Ok((organization, cookie)) => {
            let led = lead_to(&Area::Security.path(organization));
            let led = with_cookie(led, &set_cookie(&app, &cookie))?;
            LINK.forget(&app, led)
        }
        Err(SetUpError::LinkEnded) => ended(&visitor),
        Err(SetUpError::Password(bad)) => {
            let errors = Errors {
                password: Some(password::told(bad)),
                ..Errors::default()
            };
            let mut response = shown(&visitor, kept, errors)?;
            *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
            Ok(response)
        }
        Err(SetUpError::Limited(limited)) => {
            let page = SetUpPage {
                shell: Shell::for_visitor(say::SET_UP, &visitor),
                kept,
                errors: Errors::default(),
                trouble: Some((say::wait(limited.seconds), say::TOO_MANY_TRIES)),
            };
            let mut response = show_visitor(&visitor, &page)?;
            *response.status_mut() = StatusCode::TOO_MANY_REQUESTS;
            let seconds = HeaderValue::from(limited.seconds);
            response.headers_mut().insert(header::RETRY_AFTER, seconds);
            Ok(response)
        }
        Err(SetUpError::Outage(outage)) => Err(outage.into()),
    }
}

impl Kept {
    fn of(form: &Form) -> Self {
        let text = |name| form.text(name).unwrap_or_default().to_owned();
        Self {
            full_name: text("fullName"),
            email: text("email"),
            organization: text("organization"),
        }
    }
}

/// Reads what was typed; every field that is wrong is told at once.
fn first(kept: &Kept, password: Option<SecretText>) -> Result<First, Errors> {
    let full_name = Name::parse(&kept.full_name);
    let email = Email::parse(&kept.email);
    let organization = Name::parse(&kept.organization);
    let password = password.unwrap_or_else(|| SecretText::new(String::new()));
    let checked = check_chosen(password.expose());
    let told = |bad: &BadName| say::bad_name(*bad);
    let errors = Errors {
        full_name: full_name.as_ref().err().map(told),
        email: email.as_ref().err().map(told),
        password: checked.err().map(password::told),
        organization: organization.as_ref().err().map(told),
    };
    match (full_name, email, organization, checked) {
        (Ok(full_name), Ok(email), Ok(organization), Ok(())) => Ok(First {
            full_name,
            email,
            password,
            organization,
        }),
        _something_wrong => Err(errors),
    }
}
