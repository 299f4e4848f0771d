//! Links with which the first account is made: found while they last, gone with the first account.

use std::time::Duration;

use keyfob_core::time::Timestamp;
use keyfob_store::setup_link::{setup_link_delete_all, setup_link_exists, setup_link_insert};
use keyfob_store::user::user_exists;
use keyfob_testkit::world::World;

use super::world;

const HASH: [u8; 32] = [1; 32];
const OTHER_HASH: [u8; 32] = [2; 32];
const LIFE: Duration = Duration::from_mins(15);

async fn insert(world: &World, hash: &[u8], now: Timestamp) {
    let mut tx = world.store.write().await.unwrap();
    setup_link_insert(&mut tx, hash, now.plus(LIFE), now)
        .await
        .unwrap();
    tx.commit().await.unwrap();
}

async fn exists(world: &World, hash: &[u8], now: Timestamp) -> bool {
    let mut tx = world.store.read_single().await.unwrap();
    setup_link_exists(&mut tx, hash, now).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_is_found_by_its_hash_until_it_is_over() {
    let world = world().await;
    let now = world.now();
    insert(&world, &HASH, now).await;
    let last = now.plus(LIFE).minus(Duration::from_millis(1));
    assert!(exists(&world, &HASH, last).await);
    assert!(!exists(&world, &HASH, now.plus(LIFE)).await);
    assert!(!exists(&world, &OTHER_HASH, now).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_link_leaves_others_and_forgets_those_that_are_over() {
    let world = world().await;
    let now = world.now();
    insert(&world, &HASH, now).await;
    insert(&world, &OTHER_HASH, now.plus(LIFE / 2)).await;
    assert!(exists(&world, &HASH, now).await && exists(&world, &OTHER_HASH, now).await);
    insert(&world, &[3; 32], now.plus(LIFE)).await;
    // Asked as if no time had passed: it is gone.
    assert!(!exists(&world, &HASH, now).await);
    assert!(exists(&world, &OTHER_HASH, now).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_account_is_seen_and_takes_every_link() {
    let world = world().await;
    let is_there = async || {
        let mut tx = world.store.read_single().await.unwrap();
        user_exists(&mut tx).await.unwrap()
    };
    insert(&world, &HASH, world.now()).await;
    assert!(!is_there().await);
    let mut tx = world.store.write().await.unwrap();
    setup_link_delete_all(&mut tx).await.unwrap();
    tx.commit().await.unwrap();
    assert!(!exists(&world, &HASH, world.now()).await);
    world.user("ana@example.org").await;
    assert!(is_there().await);
}
