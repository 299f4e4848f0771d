//! `GET …/explain`: why somebody may do something, or what is missing (contract 5).

use std::sync::Arc;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::authenticate::Authenticated;
use super::json::Json;
use super::members::refused;
use super::organizations::named;
use super::problem::{Code, Problem};
use crate::app::explain::{Answer, ExplainError, Grant, Obstacle, Question, explain_to};
use crate::context::Ctx;
use crate::state::App;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Asked {
    /// Whom it is about; without it, who asks.
    #[param(format = Uuid)]
    user: Option<String>,
    /// A permission of the role catalogue.
    #[param(example = "build:view")]
    permission: String,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Explanation)]
struct Written {
    #[schema(format = Uuid)]
    user_id: String,
    #[schema(format = Uuid)]
    organization_id: String,
    permission: String,
    granted: bool,
    /// The roles that give it.
    because: Vec<GrantOut>,
    /// What is missing; nothing when it is granted.
    missing: Vec<Lack>,
}

/// A role, and where it is held.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Grant)]
struct GrantOut {
    role: String,
    /// Absent for one above all that the caller sees.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = Uuid)]
    organization_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    organization_name: Option<String>,
}

/// What is missing, by a word, and what belongs to it.
#[derive(Serialize, ToSchema)]
#[serde(
    tag = "reason",
    rename_all = "snake_case",
    rename_all_fields = "camelCase"
)]
enum Lack {
    UserSuspended,
    NoMembership,
    MembershipSuspended {
        #[serde(flatten)]
        grant: GrantOut,
    },
    NoRole {
        // As `rename_all_fields` has it; utoipa does not read that.
        #[serde(rename = "rolesThatGiveIt")]
        roles_that_give_it: Vec<String>,
    },
}

impl From<Grant> for GrantOut {
    fn from(grant: Grant) -> Self {
        let (id, name) = grant.at.map(|at| (at.organization, at.name)).unzip();
        Self {
            role: grant.role,
            organization_id: id.map(|id| id.to_string()),
            organization_name: name,
        }
    }
}

impl From<Obstacle> for Lack {
    fn from(obstacle: Obstacle) -> Self {
        match obstacle {
            Obstacle::UserSuspended => Self::UserSuspended,
            Obstacle::NoMembership => Self::NoMembership,
            Obstacle::MembershipSuspended(grant) => Self::MembershipSuspended {
                grant: grant.into(),
            },
            Obstacle::NoRole { roles_that_give_it } => Self::NoRole { roles_that_give_it },
        }
    }
}

/// Answers `GET …/{organization}/explain?permission=&user=`; without `user`, of the one who asks.
#[utoipa::path(
    get,
    path = "/identity/v1/organizations/{organization}/explain",
    operation_id = "explainPermission",
    tag = "Members",
    summary = "Why somebody may do something",
    description = "Or what is missing.",
    params(Asked),
    responses((status = 200, description = "The reasons", body = Written)),
    extensions(("x-errors" = json!(["forbidden", "not_found"]))),
)]
pub(super) async fn explain(
    State(app): State<Arc<App>>,
    ctx: Ctx,
    Authenticated(caller): Authenticated,
    Path(organization): Path<String>,
    asked: Result<Query<Asked>, QueryRejection>,
) -> Result<Response, Problem> {
    let organization = named(&caller, &organization)?;
    let Query(asked) = asked.map_err(|_no_such_query| {
        Problem::new(
            Code::InvalidRequest,
            "Send permission, such as build:view, and perhaps user, each once and nothing else.",
        )
    })?;
    let user = asked.user.as_deref().map(str::parse).transpose();
    let user = user.map_err(|_no_id| Problem::from(Code::NotFound))?;
    let question = Question {
        organization,
        user,
        permission: &asked.permission,
    };
    let Answer {
        user,
        because,
        missing,
    } = explain_to(&app, &ctx, &caller, &question).await?;
    let written = Written {
        user_id: user.to_string(),
        organization_id: organization.to_string(),
        granted: missing.is_empty(),
        because: because.into_iter().map(GrantOut::from).collect(),
        missing: missing.into_iter().map(Lack::from).collect(),
        permission: asked.permission,
    };
    Ok(Json(written).into_response())
}

impl From<ExplainError> for Problem {
    fn from(error: ExplainError) -> Self {
        match error {
            ExplainError::NotForThem(_) => Code::NotFound.into(),
            ExplainError::Refused(cause) => refused(&cause),
            ExplainError::UnknownPermission => Self::new(
                Code::InvalidRequest,
                "permission is none of the role catalogue.",
            ),
            ExplainError::Outage(outage) => outage.into(),
        }
    }
}
