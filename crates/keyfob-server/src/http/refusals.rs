//! Refused exchanges of tokens whose text was right: with the token in the list of tokens, and by the
//! id of the request (contract P16).

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Response};
use keyfob_core::exchange::Denial;
use keyfob_core::id::RequestId;
use keyfob_store::refusal::Refused;
use serde::Serialize;
use utoipa::ToSchema;

use super::authenticate::Authenticated;
use super::json::Json;
use super::pats::{id, person};
use super::problem::{Code, Problem};
use crate::app::find_refusal::{FindRefusalError, find_refusal};
use crate::context::Ctx;
use crate::date::rfc3339;
use crate::state::App;

/// How often a token was refused for a reason, and when and from where last.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = CountedRefusal)]
pub(super) struct Counted {
    count: i64,
    #[serde(flatten)]
    last: Written,
}

/// One refusal.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Refusal)]
struct Written {
    /// In a word.
    reason: &'static str,
    /// Why the token was ended, if that is the reason.
    #[serde(skip_serializing_if = "Option::is_none")]
    revoked_because: Option<&'static str>,
    /// The user who ended it; the operator is no user.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = Uuid)]
    revoked_by: Option<String>,
    #[schema(format = DateTime)]
    date: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_agent: Option<String>,
    #[schema(format = Uuid)]
    organization_id: String,
    #[schema(format = Uuid)]
    request_id: String,
}

/// One refusal, and whose token it was.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = FoundRefusal)]
struct Found {
    #[schema(format = Uuid)]
    personal_api_token_id: String,
    #[schema(format = Uuid)]
    user_id: String,
    #[serde(flatten)]
    refusal: Written,
}

impl Counted {
    pub(super) fn of(refused: &Refused) -> Self {
        Self {
            count: refused.times,
            last: Written::of(refused),
        }
    }
}

impl Written {
    fn of(refused: &Refused) -> Self {
        let Refused {
            reason, refusal, ..
        } = refused;
        let because = match reason {
            Denial::Revoked(because) => Some(because.word()),
            Denial::Expired
            | Denial::UserSuspended
            | Denial::MembershipSuspended
            | Denial::NotAMember
            | Denial::Network
            | Denial::Target
            | Denial::Reach
            | Denial::NoStanding
            | Denial::Scope => None,
        };
        let by = refused.revoked_by.filter(|_user| because.is_some());
        Self {
            reason: reason.word(),
            revoked_because: because,
            revoked_by: by.map(|user| user.to_string()),
            date: rfc3339(refusal.at),
            address: refusal.address.clone(),
            user_agent: refusal.client.clone(),
            organization_id: refusal.organization.to_string(),
            request_id: refusal.request.to_string(),
        }
    }
}

/// Answers `GET …/refusals/{request}`.
#[utoipa::path(
    get,
    path = "/identity/v1/organizations/{organization}/refusals/{request}",
    operation_id = "readRefusal",
    tag = "Personal API tokens",
    summary = "Why an exchange was refused",
    description = "By the id of the request, which the refused program got in the header `X-Request-Id`. For the holder of the token, and for who manages the organization.",
    responses((status = 200, description = "The refusal", body = Found)),
    extensions(("x-errors" = json!(["session_required", "forbidden", "not_found"]))),
)]
pub(super) async fn find(
    State(app): State<Arc<App>>,
    ctx: Ctx,
    Authenticated(caller): Authenticated,
    Path((organization, request)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let organization = id(&organization)?;
    let who = person(&app, caller, organization).await?;
    // What is no id names no request.
    let request: RequestId = request
        .parse()
        .map_err(|_no_id| Problem::from(Code::NotFound))?;
    let refused = find_refusal(&app, &who, organization, request, ctx.now).await?;
    Ok(Json(Found {
        personal_api_token_id: refused.pat.to_string(),
        user_id: refused.user.to_string(),
        refusal: Written::of(&refused),
    })
    .into_response())
}

impl From<FindRefusalError> for Problem {
    fn from(error: FindRefusalError) -> Self {
        match error {
            FindRefusalError::NotForThem(_) => Code::NotFound.into(),
            FindRefusalError::NotShown => Self::new(
                Code::Forbidden,
                "This was somebody else's token: only its owner, and who manages the organization \
                 (permission organization:manage), is told why it was refused.",
            ),
            FindRefusalError::Outage(outage) => outage.into(),
        }
    }
}
