//! The facts of an exchange: each as it was stored, and what they mean for the decision.

use std::collections::BTreeSet;
use std::time::Duration;

use keyfob_core::exchange::{Denial, Epochs};
use keyfob_core::id::{OrgId, UserId};
use keyfob_core::member::{Membership, Roles};
use keyfob_core::network::Networks;
use keyfob_core::org::DEPTH_MAX;
use keyfob_core::pat::{Ceiling, RevokedBecause, Revoker, WantedExpiry, WantedPat};
use keyfob_core::reach::Reach;
use keyfob_core::time::{Lifetime, Timestamp};
use keyfob_store::exchange::{ExchangeSnapshot, exchange_facts_of};
use keyfob_store::probe::Cell;
use keyfob_testkit::world::{World, WorldPat, small_catalogue};

use super::super::{by_hand, set};
use super::world;

/// Acme › Mobile › iOS, and Acme › Web; Ana is an owner of Acme with a token there.
struct Stage {
    world: World,
    ana: UserId,
    acme: OrgId,
    mobile: OrgId,
    ios: OrgId,
    web: OrgId,
    pat: WorldPat,
}

async fn stage() -> Stage {
    let world = world().await;
    let ana = world.user("Ana@example.org").await;
    let acme = world.root("Acme").await;
    let mobile = world.sub(acme, "Mobile").await;
    Stage {
        ana,
        acme,
        mobile,
        ios: world.sub(mobile, "iOS").await,
        web: world.sub(acme, "Web").await,
        pat: {
            world.member(ana, acme, &["view-build"]).await;
            world.pat(ana, acme).await
        },
        world,
    }
}

impl Stage {
    async fn facts(&self, pat: &WorldPat, target: Option<OrgId>) -> ExchangeSnapshot {
        self.world.facts(&pat.secret, target).await.unwrap()
    }

    async fn denial(&self, pat: &WorldPat, target: Option<OrgId>) -> Denial {
        let catalogue = small_catalogue();
        let decided = self.world.exchange(&pat.secret, target, &catalogue);
        decided.await.unwrap().unwrap_err()
    }

    async fn granted(&self, pat: &WorldPat, target: Option<OrgId>) -> BTreeSet<String> {
        let catalogue = small_catalogue();
        let decided = self.world.exchange(&pat.secret, target, &catalogue);
        decided.await.unwrap().unwrap().permissions
    }
}

fn path(snapshot: &ExchangeSnapshot) -> Option<Vec<OrgId>> {
    let target = snapshot.facts.target.as_ref();
    target.map(|lineage| lineage.downward().collect())
}

fn roles(keys: &[&str]) -> Roles {
    Roles::new(keys.iter().copied()).unwrap()
}

fn names(names: &[&str]) -> BTreeSet<String> {
    set(names.iter().map(|name| (*name).to_owned()))
}

