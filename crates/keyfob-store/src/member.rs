//! Memberships. One row per person and organization, for ever: an ended one is remembered.
//!
//! Each change here writes, in its own transaction, what it takes away: epochs, feed items, the PATs
//! held there, and audit records. What only gives raises nothing.

use keyfob_core::event::{Action, Actor, Fact};
use keyfob_core::id::{OrgId, UserId};
use keyfob_core::member::{Membership, Roles};
use keyfob_core::pat::RevokedBecause;
use keyfob_core::time::Timestamp;
use uuid::Uuid;

use crate::StoreError;
use crate::db::{RowRef, Tx, args, statements};
use crate::epoch::{user_epoch_ensure, user_epoch_raise};
use crate::event::{audit_append, audit_append_all};
use crate::pat::pat_revoke_held;

statements! {
    MEMBER_PUT = "INSERT INTO membership (user_id, organization_id, roles, owner_since, created_at)
        VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (user_id, organization_id) DO UPDATE
        SET roles = excluded.roles, owner_since = excluded.owner_since, created_at = excluded.created_at,
            suspended_at = NULL, ended_at = NULL
        WHERE membership.ended_at IS NOT NULL
        RETURNING user_id";
    MEMBER_FIND = "SELECT organization_id, roles, suspended_at FROM living_membership
        WHERE user_id = $1 AND organization_id = $2";
    MEMBER_ALONG = "SELECT m.organization_id, m.roles, m.suspended_at
        FROM organization_ancestor a JOIN living_membership m ON m.organization_id = a.ancestor
        WHERE a.organization = $2 AND m.user_id = $1 ORDER BY a.depth";
    MEMBER_OF_USER = "SELECT m.organization_id, m.roles, m.suspended_at
        FROM living_membership m JOIN living_organization o ON o.id = m.organization_id
        WHERE m.user_id = $1 ORDER BY m.organization_id";
    MEMBER_PEOPLE = "SELECT m.organization_id, m.roles, m.suspended_at, u.id, u.full_name, u.email, u.suspended_at
        FROM organization_ancestor a JOIN living_membership m ON m.organization_id = a.ancestor
        JOIN visible_user u ON u.id = m.user_id WHERE a.organization = $1 ORDER BY u.id, a.depth";
    MEMBER_HAS_ANOTHER_OWNER = "SELECT EXISTS (SELECT 1
        FROM organization_ancestor a JOIN living_membership m ON m.organization_id = a.ancestor
        JOIN users u ON u.id = m.user_id
        WHERE a.organization = $2 AND m.owner_since IS NOT NULL AND m.suspended_at IS NULL
            AND u.suspended_at IS NULL AND NOT (m.user_id = $1 AND m.organization_id = $2))";
    MEMBER_HELD_ROLES = "SELECT m.user_id, u.email, m.organization_id, o.name, m.roles
        FROM living_membership m JOIN living_organization o ON o.id = m.organization_id JOIN users u ON u.id = m.user_id
        WHERE m.roles <> '' AND m.suspended_at IS NULL ORDER BY m.organization_id, m.user_id";
    MEMBER_SET_ROLES = "UPDATE membership
        SET roles = $3, owner_since = CASE WHEN CAST($4 AS BIGINT) IS NULL THEN NULL ELSE COALESCE(owner_since, $4) END
        WHERE user_id = $1 AND organization_id = $2 AND ended_at IS NULL AND roles <> $3 RETURNING user_id";
    MEMBER_END = "UPDATE membership SET ended_at = $3
        WHERE user_id = $1 AND organization_id = $2 AND ended_at IS NULL RETURNING user_id";
    MEMBER_SUSPEND = "UPDATE membership SET suspended_at = $3
        WHERE user_id = $1 AND organization_id = $2 AND ended_at IS NULL AND suspended_at IS NULL RETURNING user_id";
    MEMBER_REACTIVATE = "UPDATE membership SET suspended_at = NULL
        WHERE user_id = $1 AND organization_id = $2 AND ended_at IS NULL AND suspended_at IS NOT NULL RETURNING user_id";
}

