//! Erasing a person: what names them goes, and what only numbers them stays, so that the audit log still
//! verifies and no id is used again.
//!
//! The memberships are ended before, each as ending one always is. Whether they may be is not asked here.

use keyfob_core::event::{Action, Actor};
use keyfob_core::id::{OrgId, UserId};
use keyfob_core::time::Timestamp;

use super::about;
use crate::StoreError;
use crate::db::{Tx, args, statements};
use crate::event::audit_append;
use crate::invitation::invitation_withdraw_all_about;
use crate::member::MemberAt;
use crate::password_reset::password_reset_delete;

statements! {
    EMAIL_KEY = "SELECT email_key FROM users WHERE id = $1 AND erased_at IS NULL";
    ERASE_USER = "UPDATE users SET external_id = NULL, email = $2, email_key = $2, email_verified_at = NULL, full_name = '',
            password_hash = NULL, password_set_at = NULL, handed_over_at = NULL,
            suspended_at = COALESCE(suspended_at, $3), erased_at = $3
        WHERE id = $1";
    ERASE_ORIGINS = "DELETE FROM audit_origin WHERE person = $1";
    ERASE_SESSIONS = "DELETE FROM session WHERE user_id = $1";
    // The networks of a token may be those of its holder's home.
    ERASE_PATS = "UPDATE pat SET name = '', networks = NULL WHERE user_id = $1";
    ERASE_USES = "DELETE FROM pat_use WHERE pat IN (SELECT id FROM pat WHERE user_id = $1)";
    ERASE_REFUSALS = "DELETE FROM pat_refusal WHERE pat IN (SELECT id FROM pat WHERE user_id = $1)";
    ERASE_REFUSAL_COUNTS = "DELETE FROM pat_refusal_count WHERE pat IN (SELECT id FROM pat WHERE user_id = $1)";
    ERASED_NAME_PUT = "INSERT INTO erased_name (mac, user_id) VALUES ($1, $2)
        ON CONFLICT (mac) DO UPDATE SET user_id = excluded.user_id";
    ERASED_NAME_FIND = "SELECT user_id FROM erased_name WHERE mac = $1";
    ERASED_AT = "SELECT erased_at FROM users WHERE id = $1 AND erased_at IS NOT NULL";
    // Somebody who is suspended counts as well: nobody else could take their place afterwards.
    SOLELY_OWNED = "SELECT o.id, o.name FROM living_membership m JOIN living_organization o ON o.id = m.organization_id
        WHERE m.user_id = $1 AND m.owner_since IS NOT NULL AND NOT EXISTS (SELECT 1
            FROM organization_ancestor a JOIN living_membership k ON k.organization_id = a.ancestor
            JOIN users u ON u.id = k.user_id
            WHERE a.organization = m.organization_id AND k.user_id <> $1 AND k.owner_since IS NOT NULL
                AND k.suspended_at IS NULL AND u.suspended_at IS NULL)
        ORDER BY o.id";
    NEXT_MEMBERSHIPS = "SELECT m.organization_id, o.root_id
        FROM living_membership m JOIN organization o ON o.id = m.organization_id
        WHERE m.user_id = $1 ORDER BY m.organization_id LIMIT $2";
}

/// An organization whose only owner somebody is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SolelyOwned {
    /// Which.
    pub id: OrgId,
    /// Its name.
    pub name: String,
}

/// Lists the living organizations that would be left without an owner, at themselves and above, if all
/// memberships of a user ended.
pub async fn user_solely_owns(tx: &mut Tx, id: UserId) -> Result<Vec<SolelyOwned>, StoreError> {
    tx.all(&SOLELY_OWNED, args![id], |row| {
        Ok(SolelyOwned {
            id: row.get(0)?,
            name: row.get(1)?,
        })
    })
    .await
}

/// Lists memberships of a user that have not ended, at most so many, those in deleted organizations too.
pub async fn user_next_memberships(
    tx: &mut Tx,
    id: UserId,
    most: i64,
) -> Result<Vec<MemberAt>, StoreError> {
    tx.all(&NEXT_MEMBERSHIPS, args![id, most], |row| {
        Ok(MemberAt {
            user: id,
            organization: row.get(0)?,
            tree: row.get(1)?,
        })
    })
    .await
}

/// What was destroyed that can be counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UserErased {
    /// Sessions, over ones too.
    pub sessions: u64,
    /// Side records of the audit log.
    pub origins: u64,
}

/// Destroys what names a user, and keeps by which keyed digests an import recognises them. None when they
/// were erased already.
pub async fn user_erase(
    tx: &mut Tx,
    id: UserId,
    macs: &[Vec<u8>],
    actor: &Actor,
    now: Timestamp,
) -> Result<Option<UserErased>, StoreError> {
    let email_key = tx
        .optional(&EMAIL_KEY, args![id], |row| row.get::<String>(0))
        .await?;
    let Some(email_key) = email_key else {
        return Ok(None);
    };
    invitation_withdraw_all_about(tx, id, &email_key, actor, now).await?;
    // No address is without an `@`.
    let nobody = format!("erased:{id}");
    let values = args![id, nobody.as_str(), now];
    tx.execute(&ERASE_USER, values).await?;
    password_reset_delete(tx, id).await?;
    for statement in [&ERASE_USES, &ERASE_REFUSALS, &ERASE_REFUSAL_COUNTS] {
        tx.execute(statement, args![id]).await?;
    }
    tx.execute(&ERASE_PATS, args![id]).await?;
    let sessions = tx.execute(&ERASE_SESSIONS, args![id]).await?;
    let origins = tx.execute(&ERASE_ORIGINS, args![id]).await?;
    for mac in macs {
        tx.execute(&ERASED_NAME_PUT, args![mac.as_slice(), id])
            .await?;
    }
    audit_append(tx, actor, about(Action::UserErased, id), now).await?;
    Ok(Some(UserErased { sessions, origins }))
}

/// When a user was erased; none for everybody else.
pub async fn user_erased_at(tx: &mut Tx, id: UserId) -> Result<Option<Timestamp>, StoreError> {
    tx.optional(&ERASED_AT, args![id], |row| row.get(0)).await
}

/// Who was erased with a name of that keyed digest.
pub async fn user_erased_as(tx: &mut Tx, mac: &[u8]) -> Result<Option<UserId>, StoreError> {
    tx.optional(&ERASED_NAME_FIND, args![mac], |row| row.get(0))
        .await
}
