//! The list of organizations (contract 5, wire).

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use keyfob_store::org::ListedOrg;
use serde::{Deserialize, Serialize};

use super::authenticate::Authenticated;
use super::json::Json;
use super::problem::{Code, Problem};
use crate::app::organizations::organizations;
use crate::date::rfc3339;
use crate::state::App;

/// Most organizations of one page.
const PER_PAGE_MAX: usize = 1_000;
const PER_PAGE: usize = 100;

/// One organization. A root leaves `rootOrganizationId` out (wire).
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Organization {
    id: String,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    root_organization_id: Option<String>,
    root_organization_name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    parent_organization_id: Option<String>,
    membership: &'static str,
    member_count: i64,
    created_date: String,
    disabled: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    external_id: Option<String>,
}

impl Organization {
    fn of(listed: ListedOrg) -> Self {
        let org = listed.org;
        Self {
            id: org.id.to_string(),
            name: org.name,
            root_organization_id: (org.root != org.id).then(|| org.root.to_string()),
            root_organization_name: listed.root_name,
            parent_organization_id: org.parent.map(|parent| parent.to_string()),
            membership: if listed.is_direct {
                "Member"
            } else {
                "Inherited"
            },
            member_count: listed.member_count,
            created_date: rfc3339(org.created_at),
            // Nothing disables an organization yet; existing clients read the member.
            disabled: false,
            external_id: org.external_id,
        }
    }
}

#[derive(Serialize)]
struct Organizations {
    data: Vec<Organization>,
    /// The next page, while there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<usize>,
}

/// The pages that existing clients ask for; other members of the query are theirs and ignored (wire).
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Paging {
    page: Option<usize>,
    per_page: Option<usize>,
}

/// Answers `GET /identity/v1/organizations`: all of them, unless a page is asked for.
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
    let listed = organizations(&app, &caller)
        .await
        .map_err(Problem::unavailable)?;
    let window = window(&paging)?;
    let total = listed.len();
    let (skip, take) = window.unwrap_or((0, total));
    let data = listed
        .into_iter()
        .skip(skip)
        .take(take)
        .map(Organization::of)
        .collect();
    let more = skip.saturating_add(take) < total;
    let next = more.then(|| paging.page.unwrap_or(1) + 1);
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
