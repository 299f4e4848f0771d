//! Rotating a token: the page that asks how long the old one lives on, and the one that shows the new
//! one.

use std::sync::Arc;
use std::time::Duration;

use askama::Template;
use axum::extract::{Path, Request, State};
use axum::response::Response;
use keyfob_core::id::{OrgId, PatId};
use keyfob_core::pat::Refusal;
use keyfob_core::pat::rotation::{NotRotated, WantedRotation};
use keyfob_core::policy::Policy;

use super::form::Form;
use super::frame::{Area, Frame};
use super::page::{Shell, lead_to, show, with_cookie};
use super::reauthenticate::{self, Errand, Proof};
use super::say;
use super::security::options::Choice;
use super::security::{self, organization_id};
use super::visitor::Member;
use crate::app::revoke::list;
use crate::app::rotate_pat::{PatAt, RotatePatError, rotate as rotate_pat};
use crate::app::visit::visit;
use crate::context::Ctx;
use crate::http::problem::{Code, Problem};
use crate::state::App;

/// Overlaps to choose from, in seconds, beside the policy's default and its longest.
const OVERLAPS: [u64; 4] = [0, 60 * 60, 24 * 60 * 60, 7 * 24 * 60 * 60];

#[derive(Template)]
#[template(path = "security/rotate.html")]
struct RotatePage {
    shell: Shell,
    frame: Frame,
    name: String,
    overlaps: Vec<Choice>,
    number: String,
    token: String,
    action: String,
    back: String,
}

/// Answers `GET …/security/tokens/{token}/rotate`; script shows its part in a dialog.
pub(super) async fn page(
    State(app): State<Arc<App>>,
    ctx: Ctx,
    member: Member,
    Path((organization, token)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let at = at(&organization, &token)?;
    let visit = visit(&app, &ctx, &member.who, at.organization).await?;
    let listed = list(&app, &member.who, at.organization).await?;
    let pat = listed.pats.iter().find(|pat| pat.id == at.pat);
    let pat = pat.ok_or(Code::NotFound)?;
    let back = back(at.organization);
    if !pat.takes_a_place(ctx.now) {
        // Ended, or rotated already.
        return Ok(lead_to(&back));
    }
    let number = PatId::new(ctx.now, app.id_random()).to_string();
    show(&RotatePage {
        shell: Shell::for_member(&say::rotate_this(&pat.name), &member),
        frame: Frame::new(Area::Security, &member, &visit),
        name: pat.name.clone(),
        overlaps: overlaps(&app.policy),
        token: member.forms.token(&number),
        number,
        action: action(at),
        back,
    })
}

fn overlaps(policy: &Policy) -> Vec<Choice> {
    let (default, longest) = (policy.pat_rotation_overlap, policy.pat_rotation_overlap_max);
    let mut all: Vec<Duration> = OVERLAPS.into_iter().map(Duration::from_secs).collect();
    all.extend([default, longest]);
    all.retain(|overlap| *overlap <= longest);
    all.sort_unstable();
    all.dedup();
    let choice = |overlap: Duration| Choice {
        value: overlap.as_secs().to_string(),
        label: say::overlap(overlap, longest),
        is_chosen: overlap == default,
    };
    all.into_iter().map(choice).collect()
}

/// Answers `POST …/security/tokens/{token}/rotate`. It comes without a key for asking again (P10): a reload
/// of the page that shows the new token would end that one, which the reader may have saved.
pub(super) async fn rotate(
    State(app): State<Arc<App>>,
    ctx: Ctx,
    mut member: Member,
    Path((organization, token)): Path<(String, String)>,
    request: Request,
) -> Result<Response, Problem> {
    let at = at(&organization, &token)?;
    let mut form = Form::read(&app, &member.forms, request).await?;
    let number = form.number()?;
    let chosen = form.text("overlap").unwrap_or_default().to_owned();
    let errand = Errand {
        action: action(at),
        back: back(at.organization),
        press: say::CONFIRM_AND_ROTATE,
        number,
        fields: vec![("overlap", &chosen)],
        why: say::is_it_you_more,
    };
    let cookie = match reauthenticate::prove(&app, &ctx, &mut member, &mut form).await? {
        Proof::NotGiven => None,
        Proof::Given(cookie) => Some(cookie),
        Proof::Wrong(trouble) => {
            return reauthenticate::asked(&app, &member, errand, Some(trouble));
        }
    };
    let want = WantedRotation {
        overlap: Some(seconds(&chosen)?),
        key: None,
    };
    let response = match rotate_pat(&app, &ctx, &member.who, at, &want).await {
        Ok(successor) => {
            security::shown_fresh(&app, &ctx, &member, at.organization, successor).await?
        }
        Err(RotatePatError::Refused(NotRotated::Person(Refusal::Reauthenticate))) => {
            return reauthenticate::asked(&app, &member, errand, None);
        }
        Err(RotatePatError::Refused(NotRotated::AlreadyRotated)) => {
            security::shown_rotated(&app, &ctx, &member, at).await?
        }
        Err(error) => return Err(error.into()),
    };
    match cookie {
        Some(cookie) => with_cookie(response, &cookie),
        None => Ok(response),
    }
}

fn seconds(text: &str) -> Result<Duration, Problem> {
    let seconds = text.parse().map(Duration::from_secs);
    seconds.map_err(|_no_number| Code::InvalidRequest.into())
}

fn at(organization: &str, token: &str) -> Result<PatAt, Problem> {
    let pat = token.parse().map_err(|_no_id| Code::NotFound)?;
    Ok(PatAt {
        organization: organization_id(organization)?,
        pat,
    })
}

fn action(at: PatAt) -> String {
    let security = Area::Security.path(at.organization);
    format!("{security}/tokens/{}/rotate#new", at.pat)
}

fn back(organization: OrgId) -> String {
    format!("{}#pat", Area::Security.path(organization))
}
