//! One member of an organization, for who manages it: their roles, suspending them, ending their
//! membership.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, Request, State};
use axum::response::Response;
use http::StatusCode;
use keyfob_core::catalogue::{Level, Module, OWNER};
use keyfob_core::id::{OrgId, UserId};
use keyfob_core::manage::{Manager, MayNotManage, may_manage};
use keyfob_core::member::Roles;
use keyfob_store::pat::Pat;

use super::form::Form;
use super::frame::{Area, Frame, Person};
use super::page::{Shell, lead_to, show};
use super::query::address;
use super::role::titles;
use super::say;
use super::security::options::Choice;
use super::security::organization_id;
use super::visitor::Member;
use crate::app::access::Caller;
use crate::app::manage::{Colleague, colleague};
use crate::app::manage_members::{self as use_case, ManageError, TokensOf, tokens_of};
use crate::app::visit::{Visit, visit};
use crate::context::Ctx;
use crate::http::problem::{Code, Problem};
use crate::state::App;

/// What somebody holds of one module.
struct Row {
    key: String,
    title: String,
    choices: Vec<Choice>,
    /// What comes from above.
    above: Option<String>,
}

#[derive(Template)]
#[template(path = "member/roles.html")]
struct RolesPage {
    shell: Shell,
    frame: Frame,
    heading: String,
    person: Person,
    /// For an owner, and of one.
    owner: Option<Choice>,
    rows: Vec<Row>,
    is_suspended: bool,
    trouble: Option<String>,
    path: String,
    /// Where one sees what gives them what.
    why: String,
    team: String,
}

#[derive(Template)]
#[template(path = "member/remove.html")]
struct RemovePage {
    shell: Shell,
    frame: Frame,
    heading: String,
    press: &'static str,
    /// The tokens that are revoked with it.
    ended: Option<String>,
    /// What they still have there by inheritance.
    reached: String,
    /// The tokens that still reach it then.
    left: Option<String>,
    trouble: Option<String>,
    path: String,
    back: String,
}

/// A member, as who manages the organization sees them.
struct Place {
    visit: Visit,
    organization: OrgId,
    colleague: Colleague,
    /// The roles of the direct membership.
    roles: Roles,
    is_suspended: bool,
}

impl Place {
    async fn find(
        app: &App,
        ctx: &Ctx,
        member: &Member,
        (organization, user): (&str, &str),
    ) -> Result<Self, Problem> {
        let place = Self::find_to_remove(app, ctx, member, (organization, user)).await?;
        let may = may_manage(&place.visit.manager());
        may.map_err(|refused| Problem::from(ManageError::from(refused)))?;
        Ok(place)
    }

    /// Likewise, or oneself: leaving needs no right.
    async fn find_to_remove(
        app: &App,
        ctx: &Ctx,
        member: &Member,
        (organization, user): (&str, &str),
    ) -> Result<Self, Problem> {
        let organization = organization_id(organization)?;
        let visit = visit(app, ctx, &member.who, organization).await?;
        let user: UserId = user.parse().map_err(|_no_id| Code::NotFound)?;
        if user != member.who.user.id {
            let may = may_manage(&visit.manager());
            may.map_err(|refused| Problem::from(ManageError::from(refused)))?;
        }
        let colleague = colleague(app, organization, user).await;
        let colleague = colleague.map_err(Problem::unavailable)?;
        let colleague = colleague.ok_or(Code::NotFound)?;
        let mut held = colleague.memberships.iter();
        let held = held.find(|held| held.organization == organization);
        let held = held.ok_or(Code::NotFound)?.clone();
        Ok(Self {
            visit,
            organization,
            colleague,
            is_suspended: !held.is_active(),
            roles: held.roles,
        })
    }

    fn path(&self) -> String {
        format!("{}/{}", self.team(), self.colleague.user)
    }

    fn team(&self) -> String {
        Area::Team.path(self.organization)
    }

    fn person(&self) -> Person {
        Person::new(&self.colleague.name, &self.colleague.email)
    }

