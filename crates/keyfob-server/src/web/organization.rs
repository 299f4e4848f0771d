//! Making an organization below another one, giving it another name, and deleting it.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, Request, State};
use axum::response::Response;
use http::StatusCode;
use keyfob_core::id::{OrgId, PatId};
use keyfob_core::manage::{MayNotManage, may_delete, may_manage};
use keyfob_core::name::Name;

use super::form::Form;
use super::frame::{Area, Frame};
use super::page::{Shell, lead_to, show};
use super::say;
use super::security::organization_id;
use super::visitor::Member;
use crate::app::access::Caller;
use crate::app::manage_organizations::{self as use_case, OrganizationError};
use crate::app::visit::{Visit, visit};
use crate::context::Ctx;
use crate::http::problem::{Code, Problem};
use crate::state::App;

/// A page with one field for a name.
#[derive(Template)]
#[template(path = "organization/name.html")]
struct NamePage {
    shell: Shell,
    frame: Frame,
    heading: String,
    lead: String,
    action: String,
    back: String,
    press: &'static str,
    /// A form counts once: the id of what it makes.
    number: String,
    token: String,
    name: String,
    error: Option<String>,
}

#[derive(Template)]
#[template(path = "organization/delete.html")]
struct DeletePage {
    shell: Shell,
    frame: Frame,
    name: String,
    organizations: String,
    action: String,
    back: String,
    press: String,
    error: Option<String>,
}

/// What a name is for.
#[derive(Clone, Copy)]
enum Errand {
    Create,
    Rename,
}

/// What was typed, and what is wrong with it.
struct Typed {
    name: String,
    error: String,
}

/// Where somebody is who may do what they came for.
async fn place(
    app: &App,
    ctx: &Ctx,
    member: &Member,
    organization: &str,
) -> Result<(OrgId, Visit), Problem> {
    let organization = organization_id(organization)?;
    let visit = visit(app, ctx, &member.who, organization).await?;
    Ok((organization, visit))
}

fn refuse(refused: MayNotManage) -> Problem {
    OrganizationError::from(refused).into()
}

/// Answers `GET …/new`.
pub(super) async fn new_page(
    State(app): State<Arc<App>>,
    ctx: Ctx,
    member: Member,
    Path(organization): Path<String>,
) -> Result<Response, Problem> {
    fresh((&app, &ctx, &member), &organization, Errand::Create).await
}

/// Answers `GET …/rename`.
pub(super) async fn rename_page(
    State(app): State<Arc<App>>,
    ctx: Ctx,
    member: Member,
    Path(organization): Path<String>,
) -> Result<Response, Problem> {
    fresh((&app, &ctx, &member), &organization, Errand::Rename).await
}

/// The page with nothing typed yet.
async fn fresh(
    (app, ctx, member): (&App, &Ctx, &Member),
    organization: &str,
    errand: Errand,
) -> Result<Response, Problem> {
    let (_organization, visit) = place(app, ctx, member, organization).await?;
    may_manage(&visit.manager()).map_err(refuse)?;
    let number = PatId::new(ctx.now, app.id_random());
    named(member, &visit, errand, (number, None))
}

fn named(
    member: &Member,
    visit: &Visit,
    errand: Errand,
    (number, typed): (PatId, Option<Typed>),
) -> Result<Response, Problem> {
    let organization = visit.place.lineage.organization();
    let here = visit.here().map_or("", |here| here.org.name.as_str());
    let number = number.to_string();
    let (heading, lead, word, press) = match errand {
        Errand::Create => (
            say::NEW_SUB_ORGANIZATION.to_owned(),
            say::new_below(here),
            "new",
            say::CREATE_SUB_ORGANIZATION,
        ),
        Errand::Rename => (
            say::rename_this(here),
            say::RENAME_MORE.to_owned(),
            "rename",
            say::RENAME,
        ),
    };
    let is_wrong = typed.is_some();
    let (name, error) = match (typed, errand) {
        (Some(typed), _) => (typed.name, Some(typed.error)),
        (None, Errand::Create) => (String::new(), None),
        (None, Errand::Rename) => (here.to_owned(), None),
    };
    let mut response = show(&NamePage {
        shell: Shell::for_member(&heading, member),
        frame: Frame::new(Area::Team, member, visit),
        heading,
        lead,
        action: format!("/orgs/{organization}/{word}"),
        back: Area::Team.path(organization),
        press,
        token: member.forms.token(&number),
        number,
        name,
        error,
    })?;
    if is_wrong {
        *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    }
    Ok(response)
}

