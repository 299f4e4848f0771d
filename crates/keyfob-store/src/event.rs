//! The audit log and the revocation feed: what every change writes in its own transaction.

pub mod page;

use keyfob_core::event::{Actor, CHAIN_START, Fact, FeedItem, LinkedRecord, Record, link};
use keyfob_core::id::{OrgId, RequestId, UserId};
use keyfob_core::time::Timestamp;
use uuid::Uuid;

use crate::StoreError;
use crate::db::{RowRef, Tx, Value, args, statements};

statements! {
    AUDIT_HEAD_FIND = "SELECT seq, hash FROM audit_head WHERE tree = $1";
    AUDIT_HEAD_PUT = "INSERT INTO audit_head (tree, seq, hash) VALUES ($1, $2, $3)
        ON CONFLICT (tree) DO UPDATE SET seq = excluded.seq, hash = excluded.hash";
    AUDIT_RECORD_INSERT = "INSERT INTO audit_record
        (tree, seq, at, action, via, actor, organization, subject, detail, request, previous_hash, hash)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
    AUDIT_ORIGIN_INSERT = "INSERT INTO audit_origin (tree, seq, person, address, client) VALUES ($1, $2, $3, $4, $5)";
    AUDIT_LIST = "SELECT seq, at, action, via, actor, organization, subject, detail, request, previous_hash, hash
        FROM audit_record WHERE tree = $1 ORDER BY seq";
    AUDIT_PART = "SELECT seq, at, action, via, actor, organization, subject, detail, request, previous_hash, hash
        FROM audit_record WHERE tree = $1 AND seq > $2 ORDER BY seq LIMIT $3";
    // A tree whose head or whose records are gone, or both, is among them as well.
    AUDIT_CHAINS = "SELECT t.tree, h.seq, h.hash FROM
        (SELECT tree FROM audit_head UNION SELECT DISTINCT tree FROM audit_record
            UNION SELECT o.id FROM organization o WHERE o.depth = 1 AND (o.import_id IS NULL
                OR NOT EXISTS (SELECT 1 FROM instance i WHERE i.import_pending = o.import_id))) t
        LEFT JOIN audit_head h ON h.tree = t.tree ORDER BY t.tree";
    // Without those of trees that an unfinished import made: they may go again.
    AUDIT_HEADS_KEPT = "SELECT h.tree, h.seq, h.hash FROM audit_head h WHERE NOT EXISTS
        (SELECT 1 FROM organization o JOIN instance i ON i.import_pending = o.import_id WHERE o.id = h.tree)
        ORDER BY h.tree";
    AUDIT_ORIGINS = "SELECT seq, person, address, client FROM audit_origin WHERE tree = $1 ORDER BY seq";
    // By the heads, each of which leads to one row: the records have no index by time.
    AUDIT_NEWEST = "SELECT CAST(MAX((SELECT r.at FROM audit_record r WHERE r.tree = h.tree AND r.seq = h.seq)) AS BIGINT)
        FROM audit_head h";
    FEED_NEXT = "UPDATE feed_head SET seq = seq + 1 WHERE id = 1 RETURNING seq";
    FEED_INSERT = "INSERT INTO feed_item (seq, at, kind, pat, user_id, tree, key_id, epoch)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    FEED_AFTER = "SELECT seq, kind, pat, user_id, tree, key_id, epoch FROM feed_item WHERE seq > $1 ORDER BY seq LIMIT $2";
}

/// Appends one audit record to the chain of its tree.
pub async fn audit_append(
    tx: &mut Tx,
    actor: &Actor,
    fact: Fact,
    now: Timestamp,
) -> Result<(), StoreError> {
    audit_append_all(tx, actor, &[fact], now).await
}

/// Appends records, in order, each to the chain of its tree.
pub(crate) async fn audit_append_all(
    tx: &mut Tx,
    actor: &Actor,
    facts: &[Fact],
    now: Timestamp,
) -> Result<(), StoreError> {
    let mut rest: Vec<&Fact> = facts.iter().collect();
    while let Some(first) = rest.first().copied() {
        let (same, others): (Vec<_>, Vec<_>) =
            rest.into_iter().partition(|fact| fact.tree == first.tree);
        append_to_chain(tx, actor, &same, now).await?;
        rest = others;
    }
    Ok(())
}

