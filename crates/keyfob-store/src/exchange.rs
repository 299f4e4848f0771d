//! The one read of the hot path: everything that decides an exchange, in one statement and so in one
//! snapshot, on both engines (contract X9, guarantee 3).
//!
//! One row for each level of the target's path, each with the user's membership there; what does not
//! vary by level stands in every row and is read from the first.

use keyfob_core::exchange::{Epochs, ExchangeFacts, PatFacts, UserFacts};
use keyfob_core::id::{OrgId, PatId};
use keyfob_core::member::{Membership, Roles};
use keyfob_core::org::Lineage;
use keyfob_core::pat::rotation::Unused;
use keyfob_core::secret::PatMac;
use keyfob_core::time::{Lifetime, Timestamp};

use crate::StoreError;
use crate::db::{RowRef, Statement, Tx, Value, args, statements};
use crate::pat::{read_because, read_bounds};

macro_rules! facts_where {
    ($condition:literal) => {
        concat!(
            "SELECT p.id, p.organization_id, p.created_at, p.expires_at, p.revoked_because,
                p.ceiling, p.reach, p.networks,
                u.id, u.suspended_at, u.email, u.email_verified_at, u.full_name,
                h.roles, h.suspended_at,
                ue.epoch, te.epoch, i.epoch, i.catalogue, i.key_set,
                a.depth, a.ancestor, m.roles, m.suspended_at,
                r.rotated_at, r.attempt_until
            FROM visible_pat p
            JOIN users u ON u.id = p.user_id
            JOIN instance i ON i.id = 1
            LEFT JOIN pat_rotation r ON r.successor = p.id AND r.used_at IS NULL
            LEFT JOIN living_membership h ON h.user_id = p.user_id AND h.organization_id = p.organization_id
            LEFT JOIN user_epoch ue ON ue.user_id = p.user_id AND ue.tree = p.tree
            LEFT JOIN tree_epoch te ON te.tree = p.tree
            LEFT JOIN living_organization t ON t.id = COALESCE($2, p.organization_id)
            LEFT JOIN organization_ancestor a ON a.organization = t.id
            LEFT JOIN living_membership m ON m.user_id = p.user_id AND m.organization_id = a.ancestor
            WHERE ",
            $condition
        )
    };
}

statements! {
    FACTS_BY_MAC = facts_where!("p.mac = $1");
    FACTS_BY_PAT = facts_where!("p.id = $1");
}

/// The facts of an exchange, and the versions that the same snapshot saw.
#[derive(Debug, Clone)]
pub struct ExchangeSnapshot {
    /// What decides.
    pub facts: ExchangeFacts,
    /// The catalogue in force.
    pub catalogue: i64,
    /// The number of the key set.
    pub key_set: i64,
    /// What the PAT is while it is a successor that was never exchanged (P10).
    pub unused: Option<Unused>,
}

/// Reads the facts of a presented PAT for a target; without one, for its own organization. None when
/// there is no such PAT.
pub async fn exchange_facts(
    tx: &mut Tx,
    mac: &PatMac,
    target: Option<OrgId>,
) -> Result<Option<ExchangeSnapshot>, StoreError> {
    facts(tx, &FACTS_BY_MAC, args![mac.as_bytes(), target]).await
}

/// Reads the same facts of a PAT known by its id: what stands behind an access token now.
pub async fn exchange_facts_of(
    tx: &mut Tx,
    pat: PatId,
    target: OrgId,
) -> Result<Option<ExchangeSnapshot>, StoreError> {
    facts(tx, &FACTS_BY_PAT, args![pat, Some(target)]).await
}

async fn facts(
    tx: &mut Tx,
    statement: &'static Statement,
    values: &[Value<'_>],
) -> Result<Option<ExchangeSnapshot>, StoreError> {
    let mut snapshot: Option<ExchangeSnapshot> = None;
    let mut path: Vec<(i64, OrgId)> = Vec::new();
    let mut memberships: Vec<Membership> = Vec::new();
    tx.all(statement, values, |row| {
        if snapshot.is_none() {
            snapshot = Some(read_first(row)?);
        }
        if let Some(depth) = row.get::<Option<i64>>(20)? {
            let ancestor = row.get(21)?;
            path.push((depth, ancestor));
            memberships.extend(read_membership(row, 22, ancestor)?);
        }
        Ok(())
    })
    .await?;
    let Some(mut snapshot) = snapshot else {
        return Ok(None);
    };
    if !path.is_empty() {
        // The statement does not order: it would cost a sort that these few rows do not need.
        path.sort_unstable();
        let bad = |cause| StoreError::corrupt_by("a path that is none", cause);
        let lineage =
            Lineage::new(path.into_iter().map(|(_depth, id)| id).collect()).map_err(bad)?;
        snapshot.facts.target = Some(lineage);
        snapshot.facts.memberships = memberships;
    }
    Ok(Some(snapshot))
}

fn read_first(row: &RowRef<'_>) -> Result<ExchangeSnapshot, StoreError> {
    let organization = row.get(1)?;
    let (ceiling, reach, networks) = read_bounds(row, 5)?;
    let facts = ExchangeFacts {
        pat: PatFacts {
            id: row.get(0)?,
            organization,
            lifetime: Lifetime {
                start: row.get(2)?,
                end: row.get(3)?,
            },
            revoked: read_because(row, 4)?,
            ceiling,
            reach,
            networks,
        },
        user: UserFacts {
            id: row.get(8)?,
            suspended_at: row.get(9)?,
            email: row.get(10)?,
            email_verified_at: row.get(11)?,
            full_name: row.get(12)?,
        },
        home: read_membership(row, 13, organization)?,
        target: None,
        memberships: Vec::new(),
        // A PAT was made by a member of its tree, so both rows are there; 0 matches no access token.
        epochs: Epochs {
            user: row.get::<Option<i64>>(15)?.unwrap_or_default(),
            tree: row.get::<Option<i64>>(16)?.unwrap_or_default(),
            instance: row.get(17)?,
        },
    };
    Ok(ExchangeSnapshot {
        facts,
        catalogue: row.get(18)?,
        key_set: row.get(19)?,
        unused: read_unused(row, 24)?,
    })
}

/// Reads what an unused successor is, from when it was made and until when its request can be repeated.
/// That time may be over by one node's clock and not by another's, so it does not count here.
fn read_unused(row: &RowRef<'_>, first: usize) -> Result<Option<Unused>, StoreError> {
    let rotated_at: Option<Timestamp> = row.get(first)?;
    let repeatable_until: Option<Timestamp> = row.get(first + 1)?;
    Ok(rotated_at.map(|_then| match repeatable_until {
        Some(_until) => Unused::Replaceable,
        None => Unused::Kept,
    }))
}

/// Reads a membership from the columns `roles` and `suspended_at`; none when there is none.
fn read_membership(
    row: &RowRef<'_>,
    first: usize,
    organization: OrgId,
) -> Result<Option<Membership>, StoreError> {
    let Some(roles) = row.text_opt(first)?.map(Roles::from_stored) else {
        return Ok(None);
    };
    Ok(Some(Membership {
        organization,
        roles,
        suspended_at: row.get(first + 1)?,
    }))
}
