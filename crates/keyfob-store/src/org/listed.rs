//! A part of the list of organizations that somebody sees. What is told of each is asked for those of the
//! part only: a tree may be large.

use keyfob_core::id::{OrgId, UserId};

use super::{ListedOrg, read_listed};
use crate::StoreError;
use crate::db::{Tx, args, statements};

/// `$1` is the person; the rest finds the ids, in the order of the list.
macro_rules! part {
    ($ids:literal) => {
        concat!(
            "SELECT o.id, o.name, o.root_id, r.name, o.parent_id, o.depth, o.created_at, o.external_id, ",
            "EXISTS (SELECT 1 FROM living_membership d ",
            "WHERE d.user_id = $1 AND d.organization_id = o.id AND d.suspended_at IS NULL), ",
            "CAST((SELECT COUNT(*) FROM living_membership c WHERE c.organization_id = o.id) AS BIGINT) ",
            "FROM (",
            $ids,
            ") f JOIN organization o ON o.id = f.id JOIN organization r ON r.id = o.root_id ORDER BY o.depth, o.id"
        )
    };
}

statements! {
    // By their highest memberships, whose subtrees do not meet: so no organization comes twice.
    ORG_PART_OF_USER = part!("SELECT k.id
        FROM living_membership m JOIN organization_ancestor a ON a.ancestor = m.organization_id
        JOIN living_organization k ON k.id = a.organization
        WHERE m.user_id = $1 AND m.suspended_at IS NULL AND NOT EXISTS
            (SELECT 1 FROM organization_ancestor u JOIN living_membership n ON n.organization_id = u.ancestor
                WHERE u.organization = m.organization_id AND u.ancestor <> m.organization_id
                AND n.user_id = $1 AND n.suspended_at IS NULL)
        ORDER BY k.depth, k.id LIMIT $2 OFFSET $3");
    ORG_PART_BELOW = part!("SELECT k.id
        FROM organization_ancestor a JOIN living_organization k ON k.id = a.organization
        WHERE a.ancestor = $4 ORDER BY k.depth, k.id LIMIT $2 OFFSET $3");
}

/// Which part of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    /// How many come before it.
    pub skip: i64,
    /// How many at most.
    pub take: i64,
}

/// Lists a part of the organizations of all a user's memberships and what lies below them: the roots first,
/// then level by level, older ones first.
pub async fn org_part_of_user(
    tx: &mut Tx,
    user: UserId,
    part: Part,
) -> Result<Vec<ListedOrg>, StoreError> {
    let values = args![user, part.take, part.skip];
    tx.all(&ORG_PART_OF_USER, values, read_listed).await
}

/// Lists a part of an organization and what lies below it, as a user sees it, in the same order.
pub async fn org_part_below(
    tx: &mut Tx,
    user: UserId,
    top: OrgId,
    part: Part,
) -> Result<Vec<ListedOrg>, StoreError> {
    let values = args![user, part.take, part.skip, top];
    tx.all(&ORG_PART_BELOW, values, read_listed).await
}
