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

use super::authenticate::Authenticated;
use super::json::Json;
use super::organizations::{named, sentence};
use super::problem::{Code, Problem};
use crate::app::manage::members;
use crate::app::manage_members::{self as use_case, Held, ManageError};
use crate::context::Ctx;
use crate::state::App;
use crate::web::level_title;

/// Somebody in the list.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Listed {
    id: String,
    username: String,
    email: String,
    full_name: String,
    membership: &'static str,
    suspended: bool,
}

/// Answers `GET …/{organization}/users`: a bare array (wire), direct members and inherited ones, by name.
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
            membership: if is_direct { "Member" } else { "Inherited" },
            suspended: one.is_suspended
                || standing == Standing::Stranger
                || own.any(|held| !held.is_active()),
        }
    });
    Ok(Json(listed.collect::<Vec<_>>()).into_response())
}

/// What somebody holds. The keys are those of the catalogue.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
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
#[derive(Debug, Deserialize)]
pub(super) struct Wanted {
    roles: Vec<String>,
}

/// Answers `PUT …/users/{user}/roles`: replaces the direct ones (wire).
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
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Suspension {
    suspended: bool,
}

/// Answers `PATCH …/users/{user}`: suspends the membership, or lets the member in again.
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
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ModuleOut {
    title: String,
    module: String,
    /// Whether more than one of its roles can be held: the stronger ones hold the weaker ones already.
    multi: bool,
    roles: Vec<RoleOut>,
    default_roles: Vec<String>,
}

#[derive(Serialize)]
struct RoleOut {
    key: String,
    name: String,
}

/// Answers `GET /roles.json` and `/identity/v1/roles.json`: what can be granted, the strongest of a module
/// first. `owner` is not in it (wire).
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
