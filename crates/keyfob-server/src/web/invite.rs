//! Inviting people to one or several organizations, with a level for everything or module by module. Each
//! organization is a part of the form; adding one is a button that sends it, so it works without script.

mod part;

use std::collections::BTreeSet;
use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, Request, State};
use axum::response::Response;
use http::StatusCode;
use keyfob_core::id::{OrgId, PatId};
use keyfob_core::name::Email;
use keyfob_store::invitation::Promise;

use self::part::{Part, Wanted};
use super::form::Form;
use super::frame::{Area, Frame};
use super::invitations::{Outcome, sent};
use super::page::{Shell, lead_to, show, with_cookie};
use super::reauthenticate::{self, Errand, Proof};
use super::say;
use super::security::options::Choice;
use super::security::organization_id;
use super::visitor::Member;
use crate::app::access::Caller;
use crate::app::invite::{InviteError, PROMISES_MAX, invite as invite_one, may_see_links};
use crate::app::invited::inviter_at;
use crate::app::visit::{Visit, visit};
use crate::context::Ctx;
use crate::http::problem::{Code, Problem};
use crate::state::App;

/// Most addresses that are invited at once.
const ADDRESSES_MAX: usize = 20;

#[derive(Template)]
#[template(path = "invitation/invite.html")]
struct InvitePage {
    shell: Shell,
    frame: Frame,
    number: String,
    token: String,
    emails: String,
    /// What is wrong with the addresses.
    error: Option<String>,
    trouble: Option<String>,
    parts: Vec<Part>,
    /// Organizations that can be added.
    others: Vec<Choice>,
    action: String,
    back: String,
    is_mailed: bool,
}

/// What a form says.
#[derive(Debug, Default)]
struct Kept {
    emails: String,
    wanted: Vec<Wanted>,
}

/// What is wrong with it.
#[derive(Debug, Default)]
struct Wrong {
    emails: Option<String>,
    trouble: Option<String>,
}

/// Answers `GET …/invite`.
pub(super) async fn page(
    State(app): State<Arc<App>>,
    ctx: Ctx,
    member: Member,
    Path(organization): Path<String>,
) -> Result<Response, Problem> {
    let organization = organization_id(&organization)?;
    let kept = Kept {
        emails: String::new(),
        wanted: vec![Wanted::at(organization)],
    };
    shown((&app, &ctx, &member), organization, &kept, Wrong::default()).await
}

async fn shown(
    (app, ctx, member): (&App, &Ctx, &Member),
    organization: OrgId,
    kept: &Kept,
    wrong: Wrong,
) -> Result<Response, Problem> {
    let mut visit = visit(app, ctx, &member.who, organization).await?;
    visit.look_at_the_first_below(app).await?;
    let caller = caller(member);
    inviter_at(app, ctx, &caller, organization).await?;
    let mut parts = Vec::new();
    for wanted in &kept.wanted {
        let inviter = inviter_at(app, ctx, &caller, wanted.organization).await?;
        let name = visit.seen(wanted.organization);
        let name = name.map_or("", |seen| seen.org.name.as_str());
        parts.push(Part {
            can_be_left_out: kept.wanted.len() > 1,
            ..Part::new(wanted, name, &inviter)
        });
    }
    let is_wrong = wrong.emails.is_some() || wrong.trouble.is_some();
    let number = PatId::new(ctx.now, app.id_random()).to_string();
    let mut response = show(&InvitePage {
        shell: Shell::for_member(say::INVITE_PEOPLE, member),
        frame: Frame::new(Area::Team, member, &visit),
        token: member.forms.token(&number),
        number,
        emails: kept.emails.clone(),
        error: wrong.emails,
        trouble: wrong.trouble,
        others: others(&visit, kept),
        parts,
        action: action(organization),
        back: Area::Team.path(organization),
        is_mailed: app.mailer.is_some(),
    })?;
    if is_wrong {
        *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    }
    Ok(response)
}

/// What can be added: this organization and those below it that are not in the form yet.
fn others(visit: &Visit, kept: &Kept) -> Vec<Choice> {
    let there: BTreeSet<OrgId> = kept.wanted.iter().map(|it| it.organization).collect();
    if there.len() >= PROMISES_MAX {
        return Vec::new();
    }
    let all = visit.here().into_iter().chain(visit.below());
    let others = all.filter(|seen| !there.contains(&seen.org.id));
    others
        .map(|seen| Choice {
            value: seen.org.id.to_string(),
            label: seen.org.name.clone(),
            is_chosen: false,
        })
        .collect()
}

fn action(organization: OrgId) -> String {
    format!("/orgs/{organization}/invite")
}

fn caller(member: &Member) -> Caller {
    Caller::Session(Box::new(member.who.clone()))
}

impl Kept {
    fn of(form: &Form) -> Result<Self, Problem> {
        let mut wanted = Vec::new();
        for id in form.all("organization") {
            let organization = organization_id(id)?;
            wanted.push(Wanted::read(form, organization)?);
        }
        Ok(Self {
            emails: form.text("emails").unwrap_or_default().to_owned(),
            wanted,
        })
    }

