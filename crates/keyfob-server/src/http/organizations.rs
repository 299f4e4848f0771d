//! Organizations: the list, one of them, and what is done to it (contract 5, wire).

pub(super) mod written;

use std::sync::Arc;

use axum::extract::{Path, Query, RawQuery, State};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use keyfob_core::id::{OrgId, UserId};
use keyfob_core::name::Name;
use keyfob_core::org::BadMove;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use self::written::{Organization, Organizations};
use super::authenticate::Authenticated;
use super::json::Json;
use super::openapi::shapes::{Doom, VisibleName};
use super::problem::{Code, Problem};
use crate::app::access::Caller;
use crate::app::manage_members;
use crate::app::manage_organizations::{self as use_case, OrganizationError};
use crate::app::organizations::{organizations, organizations_page};
use crate::context::Ctx;
use crate::state::App;

/// Most organizations of one page.
const PER_PAGE_MAX: usize = 1_000;
const PER_PAGE: usize = 100;

/// The pages that existing clients ask for; other members of the query are theirs and ignored (wire).
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(super) struct Paging {
    /// Which page, from 1.
    #[param(minimum = 1, maximum = 18_446_744_073_709_551_615_u64)]
    page: Option<usize>,
    /// How many organizations a page has; 100 when only `page` is sent.
    #[param(minimum = 1, maximum = 1_000)]
    per_page: Option<usize>,
}

/// Answers `GET /identity/v1/organizations`: all of them, unless a page is asked for.
#[utoipa::path(
    get,
    path = "/identity/v1/organizations",
    operation_id = "listOrganizations",
    tag = "Organizations",
    summary = "The organizations of the caller",
    description = "With a session all memberships and what lies below them; with an access token its organization and what lies below. All at once, unless a page is asked for.",
    params(Paging),
    responses((status = 200, description = "The organizations", body = Organizations, links(("readOrganization" = (operation_id = "readOrganization", parameters(("organization" = "$response.body#/data/0/id")), description = "Reads the first of them"))))),
)]
pub(super) async fn list(
    State(app): State<Arc<App>>,
    Authenticated(caller): Authenticated,
    paging: Result<Query<Paging>, axum::extract::rejection::QueryRejection>,
) -> Result<Response, Problem> {
    let Query(paging) = paging.map_err(|_not_numbers| {
        Problem::new(
            Code::InvalidRequest,
            "page and perPage are whole numbers from 1.",
        )
    })?;
    let (listed, has_more) = match window(&paging)? {
        None => {
            let all = organizations(&app, &caller).await;
            (all.map_err(Problem::unavailable)?, false)
        }
        Some((skip, take)) => {
            let page = organizations_page(&app, &caller, skip, take).await;
            let page = page.map_err(Problem::unavailable)?;
            (page.organizations, page.has_more)
        }
    };
    let data = listed.into_iter().map(Organization::of).collect();
    let next = has_more.then(|| paging.page.unwrap_or(1).saturating_add(1));
    Ok(Json(Organizations { data, next }).into_response())
}

/// How many to skip and to take; none: all.
fn window(paging: &Paging) -> Result<Option<(usize, usize)>, Problem> {
    if paging.page.is_none() && paging.per_page.is_none() {
        return Ok(None);
    }
    let (page, per_page) = (
        paging.page.unwrap_or(1),
        paging.per_page.unwrap_or(PER_PAGE),
    );
    if page == 0 || per_page == 0 || per_page > PER_PAGE_MAX {
        return Err(Problem::new(
            Code::InvalidRequest,
            "page counts from 1, perPage is 1 to 1000.",
        ));
    }
    Ok(Some(((page - 1).saturating_mul(per_page), per_page)))
}

/// The organization that a path names. `current` is where an access token acts; what is no id names
/// nothing.
pub(super) fn named(caller: &Caller, text: &str) -> Result<OrgId, Problem> {
    match caller {
        Caller::Token(token) if text == "current" => Ok(token.organization()),
        Caller::Token(_) | Caller::Session(_) => {
            text.parse().map_err(|_no_id| Problem::from(Code::NotFound))
        }
    }
}

/// Answers `GET …/organizations/{organization}`.
#[utoipa::path(
    get,
    path = "/identity/v1/organizations/{organization}",
    operation_id = "readOrganization",
    tag = "Organizations",
    summary = "An organization",
    description = "As the caller stands to it.",
    responses((status = 200, description = "The organization", body = Organization)),
    extensions(("x-errors" = json!(["forbidden", "not_found"]))),
)]
pub(super) async fn one(
    State(app): State<Arc<App>>,
    ctx: Ctx,
    Authenticated(caller): Authenticated,
    Path(organization): Path<String>,
) -> Result<Response, Problem> {
    let organization = named(&caller, &organization)?;
    let found = use_case::show(&app, &ctx, &caller, organization).await?;
    Ok(Json(Organization::of(found)).into_response())
}

