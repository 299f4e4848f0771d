//! Rotations (P10): what they write, how the old token ends, and who replaces what.

mod races;

use std::time::Duration;

use keyfob_core::event::FeedItem;
use keyfob_core::exchange::Denial;
use keyfob_core::id::{OrgId, PatId, UserId};
use keyfob_core::network::Networks;
use keyfob_core::pat::rotation::{NotRotated, Unused};
use keyfob_core::pat::{Ceiling, RevokedBecause, Revoker, WantedExpiry, WantedPat};
use keyfob_core::reach::Reach;
use keyfob_core::time::Timestamp;
use keyfob_store::pat::{LastUse, Pat, pat_count_live, pat_use_put};
use keyfob_store::rotation::{EndedOverlap, FirstUse, Successor, rotation_ended, successor_used};
use keyfob_testkit::schema::dump;
use keyfob_testkit::world::{World, WorldPat, keyed, small_catalogue};

use super::super::{changes_nothing, written};
use super::world;

const HOUR: Duration = Duration::from_hours(1);

/// A member of a root, with a token.
struct Stage {
    world: World,
    ana: UserId,
    acme: OrgId,
    pat: WorldPat,
}

async fn stage() -> Stage {
    let world = world().await;
    let ana = world.user("ana@example.org").await;
    let acme = world.root("Acme").await;
    world.member(ana, acme, &["owner"]).await;
    let pat = world.pat(ana, acme).await;
    world.clock.advance(Duration::from_secs(1));
    Stage {
        world,
        ana,
        acme,
        pat,
    }
}

impl Stage {
    async fn find(&self, pat: PatId) -> Pat {
        self.world.find_pat(self.acme, pat).await.unwrap()
    }

    async fn denial(&self, pat: &WorldPat) -> Option<Denial> {
        let catalogue = small_catalogue();
        let decided = self.world.exchange(&pat.secret, None, &catalogue).await;
        decided.unwrap().err()
    }

    async fn count_live(&self) -> u32 {
        let mut tx = self.world.store.read_single().await.unwrap();
        let count = pat_count_live(&mut tx, self.acme, self.ana, self.world.now()).await;
        count.unwrap()
    }

    async fn unused(&self, pat: &WorldPat) -> Option<Unused> {
        self.world.facts(&pat.secret, None).await.unwrap().unused
    }

