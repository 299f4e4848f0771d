//! The audit log and the feed: chained, without people's data, gapless, all or nothing.

use std::collections::BTreeSet;
use std::time::Duration;

use keyfob_core::event::{Action, Actor, Fact, FeedItem, Via};
use keyfob_core::exchange::Denial;
use keyfob_core::id::{KeyId, OrgId, RequestId, UserId};
use keyfob_core::key::KeyTimes;
use keyfob_core::member::Roles;
use keyfob_core::name::{Email, Name};
use keyfob_core::pat::rotation::WantedRotation;
use keyfob_core::pat::{Revoker, WantedPat, may_generate, may_revoke};
use keyfob_core::policy::Policy;
use keyfob_core::time::Timestamp;
use keyfob_store::event::{AuditOrigin, audit_append, audit_newest, audit_origins, feed_after};
use keyfob_store::instance::{NewCatalogue, catalogue_apply};
use keyfob_store::key::{KeyRecord, key_insert};
use keyfob_store::member::{MemberAt, member_put, member_remove, member_set_roles, member_suspend};
use keyfob_store::org::{NewOrg, org_delete, org_insert, org_lineage};
use keyfob_store::pat::{LastUse, NewPat, pat_insert, pat_revoke, pat_use_put};
use keyfob_store::probe::Cell;
use keyfob_store::refusal::{NewRefusals, Refusal, refusal_put};
use keyfob_store::session::{NewSession, session_insert};
use keyfob_store::setup_link::setup_link_insert;
use keyfob_store::user::{NewUser, user_insert, user_set_password, user_suspend};
use keyfob_store::{StoreError, Tx};
use keyfob_testkit::chain::first_bad;
use keyfob_testkit::schema::{dump, dump_texts};
use keyfob_testkit::world::{World, WorldPat};
use uuid::Uuid;

use super::super::{by_hand, changes_nothing, feed};
use super::world;

/// Somebody with everything that identifies a person and must not get into the chain.
fn person(user: UserId, request: u128) -> Actor {
    Actor {
        via: Via::Session,
        person: Some(user),
        request: Some(RequestId::from_uuid(Uuid::from_u128(request))),
        address: Some("198.51.100.77".parse().unwrap()),
        client: Some("Zyxwv/1.0".to_owned()),
    }
}

/// Two trees in which nearly everything has happened to Quendolin, done by Quendolin.
async fn eventful() -> (World, UserId, [OrgId; 2]) {
    let operator = world().await;
    let user = operator.user("quendolin@zyxwv.example").await;
    let world = operator.acting_as(person(user, 5));
    let trees = [world.root("Zyxwv Acme").await, world.root("Globex").await];
    for tree in trees {
        world.member(user, tree, &["owner"]).await;
        let sub = world.sub(tree, "Zyxwv Mobile").await;
        let side = world.sub(tree, "Web").await;
        world.member(user, sub, &["view-build"]).await;
        world.pat(user, sub).await;
        let pat = world.pat(user, tree).await;
        world.revoke(&pat, Revoker::Operator).await;
        world.set_roles(user, sub, &["owner"]).await;
        world.suspend_member(user, sub).await;
        world.reactivate_member(user, sub).await;
        world.move_org(side, sub).await.unwrap();
        world.remove(user, sub).await;
        world.delete_org(sub).await;
    }
    world.suspend_user(user).await;
    world.reactivate_user(user).await;
    (world, user, trees)
}

#[tokio::test(flavor = "multi_thread")]
async fn each_tree_and_the_instance_has_a_chain_that_verifies() {
    let (world, user, trees) = eventful().await;
    for tree in [None, Some(trees[0]), Some(trees[1])] {
        let chain = world.audit(tree).await;
        assert!(chain.len() >= 3, "{} records", chain.len());
        assert_eq!(first_bad(tree, &chain), None);
    }
    let chain = world.audit(Some(trees[0])).await;
    let actions: BTreeSet<&str> = chain.iter().map(|record| record.action.as_str()).collect();
    assert_eq!(actions.len(), 10, "{actions:?}");
    for record in &chain {
        assert_eq!((record.actor, record.via.as_str()), (Some(user), "session"));
        let request = RequestId::from_uuid(Uuid::from_u128(5));
        assert_eq!((record.request, record.at), (Some(request), world.now()));
        assert!(record.organization.is_some() && record.subject.is_some());
    }
}

