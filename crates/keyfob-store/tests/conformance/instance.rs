//! The one row of the instance, and the catalogues.

use keyfob_core::event::FeedItem;
use keyfob_core::id::ImportId;
use keyfob_store::instance::{
    Instance, NewCatalogue, NewInstance, catalogue_apply, catalogue_find, instance_find,
    instance_freeze_prefix, instance_insert, instance_set_issuer,
};
use keyfob_store::probe::Cell;
use keyfob_store::{Constraint, StoreError};
use keyfob_testkit::world::World;
use uuid::Uuid;

use super::super::{by_hand, changes_nothing, conflict, written};
use super::world;

async fn find(world: &World) -> Instance {
    let mut tx = world.store.read_single().await.unwrap();
    instance_find(&mut tx).await.unwrap().unwrap()
}

async fn catalogue(world: &World, version: i64) -> Option<String> {
    let mut tx = world.store.read_single().await.unwrap();
    catalogue_find(&mut tx, version).await.unwrap()
}

async fn apply(world: &World, version: i64) -> Result<(), StoreError> {
    let new = NewCatalogue {
        version,
        body: "another catalogue",
    };
    let mut tx = world.store.write().await?;
    catalogue_apply(&mut tx, &new, &world.actor, world.now()).await?;
    tx.commit().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_instance_has_what_it_was_made_with_and_nothing_else() {
    let world = world().await;
    let instance = find(&world).await;
    assert_eq!(instance.incarnation, Uuid::from_u128(1));
    assert_eq!(instance.root_check, b"no root key in this test");
    assert_eq!((instance.issuer, instance.token_prefix), (None, None));
    assert_eq!(
        (instance.epoch, instance.catalogue, instance.key_set),
        (1, 1, 1)
    );
    assert_eq!(instance.import_pending, None);
    assert_eq!(
        catalogue(&world, 1).await.as_deref(),
        Some("the small catalogue")
    );
    assert_eq!(catalogue(&world, 2).await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn there_is_one_instance_or_none() {
    let world = world().await;
    let new = NewInstance {
        incarnation: Uuid::from_u128(2),
        root_check: b"",
        catalogue: NewCatalogue {
            version: 2,
            body: "",
        },
    };
    let mut tx = world.store.write().await.unwrap();
    let second = instance_insert(&mut tx, &new, world.now()).await;
    assert_eq!(conflict(second), Constraint::Other);
    drop(tx);
    by_hand(&world, "DELETE FROM instance", &[]).await;
    let mut tx = world.store.read_single().await.unwrap();
    assert!(instance_find(&mut tx).await.unwrap().is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_issuer_can_be_replaced_and_a_prefix_cannot() {
    let world = world().await;
    for text in ["https://one.example", "https://two.example"] {
        let mut tx = world.store.write().await.unwrap();
        instance_set_issuer(&mut tx, text).await.unwrap();
        instance_freeze_prefix(&mut tx, text).await.unwrap();
        tx.commit().await.unwrap();
    }
    let import = ImportId::from_uuid(Uuid::from_u128(3));
    by_hand(
        &world,
        "UPDATE instance SET import_pending = $1",
        &[Cell::Uuid(Some(import.uuid()))],
    )
    .await;
    let instance = find(&world).await;
    assert_eq!(instance.issuer.as_deref(), Some("https://two.example"));
    assert_eq!(
        instance.token_prefix.as_deref(),
        Some("https://one.example")
    );
    assert_eq!(instance.import_pending, Some(import));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_catalogue_kills_every_access_token_made_under_the_old_one() {
    let world = world().await;
    let applied = written(&world, None, apply(&world, 2)).await;
    applied.said.unwrap();
    assert_eq!(applied.feed, [FeedItem::Instance { epoch: 2 }]);
    assert_eq!(applied.audit, ["catalogue.applied version 2"]);
    let instance = find(&world).await;
    assert_eq!((instance.epoch, instance.catalogue), (2, 2));
    assert_eq!(
        catalogue(&world, 2).await.as_deref(),
        Some("another catalogue")
    );
    assert!(catalogue(&world, 1).await.is_some(), "the old one is kept");
    let again = changes_nothing(&world, apply(&world, 2)).await;
    assert_eq!(conflict(again), Constraint::Other);
}
