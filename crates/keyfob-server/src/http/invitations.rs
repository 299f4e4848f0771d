//! Who is invited to an organization (contract 5, wire). A link is in no answer: it is mailed, or shown to
//! the inviter in the dashboard.

use std::sync::Arc;

use axum::extract::{Path, RawQuery, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use keyfob_core::id::OrgId;
use keyfob_core::name::Email;
use keyfob_store::invitation::Promise;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::authenticate::Authenticated;
use super::json::Json;
use super::members::{read_roles, refused};
use super::openapi::shapes::RoleKey;
use super::organizations::{named, sentence};
use super::problem::{Code, Problem};
use crate::app::access::Caller;
use crate::app::invite::{Delivery, InviteError, Made, invite as make, invite_again as make_again};
use crate::app::invited::{self, Listed};
use crate::context::Ctx;
use crate::date::rfc3339;
use crate::state::App;
use crate::web::letter;

/// An invitation in a list (wire).
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Invitation)]
struct Written {
    user_email: String,
    /// `pending` or `expired`.
    status: &'static str,
    #[schema(format = DateTime)]
    expires_date: String,
    organizations_and_roles: Vec<WrittenPromise>,
}

/// What is promised at an organization.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Promise)]
struct WrittenPromise {
    #[schema(format = Uuid)]
    organization_id: String,
    organization_name: String,
    roles: Vec<String>,
}

impl From<Listed> for Written {
    fn from(listed: Listed) -> Self {
        let promises = listed.promises.into_iter().map(|promise| WrittenPromise {
            organization_id: promise.organization.to_string(),
            organization_name: promise.name,
            roles: promise.roles.iter().map(str::to_owned).collect(),
        });
        Self {
            user_email: listed.email,
            status: if listed.is_over { "expired" } else { "pending" },
            expires_date: rfc3339(listed.expires_at),
            organizations_and_roles: promises.collect(),
        }
    }
}

/// Answers `GET …/{organization}/invitations`: a bare array (wire), the latest first.
#[utoipa::path(
    get,
    path = "/identity/v1/organizations/{organization}/invitations",
    operation_id = "listInvitations",
    tag = "Invitations",
    summary = "Who is invited",
    description = "To who manages the organization, the latest first; of each what it promises where the caller sees it.",
    responses((status = 200, description = "The invitations", body = Vec<Written>)),
    extensions(("x-errors" = json!(["forbidden", "not_found"]))),
)]
pub(super) async fn list(
    State(app): State<Arc<App>>,
    ctx: Ctx,
    Authenticated(caller): Authenticated,
    Path(organization): Path<String>,
) -> Result<Response, Problem> {
    let organization = named(&caller, &organization)?;
    let listed = invited::list(&app, &ctx, &caller, organization).await?;
    let written: Vec<Written> = listed.into_iter().map(Written::from).collect();
    Ok(Json(written).into_response())
}

/// Whom to invite to this organization, and with which roles there.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = NewInvitation)]
pub(super) struct New {
    #[schema(format = "email", example = "lea@acme.example")]
    user_email: String,
    #[schema(value_type = Vec<RoleKey>)]
    roles: Vec<String>,
}

/// Answers `POST …/{organization}/invitations`.
#[utoipa::path(
    post,
    path = "/identity/v1/organizations/{organization}/invitations",
    operation_id = "invite",
    tag = "Invitations",
    summary = "Invite somebody",
    description = "Promises a membership with these roles. The link is mailed, or shown in the dashboard; it is in no answer. A promise to the same address that waits is replaced.",
    request_body = New,
    responses((status = 201, description = "Invited", body = Written)),
    extensions(("x-errors" = json!(["forbidden", "not_found", "already_a_member", "conflict", "mail_unavailable", "too_many_requests", "unprocessable"]))),
)]
pub(super) async fn invite(
    State(app): State<Arc<App>>,
    ctx: Ctx,
    Authenticated(caller): Authenticated,
    Path(organization): Path<String>,
    Json(body): Json<New>,
) -> Result<Response, Problem> {
    let organization = named(&caller, &organization)?;
    let email = address(&body.user_email)?;
    let promise = Promise {
        organization,
        roles: read_roles(&body.roles)?,
    };
    let made = make(&app, &ctx, &caller, organization, (&email, &[promise])).await?;
    let written = delivered(&app, &ctx, made).await?;
    Ok((StatusCode::CREATED, Json(written)).into_response())
}

/// Whom to invite to which organizations. Older clients send members of their own beside it (wire).
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = NewInvitations)]
pub(super) struct NewForSeveral {
    #[schema(format = "email", example = "lea@acme.example")]
    user_email: String,
    #[schema(min_items = 1, max_items = 50)]
    organizations_and_roles: Vec<OrganizationAndRoles>,
}

/// Which roles at which organization.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct OrganizationAndRoles {
    #[schema(format = Uuid)]
    organization_id: String,
    #[schema(value_type = Vec<RoleKey>)]
    roles: Vec<String>,
}

