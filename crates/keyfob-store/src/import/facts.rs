//! What an import asks about what exists: many keys at a time, and what has ended as well, because an
//! import must not bring it back.
//!
//! Organizations are read whole, page by page: a name path can only be followed with all of them at
//! hand, and there are far fewer of them than of anything else.

use keyfob_core::id::{OrgId, UserId};
use keyfob_core::secret::PatMac;
use keyfob_core::time::Timestamp;

use crate::StoreError;
use crate::db::{RowRef, Statement, Tx, Value, args, statements};

/// How many keys one statement asks for.
const KEYS: usize = 64;

/// A question about [`KEYS`] keys at a time.
macro_rules! among {
    ($question:literal) => {
        concat!(
            $question,
            " IN ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16,
            $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32,
            $33, $34, $35, $36, $37, $38, $39, $40, $41, $42, $43, $44, $45, $46, $47, $48,
            $49, $50, $51, $52, $53, $54, $55, $56, $57, $58, $59, $60, $61, $62, $63, $64)"
        )
    };
}
pub(super) use among;

statements! {
    KNOWN_ORGS = "SELECT id, root_id, parent_id, depth, external_id, name, name_key, deleted_at
        FROM organization WHERE id > $1 ORDER BY id LIMIT $2";
    KNOWN_USERS_BY_ID = among!("SELECT id, external_id, email_key, full_name, suspended_at FROM users WHERE id");
    KNOWN_USERS_BY_EMAIL =
        among!("SELECT id, external_id, email_key, full_name, suspended_at FROM users WHERE email_key");
    KNOWN_USERS_BY_EXTERNAL =
        among!("SELECT id, external_id, email_key, full_name, suspended_at FROM users WHERE external_id");
    KNOWN_MEMBERS =
        among!("SELECT user_id, organization_id, roles, suspended_at, ended_at FROM membership WHERE user_id");
    KNOWN_ERASED = among!("SELECT mac, user_id FROM erased_name WHERE mac");
    KNOWN_PATS = among!("SELECT mac, user_id, organization_id, name, expires_at, ceiling, reach, revoked_at
        FROM pat WHERE mac");
}

/// Asks for any number of keys.
pub(super) async fn find_among<T>(
    tx: &mut Tx,
    sql: &'static Statement,
    keys: &[Value<'_>],
    map: impl Fn(&RowRef<'_>) -> Result<T, StoreError> + Send + Sync,
) -> Result<Vec<T>, StoreError> {
    let mut found = Vec::new();
    for bunch in keys.chunks(KEYS) {
        // A key asked for twice is found once, so the last one fills up what is left.
        let filling = bunch.last().copied().into_iter().cycle();
        let args: Vec<_> = bunch.iter().copied().chain(filling).take(KEYS).collect();
        found.extend(tx.all(sql, &args, &map).await?);
    }
    Ok(found)
}

/// An organization, living or deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownOrg {
    /// Which.
    pub id: OrgId,
    /// The root of its tree; itself for a root.
    pub root: OrgId,
    /// Its parent, the last one it had; none for a root.
    pub parent: Option<OrgId>,
    /// Its level, 1 for a root.
    pub depth: i64,
    /// Its id in another system.
    pub external_id: Option<String>,
    /// Its name.
    pub name: String,
    /// Its name as it is compared.
    pub name_key: String,
    /// Since when it is deleted.
    pub deleted_at: Option<Timestamp>,
}

/// Reads the next organizations by id, at most `limit`; begin with the nil id.
pub async fn known_orgs(
    tx: &mut Tx,
    after: OrgId,
    limit: i64,
) -> Result<Vec<KnownOrg>, StoreError> {
    tx.all(&KNOWN_ORGS, args![after, limit], |row| {
        Ok(KnownOrg {
            id: row.get(0)?,
            root: row.get(1)?,
            parent: row.get(2)?,
            depth: row.get(3)?,
            external_id: row.get(4)?,
            name: row.get(5)?,
            name_key: row.get(6)?,
            deleted_at: row.get(7)?,
        })
    })
    .await
}

/// A user, active or suspended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownUser {
    /// Who.
    pub id: UserId,
    /// The id in another system.
    pub external_id: Option<String>,
    /// The address as it is compared.
    pub email_key: String,
    /// The name.
    pub full_name: String,
    /// Since when they are suspended.
    pub suspended_at: Option<Timestamp>,
}

/// What users are asked for by.
#[derive(Debug, Clone, Copy)]
pub enum UserKeys<'k> {
    /// Their ids.
    Ids(&'k [UserId]),
    /// Their addresses, as addresses are compared.
    Emails(&'k [&'k str]),
    /// Their ids in another system.
    External(&'k [&'k str]),
}