/// Answers `POST /identity/v1/organizations`: a new root, where policy lets everybody make some.
#[utoipa::path(
    post,
    path = "/identity/v1/organizations",
    operation_id = "createOrganization",
    tag = "Organizations",
    summary = "A new root organization",
    description = "By a person, where `policy.root_organizations` is `anyone`; they own it. Otherwise the operator makes them, with `keyfobd org add`.",
    request_body = OtherName,
    responses((status = 201, description = "Made", body = Organization)),
    extensions(("x-errors" = json!(["forbidden", "session_required", "unprocessable"]))),
)]
pub(super) async fn create(
    State(app): State<Arc<App>>,
    ctx: Ctx,
    Authenticated(caller): Authenticated,
    Json(body): Json<OtherName>,
) -> Result<Response, Problem> {
    let name = name(&body.name)?;
    let id = OrgId::new(ctx.now, app.id_random());
    let made = use_case::create_root(&app, &ctx, &caller, (&name, id)).await?;
    Ok((StatusCode::CREATED, Json(Organization::of(made))).into_response())
}

/// A name. Older clients send members of their own beside it (wire).
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = NewOrganization, example = json!({"name": "Mobile"}))]
pub(super) struct NewName {
    #[schema(value_type = VisibleName)]
    name: String,
}

/// A name, and nothing else.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "Mobile apps"}))]
pub(super) struct OtherName {
    #[schema(value_type = VisibleName)]
    name: String,
}

fn name(text: &str) -> Result<Name, Problem> {
    Name::parse(text).map_err(|cause| Problem::new(Code::InvalidRequest, format!("name: {cause}.")))
}

/// Answers `POST …/{organization}/sub-organizations` (wire).
#[utoipa::path(
    post,
    path = "/identity/v1/organizations/{organization}/sub-organizations",
    operation_id = "createSubOrganization",
    tag = "Organizations",
    summary = "A new organization below another",
    description = "Members of the body that are not known are ignored.",
    request_body(content = NewName),
    responses((status = 201, description = "It is made", body = Organization, links(("readOrganization" = (operation_id = "readOrganization", parameters(("organization" = "$response.body#/id")), description = "Reads it")),
        ("renameOrganization" = (operation_id = "renameOrganization", parameters(("organization" = "$response.body#/id")), description = "Gives it another name")),
        ("deleteOrganization" = (operation_id = "deleteOrganization", parameters(("organization" = "$response.body#/id"), ("confirm" = "$response.body#/name")), description = "Deletes it")),
        ("listMembers" = (operation_id = "listMembers", parameters(("organization" = "$response.body#/id")), description = "Who belongs to it"))))),
    extensions(("x-errors" = json!(["forbidden", "not_found", "name_taken", "conflict"]))),
)]
pub(super) async fn create_below(
    State(app): State<Arc<App>>,
    ctx: Ctx,
    Authenticated(caller): Authenticated,
    Path(parent): Path<String>,
    Json(body): Json<NewName>,
) -> Result<Response, Problem> {
    let parent = named(&caller, &parent)?;
    let name = name(&body.name)?;
    let id = OrgId::new(ctx.now, app.id_random());
    let made = use_case::create_below(&app, &ctx, &caller, parent, (&name, id)).await?;
    Ok((StatusCode::CREATED, Json(Organization::of(made))).into_response())
}

/// Answers `PATCH …/{organization}`: another name.
#[utoipa::path(
    patch,
    path = "/identity/v1/organizations/{organization}",
    operation_id = "renameOrganization",
    tag = "Organizations",
    summary = "Another name for an organization",
    description = "Names are there once in a tree; upper and lower case count as the same.",
    request_body(content = OtherName),
    responses((status = 200, description = "It has the name", body = Organization)),
    extensions(("x-errors" = json!(["forbidden", "not_found", "name_taken", "unprocessable"]))),
)]
pub(super) async fn rename(
    State(app): State<Arc<App>>,
    ctx: Ctx,
    Authenticated(caller): Authenticated,
    Path(organization): Path<String>,
    Json(body): Json<OtherName>,
) -> Result<Response, Problem> {
    let organization = named(&caller, &organization)?;
    let name = name(&body.name)?;
    let renamed = use_case::rename(&app, &ctx, &caller, organization, &name).await?;
    Ok(Json(Organization::of(renamed)).into_response())
}

/// Where to.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"parent": "0198c0de-0000-7000-8000-000000000001"}))]
pub(super) struct NewParent {
    /// The organization that it is to be below.
    #[schema(format = Uuid)]
    parent: String,
}