/// Answers `POST …/new`.
pub(super) async fn create(
    State(app): State<Arc<App>>,
    ctx: Ctx,
    member: Member,
    Path(organization): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    answered(&app, &ctx, member, (&organization, Errand::Create), request).await
}

/// Answers `POST …/rename`.
pub(super) async fn rename(
    State(app): State<Arc<App>>,
    ctx: Ctx,
    member: Member,
    Path(organization): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    answered(&app, &ctx, member, (&organization, Errand::Rename), request).await
}

async fn answered(
    app: &App,
    ctx: &Ctx,
    member: Member,
    (organization, errand): (&str, Errand),
    request: Request,
) -> Result<Response, Problem> {
    let form = Form::read(app, &member.forms, request).await?;
    let number = form.number()?;
    let typed = form.text("name").unwrap_or_default().to_owned();
    let (organization, visit) = place(app, ctx, &member, organization).await?;
    may_manage(&visit.manager()).map_err(refuse)?;
    let wrong = |error: String| {
        let name = typed.clone();
        named(
            &member,
            &visit,
            errand,
            (number, Some(Typed { name, error })),
        )
    };
    let name = match Name::parse(&typed) {
        Ok(name) => name,
        Err(bad) => return wrong(say::bad_name(bad)),
    };
    let caller = Caller::Session(Box::new(member.who.clone()));
    let done = match errand {
        Errand::Create => {
            let id = OrgId::from_uuid(number.uuid());
            use_case::create_below(app, ctx, &caller, organization, (&name, id)).await
        }
        Errand::Rename => use_case::rename(app, ctx, &caller, organization, &name).await,
    };
    match done {
        Ok(listed) => Ok(lead_to(&Area::Team.path(listed.org.id))),
        Err(OrganizationError::NameTaken) => wrong(say::name_taken(name.as_str())),
        Err(OrganizationError::TooDeep(_)) => wrong(say::TREE_TOO_DEEP.to_owned()),
        Err(error) => Err(error.into()),
    }
}

/// Answers `GET …/delete`; script shows its part in a dialog.
pub(super) async fn delete_page(
    State(app): State<Arc<App>>,
    ctx: Ctx,
    member: Member,
    Path(organization): Path<String>,
) -> Result<Response, Problem> {
    let (_organization, visit) = place(&app, &ctx, &member, &organization).await?;
    asked(&app, &member, visit, None).await
}

async fn asked(
    app: &App,
    member: &Member,
    mut visit: Visit,
    error: Option<&str>,
) -> Result<Response, Problem> {
    may_delete(&visit.manager()).map_err(refuse)?;
    visit.look_below(app).await?;
    let organization = visit.place.lineage.organization();
    let name = visit.here().ok_or(Code::NotFound)?.org.name.clone();
    let count = visit.below_count() + 1;
    let mut response = show(&DeletePage {
        shell: Shell::for_member(&say::delete_this(&name), member),
        frame: Frame::new(Area::Team, member, &visit),
        organizations: count.to_string(),
        action: format!("/orgs/{organization}/delete"),
        back: Area::Team.path(organization),
        press: say::delete_organizations(count),
        error: error.map(str::to_owned),
        name,
    })?;
    if error.is_some() {
        *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    }
    Ok(response)
}

/// Answers `POST …/delete`.
pub(super) async fn delete(
    State(app): State<Arc<App>>,
    ctx: Ctx,
    member: Member,
    Path(organization): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let form = Form::read(&app, &member.forms, request).await?;
    let (organization, visit) = place(&app, &ctx, &member, &organization).await?;
    let confirm = form.text("confirm").unwrap_or_default().trim();
    let caller = Caller::Session(Box::new(member.who.clone()));
    match use_case::delete(&app, &ctx, &caller, organization, confirm).await {
        Ok(()) => Ok(match visit.place.lineage.upward().nth(1) {
            // Somebody who owns it directly may not belong to what lies above.
            Some(above) if visit.seen(above).is_some() => lead_to(&Area::Team.path(above)),
            Some(_) | None => lead_to("/"),
        }),
        Err(OrganizationError::NotItsName) => {
            asked(&app, &member, visit, Some(say::NOT_ITS_NAME)).await
        }
        Err(error) => Err(error.into()),
    }
}
