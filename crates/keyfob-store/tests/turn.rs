//! What has the writer's turn waits for nothing else: shown for every function that changes something,
//! and shown to be noticed.
#![expect(
    clippy::expect_used,
    clippy::tests_outside_test_module,
    reason = "a test binary: it may panic, and has no test module"
)]

use keyfob_core::event::Actor;
use keyfob_core::id::OrgId;
use keyfob_core::member::Roles;
use keyfob_core::org::may_move;
use keyfob_core::pat::{Revoker, may_revoke};
use keyfob_core::time::Timestamp;
use keyfob_store::Tx;
use keyfob_store::member::{member_reactivate, member_remove, member_set_roles, member_suspend};
use keyfob_store::org::{org_delete, org_lineage, org_move};
use keyfob_store::pat::pat_revoke;
use keyfob_store::user::{user_reactivate, user_suspend};
use keyfob_testkit::backend::Backend;
use keyfob_testkit::turn::never_waits_with_the_turn;
use keyfob_testkit::world::World;
use tokio::task::yield_now;

#[tokio::test(flavor = "multi_thread")]
async fn no_change_waits_for_anything_else_while_it_has_the_turn() {
    let backend = Backend::sqlite().await;
    let world = World::new(backend.store().clone());
    never_waits_with_the_turn(backend.store(), change_everything(&world)).await;
}

#[tokio::test(flavor = "multi_thread")]
#[should_panic(expected = "something else is awaited while a writing transaction is open")]
async fn a_task_that_is_suspended_with_the_turn_is_noticed() {
    let backend = Backend::sqlite().await;
    never_waits_with_the_turn(backend.store(), async {
        let tx = backend.store().write().await.expect("a transaction");
        yield_now().await;
        tx.commit().await.expect("a commit");
    })
    .await;
}

async fn change_everything(world: &World) {
    world.found("any text").await;
    let root = world.root("Acme").await;
    let (one, two) = (world.sub(root, "One").await, world.sub(root, "Two").await);
    let (ana, bo) = (
        world.user("ana@acme.example").await,
        world.user("bo@acme.example").await,
    );
    world.member(ana, root, &["owner"]).await;
    world.member(bo, one, &["view-build"]).await;
    let pat = world.pat(ana, root).await;
    world.pat(bo, one).await;
    let at = world.at(bo, one).await;

    let mut tx = world.store.write().await.expect("a transaction");
    let (actor, now) = (&Actor::OPERATOR, world.now());
    let permit = may_revoke(Revoker::Operator, pat.id, ana).expect("a permit");
    pat_revoke(&mut tx, &permit, actor, now)
        .await
        .expect("revoked");
    let roles = Roles::new(["owner"]).expect("roles");
    assert!(
        member_set_roles(&mut tx, at, &roles, actor, now)
            .await
            .expect("roles")
    );
    assert!(
        member_suspend(&mut tx, at, actor, now)
            .await
            .expect("suspended")
    );
    assert!(
        member_reactivate(&mut tx, at, actor, now)
            .await
            .expect("reactivated")
    );
    assert!(
        user_suspend(&mut tx, bo, actor, now)
            .await
            .expect("suspended")
    );
    assert!(
        user_reactivate(&mut tx, bo, actor, now)
            .await
            .expect("reactivated")
    );
    change_the_tree(&mut tx, (one, two), actor, now).await;
    assert!(
        member_remove(&mut tx, at, actor, now)
            .await
            .expect("removed")
    );
    tx.commit().await.expect("a commit");
}

/// Moves the first below the second and back, then deletes the second.
async fn change_the_tree(tx: &mut Tx, (one, two): (OrgId, OrgId), actor: &Actor, now: Timestamp) {
    let from = org_lineage(tx, one).await.expect("a path").expect("there");
    let parent = org_lineage(tx, two).await.expect("a path").expect("there");
    let root = org_lineage(tx, from.root())
        .await
        .expect("a path")
        .expect("there");
    org_move(tx, may_move(from, parent, 1).expect("a permit"), actor, now)
        .await
        .expect("moved");
    let from = org_lineage(tx, one).await.expect("a path").expect("there");
    org_move(tx, may_move(from, root, 1).expect("a permit"), actor, now)
        .await
        .expect("moved back");
    let lineage = org_lineage(tx, two).await.expect("a path").expect("there");
    org_delete(tx, &lineage, actor, now).await.expect("deleted");
}