/// Answers `POST …/{organization}/move`.
#[utoipa::path(
    post,
    path = "/identity/v1/organizations/{organization}/move",
    operation_id = "moveOrganization",
    tag = "Organizations",
    summary = "Another place in the tree",
    description = "Needs a session. The parent is in the same tree, and not below the organization, which has an active owner there, at itself or above.",
    request_body(content = NewParent),
    responses((status = 200, description = "It is there", body = Organization)),
    extensions(("x-errors" = json!(["forbidden", "not_found", "session_required", "conflict", "last_owner", "unprocessable"]))),
)]
pub(super) async fn move_below(
    State(app): State<Arc<App>>,
    ctx: Ctx,
    Authenticated(caller): Authenticated,
    Path(organization): Path<String>,
    Json(body): Json<NewParent>,
) -> Result<Response, Problem> {
    let organization = named(&caller, &organization)?;
    let parent = body.parent.parse();
    let parent = parent
        .map_err(|_no_id| Problem::new(Code::InvalidRequest, "parent is no organization id."))?;
    let moved = use_case::move_below(&app, &ctx, &caller, organization, parent).await?;
    Ok(Json(Organization::of(moved)).into_response())
}

/// What is to be deleted: a typo in the query must not take a whole subtree for a member.
enum Doomed {
    Everything { name: String },
    Member(UserId),
}

impl Doomed {
    fn read(query: &str) -> Result<Self, Problem> {
        let mut pairs: Vec<(String, String)> = form_urlencoded::parse(query.as_bytes())
            .into_owned()
            .collect();
        pairs.sort_unstable();
        let pairs: Vec<(&str, &str)> = pairs
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        match *pairs {
            [("confirm", name)] => Ok(Self::Everything {
                name: name.to_owned(),
            }),
            [("action", "remove"), ("userId", user)] => {
                let user = user.parse();
                let user = user.map_err(|_no_id| Problem::from(Code::NotFound))?;
                Ok(Self::Member(user))
            }
            _ => Err(Problem::new(
                Code::InvalidRequest,
                "Send confirm with the exact name of the organization to delete it and all below it, or \
                 action=remove and userId to end a membership; nothing else.",
            )),
        }
    }
}

/// Answers `DELETE …/{organization}?confirm=`, and `?action=remove&userId=` (wire).
#[utoipa::path(
    delete,
    path = "/identity/v1/organizations/{organization}",
    operation_id = "deleteOrganization",
    tag = "Organizations",
    summary = "Delete an organization, or end a membership",
    description = "With `confirm` the organization and all below it is deleted, which needs a session; with `action` and `userId` a membership ends, as older clients ask for it. Nothing else may stand in the query.",
    params(Doom),
    responses((status = 204, description = "Done")),
    extensions(("x-errors" = json!(["forbidden", "not_found", "session_required", "last_owner"]))),
)]
pub(super) async fn delete(
    State(app): State<Arc<App>>,
    ctx: Ctx,
    Authenticated(caller): Authenticated,
    Path(organization): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<StatusCode, Problem> {
    let organization = named(&caller, &organization)?;
    match Doomed::read(&query.unwrap_or_default())? {
        Doomed::Everything { name } => {
            use_case::delete(&app, &ctx, &caller, organization, &name).await?;
        }
        Doomed::Member(user) => {
            manage_members::remove(&app, &ctx, &caller, (organization, user)).await?;
        }
    }
    Ok(StatusCode::NO_CONTENT)
}

impl From<OrganizationError> for Problem {
    fn from(error: OrganizationError) -> Self {
        match error {
            OrganizationError::NotForThem(_) => Code::NotFound.into(),
            OrganizationError::Refused(refused) => super::members::refused(&refused),
            OrganizationError::NameTaken => Code::NameTaken.into(),
            OrganizationError::TooDeep(cause) => Self::new(Code::Conflict, sentence(cause)),
            OrganizationError::BadMove(cause @ (BadMove::Root | BadMove::OtherTree)) => {
                Self::new(Code::InvalidRequest, sentence(cause))
            }
            OrganizationError::BadMove(cause @ (BadMove::Cycle | BadMove::TooDeep)) => {
                Self::new(Code::Conflict, sentence(cause))
            }
            OrganizationError::NotItsName => Self::new(
                Code::InvalidRequest,
                "confirm is not the exact name of the organization.",
            ),
            OrganizationError::ByOperator => Self::new(
                Code::Forbidden,
                "New root organizations are made by the operator, with keyfobd org add.",
            ),
            OrganizationError::NeedsPerson => Code::SessionRequired.into(),
            OrganizationError::Outage(outage) => outage.into(),
        }
    }
}

/// A cause as a sentence.
pub(super) fn sentence(cause: impl std::fmt::Display) -> String {
    let cause = cause.to_string();
    let mut letters = cause.chars();
    let first = letters.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(letters).chain(['.']).collect()
}
