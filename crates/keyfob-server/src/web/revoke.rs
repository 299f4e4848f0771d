//! Revoking a token: the page that asks, and what it does.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, Request, State};
use axum::response::Response;
use keyfob_core::id::{OrgId, PatId};
use keyfob_core::time::Timestamp;
use keyfob_store::pat::Pat;

use super::form::Form;
use super::frame::{Area, Frame};
use super::page::{Shell, lead_to, show};
use super::query::Query;
use super::security::{hint, organization_id};
use super::visitor::Member;
use super::{client, say, when};
use crate::app::access::Caller;
use crate::app::revoke as use_case;
use crate::app::visit::{Visit, visit};
use crate::context::Ctx;
use crate::http::problem::{Code, Problem};
use crate::state::App;

/// A token used within this time is said to be in use.
const IN_USE: i64 = 24 * 60 * 60 * 1_000;
/// Says that somebody came from the page of all their tokens.
pub(super) const EVERYWHERE: &str = "tokens";

#[derive(Template)]
#[template(path = "security/revoke.html")]
struct RevokePage {
    shell: Shell,
    frame: Frame,
    name: String,
    hint: String,
    created: String,
    /// That it is in use, and by what.
    in_use: Option<String>,
    number: String,
    token: String,
    action: String,
    /// Where they came from, as the form carries it on.
    from: String,
    back: String,
}

/// Answers `GET …/security/tokens/{token}/revoke`; script shows its part in a dialog.
pub(super) async fn page(
    State(app): State<Arc<App>>,
    ctx: Ctx,
    member: Member,
    Path((organization, token)): Path<(String, String)>,
    query: Query,
) -> Result<Response, Problem> {
    let (organization, id) = ids(&organization, &token)?;
    let mut visit = visit(&app, &ctx, &member.who, organization).await?;
    let listed = use_case::list(&app, &member.who, organization).await?;
    let pat = listed.pats.iter().find(|pat| pat.id == id);
    let pat = pat.ok_or(Code::NotFound)?;
    let last = pat.last_used.as_ref().map(|last| last.organization);
    visit.learn(&app, last).await?;
    let from = query.text("from").unwrap_or_default().to_owned();
    let back = back(&from, organization);
    if pat.revoked.is_some() {
        return Ok(lead_to(&back));
    }
    show(&RevokePage {
        shell: Shell::for_member(&say::revoke_this(&pat.name), &member),
        frame: Frame::new(Area::Security, &member, &visit),
        name: pat.name.clone(),
        hint: hint(pat),
        created: when::day(pat.lifetime.start),
        in_use: in_use(pat, &visit, ctx.now),
        number: id.to_string(),
        token: member.forms.token(&id.to_string()),
        action: format!("{}/tokens/{id}/revoke", Area::Security.path(organization)),
        from,
        back,
    })
}

/// The page that somebody came from: this one's, or that of all their tokens.
fn back(from: &str, organization: OrgId) -> String {
    if from == EVERYWHERE {
        format!("/tokens?in={organization}")
    } else {
        format!("{}#pat", Area::Security.path(organization))
    }
}

fn in_use(pat: &Pat, visit: &Visit, now: Timestamp) -> Option<String> {
    let last = pat.last_used.as_ref()?;
    if now.millis() - last.at.millis() >= IN_USE {
        return None;
    }
    let when = when::ago(last.at, now);
    let place = visit.seen(last.organization);
    let place = place.map(|listed| listed.org.name.as_str());
    let client = client::words(last.client.as_deref());
    let from = last.address.as_deref();
    Some(say::last_used(&when, from, client.as_deref(), place))
}

/// Answers `POST …/security/tokens/{token}/revoke`.
pub(super) async fn revoke(
    State(app): State<Arc<App>>,
    ctx: Ctx,
    member: Member,
    Path((organization, token)): Path<(String, String)>,
    request: Request,
) -> Result<Response, Problem> {
    let (organization, id) = ids(&organization, &token)?;
    let form = Form::read(&app, &member.forms, request).await?;
    if form.number()? != id {
        return Err(Code::CrossSiteRequest.into());
    }
    let back = back(form.text("from").unwrap_or_default(), organization);
    let caller = Caller::Session(Box::new(member.who));
    use_case::revoke(&app, &ctx, &caller, organization, id).await?;
    Ok(lead_to(&back))
}

fn ids(organization: &str, token: &str) -> Result<(OrgId, PatId), Problem> {
    let token = token.parse().map_err(|_no_id| Code::NotFound)?;
    Ok((organization_id(organization)?, token))
}
