//! *All tokens*: those of an organization and of all below it, for who manages it (D6). What is chosen is
//! shown once more before it is revoked, and a number typed.

mod filters;

use std::collections::BTreeSet;
use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, Request, State};
use axum::response::Response;
use http::StatusCode;
use keyfob_core::id::{OrgId, PatId};
use keyfob_core::time::Timestamp;
use keyfob_store::pat::subtree::ManagedPat;

use self::filters::Filters;
use super::csv::csv;
use super::form::Form;
use super::frame::{Area, Frame};
use super::page::{Shell, lead_to, show};
use super::query::{Query, address};
use super::security::options::Choice;
use super::security::{Badge, badge, hint, organization_id};
use super::visitor::Member;
use super::{say, when};
use crate::app::access::Caller;
use crate::app::manage_tokens::{
    EXAMINED_MAX, Ended, Page, Window, end, list, preview as preview_of,
};
use crate::app::visit::{Visit, visit};
use crate::context::Ctx;
use crate::date::rfc3339;
use crate::http::problem::{Code, Problem};
use crate::state::App;

/// Tokens of a file that are read at once.
const CHUNK: usize = 500;
/// Tokens on one page.
const PAGE: usize = 50;
/// A token that was not used for so long is said to be unused.
const UNUSED: i64 = 90 * 24 * 60 * 60 * 1_000;

/// Columns of the file.
const COLUMNS: [&str; 12] = [
    say::ID,
    say::NAME,
    say::TOKEN,
    say::OWNER,
    say::OWNERS_EMAIL,
    say::ORGANIZATION,
    say::PERMISSIONS,
    say::CREATED,
    say::EXPIRES,
    say::LAST_USE,
    say::LAST_ADDRESS,
    say::ENDED,
];

/// A token, as a row.
struct Row {
    id: String,
    name: String,
    hint: String,
    owner: String,
    place: String,
    permissions: String,
    created: String,
    /// None: it has no expiry.
    expires: Option<String>,
    badge: Option<Badge>,
    last_use: String,
    /// From where.
    last_use_more: Option<String>,
    is_unused: bool,
    /// How it ended.
    end: Option<String>,
    is_suspended: bool,
}

#[derive(Template)]
#[template(path = "tokens/all.html")]
struct AllPage {
    shell: Shell,
    frame: Frame,
    lead: String,
    filters: Filters,
    /// The organizations to choose from.
    places: Vec<Choice>,
    rows: Vec<Row>,
    /// What was revoked just now.
    done: Option<String>,
    /// That rows are missing, because the search stopped.
    unfinished: Option<String>,
    first: Option<String>,
    next: Option<String>,
    path: String,
    /// The same list as a file.
    file: String,
    revoke: String,
}

#[derive(Template)]
#[template(path = "tokens/preview.html")]
struct PreviewPage {
    shell: Shell,
    frame: Frame,
    rows: Vec<Row>,
    /// How many there are, to type.
    count: String,
    /// How many of the chosen ones ended already.
    passed_by: Option<String>,
    /// How many were used lately.
    in_use: usize,
    error: Option<String>,
    path: String,
    revoke: String,
}

/// Answers `GET /orgs/{organization}/tokens`.
pub(super) async fn page(
    State(app): State<Arc<App>>,
    ctx: Ctx,
    member: Member,
    Path(organization): Path<String>,
    query: Query,
) -> Result<Response, Problem> {
    let organization = organization_id(&organization)?;
    let mut visit = visit(&app, &ctx, &member.who, organization).await?;
    visit.look_below(&app).await?;
    let filters = Filters::of(&query);
    let after = query.text("after").and_then(|after| after.parse().ok());
    let window = Window { after, size: PAGE };
    let caller = Caller::Session(Box::new(member.who.clone()));
    let at = filters.organization.unwrap_or(organization);
    let filter = filters.filter(ctx.now);
    let Page { pats, next } = list(&app, &ctx, &caller, at, (&filter, window)).await?;
    let name = visit.here().map_or("", |here| here.org.name.as_str());
    let path = path(organization);
    let is_full = pats.len() == PAGE;
    show(&AllPage {
        shell: Shell::for_member(say::ALL_TOKENS, &member),
        frame: Frame::new(Area::Tokens, &member, &visit),
        lead: say::all_tokens_lead(name, visit.below_count()),
        places: places(&visit, at),
        rows: pats.iter().map(|found| Row::new(found, ctx.now)).collect(),
        done: done(&member, &query),
        unfinished: (!is_full && next.is_some()).then(|| say::tokens_looked_through(EXAMINED_MAX)),
        first: after.map(|_page| filters.address(&path, None)),
        next: next.map(|next| filters.address(&path, Some(next))),
        revoke: format!("{path}/revoke"),
        file: filters.address(&format!("{path}.csv"), None),
        filters,
        path,
    })
}

