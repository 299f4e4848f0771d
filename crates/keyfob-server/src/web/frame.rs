//! The frame around the pages of an organization: the menu, the organization switch, the path, the
//! account.

use std::collections::{BTreeMap, BTreeSet};

use askama::Template;
use keyfob_core::id::OrgId;
use keyfob_core::member::Standing;
use keyfob_store::org::ListedOrg;

use super::say;
use super::visitor::Member;
use crate::app::visit::Visit;

/// The pages of an organization; the switch leads to the same one of another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Area {
    /// Who belongs to it.
    Team,
    /// One's tokens there, and one's sign-in.
    Security,
}

impl Area {
    /// The last part of its address.
    const fn word(self) -> &'static str {
        match self {
            Self::Team => "team",
            Self::Security => "security",
        }
    }

    /// Its address in an organization.
    pub(crate) fn path(self, organization: OrgId) -> String {
        format!("/orgs/{organization}/{}", self.word())
    }
}

/// A link to an organization.
#[derive(Debug)]
pub(crate) struct OrgLink {
    pub(crate) name: String,
    pub(crate) initials: String,
    pub(crate) path: String,
}

/// Somebody, as they are shown.
#[derive(Debug)]
pub(crate) struct Person {
    pub(crate) name: String,
    pub(crate) email: String,
    pub(crate) initials: String,
}

impl Person {
    pub(crate) fn new(name: &str, email: &str) -> Self {
        Self {
            name: name.to_owned(),
            email: email.to_owned(),
            initials: initials(name),
        }
    }
}

/// An organization of the switch, and what lies below it.
#[derive(Debug, Template)]
#[template(path = "part/branch.html")]
struct Branch {
    link: OrgLink,
    is_current: bool,
    is_inherited: bool,
    below: Vec<Branch>,
}

/// The frame.
#[derive(Debug)]
pub(crate) struct Frame {
    pub(crate) here: OrgLink,
    /// How the reader stands there, in a word.
    pub(crate) standing: &'static str,
    /// From the highest organization that the reader sees down to this one.
    pub(crate) crumbs: Vec<OrgLink>,
    pub(crate) person: Person,
    area: Area,
    pub(crate) team: String,
    pub(crate) security: String,
    tree: Vec<Branch>,
}

impl Frame {
    /// The frame of one page.
    pub(crate) fn new(area: Area, member: &Member, visit: &Visit) -> Self {
        let organization = visit.place.lineage.organization();
        let link = |listed: &ListedOrg| OrgLink {
            name: listed.org.name.clone(),
            initials: initials(&listed.org.name),
            path: area.path(listed.org.id),
        };
        let seen = visit.place.lineage.downward();
        let crumbs: Vec<OrgLink> = seen.filter_map(|id| visit.seen(id)).map(link).collect();
        // Somebody whose membership is suspended knows of it by its address only.
        let here = visit.here().map_or_else(
            || OrgLink {
                name: String::new(),
                initials: String::new(),
                path: area.path(organization),
            },
            link,
        );
        Self {
            here,
            standing: standing(visit),
            crumbs,
            person: Person::new(&member.who.user.full_name, &member.who.user.email),
            area,
            team: Area::Team.path(organization),
            security: Area::Security.path(organization),
            tree: tree(&visit.organizations, organization, &link),
        }
    }

    /// Whether the page is the one of that name.
    pub(crate) fn is_at(&self, word: &str) -> bool {
        self.area.word() == word
    }

    /// The tree of the switch, as HTML.
    pub(crate) fn tree(&self) -> String {
        self.tree.iter().map(ToString::to_string).collect()
    }
}

fn standing(visit: &Visit) -> &'static str {
    match visit.place.standing {
        _any if visit.is_owner() => say::OWNER,
        Standing::Direct => say::MEMBER,
        Standing::Inherited { .. } => say::INHERITED,
        Standing::Stranger => say::SUSPENDED,
    }
}

/// The organizations as a tree, those of one level by name.
fn tree(
    organizations: &[ListedOrg],
    current: OrgId,
    link: &impl Fn(&ListedOrg) -> OrgLink,
) -> Vec<Branch> {
    let known: BTreeSet<OrgId> = organizations.iter().map(|it| it.org.id).collect();
    let mut below: BTreeMap<Option<OrgId>, Vec<&ListedOrg>> = BTreeMap::new();
    for listed in organizations {
        // What lies under an organization that the reader does not see stands at the top.
        let parent = listed.org.parent.filter(|parent| known.contains(parent));
        below.entry(parent).or_default().push(listed);
    }
    for level in below.values_mut() {
        level.sort_by_cached_key(|listed| (listed.org.name.to_lowercase(), listed.org.id));
    }
    branches(None, &below, current, link)
}

fn branches(
    parent: Option<OrgId>,
    below: &BTreeMap<Option<OrgId>, Vec<&ListedOrg>>,
    current: OrgId,
    link: &impl Fn(&ListedOrg) -> OrgLink,
) -> Vec<Branch> {
    let level = below.get(&parent).map(Vec::as_slice).unwrap_or_default();
    let branch = |listed: &&ListedOrg| Branch {
        link: link(listed),
        is_current: listed.org.id == current,
        is_inherited: !listed.is_direct,
        below: branches(Some(listed.org.id), below, current, link),
    };
    level.iter().map(branch).collect()
}

/// First letters of the first two words, else the first two letters.
pub(crate) fn initials(name: &str) -> String {
    let mut words = name.split_whitespace();
    let letters: String = match (words.next(), words.next()) {
        (Some(first), Some(second)) => [first, second]
            .iter()
            .filter_map(|word| word.chars().next())
            .collect(),
        (Some(only), None) => only.chars().take(2).collect(),
        (None, _) => String::new(),
    };
    letters.to_uppercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn initials_are_two_letters() {
        for (name, wanted) in [
            ("Larkspur Bank", "LB"),
            ("Mobile", "MO"),
            ("iOS", "IO"),
            ("a", "A"),
            ("Dana van Whitfield", "DV"),
            ("étoile", "ÉT"),
            ("", ""),
        ] {
            assert_eq!(initials(name), wanted);
        }
    }
}
