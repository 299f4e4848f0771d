//! Organizations: nodes of a tree, and the path from a node up to its root.

use crate::id::OrgId;

/// Deepest level of a tree; a root is at 1.
pub const DEPTH_MAX: usize = 16;

/// Why a list of organizations is not a path in a tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadLineage {
    /// There is no organization in it.
    #[error("a lineage cannot be empty")]
    Empty,
    /// It is longer than [`DEPTH_MAX`].
    #[error("a tree has at most {DEPTH_MAX} levels")]
    TooDeep,
    /// An organization comes twice, which only a cycle can cause.
    #[error("an organization is its own ancestor")]
    Repeats,
}

/// The path from a root down to an organization, both included: never empty, never repeating.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lineage(Vec<OrgId>);

impl Lineage {
    /// Takes a path, the root first.
    ///
    /// # Errors
    /// [`BadLineage`] when it cannot be a path in a tree.
    pub fn new(path: Vec<OrgId>) -> Result<Self, BadLineage> {
        if path.is_empty() {
            return Err(BadLineage::Empty);
        }
        if path.len() > DEPTH_MAX {
            return Err(BadLineage::TooDeep);
        }
        // At most 16 entries: comparing each with those before it is cheaper than a set.
        let repeats = path
            .iter()
            .enumerate()
            .any(|(index, id)| path.iter().take(index).any(|seen| seen == id));
        if repeats {
            return Err(BadLineage::Repeats);
        }
        Ok(Self(path))
    }

    /// The organization whose path this is.
    pub fn organization(&self) -> OrgId {
        self.0.last().copied().unwrap_or_else(|| self.root())
    }

    /// The root of its tree.
    pub fn root(&self) -> OrgId {
        // Never empty; the nil id would fit no stored organization.
        self.0
            .first()
            .copied()
            .unwrap_or(OrgId::from_uuid(uuid::Uuid::nil()))
    }

    /// Its level: 1 for a root.
    pub fn depth(&self) -> usize {
        self.0.len()
    }

    /// Whether `organization` is on the path: the organization itself or one of its ancestors.
    pub fn contains(&self, organization: OrgId) -> bool {
        self.0.contains(&organization)
    }

    /// The path from the root down to the organization itself.
    pub fn downward(&self) -> impl Iterator<Item = OrgId> + '_ {
        self.0.iter().copied()
    }

    /// The path from the organization itself up to the root.
    pub fn upward(&self) -> impl Iterator<Item = OrgId> + '_ {
        self.0.iter().rev().copied()
    }
}

/// Evidence that an organization may be made under a parent, as seen inside one transaction.
#[derive(Debug)]
pub struct ChildPermit {
    parent: Lineage,
}

impl ChildPermit {
    /// The path of the parent.
    pub fn parent(&self) -> &Lineage {
        &self.parent
    }
}

/// Decides whether a tree has room below a parent.
///
/// # Errors
/// [`BadLineage::TooDeep`] at the last level.
pub fn may_have_child(parent: Lineage) -> Result<ChildPermit, BadLineage> {
    if parent.depth() >= DEPTH_MAX {
        Err(BadLineage::TooDeep)
    } else {
        Ok(ChildPermit { parent })
    }
}

/// Why an organization cannot be moved there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadMove {
    /// A root has no place in another tree, and a place never becomes a root.
    #[error("a root organization cannot be moved")]
    Root,
    /// The new parent is in another tree.
    #[error("an organization can be moved within its tree only")]
    OtherTree,
    /// The new parent is the organization itself or below it.
    #[error("an organization cannot be moved below itself")]
    Cycle,
    /// The deepest organization below would come to lie too deep.
    #[error("a tree has at most {DEPTH_MAX} levels")]
    TooDeep,
}

/// Evidence that an organization may be moved, as seen inside one transaction.
#[derive(Debug)]
pub struct MovePermit {
    from: Lineage,
    parent: Lineage,
}

impl MovePermit {
    /// The path of the organization before the move.
    pub fn from(&self) -> &Lineage {
        &self.from
    }

    /// The path of its new parent.
    pub fn parent(&self) -> &Lineage {
        &self.parent
    }
}

/// Decides whether an organization with `height` levels (1: nothing below it) fits under a parent.
///
/// # Errors
/// [`BadMove`].
pub fn may_move(from: Lineage, parent: Lineage, height: usize) -> Result<MovePermit, BadMove> {
    if from.depth() == 1 {
        return Err(BadMove::Root);
    }
    if from.root() != parent.root() {
        return Err(BadMove::OtherTree);
    }
    if parent.contains(from.organization()) {
        return Err(BadMove::Cycle);
    }
    if parent.depth() + height > DEPTH_MAX {
        return Err(BadMove::TooDeep);
    }
    Ok(MovePermit { from, parent })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn org(number: u128) -> OrgId {
        OrgId::from_uuid(uuid::Uuid::from_u128(number))
    }

    #[test]
    fn a_lineage_runs_from_the_root_to_the_organization() {
        let lineage = Lineage::new(vec![org(1), org(2), org(3)]).expect("a path");
        assert_eq!(lineage.root(), org(1));
        assert_eq!(lineage.organization(), org(3));
        assert_eq!(lineage.depth(), 3);
        assert!(lineage.contains(org(2)) && !lineage.contains(org(4)));
        assert_eq!(
            lineage.upward().collect::<Vec<_>>(),
            [org(3), org(2), org(1)]
        );
    }

    #[test]
    fn what_cannot_be_a_path_is_refused() {
        assert_eq!(Lineage::new(vec![]), Err(BadLineage::Empty));
        assert_eq!(
            Lineage::new(vec![org(1), org(2), org(1)]),
            Err(BadLineage::Repeats)
        );
        assert!(Lineage::new((0..16).map(org).collect()).is_ok());
        assert_eq!(
            Lineage::new((0..17).map(org).collect()),
            Err(BadLineage::TooDeep)
        );
    }

    fn path(numbers: &[u128]) -> Lineage {
        Lineage::new(numbers.iter().copied().map(org).collect()).expect("a path")
    }

    #[test]
    fn a_tree_has_sixteen_levels_and_no_more() {
        let at = |depth: u128| path(&(1..=depth).collect::<Vec<_>>());
        assert!(may_have_child(at(15)).is_ok());
        assert_eq!(may_have_child(at(16)).map(|_| ()), Err(BadLineage::TooDeep));
    }

    #[test]
    fn a_move_stays_in_its_tree_and_makes_no_cycle() {
        let refused = |from: &[u128], parent: &[u128], height| {
            may_move(path(from), path(parent), height)
                .map(|_| ())
                .expect_err("refused")
        };
        assert!(may_move(path(&[1, 2, 3]), path(&[1, 4]), 14).is_ok());
        assert_eq!(refused(&[1, 2, 3], &[1, 4], 15), BadMove::TooDeep);
        assert_eq!(refused(&[1], &[1, 2], 2), BadMove::Root);
        assert_eq!(refused(&[1, 2], &[5], 1), BadMove::OtherTree);
        assert_eq!(refused(&[1, 2], &[1, 2], 1), BadMove::Cycle);
        assert_eq!(refused(&[1, 2], &[1, 2, 3], 1), BadMove::Cycle);
    }
}
