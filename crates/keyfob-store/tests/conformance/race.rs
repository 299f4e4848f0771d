//! Rivals: many tasks want the same thing at the same moment, and each outcome is exact.

use std::sync::Arc;

use keyfob_core::event::FeedItem;
use keyfob_core::id::{OrgId, UserId};
use keyfob_core::org::BadMove;
use keyfob_core::pat::{Refusal, Revoker, WantedPat};
use keyfob_core::policy::Policy;
use keyfob_store::Constraint;
use keyfob_store::pat::{Revoked, pat_count_live};
use keyfob_testkit::world::World;
use tokio::sync::Barrier;
use tokio::task::JoinSet;

use super::super::{audit, conflict, feed};
use super::world;

/// Lets `count` tasks begin at the same moment, each with its number, and collects what they say.
pub(super) async fn rivals<T, F>(count: usize, mut rival: impl FnMut(usize) -> F) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let start = Arc::new(Barrier::new(count));
    let mut tasks = JoinSet::new();
    for number in 0..count {
        let (start, work) = (Arc::clone(&start), rival(number));
        tasks.spawn(async move {
            start.wait().await;
            work.await
        });
    }
    tasks.join_all().await
}

pub(super) fn count<T>(outcomes: &[T], is_it: impl Fn(&T) -> bool) -> usize {
    outcomes.iter().filter(|outcome| is_it(outcome)).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn p7_of_24_who_generate_at_once_exactly_10_get_a_place() {
    let world = world().await;
    let ana = world.user("ana@example.org").await;
    let acme = world.root("Acme").await;
    world.member(ana, acme, &[]).await;
    let nodes = [world.clone(), world.on_another_node().await];
    let outcomes = rivals(24, |number| {
        let world = nodes[number % 2].clone();
        async move {
            let policy = Policy::default();
            let made = world.try_pat(ana, acme, WantedPat::default(), &policy);
            made.await.map(|pat| pat.id)
        }
    })
    .await;
    assert_eq!(count(&outcomes, Result::is_ok), 10);
    let full = Err(Refusal::LimitReached { limit: 10 });
    assert_eq!(count(&outcomes, |outcome| *outcome == full), 14);
    let mut tx = world.store.read_single().await.unwrap();
    let live = pat_count_live(&mut tx, acme, ana, world.now()).await;
    assert_eq!(live.unwrap(), 10);
    drop(tx);
    let records = audit(&world, Some(acme)).await;
    assert_eq!(count(&records, |record| *record == "pat.generated"), 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_32_who_revoke_one_token_exactly_one_does_it_and_tells() {
    let world = world().await;
    let ana = world.user("ana@example.org").await;
    let acme = world.root("Acme").await;
    world.member(ana, acme, &[]).await;
    let pat = Arc::new(world.pat(ana, acme).await);
    let nodes = [world.clone(), world.on_another_node().await];
    let outcomes = rivals(32, |number| {
        let (world, pat) = (nodes[number % 2].clone(), Arc::clone(&pat));
        async move { world.revoke(&pat, Revoker::Operator).await }
    })
    .await;
    assert_eq!(count(&outcomes, |said| *said == Revoked::Now), 1);
    assert_eq!(count(&outcomes, |said| *said == Revoked::Already), 31);
    assert_eq!(feed(&world).await, [FeedItem::Pat(pat.id)]);
    let records = audit(&world, Some(acme)).await;
    assert_eq!(
        count(&records, |record| *record == "pat.revoked operator"),
        1
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_moves_that_together_would_make_a_cycle_exactly_one_happens() {
    let world = world().await;
    let acme = world.root("Acme").await;
    for round in 0..8 {
        let pair = [
            world.sub(acme, &format!("One {round}")).await,
            world.sub(acme, &format!("Two {round}")).await,
        ];
        move_below_each_other(&world, pair).await;
    }
}

async fn move_below_each_other(world: &World, pair: [OrgId; 2]) {
    let outcomes = rivals(2, |number| {
        let world = world.clone();
        let (moved, parent) = (pair[number], pair[1 - number]);
        async move { world.move_org(moved, parent).await }
    })
    .await;
    assert_eq!(count(&outcomes, Result::is_ok), 1);
    assert_eq!(count(&outcomes, |said| *said == Err(BadMove::Cycle)), 1);
    let depths = [depth(world, pair[0]).await, depth(world, pair[1]).await];
    assert!(matches!(depths, [2, 3] | [3, 2]), "{depths:?}");
}

async fn depth(world: &World, organization: OrgId) -> usize {
    world.lineage(organization).await.unwrap().depth()
}

#[tokio::test(flavor = "multi_thread")]
async fn of_16_who_take_one_name_exactly_one_gets_it() {
    let world = world().await;
    let acme = world.root("Acme").await;
    let nodes = [world.clone(), world.on_another_node().await];
    let outcomes = rivals(16, |number| {
        let world = nodes[number % 2].clone();
        let name = if number % 4 < 2 { "Işık" } else { "IŞIK" };
        async move { world.try_org(Some(acme), name).await }
    })
    .await;
    let (won, lost): (Vec<_>, Vec<_>) = outcomes.into_iter().partition(Result::is_ok);
    assert_eq!((won.len(), lost.len()), (1, 15));
    for refused in lost {
        assert_eq!(conflict(refused), Constraint::OrganizationName);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_feed_is_gapless_and_in_commit_order_under_32_writers() {
    let world = world().await;
    let acme = world.root("Acme").await;
    let mut people = Vec::new();
    for number in 0..32 {
        let user = world.user(&format!("user{number}@example.org")).await;
        world.member(user, acme, &[]).await;
        people.push(user);
    }
    let watching = tokio::spawn(watch(world.clone(), 32 * 6));
    rivals(32, |number| {
        let (world, user) = (world.clone(), people[number]);
        async move { lose_and_return(&world, user, acme).await }
    })
    .await;
    let seen = watching.await.unwrap();
    assert_eq!(seen, world.feed_after(0).await);
    assert_eq!(seen.len(), 32 * 6);
}

/// Six changes of one member's rights, with the epochs 2 to 7. After each commit its item is there for
/// everybody.
async fn lose_and_return(world: &World, user: UserId, tree: OrgId) {
    for round in 1..=3 {
        assert!(world.suspend_member(user, tree).await);
        let suspended = feed(world).await;
        assert!(world.remove(user, tree).await);
        let left = feed(world).await;
        for (feed, epoch) in [(suspended, 2 * round), (left, 2 * round + 1)] {
            let item = FeedItem::User { user, tree, epoch };
            assert!(feed.contains(&item), "{item:?}");
        }
        world.member(user, tree, &[]).await;
    }
}

/// Follows the feed by its numbers as a verifier does. An item that appeared behind the last number
/// seen would be missing here for ever, and a gap would show at once.
async fn watch(world: World, until: usize) -> Vec<(i64, FeedItem)> {
    let mut seen: Vec<(i64, FeedItem)> = Vec::new();
    while seen.len() < until {
        let after = seen.last().map_or(0, |(number, _item)| *number);
        for (expected, (number, item)) in (after + 1..).zip(world.feed_after(after).await) {
            assert_eq!(number, expected, "a gap in the feed");
            seen.push((number, item));
        }
        tokio::task::yield_now().await;
    }
    seen
}