    fn row(&self, manager: &Manager<'_>, module: &Module, chosen: &Roles) -> Row {
        let is_held = |roles: &Roles, key: &str| roles.iter().any(|held| held == key);
        let key = |level: &Level| format!("{}-{}", level.word(), module.key);
        // The strongest that is held is shown; the weaker ones are in it.
        let mut keys = module.levels.iter().map(key);
        let strongest = keys.find(|key| is_held(chosen, key));
        let mut choices = vec![Choice {
            value: String::new(),
            label: say::NONE.to_owned(),
            is_chosen: strongest.is_none(),
        }];
        for level in module.levels.iter().rev() {
            let value = key(level);
            if manager.may_grant(&value) || is_held(&self.roles, &value) {
                choices.push(Choice {
                    is_chosen: strongest.as_ref() == Some(&value),
                    label: say::level(*level).to_owned(),
                    value,
                });
            }
        }
        Row {
            key: module.key.clone(),
            title: module.title.clone(),
            above: self.above(module),
            choices,
        }
    }

    /// The strongest level of a module that comes from above.
    fn above(&self, module: &Module) -> Option<String> {
        let held = self.colleague.memberships.iter();
        let held = held.filter(|held| held.organization != self.organization && held.is_active());
        let above: Vec<&str> = held.flat_map(|held| held.roles.iter()).collect();
        if above.contains(&OWNER) {
            return Some(say::OWNER.to_owned());
        }
        let mut levels = module.levels.iter();
        let strongest = levels.find(|level| {
            let key = format!("{}-{}", level.word(), module.key);
            above.contains(&key.as_str())
        });
        strongest.map(|level| say::level(*level).to_owned())
    }

    /// All that comes from above, in words.
    fn reached(&self) -> String {
        let held = self.colleague.memberships.iter();
        let held = held.filter(|held| held.organization != self.organization && held.is_active());
        let roles = held.flat_map(|held| held.roles.iter());
        titles(&self.visit.loaded.catalogue, roles).join(", ")
    }

    fn shown(
        &self,
        member: &Member,
        chosen: &Roles,
        trouble: Option<&MayNotManage>,
    ) -> Result<Response, Problem> {
        let heading = say::roles_of(&self.colleague.name);
        let manager = &self.visit.manager();
        let is_owner = manager.is_owner() || self.roles.has_owner();
        let modules = self.visit.loaded.catalogue.modules().iter();
        let mut response = show(&RolesPage {
            shell: Shell::for_member(&heading, member),
            frame: Frame::new(Area::Team, member, &self.visit),
            person: self.person(),
            owner: is_owner.then(|| Choice {
                value: OWNER.to_owned(),
                label: say::OWNER.to_owned(),
                is_chosen: chosen.has_owner(),
            }),
            rows: modules
                .map(|module| self.row(manager, module, chosen))
                .collect(),
            is_suspended: self.is_suspended,
            trouble: trouble.map(say::may_not),
            path: self.path(),
            why: address(
                &format!("/orgs/{}/explain", self.organization),
                &[("user", &self.colleague.user.to_string())],
            ),
            team: self.team(),
            heading,
        })?;
        *response.status_mut() = status(trouble);
        Ok(response)
    }

    fn is_oneself(&self, member: &Member) -> bool {
        self.colleague.user == member.who.user.id
    }

    /// The page that asks before a membership ends.
    async fn asked(
        &self,
        (app, ctx, member): (&App, &Ctx, &Member),
        trouble: Option<&MayNotManage>,
    ) -> Result<Response, Problem> {
        let lineage = &self.visit.place.lineage;
        let tokens = tokens_of(app, ctx, self.colleague.user, lineage).await;
        let TokensOf { ended, left } = tokens.map_err(Problem::unavailable)?;
        let reached = self.reached();
        // Where nothing is inherited, no token reaches anything.
        let left = if reached.is_empty() { Vec::new() } else { left };
        let names = |pats: &[Pat]| {
            let names = pats.iter().map(|pat| pat.name.as_str());
            say::listed(&names.collect::<Vec<_>>())
        };
        let here = self.visit.here().map_or("", |here| here.org.name.as_str());
        let (heading, press) = if self.is_oneself(member) {
            (say::leave_this(here), say::LEAVE)
        } else {
            (say::remove_this(&self.colleague.name, here), say::REMOVE)
        };
        let mut response = show(&RemovePage {
            shell: Shell::for_member(&heading, member),
            frame: Frame::new(Area::Team, member, &self.visit),
            ended: (!ended.is_empty()).then(|| say::revoked_with_it(&names(&ended))),
            left: (!left.is_empty()).then(|| say::tokens_still_reach(&names(&left))),
            reached,
            trouble: trouble.map(say::may_not),
            path: self.path(),
            back: self.team(),
            heading,
            press,
        })?;
        *response.status_mut() = status(trouble);
        Ok(response)
    }