#[tokio::test(flavor = "multi_thread")]
async fn every_fact_is_as_it_was_stored() {
    let stage = stage().await;
    let world = &stage.world;
    let end = world.now().plus(Duration::from_hours(48));
    let ceiling = Ceiling::choose(["build:view", "store:view"], &small_catalogue()).unwrap();
    let networks = Networks::parse(["203.0.113.0/24", "2001:db8::/32"]).unwrap();
    let want = WantedPat {
        expiry: WantedExpiry::At(end),
        ceiling: Some(ceiling.clone()),
        reach: Reach::Named([stage.ios].into()),
        networks: Some(networks.clone()),
    };
    let pat = world.pat_with(stage.ana, stage.acme, want).await;
    by_hand(world, "UPDATE users SET email_verified_at = 11", &[]).await;
    by_hand(world, "UPDATE instance SET key_set = 12", &[]).await;

    let snapshot = stage.facts(&pat, Some(stage.ios)).await;

    let facts = &snapshot.facts;
    assert_eq!((snapshot.catalogue, snapshot.key_set), (1, 12));
    assert_eq!(facts.pat.id, pat.id);
    assert_eq!(facts.pat.organization, stage.acme);
    let lifetime = Lifetime {
        start: world.now(),
        end: Some(end),
    };
    assert_eq!(facts.pat.lifetime, lifetime);
    assert_eq!(facts.pat.revoked, None);
    assert_eq!(facts.pat.ceiling, Some(ceiling));
    assert_eq!(facts.pat.reach, Reach::Named([stage.ios].into()));
    assert_eq!(facts.pat.networks, Some(networks));
    assert_eq!(facts.user.id, stage.ana);
    assert_eq!(facts.user.suspended_at, None);
    assert_eq!(facts.user.email, "Ana@example.org");
    let verified = Some(Timestamp::from_millis(11));
    assert_eq!(facts.user.email_verified_at, verified);
    assert_eq!(facts.user.full_name, "Ana");
    let home = Membership {
        organization: stage.acme,
        roles: roles(&["view-build"]),
        suspended_at: None,
    };
    assert_eq!(facts.home.as_ref(), Some(&home));
    assert_eq!(facts.memberships, [home]);
    let whole_path = vec![stage.acme, stage.mobile, stage.ios];
    assert_eq!(path(&snapshot), Some(whole_path));
    let epochs = Epochs {
        user: 1,
        tree: 1,
        instance: 1,
    };
    assert_eq!(facts.epochs, epochs);

    let plain = stage.facts(&stage.pat, None).await.facts.pat;
    assert_eq!((plain.lifetime.end, plain.ceiling), (None, None));
    assert_eq!((plain.reach, plain.networks), (Reach::Subtree, None));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_facts_are_had_by_the_id_behind_an_access_token() {
    let stage = stage().await;
    let by_secret = stage.facts(&stage.pat, Some(stage.ios)).await;
    let mut tx = stage.world.store.read_single().await.unwrap();
    let by_id = exchange_facts_of(&mut tx, stage.pat.id, stage.ios).await;
    let by_id = by_id.unwrap().unwrap();
    assert_eq!(format!("{by_id:?}"), format!("{by_secret:?}"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_secret_has_no_facts() {
    let stage = stage().await;
    let unknown = stage.world.secret();
    assert!(stage.world.facts(&unknown, None).await.is_none());
    let of_ios = stage.world.facts(&unknown, Some(stage.ios)).await;
    assert!(of_ios.is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn p6_a_token_works_at_home_and_at_every_depth_below_and_never_upward_or_sideways() {
    let world = world().await;
    let ana = world.user("ana@example.org").await;
    let mut chain = vec![world.root("Level 1").await];
    for level in 2..=DEPTH_MAX {
        let above = *chain.last().unwrap();
        chain.push(world.sub(above, &format!("Level {level}")).await);
    }
    let beside = world.sub(chain[0], "Beside").await;
    let elsewhere = world.root("Elsewhere").await;
    world.member(ana, chain[0], &["owner"]).await;
    world.member(ana, chain[4], &["view-build"]).await;
    let pats = [
        (0, world.pat(ana, chain[0]).await),
        (4, world.pat(ana, chain[4]).await),
    ];
    let catalogue = small_catalogue();
    for (home, pat) in &pats {
        let at_home = world.facts(&pat.secret, None).await.unwrap();
        assert_eq!(path(&at_home), Some(chain[..=*home].to_vec()));
        for (level, target) in chain.iter().enumerate() {
            let snapshot = world.facts(&pat.secret, Some(*target)).await.unwrap();
            assert_eq!(path(&snapshot), Some(chain[..=level].to_vec()));
            let decided = world.exchange(&pat.secret, Some(*target), &catalogue);
            let decided = decided.await.unwrap();
            assert_eq!(decided.is_ok(), level >= *home, "{home} to {level}");
        }
    }
    for target in [beside, elsewhere] {
        let decided = world.exchange(&pats[1].1.secret, Some(target), &catalogue);
        assert_eq!(decided.await.unwrap(), Err(Denial::Target));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn p6_a_token_works_for_an_organization_made_after_it() {
    let stage = stage().await;
    let later = stage.world.sub(stage.ios, "Later").await;
    let granted = stage.granted(&stage.pat, Some(later)).await;
    assert_eq!(granted, names(&["build:view"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_that_is_unknown_or_deleted_is_no_target() {
    let stage = stage().await;
    let unknown = OrgId::new(stage.world.now(), stage.world.id_random());
    stage.world.delete_org(stage.mobile).await;
    for target in [unknown, stage.mobile, stage.ios] {
        let facts = stage.facts(&stage.pat, Some(target)).await.facts;
        assert_eq!((facts.target, facts.memberships), (None, vec![]));
        let denial = stage.denial(&stage.pat, Some(target)).await;
        assert_eq!(denial, Denial::Target);
    }
    stage.granted(&stage.pat, Some(stage.web)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_membership_along_the_path_counts_and_none_beside_it() {
    let stage = stage().await;
    let world = &stage.world;
    world.member(stage.ana, stage.mobile, &["view-store"]).await;
    world.member(stage.ana, stage.web, &["owner"]).await;
    let snapshot = stage.facts(&stage.pat, Some(stage.ios)).await;
    let at = |organization, keys: &[&str]| Membership {
        organization,
        roles: roles(keys),
        suspended_at: None,
    };
    let mut memberships = snapshot.facts.memberships;
    memberships.sort_by_key(|held| held.organization);
    let mut expected = [
        at(stage.acme, &["view-build"]),
        at(stage.mobile, &["view-store"]),
    ];
    expected.sort_by_key(|held| held.organization);
    assert_eq!(memberships, expected);
    let granted = stage.granted(&stage.pat, Some(stage.ios)).await;
    assert_eq!(granted, names(&["build:view", "store:view"]));
    let granted = stage.granted(&stage.pat, None).await;
    assert_eq!(granted, names(&["build:view"]));

    world.suspend_member(stage.ana, stage.mobile).await;
    let granted = stage.granted(&stage.pat, Some(stage.ios)).await;
    assert_eq!(granted, names(&["build:view"]));
    world.remove(stage.ana, stage.mobile).await;
    let snapshot = stage.facts(&stage.pat, Some(stage.ios)).await;
    assert_eq!(snapshot.facts.memberships.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn p4_a_change_of_roles_counts_at_once() {
    let stage = stage().await;
    stage
        .world
        .set_roles(stage.ana, stage.acme, &["operate-build"])
        .await;
    let granted = stage.granted(&stage.pat, None).await;
    assert_eq!(granted, names(&["build:operate", "build:view"]));
    let epochs = stage.facts(&stage.pat, None).await.facts.epochs;
    assert_eq!(epochs.user, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn p9_a_suspended_users_token_is_refused_until_reactivation() {
    let stage = stage().await;
    stage.world.suspend_user(stage.ana).await;
    let facts = stage.facts(&stage.pat, None).await.facts;
    assert_eq!(facts.user.suspended_at, Some(stage.world.now()));
    assert_eq!(facts.epochs.user, 2);
    assert_eq!(stage.denial(&stage.pat, None).await, Denial::UserSuspended);
    stage.world.reactivate_user(stage.ana).await;
    stage.granted(&stage.pat, None).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_suspended_home_membership_refuses_and_an_ended_one_ends() {
    let stage = stage().await;
    let world = &stage.world;
    world.member(stage.ana, stage.mobile, &[]).await;
    let below = world.pat(stage.ana, stage.mobile).await;
    world.suspend_member(stage.ana, stage.mobile).await;
    let home = stage.facts(&below, None).await.facts.home.unwrap();
    assert_eq!(home.suspended_at, Some(world.now()));
    let denial = stage.denial(&below, None).await;
    assert_eq!(denial, Denial::MembershipSuspended);
    world.remove(stage.ana, stage.mobile).await;
    let facts = stage.facts(&below, None).await.facts;
    assert_eq!(facts.home, None);
    let ended = RevokedBecause::MembershipEnded;
    assert_eq!(facts.pat.revoked, Some(ended));
    assert_eq!(stage.denial(&below, None).await, Denial::Revoked(ended));
}

#[tokio::test(flavor = "multi_thread")]
async fn revoked_and_expired_tokens_keep_their_facts_and_are_refused() {
    let stage = stage().await;
    let world = &stage.world;
    world.revoke(&stage.pat, Revoker::Operator).await;
    let revoked = Denial::Revoked(RevokedBecause::Operator);
    assert_eq!(stage.denial(&stage.pat, None).await, revoked);
    let want = WantedPat {
        expiry: WantedExpiry::InDays(1),
        ..WantedPat::default()
    };
    let short = world.pat_with(stage.ana, stage.acme, want).await;
    world.clock.advance(Duration::from_hours(23));
    stage.granted(&short, None).await;
    world.clock.advance(Duration::from_hours(1));
    assert_eq!(stage.denial(&short, None).await, Denial::Expired);
}

#[tokio::test(flavor = "multi_thread")]
async fn p9_a_token_of_a_deleted_organization_is_revoked_and_has_no_target() {
    let stage = stage().await;
    stage.world.member(stage.ana, stage.mobile, &[]).await;
    let below = stage.world.pat(stage.ana, stage.mobile).await;
    stage.world.delete_org(stage.mobile).await;
    let facts = stage.facts(&below, None).await.facts;
    assert_eq!((facts.home, facts.target), (None, None));
    let because = RevokedBecause::OrganizationDeleted;
    assert_eq!(facts.pat.revoked, Some(because));
    assert_eq!(facts.epochs.tree, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_move_changes_what_a_token_of_an_old_ancestor_covers() {
    let stage = stage().await;
    let world = &stage.world;
    world.member(stage.ana, stage.mobile, &[]).await;
    let pat = world.pat(stage.ana, stage.mobile).await;
    stage.granted(&pat, Some(stage.ios)).await;
    world.move_org(stage.ios, stage.web).await.unwrap();
    let denial = stage.denial(&pat, Some(stage.ios)).await;
    assert_eq!(denial, Denial::Target);
    let snapshot = stage.facts(&stage.pat, Some(stage.ios)).await;
    let expected = vec![stage.acme, stage.web, stage.ios];
    assert_eq!(path(&snapshot), Some(expected));
    assert_eq!(snapshot.facts.epochs.tree, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_without_epochs_gets_numbers_that_no_access_token_carries() {
    let stage = stage().await;
    let ana = [Cell::Uuid(Some(stage.ana.uuid()))];
    by_hand(
        &stage.world,
        "DELETE FROM user_epoch WHERE user_id = $1",
        &ana,
    )
    .await;
    by_hand(&stage.world, "DELETE FROM tree_epoch", &[]).await;
    let epochs = stage.facts(&stage.pat, None).await.facts.epochs;
    assert_eq!((epochs.user, epochs.tree, epochs.instance), (0, 0, 1));
}
