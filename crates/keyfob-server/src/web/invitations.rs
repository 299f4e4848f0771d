//! Who is invited to an organization: sent again, withdrawn, and the page that shows links to pass on.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, Request, State};
use axum::response::Response;
use keyfob_core::id::{OrgId, PatId};
use keyfob_core::name::Email;

use super::form::Form;
use super::frame::{Area, Frame};
use super::page::{Shell, lead_to, show, with_cookie};
use super::reauthenticate::{self, Errand, Proof};
use super::role::titles;
use super::security::organization_id;
use super::visitor::Member;
use super::{letter, say, when};
use crate::app::access::Caller;
use crate::app::invite::{
    Delivery, InviteError, Made, invite_again, link_to_pass_on, may_see_links,
};
use crate::app::invited::{self, Listed};
use crate::app::visit::{Visit, visit};
use crate::context::Ctx;
use crate::http::problem::{Code, Problem};
use crate::secret::SecretText;
use crate::state::App;

/// An invitation, as a row.
struct Row {
    email: String,
    /// The part before the @, for whom a button is meant.
    short: String,
    is_over: bool,
    end: String,
    /// Organization and roles, a line each.
    promises: Vec<String>,
    inviter: String,
}

#[derive(Template)]
#[template(path = "invitation/list.html")]
struct ListPage {
    shell: Shell,
    frame: Frame,
    rows: Vec<Row>,
    number: String,
    token: String,
    path: String,
    team: String,
    invite: String,
}

/// What became of one address.
pub(super) struct Outcome {
    email: String,
    said: String,
    link: Option<SecretText>,
    is_mailed: bool,
}

#[derive(Template)]
#[template(path = "invitation/sent.html")]
struct SentPage {
    shell: Shell,
    frame: Frame,
    outcomes: Vec<Outcome>,
    has_links: bool,
    back: String,
}

impl Outcome {
    /// Mails an invitation, or shows its link.
    pub(super) async fn of(
        (app, ctx, member): (&App, &Ctx, &Member),
        made: Made,
    ) -> Result<Self, Problem> {
        let delivery = letter::deliver(app, ctx, &made).await?;
        let link = link_to_pass_on(app, ctx, &member.who, &made);
        let said = match &delivery {
            Delivery::Mailed => say::MAILED.to_owned(),
            Delivery::NotMailed(_cause) => say::NOT_MAILED.to_owned(),
            Delivery::ByHand => say::PASS_IT_ON.to_owned(),
        };
        Ok(Self {
            email: made.invitation.email,
            said,
            link,
            is_mailed: matches!(delivery, Delivery::Mailed),
        })
    }

    /// That somebody was not invited, and why.
    pub(super) fn not_sent(email: &Email, why: String) -> Self {
        Self {
            email: email.as_str().to_owned(),
            said: why,
            link: None,
            is_mailed: false,
        }
    }

    pub(super) fn is_mailed(&self) -> bool {
        self.is_mailed
    }
}

/// The page that says what became of each address.
pub(super) async fn sent(
    (app, ctx, member): (&App, &Ctx, &Member),
    organization: OrgId,
    outcomes: Vec<Outcome>,
) -> Result<Response, Problem> {
    let visit = visit(app, ctx, &member.who, organization).await?;
    show(&SentPage {
        shell: Shell::for_member(say::INVITATIONS, member),
        frame: Frame::new(Area::Team, member, &visit),
        has_links: outcomes.iter().any(|outcome| outcome.link.is_some()),
        outcomes,
        back: path(organization),
    })
}

fn path(organization: OrgId) -> String {
    format!("/orgs/{organization}/invitations")
}

