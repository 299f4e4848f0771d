//! Memberships: what each change of one takes away, and that it does so once.

use std::time::Duration;

use keyfob_core::event::FeedItem;
use keyfob_core::id::{OrgId, UserId};
use keyfob_core::member::{Membership, Roles};
use keyfob_core::pat::{RevokedBecause, Revoker};
use keyfob_store::member::{
    HeldRoles, member_along, member_find, member_held_roles, member_of_user,
};
use keyfob_store::probe::{self, Cell};
use keyfob_testkit::world::World;

use super::super::{changes_nothing, user_epoch, written};
use super::world;

fn membership(organization: OrgId, roles: &[&str]) -> Membership {
    Membership {
        organization,
        roles: Roles::new(roles.iter().copied()).unwrap(),
        suspended_at: None,
    }
}

async fn find(world: &World, user: UserId, organization: OrgId) -> Option<Membership> {
    let mut tx = world.store.read_single().await.unwrap();
    member_find(&mut tx, user, organization).await.unwrap()
}

async fn owner_since(world: &World) -> Option<i64> {
    let sql = probe::statement("SELECT COALESCE(owner_since, -1) FROM membership");
    let mut tx = world.store.read_single().await.unwrap();
    let since = probe::optional(&mut tx, sql, &[]).await.unwrap();
    since.filter(|since| *since >= 0)
}

/// A member of a root, with the member's epoch there at 1.
async fn ana_of_acme(world: &World) -> (UserId, OrgId) {
    let ana = world.user("ana@example.org").await;
    let acme = world.root("Acme").await;
    world.member(ana, acme, &["view-build"]).await;
    (ana, acme)
}

