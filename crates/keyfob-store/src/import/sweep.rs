//! Removing the rows of an import that did not come to its end, a batch in one transaction.
//!
//! Nobody ever saw them, so they are deleted, not ended, what rests on something before what it rests
//! on. The audit chains of trees that the import itself made go with the trees; in other chains its
//! records stay, because later ones are linked to them.

use keyfob_core::id::{ImportId, OrgId, PatId, UserId};

use crate::StoreError;
use crate::db::{Tx, Value, args, statements};

/// How many rows one transaction removes at most.
const ROWS: i64 = 2_000;

statements! {
    HIDDEN_PATS = "SELECT id FROM pat WHERE import_id = $1 LIMIT $2";
    HIDDEN_MEMBERS = "SELECT m.user_id, m.organization_id, o.root_id, u.import_id, r.import_id
        FROM membership m JOIN users u ON u.id = m.user_id
        JOIN organization o ON o.id = m.organization_id JOIN organization r ON r.id = o.root_id
        WHERE m.import_id = $1 LIMIT $2";
    HIDDEN_CHAINS = "SELECT h.tree, h.seq FROM organization o JOIN audit_head h ON h.tree = o.id
        WHERE o.import_id = $1 AND o.depth = 1 LIMIT $2";
    HIDDEN_DEPTH = "SELECT CAST(MAX(depth) AS BIGINT) FROM organization WHERE import_id = $1";
    HIDDEN_ORGS = "SELECT id FROM organization WHERE import_id = $1 AND depth = $2 LIMIT $3";
    HIDDEN_USERS = "SELECT id FROM users WHERE import_id = $1 LIMIT $2";
    SWEEP_PAT = "DELETE FROM pat WHERE id = $1";
    SWEEP_MEMBER = "DELETE FROM membership WHERE user_id = $1 AND organization_id = $2";
    SWEEP_USER_EPOCH = "DELETE FROM user_epoch WHERE user_id = $1 AND tree = $2";
    SWEEP_RECORDS = "DELETE FROM audit_record WHERE tree = $1 AND seq > $2";
    SHORTEN_HEAD = "UPDATE audit_head SET seq = $2, hash = (SELECT r.hash FROM audit_record r WHERE r.tree = $1 AND r.seq = $2)
        WHERE tree = $1";
    SWEEP_HEAD = "DELETE FROM audit_head WHERE tree = $1";
    SWEEP_PATH = "DELETE FROM organization_ancestor WHERE organization = $1";
    SWEEP_TREE_EPOCH = "DELETE FROM tree_epoch WHERE tree = $1";
    SWEEP_ORG = "DELETE FROM organization WHERE id = $1";
    SWEEP_USER = "DELETE FROM users WHERE id = $1";
}

/// Removes some rows of a run that is not under way. False when there are none left.
pub async fn import_sweep(tx: &mut Tx, hidden: ImportId) -> Result<bool, StoreError> {
    Ok(sweep_pats(tx, hidden).await?
        || sweep_members(tx, hidden).await?
        || sweep_chains(tx, hidden).await?
        || sweep_orgs(tx, hidden).await?
        || sweep_users(tx, hidden).await?)
}

async fn sweep_pats(tx: &mut Tx, hidden: ImportId) -> Result<bool, StoreError> {
    let pats = tx
        .all(&HIDDEN_PATS, args![hidden, ROWS], |row| row.get::<PatId>(0))
        .await?;
    let pats: Vec<_> = pats.into_iter().map(|id| vec![Value::from(id)]).collect();
    tx.execute_many(&SWEEP_PAT, &pats).await?;
    Ok(!pats.is_empty())
}

/// An epoch goes with a membership of somebody, or in a tree, that nobody ever saw. One of a visible
/// user in a visible tree stays: the count goes on should they come.
async fn sweep_members(tx: &mut Tx, hidden: ImportId) -> Result<bool, StoreError> {
    let (mut members, mut epochs) = (Vec::new(), Vec::new());
    tx.all(&HIDDEN_MEMBERS, args![hidden, ROWS], |row| {
        let (user, organization, tree): (UserId, OrgId, OrgId) =
            (row.get(0)?, row.get(1)?, row.get(2)?);
        let makers: [Option<ImportId>; 2] = [row.get(3)?, row.get(4)?];
        members.push(vec![Value::from(user), Value::from(organization)]);
        if makers.contains(&Some(hidden)) {
            epochs.push(vec![Value::from(user), Value::from(tree)]);
        }
        Ok(())
    })
    .await?;
    tx.execute_many(&SWEEP_MEMBER, &members).await?;
    tx.execute_many(&SWEEP_USER_EPOCH, &epochs).await?;
    Ok(!members.is_empty())
}

/// Shortens chains from their ends, as many as make up one transaction, and removes those that are used
/// up.
async fn sweep_chains(tx: &mut Tx, hidden: ImportId) -> Result<bool, StoreError> {
    let chains = tx
        .all(&HIDDEN_CHAINS, args![hidden, ROWS], |row| {
            Ok((row.get::<OrgId>(0)?, row.get::<i64>(1)?))
        })
        .await?;
    let (mut left, mut records, mut shorter, mut empty) =
        (ROWS, Vec::new(), Vec::new(), Vec::new());
    for (tree, length) in chains {
        if left == 0 {
            break;
        }
        let kept = (length - left).max(0);
        left -= length - kept;
        records.push(vec![Value::from(tree), Value::from(kept)]);
        if kept == 0 {
            empty.push(vec![Value::from(tree)]);
        } else {
            shorter.push(vec![Value::from(tree), Value::from(kept)]);
        }
    }
    tx.execute_many(&SWEEP_RECORDS, &records).await?;
    tx.execute_many(&SHORTEN_HEAD, &shorter).await?;
    tx.execute_many(&SWEEP_HEAD, &empty).await?;
    Ok(!records.is_empty())
}

async fn sweep_orgs(tx: &mut Tx, hidden: ImportId) -> Result<bool, StoreError> {
    // The lowest level first: an organization is referred to by those below it.
    let deepest = tx
        .optional(&HIDDEN_DEPTH, args![hidden], |row| {
            row.get::<Option<i64>>(0)
        })
        .await?;
    let Some(depth) = deepest.flatten() else {
        return Ok(false);
    };
    let orgs = tx
        .all(&HIDDEN_ORGS, args![hidden, depth, ROWS], |row| {
            row.get::<OrgId>(0)
        })
        .await?;
    let orgs: Vec<_> = orgs.into_iter().map(|id| vec![Value::from(id)]).collect();
    tx.execute_many(&SWEEP_PATH, &orgs).await?;
    tx.execute_many(&SWEEP_TREE_EPOCH, &orgs).await?;
    tx.execute_many(&SWEEP_ORG, &orgs).await?;
    Ok(!orgs.is_empty())
}

async fn sweep_users(tx: &mut Tx, hidden: ImportId) -> Result<bool, StoreError> {
    let users = tx
        .all(&HIDDEN_USERS, args![hidden, ROWS], |row| {
            row.get::<UserId>(0)
        })
        .await?;
    let users: Vec<_> = users.into_iter().map(|id| vec![Value::from(id)]).collect();
    tx.execute_many(&SWEEP_USER, &users).await?;
    Ok(!users.is_empty())
}
