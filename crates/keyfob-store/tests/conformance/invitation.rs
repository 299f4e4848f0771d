//! Invitations and links for another password: found while they last, gone with what ends them.

use std::time::Duration;

use keyfob_core::event::Actor;
use keyfob_core::id::{InvitationId, OrgId, UserId};
use keyfob_core::invitation::LIFE;
use keyfob_core::member::Roles;
use keyfob_core::name::Email;
use keyfob_core::time::Timestamp;
use keyfob_store::invitation::{
    Invitation, NewInvitation, Promise, invitation_accept, invitation_by_hash,
    invitation_count_waiting, invitation_insert, invitation_mailed, invitation_of_organization,
    invitation_renew, invitation_to, invitation_withdraw,
};
use keyfob_store::org::{org_delete, org_lineage};
use keyfob_store::password_reset::{
    password_reset_delete, password_reset_find, password_reset_put,
};
use keyfob_store::user::{user_find, user_hand_over, user_prove_address};
use keyfob_testkit::world::World;

use super::world;

const HASH: [u8; 32] = [1; 32];
const OTHER_HASH: [u8; 32] = [2; 32];
const DAY: Duration = Duration::from_hours(24);

fn address(text: &str) -> Email {
    Email::parse(text).unwrap()
}

fn promise(organization: OrgId, roles: &[&str]) -> Promise {
    Promise {
        organization,
        roles: Roles::new(roles.iter().copied()).unwrap(),
    }
}

/// A tree with somebody who invites.
struct Scene {
    world: World,
    root: OrgId,
    sub: OrgId,
    inviter: UserId,
}

impl Scene {
    async fn new() -> Self {
        let world = world().await;
        let root = world.root("Acme").await;
        let sub = world.sub(root, "Mobile").await;
        let inviter = world.user("ana@example.org").await;
        world.member(inviter, root, &["owner"]).await;
        Self {
            world,
            root,
            sub,
            inviter,
        }
    }

    async fn invite(&self, email: &str, hash: &[u8], promises: &[Promise]) -> InvitationId {
        let now = self.world.now();
        let id = InvitationId::new(now, [hash[0]; 10]);
        let new = NewInvitation {
            id,
            tree: self.root,
            email: &address(email),
            inviter: self.inviter,
            hash,
            expires_at: now.plus(LIFE),
            promises,
        };
        let mut tx = self.world.store.write().await.unwrap();
        let made = invitation_insert(&mut tx, &new, &Actor::OPERATOR, now).await;
        made.unwrap();
        tx.commit().await.unwrap();
        id
    }

    async fn by_hash(&self, hash: &[u8]) -> Option<Invitation> {
        let mut tx = self.world.store.read_single().await.unwrap();
        invitation_by_hash(&mut tx, hash).await.unwrap()
    }

