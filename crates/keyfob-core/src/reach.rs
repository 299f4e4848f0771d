//! How far down a personal API token goes.

use std::collections::BTreeSet;

use crate::id::OrgId;

/// Most sub-organizations that a reach can name.
pub const REACH_MAX: usize = 50;

/// How far down a PAT goes. It never widens; its own organization is always in it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Reach {
    /// The organization and everything below, also what comes later (P6).
    #[default]
    Subtree,
    /// The organization only.
    Organization,
    /// The organization and these below it; not what lies below *them*.
    Named(BTreeSet<OrgId>),
}

impl Reach {
    /// Whether a target at or below the PAT's organization is inside.
    pub fn covers(&self, home: OrgId, target: OrgId) -> bool {
        match self {
            Self::Subtree => true,
            Self::Organization => home == target,
            Self::Named(named) => home == target || named.contains(&target),
        }
    }

    /// The stored form.
    pub fn to_text(&self) -> String {
        match self {
            Self::Subtree => "subtree".to_owned(),
            Self::Organization => "organization".to_owned(),
            Self::Named(named) => named
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join(" "),
        }
    }

    /// Reads the stored form; none when it is not one.
    pub fn from_stored(text: &str) -> Option<Self> {
        match text {
            "subtree" => Some(Self::Subtree),
            "organization" => Some(Self::Organization),
            named => {
                let ids: Result<_, _> = named.split_ascii_whitespace().map(str::parse).collect();
                ids.ok()
                    .filter(|ids: &BTreeSet<OrgId>| !ids.is_empty())
                    .map(Self::Named)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn org(number: u128) -> OrgId {
        OrgId::from_uuid(uuid::Uuid::from_u128(number))
    }

    #[test]
    fn p15_a_reach_covers_what_it_says_and_is_stored_as_it_is() {
        let named = Reach::Named([org(3)].into());
        for (reach, home, inside, below_it) in [
            (Reach::Subtree, true, true, true),
            (Reach::Organization, true, false, false),
            (named, true, true, false),
        ] {
            assert_eq!(reach.covers(org(2), org(2)), home);
            assert_eq!(reach.covers(org(2), org(3)), inside);
            assert_eq!(reach.covers(org(2), org(4)), below_it);
            assert_eq!(Reach::from_stored(&reach.to_text()), Some(reach));
        }
        assert_eq!(Reach::from_stored(""), None);
        assert_eq!(Reach::from_stored("everything"), None);
    }
}
