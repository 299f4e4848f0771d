//! The audit log as people read it: the latest first, a page at a time, with the names of today beside
//! the ids. Which records somebody may read is decided by whoever made the permit.
//!
//! Records of an import that is not finished are hidden with its rows; they carry its id as the request.

use keyfob_core::audit::{AuditExtent, AuditKind, AuditPermit};
use keyfob_core::id::{OrgId, UserId};
use keyfob_core::time::Timestamp;
use uuid::Uuid;

use crate::StoreError;
use crate::db::{RowRef, Statement, Tx, args, statements};

macro_rules! page {
    ($chain:literal, $bound:literal, $order:literal) => {
        concat!(
            "SELECT r.seq, r.at, r.action, r.via, r.actor, a.full_name, a.email, r.organization, o.name, ",
            "r.subject, s.full_name, s.email, p.name, p.hint, h.full_name, r.detail, f.address, f.client ",
            "FROM audit_record r ",
            "LEFT JOIN visible_user a ON a.id = r.actor ",
            "LEFT JOIN organization o ON o.id = r.organization ",
            "LEFT JOIN visible_user s ON s.id = r.subject ",
            "LEFT JOIN visible_pat p ON p.id = r.subject ",
            "LEFT JOIN visible_user h ON h.id = p.user_id ",
            "LEFT JOIN audit_origin f ON f.tree = r.tree AND f.seq = r.seq ",
            "WHERE ", $chain, " AND ", $bound,
            " AND (r.actor = $2 OR p.user_id = $2 OR $2 IS NULL) ",
            "AND r.action LIKE $4 AND r.at >= $5 AND r.at < $6 ",
            "AND NOT EXISTS (SELECT 1 FROM instance i WHERE i.import_pending = r.request) ",
            "ORDER BY r.seq ", $order, " LIMIT $7"
        )
    };
}

statements! {
    AUDIT_PAGE_HERE_BEFORE = page!("r.organization = $1", "r.seq < $3", "DESC");
    AUDIT_PAGE_HERE_AFTER = page!("r.organization = $1", "r.seq > $3", "ASC");
    AUDIT_PAGE_TREE_BEFORE = page!("r.tree = $1", "r.seq < $3", "DESC");
    AUDIT_PAGE_TREE_AFTER = page!("r.tree = $1", "r.seq > $3", "ASC");
    AUDIT_BEGINNING_HERE = "SELECT CAST(MIN(r.at) AS BIGINT) FROM audit_record r WHERE r.organization = $1";
    AUDIT_BEGINNING_TREE = "SELECT r.at FROM audit_record r WHERE r.tree = $1 ORDER BY r.seq LIMIT 1";
}

/// From where a page goes on, by the records' numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuditCursor {
    /// With the latest.
    Latest,
    /// With those before a number, the latest of them first.
    Before(i64),
    /// With those after a number; the nearest ones are taken.
    After(i64),
}

/// Which records are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AuditWanted {
    /// Of what kind.
    pub kind: AuditKind,
    /// From that moment on.
    pub from: Timestamp,
    /// Before that moment.
    pub until: Timestamp,
    /// Where to go on.
    pub cursor: AuditCursor,
    /// How many at most.
    pub limit: i64,
}

/// A person, by the name of today.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedPerson {
    /// The name.
    pub full_name: String,
    /// The address.
    pub email: String,
}

/// A token that something happened to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedPat {
    /// What its holder calls it.
    pub name: String,
    /// The end of its text; none of an imported one.
    pub hint: Option<String>,
    /// The holder's name; none when they were erased.
    pub holder: Option<String>,
}

