//! The people of the demo, each to be with one press. Where this is no demo, there is no such page.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Request, State};
use axum::response::Response;

use super::form::Form;
use super::frame::initials;
use super::page::{Shell, lead_to, show, with_cookie};
use super::say;
use super::visitor::Visitor;
use crate::app::act_as::{self as use_case, Person};
use crate::context::Ctx;
use crate::http::authenticate::set_cookie;
use crate::http::problem::{Code, Problem};
use crate::state::App;

/// Somebody to be.
struct Choice {
    email: String,
    name: String,
    initials: String,
    standing: String,
    why: &'static str,
}

impl Choice {
    fn of(person: &Person) -> Self {
        Self {
            email: person.email.as_str().to_owned(),
            name: person.full_name.clone(),
            initials: initials(&person.full_name),
            standing: say::capitalized(&person.standing),
            why: say::part(person.part),
        }
    }
}

#[derive(Template)]
#[template(path = "demo.html")]
struct DemoPage {
    shell: Shell,
    people: Vec<Choice>,
}

/// Answers `GET /demo`.
pub(super) async fn page(
    State(app): State<Arc<App>>,
    ctx: Ctx,
    visitor: Visitor,
) -> Result<Response, Problem> {
    let people = use_case::people(&app, &ctx);
    if people.is_empty() {
        return Err(Code::NotFound.into());
    }
    let response = show(&DemoPage {
        shell: Shell::for_visitor(say::DEMO, &visitor),
        people: people.iter().map(Choice::of).collect(),
    })?;
    match &visitor.new_cookie {
        Some(cookie) => with_cookie(response, cookie),
        None => Ok(response),
    }
}

/// Answers `POST /demo`.
pub(super) async fn act_as(
    State(app): State<Arc<App>>,
    ctx: Ctx,
    visitor: Visitor,
    request: Request,
) -> Result<Response, Problem> {
    if use_case::people(&app, &ctx).is_empty() {
        return Err(Code::NotFound.into());
    }
    let form = Form::read(&app, &visitor.forms, request).await?;
    let email = form.text("as").unwrap_or_default();
    let current = visitor.who.as_ref();
    let cookie = use_case::act_as(&app, &ctx, email, current).await?;
    let cookie = cookie.ok_or(Code::NotFound)?;
    with_cookie(lead_to("/"), &set_cookie(&app, &cookie))
}