    async fn note(&self, uses: &[(PatId, Timestamp)]) {
        let mut tx = self.world.store.write().await.unwrap();
        successor_used(&mut tx, uses).await.unwrap();
        tx.commit().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn p10_the_successor_has_the_bounds_of_the_old_one_and_both_are_told() {
    let stage = stage().await;
    let world = &stage.world;
    let mobile = world.sub(stage.acme, "Mobile").await;
    let want = WantedPat {
        expiry: WantedExpiry::InDays(300),
        ceiling: Some(Ceiling::choose(["build:view"], &small_catalogue()).unwrap()),
        reach: Reach::Named([mobile].into()),
        networks: Some(Networks::parse(["203.0.113.0/24"]).unwrap()),
    };
    let old = world.pat_with(stage.ana, stage.acme, want.clone()).await;
    let rotated = written(world, Some(stage.acme), world.rotate(&old, HOUR)).await;
    let new = rotated.said;
    assert_eq!(rotated.feed, [], "nobody has lost anything yet");
    let told = format!("pat.rotated to {}", new.id);
    assert_eq!(rotated.audit, ["pat.generated".to_owned(), told]);
    let (was, is) = (stage.find(old.id).await, stage.find(new.id).await);
    assert_eq!((is.ceiling, is.reach), (want.ceiling, want.reach));
    assert_eq!((is.networks, is.lifetime.end), (want.networks, None));
    assert_eq!((is.replaces, is.successor), (Some(old.id), None));
    let end = world.now().plus(HOUR);
    let successor = Successor {
        pat: new.id,
        rotated_at: world.now(),
        ends_at: end,
        first_used_at: None,
    };
    assert_eq!((was.replaces, was.successor), (None, Some(successor)));
    assert_eq!((was.lifetime.end, was.revoked), (Some(end), None));
}

#[tokio::test(flavor = "multi_thread")]
async fn p10_the_old_token_lives_to_the_end_of_the_overlap_and_not_a_millisecond_longer() {
    let stage = stage().await;
    let new = stage.world.rotate(&stage.pat, HOUR).await;
    stage
        .world
        .clock
        .advance(HOUR.checked_sub(Duration::from_secs(1)).unwrap());
    assert_eq!(stage.denial(&stage.pat).await, None);
    stage.world.clock.advance(Duration::from_secs(1));
    assert_eq!(stage.denial(&stage.pat).await, Some(Denial::Expired));
    assert_eq!(stage.denial(&new).await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn p10_an_overlap_prolongs_no_life() {
    let stage = stage().await;
    let end = stage.world.now().plus(HOUR);
    let want = WantedPat {
        expiry: WantedExpiry::At(end),
        ..WantedPat::default()
    };
    let old = stage.world.pat_with(stage.ana, stage.acme, want).await;
    stage.world.rotate(&old, 2 * HOUR).await;
    let was = stage.find(old.id).await;
    assert_eq!(was.lifetime.end, Some(end));
    assert_eq!(was.successor.map(|by| by.ends_at), Some(end));
}

#[tokio::test(flavor = "multi_thread")]
async fn p10_without_an_overlap_the_old_token_is_revoked_and_the_feed_tells() {
    let stage = stage().await;
    let (world, pat) = (&stage.world, &stage.pat);
    let rotated = written(world, Some(stage.acme), world.rotate(pat, Duration::ZERO)).await;
    let new = rotated.said;
    assert_eq!(rotated.feed, [FeedItem::Pat(pat.id)]);
    let told = format!("pat.rotated to {}", new.id);
    assert_eq!(
        rotated.audit,
        ["pat.generated", &told, "pat.revoked rotated"]
    );
    let because = RevokedBecause::Rotated;
    assert_eq!(stage.denial(pat).await, Some(Denial::Revoked(because)));
    let was = stage.find(pat.id).await;
    assert_eq!(was.revoked, Some((world.now(), because)));
    assert_eq!(was.lifetime.end, None);
    assert_eq!(stage.denial(&new).await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn p10_asked_again_another_successor_takes_the_place_of_the_one_nobody_used() {
    let stage = stage().await;
    let (world, want) = (&stage.world, keyed("a"));
    let unseen = world.try_rotate(&stage.pat, &want).await.unwrap();
    let end = stage.find(stage.pat.id).await.lifetime.end;
    world.clock.advance(HOUR);
    let again = written(world, Some(stage.acme), world.try_rotate(&stage.pat, &want)).await;
    let new = again.said.unwrap();
    assert_eq!(again.feed, [FeedItem::Pat(unseen.id)]);
    let told = format!("pat.rotated to {}", new.id);
    assert_eq!(
        again.audit,
        ["pat.generated", &told, "pat.revoked unseen_successor"]
    );
    assert_ne!(new.secret.expose(), unseen.secret.expose());
    let because = RevokedBecause::UnseenSuccessor;
    assert_eq!(stage.denial(&unseen).await, Some(Denial::Revoked(because)));
    assert_eq!(stage.denial(&new).await, None);
    assert_eq!(stage.denial(&stage.pat).await, None);
    let was = stage.find(stage.pat.id).await;
    assert_eq!(was.lifetime.end, end, "the overlap began with the first");
    assert_eq!(was.successor.map(|by| by.pat), Some(new.id));
    assert_eq!(stage.find(unseen.id).await.replaces, None);
    assert_eq!(stage.find(new.id).await.replaces, Some(stage.pat.id));
}

#[tokio::test(flavor = "multi_thread")]
async fn p10_a_settled_successor_is_never_replaced() {
    let stage = stage().await;
    let (world, want) = (&stage.world, keyed("a"));
    let new = world.try_rotate(&stage.pat, &want).await.unwrap();
    assert_eq!(stage.unused(&new).await, Some(Unused::Replaceable));
    assert_eq!(stage.unused(&stage.pat).await, None);
    assert_eq!(world.settle(new.id).await, FirstUse::Settled);
    let first = Some(world.now());
    world.clock.advance(HOUR);
    let again = changes_nothing(world, world.settle(new.id)).await;
    assert_eq!(again, FirstUse::Unchanged);
    assert_eq!(stage.unused(&new).await, None);
    let refused = changes_nothing(world, world.try_rotate(&stage.pat, &want)).await;
    assert_eq!(refused.unwrap_err(), NotRotated::AlreadyRotated);
    let was = stage.find(stage.pat.id).await;
    assert_eq!(was.successor.and_then(|by| by.first_used_at), first);
}

#[tokio::test(flavor = "multi_thread")]
async fn p10_a_replaced_successor_cannot_be_settled() {
    let stage = stage().await;
    let (world, want) = (&stage.world, keyed("a"));
    let unseen = world.try_rotate(&stage.pat, &want).await.unwrap();
    let new = world.try_rotate(&stage.pat, &want).await.unwrap();
    let late = changes_nothing(world, world.settle(unseen.id)).await;
    assert_eq!(late, FirstUse::Unchanged);
    assert_eq!(stage.unused(&new).await, Some(Unused::Replaceable));
    let not_rotated = changes_nothing(world, world.settle(stage.pat.id)).await;
    assert_eq!(not_rotated, FirstUse::Unchanged);
}

#[tokio::test(flavor = "multi_thread")]
async fn p10_a_successor_that_was_rotated_itself_is_not_replaced() {
    let stage = stage().await;
    let (world, want) = (&stage.world, keyed("a"));
    let new = world.try_rotate(&stage.pat, &want).await.unwrap();
    world.rotate(&new, HOUR).await;
    let refused = changes_nothing(world, world.try_rotate(&stage.pat, &want)).await;
    assert_eq!(refused.unwrap_err(), NotRotated::AlreadyRotated);
    assert_eq!(stage.count_live().await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn p10_of_noted_first_uses_the_earliest_is_kept() {
    let stage = stage().await;
    let new = stage.world.rotate(&stage.pat, HOUR).await;
    assert_eq!(stage.unused(&new).await, Some(Unused::Kept));
    let at = |millis| Timestamp::from_millis(millis);
    let first_use = async || {
        let was = stage.find(stage.pat.id).await;
        was.successor.unwrap().first_used_at
    };
    stage.note(&[(new.id, at(20)), (stage.pat.id, at(1))]).await;
    assert_eq!(first_use().await, Some(at(20)));
    assert_eq!(stage.unused(&new).await, None);
    changes_nothing(&stage.world, stage.note(&[(new.id, at(21))])).await;
    stage.note(&[(new.id, at(19))]).await;
    assert_eq!(first_use().await, Some(at(19)));
}

#[tokio::test(flavor = "multi_thread")]
async fn p10_a_use_of_the_old_token_is_late_once_its_successor_was_used() {
    let stage = stage().await;
    let world = &stage.world;
    let used = async |millis| {
        let last = LastUse {
            at: Timestamp::from_millis(millis),
            address: None,
            client: None,
            organization: stage.acme,
        };
        let mut tx = world.store.write().await.unwrap();
        pat_use_put(&mut tx, &[(stage.pat.id, last)]).await.unwrap();
        tx.commit().await.unwrap();
        stage.find(stage.pat.id).await.used_after_rotation()
    };
    assert_eq!(used(10).await, None, "before its rotation");
    let new = world.rotate(&stage.pat, HOUR).await;
    assert_eq!(used(20).await, None, "its successor is not in use yet");
    stage.note(&[(new.id, Timestamp::from_millis(30))]).await;
    assert_eq!(used(30).await, None);
    assert_eq!(used(31).await, Some(Timestamp::from_millis(31)));
}

#[tokio::test(flavor = "multi_thread")]
async fn p7_a_token_in_its_overlap_does_not_count_and_its_successor_does() {
    let stage = stage().await;
    let world = &stage.world;
    assert_eq!(stage.count_live().await, 1);
    let new = world.rotate(&stage.pat, HOUR).await;
    assert_eq!(stage.count_live().await, 1);
    let third = world.rotate(&new, HOUR).await;
    assert_eq!(stage.count_live().await, 1, "a chain of them counts once");
    for pat in [&stage.pat, &new, &third] {
        assert_eq!(stage.denial(pat).await, None);
    }
    let place = async |pat: &WorldPat| stage.find(pat.id).await.takes_a_place(world.now());
    let places = [
        place(&stage.pat).await,
        place(&new).await,
        place(&third).await,
    ];
    assert_eq!(places, [false, false, true]);
    world.revoke(&third, Revoker::Operator).await;
    assert_eq!(stage.count_live().await, 0);
    assert!(!place(&third).await);
    let replaced = stage.find(new.id).await;
    let links = (replaced.replaces, replaced.successor.map(|by| by.pat));
    assert_eq!(links, (Some(stage.pat.id), Some(third.id)));
}

#[tokio::test(flavor = "multi_thread")]
async fn p9_ending_the_membership_ends_old_token_and_successor() {
    let stage = stage().await;
    let new = stage.world.rotate(&stage.pat, HOUR).await;
    assert!(stage.world.remove(stage.ana, stage.acme).await);
    let ended = Some(Denial::Revoked(RevokedBecause::MembershipEnded));
    assert_eq!(stage.denial(&stage.pat).await, ended);
    assert_eq!(stage.denial(&new).await, ended);
}

#[tokio::test(flavor = "multi_thread")]
async fn p10_overlaps_that_are_over_are_listed_until_they_are_told() {
    let stage = stage().await;
    let world = &stage.world;
    let start = world.now();
    let second = world.pat(stage.ana, stage.acme).await;
    let third = world.pat(stage.ana, stage.acme).await;
    world.rotate(&second, 2 * HOUR).await;
    world.rotate(&stage.pat, HOUR).await;
    world.rotate(&third, Duration::ZERO).await;
    let ended = async |after: Timestamp, now: Timestamp, limit: i64| {
        let mut tx = world.store.read_single().await.unwrap();
        rotation_ended(&mut tx, after, now, limit).await.unwrap()
    };
    let of = |pat: &WorldPat, hours: u32| EndedOverlap {
        pat: pat.id,
        holder: stage.ana,
        ended_at: start.plus(hours * HOUR),
    };
    let before = start.minus(HOUR);
    let just_before = start.plus(HOUR.checked_sub(Duration::from_millis(1)).unwrap());
    assert_eq!(ended(before, just_before, 9).await, []);
    let first = of(&stage.pat, 1);
    assert_eq!(ended(before, start.plus(HOUR), 9).await, [first]);
    let both = [first, of(&second, 2)];
    assert_eq!(ended(before, start.plus(2 * HOUR), 9).await, both);
    assert_eq!(ended(before, start.plus(2 * HOUR), 1).await, [first]);
    let later = ended(start.plus(HOUR), start.plus(2 * HOUR), 9).await;
    assert_eq!(later, [of(&second, 2)]);
    world.revoke(&stage.pat, Revoker::Operator).await;
    assert_eq!(
        ended(before, start.plus(2 * HOUR), 9).await,
        [of(&second, 2)]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn p10_a_key_is_nowhere_in_the_database() {
    let stage = stage().await;
    let want = keyed("0f6c2a1e-key-of-a-client");
    stage.world.try_rotate(&stage.pat, &want).await.unwrap();
    let everything = format!("{:?}", dump(&stage.world.store).await);
    assert!(everything.contains("attempt_until"), "it is looked at");
    assert!(!everything.contains("0f6c2a1e"));
    let bytes = format!("{:02x?}", b"0f6c2a1e-key-of-a-client");
    assert!(!everything.contains(bytes.trim_matches(['[', ']'])));
}
