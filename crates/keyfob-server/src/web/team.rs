//! *My Organization → Profile & Team*: what the organization is, and who belongs to it (D6).

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use keyfob_core::id::OrgId;
use keyfob_core::manage::{may_delete, may_manage};
use keyfob_core::member::{Membership, Standing};
use keyfob_store::org::Org;

use super::csv::csv;
use super::frame::{Area, Frame, Person, initials};
use super::page::{Shell, show};
use super::query::{Query, address};
use super::role::titles;
use super::security::organization_id;
use super::visitor::Member;
use super::{say, when};
use crate::app::manage::{Colleague, colleagues};
use crate::app::visit::{Visit, visit};
use crate::context::Ctx;
use crate::http::problem::{Code, Problem};
use crate::state::App;

/// People on one page.
const PAGE: usize = 100;

/// Columns of the file.
const COLUMNS: [&str; 6] = [
    say::NAME,
    say::EMAIL,
    say::HERE_AS,
    say::ROLES_HERE,
    say::ROLES_FROM_ABOVE,
    say::SUSPENDED,
];

/// A role, and from where it is held.
struct RoleRow {
    title: String,
    /// In words, when it is held above.
    from: Option<String>,
}

/// Somebody who belongs to the organization.
struct PersonRow {
    /// Where oneself leaves.
    leave: Option<String>,
    /// Where their roles are changed, for who may.
    manage: Option<String>,
    person: Person,
    is_you: bool,
    /// From where they are inherited; none: a member of the organization itself.
    from: Option<String>,
    /// What of theirs is suspended.
    suspended: Option<&'static str>,
    roles: Vec<RoleRow>,
}

/// What the organization is.
struct Profile {
    name: String,
    initials: String,
    kind: String,
    id: String,
    members: String,
    below: String,
    created: String,
}

/// The people, a page of them.
struct People {
    caption: String,
    rows: Vec<PersonRow>,
    has_inherited: bool,
    /// Which rows these are, when there are more.
    place: Option<String>,
    previous: Option<String>,
    next: Option<String>,
}

#[derive(Template)]
#[template(path = "team.html")]
struct TeamPage {
    shell: Shell,
    frame: Frame,
    lead: String,
    /// Where its name is changed and what lies below it is made, for who may.
    manage: Option<String>,
    /// Where it is moved, for who may.
    move_it: Option<String>,
    /// The same people as a file.
    file: String,
    /// Where one asks why somebody may do something.
    why: String,
    /// Where it is deleted, for who may.
    delete: Option<String>,
    /// None for who is suspended.
    seen: Option<(Profile, People)>,
}

/// Answers `GET /orgs/{organization}/team`.
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
    let here = match visit.place.standing {
        Standing::Stranger => None,
        Standing::Direct | Standing::Inherited { .. } => visit.here(),
    };
    let seen = match here {
        None => None,
        Some(here) => {
            let people = colleagues(&app, organization).await;
            let people = people.map_err(Problem::unavailable)?;
            let page = query.text("page").and_then(|page| page.parse().ok());
            let profile = profile(&visit, &here.org, &people);
            Some((profile, listed(&visit, &member, &people, page.unwrap_or(1))))
        }
    };
    let name = here.map_or("", |here| here.org.name.as_str());
    show(&TeamPage {
        shell: Shell::for_member(say::TEAM, &member),
        frame: Frame::new(Area::Team, &member, &visit),
        lead: say::team_lead(name),
        manage: may_manage(&visit.manager())
            .is_ok()
            .then(|| format!("/orgs/{organization}")),
        move_it: (visit.is_owner() && visit.manages_above())
            .then(|| format!("/orgs/{organization}/move")),
        file: format!("/orgs/{organization}/team.csv"),
        why: format!("/orgs/{organization}/explain"),
        delete: may_delete(&visit.manager())
            .is_ok()
            .then(|| format!("/orgs/{organization}/delete")),
        seen,
    })
}

/// Answers `GET /orgs/{organization}/team.csv`: everybody, on one page.
pub(super) async fn file(
    State(app): State<Arc<App>>,
    ctx: Ctx,
    member: Member,
    Path(organization): Path<String>,
) -> Result<Response, Problem> {
    let organization = organization_id(&organization)?;
    let visit = visit(&app, &ctx, &member.who, organization).await?;
    if visit.place.standing == Standing::Stranger {
        return Err(Code::NotFound.into());
    }
    let people = colleagues(&app, organization).await;
    let people = people.map_err(Problem::unavailable)?;
    let onlooker = Onlooker::new(&visit, &member);
    let rows = people.iter().map(|colleague| {
        let PersonRow {
            person,
            from,
            suspended,
            roles,
            ..
        } = row(&onlooker, colleague);
        let (above, here): (Vec<_>, Vec<_>) = roles.iter().partition(|role| role.from.is_some());
        let titles = |roles: &[&RoleRow]| {
            let titles = roles.iter().map(|role| role.title.as_str());
            titles.collect::<Vec<_>>().join("; ")
        };
        vec![
            person.name,
            person.email,
            from.map_or_else(|| say::MEMBER.to_owned(), |from| say::inherited_word(&from)),
            titles(&here),
            titles(&above),
            suspended.unwrap_or_default().to_owned(),
        ]
    });
    csv("team", &COLUMNS, rows)
}

