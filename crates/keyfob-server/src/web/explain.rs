//! Why somebody may do something at an organization, or what is missing: the reasoning of the decision itself.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use keyfob_core::id::UserId;
use keyfob_core::manage::may_manage;
use keyfob_core::member::Roles;

use super::frame::{Area, Frame};
use super::page::{Shell, show};
use super::query::Query;
use super::role::titles;
use super::say;
use super::security::options::Choice;
use super::security::organization_id;
use super::visitor::Member;
use crate::app::access::Caller;
use crate::app::explain::{ExplainError, Grant, Obstacle, Question, explain_to};
use crate::app::manage::colleagues;
use crate::app::manage_members::ManageError;
use crate::app::visit::{Visit, visit};
use crate::context::Ctx;
use crate::http::problem::{Code, Problem};
use crate::state::App;

/// What is told: whether it is held, in a sentence, and why, a line each.
struct Told {
    is_held: bool,
    heading: String,
    lines: Vec<String>,
}

/// The permissions of a module, with its title.
struct Module {
    title: String,
    choices: Vec<Choice>,
}

#[derive(Template)]
#[template(path = "member/explain.html")]
struct ExplainPage {
    shell: Shell,
    frame: Frame,
    lead: String,
    people: Vec<Choice>,
    /// By module.
    permissions: Vec<Module>,
    told: Option<Told>,
    path: String,
    team: String,
}

/// Answers `GET …/explain`.
pub(super) async fn page(
    State(app): State<Arc<App>>,
    ctx: Ctx,
    member: Member,
    Path(organization): Path<String>,
    query: Query,
) -> Result<Response, Problem> {
    let organization = organization_id(&organization)?;
    let visit = visit(&app, &ctx, &member.who, organization).await?;
    let user = match query.text("user") {
        None => member.who.user.id,
        Some(id) => id.parse().map_err(|_no_id| Code::NotFound)?,
    };
    let people = people(&app, &member, &visit, user).await?;
    let name = people.iter().find(|one| one.is_chosen);
    let name = name.ok_or_else(|| refused(&visit))?.label.clone();
    let permission = query.text("permission");
    let told = match permission {
        None => None,
        Some(permission) => {
            let caller = Caller::Session(Box::new(member.who.clone()));
            let question = Question {
                organization,
                user: Some(user),
                permission,
            };
            let answer = explain_to(&app, &ctx, &caller, &question).await;
            match answer {
                Ok(answer) => Some(told(&visit, &name, permission, &answer)),
                // Chosen from a list, so the catalogue has changed meanwhile.
                Err(ExplainError::UnknownPermission) => None,
                Err(error) => return Err(error.into()),
            }
        }
    };
    let here = visit.here().map_or("", |here| here.org.name.as_str());
    show(&ExplainPage {
        shell: Shell::for_member(say::WHY, &member),
        frame: Frame::new(Area::Team, &member, &visit),
        lead: say::why_may_they(here),
        people,
        permissions: permissions(&visit, permission),
        told,
        path: format!("/orgs/{organization}/explain"),
        team: Area::Team.path(organization),
    })
}

/// Why they may not ask about somebody: who manages is told that nobody of the kind belongs there.
fn refused(visit: &Visit) -> Problem {
    match may_manage(&visit.manager()) {
        Ok(()) => Code::NotFound.into(),
        Err(refused) => ManageError::from(refused).into(),
    }
}

fn permissions(visit: &Visit, chosen: Option<&str>) -> Vec<Module> {
    let modules = visit.loaded.catalogue.modules().iter();
    let modules = modules.map(|module| Module {
        title: module.title.clone(),
        choices: module
            .levels
            .iter()
            .map(|level| {
                let value = format!("{}:{}", module.key, level.word());
                Choice {
                    is_chosen: Some(&*value) == chosen,
                    label: value.clone(),
                    value,
                }
            })
            .collect(),
    });
    modules.collect()
}

/// About whom they may ask: who manages the organization about everybody there, others about themselves.
async fn people(
    app: &App,
    member: &Member,
    visit: &Visit,
    chosen: UserId,
) -> Result<Vec<Choice>, Problem> {
    let own = &member.who.user;
    let choice = |id: UserId, name: &str| Choice {
        value: id.to_string(),
        label: name.to_owned(),
        is_chosen: id == chosen,
    };
    if may_manage(&visit.manager()).is_err() {
        return Ok(vec![choice(own.id, &own.full_name)]);
    }
    let organization = visit.place.lineage.organization();
    let people = colleagues(app, organization).await;
    let people = people.map_err(Problem::unavailable)?;
    Ok(people
        .iter()
        .map(|one| choice(one.user, &one.name))
        .collect())
}

fn told(visit: &Visit, name: &str, permission: &str, answer: &crate::app::explain::Answer) -> Told {
    let catalogue = &visit.loaded.catalogue;
    let title = |role: &str| titles(catalogue, [role].into_iter()).join("");
    let held = |grant: &Grant| {
        let place = grant.at.as_ref().map(|at| at.name.as_str());
        say::role_at(&title(&grant.role), place)
    };
    if answer.missing.is_empty() {
        return Told {
            is_held: true,
            heading: say::may_do(name, permission),
            lines: answer.because.iter().map(held).collect(),
        };
    }
    let lines = answer.missing.iter().map(|obstacle| match obstacle {
        Obstacle::UserSuspended => say::THEIR_ACCOUNT_SUSPENDED.to_owned(),
        Obstacle::NoMembership => say::NO_MEMBERSHIP_THERE.to_owned(),
        Obstacle::MembershipSuspended(grant) => say::would_give_it(&held(grant)),
        Obstacle::NoRole { roles_that_give_it } => {
            let roles = Roles::new(roles_that_give_it.iter().map(String::as_str));
            let roles = roles.unwrap_or_default();
            say::none_gives_it(&titles(catalogue, roles.iter()).join(", "))
        }
    });
    Told {
        is_held: false,
        heading: say::may_not_do(name, permission),
        lines: lines.collect(),
    }
}
