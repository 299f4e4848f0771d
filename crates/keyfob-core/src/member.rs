//! Membership and standing: who belongs to an organization, and how.

use std::fmt;

use crate::catalogue::OWNER;
use crate::id::OrgId;
use crate::org::Lineage;
use crate::time::Timestamp;

/// Most roles in one membership.
pub const ROLES_MAX: usize = 200;

/// A text that cannot be a role key, or too many of them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadRoles {
    /// Not of `a-z`, `0-9` and `-`, 1 to 80 characters.
    #[error("\"{0}\" is no role key")]
    Key(String),
    /// More than [`ROLES_MAX`].
    #[error("a membership has at most {ROLES_MAX} roles")]
    TooMany,
}

/// Role keys, sorted, each once. Kept in the stored form, because the exchange reads it on every request.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Roles(String);

impl Roles {
    /// Takes role keys in any order. Whether the catalogue knows them is not asked here.
    ///
    /// # Errors
    /// [`BadRoles`] for a text that cannot be a role key.
    pub fn new<'k>(keys: impl IntoIterator<Item = &'k str>) -> Result<Self, BadRoles> {
        let mut sorted: Vec<&str> = keys.into_iter().collect();
        sorted.sort_unstable();
        sorted.dedup();
        if sorted.len() > ROLES_MAX {
            return Err(BadRoles::TooMany);
        }
        if let Some(bad) = sorted.iter().find(|key| !is_role_key(key)) {
            return Err(BadRoles::Key(bad.chars().take(80).collect()));
        }
        Ok(Self(sorted.join(" ")))
    }

    /// The one role of who may everything.
    pub fn owner() -> Self {
        Self(OWNER.to_owned())
    }

    /// Takes what the store holds.
    pub fn from_stored(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// The keys, sorted.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.split_ascii_whitespace()
    }

    /// The stored form: keys separated by spaces.
    pub fn as_text(&self) -> &str {
        &self.0
    }

    /// Whether there is no role.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether `owner` is among them.
    pub fn has_owner(&self) -> bool {
        self.iter().any(|key| key == OWNER)
    }
}

impl fmt::Debug for Roles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

fn is_role_key(key: &str) -> bool {
    (1..=80).contains(&key.len())
        && key
            .chars()
            .all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-')
}

/// That a user was added to an organization itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Membership {
    /// Where.
    pub organization: OrgId,
    /// The roles held there, zero or more.
    pub roles: Roles,
    /// Since when it is suspended: it then gives nothing, as if it were not there.
    pub suspended_at: Option<Timestamp>,
}

impl Membership {
    /// Whether it counts.
    pub fn is_active(&self) -> bool {
        self.suspended_at.is_none()
    }
}

/// How somebody stands to an organization.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// A member of the organization itself.
    Direct,
    /// A member of an ancestor only.
    Inherited {
        /// The nearest ancestor with a membership.
        from: OrgId,
    },
    /// Neither.
    Stranger,
}

impl Standing {
    /// The standing of somebody with these memberships at the organization of a lineage: direct wins,
    /// then the nearest ancestor. Suspended memberships do not count.
    pub fn of(lineage: &Lineage, memberships: &[Membership]) -> Self {
        let nearest = lineage.upward().find(|organization| {
            memberships
                .iter()
                .any(|held| held.organization == *organization && held.is_active())
        });
        match nearest {
            Some(organization) if organization == lineage.organization() => Self::Direct,
            Some(from) => Self::Inherited { from },
            None => Self::Stranger,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn org(number: u128) -> OrgId {
        OrgId::from_uuid(uuid::Uuid::from_u128(number))
    }

    fn at(number: u128) -> Membership {
        Membership {
            organization: org(number),
            roles: Roles::default(),
            suspended_at: None,
        }
    }

    #[test]
    fn direct_wins_then_the_nearest_ancestor() {
        let lineage = Lineage::new(vec![org(1), org(2), org(3)]).expect("a path");
        assert_eq!(Standing::of(&lineage, &[at(1), at(3)]), Standing::Direct);
        assert_eq!(
            Standing::of(&lineage, &[at(1), at(2)]),
            Standing::Inherited { from: org(2) }
        );
        assert_eq!(Standing::of(&lineage, &[at(4)]), Standing::Stranger);
        assert_eq!(Standing::of(&lineage, &[]), Standing::Stranger);
    }

    #[test]
    fn a_suspended_membership_does_not_count() {
        let lineage = Lineage::new(vec![org(1), org(2)]).expect("a path");
        let suspended = Membership {
            suspended_at: Some(Timestamp::from_millis(5)),
            ..at(2)
        };
        assert_eq!(
            Standing::of(&lineage, std::slice::from_ref(&suspended)),
            Standing::Stranger
        );
        assert_eq!(
            Standing::of(&lineage, &[suspended, at(1)]),
            Standing::Inherited { from: org(1) }
        );
    }

    #[test]
    fn roles_are_sorted_and_each_is_there_once() {
        let roles = Roles::new(["view-build", "owner", "view-build"]).expect("good roles");
        assert_eq!(roles.as_text(), "owner view-build");
        assert!(roles.has_owner());
        assert_eq!(Roles::from_stored(roles.as_text()), roles);
        assert!(!Roles::new(["owner-x"]).expect("good roles").has_owner());
    }

    #[test]
    fn texts_that_cannot_be_role_keys_are_refused() {
        for bad in ["", "View-build", "view build", "view_build", "sicht-für"] {
            assert_eq!(Roles::new([bad]), Err(BadRoles::Key(bad.to_owned())));
        }
        let many: Vec<_> = (0..=ROLES_MAX).map(|n| format!("view-m{n}")).collect();
        assert_eq!(
            Roles::new(many.iter().map(String::as_str)),
            Err(BadRoles::TooMany)
        );
    }
}
