//! The rows that an import writes, a batch in one transaction, with all that the ordinary functions of
//! the store write with one of them: paths, epochs, audit records. Nothing is taken from anybody, so
//! the feed gets no item.
//!
//! What a row rests on may have changed since its line was checked. So each is inserted *from* what it
//! rests on as it is now (the parent, the organization, the membership), and a batch of which a row
//! found nothing to rest on is refused as a whole.

use std::collections::BTreeSet;

use keyfob_core::event::{Action, Actor, Fact};
use keyfob_core::id::{ImportId, KeyId, OrgId, PatId, RequestId};
use keyfob_core::member::Roles;
use keyfob_core::name::Name;
use keyfob_core::secret::PatMac;
use keyfob_core::time::Timestamp;

use super::audit::audit_append_batch;
use crate::StoreError;
use crate::db::{Statement, Tx, Value, statements};
use crate::epoch::{TREE_EPOCH_ENSURE, USER_EPOCH_ENSURE};
use crate::member::MemberAt;
use crate::org::NewOrg;
use crate::user::NewUser;

statements! {
    IMPORT_USER = "INSERT INTO users
        (id, external_id, email, email_key, full_name, password_hash, created_at, import_id)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    IMPORT_ROOT = "INSERT INTO organization
        (id, root_id, depth, external_id, name, name_key, created_at, import_id)
        VALUES ($1, $1, 1, $2, $3, $4, $5, $6)";
    IMPORT_SUB = "INSERT INTO organization
        (id, root_id, parent_id, depth, external_id, name, name_key, created_at, import_id)
        SELECT $1, p.root_id, p.id, p.depth + 1, $3, $4, $5, $6, $7
        FROM organization p WHERE p.id = $2 AND p.deleted_at IS NULL AND p.depth < 16";
    IMPORT_PATH_ABOVE = "INSERT INTO organization_ancestor (organization, depth, ancestor)
        SELECT o.id, a.depth, a.ancestor
        FROM organization o JOIN organization_ancestor a ON a.organization = o.parent_id WHERE o.id = $1";
    IMPORT_PATH_END = "INSERT INTO organization_ancestor (organization, depth, ancestor)
        SELECT o.id, o.depth, o.id FROM organization o WHERE o.id = $1";
    IMPORT_MEMBER = "INSERT INTO membership (user_id, organization_id, roles, owner_since, created_at, import_id)
        SELECT u.id, o.id, $3, $4, $5, $6 FROM users u JOIN organization o ON o.id = $2
        WHERE u.id = $1 AND u.suspended_at IS NULL AND o.deleted_at IS NULL";
    IMPORT_PAT = "INSERT INTO pat (id, user_id, organization_id, tree, mac, pepper, name, created_at,
            expires_at, ceiling, reach, import_id)
        SELECT $1, m.user_id, o.id, o.root_id, $4, $5, $6, $7, $8, $9, $10, $11
        FROM membership m JOIN organization o ON o.id = m.organization_id
        WHERE m.user_id = $2 AND m.organization_id = $3 AND m.ended_at IS NULL AND o.deleted_at IS NULL";
}

/// An organization to make.
#[derive(Debug)]
pub struct ImportedOrg<'a> {
    /// What it is made with.
    pub new: NewOrg<'a>,
    /// Its parent; none for a root.
    pub parent: Option<OrgId>,
    /// The root of its tree; itself for a root.
    pub tree: OrgId,
}

/// A direct membership to make.
#[derive(Debug)]
pub struct ImportedMember<'a> {
    /// Whose, and where.
    pub at: MemberAt,
    /// With which roles.
    pub roles: &'a Roles,
}

