//! *Try it* (D5): a token is exchanged as at the door, and the answer is told in words. The token comes in
//! the body of this one POST, is used once, and stands on no page; nor does the access token.

mod granted;
mod places;
mod refused;

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, Request, State};
use axum::response::Response;
use keyfob_core::id::OrgId;
use keyfob_core::reach::Reach;
use keyfob_core::scope::Scopes;
use keyfob_store::pat::Pat;

use self::granted::Granted;
use self::refused::Refused;
use super::form::Form;
use super::frame::{Area, Frame};
use super::page::{Shell, show};
use super::say;
use super::security::organization_id;
use super::visitor::Member;
use crate::app::exchange::{ExchangeError, Wanted};
use crate::app::explain_exchange::{Explained, explain_exchange};
use crate::app::visit::{Visit, visit};
use crate::context::Ctx;
use crate::http::oauth_error::OAuthError;
use crate::http::problem::Problem;
use crate::http::token::refusal;
use crate::secret::SecretText;
use crate::state::App;

pub(super) use self::places::Places;

#[derive(Template)]
#[template(path = "try_it.html")]
struct TryItPage {
    shell: Shell,
    frame: Frame,
    lead: String,
    granted: Option<Granted>,
    refused: Option<Refused>,
    places: Places,
}

/// What came of it.
#[derive(Default)]
struct Answer {
    /// The name of the token, when it is theirs.
    name: Option<String>,
    granted: Option<Granted>,
    refused: Option<Refused>,
}

/// Answers `GET …/security/try-it`: asks for a token.
pub(super) async fn page(
    State(app): State<Arc<App>>,
    ctx: Ctx,
    member: Member,
    Path(organization): Path<String>,
) -> Result<Response, Problem> {
    let organization = organization_id(&organization)?;
    let mut visit = visit(&app, &ctx, &member.who, organization).await?;
    visit.look_at_the_first_below(&app).await?;
    shown(&member, &visit, Answer::default(), None)
}

/// Answers `POST …/security/try-it`.
pub(super) async fn try_it(
    State(app): State<Arc<App>>,
    ctx: Ctx,
    member: Member,
    Path(organization): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let organization = organization_id(&organization)?;
    let mut form = Form::read(&app, &member.forms, request).await?;
    let mut visit = visit(&app, &ctx, &member.who, organization).await?;
    visit.look_at_the_first_below(&app).await?;
    let secret = form.take_secret("pat");
    let (answer, target) = match read(secret, form.text("subOrganization")) {
        Ok((secret, target)) => {
            let want = Wanted {
                pat: secret.expose(),
                target,
                scopes: Scopes::DEFAULT,
                named: &[],
                server: app.resource_servers.default_one(),
            };
            let explained = explain_exchange(&app, &ctx, &member.who, &want).await;
            let explained = explained.map_err(Problem::unavailable)?;
            let of_pat = explained.explanation.as_ref().map(|it| &it.pat);
            visit
                .learn(&app, of_pat.into_iter().flat_map(reached))
                .await?;
            let home = of_pat.map(|pat| pat.organization);
            visit
                .learn_around(&app, home.into_iter().chain(target))
                .await?;
            (told(&ctx, &visit, &member, target, explained)?, target)
        }
        Err(error) => (Answer::refused(Refused::malformed(&error)), None),
    };
    shown(&member, &visit, answer, target)
}

/// The organizations that a token's reach names.
fn reached(pat: &Pat) -> Vec<OrgId> {
    match &pat.reach {
        Reach::Named(named) => named.iter().copied().collect(),
        Reach::Subtree | Reach::Organization => Vec::new(),
    }
}

/// Reads the form as the door does (X4).
fn read(
    secret: Option<SecretText>,
    organization: Option<&str>,
) -> Result<(SecretText, Option<OrgId>), OAuthError> {
    let secret = secret.ok_or(OAuthError::invalid_request("The secret is missing."))?;
    let organization = organization
        .map(str::trim)
        .filter(|text| !text.is_empty())
        .map(str::parse);
    let organization = organization.transpose();
    organization
        .map(|organization| (secret, organization))
        .map_err(|_no_id| OAuthError::invalid_request("The organization is not a UUID."))
}

impl Answer {
    fn refused(refused: Refused) -> Self {
        Self {
            refused: Some(refused),
            ..Self::default()
        }
    }
}

/// Tells the door's answer, and to the token's owner what it rested on.
fn told(
    ctx: &Ctx,
    visit: &Visit,
    member: &Member,
    target: Option<OrgId>,
    explained: Explained,
) -> Result<Answer, Problem> {
    let Explained {
        outcome,
        explanation,
    } = explained;
    let name = explanation.as_ref().map(|it| it.pat.name.clone());
    match outcome {
        Ok(exchanged) => {
            let granted = Granted::new(visit, member, &exchanged, explanation)?;
            Ok(Answer {
                name,
                granted: Some(granted),
                refused: None,
            })
        }
        Err(ExchangeError::Outage(outage)) => Err(outage.into()),
        Err(error) => {
            // Too many tries are the address's, whatever the token was.
            let is_limited = matches!(error, ExchangeError::Limited(_));
            let explanation = explanation.filter(|_it| !is_limited);
            let refused = Refused::new(&refusal(error));
            Ok(Answer {
                name,
                ..Answer::refused(match explanation {
                    Some(explanation) => refused.because(ctx, visit, target, &explanation),
                    None => refused,
                })
            })
        }
    }
}

fn shown(
    member: &Member,
    visit: &Visit,
    answer: Answer,
    target: Option<OrgId>,
) -> Result<Response, Problem> {
    show(&TryItPage {
        shell: Shell::for_member(say::TRY_IT, member),
        frame: Frame::new(Area::Security, member, visit),
        lead: say::try_it_lead(answer.name.as_deref()),
        granted: answer.granted,
        refused: answer.refused,
        places: Places::of_any(visit, target),
    })
}

/// What an organization is called, to somebody who sees it; to others it is its id.
fn called(visit: &Visit, organization: OrgId) -> String {
    match visit.seen(organization) {
        Some(listed) => listed.org.name.clone(),
        None => organization.to_string(),
    }
}