fn path(organization: OrgId) -> String {
    Area::Tokens.path(organization)
}

/// Answers `GET …/tokens.csv`: the same list, whole.
pub(super) async fn file(
    State(app): State<Arc<App>>,
    ctx: Ctx,
    member: Member,
    Path(organization): Path<String>,
    query: Query,
) -> Result<Response, Problem> {
    let organization = organization_id(&organization)?;
    let filters = Filters::of(&query);
    let at = filters.organization.unwrap_or(organization);
    let filter = filters.filter(ctx.now);
    let caller = Caller::Session(Box::new(member.who.clone()));
    let mut rows = Vec::new();
    let mut after = None;
    loop {
        let window = Window { after, size: CHUNK };
        let Page { pats, next } = list(&app, &ctx, &caller, at, (&filter, window)).await?;
        rows.extend(pats.iter().map(|found| cells(found, ctx.now)));
        after = next;
        if after.is_none() {
            return csv("tokens", &COLUMNS, rows);
        }
    }
}

fn cells(found: &ManagedPat, now: Timestamp) -> Vec<String> {
    let pat = &found.pat;
    let moment = |at: Option<Timestamp>| at.map_or_else(String::new, rfc3339);
    let last = pat.last_used.as_ref();
    let ceiling = pat.ceiling.as_ref().map_or_else(String::new, |ceiling| {
        ceiling.iter().collect::<Vec<_>>().join(" ")
    });
    vec![
        pat.id.to_string(),
        pat.name.clone(),
        hint(pat),
        found.holder_name.clone(),
        found.holder_email.clone(),
        found.organization_name.clone(),
        ceiling,
        rfc3339(pat.lifetime.start),
        moment(pat.lifetime.end),
        moment(last.map(|last| last.at)),
        last.and_then(|last| last.address.clone())
            .unwrap_or_default(),
        Row::new(found, now).end.unwrap_or_default(),
    ]
}

/// This organization with all below, and each of those.
fn places(visit: &Visit, chosen: OrgId) -> Vec<Choice> {
    let here = visit.here().into_iter();
    let here = here.map(|here| (here.org.id, say::and_below(&here.org.name), String::new()));
    let below = visit.below().into_iter();
    let below = below.map(|seen| (seen.org.id, seen.org.name.clone(), seen.org.id.to_string()));
    here.chain(below)
        .map(|(id, label, value)| Choice {
            value,
            label,
            is_chosen: id == chosen,
        })
        .collect()
}

/// What the page before did, as its address says.
///
/// Only where this server wrote it for this browser: nobody is told by a link what was not done.
fn done(member: &Member, query: &Query) -> Option<String> {
    let (revoked, passed) = (query.text("revoked")?, query.text("passed")?);
    let is_ours = member
        .forms
        .fits(&told(revoked, passed), query.text("proof")?);
    let numbers = (revoked.parse().ok()?, passed.parse().ok()?);
    is_ours.then(|| say::revoked_now(numbers.0, numbers.1))
}

fn told(revoked: &str, passed: &str) -> String {
    format!("revoked {revoked} {passed}")
}

/// Answers `GET …/tokens/revoke`: exactly which would be revoked, and nothing changes.
pub(super) async fn preview(
    State(app): State<Arc<App>>,
    ctx: Ctx,
    member: Member,
    Path(organization): Path<String>,
    query: Query,
) -> Result<Response, Problem> {
    let organization = organization_id(&organization)?;
    let chosen: BTreeSet<PatId> = query.all("id").filter_map(|id| id.parse().ok()).collect();
    let chosen = (&chosen, Typed::Nothing);
    previewed((&app, &ctx, &member), organization, chosen).await
}

/// What was typed to confirm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Typed {
    Nothing,
    AnotherNumber,
}

