//! Sessions: found by the cookie's hash while they last, ended one by one or together.

use std::time::Duration;

use keyfob_core::event::{Actor, Via};
use keyfob_core::id::{SessionId, UserId};
use keyfob_core::time::Timestamp;
use keyfob_store::session::{
    NewSession, Session, session_end, session_end_others, session_find, session_insert,
    session_list, session_seen,
};
use keyfob_store::{Constraint, StoreError};
use keyfob_testkit::world::World;

use super::super::{changes_nothing, conflict, written};
use super::world;

const HASH: [u8; 32] = [1; 32];
const OTHER_HASH: [u8; 32] = [2; 32];

async fn begin(world: &World, user: UserId, hash: &[u8]) -> Result<SessionId, StoreError> {
    let id = SessionId::new(world.now(), world.id_random());
    let new = NewSession {
        id,
        hash,
        user,
        expires_at: world.now().plus(Duration::from_hours(12)),
    };
    let mut tx = world.store.write().await?;
    session_insert(&mut tx, &new, &world.actor, world.now()).await?;
    tx.commit().await?;
    Ok(id)
}

async fn find(world: &World, hash: &[u8]) -> Option<Session> {
    let mut tx = world.store.read_single().await.unwrap();
    session_find(&mut tx, hash).await.unwrap()
}

async fn end(world: &World, id: SessionId, user: UserId) -> bool {
    let mut tx = world.store.write().await.unwrap();
    let ended = session_end(&mut tx, id, user, &world.actor, world.now()).await;
    tx.commit().await.unwrap();
    ended.unwrap()
}

async fn see(world: &World, id: SessionId, at: Timestamp) {
    let mut tx = world.store.write().await.unwrap();
    session_seen(&mut tx, &[(id, at)]).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_comes_back_as_it_began() {
    let operator = world().await;
    let ana = operator.user("ana@example.org").await;
    let world = operator.acting_as(Actor {
        via: Via::Session,
        person: Some(ana),
        request: None,
        address: Some("2001:db8::7".parse().unwrap()),
        client: Some("Firefox".to_owned()),
    });
    let began = written(&world, None, begin(&world, ana, &HASH)).await;
    assert_eq!(began.audit, ["session.started"]);
    let session = Session {
        id: began.said.unwrap(),
        user: ana,
        created_at: world.now(),
        authenticated_at: world.now(),
        seen_at: world.now(),
        expires_at: world.now().plus(Duration::from_hours(12)),
        address: Some("2001:db8::7".to_owned()),
        client: Some("Firefox".to_owned()),
    };
    assert_eq!(find(&world, &HASH).await, Some(session.clone()));
    assert_eq!(find(&world, &OTHER_HASH).await, None);
    let plain = begin(&operator, ana, &OTHER_HASH).await.unwrap();
    let found = find(&operator, &OTHER_HASH).await.unwrap();
    assert_eq!((found.id, found.address, found.client), (plain, None, None));
    let mut tx = world.store.read_single().await.unwrap();
    let listed = session_list(&mut tx, ana).await.unwrap();
    assert_eq!(listed.first(), Some(&session), "the oldest first");
    assert_eq!(listed.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_sessions_cannot_have_one_cookie() {
    let world = world().await;
    let ana = world.user("ana@example.org").await;
    begin(&world, ana, &HASH).await.unwrap();
    let again = begin(&world, ana, &HASH).await;
    assert_eq!(conflict(again), Constraint::SessionHash);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_its_own_user_ends_a_session_and_only_once() {
    let world = world().await;
    let (ana, bo) = (
        world.user("ana@example.org").await,
        world.user("bo@example.org").await,
    );
    let session = begin(&world, ana, &HASH).await.unwrap();
    assert!(!changes_nothing(&world, end(&world, session, bo)).await);
    let ended = written(&world, None, end(&world, session, ana)).await;
    assert!(ended.said);
    assert_eq!(ended.audit, ["session.ended"]);
    assert_eq!(find(&world, &HASH).await, None);
    assert!(!changes_nothing(&world, end(&world, session, ana)).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn ending_the_others_leaves_this_session_and_those_of_other_people() {
    let world = world().await;
    let (ana, bo) = (
        world.user("ana@example.org").await,
        world.user("bo@example.org").await,
    );
    let this = begin(&world, ana, &HASH).await.unwrap();
    for hash in 2..5 {
        begin(&world, ana, &[hash; 32]).await.unwrap();
    }
    begin(&world, bo, &[9; 32]).await.unwrap();
    let end_others = async || {
        let mut tx = world.store.write().await.unwrap();
        let ended = session_end_others(&mut tx, ana, this, &world.actor, world.now()).await;
        tx.commit().await.unwrap();
        ended.unwrap()
    };
    let ended = written(&world, None, end_others()).await;
    assert_eq!(
        (ended.said, ended.audit),
        (3, vec!["session.ended others 3".to_owned()])
    );
    assert!(find(&world, &HASH).await.is_some());
    assert!(find(&world, &[9; 32]).await.is_some());
    assert_eq!(find(&world, &[2; 32]).await, None);
    assert_eq!(changes_nothing(&world, end_others()).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_of_a_suspended_user_is_not_found_whoever_began_it_when() {
    let world = world().await;
    let ana = world.user("ana@example.org").await;
    world.suspend_user(ana).await;
    begin(&world, ana, &HASH).await.unwrap();
    assert_eq!(find(&world, &HASH).await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn last_use_only_moves_forward() {
    let world = world().await;
    let ana = world.user("ana@example.org").await;
    let session = begin(&world, ana, &HASH).await.unwrap();
    let later = world.now().plus(Duration::from_secs(5));
    see(&world, session, later).await;
    see(&world, session, world.now()).await;
    assert_eq!(find(&world, &HASH).await.unwrap().seen_at, later);
}
