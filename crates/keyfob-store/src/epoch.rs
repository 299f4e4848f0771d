//! Epochs (guarantee 2): counters inside access tokens; raising one kills every token made before.

use keyfob_core::event::FeedItem;
use keyfob_core::id::{OrgId, UserId};
use keyfob_core::time::Timestamp;

use crate::StoreError;
use crate::db::{Tx, args, statements};
use crate::event::feed_append;
use crate::instance::instance_raise_epoch;

statements! {
    USER_EPOCH_ENSURE = "INSERT INTO user_epoch (user_id, tree, epoch) VALUES ($1, $2, 1)
        ON CONFLICT (user_id, tree) DO NOTHING";
    USER_EPOCH_RAISE = "UPDATE user_epoch SET epoch = epoch + 1 WHERE user_id = $1 AND tree = $2 RETURNING epoch";
    USER_EPOCH_TREES = "SELECT tree FROM user_epoch WHERE user_id = $1 ORDER BY tree";
    TREE_EPOCH_ENSURE = "INSERT INTO tree_epoch (tree, epoch) VALUES ($1, 1) ON CONFLICT (tree) DO NOTHING";
    TREE_EPOCH_RAISE = "UPDATE tree_epoch SET epoch = epoch + 1 WHERE tree = $1 RETURNING epoch";
}

/// Makes a user's epoch in a tree, with their first membership there; later ones continue the count.
pub(crate) async fn user_epoch_ensure(
    tx: &mut Tx,
    user: UserId,
    tree: OrgId,
) -> Result<(), StoreError> {
    tx.execute(&USER_EPOCH_ENSURE, args![user, tree])
        .await
        .map(|_rows| ())
}

/// Makes a tree's epoch, with its root.
pub(crate) async fn tree_epoch_ensure(tx: &mut Tx, tree: OrgId) -> Result<(), StoreError> {
    tx.execute(&TREE_EPOCH_ENSURE, args![tree])
        .await
        .map(|_rows| ())
}

/// Raises a user's epoch in a tree and tells the feed.
pub(crate) async fn user_epoch_raise(
    tx: &mut Tx,
    user: UserId,
    tree: OrgId,
    now: Timestamp,
) -> Result<(), StoreError> {
    let raised = tx
        .optional(&USER_EPOCH_RAISE, args![user, tree], |row| row.get(0))
        .await?;
    let epoch = raised.ok_or(StoreError::corrupt("a member without an epoch"))?;
    feed_append(tx, FeedItem::User { user, tree, epoch }, now)
        .await
        .map(|_seq| ())
}

/// Raises a user's epoch in every tree where they ever were a member, and tells the feed.
pub(crate) async fn user_epoch_raise_everywhere(
    tx: &mut Tx,
    user: UserId,
    now: Timestamp,
) -> Result<(), StoreError> {
    let trees: Vec<OrgId> = tx
        .all(&USER_EPOCH_TREES, args![user], |row| row.get(0))
        .await?;
    for tree in trees {
        user_epoch_raise(tx, user, tree, now).await?;
    }
    Ok(())
}

/// Raises a tree's epoch and tells the feed.
pub(crate) async fn tree_epoch_raise(
    tx: &mut Tx,
    tree: OrgId,
    now: Timestamp,
) -> Result<(), StoreError> {
    let raised = tx
        .optional(&TREE_EPOCH_RAISE, args![tree], |row| row.get(0))
        .await?;
    let epoch = raised.ok_or(StoreError::corrupt("a tree without an epoch"))?;
    feed_append(tx, FeedItem::Tree { tree, epoch }, now)
        .await
        .map(|_seq| ())
}

/// Raises the instance's epoch and tells the feed.
pub(crate) async fn instance_epoch_raise(tx: &mut Tx, now: Timestamp) -> Result<(), StoreError> {
    let epoch = instance_raise_epoch(tx).await?;
    feed_append(tx, FeedItem::Instance { epoch }, now)
        .await
        .map(|_seq| ())
}
