//! Key records: kept and listed as they were made, each change with a new number of the key set.

use keyfob_core::id::KeyId;
use keyfob_core::time::Timestamp;
use keyfob_store::StoreError;
use keyfob_store::instance::instance_find;
use keyfob_store::key::{KeyRecord, key_insert, key_list};
use keyfob_store::probe::Cell;
use keyfob_testkit::world::World;

use super::super::{by_hand, changes_nothing, conflict, written};
use super::world;

fn record(world: &World, purpose: &str) -> KeyRecord {
    let at = Timestamp::from_millis;
    KeyRecord {
        id: KeyId::new(world.now(), world.id_random()),
        purpose: purpose.to_owned(),
        algorithm: "ES256".to_owned(),
        sealed: vec![0, 1, 254, 255],
        public_key: Some(vec![4, 0, 9]),
        created_at: at(1),
        publish_from: at(2),
        sign_from: at(3),
        retire_at: Some(at(4)),
        dropped_at: None,
    }
}

async fn insert(world: &World, key: &KeyRecord) -> Result<(), StoreError> {
    let mut tx = world.store.write().await?;
    key_insert(&mut tx, key, &world.actor, world.now()).await?;
    tx.commit().await
}

async fn list(world: &World) -> Vec<KeyRecord> {
    let mut tx = world.store.read_single().await.unwrap();
    key_list(&mut tx).await.unwrap()
}

async fn key_set(world: &World) -> i64 {
    let mut tx = world.store.read_single().await.unwrap();
    instance_find(&mut tx).await.unwrap().unwrap().key_set
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_come_back_as_they_were_made_the_oldest_first() {
    let world = world().await;
    assert_eq!(list(&world).await, []);
    let signing = record(&world, "access-token");
    world.clock.advance(std::time::Duration::from_secs(1));
    let mut pepper = KeyRecord {
        public_key: None,
        retire_at: None,
        ..record(&world, "pepper")
    };
    for key in [&pepper, &signing] {
        insert(&world, key).await.unwrap();
    }
    assert_eq!(list(&world).await, [signing.clone(), pepper.clone()]);
    pepper.dropped_at = Some(Timestamp::from_millis(5));
    by_hand(
        &world,
        "UPDATE key_record SET dropped_at = 5 WHERE id = $1",
        &[Cell::Uuid(Some(pepper.id.uuid()))],
    )
    .await;
    assert_eq!(list(&world).await, [signing, pepper]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_key_raises_the_number_of_the_key_set_and_is_recorded() {
    let world = world().await;
    assert_eq!(key_set(&world).await, 1);
    let key = record(&world, "access-token");
    let made = written(&world, None, insert(&world, &key)).await;
    made.said.unwrap();
    assert_eq!(made.audit, ["key.made access-token"]);
    assert_eq!(made.feed, []);
    assert_eq!(key_set(&world).await, 2);
    let again = changes_nothing(&world, insert(&world, &key)).await;
    assert_eq!(conflict(again), keyfob_store::Constraint::Other);
}
