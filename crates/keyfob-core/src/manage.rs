//! Who may change an organization, who belongs to it, and with which roles (contract 5, "Rules").
//!
//! The rights are those of the moment and of the place: what somebody holds at the organization itself,
//! from there or from above. A program with an access token has those of its user within the token's
//! ceiling, and is never an owner.

use crate::catalogue::{Catalogue, ORGANIZATION_MANAGE, ORGANIZATION_VIEW};
use crate::member::{Roles, Standing};
use crate::permission::{Live, PermissionSet};

/// Somebody who would change something at an organization, as they stand there now.
#[derive(Debug, Clone, Copy)]
pub struct Manager<'c> {
    catalogue: &'c Catalogue,
    permissions: PermissionSet,
    is_person: bool,
    is_owner: bool,
}

impl<'c> Manager<'c> {
    /// A person who acts themselves, with what their memberships give there.
    pub fn person(catalogue: &'c Catalogue, live: &Live<'_>) -> Self {
        let mut reasons = live.reasons.iter();
        Self {
            catalogue,
            permissions: live.permissions,
            is_person: true,
            is_owner: reasons.any(|reason| reason.role == crate::catalogue::OWNER),
        }
    }

    /// A program, with what its user's memberships give there and its token's ceiling lets through.
    pub fn program(catalogue: &'c Catalogue, live: &Live<'_>, ceiling: PermissionSet) -> Self {
        Self {
            catalogue,
            permissions: live.permissions.intersection(ceiling),
            is_person: false,
            is_owner: false,
        }
    }

    /// Whether they manage the organization.
    pub fn manages(&self) -> bool {
        self.catalogue.holds(&self.permissions, ORGANIZATION_MANAGE)
    }

    /// Whether they hold all that a role gives, and so may grant it.
    pub fn may_grant(&self, role: &str) -> bool {
        may_grant(self, role).is_ok()
    }

    /// Whether they act as an owner of the organization or of one above it.
    pub fn is_owner(&self) -> bool {
        self.is_owner
    }
}

/// Why somebody may not change something.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MayNotManage {
    /// They do not manage the organization.
    #[error("only owners and who manages the organization can do this")]
    NotAManager,
    /// They are not shown who belongs to the organization.
    #[error(
        "only who belongs to the organization sees its members, and with an access token organization:view"
    )]
    NotAViewer,
    /// It is an owner's to do, by themselves.
    #[error("only an owner can do this, and not with an access token")]
    NotAnOwner,
    /// A role to be granted is not in the catalogue.
    #[error("there is no role \"{0}\"")]
    UnknownRole(String),
    /// A role to be granted gives what they do not hold there.
    #[error("nobody grants more than they hold here, and {role} gives {}", missing.join(", "))]
    NotHeld {
        /// The role.
        role: String,
        /// What of it they do not hold.
        missing: Vec<String>,
    },
    /// Nobody would own the organization any more.
    #[error("an organization always has an owner, at itself or above: this is the last one")]
    LastOwner,
}

/// What is to become of a membership.
#[derive(Debug, Clone, Copy)]
pub struct MembershipChange<'r> {
    /// The roles before; none when there is no membership.
    pub before: Option<&'r Roles>,
    /// The roles after it; none when the membership ends or is suspended.
    pub after: Option<&'r Roles>,
    /// Whether somebody else is an active owner of the organization or of one above it.
    pub has_another_owner: bool,
}

impl MembershipChange<'_> {
    /// Whether nobody would own the organization after it.
    fn ends_the_last_owner(&self) -> bool {
        let is_owner = |roles: Option<&Roles>| roles.is_some_and(Roles::has_owner);
        is_owner(self.before) && !is_owner(self.after) && !self.has_another_owner
    }
}

/// Decides about a change of somebody's membership: making it, replacing its roles, suspending it, ending
/// it.
///
/// # Errors
/// [`MayNotManage`].
pub fn may_change_membership(
    manager: &Manager<'_>,
    change: &MembershipChange<'_>,
) -> Result<(), MayNotManage> {
    if !manager.manages() {
        return Err(MayNotManage::NotAManager);
    }
    let has_owner = |roles: Option<&Roles>| roles.is_some_and(Roles::has_owner);
    if (has_owner(change.before) || has_owner(change.after)) && !manager.is_owner() {
        return Err(MayNotManage::NotAnOwner);
    }
    let held_before = |role: &str| {
        let mut before = change.before.into_iter().flat_map(Roles::iter);
        before.any(|held| held == role)
    };
    let granted = change.after.into_iter().flat_map(Roles::iter);
    for role in granted.filter(|role| !held_before(role)) {
        may_grant(manager, role)?;
    }
    if change.ends_the_last_owner() {
        return Err(MayNotManage::LastOwner);
    }
    Ok(())
}

