//! *Organizations*: the tree that somebody sees, as a table, and the search in it. It is where the switch
//! leads with what it does not show, and it needs no script.

use std::collections::BTreeMap;
use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use keyfob_core::id::OrgId;
use keyfob_core::manage::may_manage;
use keyfob_store::org::search::FoundOrg;

use super::frame::{Area, Frame, initials, levels};
use super::page::{Shell, show};
use super::query::{Query, address};
use super::visitor::Member;
use super::{new_root, say};
use crate::app::find_organizations::{FoundOrganizations, find_organizations};
use crate::app::visit::visit_somewhere;
use crate::context::Ctx;
use crate::http::problem::Problem;
use crate::state::App;

/// How deep rows are moved in; what lies deeper says below what it lies.
const DEEPEST: usize = 2;

/// An organization, as a row.
struct Row {
    /// How far it is moved in.
    depth: usize,
    name: String,
    initials: String,
    path: String,
    is_current: bool,
    /// Below what it lies, when the row does not show it by its place.
    parent: Option<String>,
    /// How they are a member; none when they are inherited.
    member: Option<String>,
    /// From where they are inherited.
    through: String,
    members: i64,
}

#[derive(Template)]
#[template(path = "organizations.html")]
struct OrganizationsPage {
    shell: Shell,
    frame: Frame,
    text: String,
    rows: Vec<Row>,
    /// That there are more.
    more: Option<String>,
    /// Where all are shown.
    all: String,
    /// Where one below the current organization is made, by who may.
    new_below: Option<String>,
    /// Where a root is made, by policy.
    new_root: Option<&'static str>,
}

/// Answers `GET /organizations`.
pub(super) async fn page(
    State(app): State<Arc<App>>,
    ctx: Ctx,
    member: Member,
    query: Query,
) -> Result<Response, Problem> {
    let visit = visit_somewhere(&app, &ctx, &member.who, query.from()).await?;
    let Some(visit) = visit else {
        return super::home::nowhere(&app, &member);
    };
    let text = query.text("q").unwrap_or_default();
    let found = find_organizations(&app, &member.who, text).await;
    let found = found.map_err(Problem::unavailable)?;
    let frame = Frame::beside(Area::Team, &member, &visit);
    let here = visit.place.lineage.organization();
    show(&OrganizationsPage {
        shell: Shell::for_member(say::ORGANIZATIONS, &member),
        rows: if text.is_empty() {
            tree(&found, here)
        } else {
            by_name(&found, here)
        },
        more: found
            .is_cut
            .then(|| say::first_organizations(found.organizations.len())),
        all: address("/organizations", &[("in", &frame.id)]),
        text: text.to_owned(),
        new_below: may_manage(&visit.manager())
            .is_ok()
            .then(|| format!("/orgs/{here}/new")),
        new_root: new_root::path(&app),
        frame,
    })
}

/// What was found by its name, one after another, each with its parent.
fn by_name(found: &FoundOrganizations, here: OrgId) -> Vec<Row> {
    let row = |found: &FoundOrg| Row {
        parent: found.parent_name.clone(),
        ..Row::new(found, 0, here)
    };
    found.organizations.iter().map(row).collect()
}

/// All as a tree.
fn tree(found: &FoundOrganizations, here: OrgId) -> Vec<Row> {
    let levels = levels(&found.organizations, |found| &found.org);
    let mut rows = Vec::new();
    add_level(&mut rows, None, &levels, (0, here));
    rows
}

fn add_level(
    rows: &mut Vec<Row>,
    parent: Option<OrgId>,
    levels: &BTreeMap<Option<OrgId>, Vec<&FoundOrg>>,
    (depth, here): (usize, OrgId),
) {
    for found in levels.get(&parent).into_iter().flatten() {
        rows.push(Row::new(found, depth, here));
        add_level(rows, Some(found.org.id), levels, (depth + 1, here));
    }
}

impl Row {
    fn new(found: &FoundOrg, depth: usize, here: OrgId) -> Self {
        let org = &found.org;
        let member = found.roles.as_ref();
        Self {
            depth: depth.min(DEEPEST),
            name: org.name.clone(),
            initials: initials(&org.name),
            path: Area::Team.path(org.id),
            is_current: org.id == here,
            parent: found.parent_name.clone().filter(|_name| depth > DEEPEST),
            member: member.map(say::member_with),
            through: say::from_organization(&found.through),
            members: found.member_count,
        }
    }
}
