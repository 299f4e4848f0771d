//! Making a root organization, the beginning of a tree, where policy lets everybody.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Request, State};
use axum::response::Response;
use http::StatusCode;
use keyfob_core::id::{OrgId, PatId};
use keyfob_core::name::Name;
use keyfob_core::policy::RootCreation;

use super::form::Form;
use super::frame::Area;
use super::page::{Shell, lead_to, show};
use super::say;
use super::visitor::Member;
use crate::app::access::Caller;
use crate::app::manage_organizations::{OrganizationError, create_root};
use crate::context::Ctx;
use crate::http::problem::Problem;
use crate::state::App;

/// Where it is.
pub(super) const PATH: &str = "/organizations/new";

#[derive(Template)]
#[template(path = "organization/root.html")]
struct NewRootPage {
    shell: Shell,
    /// A form counts once: the id of what it makes.
    number: String,
    token: String,
    name: String,
    error: Option<String>,
}

/// Where somebody makes a root organization; none where only the operator does.
pub(super) fn path(app: &App) -> Option<&'static str> {
    match app.policy.root_creation {
        RootCreation::Anyone => Some(PATH),
        RootCreation::Operators => None,
    }
}

/// Answers `GET /organizations/new`.
pub(super) async fn page(
    State(app): State<Arc<App>>,
    ctx: Ctx,
    member: Member,
) -> Result<Response, Problem> {
    path(&app).ok_or(OrganizationError::ByOperator)?;
    let number = PatId::new(ctx.now, app.id_random());
    shown(&member, number, String::new(), None)
}

fn shown(
    member: &Member,
    number: PatId,
    name: String,
    error: Option<String>,
) -> Result<Response, Problem> {
    let number = number.to_string();
    show(&NewRootPage {
        shell: Shell::for_member(say::NEW_ORGANIZATION, member),
        token: member.forms.token(&number),
        number,
        name,
        error,
    })
}

/// Answers `POST /organizations/new`.
pub(super) async fn create(
    State(app): State<Arc<App>>,
    ctx: Ctx,
    member: Member,
    request: Request,
) -> Result<Response, Problem> {
    let form = Form::read(&app, &member.forms, request).await?;
    let number = form.number()?;
    let typed = form.text("name").unwrap_or_default();
    let name = match Name::parse(typed) {
        Ok(name) => name,
        Err(bad) => {
            let error = Some(say::bad_name(bad));
            let mut response = shown(&member, number, typed.to_owned(), error)?;
            *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
            return Ok(response);
        }
    };
    let caller = Caller::Session(Box::new(member.who.clone()));
    let id = OrgId::from_uuid(number.uuid());
    let made = create_root(&app, &ctx, &caller, (&name, id)).await?;
    Ok(lead_to(&Area::Team.path(made.org.id)))
}