/// Decides whether a role may be granted: nobody grants more than they hold.
fn may_grant(manager: &Manager<'_>, role: &str) -> Result<(), MayNotManage> {
    let gives = manager
        .catalogue
        .role(role)
        .ok_or_else(|| MayNotManage::UnknownRole(role.to_owned()))?;
    let missing = gives.difference(manager.permissions);
    if missing.is_empty() {
        return Ok(());
    }
    let names = manager.catalogue.names(missing).into_iter();
    Err(MayNotManage::NotHeld {
        role: role.to_owned(),
        missing: names.map(str::to_owned).collect(),
    })
}

/// Decides whether a member may leave. It needs no right, and the last owner stays.
///
/// # Errors
/// [`MayNotManage::LastOwner`].
pub fn may_leave(change: &MembershipChange<'_>) -> Result<(), MayNotManage> {
    if change.ends_the_last_owner() {
        return Err(MayNotManage::LastOwner);
    }
    Ok(())
}

/// Decides whether somebody may rename an organization, make one below it, or see who is invited.
///
/// # Errors
/// [`MayNotManage::NotAManager`].
pub fn may_manage(manager: &Manager<'_>) -> Result<(), MayNotManage> {
    if manager.manages() {
        Ok(())
    } else {
        Err(MayNotManage::NotAManager)
    }
}

/// Decides whether somebody is shown who belongs to an organization: everybody who does, by themselves; a
/// program needs the permission `organization:view` there.
///
/// # Errors
/// [`MayNotManage::NotAViewer`].
pub fn may_see_members(manager: &Manager<'_>, standing: Standing) -> Result<(), MayNotManage> {
    let may = if manager.is_person {
        standing != Standing::Stranger
    } else {
        manager
            .catalogue
            .holds(&manager.permissions, ORGANIZATION_VIEW)
    };
    if may {
        Ok(())
    } else {
        Err(MayNotManage::NotAViewer)
    }
}

/// Decides whether somebody may delete an organization with all below it.
///
/// # Errors
/// [`MayNotManage::NotAnOwner`].
pub fn may_delete(manager: &Manager<'_>) -> Result<(), MayNotManage> {
    if manager.is_owner() {
        Ok(())
    } else {
        Err(MayNotManage::NotAnOwner)
    }
}