fn raised(user: UserId, tree: OrgId, epoch: i64) -> FeedItem {
    FeedItem::User { user, tree, epoch }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_membership_comes_back_as_it_was_made() {
    let world = world().await;
    let ana = world.user("ana@example.org").await;
    let acme = world.root("Acme").await;
    assert_eq!(find(&world, ana, acme).await, None);
    assert_eq!(user_epoch(&world, ana, acme).await, None);

    let joined = world.put_member(ana, acme, &["view-build", "owner"]);
    let joined = written(&world, Some(acme), joined).await;

    assert!(joined.said);
    assert_eq!(joined.feed, [], "what only gives raises nothing");
    assert_eq!(joined.audit, ["member.added owner view-build"]);
    let expected = membership(acme, &["owner", "view-build"]);
    assert_eq!(find(&world, ana, acme).await, Some(expected));
    assert_eq!(user_epoch(&world, ana, acme).await, Some(1));
    assert_eq!(owner_since(&world).await, Some(world.now().millis()));
    let again = world.put_member(ana, acme, &["view-store"]);
    assert!(!changes_nothing(&world, again).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn memberships_are_listed_along_a_path_from_the_root_down() {
    let world = world().await;
    let (ana, acme) = ana_of_acme(&world).await;
    let mobile = world.sub(acme, "Mobile").await;
    let ios = world.sub(mobile, "iOS").await;
    let web = world.sub(acme, "Web").await;
    world.member(ana, ios, &[]).await;
    world.member(ana, web, &["owner"]).await;
    world.suspend_member(ana, ios).await;
    let suspended = Membership {
        suspended_at: Some(world.now()),
        ..membership(ios, &[])
    };
    let mut tx = world.store.read().await.unwrap();
    let along = member_along(&mut tx, ana, ios).await.unwrap();
    assert_eq!(along, [membership(acme, &["view-build"]), suspended]);
    let all = member_of_user(&mut tx, ana).await.unwrap();
    let organizations: Vec<OrgId> = all.iter().map(|each| each.organization).collect();
    let mut expected = [acme, ios, web];
    expected.sort_unstable();
    assert_eq!(organizations, expected);
    let held = member_held_roles(&mut tx).await.unwrap();
    let role = |organization, name: &str, roles: &[&str]| HeldRoles {
        user: ana,
        email: "ana@example.org".to_owned(),
        organization,
        organization_name: name.to_owned(),
        roles: Roles::new(roles.iter().copied()).unwrap(),
    };
    let mut expected = [
        role(acme, "Acme", &["view-build"]),
        role(web, "Web", &["owner"]),
    ];
    expected.sort_by_key(|each| each.organization);
    assert_eq!(
        held, expected,
        "neither suspended ones nor ones without roles"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn leaving_revokes_the_tokens_held_there_and_no_others() {
    let world = world().await;
    let (ana, acme) = ana_of_acme(&world).await;
    let bo = world.user("bo@example.org").await;
    world.member(bo, acme, &[]).await;
    let mobile = world.sub(acme, "Mobile").await;
    world.member(ana, mobile, &[]).await;
    let first = world.pat(ana, acme).await;
    let second = world.pat(ana, acme).await;
    let ended = world.pat(ana, acme).await;
    world.revoke(&ended, Revoker::Operator).await;
    let others = [world.pat(ana, mobile).await, world.pat(bo, acme).await];

    let left = written(&world, Some(acme), world.remove(ana, acme)).await;

    assert!(left.said);
    let mut pats = vec![FeedItem::Pat(first.id), FeedItem::Pat(second.id)];
    let epoch = raised(ana, acme, 2);
    assert_eq!(left.feed.last(), Some(&epoch));
    pats.retain(|item| !left.feed.contains(item));
    assert_eq!((pats, left.feed.len()), (vec![], 3));
    let revoked = "pat.revoked membership_ended";
    assert_eq!(left.audit, ["member.removed", revoked, revoked]);
    let because = Some((world.now(), RevokedBecause::MembershipEnded));
    for pat in [&first, &second] {
        let found = world.find_pat(acme, pat.id).await.unwrap();
        assert_eq!(found.revoked, because);
    }
    for pat in others {
        let found = world.find_pat(pat.organization, pat.id).await.unwrap();
        assert_eq!(found.revoked, None);
    }
    assert_eq!(find(&world, ana, acme).await, None);
    assert!(find(&world, ana, mobile).await.is_some());
    assert!(!changes_nothing(&world, world.remove(ana, acme)).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn coming_back_continues_the_epoch_and_brings_no_token_back() {
    let world = world().await;
    let (ana, acme) = ana_of_acme(&world).await;
    let pat = world.pat(ana, acme).await;
    world.remove(ana, acme).await;
    assert_eq!(user_epoch(&world, ana, acme).await, Some(2));

    let back = world.put_member(ana, acme, &["owner"]);
    let back = written(&world, Some(acme), back).await;

    assert!(back.said);
    assert_eq!(back.feed, []);
    assert_eq!(back.audit, ["member.added owner"]);
    assert_eq!(user_epoch(&world, ana, acme).await, Some(2));
    let expected = membership(acme, &["owner"]);
    assert_eq!(find(&world, ana, acme).await, Some(expected));
    let found = world.find_pat(acme, pat.id).await.unwrap();
    assert!(found.revoked.is_some());
    world.remove(ana, acme).await;
    assert_eq!(user_epoch(&world, ana, acme).await, Some(3));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_who_left_suspended_comes_back_active() {
    let world = world().await;
    let (ana, acme) = ana_of_acme(&world).await;
    world.suspend_member(ana, acme).await;
    world.remove(ana, acme).await;
    world.member(ana, acme, &[]).await;
    assert_eq!(find(&world, ana, acme).await, Some(membership(acme, &[])));
}

#[tokio::test(flavor = "multi_thread")]
async fn suspending_a_membership_kills_access_tokens_and_keeps_the_pats() {
    let world = world().await;
    let (ana, acme) = ana_of_acme(&world).await;
    let pat = world.pat(ana, acme).await;

    let suspended = written(&world, Some(acme), world.suspend_member(ana, acme)).await;

    assert!(suspended.said);
    assert_eq!(suspended.feed, [raised(ana, acme, 2)]);
    assert_eq!(suspended.audit, ["member.suspended"]);
    let found = find(&world, ana, acme).await.unwrap();
    assert_eq!(found.suspended_at, Some(world.now()));
    let found = world.find_pat(acme, pat.id).await.unwrap();
    assert_eq!(found.revoked, None);
    assert!(!changes_nothing(&world, world.suspend_member(ana, acme)).await);

    let reactivated = written(&world, Some(acme), world.reactivate_member(ana, acme)).await;

    assert!(reactivated.said);
    assert_eq!(reactivated.feed, []);
    assert_eq!(reactivated.audit, ["member.reactivated"]);
    let expected = membership(acme, &["view-build"]);
    assert_eq!(find(&world, ana, acme).await, Some(expected));
    assert!(!changes_nothing(&world, world.reactivate_member(ana, acme)).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn other_roles_raise_the_epoch_and_the_same_roles_do_not() {
    let world = world().await;
    let (ana, acme) = ana_of_acme(&world).await;
    let same = world.set_roles(ana, acme, &["view-build"]);
    assert!(!changes_nothing(&world, same).await);

    let changed = world.set_roles(ana, acme, &["owner", "view-store"]);
    let changed = written(&world, Some(acme), changed).await;

    assert!(changed.said);
    assert_eq!(changed.feed, [raised(ana, acme, 2)]);
    assert_eq!(changed.audit, ["member.roles_changed owner view-store"]);
    let expected = membership(acme, &["owner", "view-store"]);
    assert_eq!(find(&world, ana, acme).await, Some(expected));
    assert_eq!(owner_since(&world).await, Some(world.now().millis()));
    let since = world.now().millis();
    world.clock.advance(Duration::from_secs(1));
    world.set_roles(ana, acme, &["owner"]).await;
    assert_eq!(owner_since(&world).await, Some(since), "an owner all along");
    world.set_roles(ana, acme, &[]).await;
    assert_eq!(find(&world, ana, acme).await, Some(membership(acme, &[])));
    assert_eq!(owner_since(&world).await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_no_member_has_nothing_to_lose() {
    let world = world().await;
    let (ana, acme) = ana_of_acme(&world).await;
    let bo = world.user("bo@example.org").await;
    world.remove(ana, acme).await;
    for user in [ana, bo] {
        assert!(!changes_nothing(&world, world.remove(user, acme)).await);
        assert!(!changes_nothing(&world, world.suspend_member(user, acme)).await);
        assert!(!changes_nothing(&world, world.reactivate_member(user, acme)).await);
        let roles = world.set_roles(user, acme, &["owner"]);
        assert!(!changes_nothing(&world, roles).await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_epoch_belongs_to_one_user_in_one_tree() {
    let world = world().await;
    let (ana, acme) = ana_of_acme(&world).await;
    let mobile = world.sub(acme, "Mobile").await;
    let globex = world.root("Globex").await;
    world.member(ana, globex, &[]).await;
    world.member(ana, mobile, &["owner"]).await;
    world.set_roles(ana, mobile, &[]).await;
    assert_eq!(user_epoch(&world, ana, acme).await, Some(2));
    assert_eq!(user_epoch(&world, ana, globex).await, Some(1));
    let of_a_sub = Cell::Uuid(Some(mobile.uuid()));
    let sql = probe::statement("SELECT epoch FROM user_epoch WHERE tree = $1");
    let mut tx = world.store.read_single().await.unwrap();
    let epoch = probe::optional(&mut tx, sql, &[of_a_sub]).await.unwrap();
    assert_eq!(epoch, None, "trees are known by their roots");
}