    /// The addresses, or the first text that is none.
    fn addresses(&self) -> Result<Vec<Email>, String> {
        let texts = self.emails.split([',', ';', '\n', '\r', ' ', '\t']);
        let mut addresses: Vec<Email> = Vec::new();
        for text in texts.filter(|text| !text.is_empty()) {
            let email = Email::parse(text);
            let email = email.map_err(|bad| say::bad_address(text, &say::bad_name(bad)))?;
            if addresses.iter().all(|other| other.key() != email.key()) {
                addresses.push(email);
            }
        }
        match addresses.len() {
            0 => Err(say::NO_ADDRESS.to_owned()),
            count if count > ADDRESSES_MAX => Err(say::too_many_addresses(ADDRESSES_MAX)),
            _some => Ok(addresses),
        }
    }

    /// Everything once more, to travel along while somebody proves who they are.
    fn fields(&self) -> Vec<(String, String)> {
        let mut fields = vec![("emails".to_owned(), self.emails.clone())];
        for wanted in &self.wanted {
            fields.extend(wanted.fields());
        }
        fields
    }
}

/// Answers `POST …/invite`: adds or leaves out an organization, or sends.
pub(super) async fn invite(
    State(app): State<Arc<App>>,
    ctx: Ctx,
    mut member: Member,
    Path(organization): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let organization = organization_id(&organization)?;
    let mut form = Form::read(&app, &member.forms, request).await?;
    let mut kept = Kept::of(&form)?;
    let is_rearranged = match (form.text("add"), form.text("leaveOut")) {
        (Some(_pressed), _) => {
            let added = form.text("other").ok_or(Code::InvalidRequest)?;
            kept.wanted.push(Wanted::at(organization_id(added)?));
            true
        }
        (None, Some(left)) => {
            let left = organization_id(left)?;
            kept.wanted.retain(|wanted| wanted.organization != left);
            true
        }
        (None, None) => false,
    };
    if is_rearranged {
        return shown((&app, &ctx, &member), organization, &kept, Wrong::default()).await;
    }
    let fields = kept.fields();
    let errand = Errand {
        action: action(organization),
        back: Area::Team.path(organization),
        press: say::CONFIRM_AND_SEND,
        number: form.number()?,
        fields: fields
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect(),
        why: say::before_a_link,
    };
    let cookie = match reauthenticate::prove(&app, &ctx, &mut member, &mut form).await? {
        Proof::NotGiven => None,
        Proof::Given(cookie) => Some(cookie),
        Proof::Wrong(trouble) => {
            return reauthenticate::asked(&app, &member, errand, Some(trouble));
        }
    };
    let place = (&*app, &ctx, &member);
    let response = match kept.addresses() {
        Err(emails) => {
            let wrong = Wrong {
                emails: Some(emails),
                trouble: None,
            };
            shown(place, organization, &kept, wrong).await?
        }
        // Whoever may not see the links makes none.
        Ok(_addresses) if app.mailer.is_none() && !may_see_links(&app, &ctx, &member.who) => {
            return reauthenticate::asked(&app, &member, errand, None);
        }
        Ok(addresses) => send(place, organization, &kept, &addresses).await?,
    };
    match cookie {
        Some(cookie) => with_cookie(response, &cookie),
        None => Ok(response),
    }
}

async fn send(
    (app, ctx, member): (&App, &Ctx, &Member),
    organization: OrgId,
    kept: &Kept,
    addresses: &[Email],
) -> Result<Response, Problem> {
    let place = (app, ctx, member);
    let caller = caller(member);
    let mut promises = Vec::new();
    for wanted in &kept.wanted {
        let inviter = inviter_at(app, ctx, &caller, wanted.organization).await?;
        promises.push(Promise {
            organization: wanted.organization,
            roles: wanted.roles(&inviter.loaded.catalogue)?,
        });
    }
    let mut outcomes = Vec::new();
    for email in addresses {
        let made = invite_one(app, ctx, &caller, organization, (email, &promises)).await;
        let trouble = match made {
            Ok(made) => {
                outcomes.push(Outcome::of(place, made).await?);
                continue;
            }
            Err(InviteError::Refused(refused)) => say::may_not(&refused),
            Err(cause @ (InviteError::Organizations | InviteError::SeveralTrees)) => {
                say::sentence(&cause.to_string())
            }
            Err(InviteError::AlreadyMember) => {
                outcomes.push(Outcome::not_sent(email, say::ALREADY_A_MEMBER.to_owned()));
                continue;
            }
            Err(InviteError::TooMany) => {
                outcomes.push(Outcome::not_sent(email, say::TOO_MANY_WAIT.to_owned()));
                continue;
            }
            Err(InviteError::Limited(limited)) => {
                outcomes.push(Outcome::not_sent(email, say::wait(limited.seconds)));
                continue;
            }
            Err(error) => return Err(error.into()),
        };
        let wrong = Wrong {
            emails: None,
            trouble: Some(trouble),
        };
        return shown(place, organization, kept, wrong).await;
    }
    if outcomes.iter().all(Outcome::is_mailed) {
        return Ok(lead_to(&format!("/orgs/{organization}/invitations")));
    }
    sent(place, organization, outcomes).await
}