/// Finds users by many keys.
pub async fn known_users(tx: &mut Tx, keys: UserKeys<'_>) -> Result<Vec<KnownUser>, StoreError> {
    let (sql, keys): (&'static Statement, Vec<Value<'_>>) = match keys {
        UserKeys::Ids(ids) => (
            &KNOWN_USERS_BY_ID,
            ids.iter().copied().map(Value::from).collect(),
        ),
        UserKeys::Emails(keys) => (
            &KNOWN_USERS_BY_EMAIL,
            keys.iter().copied().map(Value::from).collect(),
        ),
        UserKeys::External(ids) => (
            &KNOWN_USERS_BY_EXTERNAL,
            ids.iter().copied().map(Value::from).collect(),
        ),
    };
    find_among(tx, sql, &keys, |row| {
        Ok(KnownUser {
            id: row.get(0)?,
            external_id: row.get(1)?,
            email_key: row.get(2)?,
            full_name: row.get(3)?,
            suspended_at: row.get(4)?,
        })
    })
    .await
}

/// Finds who was erased, by keyed digests of names they had.
pub async fn known_erased(
    tx: &mut Tx,
    macs: &[Vec<u8>],
) -> Result<Vec<(Vec<u8>, UserId)>, StoreError> {
    let keys: Vec<_> = macs.iter().map(|mac| Value::from(mac.as_slice())).collect();
    find_among(tx, &KNOWN_ERASED, &keys, |row| {
        Ok((row.get(0)?, row.get(1)?))
    })
    .await
}

/// A membership, living, suspended or ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownMember {
    /// Who.
    pub user: UserId,
    /// Where.
    pub organization: OrgId,
    /// Role keys, sorted, separated by spaces.
    pub roles: String,
    /// Since when it is suspended.
    pub suspended_at: Option<Timestamp>,
    /// Since when it is over.
    pub ended_at: Option<Timestamp>,
}

/// Finds all memberships of many users.
pub async fn known_members(tx: &mut Tx, users: &[UserId]) -> Result<Vec<KnownMember>, StoreError> {
    let keys: Vec<_> = users.iter().copied().map(Value::from).collect();
    find_among(tx, &KNOWN_MEMBERS, &keys, |row| {
        Ok(KnownMember {
            user: row.get(0)?,
            organization: row.get(1)?,
            roles: row.get(2)?,
            suspended_at: row.get(3)?,
            ended_at: row.get(4)?,
        })
    })
    .await
}

/// A PAT, whatever its state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownPat {
    /// Its secret's keyed digest.
    pub mac: Vec<u8>,
    /// Whose.
    pub user: UserId,
    /// Where.
    pub organization: OrgId,
    /// What its holder calls it.
    pub name: String,
    /// When it ends.
    pub expires_at: Option<Timestamp>,
    /// The stored form of its ceiling.
    pub ceiling: Option<String>,
    /// The stored form of its reach.
    pub reach: String,
    /// Since when it is revoked.
    pub revoked_at: Option<Timestamp>,
}

/// Finds PATs by the keyed digests of their secrets.
pub async fn known_pats(tx: &mut Tx, macs: &[&PatMac]) -> Result<Vec<KnownPat>, StoreError> {
    let keys: Vec<_> = macs.iter().map(|mac| Value::from(mac.as_bytes())).collect();
    find_among(tx, &KNOWN_PATS, &keys, |row| {
        Ok(KnownPat {
            mac: row.get(0)?,
            user: row.get(1)?,
            organization: row.get(2)?,
            name: row.get(3)?,
            expires_at: row.get(4)?,
            ceiling: row.get(5)?,
            reach: row.get(6)?,
            revoked_at: row.get(7)?,
        })
    })
    .await
}
