//! Personal API tokens: every field round, the count that limits them, their end, their last use.

use std::time::Duration;

use keyfob_core::event::{Actor, FeedItem, Via};
use keyfob_core::id::{KeyId, OrgId, PatId, UserId};
use keyfob_core::name::Name;
use keyfob_core::network::Networks;
use keyfob_core::pat::{
    Ceiling, GeneratePermit, RevokedBecause, Revoker, WantedExpiry, WantedPat, may_generate,
};
use keyfob_core::policy::Policy;
use keyfob_core::reach::Reach;
use keyfob_core::time::{Lifetime, Timestamp};
use keyfob_store::pat::{
    LastUse, NewPat, Pat, Revoked, pat_count_live, pat_exists, pat_insert, pat_list, pat_use_put,
};
use keyfob_store::probe::{self, Cell};
use keyfob_store::{Constraint, StoreError};
use keyfob_testkit::schema::dump;
use keyfob_testkit::world::{World, WorldPat, small_catalogue};

use super::super::{changes_nothing, conflict, written};
use super::world;

/// A member of a root with one sub-organization.
struct Stage {
    world: World,
    ana: UserId,
    acme: OrgId,
    mobile: OrgId,
}

async fn stage() -> Stage {
    let world = world().await;
    let ana = world.user("ana@example.org").await;
    let acme = world.root("Acme").await;
    let mobile = world.sub(acme, "Mobile").await;
    world.member(ana, acme, &["owner"]).await;
    Stage {
        world,
        ana,
        acme,
        mobile,
    }
}

impl Stage {
    async fn permit(&self, want: WantedPat) -> GeneratePermit {
        let mut tx = self.world.store.read().await.unwrap();
        let facts = self
            .world
            .generate_facts(&mut tx, self.ana, self.acme, &want)
            .await
            .unwrap();
        may_generate(&facts, want, &Policy::default(), self.world.now()).unwrap()
    }

    /// Keeps a token of a chosen id and secret.
    async fn insert(&self, pat: &WorldPat, want: WantedPat) -> Result<(), StoreError> {
        let permit = self.permit(want).await;
        let (name, mac) = (Name::parse("ci").unwrap(), self.world.mac(&pat.secret));
        let new = NewPat {
            id: pat.id,
            name: &name,
            mac: &mac,
            pepper: self.world.pepper_id,
            hint: "kfpat_…abcd",
        };
        let (actor, now) = (&self.world.actor, self.world.now());
        let mut tx = self.world.store.write().await?;
        pat_insert(&mut tx, &permit, &new, actor, now).await?;
        tx.commit().await
    }

    fn new_pat(&self) -> WorldPat {
        WorldPat {
            id: PatId::new(self.world.now(), self.world.id_random()),
            user: self.ana,
            organization: self.acme,
            secret: self.world.secret(),
        }
    }

    async fn count_live(&self) -> u32 {
        let mut tx = self.world.store.read_single().await.unwrap();
        let count = pat_count_live(&mut tx, self.acme, self.ana, self.world.now()).await;
        count.unwrap()
    }

