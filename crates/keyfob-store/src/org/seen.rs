//! The organizations that a person sees: those of their memberships and what lies below them. Every
//! statement here is bounded, because pages ask them on each request and a tree may be large.

use keyfob_core::id::{OrgId, UserId};

use super::{Org, read};
use crate::StoreError;
use crate::db::{RowRef, Tx, args, statements};

/// `$1` is the person.
macro_rules! seen {
    ($rest:literal) => {
        concat!(
            "SELECT o.id, o.root_id, o.parent_id, o.depth, o.external_id, o.name, o.created_at, ",
            "EXISTS (SELECT 1 FROM living_membership d ",
            "WHERE d.user_id = $1 AND d.organization_id = o.id AND d.suspended_at IS NULL) ",
            $rest
        )
    };
}

statements! {
    // By their highest memberships, whose subtrees do not meet: so no organization comes twice.
    ORG_SEEN = seen!("FROM living_membership m JOIN organization_ancestor a ON a.ancestor = m.organization_id
        JOIN living_organization o ON o.id = a.organization
        WHERE m.user_id = $1 AND m.suspended_at IS NULL AND NOT EXISTS
            (SELECT 1 FROM organization_ancestor u JOIN living_membership n ON n.organization_id = u.ancestor
                WHERE u.organization = m.organization_id AND u.ancestor <> m.organization_id
                AND n.user_id = $1 AND n.suspended_at IS NULL)
        LIMIT $2");
    ORG_SEEN_PATH = seen!("FROM organization_ancestor p JOIN living_organization o ON o.id = p.ancestor
        WHERE p.organization = $2 AND EXISTS
            (SELECT 1 FROM organization_ancestor a JOIN living_membership m ON m.organization_id = a.ancestor
                WHERE a.organization = o.id AND m.user_id = $1 AND m.suspended_at IS NULL)
        ORDER BY p.depth");
    ORG_SEEN_ONE = seen!("FROM living_organization o
        WHERE o.id = $2 AND EXISTS
            (SELECT 1 FROM organization_ancestor a JOIN living_membership m ON m.organization_id = a.ancestor
                WHERE a.organization = o.id AND m.user_id = $1 AND m.suspended_at IS NULL)");
    ORG_SEEN_CHILDREN = seen!("FROM living_organization o WHERE o.parent_id = $2 ORDER BY o.id LIMIT $3");
    ORG_SEEN_BELOW = seen!("FROM organization_ancestor a JOIN living_organization o ON o.id = a.organization
        WHERE a.ancestor = $2 AND a.organization <> $2 ORDER BY o.depth, o.id LIMIT $3");
    // Paths are kept of living organizations, so an index alone counts them; those that an unfinished import
    // made are few, or none.
    ORG_COUNT_BELOW = "SELECT
        CAST((SELECT COUNT(*) FROM organization_ancestor a WHERE a.ancestor = $1 AND a.organization <> $1)
        - (SELECT COUNT(*) FROM instance i JOIN organization h ON h.import_id = i.import_pending
            JOIN organization_ancestor b ON b.organization = h.id
            WHERE b.ancestor = $1 AND b.organization <> $1) AS BIGINT)";
    ORG_HIGHEST = "SELECT o.id FROM living_membership m JOIN living_organization o ON o.id = m.organization_id
        WHERE m.user_id = $1 AND m.suspended_at IS NULL ORDER BY o.depth, o.id LIMIT 1";
}

/// An organization as somebody sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenOrg {
    /// The organization.
    pub org: Org,
    /// Whether the person is a direct member, not suspended.
    pub is_direct: bool,
}

/// Lists organizations that a user sees, in no order, at most `limit`.
pub async fn org_seen(tx: &mut Tx, user: UserId, limit: i64) -> Result<Vec<SeenOrg>, StoreError> {
    tx.all(&ORG_SEEN, args![user, limit], read_seen).await
}

/// Lists what a user sees of the path to an organization, from above, itself included.
pub async fn org_seen_path(
    tx: &mut Tx,
    user: UserId,
    organization: OrgId,
) -> Result<Vec<SeenOrg>, StoreError> {
    tx.all(&ORG_SEEN_PATH, args![user, organization], read_seen)
        .await
}

/// Finds an organization if a user sees it.
pub async fn org_seen_one(
    tx: &mut Tx,
    user: UserId,
    organization: OrgId,
) -> Result<Option<SeenOrg>, StoreError> {
    tx.optional(&ORG_SEEN_ONE, args![user, organization], read_seen)
        .await
}

/// Lists the children of an organization that a user sees, the older ones first, at most `limit`.
pub async fn org_seen_children(
    tx: &mut Tx,
    user: UserId,
    parent: OrgId,
    limit: i64,
) -> Result<Vec<SeenOrg>, StoreError> {
    tx.all(&ORG_SEEN_CHILDREN, args![user, parent, limit], read_seen)
        .await
}

/// Lists what lies below an organization that a user sees, level by level, at most `limit`.
pub async fn org_seen_below(
    tx: &mut Tx,
    user: UserId,
    top: OrgId,
    limit: i64,
) -> Result<Vec<SeenOrg>, StoreError> {
    tx.all(&ORG_SEEN_BELOW, args![user, top, limit], read_seen)
        .await
}

/// Counts what lies below an organization.
pub async fn org_count_below(tx: &mut Tx, top: OrgId) -> Result<i64, StoreError> {
    let count = tx
        .optional(&ORG_COUNT_BELOW, args![top], |row| row.get(0))
        .await?;
    count.ok_or(StoreError::corrupt("a count without a row"))
}

/// Finds the highest organization where a user is a member, and of those of one level the oldest.
pub async fn org_highest(tx: &mut Tx, user: UserId) -> Result<Option<OrgId>, StoreError> {
    tx.optional(&ORG_HIGHEST, args![user], |row| row.get(0))
        .await
}

fn read_seen(row: &RowRef<'_>) -> Result<SeenOrg, StoreError> {
    Ok(SeenOrg {
        org: read(row)?,
        is_direct: row.get(7)?,
    })
}