/// Answers `PATCH /identity/v1/users?action=invite&organizationId=` (wire).
#[utoipa::path(
    patch,
    path = "/identity/v1/users",
    operation_id = "inviteToSeveral",
    tag = "Invitations",
    summary = "Invite somebody to several organizations",
    description = "The same with one link for several organizations of a tree. Members of the body that are not known are ignored.",
    params(("action" = String, Query, description = "What is done", pattern = "^invite$"), ("organizationId" = String, Query, description = "An organization that the caller manages", format = Uuid)),
    request_body = NewForSeveral,
    responses((status = 200, description = "Invited", body = Written)),
    extensions(("x-errors" = json!(["forbidden", "not_found", "already_a_member", "conflict", "mail_unavailable", "too_many_requests"]))),
)]
pub(super) async fn invite_to_several(
    State(app): State<Arc<App>>,
    ctx: Ctx,
    Authenticated(caller): Authenticated,
    RawQuery(query): RawQuery,
    Json(body): Json<NewForSeveral>,
) -> Result<Response, Problem> {
    let organization = invited_from(&caller, &query.unwrap_or_default())?;
    let email = address(&body.user_email)?;
    let mut promises = Vec::new();
    for wanted in &body.organizations_and_roles {
        promises.push(Promise {
            organization: named(&caller, &wanted.organization_id)?,
            roles: read_roles(&wanted.roles)?,
        });
    }
    let made = make(&app, &ctx, &caller, organization, (&email, &promises)).await?;
    let written = delivered(&app, &ctx, made).await?;
    Ok(Json(written).into_response())
}

/// The organization of `?action=invite&organizationId=`, and nothing else.
fn invited_from(caller: &Caller, query: &str) -> Result<OrgId, Problem> {
    let mut pairs: Vec<(String, String)> = form_urlencoded::parse(query.as_bytes())
        .into_owned()
        .collect();
    pairs.sort_unstable();
    match pairs.as_slice() {
        [(action, invite), (id, organization)]
            if action == "action" && invite == "invite" && id == "organizationId" =>
        {
            named(caller, organization)
        }
        _other => Err(Problem::new(
            Code::InvalidRequest,
            "Send action=invite and organizationId, and nothing else.",
        )),
    }
}

/// Who was invited. Older clients send members of their own beside it (wire).
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Invited {
    #[schema(format = "email", example = "lea@acme.example")]
    user_email: String,
}

/// Answers `PATCH …/{organization}/invitations?action=re-invite`: sends it again (wire).
#[utoipa::path(
    patch,
    path = "/identity/v1/organizations/{organization}/invitations",
    operation_id = "inviteAgain",
    tag = "Invitations",
    summary = "Send an invitation again",
    description = "Under another link: the one before no longer works. The caller answers for all that it promises. Members of the body that are not known are ignored.",
    params(("action" = String, Query, description = "What is done", pattern = "^re-invite$")),
    request_body = Invited,
    responses((status = 200, description = "Sent again", body = Written)),
    extensions(("x-errors" = json!(["forbidden", "not_found", "mail_unavailable", "too_many_requests"]))),
)]
pub(super) async fn invite_again(
    State(app): State<Arc<App>>,
    ctx: Ctx,
    Authenticated(caller): Authenticated,
    (Path(organization), RawQuery(query)): (Path<String>, RawQuery),
    Json(body): Json<Invited>,
) -> Result<Response, Problem> {
    let organization = named(&caller, &organization)?;
    if query.as_deref() != Some("action=re-invite") {
        return Err(Problem::new(
            Code::InvalidRequest,
            "Send action=re-invite, and nothing else.",
        ));
    }
    let email = address(&body.user_email)?;
    let made = make_again(&app, &ctx, &caller, organization, &email).await?;
    let written = delivered(&app, &ctx, made).await?;
    Ok(Json(written).into_response())
}

/// Answers `DELETE …/{organization}/invitations`, with a body: withdraws it (wire).
#[utoipa::path(
    delete,
    path = "/identity/v1/organizations/{organization}/invitations",
    operation_id = "withdrawInvitation",
    tag = "Invitations",
    summary = "Withdraw an invitation",
    description = "What was promised here, and at the other organizations of the same invitation that the caller manages. Members of the body that are not known are ignored.",
    request_body = Invited,
    responses((status = 204, description = "Withdrawn")),
    extensions(("x-errors" = json!(["forbidden", "not_found"]))),
)]
pub(super) async fn withdraw(
    State(app): State<Arc<App>>,
    ctx: Ctx,
    Authenticated(caller): Authenticated,
    Path(organization): Path<String>,
    Json(body): Json<Invited>,
) -> Result<StatusCode, Problem> {
    let organization = named(&caller, &organization)?;
    let email = address(&body.user_email)?;
    invited::withdraw(&app, &ctx, &caller, organization, &email).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn address(text: &str) -> Result<Email, Problem> {
    Email::parse(text)
        .map_err(|cause| Problem::new(Code::InvalidRequest, format!("userEmail: {cause}.")))
}

async fn delivered(app: &App, ctx: &Ctx, made: Made) -> Result<Written, Problem> {
    match letter::deliver(app, ctx, &made).await? {
        Delivery::Mailed | Delivery::ByHand => Ok(made.invitation.into()),
        Delivery::NotMailed(cause) => Err(Problem::from(Code::MailUnavailable).caused_by(cause)),
    }
}

impl From<InviteError> for Problem {
    fn from(error: InviteError) -> Self {
        match error {
            InviteError::NotForThem(_) | InviteError::NotInvited => Code::NotFound.into(),
            InviteError::Refused(cause) => refused(&cause),
            cause @ (InviteError::Organizations | InviteError::SeveralTrees) => {
                Self::new(Code::InvalidRequest, sentence(cause))
            }
            InviteError::AlreadyMember => Code::AlreadyMember.into(),
            cause @ InviteError::TooMany => Self::new(Code::Conflict, sentence(cause)),
            InviteError::Limited(limited) => Self::from(Code::TooManyRequests)
                .with_header(header::RETRY_AFTER, HeaderValue::from(limited.seconds)),
            InviteError::Outage(outage) => outage.into(),
        }
    }
}
