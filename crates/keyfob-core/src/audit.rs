//! Who may read how much of the audit log (contract 5, D6).
//!
//! Who manages an organization reads everything that happened there; at a root that is the whole tree,
//! because they manage all of it. Every other member reads what they did themselves and what happened to
//! their own tokens. Deliberately absent: the instance's chain, which belongs to the operator.

use crate::catalogue::{Catalogue, ORGANIZATION_MANAGE};
use crate::event::Action;
use crate::id::{OrgId, UserId};
use crate::member::Membership;
use crate::org::Lineage;
use crate::permission::resolve;

/// How far an audit log is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuditExtent {
    /// What happened in an organization itself.
    Organization(OrgId),
    /// What happened anywhere in the tree of a root, in what was deleted too.
    Tree(OrgId),
}

/// Evidence that somebody may read an audit log, as seen inside one transaction. Only the rule makes one.
#[derive(Debug)]
pub struct AuditPermit {
    extent: AuditExtent,
    only: Option<UserId>,
}

impl AuditPermit {
    /// How far.
    pub fn extent(&self) -> AuditExtent {
        self.extent
    }

    /// The same without what happened below: for a program whose token does not reach there.
    #[must_use]
    pub fn here_only(self) -> Self {
        let (AuditExtent::Organization(here) | AuditExtent::Tree(here)) = self.extent;
        Self {
            extent: AuditExtent::Organization(here),
            ..self
        }
    }

    /// Whose acts and tokens only; none: everybody's.
    pub fn only(&self) -> Option<UserId> {
        self.only
    }
}

/// Decides how much of an organization's audit log a person may read; nothing when they have no
/// membership at it or above it. A suspended membership gives no permission, but does not hide from a
/// person what they did.
pub fn may_read_audit(
    user: UserId,
    lineage: &Lineage,
    memberships: &[Membership],
    catalogue: &Catalogue,
) -> Option<AuditPermit> {
    let mut along = memberships.iter();
    along.find(|held| lineage.contains(held.organization))?;
    let live = resolve(catalogue, lineage, memberships);
    let organization = lineage.organization();
    if !catalogue.holds(&live.permissions, ORGANIZATION_MANAGE) {
        return Some(AuditPermit {
            extent: AuditExtent::Organization(organization),
            only: Some(user),
        });
    }
    let extent = if organization == lineage.root() {
        AuditExtent::Tree(organization)
    } else {
        AuditExtent::Organization(organization)
    };
    Some(AuditPermit { extent, only: None })
}

/// What kind of thing happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AuditKind {
    /// Any.
    #[default]
    Everything,
    /// To a personal API token.
    Tokens,
    /// To a membership or its roles.
    People,
    /// To an organization.
    Organizations,
}

impl AuditKind {
    /// All, the widest first.
    pub const ALL: [Self; 4] = [
        Self::Everything,
        Self::Tokens,
        Self::People,
        Self::Organizations,
    ];

    /// What the words of its actions begin with.
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::Everything => "",
            Self::Tokens => "pat.",
            Self::People => "member.",
            Self::Organizations => "organization.",
        }
    }

    /// Whether an action is of this kind.
    pub fn holds(self, action: Action) -> bool {
        action.word().starts_with(self.prefix())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::{Level, Module};
    use crate::member::Roles;
    use crate::time::Timestamp;

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
        let organization = Module {
            key: "organization".to_owned(),
            title: "Organization".to_owned(),
            levels: vec![Level::Manage, Level::View],
        };
        Catalogue::new(1, vec![organization]).expect("a catalogue")
    }

    const ME: UserId = UserId::from_uuid(uuid::Uuid::from_u128(7));

    /// What is read at the organization at the end of a path.
    fn read(path: &[u128], memberships: &[Membership]) -> Option<(AuditExtent, Option<UserId>)> {
        let path = path.iter().copied().map(org).collect();
        let lineage = Lineage::new(path).expect("a path");
        let permit = may_read_audit(ME, &lineage, memberships, &catalogue())?;
        Some((permit.extent(), permit.only()))
    }

    #[test]
    fn who_manages_an_organization_reads_everything_there_and_at_a_root_the_tree() {
        for role in ["owner", "manage-organization"] {
            let memberships = [held(1, &[role], None)];
            let tree = (AuditExtent::Tree(org(1)), None);
            assert_eq!(read(&[1], &memberships), Some(tree), "{role}");
            let below = (AuditExtent::Organization(org(2)), None);
            assert_eq!(
                read(&[1, 2], &memberships),
                Some(below),
                "{role} from above"
            );
        }
    }

    #[test]
    fn every_other_member_reads_their_own() {
        let own = |number| Some((AuditExtent::Organization(org(number)), Some(ME)));
        assert_eq!(read(&[1], &[held(1, &[], None)]), own(1));
        assert_eq!(read(&[1, 2], &[held(1, &[], None)]), own(2), "inherited");
        let looks = [held(2, &["view-organization"], None)];
        assert_eq!(read(&[1, 2], &looks), own(2), "looking is not managing");
        let suspended = [held(1, &["owner"], Some(5))];
        assert_eq!(read(&[1], &suspended), own(1), "it gives nothing now");
        let manages_above_only = [held(2, &["owner"], Some(5)), held(1, &["owner"], None)];
        let all = Some((AuditExtent::Organization(org(2)), None));
        assert_eq!(read(&[1, 2], &manages_above_only), all);
    }

    #[test]
    fn of_a_tree_the_root_alone_is_left_when_nothing_below_is_to_be_read() {
        let lineage = Lineage::new(vec![org(1)]).expect("a path");
        let owner = [held(1, &["owner"], None)];
        let permit = may_read_audit(ME, &lineage, &owner, &catalogue()).expect("a permit");
        assert_eq!(permit.extent(), AuditExtent::Tree(org(1)));
        let here = permit.here_only();
        assert_eq!(
            (here.extent(), here.only()),
            (AuditExtent::Organization(org(1)), None)
        );
    }

    #[test]
    fn a_stranger_reads_nothing() {
        assert_eq!(read(&[1], &[]), None);
        let beside = [held(3, &["owner"], None)];
        assert_eq!(read(&[1, 2], &beside), None, "a membership elsewhere");
    }

    #[test]
    fn every_action_in_a_tree_is_of_one_kind_beside_everything() {
        for action in Action::ALL {
            let kinds = AuditKind::ALL.iter().filter(|kind| kind.holds(*action));
            let of_a_tree = ["pat.", "member.", "organization."]
                .iter()
                .any(|prefix| action.word().starts_with(prefix));
            assert_eq!(kinds.count(), if of_a_tree { 2 } else { 1 }, "{action:?}");
        }
    }
}
