//! The tokens of an organization and of all below it, for who manages them (contract 5).

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use keyfob_core::id::PatId;
use keyfob_core::time::Timestamp;
use keyfob_store::pat::subtree::ManagedPat;
use serde::{Deserialize, Serialize};

use super::authenticate::Authenticated;
use super::json::Json;
use super::organizations::named;
use super::pats::written::{Suspension, Written};
use super::problem::{Code, Problem};
use crate::app::manage_tokens::{self as use_case, Alive, Expiry, Filter, PAGE, Used, Window};
use crate::context::Ctx;
use crate::state::App;

/// Which ones, and from where on.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Asked {
    #[serde(default)]
    subtree: bool,
    status: Option<String>,
    unused_for_days: Option<u32>,
    #[serde(default)]
    no_expiry: bool,
    never_used: Option<bool>,
    expires_within_days: Option<u32>,
    text: Option<String>,
    #[serde(default)]
    whole_subtree: bool,
    owner: Option<String>,
    after: Option<String>,
}

impl Asked {
    fn filter(&self, now: Timestamp) -> Result<Filter, Problem> {
        let alive = match self.status.as_deref() {
            None | Some("live") => Alive::Live,
            Some("ended") => Alive::Ended,
            Some("revoked") => Alive::Revoked,
            Some("expired") => Alive::Expired,
            Some("any") => Alive::Any,
            Some(_other) => return Err(bad("status is live, ended, revoked, expired or any.")),
        };
        let holder = self.owner.as_deref().map(str::parse).transpose();
        let days = |days| Duration::from_hours(24).saturating_mul(days);
        Ok(Filter {
            subtree: self.subtree,
            alive,
            used: match (self.never_used, self.unused_for_days) {
                (Some(true), _) => Used::Never,
                (_, Some(past)) => Used::NotSince(now.minus(days(past))),
                (_, None) => Used::Any,
            },
            expiry: match (self.no_expiry, self.expires_within_days) {
                (true, _) => Expiry::None,
                (false, Some(ahead)) => Expiry::Before(now.plus(days(ahead))),
                (false, None) => Expiry::Any,
            },
            text: self.text.clone(),
            whole_subtree: self.whole_subtree,
            holder: holder.map_err(|_no_id| bad("owner is no user id."))?,
        })
    }
}

fn bad(detail: &'static str) -> Problem {
    Problem::new(Code::InvalidRequest, detail)
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Managed {
    #[serde(flatten)]
    pat: Written,
    organization_name: String,
    owner: Owner,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Owner {
    id: String,
    email: String,
    full_name: String,
}

impl Managed {
    fn of(found: ManagedPat, now: Timestamp) -> Self {
        let suspension = if found.is_suspended {
            Suspension::Suspended
        } else {
            Suspension::Active
        };
        Self {
            pat: Written::of(&found.pat, suspension, now),
            organization_name: found.organization_name,
            owner: Owner {
                id: found.pat.user.to_string(),
                email: found.holder_email,
                full_name: found.holder_name,
            },
        }
    }
}

#[derive(Serialize)]
struct List {
    data: Vec<Managed>,
    /// What to send as `after` for the next page, while there may be one.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// Answers `GET …/{organization}/tokens`.
pub(super) async fn list(
    State(app): State<Arc<App>>,
    ctx: Ctx,
    Authenticated(caller): Authenticated,
    Path(organization): Path<String>,
    asked: Result<Query<Asked>, QueryRejection>,
) -> Result<Response, Problem> {
    let organization = named(&caller, &organization)?;
    let Query(asked) = asked.map_err(|_no_such_query| {
        bad(
            "Send any of subtree, status, text, unusedForDays, neverUsed, noExpiry, expiresWithinDays, wholeSubtree, owner and after, each once.",
        )
    })?;
    let filter = asked.filter(ctx.now)?;
    let after = asked.after.as_deref().map(str::parse).transpose();
    let after = after.map_err(|_no_id| bad("after is no token id."))?;
    let window = Window { after, size: PAGE };
    let page = use_case::list(&app, &ctx, &caller, organization, (&filter, window)).await?;
    let data = page.pats.into_iter();
    Ok(Json(List {
        data: data.map(|found| Managed::of(found, ctx.now)).collect(),
        next: page.next.map(|id| id.to_string()),
    })
    .into_response())
}

/// Which to end, and whether only to say so.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Chosen {
    tokens: Vec<String>,
    dry_run: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Outcome {
    dry_run: bool,
    /// The tokens as they were before.
    revoked: Vec<Managed>,
    /// Ids of tokens that were revoked already, or are not there.
    passed_by: Vec<String>,
}

/// Answers `POST …/{organization}/tokens/revoke`: just those that are named, wherever in the subtree.
pub(super) async fn revoke(
    State(app): State<Arc<App>>,
    ctx: Ctx,
    Authenticated(caller): Authenticated,
    Path(organization): Path<String>,
    Json(chosen): Json<Chosen>,
) -> Result<Response, Problem> {
    let organization = named(&caller, &organization)?;
    if chosen.tokens.is_empty() || chosen.tokens.len() > PAGE {
        return Err(bad("tokens names 1 to 200 tokens."));
    }
    let pats: Result<BTreeSet<PatId>, _> = chosen.tokens.iter().map(|id| id.parse()).collect();
    let pats = pats.map_err(|_no_id| bad("tokens names what is no token id."))?;
    let told = if chosen.dry_run {
        use_case::preview(&app, &ctx, &caller, organization, &pats).await?
    } else {
        use_case::end(&app, &ctx, &caller, organization, &pats).await?
    };
    let revoked = told.ended.into_iter();
    Ok(Json(Outcome {
        dry_run: chosen.dry_run,
        revoked: revoked.map(|found| Managed::of(found, ctx.now)).collect(),
        passed_by: told.passed_by.iter().map(ToString::to_string).collect(),
    })
    .into_response())
}