async fn append_to_chain(
    tx: &mut Tx,
    actor: &Actor,
    facts: &[&Fact],
    now: Timestamp,
) -> Result<(), StoreError> {
    let tree = facts
        .first()
        .and_then(|fact| fact.tree)
        .map_or(Uuid::nil(), OrgId::uuid);
    let head = tx
        .optional(&AUDIT_HEAD_FIND, args![tree], |row| {
            Ok((row.get::<i64>(0)?, row.get::<Vec<u8>>(1)?))
        })
        .await?;
    let (mut seq, mut hash) = head.unwrap_or((0, CHAIN_START.to_vec()));
    let address = actor.address.map(|address| address.to_string());
    for fact in facts {
        seq += 1;
        let record = Record {
            seq,
            at: now,
            via: actor.via,
            actor: actor.person,
            request: actor.request,
            fact,
        };
        let next = link(&hash, &record).to_vec();
        let values = args![
            tree,
            seq,
            now,
            fact.action.word(),
            actor.via.word(),
            actor.person,
            fact.organization,
            fact.subject,
            &fact.detail,
            actor.request,
            hash.as_slice(),
            next.as_slice()
        ];
        tx.execute(&AUDIT_RECORD_INSERT, values).await?;
        if let Some(person) = actor.person {
            let origin = args![
                tree,
                seq,
                person,
                address.as_deref(),
                actor.client.as_deref()
            ];
            tx.execute(&AUDIT_ORIGIN_INSERT, origin).await?;
        }
        hash = next;
    }
    tx.execute(&AUDIT_HEAD_PUT, args![tree, seq, hash.as_slice()])
        .await
        .map(|_rows| ())
}

/// One stored audit record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditRecord {
    /// Its number in its chain.
    pub seq: i64,
    /// When.
    pub at: Timestamp,
    /// What happened, as stored.
    pub action: String,
    /// Through what, as stored.
    pub via: String,
    /// Who.
    pub actor: Option<UserId>,
    /// Where.
    pub organization: Option<OrgId>,
    /// What it happened to.
    pub subject: Option<Uuid>,
    /// Machine words.
    pub detail: String,
    /// The request.
    pub request: Option<RequestId>,
    /// The hash of the record before.
    pub previous_hash: Vec<u8>,
    /// Its own hash.
    pub hash: Vec<u8>,
}

/// Reads a tree's whole chain; none: the instance's.
pub async fn audit_list(tx: &mut Tx, tree: Option<OrgId>) -> Result<Vec<AuditRecord>, StoreError> {
    tx.all(
        &AUDIT_LIST,
        args![tree.map_or(Uuid::nil(), OrgId::uuid)],
        read_record,
    )
    .await
}

/// Reads the next records of a chain after a number, so many at most.
pub async fn audit_part(
    tx: &mut Tx,
    tree: Option<OrgId>,
    after: i64,
    most: i64,
) -> Result<Vec<AuditRecord>, StoreError> {
    let tree = tree.map_or(Uuid::nil(), OrgId::uuid);
    tx.all(&AUDIT_PART, args![tree, after, most], read_record)
        .await
}

fn read_record(row: &RowRef<'_>) -> Result<AuditRecord, StoreError> {
    Ok(AuditRecord {
        seq: row.get(0)?,
        at: row.get(1)?,
        action: row.get(2)?,
        via: row.get(3)?,
        actor: row.get(4)?,
        organization: row.get(5)?,
        subject: row.get(6)?,
        detail: row.get(7)?,
        request: row.get(8)?,
        previous_hash: row.get(9)?,
        hash: row.get(10)?,
    })
}

impl AuditRecord {
    /// The record as it is linked into the chain of a tree; none: the instance's.
    pub fn linked(&self, tree: Option<OrgId>) -> LinkedRecord<'_> {
        LinkedRecord {
            tree,
            seq: self.seq,
            at: self.at,
            via: &self.via,
            actor: self.actor,
            request: self.request,
            action: &self.action,
            organization: self.organization,
            subject: self.subject,
            detail: &self.detail,
        }
    }
}

/// A chain, and what its head says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditChain {
    /// The root of its tree; none: the instance's.
    pub tree: Option<OrgId>,
    /// The number and the hash of the last record that was written; none: the head is gone.
    pub head: Option<(i64, Vec<u8>)>,
}

/// Lists every chain of which there is a head or a record, or should be, the instance's first.
pub async fn audit_chains(tx: &mut Tx) -> Result<Vec<AuditChain>, StoreError> {
    tx.all(&AUDIT_CHAINS, args![], read_chain).await
}

