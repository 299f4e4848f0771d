//! Permission sets, and what a person's memberships give at an organization: live permissions.
//!
//! A set is a row of bits numbered by one [`Catalogue`]; sets of different catalogue versions must not
//! meet, which the exchange ensures by loading catalogue and memberships in one snapshot.

use crate::catalogue::Catalogue;
use crate::id::OrgId;
use crate::member::Membership;
use crate::org::Lineage;

/// Most permissions that a catalogue can have.
pub const PERMISSIONS_MAX: usize = WORDS * 64;
const WORDS: usize = 16;

/// The number of one permission in its catalogue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PermissionIndex(pub(crate) u16);

/// A set of permissions of one catalogue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PermissionSet([u64; WORDS]);

impl PermissionSet {
    /// The set without any permission.
    pub const EMPTY: Self = Self([0; WORDS]);

    /// Adds a permission.
    pub fn insert(&mut self, index: PermissionIndex) {
        if let Some(word) = self.0.get_mut(usize::from(index.0 / 64)) {
            *word |= 1 << (index.0 % 64);
        }
    }

    /// Whether a permission is in the set.
    pub fn contains(&self, index: PermissionIndex) -> bool {
        self.0
            .get(usize::from(index.0 / 64))
            .is_some_and(|word| word >> (index.0 % 64) & 1 == 1)
    }

    /// What is in either set.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        self.combine(other, |mine, theirs| mine | theirs)
    }

    /// What is in both sets.
    #[must_use]
    pub fn intersection(self, other: Self) -> Self {
        self.combine(other, |mine, theirs| mine & theirs)
    }

    /// What is in this set and not in the other.
    #[must_use]
    pub fn difference(self, other: Self) -> Self {
        self.combine(other, |mine, theirs| mine & !theirs)
    }

    /// Whether all of this set is in the other.
    pub fn is_subset_of(self, other: Self) -> bool {
        self.difference(other).is_empty()
    }

    /// Whether nothing is in it.
    pub fn is_empty(&self) -> bool {
        self.0 == Self::EMPTY.0
    }

    /// How many permissions are in it.
    pub fn len(&self) -> u32 {
        self.0.iter().map(|word| word.count_ones()).sum()
    }

    fn combine(mut self, other: Self, each: impl Fn(u64, u64) -> u64) -> Self {
        for (mine, theirs) in self.0.iter_mut().zip(other.0) {
            *mine = each(*mine, theirs);
        }
        self
    }
}

/// Why somebody has permissions: a role, in a membership at an organization, and what it gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reason<'m> {
    /// Where the membership is: the organization asked about, or an ancestor.
    pub organization: OrgId,
    /// The role held there.
    pub role: &'m str,
    /// What the role gives by the catalogue; empty for a role that has left it.
    pub gives: PermissionSet,
}

/// What a person may do at an organization now, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Live<'m> {
    /// The union of what all reasons give.
    pub permissions: PermissionSet,
    /// Every role of every membership that counts, from the organization itself up to the root.
    pub reasons: Vec<Reason<'m>>,
}

impl<'m> Live<'m> {
    /// The reasons that give one permission.
    pub fn because(&self, permission: PermissionIndex) -> impl Iterator<Item = &Reason<'m>> {
        self.reasons
            .iter()
            .filter(move |reason| reason.gives.contains(permission))
    }

    /// Keys of the roles in effect that the catalogue knows, sorted, each once.
    pub fn roles(&self) -> Vec<&'m str> {
        let known = self
            .reasons
            .iter()
            .filter(|reason| !reason.gives.is_empty());
        let mut roles: Vec<_> = known.map(|reason| reason.role).collect();
        roles.sort_unstable();
        roles.dedup();
        roles
    }
}

/// Resolves live permissions: the union of what the roles give, of all active memberships at the
/// organization and its ancestors. Removing a membership never adds anything.
pub fn resolve<'m>(
    catalogue: &Catalogue,
    lineage: &Lineage,
    memberships: &'m [Membership],
) -> Live<'m> {
    let mut live = Live {
        permissions: PermissionSet::EMPTY,
        reasons: Vec::new(),
    };
    for organization in lineage.upward() {
        let held = memberships
            .iter()
            .filter(|held| held.organization == organization && held.is_active());
        for role in held.flat_map(|membership| membership.roles.iter()) {
            let gives = catalogue.role(role).unwrap_or(PermissionSet::EMPTY);
            live.permissions = live.permissions.union(gives);
            live.reasons.push(Reason {
                organization,
                role,
                gives,
            });
        }
    }
    live
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_behave_as_sets_at_the_edges_of_their_words() {
        let mut set = PermissionSet::EMPTY;
        for number in [0, 63, 64, 1023] {
            assert!(!set.contains(PermissionIndex(number)));
            set.insert(PermissionIndex(number));
            assert!(set.contains(PermissionIndex(number)));
        }
        assert_eq!(set.len(), 4);
        let mut one = PermissionSet::EMPTY;
        one.insert(PermissionIndex(64));
        assert!(one.is_subset_of(set) && !set.is_subset_of(one));
        assert_eq!(set.intersection(one), one);
        assert_eq!(set.difference(one).len(), 3);
        assert_eq!(set.difference(one).union(one), set);
        assert!(one.difference(set).is_empty());
    }
}
