//! What the functions of the store write and find, the same on both engines.
//!
//! Each file asks `super::world()` for a world of its own, so every test runs once on each engine.
//! That every statement prepares on both is shown with the seam, in `tests/seam/transaction.rs`.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::tests_outside_test_module,
    clippy::duplicate_mod,
    reason = "integration tests are tests as a whole, and one suite runs on two engines"
)]

use std::collections::BTreeSet;
use std::time::Duration;

use keyfob_core::event::FeedItem;
use keyfob_core::id::OrgId;
use keyfob_store::probe::{self, Cell};
use keyfob_store::{Constraint, StoreError, StoreOptions};
use keyfob_testkit::schema::dump;
use keyfob_testkit::world::World;

#[path = "conformance"]
mod on_sqlite {
    use keyfob_testkit::backend::Backend;
    use keyfob_testkit::world::World;

    mod audit_page;
    mod erase;
    mod event;
    mod everywhere;
    mod exchange;
    mod import;
    mod instance;
    mod invitation;
    mod key;
    mod member;
    mod org;
    mod pat;
    mod race;
    mod refusal;
    mod rotation;
    mod seen;
    mod session;
    mod setup_link;
    mod tree;
    mod user;

    async fn world() -> World {
        World::on(Backend::sqlite_with(super::patiently).await).await
    }
}

#[path = "conformance"]
mod on_postgres {
    use keyfob_testkit::backend::Backend;
    use keyfob_testkit::world::World;

    mod audit_page;
    mod erase;
    mod event;
    mod everywhere;
    mod exchange;
    mod import;
    mod instance;
    mod invitation;
    mod key;
    mod member;
    mod org;
    mod pat;
    mod race;
    mod refusal;
    mod rotation;
    mod seen;
    mod session;
    mod setup_link;
    mod tree;
    mod user;

    async fn world() -> World {
        World::on(Backend::postgres_with(super::patiently).await).await
    }
}

/// A machine under the load of all tests at once is slow, and slowness is not what they ask about.
fn patiently(options: StoreOptions) -> StoreOptions {
    options.deadline(Duration::from_mins(1))
}

/// What a change said, and what it wrote for others to learn.
struct Written<T> {
    said: T,
    /// The feed's new items.
    feed: Vec<FeedItem>,
    /// The new audit records of one chain: action and detail.
    audit: Vec<String>,
}

/// Does a change and tells what it wrote into the feed and into the audit chain of `tree`.
async fn written<T>(
    world: &World,
    tree: Option<OrgId>,
    change: impl Future<Output = T>,
) -> Written<T> {
    let (feed_before, audit_before) = (feed(world).await.len(), audit(world, tree).await.len());
    let said = change.await;
    Written {
        said,
        feed: feed(world).await.split_off(feed_before),
        audit: audit(world, tree).await.split_off(audit_before),
    }
}

async fn feed(world: &World) -> Vec<FeedItem> {
    let items = world.feed_after(0).await;
    items.into_iter().map(|(_number, item)| item).collect()
}

async fn audit(world: &World, tree: Option<OrgId>) -> Vec<String> {
    let records = world.audit(tree).await;
    let line = |action: &str, detail: &str| format!("{action} {detail}").trim_end().to_owned();
    records
        .iter()
        .map(|record| line(&record.action, &record.detail))
        .collect()
}

/// Does what must not leave a trace anywhere in the database.
async fn changes_nothing<T>(world: &World, work: impl Future<Output = T>) -> T {
    let before = dump(&world.store).await;
    let said = work.await;
    assert_eq!(dump(&world.store).await, before);
    said
}

/// The rule that refused a change.
fn conflict<T>(outcome: Result<T, StoreError>) -> Constraint {
    match outcome.err() {
        Some(StoreError::Conflict(constraint)) => constraint,
        Some(error) => panic!("no conflict: {error}"),
        None => panic!("nothing was refused"),
    }
}

/// Changes rows by a statement that no product has.
async fn by_hand(world: &World, sql: &str, args: &[Cell]) -> u64 {
    let mut tx = world.store.write().await.unwrap();
    let changed = probe::execute(&mut tx, probe::statement(sql), args).await;
    tx.commit().await.unwrap();
    changed.unwrap()
}

/// The epoch of a user in a tree; none when they never were a member there.
async fn user_epoch(world: &World, user: keyfob_core::id::UserId, tree: OrgId) -> Option<i64> {
    let sql = probe::statement("SELECT epoch FROM user_epoch WHERE user_id = $1 AND tree = $2");
    let args = [Cell::Uuid(Some(user.uuid())), Cell::Uuid(Some(tree.uuid()))];
    let mut tx = world.store.read_single().await.unwrap();
    probe::optional(&mut tx, sql, &args).await.unwrap()
}

async fn tree_epoch(world: &World, tree: OrgId) -> Option<i64> {
    let sql = probe::statement("SELECT epoch FROM tree_epoch WHERE tree = $1");
    let args = [Cell::Uuid(Some(tree.uuid()))];
    let mut tx = world.store.read_single().await.unwrap();
    probe::optional(&mut tx, sql, &args).await.unwrap()
}

fn set<T: Ord>(items: impl IntoIterator<Item = T>) -> BTreeSet<T> {
    items.into_iter().collect()
}
