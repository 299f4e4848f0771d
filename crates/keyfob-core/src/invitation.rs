//! Invitations: who may make one, and how long it counts.
//!
//! An invitation is a promise and gives nothing. What it grants is decided when it is made, and once more
//! when it is accepted, by what its inviter may do then: whoever lost the right to grant it has promised in
//! vain.

use std::time::Duration;

use crate::manage::{Manager, MayNotManage, MembershipChange, may_change_membership};
use crate::member::Roles;
use crate::time::{Lifetime, Timestamp};

/// How long an invitation counts after it was sent.
pub const LIFE: Duration = Duration::from_hours(7 * 24);
/// Most invitations of one organization that wait at the same time.
pub const WAITING_MAX: usize = 200;

/// The life of an invitation that is sent at a moment.
pub fn lifetime(sent_at: Timestamp) -> Lifetime {
    Lifetime {
        start: sent_at,
        end: Some(sent_at.plus(LIFE)),
    }
}

/// Decides whether somebody may promise a membership with these roles, or the promise of one still counts.
///
/// # Errors
/// [`MayNotManage`], as for making the membership at once.
pub fn may_invite(inviter: &Manager<'_>, roles: &Roles) -> Result<(), MayNotManage> {
    let change = MembershipChange {
        before: None,
        after: Some(roles),
        has_another_owner: true,
    };
    may_change_membership(inviter, &change)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::{Catalogue, Level, Module};
    use crate::id::OrgId;
    use crate::member::Membership;
    use crate::org::Lineage;
    use crate::permission::resolve;

    #[test]
    fn who_may_not_grant_it_may_not_promise_it() {
        let module = Module {
            key: "organization".to_owned(),
            title: "Organization".to_owned(),
            levels: vec![Level::Manage, Level::View],
        };
        let catalogue = Catalogue::new(1, vec![module]).expect("a catalogue");
        let here = OrgId::from_uuid(uuid::Uuid::from_u128(1));
        let lineage = Lineage::new(vec![here]).expect("a path");
        let decided = |held: &str, promised: &str| {
            let membership = Membership {
                organization: here,
                roles: Roles::new([held]).expect("roles"),
                suspended_at: None,
            };
            let memberships = [membership];
            let live = resolve(&catalogue, &lineage, &memberships);
            let inviter = Manager::person(&catalogue, &live);
            may_invite(&inviter, &Roles::new([promised]).expect("roles"))
        };
        assert_eq!(decided("owner", "owner"), Ok(()));
        assert_eq!(decided("manage-organization", "view-organization"), Ok(()));
        let no_owner = Err(MayNotManage::NotAnOwner);
        assert_eq!(decided("manage-organization", "owner"), no_owner);
        let no_manager = Err(MayNotManage::NotAManager);
        assert_eq!(
            decided("view-organization", "view-organization"),
            no_manager
        );
    }

    #[test]
    fn an_invitation_counts_for_seven_days_and_not_a_millisecond_longer() {
        let life = lifetime(Timestamp::from_millis(0));
        let end = 7 * 24 * 60 * 60 * 1_000;
        assert!(!life.is_over_at(Timestamp::from_millis(end - 1)));
        assert!(life.is_over_at(Timestamp::from_millis(end)));
    }
}