/// Decides whether somebody may move an organization from its parent to another one. Whether it fits
/// there is asked of [`may_move`](crate::org::may_move).
///
/// # Errors
/// [`MayNotManage::NotAnOwner`] of the organization, [`MayNotManage::NotAManager`] of one of the parents.
pub fn may_move_it(
    moved: &Manager<'_>,
    from: &Manager<'_>,
    to: &Manager<'_>,
) -> Result<(), MayNotManage> {
    may_delete(moved)?;
    may_manage(from)?;
    may_manage(to)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::{Level, Module};
    use crate::id::OrgId;
    use crate::member::Membership;
    use crate::org::Lineage;
    use crate::permission::resolve;

    fn catalogue() -> Catalogue {
        let module = |key: &str| Module {
            key: key.to_owned(),
            title: key.to_owned(),
            levels: vec![Level::Manage, Level::View],
        };
        Catalogue::new(1, vec![module("organization"), module("build")]).expect("a catalogue")
    }

    fn roles(keys: &[&str]) -> Roles {
        Roles::new(keys.iter().copied()).expect("roles")
    }

    fn manager<'c>(catalogue: &'c Catalogue, keys: &[&str]) -> Manager<'c> {
        let here = OrgId::from_uuid(uuid::Uuid::from_u128(1));
        let membership = Membership {
            organization: here,
            roles: roles(keys),
            suspended_at: None,
        };
        let lineage = Lineage::new(vec![here]).expect("a path");
        let memberships = [membership];
        Manager::person(catalogue, &resolve(catalogue, &lineage, &memberships))
    }

    fn program<'c>(catalogue: &'c Catalogue, keys: &[&str], ceiling: &[&str]) -> Manager<'c> {
        let person = manager(catalogue, keys);
        Manager {
            permissions: person
                .permissions
                .intersection(catalogue.set_of(ceiling.iter().copied())),
            is_person: false,
            is_owner: false,
            ..person
        }
    }

    fn decided(
        manager: &Manager<'_>,
        before: Option<&[&str]>,
        after: Option<&[&str]>,
    ) -> Result<(), MayNotManage> {
        let (before, after) = (before.map(roles), after.map(roles));
        let change = MembershipChange {
            before: before.as_ref(),
            after: after.as_ref(),
            has_another_owner: true,
        };
        may_change_membership(manager, &change)
    }

    #[test]
    fn nobody_grants_more_than_they_hold_and_what_is_missing_is_named() {
        let catalogue = catalogue();
        let manager = manager(&catalogue, &["manage-organization", "view-build"]);
        assert_eq!(decided(&manager, None, Some(&["view-build"])), Ok(()));
        assert_eq!(
            decided(&manager, None, Some(&["manage-build"])),
            Err(MayNotManage::NotHeld {
                role: "manage-build".to_owned(),
                missing: vec!["build:manage".to_owned()],
            })
        );
        // What was there already is no grant, and taking away needs nothing.
        let (more, less) = (["manage-build", "view-build"], ["view-build"]);
        assert_eq!(
            decided(&manager, Some(&["manage-build"]), Some(&more)),
            Ok(())
        );
        assert_eq!(decided(&manager, Some(&more), Some(&less)), Ok(()));
        assert_eq!(
            decided(&manager, None, Some(&["view-nothing"])),
            Err(MayNotManage::UnknownRole("view-nothing".to_owned()))
        );
    }

    #[test]
    fn only_an_owner_grants_changes_or_ends_owner() {
        let catalogue = catalogue();
        let (owner, other) = (
            manager(&catalogue, &["owner"]),
            manager(&catalogue, &["manage-organization", "manage-build"]),
        );
        for (before, after) in [
            (None, Some(&["owner"][..])),
            (Some(&["owner"][..]), Some(&["owner", "view-build"][..])),
            (Some(&["owner"][..]), Some(&["view-build"][..])),
            (Some(&["owner"][..]), None),
        ] {
            assert_eq!(decided(&owner, before, after), Ok(()));
            let refused = Err(MayNotManage::NotAnOwner);
            assert_eq!(decided(&other, before, after), refused);
            let program = program(&catalogue, &["owner"], &["organization:manage"]);
            assert_eq!(decided(&program, before, after), refused);
        }
    }

    #[test]
    fn the_last_owner_stays() {
        let catalogue = catalogue();
        let owner = manager(&catalogue, &["owner"]);
        let (before, less, more) = (Roles::owner(), roles(&[]), roles(&["owner", "view-build"]));
        let last = Err(MayNotManage::LastOwner);
        for (after, decision) in [(None, &last), (Some(&less), &last), (Some(&more), &Ok(()))] {
            let mut change = MembershipChange {
                before: Some(&before),
                after,
                has_another_owner: false,
            };
            assert_eq!(&may_change_membership(&owner, &change), decision);
            assert_eq!(&may_leave(&change), decision);
            change.has_another_owner = true;
            assert_eq!(may_change_membership(&owner, &change), Ok(()));
            assert_eq!(may_leave(&change), Ok(()));
        }
    }

    #[test]
    fn a_program_manages_within_its_ceiling_and_is_never_an_owner() {
        let catalogue = catalogue();
        let narrow = program(&catalogue, &["owner"], &["build:view"]);
        assert_eq!(may_manage(&narrow), Err(MayNotManage::NotAManager));
        let wide = program(
            &catalogue,
            &["owner"],
            &["organization:manage", "build:view"],
        );
        assert_eq!(may_manage(&wide), Ok(()));
        assert_eq!(decided(&wide, None, Some(&["view-build"])), Ok(()));
        assert!(matches!(
            decided(&wide, None, Some(&["manage-build"])),
            Err(MayNotManage::NotHeld { .. })
        ));
        assert_eq!(may_delete(&wide), Err(MayNotManage::NotAnOwner));
    }

    #[test]
    fn who_belongs_sees_who_else_does_and_a_program_needs_the_permission() {
        let catalogue = catalogue();
        let nobody = manager(&catalogue, &[]);
        assert_eq!(may_see_members(&nobody, Standing::Direct), Ok(()));
        let refused = Err(MayNotManage::NotAViewer);
        assert_eq!(may_see_members(&nobody, Standing::Stranger), refused);
        let blind = program(&catalogue, &["owner"], &["build:view"]);
        assert_eq!(may_see_members(&blind, Standing::Direct), refused);
        let seeing = program(&catalogue, &["view-organization"], &["organization:view"]);
        assert_eq!(may_see_members(&seeing, Standing::Direct), Ok(()));
    }

    #[test]
    fn a_move_needs_the_owner_of_what_is_moved_and_managers_of_both_parents() {
        let catalogue = catalogue();
        let (owner, manages, views) = (
            manager(&catalogue, &["owner"]),
            manager(&catalogue, &["manage-organization"]),
            manager(&catalogue, &["view-build"]),
        );
        assert_eq!(may_move_it(&owner, &manages, &manages), Ok(()));
        let (no_owner, no_manager) = (MayNotManage::NotAnOwner, MayNotManage::NotAManager);
        assert_eq!(may_move_it(&manages, &manages, &manages), Err(no_owner));
        assert_eq!(
            may_move_it(&owner, &views, &manages),
            Err(no_manager.clone())
        );
        assert_eq!(may_move_it(&owner, &manages, &views), Err(no_manager));
    }
}
