//! People: accounts, their passwords, and their suspension.

pub mod erase;

use keyfob_core::event::{Action, Actor, Fact};
use keyfob_core::id::UserId;
use keyfob_core::name::{Email, Name};
use keyfob_core::pat::RevokedBecause;
use keyfob_core::time::Timestamp;

use crate::StoreError;
use crate::db::{RowRef, Tx, args, statements};
use crate::epoch::user_epoch_raise_everywhere;
use crate::event::{audit_append, audit_append_all};
use crate::pat::everywhere::pat_revoke_everywhere;
use crate::session::session_end_all;

statements! {
    USER_INSERT = "INSERT INTO users (id, external_id, email, email_key, full_name, password_hash, created_at,
            password_set_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    USER_FIND = "SELECT id, external_id, email, email_verified_at, full_name, password_hash, created_at, suspended_at,
            password_set_at
        FROM visible_user WHERE id = $1";
    USER_FIND_BY_EMAIL = "SELECT id, external_id, email, email_verified_at, full_name, password_hash, created_at, suspended_at,
            password_set_at
        FROM visible_user WHERE email_key = $1";
    USER_FIND_BY_EXTERNAL = "SELECT id, external_id, email, email_verified_at, full_name, password_hash, created_at, suspended_at,
            password_set_at
        FROM visible_user WHERE external_id = $1";
    USER_EXISTS = "SELECT EXISTS (SELECT 1 FROM users)";
    USER_SUSPEND = "UPDATE users SET suspended_at = $2 WHERE id = $1 AND suspended_at IS NULL RETURNING id";
    USER_REACTIVATE = "UPDATE users SET suspended_at = NULL WHERE id = $1 AND suspended_at IS NOT NULL RETURNING id";
    USER_HAND_OVER = "UPDATE users SET handed_over_at = $2 WHERE id = $1";
    USER_PROVE_ADDRESS = "UPDATE users SET email_verified_at = $2 WHERE id = $1 AND email_verified_at IS NULL
        RETURNING id";
    USER_TAKE_BACK = "UPDATE users SET handed_over_at = NULL WHERE id = $1 AND handed_over_at IS NOT NULL
        RETURNING id";
    USER_SET_PASSWORD = "UPDATE users SET password_hash = $2, password_set_at = $3 WHERE id = $1 RETURNING id";
}

/// An account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Who.
    pub id: UserId,
    /// The id that an operator's other system has for them.
    pub external_id: Option<String>,
    /// The address as written.
    pub email: String,
    /// Since when the address is proved.
    pub email_verified_at: Option<Timestamp>,
    /// The name.
    pub full_name: String,
    /// PHC string of the password; none: nobody can sign in by password.
    pub password_hash: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// Since when it is suspended.
    pub suspended_at: Option<Timestamp>,
    /// Since when it has this password, as far as it was set here.
    pub password_set_at: Option<Timestamp>,
}

/// An account to make.
#[derive(Debug)]
pub struct NewUser<'a> {
    /// Its id.
    pub id: UserId,
    /// The id in another system.
    pub external_id: Option<&'a str>,
    /// The address.
    pub email: &'a Email,
    /// The name.
    pub full_name: &'a Name,
    /// PHC string of the password.
    pub password_hash: Option<&'a str>,
}

/// Makes an account.
pub async fn user_insert(
    tx: &mut Tx,
    new: &NewUser<'_>,
    actor: &Actor,
    now: Timestamp,
) -> Result<(), StoreError> {
    let values = args![
        new.id,
        new.external_id,
        new.email.as_str(),
        new.email.key(),
        new.full_name.as_str(),
        new.password_hash,
        now,
        new.password_hash.map(|_hash| now)
    ];
    tx.execute(&USER_INSERT, values).await?;
    audit_append(tx, actor, about(Action::UserAdded, new.id), now).await
}

/// Finds an account by its id.
pub async fn user_find(tx: &mut Tx, id: UserId) -> Result<Option<User>, StoreError> {
    tx.optional(&USER_FIND, args![id], read).await
}

/// Finds an account by its address.
pub async fn user_find_by_email(tx: &mut Tx, email: &Email) -> Result<Option<User>, StoreError> {
    tx.optional(&USER_FIND_BY_EMAIL, args![email.key()], read)
        .await
}

