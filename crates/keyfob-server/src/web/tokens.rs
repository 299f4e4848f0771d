//! *All my tokens, everywhere* (D6): for a stolen laptop. Works for who is in no organization any more.

use std::collections::BTreeSet;
use std::sync::Arc;

use askama::Template;
use axum::extract::{Request, State};
use axum::response::Response;
use keyfob_core::id::PatId;
use keyfob_core::time::Timestamp;
use keyfob_store::pat::everywhere::PatSomewhere;

use super::form::Form;
use super::frame::{Area, Frame};
use super::page::{Shell, lead_to, show};
use super::query::{Query, address};
use super::revoke::EVERYWHERE;
use super::security::{Badge, badge, hint};
use super::visitor::Member;
use super::{client, say, when};
use crate::app::revoke_everywhere::{everywhere, revoke_everywhere};
use crate::app::visit::{Visit, visit_somewhere};
use crate::context::Ctx;
use crate::http::problem::Problem;
use crate::state::App;

/// A token used within this time is said to be in use.
const IN_USE: i64 = 24 * 60 * 60 * 1_000;

/// A token, as a row.
#[derive(Debug)]
struct Row {
    id: String,
    name: String,
    hint: String,
    badge: Option<Badge>,
    /// That it is refused while the membership is suspended.
    is_suspended: bool,
    /// What its organization is called, while its holder belongs there.
    organization: Option<String>,
    created: String,
    expires: String,
    last_use: String,
    /// From where, and with what.
    last_use_more: Option<String>,
    is_in_use: bool,
    /// How it ended.
    end: String,
    /// The page that revokes it.
    revoke: String,
}

/// What both pages show, with a frame or without.
struct Tokens {
    live: Vec<Row>,
    ended: Vec<Row>,
    /// Where this page is, and where one is asked about all.
    here: String,
    revoke_all: String,
}

#[derive(Template)]
#[template(path = "tokens/page.html")]
struct TokensPage {
    shell: Shell,
    frame: Frame,
    tokens: Tokens,
}

#[derive(Template)]
#[template(path = "tokens/page_alone.html")]
struct TokensPageAlone {
    shell: Shell,
    tokens: Tokens,
}

#[derive(Template)]
#[template(path = "tokens/asking.html")]
struct AskingPage {
    shell: Shell,
    frame: Frame,
    tokens: Tokens,
}

#[derive(Template)]
#[template(path = "tokens/asking_alone.html")]
struct AskingPageAlone {
    shell: Shell,
    tokens: Tokens,
}

/// Answers `GET /tokens`.
pub(super) async fn page(
    State(app): State<Arc<App>>,
    ctx: Ctx,
    member: Member,
    query: Query,
) -> Result<Response, Problem> {
    let visit = visit_somewhere(&app, &ctx, &member.who, query.from()).await?;
    let tokens = Tokens::read(&app, &ctx, &member, visit.as_ref()).await?;
    let shell = Shell::for_member(say::MY_TOKENS, &member);
    match visit {
        Some(visit) => show(&TokensPage {
            shell,
            frame: Frame::beside(Area::Security, &member, &visit),
            tokens,
        }),
        None => show(&TokensPageAlone { shell, tokens }),
    }
}

/// Answers `GET /tokens/revoke`: asks about all of them, by name.
pub(super) async fn asking(
    State(app): State<Arc<App>>,
    ctx: Ctx,
    member: Member,
    query: Query,
) -> Result<Response, Problem> {
    let visit = visit_somewhere(&app, &ctx, &member.who, query.from()).await?;
    let tokens = Tokens::read(&app, &ctx, &member, visit.as_ref()).await?;
    if tokens.live.is_empty() {
        return Ok(lead_to(&tokens.here));
    }
    let shell = Shell::for_member(&say::revoke_many(tokens.live.len()), &member);
    match visit {
        Some(visit) => show(&AskingPage {
            shell,
            frame: Frame::beside(Area::Security, &member, &visit),
            tokens,
        }),
        None => show(&AskingPageAlone { shell, tokens }),
    }
}

/// Answers `POST /tokens/revoke`: ends exactly those that the page listed.
pub(super) async fn revoke(
    State(app): State<Arc<App>>,
    ctx: Ctx,
    member: Member,
    query: Query,
    request: Request,
) -> Result<Response, Problem> {
    let form = Form::read(&app, &member.forms, request).await?;
    let chosen: BTreeSet<PatId> = form.all("pat").filter_map(|id| id.parse().ok()).collect();
    revoke_everywhere(&app, &ctx, &member.who, &chosen).await?;
    let from = query.text("in").unwrap_or_default();
    Ok(lead_to(&address("/tokens", &[("in", from)])))
}

impl Tokens {
    async fn read(
        app: &App,
        ctx: &Ctx,
        member: &Member,
        visit: Option<&Visit>,
    ) -> Result<Self, Problem> {
        let everywhere = everywhere(app, ctx, &member.who).await;
        let everywhere = everywhere.map_err(Problem::unavailable)?;
        let here = visit.map(|visit| visit.place.lineage.organization().to_string());
        let here = here.unwrap_or_default();
        let row = |somewhere: &PatSomewhere| Row::new(somewhere, ctx.now);
        Ok(Self {
            live: everywhere.live.iter().map(row).collect(),
            ended: everywhere.ended.iter().map(row).collect(),
            here: address("/tokens", &[("in", &here)]),
            revoke_all: address("/tokens/revoke", &[("in", &here)]),
        })
    }

    /// How many of them were used in the last day.
    fn in_use(&self) -> usize {
        self.live.iter().filter(|row| row.is_in_use).count()
    }
}

impl Row {
    fn new(somewhere: &PatSomewhere, now: Timestamp) -> Self {
        let pat = &somewhere.pat;
        let last = pat.last_used.as_ref();
        let client = last.and_then(|last| client::words(last.client.as_deref()));
        let from = last.and_then(|last| last.address.as_deref());
        let more: Vec<&str> = [from, client.as_deref()].into_iter().flatten().collect();
        let organization = pat.organization;
        let page = format!("{}/tokens/{}", Area::Security.path(organization), pat.id);
        let expiry = pat.lifetime.end.map(when::day);
        Self {
            id: pat.id.to_string(),
            name: pat.name.clone(),
            hint: hint(pat),
            badge: pat.lifetime.end.and_then(|end| badge(end, now)),
            is_suspended: somewhere.is_suspended,
            organization: somewhere.organization_name.clone(),
            created: when::day(pat.lifetime.start),
            end: match pat.revoked {
                Some((at, because)) => say::revoked(&when::day(at), because),
                None => expiry.as_deref().map_or_else(String::new, say::expired),
            },
            expires: expiry.unwrap_or_else(|| say::NEVER.to_owned()),
            last_use: last.map_or_else(
                || say::NEVER_USED.to_owned(),
                |last| when::past(last.at, now).words,
            ),
            last_use_more: (!more.is_empty()).then(|| say::joined(&more)),
            is_in_use: last.is_some_and(|last| now.millis() - last.at.millis() < IN_USE),
            revoke: address(&format!("{page}/revoke"), &[("from", EVERYWHERE)]),
        }
    }
}