    /// Leads back to the team, or tells what the rules say.
    fn answered(
        &self,
        member: &Member,
        chosen: &Roles,
        done: Result<(), ManageError>,
    ) -> Result<Response, Problem> {
        match done {
            Ok(()) => Ok(lead_to(&self.team())),
            Err(ManageError::Refused(refused)) => self.shown(member, chosen, Some(&refused)),
            Err(error) => Err(error.into()),
        }
    }
}

/// The status of a page that tells why nothing was changed.
fn status(trouble: Option<&MayNotManage>) -> StatusCode {
    match trouble {
        None => StatusCode::OK,
        Some(MayNotManage::LastOwner) => StatusCode::CONFLICT,
        Some(_forbidden) => StatusCode::FORBIDDEN,
    }
}

/// Answers `GET …/team/{user}`.
pub(super) async fn page(
    State(app): State<Arc<App>>,
    ctx: Ctx,
    member: Member,
    Path((organization, user)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let place = Place::find(&app, &ctx, &member, (&organization, &user)).await?;
    place.shown(&member, &place.roles, None)
}

/// Answers `POST …/team/{user}`: replaces the roles.
pub(super) async fn set_roles(
    State(app): State<Arc<App>>,
    ctx: Ctx,
    member: Member,
    Path((organization, user)): Path<(String, String)>,
    request: Request,
) -> Result<Response, Problem> {
    let form = Form::read(&app, &member.forms, request).await?;
    let place = Place::find(&app, &ctx, &member, (&organization, &user)).await?;
    let roles = Roles::new(form.all("role"));
    let roles = roles.map_err(|bad| Problem::new(Code::InvalidRequest, bad.to_string()))?;
    let caller = Caller::Session(Box::new(member.who.clone()));
    let at = (place.organization, place.colleague.user);
    let done = use_case::set_roles(&app, &ctx, &caller, at, &roles).await;
    place.answered(&member, &roles, done.map(|_held| ()))
}

/// Answers `POST …/team/{user}/suspend`, which also ends a suspension.
pub(super) async fn suspend(
    State(app): State<Arc<App>>,
    ctx: Ctx,
    member: Member,
    Path((organization, user)): Path<(String, String)>,
    request: Request,
) -> Result<Response, Problem> {
    let form = Form::read(&app, &member.forms, request).await?;
    let place = Place::find(&app, &ctx, &member, (&organization, &user)).await?;
    let caller = Caller::Session(Box::new(member.who.clone()));
    let at = (place.organization, place.colleague.user);
    let done = match form.text("suspended") {
        Some("yes") => use_case::suspend(&app, &ctx, &caller, at).await,
        Some("no") => use_case::reactivate(&app, &ctx, &caller, at).await,
        _neither => return Err(Code::InvalidRequest.into()),
    };
    place.answered(&member, &place.roles, done)
}

/// Answers `GET …/team/{user}/remove`, where oneself leaves; script shows its part in a dialog.
pub(super) async fn remove_page(
    State(app): State<Arc<App>>,
    ctx: Ctx,
    member: Member,
    Path((organization, user)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let place = Place::find_to_remove(&app, &ctx, &member, (&organization, &user)).await?;
    place.asked((&app, &ctx, &member), None).await
}

/// Answers `POST …/team/{user}/remove`.
pub(super) async fn remove(
    State(app): State<Arc<App>>,
    ctx: Ctx,
    member: Member,
    Path((organization, user)): Path<(String, String)>,
    request: Request,
) -> Result<Response, Problem> {
    let _proved = Form::read(&app, &member.forms, request).await?;
    let place = Place::find_to_remove(&app, &ctx, &member, (&organization, &user)).await?;
    let caller = Caller::Session(Box::new(member.who.clone()));
    let at = (place.organization, place.colleague.user);
    match use_case::remove(&app, &ctx, &caller, at).await {
        // Who leaves may not belong here any more.
        Ok(()) if place.is_oneself(&member) => Ok(lead_to("/")),
        Ok(()) => Ok(lead_to(&place.team())),
        Err(ManageError::Refused(refused)) => {
            place.asked((&app, &ctx, &member), Some(&refused)).await
        }
        Err(error) => Err(error.into()),
    }
}
