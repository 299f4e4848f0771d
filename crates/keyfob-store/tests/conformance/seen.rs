//! The organizations that a person sees, a bounded number at a time, and finding them by name.

use std::collections::BTreeSet;
use std::time::Duration;

use keyfob_core::id::{OrgId, UserId};
use keyfob_core::member::Roles;
use keyfob_store::org::search::{FoundOrg, org_search};
use keyfob_store::org::seen::{
    SeenOrg, org_count_below, org_highest, org_seen, org_seen_below, org_seen_children,
    org_seen_one, org_seen_path,
};
use keyfob_testkit::world::World;

use super::super::set;
use super::world;

/// ```text
/// Acme          cem
///   Mobile      ana
///     iOS       ana
///       Wallet
///   Web
/// Globex        ana: owner
/// ```
struct Stage {
    world: World,
    ana: UserId,
    cem: UserId,
    acme: OrgId,
    mobile: OrgId,
    ios: OrgId,
    wallet: OrgId,
    web: OrgId,
    globex: OrgId,
}

async fn stage() -> Stage {
    let world = world().await;
    let (ana, cem) = (
        world.user("ana@example.org").await,
        world.user("cem@example.org").await,
    );
    // One after another, because ids begin with their moment.
    let sub = async |parent, name: &str| {
        world.clock.advance(Duration::from_millis(1));
        world.sub(parent, name).await
    };
    let acme = world.root("Acme").await;
    let mobile = sub(acme, "Mobile").await;
    let ios = sub(mobile, "iOS").await;
    let wallet = sub(ios, "Wallet").await;
    let web = sub(acme, "Web").await;
    let globex = world.root("Globex").await;
    world.member(cem, acme, &[]).await;
    world.member(ana, mobile, &["view-build"]).await;
    world.member(ana, ios, &[]).await;
    world.member(ana, globex, &["owner"]).await;
    Stage {
        world,
        ana,
        cem,
        acme,
        mobile,
        ios,
        wallet,
        web,
        globex,
    }
}

fn ids(seen: &[SeenOrg]) -> Vec<OrgId> {
    seen.iter().map(|seen| seen.org.id).collect()
}

impl Stage {
    async fn seen(&self, user: UserId, limit: i64) -> Vec<SeenOrg> {
        let mut tx = self.world.store.read_single().await.unwrap();
        org_seen(&mut tx, user, limit).await.unwrap()
    }

    async fn found(&self, user: UserId, text: &str, limit: i64) -> Vec<FoundOrg> {
        let mut tx = self.world.store.read_single().await.unwrap();
        org_search(&mut tx, user, text, limit).await.unwrap()
    }

