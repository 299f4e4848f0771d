//! Key records: kept and listed as they were made, each change with a new number of the key set.

use std::time::Duration;

use keyfob_core::event::FeedItem;
use keyfob_core::id::KeyId;
use keyfob_core::key::KeyTimes;
use keyfob_core::pat::{Revoker, WantedExpiry, WantedPat};
use keyfob_core::time::Timestamp;
use keyfob_store::instance::instance_find;
use keyfob_store::key::{
    KeyRecord, key_drop, key_forget, key_insert, key_list, key_pepper_is_needed, key_reseal,
    key_retire,
};
use keyfob_store::probe::Cell;
use keyfob_store::{StoreError, Tx};
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
        times: KeyTimes {
            publish_from: at(2),
            sign_from: at(3),
            retire_at: Some(at(4)),
            dropped_at: None,
        },
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
    world.clock.advance(Duration::from_secs(1));
    let mut pepper = KeyRecord {
        public_key: None,
        ..record(&world, "pepper")
    };
    pepper.times.retire_at = None;
    for key in [&pepper, &signing] {
        insert(&world, key).await.unwrap();
    }
    assert_eq!(list(&world).await, [signing.clone(), pepper.clone()]);
    pepper.times.dropped_at = Some(Timestamp::from_millis(5));
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

/// One change of the records, committed.
async fn change(
    world: &World,
    what: impl AsyncFnOnce(&mut Tx) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let mut tx = world.store.write().await?;
    what(&mut tx).await?;
    tx.commit().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_gets_an_end_which_raises_the_number_and_is_recorded() {
    let world = world().await;
    let mut key = record(&world, "access-token");
    insert(&world, &key).await.unwrap();
    let (actor, now, end) = (&world.actor, world.now(), Timestamp::from_millis(9));
    let retire = async |tx: &mut Tx| key_retire(tx, key.id, end, actor, now).await;
    let retired = written(&world, None, change(&world, retire)).await;
    retired.said.unwrap();
    assert_eq!(retired.audit, ["key.retired access-token"]);
    assert_eq!(retired.feed, []);
    assert_eq!(key_set(&world).await, 3);
    key.times.retire_at = Some(end);
    assert_eq!(list(&world).await, [key.clone()]);
    let unknown = KeyId::new(world.now(), world.id_random());
    let of_none = async |tx: &mut Tx| key_retire(tx, unknown, end, actor, now).await;
    changes_nothing(&world, change(&world, of_none))
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_key_loses_its_secret_for_good_and_the_feed_tells_of_it_once() {
    let world = world().await;
    let mut key = record(&world, "access-token");
    insert(&world, &key).await.unwrap();
    let (actor, now) = (&world.actor, world.now());
    let drop = async |tx: &mut Tx| key_drop(tx, key.id, actor, now).await;
    let dropped = written(&world, None, change(&world, drop)).await;
    dropped.said.unwrap();
    assert_eq!(dropped.audit, ["key.dropped access-token"]);
    assert_eq!(dropped.feed, [FeedItem::Key(key.id)]);
    assert_eq!(key_set(&world).await, 3);
    let again = async |tx: &mut Tx| key_drop(tx, key.id, actor, now).await;
    changes_nothing(&world, change(&world, again))
        .await
        .unwrap();
    let late = async |tx: &mut Tx| key_retire(tx, key.id, now, actor, now).await;
    changes_nothing(&world, change(&world, late)).await.unwrap();
    key.times.dropped_at = Some(now);
    key.sealed.clear();
    assert_eq!(list(&world).await, [key.clone()]);
    assert!(key.is_forgotten());
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_dropped_pepper_no_verifier_hears() {
    let world = world().await;
    let pepper = record(&world, "pepper");
    insert(&world, &pepper).await.unwrap();
    let (actor, now) = (&world.actor, world.now());
    let drop = async |tx: &mut Tx| key_drop(tx, pepper.id, actor, now).await;
    let dropped = written(&world, None, change(&world, drop)).await;
    assert_eq!(
        (dropped.audit, dropped.feed),
        (vec!["key.dropped pepper".to_owned()], vec![])
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn all_secrets_are_sealed_anew_together_with_the_check_value() {
    let world = world().await;
    let one = record(&world, "pepper");
    world.clock.advance(Duration::from_secs(1));
    let other = record(&world, "access-token");
    for key in [&one, &other] {
        insert(&world, key).await.unwrap();
    }
    let (actor, now) = (&world.actor, world.now());
    let sealed = [(one.id, vec![1]), (other.id, vec![2])];
    let reseal = async |tx: &mut Tx| key_reseal(tx, &sealed, b"another", actor, now).await;
    let resealed = written(&world, None, change(&world, reseal)).await;
    resealed.said.unwrap();
    assert_eq!(resealed.audit, ["root_key.changed"]);
    let kept: Vec<_> = list(&world)
        .await
        .into_iter()
        .map(|key| (key.id, key.sealed))
        .collect();
    assert_eq!(kept, sealed);
    assert_eq!(key_set(&world).await, 4);
    let mut tx = world.store.read_single().await.unwrap();
    let instance = instance_find(&mut tx).await.unwrap().unwrap();
    assert_eq!(instance.root_check, b"another");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forgotten_secret_is_gone_and_the_record_stays() {
    let world = world().await;
    let mut key = record(&world, "access-token");
    insert(&world, &key).await.unwrap();
    let forget = async |tx: &mut Tx| key_forget(tx, key.id).await;
    change(&world, forget).await.unwrap();
    key.sealed.clear();
    assert_eq!(list(&world).await, [key]);
}

#[tokio::test(flavor = "multi_thread")]
async fn p12_a_pepper_is_needed_until_its_last_token_is_over() {
    let world = world().await;
    let needed = async || {
        let mut tx = world.store.read_single().await.unwrap();
        key_pepper_is_needed(&mut tx, world.pepper_id, world.now())
            .await
            .unwrap()
    };
    assert!(!needed().await);
    let (ana, acme) = (
        world.user("ana@acme.example").await,
        world.root("Acme").await,
    );
    world.member(ana, acme, &["owner"]).await;
    let endless = world.pat(ana, acme).await;
    let want = WantedPat {
        expiry: WantedExpiry::InDays(1),
        ..WantedPat::default()
    };
    world.pat_with(ana, acme, want).await;
    assert!(needed().await);
    world.revoke(&endless, Revoker::Operator).await;
    assert!(needed().await, "the other one is living");
    world.clock.advance(Duration::from_hours(24));
    assert!(!needed().await);
}