/// Whose membership, where, in which tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MemberAt {
    /// Who.
    pub user: UserId,
    /// Where.
    pub organization: OrgId,
    /// The root of its tree.
    pub tree: OrgId,
}

/// Makes a user a direct member; one who left comes back with these roles and the old epoch count.
/// Says whether anything changed: a living membership is left as it is.
pub async fn member_put(
    tx: &mut Tx,
    at: MemberAt,
    roles: &Roles,
    actor: &Actor,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let owner_since = roles.has_owner().then_some(now);
    let values = args![at.user, at.organization, roles.as_text(), owner_since, now];
    let put = tx
        .optional(&MEMBER_PUT, values, |row| row.get::<UserId>(0))
        .await?;
    if put.is_none() {
        return Ok(false);
    }
    user_epoch_ensure(tx, at.user, at.tree).await?;
    audit_append(
        tx,
        actor,
        about(Action::MemberAdded, at, roles.as_text()),
        now,
    )
    .await?;
    Ok(true)
}

/// Finds a living membership.
pub async fn member_find(
    tx: &mut Tx,
    user: UserId,
    organization: OrgId,
) -> Result<Option<Membership>, StoreError> {
    tx.optional(&MEMBER_FIND, args![user, organization], read)
        .await
}

/// Lists a user's memberships at an organization and its ancestors, the root's first.
pub async fn member_along(
    tx: &mut Tx,
    user: UserId,
    organization: OrgId,
) -> Result<Vec<Membership>, StoreError> {
    tx.all(&MEMBER_ALONG, args![user, organization], read).await
}

/// Lists all of a user's memberships.
pub async fn member_of_user(tx: &mut Tx, user: UserId) -> Result<Vec<Membership>, StoreError> {
    tx.all(&MEMBER_OF_USER, args![user], read).await
}

/// A membership, and whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberPerson {
    /// Who.
    pub user: UserId,
    /// Their name.
    pub full_name: String,
    /// Their address.
    pub email: String,
    /// Whether their account is suspended.
    pub is_suspended: bool,
    /// The membership.
    pub membership: Membership,
}

/// Lists everybody's memberships at an organization and its ancestors: those of one person together, the
/// root's first.
pub async fn member_people(
    tx: &mut Tx,
    organization: OrgId,
) -> Result<Vec<MemberPerson>, StoreError> {
    tx.all(&MEMBER_PEOPLE, args![organization], |row| {
        let suspended_at: Option<Timestamp> = row.get(6)?;
        Ok(MemberPerson {
            user: row.get(3)?,
            full_name: row.get(4)?,
            email: row.get(5)?,
            is_suspended: suspended_at.is_some(),
            membership: read(row)?,
        })
    })
    .await
}

/// Whether an organization has an active owner, at itself or above, by another membership than that one.
pub async fn member_has_another_owner(tx: &mut Tx, at: MemberAt) -> Result<bool, StoreError> {
    has_owner_but(tx, at.user, at.organization).await
}

/// Whether an organization has an active owner, at itself or above.
pub async fn member_has_owner(tx: &mut Tx, organization: OrgId) -> Result<bool, StoreError> {
    has_owner_but(tx, UserId::from_uuid(Uuid::nil()), organization).await
}

/// The same, a user's membership at the organization itself not counted.
async fn has_owner_but(tx: &mut Tx, user: UserId, at: OrgId) -> Result<bool, StoreError> {
    let has = tx
        .optional(&MEMBER_HAS_ANOTHER_OWNER, args![user, at], |row| {
            row.get::<bool>(0)
        })
        .await?;
    Ok(has.unwrap_or_default())
}

/// A membership with roles, and the names that a report shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldRoles {
    /// Who.
    pub user: UserId,
    /// Their address.
    pub email: String,
    /// Where.
    pub organization: OrgId,
    /// Its name.
    pub organization_name: String,
    /// What they hold there.
    pub roles: Roles,
}

