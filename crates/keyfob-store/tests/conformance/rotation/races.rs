//! Rivals around one rotation: of the successors exactly one is left, and never is a used one lost.

use std::sync::Arc;

use keyfob_core::id::PatId;
use keyfob_core::pat::rotation::{NotRotated, WantedRotation};
use keyfob_store::rotation::{FirstUse, rotation_find};
use keyfob_testkit::world::{World, WorldPat, keyed};

use super::super::race::{count, rivals};
use super::{Stage, stage};

#[tokio::test(flavor = "multi_thread")]
async fn p10_of_16_who_rotate_at_once_under_keys_of_their_own_exactly_one_does() {
    let stage = stage().await;
    let outcomes = at_once(&stage, |number| {
        keyed(&format!("key {number}").replace(' ', "-"))
    })
    .await;
    assert_eq!(count(&outcomes, Result::is_ok), 1);
    let refused =
        |said: &Result<WorldPat, NotRotated>| matches!(said, Err(NotRotated::AlreadyRotated));
    assert_eq!(count(&outcomes, refused), 15);
    assert_eq!(stage.count_live().await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn p10_of_16_who_rotate_at_once_under_one_key_exactly_one_successor_is_left() {
    let stage = stage().await;
    let outcomes = at_once(&stage, |_number| keyed("a")).await;
    assert_eq!(count(&outcomes, Result::is_ok), 16);
    let mut living = Vec::new();
    for successor in outcomes.into_iter().flatten() {
        if stage.denial(&successor).await.is_none() {
            living.push(successor.id);
        }
    }
    let was = stage.find(stage.pat.id).await;
    assert_eq!(living, Vec::from_iter(was.successor.map(|by| by.pat)));
    assert_eq!(stage.count_live().await, 1);
    assert_eq!(stage.denial(&stage.pat).await, None);
}

/// Sixteen rivals on two nodes rotate the one token.
async fn at_once(
    stage: &Stage,
    want: fn(usize) -> WantedRotation,
) -> Vec<Result<WorldPat, NotRotated>> {
    let world = &stage.world;
    let nodes = [world.clone(), world.on_another_node().await];
    let pat = Arc::new(WorldPat {
        secret: world.secret(),
        ..stage.pat
    });
    rivals(16, |number| {
        let (world, pat, want) = (nodes[number % 2].clone(), Arc::clone(&pat), want(number));
        async move { world.try_rotate(&pat, &want).await }
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn p10_of_a_use_and_a_repeated_request_at_once_exactly_one_wins() {
    let stage = stage().await;
    let nodes = [stage.world.clone(), stage.world.on_another_node().await];
    for round in 0..8 {
        use_and_repeat(&stage, &nodes, &format!("round-{round}")).await;
    }
}

async fn use_and_repeat(stage: &Stage, nodes: &[World; 2], key: &str) {
    let world = &stage.world;
    let (old, want) = (world.pat(stage.ana, stage.acme).await, keyed(key));
    let new = world.try_rotate(&old, &want).await.unwrap();
    let (used, old, want) = (new.id, Arc::new(old), Arc::new(want));
    let outcomes = rivals(2, |number| {
        let (world, old, want) = (nodes[number].clone(), Arc::clone(&old), Arc::clone(&want));
        async move { use_or_repeat(number, &world, used, (&old, &want)).await }
    })
    .await;
    assert_eq!(count(&outcomes, |won| *won), 1);
    let mut tx = world.store.read_single().await.unwrap();
    let rotated = rotation_find(&mut tx, old.id).await.unwrap().unwrap();
    drop(tx);
    let is_used = rotated.first_used_at.is_some();
    assert_eq!(rotated.successor == used, is_used);
    assert_eq!(stage.denial(&new).await.is_none(), is_used);
}

/// What each of two rivals does: use the successor, or ask for another one. Says whether that was done.
async fn use_or_repeat(
    number: usize,
    world: &World,
    successor: PatId,
    (old, want): (&WorldPat, &WantedRotation),
) -> bool {
    match number {
        0 => world.settle(successor).await == FirstUse::Settled,
        _repeated => world.try_rotate(old, want).await.is_ok(),
    }
}
