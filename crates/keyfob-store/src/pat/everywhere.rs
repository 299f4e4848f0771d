//! A person's tokens in every organization: what there is to end when a laptop is stolen.
//!
//! An organization is named as long as the person has a membership at it or above it, also a suspended
//! one. To somebody who left, it is not named any more.

use keyfob_core::event::{Actor, Fact, FeedItem};
use keyfob_core::id::{OrgId, PatId, UserId};
use keyfob_core::pat::RevokedBecause;
use keyfob_core::time::Timestamp;

use super::{Pat, pat_revoked_fact, read};
use crate::StoreError;
use crate::db::{RowRef, Tx, args, statements};
use crate::event::feed_append;

macro_rules! everywhere {
    ($rest:literal) => {
        concat!(
            "SELECT p.id, p.user_id, p.organization_id, p.tree, p.name, p.hint, p.created_at, p.expires_at, ",
            "p.ceiling, p.reach, p.networks, p.revoked_at, p.revoked_because, l.used_at, l.address, l.client, ",
            "l.organization, o.pat, r.successor, r.rotated_at, r.ends_at, r.used_at, ",
            "(SELECT n.name FROM living_organization n WHERE n.id = p.organization_id AND EXISTS ",
            "(SELECT 1 FROM organization_ancestor a JOIN living_membership m ON m.organization_id = a.ancestor ",
            "WHERE a.organization = n.id AND m.user_id = $1)), ",
            "EXISTS (SELECT 1 FROM living_membership d WHERE d.user_id = $1 ",
            "AND d.organization_id = p.organization_id AND d.suspended_at IS NOT NULL) ",
            "FROM visible_pat p LEFT JOIN pat_use l ON l.pat = p.id ",
            "LEFT JOIN pat_rotation r ON r.pat = p.id LEFT JOIN pat_rotation o ON o.successor = p.id ",
            "WHERE p.user_id = $1 ",
            $rest
        )
    };
}

statements! {
    PAT_LIVE_EVERYWHERE = everywhere!("AND p.revoked_at IS NULL AND (p.expires_at IS NULL OR p.expires_at > $2)
        ORDER BY p.id DESC LIMIT $3");
    PAT_ENDED_EVERYWHERE = everywhere!("AND (p.revoked_at IS NOT NULL OR p.expires_at <= $2)
        ORDER BY p.id DESC LIMIT $3");
    PAT_REVOKE_EVERYWHERE = "UPDATE pat SET revoked_at = $2, revoked_because = $3, revoked_by = $4
        WHERE user_id = $1 AND revoked_at IS NULL RETURNING id, organization_id, tree";
}

/// A token, and where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PatSomewhere {
    /// The token.
    pub pat: Pat,
    /// What its organization is called, while its holder belongs there.
    pub organization_name: Option<String>,
    /// Whether the membership there is suspended.
    pub is_suspended: bool,
}

/// Lists a user's tokens that are neither revoked nor expired, the newest first, at most `limit`.
pub async fn pat_live_everywhere(
    tx: &mut Tx,
    user: UserId,
    now: Timestamp,
    limit: i64,
) -> Result<Vec<PatSomewhere>, StoreError> {
    let values = args![user, now, limit];
    tx.all(&PAT_LIVE_EVERYWHERE, values, read_somewhere).await
}

/// Lists a user's tokens that are over, the newest first, at most `limit`.
pub async fn pat_ended_everywhere(
    tx: &mut Tx,
    user: UserId,
    now: Timestamp,
    limit: i64,
) -> Result<Vec<PatSomewhere>, StoreError> {
    let values = args![user, now, limit];
    tx.all(&PAT_ENDED_EVERYWHERE, values, read_somewhere).await
}

fn read_somewhere(row: &RowRef<'_>) -> Result<PatSomewhere, StoreError> {
    Ok(PatSomewhere {
        pat: read(row)?,
        organization_name: row.get(22)?,
        is_suspended: row.get(23)?,
    })
}

/// Ends every PAT of a user; the caller writes the records returned.
pub(crate) async fn pat_revoke_everywhere(
    tx: &mut Tx,
    user: UserId,
    because: RevokedBecause,
    actor: &Actor,
    now: Timestamp,
) -> Result<Vec<Fact>, StoreError> {
    let values = args![user, now, because.word(), actor.person];
    let ended: Vec<(PatId, OrgId, OrgId)> = tx
        .all(&PAT_REVOKE_EVERYWHERE, values, |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })
        .await?;
    for (pat, _organization, _tree) in &ended {
        feed_append(tx, FeedItem::Pat(*pat), now).await?;
    }
    let facts = ended.into_iter();
    let facts =
        facts.map(|(pat, organization, tree)| pat_revoked_fact(tree, organization, pat, because));
    Ok(facts.collect())
}
