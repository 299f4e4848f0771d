//! *My Organization → Security*: one's sign-in and sessions, and one's tokens in the organization.

mod card;
pub(super) mod options;
mod token;

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, Request, State};
use axum::response::Response;
use http::StatusCode;
use keyfob_core::id::OrgId;
use keyfob_core::member::Standing;
use keyfob_core::pat::Refusal;
use keyfob_core::reach::Reach;
use keyfob_store::pat::Pat;
use keyfob_store::session::Session;

use self::card::{Card, Fresh, InheritedNote};
use self::options::{Errors, Kept, Options, choices};
use self::token::Told;
use super::form::Form;
use super::frame::{Area, Frame};
use super::page::{Shell, lead_to, show, with_cookie};
use super::reauthenticate::{self, Errand, Proof};
use super::visitor::Member;
use super::when::Moment;
use super::{client, say, when};
use crate::app::generate::{GenerateError, Generated, generate as generate_pat};
use crate::app::manage::colleagues;
use crate::app::rotate_pat::PatAt;
use crate::app::visit::{Visit, VisitError, visit};
use crate::app::{revoke, sign_in};
use crate::context::Ctx;
use crate::http::problem::{Code, Problem};
use crate::state::App;

pub(super) use self::token::{Badge, badge, hint};

/// A session, as a row.
struct SessionRow {
    id: String,
    client: String,
    icon: &'static str,
    is_current: bool,
    from: String,
    seen: Moment,
}