fn profile(visit: &Visit, org: &Org, people: &[Colleague]) -> Profile {
    let direct = people.iter().filter(|one| own(one, org.id).is_some());
    let direct = direct.count();
    let parent = org.parent.and_then(|parent| visit.seen(parent));
    Profile {
        name: org.name.clone(),
        initials: initials(&org.name),
        kind: match (org.parent, parent) {
            (None, _) => say::ROOT_ORGANIZATION.to_owned(),
            (Some(_), Some(parent)) => say::sub_organization_of(&parent.org.name),
            (Some(_), None) => say::SUB_ORGANIZATION.to_owned(),
        },
        id: org.id.to_string(),
        members: say::members_and_inherited(direct, people.len() - direct),
        below: say::organizations_below(visit.below_count()),
        created: when::day(org.created_at),
    }
}

/// The membership that somebody has at the organization itself.
fn own(colleague: &Colleague, here: OrgId) -> Option<&Membership> {
    let mut held = colleague.memberships.iter();
    held.find(|held| held.organization == here)
}

fn listed(visit: &Visit, member: &Member, people: &[Colleague], page: usize) -> People {
    let here = visit.place.lineage.organization();
    let pages = people.len().div_ceil(PAGE).max(1);
    let page = page.clamp(1, pages);
    let skipped = (page - 1) * PAGE;
    let shown = people.iter().skip(skipped).take(PAGE);
    let onlooker = Onlooker::new(visit, member);
    let rows = shown.map(|one| row(&onlooker, one));
    let rows: Vec<PersonRow> = rows.collect();
    let team = Area::Team.path(here);
    let to = |page: usize| address(&team, &[("page", &page.to_string())]);
    let name = visit.here().map_or("", |here| here.org.name.as_str());
    People {
        caption: say::members_of(name),
        has_inherited: rows.iter().any(|row| row.from.is_some()),
        place: (pages > 1).then(|| say::rows_of(skipped + 1, skipped + rows.len(), people.len())),
        previous: (page > 1).then(|| to(page - 1)),
        next: (page < pages).then(|| to(page + 1)),
        rows,
    }
}

/// Whoever looks at the team.
struct Onlooker<'a> {
    visit: &'a Visit,
    member: &'a Member,
    manages: bool,
}

impl<'a> Onlooker<'a> {
    fn new(visit: &'a Visit, member: &'a Member) -> Self {
        Self {
            visit,
            member,
            manages: visit.manages(),
        }
    }
}

fn row(onlooker: &Onlooker<'_>, colleague: &Colleague) -> PersonRow {
    let Onlooker {
        visit,
        member,
        manages,
    } = *onlooker;
    let here = visit.place.lineage.organization();
    let own = own(colleague, here);
    let standing = colleague.standing(&visit.place.lineage);
    let nearest = match (own, standing) {
        (Some(_), _) => None,
        (None, Standing::Inherited { from }) => Some(from),
        // Suspended above: it is told from where all the same.
        (None, Standing::Direct | Standing::Stranger) => {
            colleague.memberships.last().map(|held| held.organization)
        }
    };
    let is_over = match own {
        Some(own) => !own.is_active(),
        None => standing == Standing::Stranger,
    };
    let suspended = if colleague.is_suspended {
        Some(say::ACCOUNT_SUSPENDED)
    } else {
        is_over.then_some(say::MEMBERSHIP_SUSPENDED_WORD)
    };
    PersonRow {
        leave: (own.is_some() && colleague.user == member.who.user.id)
            .then(|| format!("{}/{}/remove", Area::Team.path(here), colleague.user)),
        manage: (manages && own.is_some())
            .then(|| format!("{}/{}", Area::Team.path(here), colleague.user)),
        person: Person::new(&colleague.name, &colleague.email),
        is_you: colleague.user == member.who.user.id,
        from: nearest.map(|from| place(visit, from)),
        suspended,
        roles: roles(visit, colleague),
    }
}

/// The roles held here, then those held above, the nearest first.
fn roles(visit: &Visit, colleague: &Colleague) -> Vec<RoleRow> {
    let here = visit.place.lineage.organization();
    let mut roles = Vec::new();
    for at in visit.place.lineage.upward() {
        let held = colleague.memberships.iter();
        for membership in held.filter(|held| held.organization == at) {
            let titles = titles(&visit.loaded.catalogue, membership.roles.iter());
            roles.extend(titles.into_iter().map(|title| RoleRow {
                title,
                from: (at != here).then(|| say::held_above(&place(visit, at))),
            }));
        }
    }
    roles
}

/// An organization above, named only to who sees it.
fn place(visit: &Visit, above: OrgId) -> String {
    visit.seen(above).map_or_else(
        || say::FROM_ABOVE.to_owned(),
        |seen| say::from_organization(&seen.org.name),
    )
}