    async fn note(&self, pat: PatId, last: LastUse) {
        let mut tx = self.world.store.write().await.unwrap();
        pat_use_put(&mut tx, &[(pat, last)]).await.unwrap();
        tx.commit().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_comes_back_with_everything_that_was_chosen() {
    let stage = stage().await;
    let (world, pat) = (&stage.world, stage.new_pat());
    let end = world.now().plus(Duration::from_hours(48));
    let ceiling = Ceiling::choose(["store:view", "build:view"], &small_catalogue()).unwrap();
    let networks = Networks::parse(["203.0.113.0/24", "2001:db8::/32"]).unwrap();
    let reach = Reach::Named([stage.mobile].into());
    let want = WantedPat {
        expiry: WantedExpiry::At(end),
        ceiling: Some(ceiling.clone()),
        reach: reach.clone(),
        networks: Some(networks.clone()),
    };
    let made = written(world, Some(stage.acme), stage.insert(&pat, want)).await;
    made.said.unwrap();
    assert_eq!(made.audit, ["pat.generated"]);
    assert_eq!(made.feed, []);
    let expected = Pat {
        id: pat.id,
        user: stage.ana,
        organization: stage.acme,
        tree: stage.acme,
        name: "ci".to_owned(),
        hint: Some("kfpat_…abcd".to_owned()),
        lifetime: Lifetime {
            start: world.now(),
            end: Some(end),
        },
        ceiling: Some(ceiling),
        reach,
        networks: Some(networks),
        revoked: None,
        last_used: None,
        replaces: None,
        successor: None,
    };
    let found = world.find_pat(stage.acme, pat.id).await;
    assert_eq!(found, Some(expected));
    let sql = probe::statement("SELECT mac, pepper FROM pat");
    let kinds = [
        Cell::Bytes(Some(vec![])),
        Cell::Uuid(Some(uuid::Uuid::nil())),
    ];
    let mut tx = world.store.read_single().await.unwrap();
    let kept = probe::all(&mut tx, sql, &[], &kinds).await.unwrap();
    let mac = world.mac(&pat.secret).as_bytes().to_vec();
    let pepper: KeyId = world.pepper_id;
    let expected = vec![Cell::Bytes(Some(mac)), Cell::Uuid(Some(pepper.uuid()))];
    assert_eq!(kept, [expected]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_made_with_no_choice_has_no_bounds() {
    let stage = stage().await;
    let pat = stage.world.pat(stage.ana, stage.acme).await;
    let found = stage.world.find_pat(stage.acme, pat.id).await.unwrap();
    assert_eq!(found.lifetime.end, None);
    assert_eq!((found.ceiling, found.networks), (None, None));
    assert_eq!(found.reach, Reach::Subtree);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_reach_is_lost() {
    let stage = stage().await;
    for reach in [Reach::Subtree, Reach::Organization] {
        let want = WantedPat {
            reach: reach.clone(),
            ..WantedPat::default()
        };
        let pat = stage.world.pat_with(stage.ana, stage.acme, want).await;
        let found = stage.world.find_pat(stage.acme, pat.id).await.unwrap();
        assert_eq!(found.reach, reach);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_found_in_its_own_organization_only() {
    let stage = stage().await;
    let pat = stage.world.pat(stage.ana, stage.acme).await;
    assert_eq!(stage.world.find_pat(stage.mobile, pat.id).await, None);
    let unknown = stage.new_pat().id;
    assert_eq!(stage.world.find_pat(stage.acme, unknown).await, None);
    let mut tx = stage.world.store.read().await.unwrap();
    assert!(pat_exists(&mut tx, pat.id).await.unwrap());
    assert!(!pat_exists(&mut tx, unknown).await.unwrap());
    let elsewhere = pat_list(&mut tx, stage.mobile, stage.ana).await;
    assert_eq!(elsewhere.unwrap(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_holds_ones_own_tokens_the_newest_first_and_ended_ones_too() {
    let stage = stage().await;
    let world = &stage.world;
    let bo = world.user("bo@example.org").await;
    world.member(bo, stage.acme, &[]).await;
    world.member(stage.ana, stage.mobile, &[]).await;
    let mut mine = Vec::new();
    for _ in 0..3 {
        mine.push(world.pat(stage.ana, stage.acme).await);
        world.clock.advance(Duration::from_secs(1));
    }
    world.pat(bo, stage.acme).await;
    world.pat(stage.ana, stage.mobile).await;
    world.revoke(&mine[1], Revoker::Operator).await;
    let mut tx = world.store.read_single().await.unwrap();
    let list = pat_list(&mut tx, stage.acme, stage.ana).await.unwrap();
    let ids: Vec<PatId> = list.iter().map(|pat| pat.id).collect();
    assert_eq!(ids, [mine[2].id, mine[1].id, mine[0].id]);
    let ended: Vec<bool> = list.iter().map(|pat| pat.revoked.is_some()).collect();
    assert_eq!(ended, [false, true, false]);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_tokens_share_neither_secret_nor_id() {
    let stage = stage().await;
    let first = stage.new_pat();
    stage.insert(&first, WantedPat::default()).await.unwrap();
    let same_id = WorldPat {
        id: first.id,
        ..stage.new_pat()
    };
    let refused = stage.insert(&same_id, WantedPat::default()).await;
    assert_eq!(conflict(refused), Constraint::Other);
    let same_secret = WorldPat {
        id: stage.new_pat().id,
        ..first
    };
    let refused = stage.insert(&same_secret, WantedPat::default()).await;
    assert_eq!(conflict(refused), Constraint::PatMac);
}

#[tokio::test(flavor = "multi_thread")]
async fn neither_revoked_nor_expired_tokens_count_and_one_is_expired_at_its_end() {
    let stage = stage().await;
    let world = &stage.world;
    let end = world.now().plus(Duration::from_millis(10));
    let want = WantedPat {
        expiry: WantedExpiry::At(end),
        ..WantedPat::default()
    };
    assert_eq!(stage.count_live().await, 0);
    world.pat_with(stage.ana, stage.acme, want).await;
    world.pat(stage.ana, stage.acme).await;
    let ended = world.pat(stage.ana, stage.acme).await;
    world.revoke(&ended, Revoker::Operator).await;
    world.member(stage.ana, stage.mobile, &[]).await;
    world.pat(stage.ana, stage.mobile).await;
    assert_eq!(stage.count_live().await, 2);
    world.clock.advance(Duration::from_millis(9));
    assert_eq!(stage.count_live().await, 2);
    world.clock.advance(Duration::from_millis(1));
    assert_eq!(stage.count_live().await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn revoking_is_final_and_told_once() {
    let stage = stage().await;
    let world = &stage.world;
    let bo = world.user("bo@example.org").await;
    let person = |user| Revoker::Person {
        user,
        manages: true,
    };
    for (revoker, because, by) in [
        (person(stage.ana), RevokedBecause::User, Some(stage.ana)),
        (person(bo), RevokedBecause::Manager, Some(bo)),
        (Revoker::Operator, RevokedBecause::Operator, None),
    ] {
        let pat = world.pat(stage.ana, stage.acme).await;
        let ended = written(world, Some(stage.acme), world.revoke(&pat, revoker)).await;
        assert_eq!(ended.said, Revoked::Now);
        assert_eq!(ended.feed, [FeedItem::Pat(pat.id)]);
        assert_eq!(ended.audit, [format!("pat.revoked {}", because.word())]);
        let found = world.find_pat(stage.acme, pat.id).await.unwrap();
        assert_eq!(found.revoked, Some((world.now(), because)));
        let id = Cell::Uuid(Some(pat.id.uuid()));
        let sql = probe::statement("SELECT revoked_by FROM pat WHERE id = $1");
        let mut tx = world.store.read_single().await.unwrap();
        let kept = probe::all(&mut tx, sql, &[id], &[Cell::Uuid(None)]).await;
        assert_eq!(kept.unwrap(), [[Cell::Uuid(by.map(UserId::uuid))]]);
        drop(tx);
        world.clock.advance(Duration::from_secs(1));
        let again = changes_nothing(world, world.revoke(&pat, Revoker::Operator)).await;
        assert_eq!(again, Revoked::Already);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_use_is_shown_and_an_older_one_changes_nothing() {
    let stage = stage().await;
    let pat = stage.world.pat(stage.ana, stage.acme).await;
    let at = |millis, client: Option<&str>| LastUse {
        at: Timestamp::from_millis(millis),
        address: client.map(|_named| "203.0.113.9".to_owned()),
        client: client.map(str::to_owned),
        organization: stage.mobile,
    };
    let last_used = async || {
        let found = stage.world.find_pat(stage.acme, pat.id).await;
        found.unwrap().last_used
    };
    stage.note(pat.id, at(20, Some("curl/8"))).await;
    assert_eq!(last_used().await, Some(at(20, Some("curl/8"))));
    changes_nothing(&stage.world, stage.note(pat.id, at(19, None))).await;
    stage.note(pat.id, at(21, None)).await;
    assert_eq!(last_used().await, Some(at(21, None)));
    let mut tx = stage.world.store.read_single().await.unwrap();
    let listed = pat_list(&mut tx, stage.acme, stage.ana).await.unwrap();
    assert_eq!(listed[0].last_used, Some(at(21, None)));
}

#[tokio::test(flavor = "multi_thread")]
async fn p2_p12_no_secret_and_no_hash_of_one_is_anywhere_in_the_database() {
    let stage = stage().await;
    let person = Actor {
        via: Via::Session,
        person: Some(stage.ana),
        ..Actor::OPERATOR
    };
    let world = stage.world.acting_as(person);
    let pat = world.pat(stage.ana, stage.acme).await;
    world.revoke(&pat, Revoker::Operator).await;
    let everything = format!("{:?}", dump(&world.store).await);
    let secret = pat.secret.expose();
    let (_prefix, body) = secret.split_once('_').unwrap();
    let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, secret.as_bytes());
    let in_dump = |bytes: &[u8]| format!("{bytes:02x?}");
    let mac = in_dump(world.mac(&pat.secret).as_bytes());
    assert!(everything.contains(&mac), "the dump shows what is there");
    let (beginning, _rest) = body.split_at(8);
    for kept in [secret, body, beginning, &in_dump(hash.as_ref())] {
        assert!(!everything.contains(kept), "{kept} is in the database");
    }
}
