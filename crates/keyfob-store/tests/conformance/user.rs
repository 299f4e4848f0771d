//! People: what is kept of them, what is unique, what suspending them does.

use keyfob_core::event::{Actor, FeedItem};
use keyfob_core::id::{SessionId, UserId};
use keyfob_core::name::{Email, Name};
use keyfob_core::time::Timestamp;
use keyfob_store::probe::Cell;
use keyfob_store::session::{NewSession, session_insert, session_list};
use keyfob_store::user::{
    NewUser, User, user_find, user_find_by_email, user_find_by_external, user_insert,
    user_set_password,
};
use keyfob_store::{Constraint, StoreError};
use keyfob_testkit::world::World;

use super::super::{by_hand, changes_nothing, conflict, user_epoch, written};
use super::world;

fn email(text: &str) -> Email {
    Email::parse(text).unwrap()
}

async fn insert(
    world: &World,
    id: UserId,
    address: &str,
    external_id: Option<&str>,
) -> Result<(), StoreError> {
    let (email, full_name) = (email(address), Name::parse("Ana Ünal").unwrap());
    let new = NewUser {
        id,
        external_id,
        email: &email,
        full_name: &full_name,
        password_hash: Some("$argon2id$made-up"),
    };
    let mut tx = world.store.write().await?;
    user_insert(&mut tx, &new, &world.actor, world.now()).await?;
    tx.commit().await
}

fn id(world: &World) -> UserId {
    UserId::new(world.now(), world.id_random())
}

