//! Erasing a person: what stays of the rows, and who is recognised by what.

use keyfob_core::event::Actor;
use keyfob_core::id::{InvitationId, OrgId, UserId};
use keyfob_core::member::Roles;
use keyfob_core::name::{Email, Name};
use keyfob_store::import::facts::{UserKeys, known_erased, known_users};
use keyfob_store::invitation::{NewInvitation, Promise, invitation_insert};
use keyfob_store::password_reset::password_reset_put;
use keyfob_store::pat::{LastUse, pat_use_put};
use keyfob_store::user::erase::{
    UserErased, user_erase, user_erased_as, user_erased_at, user_next_memberships, user_solely_owns,
};
use keyfob_store::user::{NewUser, user_find, user_find_by_email, user_insert};
use keyfob_store::{StoreError, Tx};
use keyfob_testkit::world::World;

use super::super::{dump, written};
use super::world;

async fn erase(world: &World, user: UserId, mac: &[u8]) -> Option<UserErased> {
    let mut tx = world.store.write().await.unwrap();
    let macs = [mac.to_vec()];
    let erased = user_erase(&mut tx, user, &macs, &Actor::OPERATOR, world.now()).await;
    tx.commit().await.unwrap();
    erased.unwrap()
}

/// Writes what only invitations, links for another password and erasing write: an inviter's invitation
/// to a root, their link, and somebody new who is erased.
pub(super) async fn invite_and_erase(
    world: &World,
    tx: &mut Tx,
    inviter: UserId,
    root: OrgId,
) -> Result<(), StoreError> {
    let (actor, now) = (&world.actor, world.now());
    let (email, name) = (
        Email::parse("eve@x.org").unwrap(),
        Name::parse("Eve").unwrap(),
    );
    // Not of Eve: hers would go with her.
    let invited = Email::parse("fay@x.org").unwrap();
    let promise = Promise {
        organization: root,
        roles: Roles::new(["view-build"]).unwrap(),
    };
    let invitation = NewInvitation {
        id: InvitationId::new(now, world.id_random()),
        tree: root,
        email: &invited,
        inviter,
        hash: &[2; 32],
        expires_at: now,
        promises: &[promise],
    };
    invitation_insert(tx, &invitation, actor, now).await?;
    password_reset_put(tx, inviter, (&[3; 32], now), actor, now).await?;
    let eve = NewUser {
        id: UserId::new(now, world.id_random()),
        external_id: None,
        email: &email,
        full_name: &name,
        password_hash: None,
    };
    user_insert(tx, &eve, actor, now).await?;
    let erased = user_erase(tx, eve.id, &[vec![4; 32]], actor, now).await?;
    assert!(erased.is_some());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_row_stays_without_a_name_and_is_seen_by_imports_only() {
    let world = world().await;
    let user = world.user_with("ana@acme.example", Some("a hash")).await;
    let change = written(&world, None, erase(&world, user, b"mac")).await;
    let nothing = UserErased {
        sessions: 0,
        origins: 0,
    };
    assert_eq!(change.said, Some(nothing));
    assert_eq!(change.audit, ["user.erased"]);
    let mut tx = world.store.read().await.unwrap();
    assert_eq!(user_find(&mut tx, user).await.unwrap(), None);
    let email = Email::parse("ana@acme.example").unwrap();
    assert_eq!(user_find_by_email(&mut tx, &email).await.unwrap(), None);
    assert_eq!(
        user_erased_at(&mut tx, user).await.unwrap(),
        Some(world.now())
    );
    let known = known_users(&mut tx, UserKeys::Ids(&[user])).await.unwrap();
    assert_eq!(known.len(), 1);
    assert_eq!(
        (known[0].full_name.as_str(), &known[0].external_id),
        ("", &None)
    );
    assert!(known[0].suspended_at.is_some());
    for (mac, who) in [(&b"mac"[..], Some(user)), (b"mad", None)] {
        assert_eq!(user_erased_as(&mut tx, mac).await.unwrap(), who);
        let known = known_erased(&mut tx, &[mac.to_vec()]).await.unwrap();
        let known: Vec<UserId> = known.into_iter().map(|(_mac, id)| id).collect();
        assert_eq!(known, Vec::from_iter(who));
    }
    drop(tx);
    let again = written(&world, None, erase(&world, user, b"other")).await;
    assert_eq!((again.said, again.audit.len()), (None, 0));
    let twice = world.user("ana@acme.example").await;
    assert!(
        erase(&world, twice, b"mac").await.is_some(),
        "the same name"
    );
    let mut tx = world.store.read().await.unwrap();
    assert_eq!(user_erased_as(&mut tx, b"mac").await.unwrap(), Some(twice));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_use_of_an_erased_persons_token_is_not_noted_again() {
    let world = world().await;
    let acme = world.root("Acme").await;
    let [ana, bo] = [
        world.user("ana@x.example").await,
        world.user("bo@x.example").await,
    ];
    for user in [ana, bo] {
        world.member(user, acme, &[]).await;
    }
    let pats = [world.pat(ana, acme).await.id, world.pat(bo, acme).await.id];
    let last = || LastUse {
        at: world.now(),
        address: Some("198.51.100.4".to_owned()),
        client: None,
        organization: acme,
    };
    let uses = pats.map(|pat| (pat, last()));
    let note = async || {
        let mut tx = world.store.write().await.unwrap();
        pat_use_put(&mut tx, &uses).await.unwrap();
        tx.commit().await.unwrap();
        dump(&world.store).await["pat_use"].len()
    };
    assert_eq!(note().await, 2);
    world.remove(ana, acme).await;
    erase(&world, ana, b"mac").await;
    assert_eq!(dump(&world.store).await["pat_use"].len(), 1);
    assert_eq!(note().await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_organization_without_another_active_owner_above_is_named() {
    let world = world().await;
    let acme = world.root("Acme").await;
    let mobile = world.sub(acme, "Mobile").await;
    let gone = world.sub(acme, "Gone").await;
    let [ana, bo] = [
        world.user("ana@x.example").await,
        world.user("bo@x.example").await,
    ];
    world.member(ana, acme, &["owner"]).await;
    world.member(ana, mobile, &["owner"]).await;
    world.member(ana, gone, &["owner"]).await;
    world.member(bo, mobile, &["owner"]).await;
    world.delete_org(gone).await;
    let solely = async |user| {
        let mut tx = world.store.read_single().await.unwrap();
        let owned = user_solely_owns(&mut tx, user).await.unwrap();
        owned.into_iter().map(|org| org.name).collect::<Vec<_>>()
    };
    assert_eq!(solely(ana).await, ["Acme"]);
    assert_eq!(solely(bo).await, [""; 0], "Ana owns it from above");
    world.suspend_member(ana, acme).await;
    world.suspend_user(ana).await;
    assert_eq!(solely(bo).await, ["Mobile"]);
    let mut tx = world.store.read().await.unwrap();
    let next = user_next_memberships(&mut tx, ana, 2).await.unwrap();
    assert_eq!(next.len(), 2);
    let all = user_next_memberships(&mut tx, ana, 9).await.unwrap();
    assert!(all.len() >= 2 && all.iter().all(|at| (at.user, at.tree) == (ana, acme)));
}
