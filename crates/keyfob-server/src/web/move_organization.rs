//! Moving an organization, with all below it, to another parent in its tree.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, Request, State};
use axum::response::Response;
use http::StatusCode;
use keyfob_core::id::OrgId;
use keyfob_core::manage::may_delete;
use keyfob_core::org::BadMove;
use keyfob_store::org::seen::SeenOrg;

use super::form::Form;
use super::frame::{Area, Frame};
use super::page::{Shell, lead_to, show};
use super::say;
use super::security::options::Choice;
use super::security::organization_id;
use super::visitor::Member;
use crate::app::access::Caller;
use crate::app::manage_organizations::{OrganizationError, move_below};
use crate::app::new_parents::new_parents;
use crate::app::visit::{Visit, visit};
use crate::context::Ctx;
use crate::http::problem::{Code, Problem};
use crate::state::App;

#[derive(Template)]
#[template(path = "organization/move.html")]
struct MovePage {
    shell: Shell,
    frame: Frame,
    name: String,
    parents: Vec<Choice>,
    /// Whether there are more than can be chosen from: then one is named by its id.
    is_cut: bool,
    action: String,
    back: String,
    error: Option<String>,
}

/// Where somebody is who may move it.
async fn place(
    app: &App,
    ctx: &Ctx,
    member: &Member,
    organization: OrgId,
) -> Result<Visit, Problem> {
    let mut visit = visit(app, ctx, &member.who, organization).await?;
    visit.look_below(app).await?;
    may_delete(&visit.manager())
        .map_err(|refused| Problem::from(OrganizationError::from(refused)))?;
    Ok(visit)
}

/// Answers `GET …/move`.
pub(super) async fn page(
    State(app): State<Arc<App>>,
    ctx: Ctx,
    member: Member,
    Path(organization): Path<String>,
) -> Result<Response, Problem> {
    let organization = organization_id(&organization)?;
    let visit = place(&app, &ctx, &member, organization).await?;
    shown((&app, &member), &visit, None).await
}

async fn shown(
    (app, member): (&App, &Member),
    visit: &Visit,
    error: Option<String>,
) -> Result<Response, Problem> {
    let here = visit.here().ok_or(Code::NotFound)?;
    let organization = here.org.id;
    let is_wrong = error.is_some();
    let mut response = show(&MovePage {
        shell: Shell::for_member(&say::move_this(&here.org.name), member),
        frame: Frame::new(Area::Team, member, visit),
        name: here.org.name.clone(),
        parents: if visit.manages_above() {
            let parents = new_parents(app, &member.who, visit).await;
            let parents = parents.map_err(Problem::unavailable)?;
            parents.into_iter().map(choice).collect()
        } else {
            Vec::new()
        },
        is_cut: visit.is_cut,
        action: format!("/orgs/{organization}/move"),
        back: Area::Team.path(organization),
        error,
    })?;
    if is_wrong {
        *response.status_mut() = StatusCode::CONFLICT;
    }
    Ok(response)
}

fn choice(parent: &SeenOrg) -> Choice {
    Choice {
        value: parent.org.id.to_string(),
        label: parent.org.name.clone(),
        is_chosen: false,
    }
}

/// Answers `POST …/move`.
pub(super) async fn move_it(
    State(app): State<Arc<App>>,
    ctx: Ctx,
    member: Member,
    Path(organization): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let form = Form::read(&app, &member.forms, request).await?;
    let organization = organization_id(&organization)?;
    let visit = place(&app, &ctx, &member, organization).await?;
    let named = form.text("id").or_else(|| form.text("parent"));
    let Some(parent) = named.and_then(|id| id.trim().parse().ok()) else {
        let error = Some(say::NOT_AN_ORGANIZATION.to_owned());
        return shown((&app, &member), &visit, error).await;
    };
    let caller = Caller::Session(Box::new(member.who.clone()));
    let why = match move_below(&app, &ctx, &caller, organization, parent).await {
        Ok(_moved) => return Ok(lead_to(&Area::Team.path(organization))),
        Err(OrganizationError::Refused(refused)) => say::may_not(&refused),
        Err(OrganizationError::NotForThem(_)) => say::NOT_AN_ORGANIZATION.to_owned(),
        Err(OrganizationError::BadMove(BadMove::TooDeep)) => say::TREE_TOO_DEEP.to_owned(),
        Err(OrganizationError::BadMove(
            cause @ (BadMove::Root | BadMove::OtherTree | BadMove::Cycle),
        )) => say::sentence(&cause.to_string()),
        Err(error) => return Err(error.into()),
    };
    shown((&app, &member), &visit, Some(why)).await
}