/// A record with names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    /// Its number in its chain.
    pub seq: i64,
    /// When.
    pub at: Timestamp,
    /// What happened, as stored.
    pub action: String,
    /// Through what, as stored.
    pub via: String,
    /// Who; none for the operator.
    pub actor: Option<UserId>,
    /// Who they are; none when they were erased, and for the operator.
    pub actor_named: Option<NamedPerson>,
    /// Where.
    pub organization: Option<OrgId>,
    /// What it is called, or was when it was deleted.
    pub organization_name: Option<String>,
    /// What it happened to.
    pub subject: Option<Uuid>,
    /// The person that it happened to.
    pub subject_person: Option<NamedPerson>,
    /// The token that it happened to.
    pub subject_pat: Option<NamedPat>,
    /// Machine words.
    pub detail: String,
    /// The client's address, until it is erased.
    pub address: Option<String>,
    /// What the client called itself, until it is erased.
    pub client: Option<String>,
}

/// Reads a page of what a permit shows, the latest first.
pub async fn audit_page(
    tx: &mut Tx,
    permit: &AuditPermit,
    wanted: &AuditWanted,
) -> Result<Vec<AuditEntry>, StoreError> {
    let (is_tree, place) = match permit.extent() {
        AuditExtent::Organization(organization) => (false, organization),
        AuditExtent::Tree(root) => (true, root),
    };
    let (statement, number): (&'static Statement, i64) = match (wanted.cursor, is_tree) {
        (AuditCursor::Latest, false) => (&AUDIT_PAGE_HERE_BEFORE, i64::MAX),
        (AuditCursor::Latest, true) => (&AUDIT_PAGE_TREE_BEFORE, i64::MAX),
        (AuditCursor::Before(number), false) => (&AUDIT_PAGE_HERE_BEFORE, number),
        (AuditCursor::Before(number), true) => (&AUDIT_PAGE_TREE_BEFORE, number),
        (AuditCursor::After(number), false) => (&AUDIT_PAGE_HERE_AFTER, number),
        (AuditCursor::After(number), true) => (&AUDIT_PAGE_TREE_AFTER, number),
    };
    let pattern = format!("{}%", wanted.kind.prefix());
    let values = args![
        place,
        permit.only(),
        number,
        &pattern,
        wanted.from,
        wanted.until,
        wanted.limit
    ];
    let mut page = tx.all(statement, values, read).await?;
    if matches!(wanted.cursor, AuditCursor::After(_)) {
        page.reverse();
    }
    Ok(page)
}

/// When the first record of an extent was written; none while there is none.
pub async fn audit_beginning(
    tx: &mut Tx,
    extent: AuditExtent,
) -> Result<Option<Timestamp>, StoreError> {
    let (statement, place): (&'static Statement, OrgId) = match extent {
        AuditExtent::Organization(organization) => (&AUDIT_BEGINNING_HERE, organization),
        AuditExtent::Tree(root) => (&AUDIT_BEGINNING_TREE, root),
    };
    let read = |row: &RowRef<'_>| row.get::<Option<Timestamp>>(0);
    Ok(tx.optional(statement, args![place], read).await?.flatten())
}

fn read(row: &RowRef<'_>) -> Result<AuditEntry, StoreError> {
    let pat: Option<String> = row.get(12)?;
    let subject_pat = match pat {
        None => None,
        Some(name) => Some(NamedPat {
            name,
            hint: row.get(13)?,
            holder: row.get(14)?,
        }),
    };
    Ok(AuditEntry {
        seq: row.get(0)?,
        at: row.get(1)?,
        action: row.get(2)?,
        via: row.get(3)?,
        actor: row.get(4)?,
        actor_named: read_person(row, 5)?,
        organization: row.get(7)?,
        organization_name: row.get(8)?,
        subject: row.get(9)?,
        subject_person: read_person(row, 10)?,
        subject_pat,
        detail: row.get(15)?,
        address: row.get(16)?,
        client: row.get(17)?,
    })
}

/// Reads a name and an address, from two columns beginning at `first`.
fn read_person(row: &RowRef<'_>, first: usize) -> Result<Option<NamedPerson>, StoreError> {
    let full_name: Option<String> = row.get(first)?;
    match full_name {
        None => Ok(None),
        Some(full_name) => Ok(Some(NamedPerson {
            full_name,
            email: row.get(first + 1)?,
        })),
    }
}