async fn newest(world: &World) -> Option<Timestamp> {
    let mut tx = world.store.read_single().await.unwrap();
    audit_newest(&mut tx).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_newest_record_is_found_in_whichever_chain_it_is() {
    let world = world().await;
    assert_eq!(newest(&world).await, None);
    let first = world.root("Acme").await;
    assert_eq!(newest(&world).await, Some(world.now()));
    for tree in [world.root("Globex").await, first] {
        world.clock.advance(Duration::from_secs(7));
        assert!(newest(&world).await < Some(world.now()));
        world.sub(tree, "Mobile").await;
        assert_eq!(newest(&world).await, Some(world.now()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chain_that_was_tampered_with_does_not_verify() {
    let (world, _user, [acme, _globex]) = eventful().await;
    let tree = Cell::Uuid(Some(acme.uuid()));
    let sql = "UPDATE audit_record SET detail = 'x' WHERE tree = $1 AND seq = 3";
    by_hand(&world, sql, std::slice::from_ref(&tree)).await;
    assert_eq!(
        first_bad(Some(acme), &world.audit(Some(acme)).await),
        Some(3)
    );
    let sql = "DELETE FROM audit_record WHERE tree = $1 AND seq = 2";
    by_hand(&world, sql, &[tree]).await;
    assert_eq!(
        first_bad(Some(acme), &world.audit(Some(acme)).await),
        Some(2)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn where_from_lies_apart_and_can_be_erased_while_the_chain_verifies() {
    let (world, user, [acme, _globex]) = eventful().await;
    let origins = async || {
        let mut tx = world.store.read_single().await.unwrap();
        audit_origins(&mut tx, Some(acme)).await.unwrap()
    };
    let first = AuditOrigin {
        seq: 1,
        person: user,
        address: Some("198.51.100.77".to_owned()),
        client: Some("Zyxwv/1.0".to_owned()),
    };
    let kept = origins().await;
    assert_eq!(kept.first(), Some(&first));
    assert_eq!(kept.len(), world.audit(Some(acme)).await.len());
    by_hand(&world, "DELETE FROM audit_origin", &[]).await;
    assert_eq!(origins().await, []);
    assert_eq!(first_bad(Some(acme), &world.audit(Some(acme)).await), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_operator_leaves_no_origin() {
    let world = world().await;
    let acme = world.root("Acme").await;
    let mut tx = world.store.read_single().await.unwrap();
    assert_eq!(audit_origins(&mut tx, Some(acme)).await.unwrap(), []);
    assert_eq!(world.audit(Some(acme)).await[0].actor, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_text_of_an_audit_record_names_a_person_an_address_or_an_organization() {
    let (world, ..) = eventful().await;
    let records = dump_texts(&world.store, "audit_record").await;
    assert!(records.iter().any(|row| row.contains("member.added")));
    for row in &records {
        let row = row.to_lowercase();
        for telltale in ["quendolin", "zyxwv", "198.51.100", "globex", "@", "kfpat"] {
            assert!(!row.contains(telltale), "{telltale} in {row}");
        }
    }
    let origins = dump_texts(&world.store, "audit_origin").await;
    let is_there = origins.iter().any(|row| row.contains("198.51.100.77"));
    assert!(is_there, "the search would find an address: {origins:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_of_feed_item_comes_back_after_its_number() {
    let world = world().await;
    let ana = world.user("ana@example.org").await;
    let acme = world.root("Acme").await;
    let mobile = world.sub(acme, "Mobile").await;
    world.member(ana, acme, &[]).await;
    let pat = world.pat(ana, acme).await;
    assert_eq!(world.feed_after(0).await, []);
    world.revoke(&pat, Revoker::Operator).await;
    world.suspend_member(ana, acme).await;
    world.delete_org(mobile).await;
    let new = NewCatalogue {
        version: 2,
        body: "",
    };
    let mut tx = world.store.write().await.unwrap();
    let applied = catalogue_apply(&mut tx, &new, &world.actor, world.now()).await;
    applied.unwrap();
    tx.commit().await.unwrap();
    let key = KeyId::from_uuid(Uuid::from_u128(9));
    let sql = "INSERT INTO feed_item (seq, at, kind, key_id) VALUES (5, 0, 'key', $1)";
    by_hand(&world, sql, &[Cell::Uuid(Some(key.uuid()))]).await;
    let (user, tree) = (ana, acme);
    let epoch = 2;
    let items = [
        FeedItem::Pat(pat.id),
        FeedItem::User { user, tree, epoch },
        FeedItem::Tree { tree, epoch },
        FeedItem::Instance { epoch },
        FeedItem::Key(key),
    ];
    let numbered: Vec<(i64, FeedItem)> = (1..).zip(items).collect();
    assert_eq!(world.feed_after(0).await, numbered);
    assert_eq!(world.feed_after(3).await, numbered[3..]);
    assert_eq!(world.feed_after(5).await, []);
    let mut tx = world.store.read_single().await.unwrap();
    let two = feed_after(&mut tx, 1, 2).await.unwrap();
    assert_eq!(two, numbered[1..3], "no more than was asked for");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_kind_of_feed_item_is_not_skipped() {
    let world = world().await;
    let sql = "INSERT INTO feed_item (seq, at, kind) VALUES (1, 0, 'from-the-future')";
    by_hand(&world, sql, &[]).await;
    let mut tx = world.store.read_single().await.unwrap();
    let read = feed_after(&mut tx, 0, 10).await;
    assert!(matches!(read, Err(StoreError::Corrupt { .. })), "{read:?}");
}

/// Everything that can be changed, changed in one transaction.
async fn change_everything(world: &World, stage: &Stage, tx: &mut Tx) -> Result<(), StoreError> {
    let (actor, now) = (&world.actor, world.now());
    let at = |user, organization| MemberAt {
        user,
        organization,
        tree: stage.acme,
    };
    let roles = Roles::new(["owner"]).unwrap();
    let (email, name) = (
        Email::parse("new@x.org").unwrap(),
        Name::parse("New").unwrap(),
    );
    let new = NewUser {
        id: UserId::new(now, world.id_random()),
        external_id: None,
        email: &email,
        full_name: &name,
        password_hash: None,
    };
    user_insert(tx, &new, actor, now).await?;
    assert!(member_put(tx, at(new.id, stage.acme), &roles, actor, now).await?);
    let root = NewOrg {
        id: OrgId::new(now, world.id_random()),
        external_id: None,
        name: &name,
    };
    org_insert(tx, &root, None, actor, now).await?;
    super::erase::invite_and_erase(world, tx, new.id, root.id).await?;
    generate(world, stage, tx).await?;
    let want = WantedRotation::default();
    world.rotate_in(tx, &stage.pat, &want).await.unwrap();
    let permit = may_revoke(Revoker::Operator, stage.pat.id, stage.pat.user).unwrap();
    pat_revoke(tx, &permit, actor, now).await?;
    note_uses(world, stage, tx).await?;
    let session = NewSession {
        id: keyfob_core::id::SessionId::new(now, world.id_random()),
        hash: &[1; 32],
        user: stage.ana,
        expires_at: now,
    };
    session_insert(tx, &session, actor, now).await?;
    assert!(user_set_password(tx, stage.ana, "$new", actor, now).await?);
    assert!(member_set_roles(tx, at(stage.ana, stage.acme), &roles, actor, now).await?);
    assert!(member_suspend(tx, at(stage.ana, stage.acme), actor, now).await?);
    assert!(member_remove(tx, at(stage.ana, stage.acme), actor, now).await?);
    assert!(user_suspend(tx, stage.ana, actor, now).await?);
    let lineage = org_lineage(tx, stage.acme).await?.unwrap();
    org_delete(tx, &lineage, actor, now).await?;
    change_the_instance(world, tx).await
}

async fn note_uses(world: &World, stage: &Stage, tx: &mut Tx) -> Result<(), StoreError> {
    let last = LastUse {
        at: world.now(),
        address: None,
        client: None,
        organization: stage.acme,
    };
    pat_use_put(tx, &[(stage.pat.id, last)]).await?;
    let refusal = Refusal {
        request: RequestId::new(world.now(), world.id_random()),
        at: world.now(),
        address: None,
        client: None,
        organization: stage.acme,
    };
    let refusals = NewRefusals {
        pat: stage.pat.id,
        reason: Denial::Target,
        times: 1,
        latest: vec![refusal],
    };
    refusal_put(tx, &[refusals]).await
}

async fn generate(world: &World, stage: &Stage, tx: &mut Tx) -> Result<(), StoreError> {
    let want = WantedPat::default();
    let facts = world
        .generate_facts(tx, stage.ana, stage.acme, &want)
        .await?;
    let permit = may_generate(&facts, want, &Policy::default(), world.now()).unwrap();
    let (mac, name) = (world.mac(&world.secret()), Name::parse("ci").unwrap());
    let new = NewPat {
        id: keyfob_core::id::PatId::new(world.now(), world.id_random()),
        name: &name,
        mac: &mac,
        pepper: world.pepper_id,
        hint: "",
    };
    pat_insert(tx, &permit, &new, &world.actor, world.now()).await
}

async fn change_the_instance(world: &World, tx: &mut Tx) -> Result<(), StoreError> {
    let (actor, now) = (&world.actor, world.now());
    let key = KeyRecord {
        id: world.pepper_id,
        purpose: "pepper".to_owned(),
        algorithm: "HMAC-SHA-256".to_owned(),
        sealed: vec![],
        public_key: None,
        created_at: now,
        times: KeyTimes::at_once(now),
    };
    key_insert(tx, &key, actor, now).await?;
    setup_link_insert(tx, &[7; 32], now.plus(Duration::from_mins(15)), now).await?;
    let new = NewCatalogue {
        version: 2,
        body: "",
    };
    catalogue_apply(tx, &new, actor, now).await?;
    let fact = Fact {
        tree: None,
        action: Action::IssuerSet,
        organization: None,
        subject: None,
        detail: String::new(),
    };
    audit_append(tx, actor, fact, now).await
}

struct Stage {
    ana: UserId,
    acme: OrgId,
    pat: WorldPat,
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_dropped_transaction_nothing_is_kept_and_of_a_committed_one_everything() {
    let operator = world().await;
    let ana = operator.user("ana@example.org").await;
    let world = operator.acting_as(person(ana, 6));
    let acme = world.root("Acme").await;
    world.member(ana, acme, &["view-build"]).await;
    let pat = world.pat(ana, acme).await;
    let stage = Stage { ana, acme, pat };
    let dropped = async {
        let mut tx = world.store.write().await.unwrap();
        change_everything(&world, &stage, &mut tx).await.unwrap();
    };
    changes_nothing(&world, dropped).await;
    let before = dump(&world.store).await;
    let mut tx = world.store.write().await.unwrap();
    change_everything(&world, &stage, &mut tx).await.unwrap();
    tx.commit().await.unwrap();
    let after = dump(&world.store).await;
    let untouched: Vec<&String> = before
        .keys()
        .filter(|table| before[*table] == after[*table])
        .collect();
    let expected = ["import_run", "schema_migration", "writer"];
    let expected = expected.iter().filter(|table| before.contains_key(**table));
    assert_eq!(untouched, expected.collect::<Vec<_>>());
    assert_eq!(feed(&world).await.len(), 9, "{:?}", feed(&world).await);
}