/// Lists the heads of all chains that are here to stay, the instance's first.
pub async fn audit_heads(tx: &mut Tx) -> Result<Vec<AuditChain>, StoreError> {
    tx.all(&AUDIT_HEADS_KEPT, args![], read_chain).await
}

fn read_chain(row: &RowRef<'_>) -> Result<AuditChain, StoreError> {
    let tree: Uuid = row.get(0)?;
    let seq: Option<i64> = row.get(1)?;
    let hash: Option<Vec<u8>> = row.get(2)?;
    Ok(AuditChain {
        tree: (!tree.is_nil()).then(|| OrgId::from_uuid(tree)),
        head: seq.zip(hash),
    })
}

/// When the last record of all chains was written; none while there is none.
pub async fn audit_newest(tx: &mut Tx) -> Result<Option<Timestamp>, StoreError> {
    let newest = tx
        .optional(&AUDIT_NEWEST, args![], |row| {
            row.get::<Option<Timestamp>>(0)
        })
        .await?;
    Ok(newest.flatten())
}

/// Where an audit record came from: the part that can be erased.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditOrigin {
    /// The record's number in its chain.
    pub seq: i64,
    /// Who.
    pub person: UserId,
    /// The client's address.
    pub address: Option<String>,
    /// What the client called itself.
    pub client: Option<String>,
}

/// Reads the side records of a tree's chain.
pub async fn audit_origins(
    tx: &mut Tx,
    tree: Option<OrgId>,
) -> Result<Vec<AuditOrigin>, StoreError> {
    tx.all(
        &AUDIT_ORIGINS,
        args![tree.map_or(Uuid::nil(), OrgId::uuid)],
        |row| {
            Ok(AuditOrigin {
                seq: row.get(0)?,
                person: row.get(1)?,
                address: row.get(2)?,
                client: row.get(3)?,
            })
        },
    )
    .await
}

/// Appends an item to the feed: takes the next number in the same transaction, so that numbers are
/// gapless and in commit order (ADR 0004).
pub(crate) async fn feed_append(
    tx: &mut Tx,
    item: FeedItem,
    now: Timestamp,
) -> Result<i64, StoreError> {
    let next = tx
        .optional(&FEED_NEXT, args![], |row| row.get::<i64>(0))
        .await?;
    let seq = next.ok_or(StoreError::corrupt("the feed has no head"))?;
    let none = || Value::Uuid(None);
    let (kind, pat, user, tree, key, epoch) = match item {
        FeedItem::Pat(pat) => ("pat", Value::from(pat), none(), none(), none(), None),
        FeedItem::User { user, tree, epoch } => (
            "user",
            none(),
            Value::from(user),
            Value::from(tree),
            none(),
            Some(epoch),
        ),
        FeedItem::Tree { tree, epoch } => (
            "tree",
            none(),
            none(),
            Value::from(tree),
            none(),
            Some(epoch),
        ),
        FeedItem::Instance { epoch } => ("instance", none(), none(), none(), none(), Some(epoch)),
        FeedItem::Key(key) => ("key", none(), none(), none(), Value::from(key), None),
    };
    let values = [
        Value::from(seq),
        Value::from(now),
        Value::from(kind),
        pat,
        user,
        tree,
        key,
        Value::from(epoch),
    ];
    tx.execute(&FEED_INSERT, &values).await?;
    Ok(seq)
}

/// Reads the items after a number, the oldest first, at most `limit`.
pub async fn feed_after(
    tx: &mut Tx,
    after: i64,
    limit: i64,
) -> Result<Vec<(i64, FeedItem)>, StoreError> {
    tx.all(&FEED_AFTER, args![after, limit], |row| {
        let epoch = || row.get::<i64>(6);
        let item = match row.text(1)? {
            "pat" => FeedItem::Pat(row.get(2)?),
            "user" => FeedItem::User {
                user: row.get(3)?,
                tree: row.get(4)?,
                epoch: epoch()?,
            },
            "tree" => FeedItem::Tree {
                tree: row.get(4)?,
                epoch: epoch()?,
            },
            "instance" => FeedItem::Instance { epoch: epoch()? },
            "key" => FeedItem::Key(row.get(5)?),
            _unknown => return Err(StoreError::corrupt("an unknown kind of feed item")),
        };
        Ok((row.get(0)?, item))
    })
    .await
}