    async fn names(&self, user: UserId, text: &str) -> Vec<String> {
        let found = self.found(user, text, 100).await;
        found.into_iter().map(|found| found.org.name).collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_sees_their_memberships_and_what_lies_below_each_once() {
    let stage = stage().await;
    let seen = stage.seen(stage.ana, 100).await;
    let told: BTreeSet<_> = seen
        .iter()
        .map(|seen| (seen.org.id, seen.is_direct))
        .collect();
    let expected = [
        (stage.mobile, true),
        (stage.ios, true),
        (stage.wallet, false),
        (stage.globex, true),
    ];
    assert_eq!(told, set(expected));
    assert_eq!(seen.len(), 4, "a membership below another one adds no row");
    assert_eq!(
        stage.seen(stage.ana, 2).await.len(),
        2,
        "no more than asked"
    );
    stage.world.suspend_member(stage.ana, stage.mobile).await;
    let seen = stage.seen(stage.ana, 100).await;
    assert_eq!(
        set(ids(&seen)),
        set([stage.ios, stage.wallet, stage.globex]),
        "a suspended membership shows nothing, the one below it does"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_path_is_seen_what_lies_at_or_below_a_membership() {
    let stage = stage().await;
    let mut tx = stage.world.store.read().await.unwrap();
    let path = org_seen_path(&mut tx, stage.ana, stage.wallet).await;
    assert_eq!(
        ids(&path.unwrap()),
        [stage.mobile, stage.ios, stage.wallet],
        "from above, without the root"
    );
    let path = org_seen_path(&mut tx, stage.ana, stage.web).await.unwrap();
    assert_eq!(ids(&path), []);
    let one = async |tx: &mut _, organization| {
        let one = org_seen_one(tx, stage.ana, organization).await.unwrap();
        one.map(|seen| seen.is_direct)
    };
    assert_eq!(one(&mut tx, stage.wallet).await, Some(false));
    assert_eq!(one(&mut tx, stage.ios).await, Some(true));
    assert_eq!(one(&mut tx, stage.acme).await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn children_and_what_lies_below_are_bounded_and_counted() {
    let stage = stage().await;
    let mut tx = stage.world.store.read().await.unwrap();
    let children = async |tx: &mut _, limit| {
        let children = org_seen_children(tx, stage.cem, stage.acme, limit).await;
        ids(&children.unwrap())
    };
    assert_eq!(children(&mut tx, 9).await, [stage.mobile, stage.web]);
    assert_eq!(children(&mut tx, 1).await, [stage.mobile]);
    let below = async |tx: &mut _, limit| {
        let below = org_seen_below(tx, stage.cem, stage.acme, limit).await;
        ids(&below.unwrap())
    };
    let level_by_level = [stage.mobile, stage.web, stage.ios, stage.wallet];
    assert_eq!(below(&mut tx, 9).await, level_by_level);
    assert_eq!(below(&mut tx, 3).await, level_by_level[..3]);
    assert_eq!(org_count_below(&mut tx, stage.acme).await.unwrap(), 4);
    assert_eq!(org_count_below(&mut tx, stage.wallet).await.unwrap(), 0);
    drop(tx);
    stage.world.delete_org(stage.ios).await;
    let mut tx = stage.world.store.read().await.unwrap();
    assert_eq!(org_count_below(&mut tx, stage.acme).await.unwrap(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_highest_membership_comes_first_and_of_one_level_the_oldest() {
    let stage = stage().await;
    let highest = async |user| {
        let mut tx = stage.world.store.read_single().await.unwrap();
        org_highest(&mut tx, user).await.unwrap()
    };
    assert_eq!(highest(stage.ana).await, Some(stage.globex));
    stage.world.member(stage.ana, stage.acme, &[]).await;
    assert_eq!(highest(stage.ana).await, Some(stage.acme));
    stage.world.suspend_member(stage.ana, stage.acme).await;
    assert_eq!(highest(stage.ana).await, Some(stage.globex));
    let nobody = stage.world.user("eve@example.org").await;
    assert_eq!(highest(nobody).await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_is_found_by_any_part_without_regard_to_case_among_what_is_seen() {
    let stage = stage().await;
    assert_eq!(stage.names(stage.ana, "MOB").await, ["Mobile"]);
    assert_eq!(
        stage.names(stage.ana, "o").await,
        ["Globex", "Mobile", "iOS"]
    );
    assert_eq!(stage.names(stage.ana, "acme").await, [""; 0], "not seen");
    assert_eq!(stage.names(stage.ana, "").await.len(), 4);
    assert_eq!(stage.names(stage.cem, "globex").await, [""; 0]);
    for name in ["IŞIK 100%", "a_b", "Öko!"] {
        stage.world.sub(stage.globex, name).await;
    }
    for (text, name) in [
        ("ışık", "IŞIK 100%"),
        ("100%", "IŞIK 100%"),
        ("A_B", "a_b"),
        ("ÖKO!", "Öko!"),
    ] {
        assert_eq!(stage.names(stage.ana, text).await, [name], "{text}");
    }
    assert_eq!(stage.names(stage.ana, "%").await, ["IŞIK 100%"]);
    assert_eq!(stage.found(stage.ana, "", 3).await.len(), 3, "bounded");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_found_says_how_the_person_stands_there() {
    let stage = stage().await;
    stage.world.member(stage.cem, stage.ios, &[]).await;
    let found = stage.found(stage.ana, "", 100).await;
    let one = |organization| {
        let mut found = found.iter();
        found.find(|found| found.org.id == organization).unwrap()
    };
    let roles = |keys: &[&str]| Some(Roles::new(keys.iter().copied()).unwrap());
    let mobile = one(stage.mobile);
    assert_eq!(mobile.roles, roles(&["view-build"]));
    assert_eq!((mobile.member_count, &*mobile.through), (1, "Mobile"));
    assert_eq!(mobile.parent_name, None, "Acme is not seen");
    let ios = one(stage.ios);
    assert_eq!((&ios.roles, ios.member_count), (&roles(&[]), 2));
    assert_eq!(ios.parent_name.as_deref(), Some("Mobile"));
    let wallet = one(stage.wallet);
    assert_eq!((&wallet.roles, &*wallet.through), (&None, "iOS"));
    assert!(!wallet.seen().is_direct && mobile.seen().is_direct);
}
