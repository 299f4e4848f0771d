//! Who belongs to an organization, and with which roles (contract 5, wire).

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use keyfob_core::catalogue::{ORGANIZATION_MANAGE, ORGANIZATION_VIEW};
use keyfob_core::id::UserId;
use keyfob_core::manage::MayNotManage;
use keyfob_core::member::{Roles, Standing};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::authenticate::Authenticated;
use super::json::Json;
use super::openapi::shapes::RoleKey;
use super::organizations::written::Membership;
use super::organizations::{named, sentence};
use super::problem::{Code, Problem};
use crate::app::manage::members;
use crate::app::manage_members::{self as use_case, Held, ManageError};
use crate::context::Ctx;
use crate::state::App;
use crate::web::level_title;

/// Somebody in the list.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Member)]
struct Listed {
    #[schema(format = Uuid)]
    id: String,
    /// The same as `email`.
    username: String,
    email: String,
    full_name: String,
    membership: Membership,
    suspended: bool,
}

/// Answers `GET …/{organization}/users`: a bare array (wire), direct members and inherited ones, by name.
#[utoipa::path(
    get,
    path = "/identity/v1/organizations/{organization}/users",
    operation_id = "listMembers",
    tag = "Members",
    summary = "Who belongs to an organization",
    description = "Direct members and inherited ones, by name.",
    responses((status = 200, description = "The members", body = Vec<Listed>, links(("readRoles" = (operation_id = "readRoles", parameters(("organization" = "$request.path.organization"), ("user" = "$response.body#/0/id")), description = "What the first of them holds"))))),
    extensions(("x-errors" = json!(["forbidden", "not_found"]))),
)]
pub(super) async fn list(
    State(app): State<Arc<App>>,
    ctx: Ctx,
    Authenticated(caller): Authenticated,
    Path(organization): Path<String>,
) -> Result<Response, Problem> {
    let organization = named(&caller, &organization)?;
    let (lineage, people) = members(&app, &ctx, &caller, organization).await?;
    let listed = people.into_iter().map(|one| {
        let standing = one.standing(&lineage);
        let own = one.memberships.iter();
        let mut own = own.filter(|held| held.organization == organization);
        let is_direct = own.clone().next().is_some();
        Listed {
            id: one.user.to_string(),
            username: one.email.clone(),
            email: one.email,
            full_name: one.name,
            membership: if is_direct {
                Membership::Member
            } else {
                Membership::Inherited
            },
            suspended: one.is_suspended
                || standing == Standing::Stranger
                || own.any(|held| !held.is_active()),
        }
    });
    Ok(Json(listed.collect::<Vec<_>>()).into_response())
}

/// What somebody holds. The keys are those of the catalogue.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = HeldRoles, example = json!({"roles": ["manage-build"], "inheritedRoles": ["view-build"]}))]
struct Written {
    roles: Vec<String>,
    inherited_roles: Vec<String>,
}

impl Written {
    fn of(held: &Held) -> Self {
        Self {
            roles: held.direct(),
            inherited_roles: held.inherited(),
        }
    }
}

/// Answers `GET …/users/{user}/roles` (wire).
#[utoipa::path(
    get,
    path = "/identity/v1/organizations/{organization}/users/{user}/roles",
    operation_id = "readRoles",
    tag = "Members",
    summary = "What somebody holds",
    description = "Direct roles and inherited ones.",
    responses((status = 200, description = "The roles", body = Written)),
    extensions(("x-errors" = json!(["forbidden", "not_found"]))),
)]
pub(super) async fn roles(
    State(app): State<Arc<App>>,
    ctx: Ctx,
    Authenticated(caller): Authenticated,
    Path((organization, user)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let organization = named(&caller, &organization)?;
    let user = person(&user)?;
    let held = use_case::roles_of(&app, &ctx, &caller, organization, user).await?;
    Ok(Json(Written::of(&held)).into_response())
}

/// The direct roles, as they are to be. Older clients send members of their own beside them (wire).
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = WantedRoles, example = json!({"roles": ["view-build"]}))]
pub(super) struct Wanted {
    /// Keys of the role catalogue, or `owner`.
    #[schema(value_type = Vec<RoleKey>, max_items = 200)]
    roles: Vec<String>,
}

/// Answers `PUT …/users/{user}/roles`: replaces the direct ones (wire).
#[utoipa::path(
    put,
    path = "/identity/v1/organizations/{organization}/users/{user}/roles",
    operation_id = "replaceRoles",
    tag = "Members",
    summary = "Replace the direct roles",
    description = "Nobody grants more than they hold, and only an owner grants or ends `owner`. Members of the body that are not known are ignored.",
    request_body(content = Wanted),
    responses((status = 200, description = "The roles as they are now", body = Written)),
    extensions(("x-errors" = json!(["forbidden", "not_found", "session_required", "last_owner"]))),
)]
pub(super) async fn set_roles(
    State(app): State<Arc<App>>,
    ctx: Ctx,
    Authenticated(caller): Authenticated,
    Path((organization, user)): Path<(String, String)>,
    Json(wanted): Json<Wanted>,
) -> Result<Response, Problem> {
    let organization = named(&caller, &organization)?;
    let user = person(&user)?;
    let roles = read_roles(&wanted.roles)?;
    let held = use_case::set_roles(&app, &ctx, &caller, (organization, user), &roles).await?;
    Ok(Json(Written::of(&held)).into_response())
}