/// Lists every active membership with roles, for the report of a catalogue's change.
pub async fn member_held_roles(tx: &mut Tx) -> Result<Vec<HeldRoles>, StoreError> {
    tx.all(&MEMBER_HELD_ROLES, args![], |row| {
        Ok(HeldRoles {
            user: row.get(0)?,
            email: row.get(1)?,
            organization: row.get(2)?,
            organization_name: row.get(3)?,
            roles: Roles::from_stored(row.text(4)?),
        })
    })
    .await
}

/// Replaces the roles of a membership. Whether something was lost is not asked: a changed set of roles
/// raises the user's epoch, because only the catalogue could tell, and it may change too.
pub async fn member_set_roles(
    tx: &mut Tx,
    at: MemberAt,
    roles: &Roles,
    actor: &Actor,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let owner_since = roles.has_owner().then_some(now);
    let values = args![at.user, at.organization, roles.as_text(), owner_since];
    let changed = tx
        .optional(&MEMBER_SET_ROLES, values, |row| row.get::<UserId>(0))
        .await?;
    if changed.is_none() {
        return Ok(false);
    }
    user_epoch_raise(tx, at.user, at.tree, now).await?;
    audit_append(
        tx,
        actor,
        about(Action::MemberRolesChanged, at, roles.as_text()),
        now,
    )
    .await?;
    Ok(true)
}

/// Ends a direct membership, and with it, for good, the PATs held there (P9). Says whether anything
/// changed.
pub async fn member_remove(
    tx: &mut Tx,
    at: MemberAt,
    actor: &Actor,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let ended = tx
        .optional(&MEMBER_END, args![at.user, at.organization, now], |row| {
            row.get::<UserId>(0)
        })
        .await?;
    if ended.is_none() {
        return Ok(false);
    }
    let mut facts = vec![about(Action::MemberRemoved, at, "")];
    facts.extend(pat_revoke_held(tx, at, RevokedBecause::MembershipEnded, actor, now).await?);
    user_epoch_raise(tx, at.user, at.tree, now).await?;
    audit_append_all(tx, actor, &facts, now).await?;
    Ok(true)
}

/// Suspends a membership: it gives nothing, and the PATs held there are refused until it is
/// reactivated. Says whether anything changed.
pub async fn member_suspend(
    tx: &mut Tx,
    at: MemberAt,
    actor: &Actor,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let changed = tx
        .optional(
            &MEMBER_SUSPEND,
            args![at.user, at.organization, now],
            |row| row.get::<UserId>(0),
        )
        .await?;
    if changed.is_none() {
        return Ok(false);
    }
    user_epoch_raise(tx, at.user, at.tree, now).await?;
    audit_append(tx, actor, about(Action::MemberSuspended, at, ""), now).await?;
    Ok(true)
}

/// Reactivates a membership. Says whether anything changed.
pub async fn member_reactivate(
    tx: &mut Tx,
    at: MemberAt,
    actor: &Actor,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let changed = tx
        .optional(&MEMBER_REACTIVATE, args![at.user, at.organization], |row| {
            row.get::<UserId>(0)
        })
        .await?;
    if changed.is_some() {
        audit_append(tx, actor, about(Action::MemberReactivated, at, ""), now).await?;
    }
    Ok(changed.is_some())
}

fn about(action: Action, at: MemberAt, detail: &str) -> Fact {
    Fact {
        tree: Some(at.tree),
        action,
        organization: Some(at.organization),
        subject: Some(at.user.uuid()),
        detail: detail.to_owned(),
    }
}

fn read(row: &RowRef<'_>) -> Result<Membership, StoreError> {
    Ok(Membership {
        organization: row.get(0)?,
        roles: Roles::from_stored(row.text(1)?),
        suspended_at: row.get(2)?,
    })
}