async fn previewed(
    (app, ctx, member): (&App, &Ctx, &Member),
    organization: OrgId,
    (chosen, typed): (&BTreeSet<PatId>, Typed),
) -> Result<Response, Problem> {
    let visit = visit(app, ctx, &member.who, organization).await?;
    let caller = Caller::Session(Box::new(member.who.clone()));
    let chosen: BTreeSet<PatId> = chosen.iter().copied().take(PAGE).collect();
    let told = preview_of(app, ctx, &caller, organization, &chosen).await?;
    if told.ended.is_empty() {
        return Ok(lead_to(&path(organization)));
    }
    let rows: Vec<Row> = told
        .ended
        .iter()
        .map(|found| Row::new(found, ctx.now))
        .collect();
    let is_wrong = typed == Typed::AnotherNumber;
    let mut response = show(&PreviewPage {
        shell: Shell::for_member(&say::revoke_chosen(rows.len()), member),
        frame: Frame::new(Area::Tokens, member, &visit),
        passed_by: (!told.passed_by.is_empty()).then(|| say::passed_by(told.passed_by.len())),
        in_use: rows.iter().filter(|row| !row.is_unused).count(),
        count: rows.len().to_string(),
        error: is_wrong.then(|| say::not_that_number(rows.len())),
        rows,
        path: path(organization),
        revoke: format!("{}/revoke", path(organization)),
    })?;
    if is_wrong {
        *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    }
    Ok(response)
}

/// Answers `POST …/tokens/revoke`: ends exactly those that the page listed, once their number was typed.
pub(super) async fn revoke(
    State(app): State<Arc<App>>,
    ctx: Ctx,
    member: Member,
    Path(organization): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let organization = organization_id(&organization)?;
    let form = Form::read(&app, &member.forms, request).await?;
    let chosen: BTreeSet<PatId> = form.all("id").filter_map(|id| id.parse().ok()).collect();
    if chosen.is_empty() || chosen.len() > PAGE {
        return Err(Code::InvalidRequest.into());
    }
    let typed = form.text("count").unwrap_or_default().trim();
    if typed != chosen.len().to_string() {
        let chosen = (&chosen, Typed::AnotherNumber);
        return previewed((&app, &ctx, &member), organization, chosen).await;
    }
    let caller = Caller::Session(Box::new(member.who.clone()));
    let Ended { ended, passed_by } = end(&app, &ctx, &caller, organization, &chosen).await?;
    let (ended, passed) = (ended.len().to_string(), passed_by.len().to_string());
    let proof = member.forms.token(&told(&ended, &passed));
    let fields = [
        ("state", "revoked"),
        ("revoked", &*ended),
        ("passed", &*passed),
        ("proof", &*proof),
    ];
    Ok(lead_to(&address(&path(organization), &fields)))
}

impl Row {
    fn new(found: &ManagedPat, now: Timestamp) -> Self {
        let pat = &found.pat;
        let last = pat.last_used.as_ref();
        let used_at = last.map_or(pat.lifetime.start, |last| last.at);
        let expires = pat.lifetime.end.map(when::day);
        let is_live = pat.revoked.is_none() && !pat.lifetime.is_over_at(now);
        let end = match (pat.revoked, &expires) {
            (Some((at, because)), _) => Some(say::ended_because(&when::day(at), because)),
            (None, Some(day)) if !is_live => Some(say::expired(day)),
            (None, _) => None,
        };
        Self {
            id: pat.id.to_string(),
            name: pat.name.clone(),
            hint: hint(pat),
            owner: found.holder_name.clone(),
            place: say::lower_in(&found.organization_name),
            permissions: match &pat.ceiling {
                None => say::ALL.to_owned(),
                Some(ceiling) => say::permissions(ceiling.iter().count()),
            },
            created: when::day(pat.lifetime.start),
            badge: pat
                .lifetime
                .end
                .filter(|_end| is_live)
                .and_then(|end| badge(end, now)),
            expires,
            last_use: last.map_or_else(
                || say::NEVER_USED.to_owned(),
                |last| when::past(last.at, now).words,
            ),
            last_use_more: last.and_then(|last| last.address.clone()),
            is_unused: last.is_none() || now.millis() - used_at.millis() >= UNUSED,
            end,
            is_suspended: found.is_suspended && is_live,
        }
    }
}