/// A PAT to make of a hash that another system had.
#[derive(Debug)]
pub struct ImportedPat<'a> {
    /// Its id.
    pub id: PatId,
    /// Whose, and where: a direct member.
    pub at: MemberAt,
    /// Its secret's keyed digest.
    pub mac: &'a PatMac,
    /// The key record of the pepper that made the digest.
    pub pepper: KeyId,
    /// What its holder calls it.
    pub name: &'a Name,
    /// When it ends.
    pub expires_at: Option<Timestamp>,
    /// The stored form of its ceiling.
    pub ceiling: Option<&'a str>,
    /// The stored form of its reach.
    pub reach: &'a str,
}

/// What one transaction of an import makes. Within it people come first, then organizations in the
/// order given, memberships and tokens.
#[derive(Debug, Default)]
pub struct ImportBatch<'a> {
    /// People.
    pub users: Vec<NewUser<'a>>,
    /// Organizations, each behind its parent.
    pub organizations: Vec<ImportedOrg<'a>>,
    /// Memberships.
    pub members: Vec<ImportedMember<'a>>,
    /// Tokens.
    pub pats: Vec<ImportedPat<'a>>,
}

/// Whether a batch was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// All of it.
    All,
    /// Something that it rests on has been changed by others; the transaction must be dropped.
    Changed,
}

/// Writes a batch, hidden, with its audit records; their `request` is the run, which tells them apart.
pub async fn import_write(
    tx: &mut Tx,
    run: ImportId,
    batch: &ImportBatch<'_>,
    now: Timestamp,
) -> Result<Written, StoreError> {
    let stamp = Stamp { run, now };
    let is_whole = write_users(tx, &batch.users, stamp).await?
        && write_orgs(tx, &batch.organizations, stamp).await?
        && write_members(tx, &batch.members, stamp).await?
        && write_pats(tx, &batch.pats, stamp).await?;
    if !is_whole {
        return Ok(Written::Changed);
    }
    let actor = Actor {
        request: Some(RequestId::from_uuid(run.uuid())),
        ..Actor::IMPORT
    };
    audit_append_batch(tx, &actor, &facts(batch), now).await?;
    Ok(Written::All)
}

/// What every row of a batch carries.
#[derive(Clone, Copy)]
struct Stamp {
    run: ImportId,
    now: Timestamp,
}