#[derive(Template)]
#[template(path = "security/page.html")]
struct SecurityPage {
    shell: Shell,
    frame: Frame,
    /// Since when one has one's password, where that is known.
    password_set: Option<String>,
    sessions: Vec<SessionRow>,
    /// What the policy says, by label.
    policy: Vec<(&'static str, String)>,
    card: Card,
}

/// What the page says beside what is stored.
#[derive(Default)]
struct Said {
    fresh: Option<Fresh>,
    used_form: Option<String>,
    kept: Kept,
    errors: Errors,
}

/// Answers `GET /orgs/{organization}/security`.
pub(super) async fn page(
    State(app): State<Arc<App>>,
    ctx: Ctx,
    member: Member,
    Path(organization): Path<String>,
) -> Result<Response, Problem> {
    let organization = organization_id(&organization)?;
    shown(&app, &ctx, &member, organization, Said::default()).await
}

/// Answers `GET …/security/tokens`, the address of the form: what it made is shown once, in the answer to
/// the form itself.
pub(super) async fn lead_back(Path(organization): Path<String>) -> Result<Response, Problem> {
    let organization = organization_id(&organization)?;
    Ok(lead_to(&Area::Security.path(organization)))
}

/// Answers `POST …/security/tokens`: the only page there ever is with the secret (P2).
pub(super) async fn generate(
    State(app): State<Arc<App>>,
    ctx: Ctx,
    mut member: Member,
    Path(organization): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let organization = organization_id(&organization)?;
    let mut form = Form::read(&app, &member.forms, request).await?;
    let number = form.number()?;
    let kept = Kept::of(&form);
    let errand = || Errand {
        action: format!("{}/tokens#new", Area::Security.path(organization)),
        back: Area::Security.path(organization),
        press: say::CONFIRM_AND_GENERATE,
        number,
        fields: kept.fields(),
        why: say::is_it_you_more,
    };
    let cookie = match reauthenticate::prove(&app, &ctx, &mut member, &mut form).await? {
        Proof::NotGiven => None,
        Proof::Given(cookie) => Some(cookie),
        Proof::Wrong(trouble) => {
            return reauthenticate::asked(&app, &member, errand(), Some(trouble));
        }
    };
    let place = visit(&app, &ctx, &member.who, organization).await?;
    let choices = match choices(&kept, number, &place) {
        Ok(choices) => choices,
        Err(errors) => return wrong(&app, &ctx, &member, organization, (kept, errors)).await,
    };
    let generated = generate_pat(&app, &ctx, &member.who, organization, &choices).await;
    let mut status = StatusCode::OK;
    let said = match generated {
        Ok(generated) => Said {
            fresh: Some(Fresh::new(&generated.pat, generated.secret, &app.issuer)),
            ..Said::default()
        },
        Err(GenerateError::FormUsed(pat)) => Said {
            used_form: Some(pat.name),
            ..Said::default()
        },
        Err(GenerateError::Refused(Refusal::Reauthenticate)) => {
            return reauthenticate::asked(&app, &member, errand(), None);
        }
        Err(GenerateError::Refused(refusal)) => {
            // Where no choice is wrong the page says by itself that they cannot, and why.
            status = refusal_status(&refusal);
            match Errors::of(refusal) {
                Some(errors) => {
                    return wrong(&app, &ctx, &member, organization, (kept, errors)).await;
                }
                None => Said::default(),
            }
        }
        Err(error) => return Err(error.into()),
    };
    let mut response = shown(&app, &ctx, &member, organization, said).await?;
    *response.status_mut() = status;
    match cookie {
        Some(cookie) => with_cookie(response, &cookie),
        None => Ok(response),
    }
}

/// The status of a page that says why no token is made.
fn refusal_status(refusal: &Refusal) -> StatusCode {
    match refusal {
        Refusal::LimitReached { .. } => StatusCode::CONFLICT,
        Refusal::Stranger
        | Refusal::Inherited { .. }
        | Refusal::Reauthenticate
        | Refusal::ExpiryPast
        | Refusal::ExpiryTooLate { .. }
        | Refusal::Ceiling
        | Refusal::Reach => StatusCode::FORBIDDEN,
    }
}

/// The page with a token that was just made in the place of another one.
pub(super) async fn shown_fresh(
    app: &App,
    ctx: &Ctx,
    member: &Member,
    organization: OrgId,
    made: Generated,
) -> Result<Response, Problem> {
    let said = Said {
        fresh: Some(Fresh::new(&made.pat, made.secret, &app.issuer)),
        ..Said::default()
    };
    shown(app, ctx, member, organization, said).await
}

/// The page for a form that has rotated its token already.
pub(super) async fn shown_rotated(
    app: &App,
    ctx: &Ctx,
    member: &Member,
    at: PatAt,
) -> Result<Response, Problem> {
    let listed = revoke::list(app, &member.who, at.organization).await?;
    let old = listed.pats.into_iter().find(|pat| pat.id == at.pat);
    let said = Said {
        used_form: old.map(|pat| pat.name),
        ..Said::default()
    };
    shown(app, ctx, member, at.organization, said).await
}

/// The page with what is wrong in the form.
async fn wrong(
    app: &App,
    ctx: &Ctx,
    member: &Member,
    organization: OrgId,
    (kept, errors): (Kept, Errors),
) -> Result<Response, Problem> {
    let said = Said {
        kept,
        errors,
        ..Said::default()
    };
    let mut response = shown(app, ctx, member, organization, said).await?;
    *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    Ok(response)
}

async fn shown(
    app: &App,
    ctx: &Ctx,
    member: &Member,
    organization: OrgId,
    said: Said,
) -> Result<Response, Problem> {
    let mut visit = visit(app, ctx, &member.who, organization).await?;
    let card = card(app, ctx, member, &mut visit, said).await?;
    let sessions = sign_in::sessions(app, ctx, member.who.user.id).await?;
    let row = |session: &Session| session_row(session, member, ctx);
    show(&SecurityPage {
        shell: Shell::for_member(say::SECURITY, member),
        frame: Frame::new(Area::Security, member, &visit),
        password_set: member
            .who
            .user
            .password_set_at
            .map(|at| say::changed(&when::day(at))),
        sessions: sessions.iter().rev().map(row).collect(),
        policy: policy(app),
        card,
    })
}

async fn card(
    app: &App,
    ctx: &Ctx,
    member: &Member,
    visit: &mut Visit,
    said: Said,
) -> Result<Card, Problem> {
    let organization = visit.place.lineage.organization();
    let listed = revoke::list(app, &member.who, organization).await?;
    visit.look_below(app).await?;
    visit.learn(app, named_by(&listed.pats)).await?;
    let visit = &*visit;
    let told = Told {
        visit,
        refusals: &listed.refusals,
        now: ctx.now,
    };
    let limit = app.policy.pat_limit;
    let mut card = Card::new(told, &listed.pats, limit);
    match visit.place.standing {
        Standing::Direct if card.taken < usize::try_from(limit).unwrap_or(usize::MAX) => {
            let brought = (said.kept, said.errors);
            card.generate = Some(Options::new(app, ctx, &member.forms, visit, brought));
        }
        Standing::Direct => card.limit = Some(say::limit_reached(limit)),
        Standing::Inherited { from } => {
            let colleagues = colleagues(app, organization).await;
            let colleagues = colleagues.map_err(Problem::unavailable)?;
            card.inherited = Some(InheritedNote::new(visit, from, &colleagues));
        }
        Standing::Stranger => {}
    }
    card.used_form = said.used_form;
    Ok(match said.fresh {
        Some(fresh) => card.with_fresh(fresh),
        None => card,
    })
}

/// The organizations that the card names beside the path to this one.
fn named_by(pats: &[Pat]) -> Vec<OrgId> {
    let mut named = Vec::new();
    for pat in pats.iter().filter(|pat| pat.revoked.is_none()) {
        named.extend(pat.last_used.as_ref().map(|last| last.organization));
        if let Reach::Named(reached) = &pat.reach {
            named.extend(reached);
        }
    }
    named
}

fn session_row(session: &Session, member: &Member, ctx: &Ctx) -> SessionRow {
    let is_current = session.id == member.who.session.id;
    let (client, icon) = client::told(session.client.as_deref());
    let from = session.address.as_deref();
    SessionRow {
        id: session.id.to_string(),
        client,
        icon,
        is_current,
        from: from.map_or_else(String::new, |from| format!("{from} · ")),
        // Its own is in use now; what is stored of that is some seconds old.
        seen: when::past(if is_current { ctx.now } else { session.seen_at }, ctx.now),
    }
}

fn policy(app: &App) -> Vec<(&'static str, String)> {
    let policy = &app.policy;
    let expiry = &policy.pat_expiry;
    let span = |span| say::span(options::days(span));
    let by_default = match expiry.default {
        Some(default) => say::by_default(&span(default)),
        None if expiry.required => say::REQUIRED.to_owned(),
        None => say::NO_EXPIRY_BY_DEFAULT.to_owned(),
    };
    vec![
        (say::TOKENS_A_MEMBER, say::at_most(policy.pat_limit)),
        (say::EXPIRES, by_default),
        (
            say::LONGEST_LIFE,
            expiry.max.map_or_else(|| say::NO_LIMIT.to_owned(), span),
        ),
    ]
}

/// What is no id names nothing.
pub(super) fn organization_id(text: &str) -> Result<OrgId, Problem> {
    text.parse().map_err(|_no_id| Code::NotFound.into())
}

impl From<VisitError> for Problem {
    fn from(error: VisitError) -> Self {
        match error {
            VisitError::NotForThem(_) => Code::NotFound.into(),
            VisitError::Outage(outage) => outage.into(),
        }
    }
}