/// Answers `GET …/invitations`.
pub(super) async fn page(
    State(app): State<Arc<App>>,
    ctx: Ctx,
    member: Member,
    Path(organization): Path<String>,
) -> Result<Response, Problem> {
    let organization = organization_id(&organization)?;
    let visit = visit(&app, &ctx, &member.who, organization).await?;
    let caller = Caller::Session(Box::new(member.who.clone()));
    let listed = invited::list(&app, &ctx, &caller, organization).await?;
    let number = PatId::new(ctx.now, app.id_random()).to_string();
    show(&ListPage {
        shell: Shell::for_member(say::INVITATIONS, &member),
        frame: Frame::new(Area::Team, &member, &visit),
        rows: listed.into_iter().map(|one| row(&visit, one)).collect(),
        token: member.forms.token(&number),
        number,
        path: path(organization),
        team: Area::Team.path(organization),
        invite: format!("/orgs/{organization}/invite"),
    })
}

fn row(visit: &Visit, listed: Listed) -> Row {
    let catalogue = &visit.loaded.catalogue;
    let promises = listed.promises.iter().map(|promise| {
        let roles = titles(catalogue, promise.roles.iter());
        let roles = if roles.is_empty() {
            say::NO_ROLES.to_lowercase()
        } else {
            roles.join(", ")
        };
        say::person_with_roles(&promise.name, &roles)
    });
    let end = when::day(listed.expires_at);
    let short = listed.email.split('@').next().unwrap_or_default();
    Row {
        short: short.to_owned(),
        is_over: listed.is_over,
        end: if listed.is_over {
            say::ended_on(&end)
        } else {
            say::ends_on(&end)
        },
        promises: promises.collect(),
        inviter: listed.inviter,
        email: listed.email,
    }
}

/// Answers `POST …/invitations`: sends one again, or withdraws it.
pub(super) async fn change(
    State(app): State<Arc<App>>,
    ctx: Ctx,
    mut member: Member,
    Path(organization): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let organization = organization_id(&organization)?;
    let mut form = Form::read(&app, &member.forms, request).await?;
    let caller = Caller::Session(Box::new(member.who.clone()));
    if let Some(email) = form.text("withdraw") {
        let email = address(email)?;
        return match invited::withdraw(&app, &ctx, &caller, organization, &email).await {
            // It may have been accepted meanwhile; the list says how it is.
            Ok(()) | Err(InviteError::NotInvited) => Ok(lead_to(&path(organization))),
            Err(error) => Err(error.into()),
        };
    }
    let text = form.text("again").ok_or(Code::InvalidRequest)?.to_owned();
    let email = address(&text)?;
    let errand = Errand {
        action: path(organization),
        back: path(organization),
        press: say::CONFIRM_AND_SEND,
        number: form.number()?,
        fields: vec![("again", &text)],
        why: say::before_a_link,
    };
    let cookie = match reauthenticate::prove(&app, &ctx, &mut member, &mut form).await? {
        Proof::NotGiven => None,
        Proof::Given(cookie) => Some(cookie),
        Proof::Wrong(trouble) => {
            return reauthenticate::asked(&app, &member, errand, Some(trouble));
        }
    };
    if app.mailer.is_none() && !may_see_links(&app, &ctx, &member.who) {
        return reauthenticate::asked(&app, &member, errand, None);
    }
    let response = again((&app, &ctx, &member), organization, &email).await?;
    match cookie {
        Some(cookie) => with_cookie(response, &cookie),
        None => Ok(response),
    }
}

fn address(text: &str) -> Result<Email, Problem> {
    Email::parse(text).map_err(|_no_address| Code::InvalidRequest.into())
}

async fn again(
    place: (&App, &Ctx, &Member),
    organization: OrgId,
    email: &Email,
) -> Result<Response, Problem> {
    let (app, ctx, member) = place;
    let caller = Caller::Session(Box::new(member.who.clone()));
    let outcome = match invite_again(app, ctx, &caller, organization, email).await {
        Ok(made) => Outcome::of(place, made).await?,
        Err(InviteError::NotInvited) => return Ok(lead_to(&path(organization))),
        Err(InviteError::Refused(refused)) => Outcome::not_sent(email, say::may_not(&refused)),
        Err(InviteError::Limited(limited)) => Outcome::not_sent(email, say::wait(limited.seconds)),
        Err(error) => return Err(error.into()),
    };
    if outcome.is_mailed() {
        return Ok(lead_to(&path(organization)));
    }
    sent(place, organization, vec![outcome]).await
}
