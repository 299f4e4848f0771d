//! Why somebody may do something at an organization, or what is missing.
//!
//! It is the decision's own reasoning: the reasons are those of [`resolve`], which every exchange and every
//! request is decided by.

use crate::catalogue::Catalogue;
use crate::id::OrgId;
use crate::member::Membership;
use crate::org::Lineage;
use crate::permission::{PermissionIndex, Reason, resolve};
use crate::time::Timestamp;

/// What stands in the way of a permission.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing<'m> {
    /// The account is suspended: nothing counts.
    UserSuspended,
    /// There is no membership at the organization or above it.
    NoMembership,
    /// A membership would give it, and is suspended.
    MembershipSuspended {
        /// Where.
        organization: OrgId,
        /// The role that would give it.
        role: &'m str,
    },
    /// No role of any membership gives it.
    NoRole,
}

/// Why somebody has a permission at an organization, or why not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation<'m> {
    /// Every role that gives it, from the organization itself up to the root; none: it is not held.
    pub because: Vec<Reason<'m>>,
    /// What is missing; nothing when it is held.
    pub missing: Vec<Missing<'m>>,
}

impl Explanation<'_> {
    /// Whether it is held.
    pub fn is_held(&self) -> bool {
        self.missing.is_empty()
    }
}

/// Explains one permission of somebody with these memberships.
pub fn explain<'m>(
    catalogue: &Catalogue,
    lineage: &Lineage,
    memberships: &'m [Membership],
    suspended_at: Option<Timestamp>,
    permission: PermissionIndex,
) -> Explanation<'m> {
    let live = resolve(catalogue, lineage, memberships);
    let because: Vec<Reason<'m>> = live.because(permission).copied().collect();
    if suspended_at.is_some() {
        return Explanation {
            because: Vec::new(),
            missing: vec![Missing::UserSuspended],
        };
    }
    if !because.is_empty() {
        return Explanation {
            because,
            missing: Vec::new(),
        };
    }
    let mut missing = would_give(catalogue, lineage, memberships, permission);
    if missing.is_empty() {
        let mut along = memberships.iter();
        missing.push(if along.any(|held| lineage.contains(held.organization)) {
            Missing::NoRole
        } else {
            Missing::NoMembership
        });
    }
    Explanation { because, missing }
}

/// Suspended memberships that would give it.
fn would_give<'m>(
    catalogue: &Catalogue,
    lineage: &Lineage,
    memberships: &'m [Membership],
    permission: PermissionIndex,
) -> Vec<Missing<'m>> {
    let mut found = Vec::new();
    for organization in lineage.upward() {
        let held = memberships.iter();
        let held = held.filter(|held| held.organization == organization && !held.is_active());
        for role in held.flat_map(|held| held.roles.iter()) {
            let gives = catalogue.role(role).unwrap_or_default();
            if gives.contains(permission) {
                found.push(Missing::MembershipSuspended { organization, role });
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::{Level, Module};
    use crate::member::Roles;

    fn org(number: u128) -> OrgId {
        OrgId::from_uuid(uuid::Uuid::from_u128(number))
    }

    fn held(at: u128, roles: &[&str], suspended_at: Option<i64>) -> Membership {
        Membership {
            organization: org(at),
            roles: Roles::new(roles.iter().copied()).expect("roles"),
            suspended_at: suspended_at.map(Timestamp::from_millis),
        }
    }

    fn catalogue() -> Catalogue {
        let module = |key: &str| Module {
            key: key.to_owned(),
            title: key.to_owned(),
            levels: vec![Level::Manage, Level::View],
        };
        Catalogue::new(1, vec![module("organization"), module("build")]).expect("a catalogue")
    }

    /// Where and by which roles, or what is missing, of `build:view` at organization 2 below 1.
    fn told(memberships: &[Membership], suspended_at: Option<i64>) -> String {
        let catalogue = catalogue();
        let lineage = Lineage::new(vec![org(1), org(2)]).expect("a path");
        let permission = catalogue.permission("build:view").expect("a permission");
        let suspended_at = suspended_at.map(Timestamp::from_millis);
        let explained = explain(&catalogue, &lineage, memberships, suspended_at, permission);
        let number = |organization: OrgId| organization.uuid().as_u128();
        let because = explained.because.iter();
        let because =
            because.map(|reason| format!("{} at {}", reason.role, number(reason.organization)));
        let missing = explained.missing.iter().map(|missing| match missing {
            Missing::MembershipSuspended { organization, role } => {
                format!("suspended: {role} at {}", number(*organization))
            }
            Missing::UserSuspended | Missing::NoMembership | Missing::NoRole => {
                format!("{missing:?}")
            }
        });
        because.chain(missing).collect::<Vec<_>>().join(", ")
    }

    #[test]
    fn every_role_that_gives_it_is_named_from_the_organization_up() {
        let memberships = [
            held(1, &["owner", "view-organization"], None),
            held(2, &["manage-build", "view-build"], None),
        ];
        assert_eq!(
            told(&memberships, None),
            "manage-build at 2, view-build at 2, owner at 1"
        );
    }

    #[test]
    fn what_is_missing_is_told() {
        assert_eq!(told(&[], None), "NoMembership");
        assert_eq!(told(&[held(3, &["owner"], None)], None), "NoMembership");
        assert_eq!(
            told(&[held(1, &["view-organization"], None)], None),
            "NoRole"
        );
        let suspended = [held(1, &[], None), held(2, &["view-build"], Some(5))];
        assert_eq!(told(&suspended, None), "suspended: view-build at 2");
        let held = [held(1, &["owner"], None)];
        assert_eq!(told(&held, Some(5)), "UserSuspended");
    }
}
