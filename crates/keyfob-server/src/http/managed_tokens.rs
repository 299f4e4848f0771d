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
use utoipa::{IntoParams, ToSchema};

use super::authenticate::Authenticated;
use super::json::Json;
use super::organizations::named;
use super::pats::written::{Suspension, Written};
use super::problem::{Code, Problem};
use crate::app::manage_tokens::{self as use_case, Alive, Expiry, Filter, PAGE, Used, Window};
use crate::context::Ctx;
use crate::state::App;

/// Which ones, and from where on.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(super) struct Asked {
    /// Whether those of the organizations below are meant too.
    #[serde(default)]
    subtree: bool,
    /// Which are meant: those that can be used, which is the default; those that ended, were revoked or expired; or all.
    #[param(pattern = "^(live|ended|revoked|expired|any)$", example = "live")]
    status: Option<String>,
    /// Only those that were not used for so many days.
    #[param(minimum = 0, maximum = 4_294_967_295_u32)]
    unused_for_days: Option<u32>,
    /// Only those without an expiry.
    #[serde(default)]
    no_expiry: bool,
    /// Whether only those that were never used.
    never_used: Option<bool>,
    /// Only those that expire within so many days.
    #[param(minimum = 0, maximum = 4_294_967_295_u32)]
    expires_within_days: Option<u32>,
    /// Only those with that in their name, at the end of their text, or in the owner's name or address.
    text: Option<String>,
    /// Only those that reach all organizations below theirs.
    #[serde(default)]
    whole_subtree: bool,
    /// Only those of this user.
    #[param(format = Uuid)]
    owner: Option<String>,
    /// The `next` of the page before.
    #[param(format = Uuid)]
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

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ManagedToken)]
struct Managed {
    #[serde(flatten)]
    pat: Written,
    organization_name: String,
    owner: Owner,
}

/// Whose it is.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = TokenOwner)]
struct Owner {
    #[schema(format = Uuid)]
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

#[derive(Serialize, ToSchema)]
#[schema(as = ManagedTokens)]
struct List {
    data: Vec<Managed>,
    /// What to send as `after` for the next page, while there may be one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = Uuid)]
    next: Option<String>,
}

/// Answers `GET …/{organization}/tokens`.
#[utoipa::path(
    get,
    path = "/identity/v1/organizations/{organization}/tokens",
    operation_id = "listManagedTokens",
    tag = "Tokens of an organization",
    summary = "Everybody's tokens at an organization",
    description = "For who manages it; of all below it too with `subtree`.",
    params(Asked),
    responses((status = 200, description = "The tokens, with their holders", body = List)),
    extensions(("x-errors" = json!(["forbidden", "not_found"]))),
)]
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
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[schema(as = ChosenTokens, example = json!({"tokens": ["0198c0de-0000-7000-8000-000000000003"], "dryRun": true}))]
pub(super) struct Chosen {
    /// Their ids.
    #[schema(value_type = Vec<uuid::Uuid>, min_items = 1, max_items = 200)]
    tokens: Vec<String>,
    /// Whether only to say what would be revoked.
    dry_run: bool,
}

/// What was revoked, or would be.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Revoked)]
struct Outcome {
    dry_run: bool,
    /// The tokens as they were before.
    revoked: Vec<Managed>,
    /// Ids of tokens that were revoked already, or are not there.
    passed_by: Vec<String>,
}

/// Answers `POST …/{organization}/tokens/revoke`: just those that are named, wherever in the subtree.
#[utoipa::path(
    post,
    path = "/identity/v1/organizations/{organization}/tokens/revoke",
    operation_id = "revokeManagedTokens",
    tag = "Tokens of an organization",
    summary = "Revoke tokens of others",
    description = "Just those that are named, wherever in the subtree; with `dryRun` it only says which those would be.",
    request_body(content = Chosen),
    responses((status = 200, description = "What was revoked, or would be", body = Outcome)),
    extensions(("x-errors" = json!(["forbidden", "not_found", "session_required", "unprocessable"]))),
)]
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
