//! The tokens of an organization and of all below it, for who manages them.

use keyfob_core::id::{OrgId, PatId};

use super::{Pat, read};
use crate::StoreError;
use crate::db::{RowRef, Tx, args, statements};

macro_rules! subtree {
    ($rest:literal) => {
        concat!(
            "SELECT p.id, p.user_id, p.organization_id, p.tree, p.name, p.hint, p.created_at, p.expires_at, ",
            "p.ceiling, p.reach, p.networks, p.revoked_at, p.revoked_because, l.used_at, l.address, l.client, ",
            "l.organization, o.pat, r.successor, r.rotated_at, r.ends_at, r.used_at, ",
            "n.name, u.email, u.full_name, ",
            "u.suspended_at IS NOT NULL OR EXISTS (SELECT 1 FROM living_membership d ",
            "WHERE d.user_id = p.user_id AND d.organization_id = p.organization_id AND d.suspended_at IS NOT NULL) ",
            "FROM visible_pat p JOIN living_organization n ON n.id = p.organization_id ",
            "JOIN visible_user u ON u.id = p.user_id LEFT JOIN pat_use l ON l.pat = p.id ",
            "LEFT JOIN pat_rotation r ON r.pat = p.id LEFT JOIN pat_rotation o ON o.successor = p.id ",
            $rest
        )
    };
}

statements! {
    // Along the tree's own index: what is read does not grow with what is left out.
    PAT_SUBTREE = subtree!("WHERE p.tree = $1 AND p.id < $2 ORDER BY p.id DESC LIMIT $3");
    PAT_SUBTREE_FIND = subtree!("WHERE p.id = $1 AND EXISTS (SELECT 1 FROM organization_ancestor a
        WHERE a.organization = p.organization_id AND a.ancestor = $2)");
}

/// A token as who manages it sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManagedPat {
    /// The token.
    pub pat: Pat,
    /// What its organization is called.
    pub organization_name: String,
    /// Its holder's address.
    pub holder_email: String,
    /// Its holder's name.
    pub holder_name: String,
    /// Whether its holder, or their membership there, is suspended.
    pub is_suspended: bool,
}

/// Reads tokens of a whole tree that are older than one, the newest first, so many at most.
pub async fn pat_of_tree(
    tx: &mut Tx,
    tree: OrgId,
    before: PatId,
    limit: i64,
) -> Result<Vec<ManagedPat>, StoreError> {
    tx.all(&PAT_SUBTREE, args![tree, before, limit], read_managed)
        .await
}

/// Finds a token of an organization or of one below it.
pub async fn pat_find_below(
    tx: &mut Tx,
    pat: PatId,
    top: OrgId,
) -> Result<Option<ManagedPat>, StoreError> {
    tx.optional(&PAT_SUBTREE_FIND, args![pat, top], read_managed)
        .await
}

fn read_managed(row: &RowRef<'_>) -> Result<ManagedPat, StoreError> {
    Ok(ManagedPat {
        pat: read(row)?,
        organization_name: row.get(22)?,
        holder_email: row.get(23)?,
        holder_name: row.get(24)?,
        is_suspended: row.get(25)?,
    })
}
