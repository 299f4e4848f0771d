//! A person's tokens in every organization, named as long as the person belongs there.

use std::time::Duration;

use keyfob_core::id::{OrgId, UserId};
use keyfob_core::pat::{Revoker, WantedExpiry, WantedPat};
use keyfob_store::pat::everywhere::{PatSomewhere, pat_ended_everywhere, pat_live_everywhere};
use keyfob_testkit::world::World;

use super::world;

async fn live(world: &World, user: UserId, limit: i64) -> Vec<PatSomewhere> {
    let mut tx = world.store.read_single().await.unwrap();
    let live = pat_live_everywhere(&mut tx, user, world.now(), limit).await;
    live.unwrap()
}

async fn ended(world: &World, user: UserId, limit: i64) -> Vec<PatSomewhere> {
    let mut tx = world.store.read_single().await.unwrap();
    let ended = pat_ended_everywhere(&mut tx, user, world.now(), limit).await;
    ended.unwrap()
}

/// Which organization each is in, by its name if that is told.
fn told(pats: &[PatSomewhere]) -> Vec<(OrgId, Option<&str>)> {
    pats.iter()
        .map(|it| (it.pat.organization, it.organization_name.as_deref()))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_of_all_organizations_are_listed_the_newest_first_and_nobody_elses() {
    let world = world().await;
    let (ana, bo) = (
        world.user("ana@example.org").await,
        world.user("bo@example.org").await,
    );
    let (acme, globex) = (world.root("Acme").await, world.root("Globex").await);
    for organization in [acme, globex] {
        world.member(ana, organization, &[]).await;
        world.member(bo, organization, &[]).await;
    }
    let mut made = Vec::new();
    for organization in [acme, globex, acme] {
        world.clock.advance(Duration::from_millis(1));
        made.push(world.pat(ana, organization).await.id);
        world.pat(bo, organization).await;
    }
    made.reverse();
    let all = live(&world, ana, 100).await;
    assert_eq!(all.iter().map(|it| it.pat.id).collect::<Vec<_>>(), made);
    let (a, g) = ((acme, Some("Acme")), (globex, Some("Globex")));
    assert_eq!(told(&all), [a, g, a]);
    assert!(all.iter().all(|it| it.pat.user == ana && !it.is_suspended));
    let in_list = world.find_pat(acme, made[0]).await;
    assert_eq!(Some(&all[0].pat), in_list.as_ref(), "every field is read");
    assert_eq!(live(&world, ana, 2).await.len(), 2);
    assert_eq!(ended(&world, ana, 100).await, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_over_when_revoked_and_at_its_end() {
    let world = world().await;
    let ana = world.user("ana@example.org").await;
    let acme = world.root("Acme").await;
    world.member(ana, acme, &[]).await;
    let want = WantedPat {
        expiry: WantedExpiry::At(world.now().plus(Duration::from_millis(10))),
        ..WantedPat::default()
    };
    let short = world.pat_with(ana, acme, want).await;
    let pat = world.pat(ana, acme).await;
    world.revoke(&pat, Revoker::Operator).await;
    let counts = async || {
        let (live, ended) = (live(&world, ana, 9).await, ended(&world, ana, 9).await);
        (live.len(), ended.len())
    };
    world.clock.advance(Duration::from_millis(9));
    assert_eq!(counts().await, (1, 1));
    world.clock.advance(Duration::from_millis(1));
    assert_eq!(counts().await, (0, 2));
    let over = ended(&world, ana, 9).await;
    assert!(over.iter().any(|it| it.pat.id == short.id));
    assert_eq!(ended(&world, ana, 1).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_organization_is_named_to_who_belongs_there_also_while_suspended() {
    let world = world().await;
    let ana = world.user("ana@example.org").await;
    let acme = world.root("Acme").await;
    let mobile = world.sub(acme, "Mobile").await;
    world.member(ana, mobile, &[]).await;
    world.pat(ana, mobile).await;
    world.suspend_member(ana, mobile).await;
    let suspended = live(&world, ana, 9).await;
    assert_eq!(told(&suspended), [(mobile, Some("Mobile"))]);
    assert!(suspended[0].is_suspended);
    world.reactivate_member(ana, mobile).await;
    world.remove(ana, mobile).await;
    assert_eq!(live(&world, ana, 9).await, []);
    let left = ended(&world, ana, 9).await;
    assert_eq!(told(&left), [(mobile, None)], "not named to who left");
    world.member(ana, acme, &[]).await;
    let above = ended(&world, ana, 9).await;
    assert_eq!(told(&above), [(mobile, Some("Mobile"))]);
    world.delete_org(mobile).await;
    let gone = ended(&world, ana, 9).await;
    assert_eq!(told(&gone), [(mobile, None)]);
}