    async fn actions(&self) -> Vec<String> {
        let records = self.world.audit(Some(self.root)).await;
        let words = records.into_iter().map(|record| record.action);
        words.filter(|action| action.contains("invit")).collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invitation_is_found_by_its_link_its_address_and_its_organizations() {
    let scene = Scene::new().await;
    let promises = [
        promise(scene.root, &["view-build"]),
        promise(scene.sub, &["manage-build"]),
    ];
    let id = scene.invite("Lena@Example.org", &HASH, &promises).await;
    let found = scene.by_hash(&HASH).await.unwrap();
    assert_eq!((found.id, found.inviter), (id, scene.inviter));
    assert_eq!(found.email, "Lena@example.org");
    assert_eq!(found.promises, promises);
    assert_eq!(found.mailed_at, None);
    assert_eq!(scene.by_hash(&OTHER_HASH).await, None);
    let mut tx = scene.world.store.read().await.unwrap();
    for (email, is_found) in [("lena@example.org", true), ("leo@example.org", false)] {
        let to = invitation_to(&mut tx, scene.sub, &address(email)).await;
        assert_eq!(to.unwrap(), is_found.then(|| found.clone()));
    }
    let listed = invitation_of_organization(&mut tx, scene.sub).await;
    assert_eq!(listed.unwrap(), [found]);
    let count = invitation_count_waiting(&mut tx, scene.sub, scene.world.now()).await;
    assert_eq!(count.unwrap(), 1);
    let later = scene.world.now().plus(LIFE);
    let count = invitation_count_waiting(&mut tx, scene.sub, later).await;
    assert_eq!(count.unwrap(), 0);
    drop(tx);
    assert_eq!(scene.actions().await, ["member.invited", "member.invited"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn sent_again_it_has_another_link_and_is_mailed_anew() {
    let scene = Scene::new().await;
    let promises = [promise(scene.root, &[])];
    scene.invite("lena@example.org", &HASH, &promises).await;
    let now = scene.world.now();
    let mut tx = scene.world.store.write().await.unwrap();
    invitation_mailed(&mut tx, &HASH, now).await.unwrap();
    tx.commit().await.unwrap();
    let sent = scene.by_hash(&HASH).await.unwrap();
    assert_eq!(sent.mailed_at, Some(now));
    let other = scene.world.user("bo@example.org").await;
    let life = (other, &OTHER_HASH[..], now.plus(LIFE).plus(DAY));
    let mut tx = scene.world.store.write().await.unwrap();
    let renewed = invitation_renew(&mut tx, &sent, life, &Actor::OPERATOR, now);
    renewed.await.unwrap();
    // A mail that went out with the link before says nothing of this one.
    invitation_mailed(&mut tx, &HASH, now).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(scene.by_hash(&HASH).await, None);
    let renewed = scene.by_hash(&OTHER_HASH).await.unwrap();
    assert_eq!((renewed.id, renewed.inviter), (sent.id, other));
    assert_eq!((renewed.expires_at, renewed.mailed_at), (life.2, None));
    let actions = scene.actions().await;
    assert_eq!(actions, ["member.invited", "member.invited_again"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn it_ends_with_its_last_promise_and_when_it_is_accepted() {
    let scene = Scene::new().await;
    let promises = [promise(scene.root, &[]), promise(scene.sub, &[])];
    scene.invite("lena@example.org", &HASH, &promises).await;
    scene
        .invite("leo@example.org", &OTHER_HASH, &promises)
        .await;
    let now = scene.world.now();
    for (withdrawn, left) in [(0, 1), (1, 0)] {
        let found = scene.by_hash(&HASH).await.unwrap();
        let mut tx = scene.world.store.write().await.unwrap();
        let which = &promises[withdrawn..=withdrawn];
        let done = invitation_withdraw(&mut tx, &found, which, &Actor::OPERATOR, now).await;
        done.unwrap();
        tx.commit().await.unwrap();
        let found = scene.by_hash(&HASH).await;
        assert_eq!(found.map_or(0, |it| it.promises.len()), left);
    }
    let found = scene.by_hash(&OTHER_HASH).await.unwrap();
    let mut tx = scene.world.store.write().await.unwrap();
    let accepted = invitation_accept(&mut tx, &found, &promises[1..], &Actor::OPERATOR, now);
    accepted.await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(scene.by_hash(&OTHER_HASH).await, None);
    let actions = scene.actions().await;
    assert_eq!(
        actions[4..],
        [
            "member.invitation_withdrawn",
            "member.invitation_withdrawn",
            "member.invitation_accepted"
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn p9_with_an_organization_what_is_promised_there_and_below_is_void() {
    let scene = Scene::new().await;
    let promises = [promise(scene.root, &[]), promise(scene.sub, &[])];
    scene.invite("lena@example.org", &HASH, &promises).await;
    scene
        .invite("leo@example.org", &OTHER_HASH, &promises[1..])
        .await;
    let mut tx = scene.world.store.write().await.unwrap();
    let lineage = org_lineage(&mut tx, scene.sub).await.unwrap().unwrap();
    let now = scene.world.now();
    let deleted = org_delete(&mut tx, &lineage, &Actor::OPERATOR, now).await;
    deleted.unwrap();
    tx.commit().await.unwrap();
    let left = scene.by_hash(&HASH).await.unwrap();
    assert_eq!(left.promises, promises[..1]);
    assert_eq!(scene.by_hash(&OTHER_HASH).await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waited_in_vain_for_a_month_is_forgotten_with_the_next_one() {
    let scene = Scene::new().await;
    let promises = [promise(scene.root, &[])];
    scene.invite("lena@example.org", &HASH, &promises).await;
    scene.world.clock.advance(LIFE + 29 * DAY);
    scene
        .invite("leo@example.org", &OTHER_HASH, &promises)
        .await;
    assert!(scene.by_hash(&HASH).await.is_some());
    scene.world.clock.advance(DAY);
    scene.invite("mia@example.org", &[3; 32], &promises).await;
    assert!(scene.by_hash(&HASH).await.is_none());
    assert!(scene.by_hash(&OTHER_HASH).await.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn proving_an_address_ends_what_a_link_that_was_handed_over_made() {
    let scene = Scene::new().await;
    let (world, now) = (&scene.world, scene.world.now());
    let (lena, leo) = (
        world.user("lena@example.org").await,
        world.user("leo@example.org").await,
    );
    let mut tx = world.store.write().await.unwrap();
    user_hand_over(&mut tx, lena, now).await.unwrap();
    tx.commit().await.unwrap();
    let mut pats = Vec::new();
    for user in [lena, leo] {
        world.member(user, scene.root, &["view-build"]).await;
        pats.push(world.pat(user, scene.root).await);
    }
    let feed = world.feed_after(0).await.len();
    for user in [lena, leo, lena] {
        let mut tx = world.store.write().await.unwrap();
        let proved = user_prove_address(&mut tx, user, &Actor::OPERATOR, now).await;
        proved.unwrap();
        tx.commit().await.unwrap();
    }
    let mut tx = world.store.read().await.unwrap();
    for user in [lena, leo] {
        let user = user_find(&mut tx, user).await.unwrap().unwrap();
        assert_eq!(user.email_verified_at, Some(now));
    }
    drop(tx);
    // Leo's account was made otherwise: it was his all the time.
    assert_eq!(world.feed_after(0).await.len() - feed, 1);
    for (pat, is_revoked) in [(&pats[0], true), (&pats[1], false)] {
        let found = world.find_pat(scene.root, pat.id).await.unwrap();
        assert_eq!(found.revoked.is_some(), is_revoked);
    }
    let records = world.audit(None).await.into_iter();
    let proofs = records.filter(|record| record.action == "user.address_proved");
    assert_eq!(proofs.count(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_one_person_the_last_link_for_another_password_counts_until_it_is_over() {
    let scene = Scene::new().await;
    let (world, now) = (&scene.world, scene.world.now());
    let put = async |user: UserId, hash: &[u8], now: Timestamp| {
        let link = (hash, now.plus(DAY));
        let mut tx = world.store.write().await.unwrap();
        let put = password_reset_put(&mut tx, user, link, &Actor::OPERATOR, now).await;
        put.unwrap();
        tx.commit().await.unwrap();
    };
    let find = async |hash: &[u8], now: Timestamp| {
        let mut tx = world.store.read_single().await.unwrap();
        password_reset_find(&mut tx, hash, now).await.unwrap()
    };
    put(scene.inviter, &HASH, now).await;
    assert_eq!(find(&HASH, now).await, Some(scene.inviter));
    assert_eq!(find(&HASH, now.plus(DAY)).await, None);
    put(scene.inviter, &OTHER_HASH, now).await;
    assert_eq!(find(&HASH, now).await, None);
    assert_eq!(find(&OTHER_HASH, now).await, Some(scene.inviter));
    world.suspend_user(scene.inviter).await;
    assert_eq!(find(&OTHER_HASH, now).await, None);
    let mut tx = world.store.write().await.unwrap();
    password_reset_delete(&mut tx, scene.inviter).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(find(&OTHER_HASH, now).await, None);
}