/// Finds an account by its id in another system.
pub async fn user_find_by_external(
    tx: &mut Tx,
    external_id: &str,
) -> Result<Option<User>, StoreError> {
    tx.optional(&USER_FIND_BY_EXTERNAL, args![external_id], read)
        .await
}

/// Whether there is any account, those of an unfinished import included.
pub async fn user_exists(tx: &mut Tx) -> Result<bool, StoreError> {
    let exists = tx
        .optional(&USER_EXISTS, args![], |row| row.get::<bool>(0))
        .await?;
    Ok(exists.unwrap_or_default())
}

/// Suspends a user (P9): sessions end, access tokens made before are dead in every tree. Says whether
/// anything changed.
pub async fn user_suspend(
    tx: &mut Tx,
    id: UserId,
    actor: &Actor,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let changed = tx
        .optional(&USER_SUSPEND, args![id, now], |row| row.get::<UserId>(0))
        .await?;
    if changed.is_none() {
        return Ok(false);
    }
    session_end_all(tx, id, now).await?;
    user_epoch_raise_everywhere(tx, id, now).await?;
    audit_append(tx, actor, about(Action::UserSuspended, id), now).await?;
    Ok(true)
}

/// Reactivates a user: unrevoked PATs exchange again, with the new epoch (guarantee G6). Says whether
/// anything changed.
pub async fn user_reactivate(
    tx: &mut Tx,
    id: UserId,
    actor: &Actor,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let changed = tx
        .optional(&USER_REACTIVATE, args![id], |row| row.get::<UserId>(0))
        .await?;
    if changed.is_some() {
        audit_append(tx, actor, about(Action::UserReactivated, id), now).await?;
    }
    Ok(changed.is_some())
}

/// Sets a password and ends every session of the user.
pub async fn user_set_password(
    tx: &mut Tx,
    id: UserId,
    password_hash: &str,
    actor: &Actor,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let changed = tx
        .optional(&USER_SET_PASSWORD, args![id, password_hash, now], |row| {
            row.get::<UserId>(0)
        })
        .await?;
    if changed.is_some() {
        session_end_all(tx, id, now).await?;
        audit_append(tx, actor, about(Action::PasswordSet, id), now).await?;
    }
    Ok(changed.is_some())
}

/// Notes of a new account that its link was handed over: whose the address is stays open.
pub async fn user_hand_over(tx: &mut Tx, id: UserId, now: Timestamp) -> Result<(), StoreError> {
    tx.execute(&USER_HAND_OVER, args![id, now])
        .await
        .map(|_rows| ())
}

/// Notes that a user's address is theirs. Of an account that was made by a link that was handed over, all
/// sessions and PATs end: somebody else may have made them (contract 5).
pub async fn user_prove_address(
    tx: &mut Tx,
    id: UserId,
    actor: &Actor,
    now: Timestamp,
) -> Result<(), StoreError> {
    let found = |row: &RowRef<'_>| row.get::<UserId>(0);
    let values = args![id, now];
    let proved = tx.optional(&USER_PROVE_ADDRESS, values, found).await?;
    let taken_back = tx.optional(&USER_TAKE_BACK, args![id], found).await?;
    let mut facts = Vec::new();
    if proved.is_some() {
        facts.push(about(Action::AddressProved, id));
    }
    if taken_back.is_some() {
        session_end_all(tx, id, now).await?;
        facts.extend(
            pat_revoke_everywhere(tx, id, RevokedBecause::AddressProved, actor, now).await?,
        );
    }
    audit_append_all(tx, actor, &facts, now).await
}

fn about(action: Action, user: UserId) -> Fact {
    Fact {
        tree: None,
        action,
        organization: None,
        subject: Some(user.uuid()),
        detail: String::new(),
    }
}

fn read(row: &RowRef<'_>) -> Result<User, StoreError> {
    Ok(User {
        id: row.get(0)?,
        external_id: row.get(1)?,
        email: row.get(2)?,
        email_verified_at: row.get(3)?,
        full_name: row.get(4)?,
        password_hash: row.get(5)?,
        created_at: row.get(6)?,
        suspended_at: row.get(7)?,
        password_set_at: row.get(8)?,
    })
}