pub(super) fn read_roles(keys: &[String]) -> Result<Roles, Problem> {
    Roles::new(keys.iter().map(String::as_str))
        .map_err(|cause| Problem::new(Code::InvalidRequest, sentence(cause)))
}

/// Answers `DELETE …/users/{user}`: ends the membership. Anybody may end their own.
#[utoipa::path(
    delete,
    path = "/identity/v1/organizations/{organization}/users/{user}",
    operation_id = "removeMember",
    tag = "Members",
    summary = "End a membership",
    description = "Anybody may end their own; the last owner cannot.",
    responses((status = 204, description = "It is ended")),
    extensions(("x-errors" = json!(["forbidden", "not_found", "session_required", "last_owner"]))),
)]
pub(super) async fn remove(
    State(app): State<Arc<App>>,
    ctx: Ctx,
    Authenticated(caller): Authenticated,
    Path((organization, user)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    let organization = named(&caller, &organization)?;
    let user = person(&user)?;
    use_case::remove(&app, &ctx, &caller, (organization, user)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Whether it is to be suspended.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Suspension, example = json!({"suspended": true}))]
pub(super) struct Suspension {
    suspended: bool,
}

/// Answers `PATCH …/users/{user}`: suspends the membership, or lets the member in again.
#[utoipa::path(
    patch,
    path = "/identity/v1/organizations/{organization}/users/{user}",
    operation_id = "suspendMember",
    tag = "Members",
    summary = "Suspend a membership, or let the member in again",
    description = "A suspended membership gives nothing, as if it were not there.",
    request_body(content = Suspension),
    responses((status = 204, description = "Done")),
    extensions(("x-errors" = json!(["forbidden", "not_found", "session_required", "last_owner", "unprocessable"]))),
)]
pub(super) async fn suspend(
    State(app): State<Arc<App>>,
    ctx: Ctx,
    Authenticated(caller): Authenticated,
    Path((organization, user)): Path<(String, String)>,
    Json(body): Json<Suspension>,
) -> Result<StatusCode, Problem> {
    let organization = named(&caller, &organization)?;
    let member = (organization, person(&user)?);
    if body.suspended {
        use_case::suspend(&app, &ctx, &caller, member).await?;
    } else {
        use_case::reactivate(&app, &ctx, &caller, member).await?;
    }
    Ok(StatusCode::NO_CONTENT)
}

/// A module of the catalogue (wire).
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = RoleModule)]
struct ModuleOut {
    title: String,
    module: String,
    /// Whether more than one of its roles can be held: the stronger ones hold the weaker ones already.
    multi: bool,
    roles: Vec<RoleOut>,
    default_roles: Vec<String>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Role)]
struct RoleOut {
    key: String,
    name: String,
}

/// Answers `GET /roles.json` and `/identity/v1/roles.json`: what can be granted, the strongest of a module
/// first. `owner` is not in it (wire).
#[utoipa::path(
    get,
    path = "/identity/v1/roles.json",
    operation_id = "listRoles",
    tag = "Members",
    summary = "What can be granted",
    description = "By module, the strongest first; `owner` is not in it.",
    responses((status = 200, description = "The role catalogue", body = Vec<ModuleOut>)),
)]
pub(super) async fn catalogue(
    State(app): State<Arc<App>>,
    ctx: Ctx,
    Authenticated(_caller): Authenticated,
) -> Result<Response, Problem> {
    let loaded = app.current(ctx.now).await.map_err(Problem::unavailable)?;
    let modules = loaded.catalogue.modules().iter().map(|module| ModuleOut {
        title: module.title.clone(),
        module: module.key.clone(),
        multi: false,
        roles: module
            .levels
            .iter()
            .map(|level| RoleOut {
                key: format!("{}-{}", level.word(), module.key),
                name: level_title(*level).to_owned(),
            })
            .collect(),
        default_roles: Vec::new(),
    });
    Ok(Json(modules.collect::<Vec<_>>()).into_response())
}

fn person(text: &str) -> Result<UserId, Problem> {
    text.parse().map_err(|_no_id| Problem::from(Code::NotFound))
}

/// What the rules say, as an answer.
pub(super) fn refused(refused: &MayNotManage) -> Problem {
    let code = match refused {
        MayNotManage::NotAManager
        | MayNotManage::NotAViewer
        | MayNotManage::NotAnOwner
        | MayNotManage::NotHeld { .. } => Code::Forbidden,
        MayNotManage::UnknownRole(_key) => Code::InvalidRequest,
        MayNotManage::LastOwner => Code::LastOwner,
    };
    let problem = Problem::new(code, sentence(refused));
    match refused {
        MayNotManage::NotAManager => problem.needing(ORGANIZATION_MANAGE),
        MayNotManage::NotAViewer => problem.needing(ORGANIZATION_VIEW),
        MayNotManage::NotHeld { .. }
        | MayNotManage::NotAnOwner
        | MayNotManage::UnknownRole(_)
        | MayNotManage::LastOwner => problem,
    }
}

impl From<ManageError> for Problem {
    fn from(error: ManageError) -> Self {
        match error {
            ManageError::NotForThem(_) | ManageError::NotAMember => Code::NotFound.into(),
            ManageError::Refused(cause) => refused(&cause),
            ManageError::NeedsPerson => Code::SessionRequired.into(),
            ManageError::Outage(outage) => outage.into(),
        }
    }
}
