//! Refusals of tokens: counted by reason, the latest of each kept, found by their request.

use keyfob_core::exchange::Denial;
use keyfob_core::id::{OrgId, PatId, RequestId, UserId};
use keyfob_core::pat::{RevokedBecause, Revoker};
use keyfob_core::time::Timestamp;
use keyfob_store::probe::Cell;
use keyfob_store::refusal::{
    NewRefusals, REFUSALS_KEPT, Refusal, Refused, refusal_find, refusal_list, refusal_put,
};
use keyfob_testkit::schema::dump;
use keyfob_testkit::world::{World, WorldPat};
use uuid::Uuid;

use super::super::{by_hand, changes_nothing};
use super::world;

/// A token of a member of a root.
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
    Stage {
        world,
        ana,
        acme,
        pat,
    }
}

impl Stage {
    async fn put(&self, new: &[NewRefusals]) {
        let mut tx = self.world.store.write().await.unwrap();
        refusal_put(&mut tx, new).await.unwrap();
        tx.commit().await.unwrap();
    }

    async fn list(&self, organization: OrgId, user: UserId) -> Vec<Refused> {
        let mut tx = self.world.store.read_single().await.unwrap();
        let mut list = refusal_list(&mut tx, organization, user).await.unwrap();
        list.sort_by_key(|refused| refused.refusal.request);
        list
    }

    async fn find(&self, organization: OrgId, request: RequestId) -> Option<Refused> {
        let mut tx = self.world.store.read_single().await.unwrap();
        refusal_find(&mut tx, organization, request).await.unwrap()
    }
}

fn request(number: u128) -> RequestId {
    RequestId::from_uuid(Uuid::from_u128(number))
}

fn refusal(number: u128) -> Refusal {
    Refusal {
        request: request(number),
        at: Timestamp::from_millis(1_000),
        address: Some("203.0.113.9".to_owned()),
        client: Some("curl/8".to_owned()),
        organization: OrgId::from_uuid(Uuid::from_u128(99)),
    }
}

fn refusals(pat: PatId, reason: Denial, numbers: std::ops::Range<u128>) -> NewRefusals {
    NewRefusals {
        pat,
        reason,
        times: u32::try_from(numbers.end - numbers.start).unwrap(),
        latest: numbers.map(refusal).collect(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn p16_refusals_are_counted_by_reason_and_the_last_of_each_is_listed() {
    let stage = stage().await;
    let pat = stage.pat.id;
    stage
        .put(&[
            refusals(pat, Denial::Network, 1..4),
            refusals(pat, Denial::Target, 10..11),
        ])
        .await;
    let bare = Refusal {
        address: None,
        client: None,
        ..refusal(5)
    };
    let more = NewRefusals {
        times: 40,
        latest: vec![bare.clone()],
        ..refusals(pat, Denial::Network, 0..0)
    };
    stage.put(&[more]).await;
    let expected = |reason, times, refusal| Refused {
        pat,
        user: stage.ana,
        reason,
        revoked_by: None,
        times,
        refusal,
    };
    let list = stage.list(stage.acme, stage.ana).await;
    assert_eq!(
        list,
        [
            expected(Denial::Network, 43, bare),
            expected(Denial::Target, 1, refusal(10))
        ]
    );
    let found = stage.find(stage.acme, request(2)).await;
    assert_eq!(found, Some(expected(Denial::Network, 43, refusal(2))));
    assert_eq!(stage.find(stage.acme, request(7)).await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn p16_the_latest_are_kept_for_each_token_and_reason() {
    let stage = stage().await;
    let pat = stage.pat.id;
    let other = stage.world.pat(stage.ana, stage.acme).await.id;
    stage
        .put(&[
            refusals(other, Denial::Expired, 100..101),
            refusals(pat, Denial::Reach, 200..201),
            refusals(pat, Denial::Expired, 300..309),
        ])
        .await;
    stage.put(&[refusals(pat, Denial::Expired, 309..313)]).await;
    // One that was noted late, on another node, is older than what is kept.
    stage.put(&[refusals(pat, Denial::Expired, 1..2)]).await;
    let kept = async |number| stage.find(stage.acme, request(number)).await.is_some();
    for number in [100, 200, 303, 304, 312] {
        assert!(kept(number).await, "{number}");
    }
    for number in [1, 300, 302] {
        assert!(!kept(number).await, "{number}");
    }
    let rows = dump(&stage.world.store).await;
    assert_eq!(rows["pat_refusal"].len(), REFUSALS_KEPT + 2);
    let times: Vec<i64> = stage
        .list(stage.acme, stage.ana)
        .await
        .iter()
        .map(|refused| refused.times)
        .collect();
    assert_eq!(times, [1, 1, 14]);
}

#[tokio::test(flavor = "multi_thread")]
async fn p16_a_revoked_token_tells_why_and_by_whom() {
    let stage = stage().await;
    let pat = stage.pat.id;
    let cem = stage.world.user("cem@example.org").await;
    let manager = Revoker::Person {
        user: cem,
        manages: true,
    };
    stage.world.revoke(&stage.pat, manager).await;
    let revoked = Denial::Revoked(RevokedBecause::Manager);
    stage.put(&[refusals(pat, revoked, 1..2)]).await;
    let found = stage.find(stage.acme, request(1)).await.unwrap();
    assert_eq!((found.reason, found.revoked_by), (revoked, Some(cem)));
}

#[tokio::test(flavor = "multi_thread")]
async fn p3_refusals_are_listed_with_ones_own_tokens_of_that_organization_only() {
    let stage = stage().await;
    let world = &stage.world;
    let bo = world.user("bo@example.org").await;
    let mobile = world.sub(stage.acme, "Mobile").await;
    world.member(bo, stage.acme, &[]).await;
    world.member(stage.ana, mobile, &[]).await;
    let of_bo = world.pat(bo, stage.acme).await.id;
    let below = world.pat(stage.ana, mobile).await.id;
    let new = [(stage.pat.id, 1), (of_bo, 2), (below, 3)];
    let new = new.map(|(pat, number)| refusals(pat, Denial::Expired, number..number + 1));
    stage.put(&new).await;
    let listed = async |organization, user| {
        let list = stage.list(organization, user).await;
        list.iter().map(|refused| refused.pat).collect::<Vec<_>>()
    };
    assert_eq!(listed(stage.acme, stage.ana).await, [stage.pat.id]);
    assert_eq!(listed(stage.acme, bo).await, [of_bo]);
    assert_eq!(listed(mobile, stage.ana).await, [below]);
    assert_eq!(stage.find(mobile, request(1)).await, None);
    let found = stage.find(stage.acme, request(2)).await;
    assert_eq!(found.unwrap().user, bo, "whose it is, for who manages");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_hidden_is_hidden_here_too_and_noting_nothing_changes_nothing() {
    let stage = stage().await;
    let pat = stage.pat.id;
    stage.put(&[refusals(pat, Denial::Expired, 1..2)]).await;
    changes_nothing(&stage.world, stage.put(&[])).await;
    let import = Cell::Uuid(Some(Uuid::from_u128(5)));
    let hide = "UPDATE instance SET import_pending = $1";
    by_hand(&stage.world, hide, std::slice::from_ref(&import)).await;
    let of_import = "UPDATE pat SET import_id = $1";
    assert_eq!(by_hand(&stage.world, of_import, &[import]).await, 1);
    assert_eq!(stage.list(stage.acme, stage.ana).await, []);
    assert_eq!(stage.find(stage.acme, request(1)).await, None);
}
