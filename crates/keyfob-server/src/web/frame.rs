//! The frame around the pages of an organization: the menu, the organization switch, the path, the
//! account.

use std::collections::{BTreeMap, BTreeSet};

use askama::Template;
use keyfob_core::id::OrgId;
use keyfob_core::member::Standing;
use keyfob_store::org::Org;
use keyfob_store::org::seen::SeenOrg;

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
    /// What happened there.
    Activity,
    /// The tokens there and below, for who manages it.
    Tokens,
}

impl Area {
    /// The last part of its address.
    const fn word(self) -> &'static str {
        match self {
            Self::Team => "team",
            Self::Security => "security",
            Self::Activity => "activity",
            Self::Tokens => "tokens",
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
    /// Which page of the organization this is; none of them when it is about more than one.
    area: Option<Area>,
    pub(crate) team: String,
    pub(crate) security: String,
    pub(crate) activity: String,
    /// For who manages it.
    pub(crate) all_tokens: Option<String>,
    /// The organization, for pages that are about more than one and lead back here.
    pub(crate) id: String,
    tree: Vec<Branch>,
    /// Whether there are more organizations than the switch shows.
    pub(crate) is_cut: bool,
}

impl Frame {
    /// The frame of one page.
    pub(crate) fn new(area: Area, member: &Member, visit: &Visit) -> Self {
        Self {
            area: Some(area),
            ..Self::beside(area, member, visit)
        }
    }

    /// The frame of a page that is about more than one organization; the switch leads to an area.
    pub(crate) fn beside(switch_to: Area, member: &Member, visit: &Visit) -> Self {
        let organization = visit.place.lineage.organization();
        let link = |seen: &SeenOrg| OrgLink {
            name: seen.org.name.clone(),
            initials: initials(&seen.org.name),
            path: switch_to.path(seen.org.id),
        };
        let seen = visit.place.lineage.downward();
        let crumbs: Vec<OrgLink> = seen.filter_map(|id| visit.seen(id)).map(link).collect();
        // Somebody whose membership is suspended knows of it by its address only.
        let here = visit.here().map_or_else(
            || OrgLink {
                name: String::new(),
                initials: String::new(),
                path: switch_to.path(organization),
            },
            link,
        );
        Self {
            here,
            standing: standing(visit),
            crumbs,
            person: Person::new(&member.who.user.full_name, &member.who.user.email),
            area: None,
            all_tokens: visit.manages().then(|| Area::Tokens.path(organization)),
            team: Area::Team.path(organization),
            security: Area::Security.path(organization),
            activity: Area::Activity.path(organization),
            id: organization.to_string(),
            tree: tree(&visit.organizations, organization, &link),
            is_cut: visit.is_cut,
        }
    }

    /// Whether the page is the one of that name.
    pub(crate) fn is_at(&self, word: &str) -> bool {
        self.area.is_some_and(|area| area.word() == word)
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

/// Organizations by their parent, those of one level by name. What lies under an organization that is
/// not among them stands at the top.
pub(crate) fn levels<T>(items: &[T], org: impl Fn(&T) -> &Org) -> BTreeMap<Option<OrgId>, Vec<&T>> {
    let known: BTreeSet<OrgId> = items.iter().map(|item| org(item).id).collect();
    let mut levels: BTreeMap<Option<OrgId>, Vec<&T>> = BTreeMap::new();
    for item in items {
        let parent = org(item).parent.filter(|parent| known.contains(parent));
        levels.entry(parent).or_default().push(item);
    }
    for level in levels.values_mut() {
        level.sort_by_cached_key(|item| (org(item).name.to_lowercase(), org(item).id));
    }
    levels
}

fn tree(
    organizations: &[SeenOrg],
    current: OrgId,
    link: &impl Fn(&SeenOrg) -> OrgLink,
) -> Vec<Branch> {
    branches(
        None,
        &levels(organizations, |seen| &seen.org),
        current,
        link,
    )
}

fn branches(
    parent: Option<OrgId>,
    below: &BTreeMap<Option<OrgId>, Vec<&SeenOrg>>,
    current: OrgId,
    link: &impl Fn(&SeenOrg) -> OrgLink,
) -> Vec<Branch> {
    let level = below.get(&parent).map(Vec::as_slice).unwrap_or_default();
    let branch = |seen: &&SeenOrg| Branch {
        link: link(seen),
        is_current: seen.org.id == current,
        is_inherited: !seen.is_direct,
        below: branches(Some(seen.org.id), below, current, link),
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