/// Runs a statement for each row and says whether each changed one.
async fn each(
    tx: &mut Tx,
    sql: &'static Statement,
    rows: &[Vec<Value<'_>>],
) -> Result<bool, StoreError> {
    let changed = tx.execute_many(sql, rows).await?;
    Ok(u64::try_from(rows.len()) == Ok(changed))
}

async fn write_users(tx: &mut Tx, users: &[NewUser<'_>], stamp: Stamp) -> Result<bool, StoreError> {
    let mut rows = Vec::with_capacity(users.len());
    for user in users {
        rows.push(vec![
            Value::from(user.id),
            Value::from(user.external_id),
            Value::from(user.email.as_str()),
            Value::from(user.email.key()),
            Value::from(user.full_name.as_str()),
            Value::from(user.password_hash),
            Value::from(stamp.now),
            Value::from(stamp.run),
        ]);
    }
    each(tx, &IMPORT_USER, &rows).await
}

async fn write_orgs(
    tx: &mut Tx,
    orgs: &[ImportedOrg<'_>],
    stamp: Stamp,
) -> Result<bool, StoreError> {
    let keys: Vec<String> = orgs.iter().map(|org| org.new.name.key()).collect();
    let (mut roots, mut subs) = (Vec::new(), Vec::new());
    for (org, key) in orgs.iter().zip(&keys) {
        let mut row = vec![Value::from(org.new.id)];
        row.extend(org.parent.map(Value::from));
        row.extend([
            Value::from(org.new.external_id),
            Value::from(org.new.name.as_str()),
            Value::from(key),
            Value::from(stamp.now),
            Value::from(stamp.run),
        ]);
        if org.parent.is_some() {
            subs.push(row);
        } else {
            roots.push(row);
        }
    }
    if !(each(tx, &IMPORT_ROOT, &roots).await? && each(tx, &IMPORT_SUB, &subs).await?) {
        return Ok(false);
    }
    tx.execute_many(&TREE_EPOCH_ENSURE, &ids(orgs, |org| org.parent.is_none()))
        .await?;
    // In the order given, so that a parent's own path is whole when its children copy it.
    tx.execute_many(&IMPORT_PATH_END, &ids(orgs, |_org| true))
        .await?;
    tx.execute_many(&IMPORT_PATH_ABOVE, &ids(orgs, |org| org.parent.is_some()))
        .await?;
    Ok(true)
}

/// Rows of one id each.
fn ids(
    orgs: &[ImportedOrg<'_>],
    is_wanted: impl Fn(&ImportedOrg<'_>) -> bool,
) -> Vec<Vec<Value<'static>>> {
    let wanted = orgs.iter().filter(|org| is_wanted(org));
    wanted.map(|org| vec![Value::from(org.new.id)]).collect()
}

async fn write_members(
    tx: &mut Tx,
    members: &[ImportedMember<'_>],
    stamp: Stamp,
) -> Result<bool, StoreError> {
    let mut rows = Vec::with_capacity(members.len());
    let mut epochs = BTreeSet::new();
    for ImportedMember { at, roles } in members {
        epochs.insert((at.user, at.tree));
        rows.push(vec![
            Value::from(at.user),
            Value::from(at.organization),
            Value::from(roles.as_text()),
            Value::from(roles.has_owner().then_some(stamp.now)),
            Value::from(stamp.now),
            Value::from(stamp.run),
        ]);
    }
    if !each(tx, &IMPORT_MEMBER, &rows).await? {
        return Ok(false);
    }
    let epochs: Vec<_> = epochs
        .into_iter()
        .map(|(user, tree)| vec![Value::from(user), Value::from(tree)])
        .collect();
    tx.execute_many(&USER_EPOCH_ENSURE, &epochs).await?;
    Ok(true)
}

async fn write_pats(
    tx: &mut Tx,
    pats: &[ImportedPat<'_>],
    stamp: Stamp,
) -> Result<bool, StoreError> {
    let mut rows = Vec::with_capacity(pats.len());
    for pat in pats {
        rows.push(vec![
            Value::from(pat.id),
            Value::from(pat.at.user),
            Value::from(pat.at.organization),
            Value::from(pat.mac.as_bytes()),
            Value::from(pat.pepper),
            Value::from(pat.name.as_str()),
            Value::from(stamp.now),
            Value::from(pat.expires_at),
            Value::from(pat.ceiling),
            Value::from(pat.reach),
            Value::from(stamp.run),
        ]);
    }
    each(tx, &IMPORT_PAT, &rows).await
}

fn facts(batch: &ImportBatch<'_>) -> Vec<Fact> {
    let users = batch.users.iter().map(|user| Fact {
        tree: None,
        action: Action::UserAdded,
        organization: None,
        subject: Some(user.id.uuid()),
        detail: String::new(),
    });
    let organizations = batch.organizations.iter().map(|org| Fact {
        tree: Some(org.tree),
        action: Action::OrganizationCreated,
        organization: Some(org.new.id),
        subject: Some(org.new.id.uuid()),
        detail: String::new(),
    });
    let members = batch.members.iter().map(|member| Fact {
        tree: Some(member.at.tree),
        action: Action::MemberAdded,
        organization: Some(member.at.organization),
        subject: Some(member.at.user.uuid()),
        detail: member.roles.as_text().to_owned(),
    });
    let pats = batch.pats.iter().map(|pat| Fact {
        tree: Some(pat.at.tree),
        action: Action::PatImported,
        organization: Some(pat.at.organization),
        subject: Some(pat.id.uuid()),
        detail: String::new(),
    });
    users
        .chain(organizations)
        .chain(members)
        .chain(pats)
        .collect()
}