async fn find(world: &World, id: UserId) -> Option<User> {
    let mut tx = world.store.read_single().await.unwrap();
    user_find(&mut tx, id).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_comes_back_as_it_was_made_by_each_of_its_keys() {
    let world = world().await;
    let ana = id(&world);
    insert(&world, ana, "Ana@Example.org", Some("hr-17"))
        .await
        .unwrap();
    let (verified, suspended) = (Timestamp::from_millis(11), Timestamp::from_millis(12));
    by_hand(
        &world,
        "UPDATE users SET email_verified_at = $1, suspended_at = $2",
        &[
            Cell::from(verified.millis()),
            Cell::from(suspended.millis()),
        ],
    )
    .await;
    let expected = Some(User {
        id: ana,
        external_id: Some("hr-17".to_owned()),
        email: "Ana@example.org".to_owned(),
        email_verified_at: Some(verified),
        full_name: "Ana Ünal".to_owned(),
        password_hash: Some("$argon2id$made-up".to_owned()),
        created_at: world.now(),
        suspended_at: Some(suspended),
        password_set_at: Some(world.now()),
    });
    let mut tx = world.store.read().await.unwrap();
    assert_eq!(user_find(&mut tx, ana).await.unwrap(), expected);
    let by_email = user_find_by_email(&mut tx, &email("aNA@EXAMPLE.ORG")).await;
    assert_eq!(by_email.unwrap(), expected);
    let by_external = user_find_by_external(&mut tx, "hr-17").await;
    assert_eq!(by_external.unwrap(), expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_account_was_made_without_is_absent_and_so_is_an_unknown_account() {
    let world = world().await;
    let bo = world.user("bo@example.org").await;
    world.user("cy@example.org").await;
    let found = find(&world, bo).await.unwrap();
    assert_eq!(
        (found.external_id, found.password_hash),
        (None, None),
        "two accounts without an external id do not collide"
    );
    assert_eq!((found.email_verified_at, found.suspended_at), (None, None));
    assert_eq!(find(&world, id(&world)).await, None);
    let mut tx = world.store.read().await.unwrap();
    let by_email = user_find_by_email(&mut tx, &email("nobody@example.org")).await;
    assert_eq!(by_email.unwrap(), None);
    let by_external = user_find_by_external(&mut tx, "hr-17").await;
    assert_eq!(by_external.unwrap(), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn addresses_external_ids_and_ids_are_unique() {
    let world = world().await;
    let ana = id(&world);
    insert(&world, ana, "ana@example.org", Some("hr-17"))
        .await
        .unwrap();
    let same_address = insert(&world, id(&world), "ANA@example.org", None).await;
    assert_eq!(conflict(same_address), Constraint::UserEmail);
    let same_external = insert(&world, id(&world), "bo@example.org", Some("hr-17")).await;
    assert_eq!(conflict(same_external), Constraint::UserExternalId);
    let same_id = insert(&world, ana, "cy@example.org", None).await;
    assert_eq!(conflict(same_id), Constraint::UserId);
    let other_case = insert(&world, id(&world), "dee@example.org", Some("HR-17")).await;
    other_case.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn suspending_ends_the_sessions_and_raises_the_epoch_in_every_tree_ever_joined() {
    let world = world().await;
    let (ana, bo) = (
        world.user("ana@example.org").await,
        world.user("bo@example.org").await,
    );
    let (acme, globex) = (world.root("Acme").await, world.root("Globex").await);
    for tree in [acme, globex] {
        world.member(ana, tree, &[]).await;
        world.member(bo, tree, &[]).await;
    }
    world.remove(ana, globex).await;
    let (his, hers) = (session(&world, bo, 1).await, session(&world, ana, 2).await);

    let suspended = written(&world, None, world.suspend_user(ana)).await;

    assert!(suspended.said);
    let raised = |tree, epoch| FeedItem::User {
        user: ana,
        tree,
        epoch,
    };
    let mut feed = suspended.feed;
    feed.sort_by_key(|item| *item != raised(acme, 2));
    assert_eq!(feed, [raised(acme, 2), raised(globex, 3)]);
    assert_eq!(suspended.audit, ["user.suspended"]);
    assert_eq!(user_epoch(&world, ana, acme).await, Some(2));
    assert_eq!(user_epoch(&world, ana, globex).await, Some(3));
    assert_eq!(user_epoch(&world, bo, acme).await, Some(1));
    assert_eq!(sessions(&world, bo).await, [his]);
    assert_eq!(sessions(&world, ana).await, [], "{hers:?} has ended");
    assert_eq!(
        find(&world, ana).await.unwrap().suspended_at,
        Some(world.now())
    );
    assert!(!changes_nothing(&world, world.suspend_user(ana)).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn reactivating_gives_back_and_kills_nothing() {
    let world = world().await;
    let ana = world.user("ana@example.org").await;
    let acme = world.root("Acme").await;
    world.member(ana, acme, &[]).await;
    assert!(!changes_nothing(&world, world.reactivate_user(ana)).await);
    world.suspend_user(ana).await;

    let reactivated = written(&world, None, world.reactivate_user(ana)).await;

    assert!(reactivated.said);
    assert_eq!(reactivated.feed, []);
    assert_eq!(reactivated.audit, ["user.reactivated"]);
    assert_eq!(find(&world, ana).await.unwrap().suspended_at, None);
    assert_eq!(user_epoch(&world, ana, acme).await, Some(2));
    assert!(!changes_nothing(&world, world.reactivate_user(ana)).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_password_ends_every_session_of_its_user() {
    let world = world().await;
    let (ana, bo) = (
        world.user("ana@example.org").await,
        world.user("bo@example.org").await,
    );
    session(&world, ana, 1).await;
    let his = session(&world, bo, 2).await;

    let set = written(&world, None, set_password(&world, ana)).await;

    assert!(set.said);
    assert_eq!(set.audit, ["user.password_set"]);
    assert_eq!(sessions(&world, ana).await, []);
    assert_eq!(sessions(&world, bo).await, [his]);
    let found = find(&world, ana).await.unwrap();
    assert_eq!(found.password_hash.as_deref(), Some("$argon2id$new"));
    assert_eq!(found.password_set_at, Some(world.now()));
    let nobody = set_password(&world, id(&world));
    assert!(!changes_nothing(&world, nobody).await);
}

async fn set_password(world: &World, user: UserId) -> bool {
    let mut tx = world.store.write().await.unwrap();
    let changed = user_set_password(&mut tx, user, "$argon2id$new", &world.actor, world.now())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    changed
}

async fn session(world: &World, user: UserId, hash: u8) -> SessionId {
    let id = SessionId::new(world.now(), world.id_random());
    let new = NewSession {
        id,
        hash: &[hash; 32],
        user,
        expires_at: world.now(),
    };
    let mut tx = world.store.write().await.unwrap();
    session_insert(&mut tx, &new, &Actor::OPERATOR, world.now())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    id
}

async fn sessions(world: &World, user: UserId) -> Vec<SessionId> {
    let mut tx = world.store.read_single().await.unwrap();
    let sessions = session_list(&mut tx, user).await.unwrap();
    sessions.into_iter().map(|session| session.id).collect()
}
