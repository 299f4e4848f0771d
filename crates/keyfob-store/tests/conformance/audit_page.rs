//! The audit log as people read it: whose records, in which order, page by page, and with which names.

use std::time::Duration;

use keyfob_core::audit::{AuditExtent, AuditKind, AuditPermit, may_read_audit};
use keyfob_core::event::{Actor, Via};
use keyfob_core::id::{OrgId, RequestId, UserId};
use keyfob_core::pat::Revoker;
use keyfob_core::time::Timestamp;
use keyfob_store::event::page::{
    AuditCursor, AuditEntry, AuditWanted, audit_beginning, audit_page,
};
use keyfob_store::member::member_along;
use keyfob_store::probe::Cell;
use keyfob_testkit::world::{World, small_catalogue};
use uuid::Uuid;

use super::super::by_hand;
use super::world;

/// A tree with an owner and a member below, and what they did.
struct Stage {
    world: World,
    ana: UserId,
    bo: UserId,
    acme: OrgId,
    mobile: OrgId,
}

const ALL: AuditWanted = AuditWanted {
    kind: AuditKind::Everything,
    from: Timestamp::from_millis(i64::MIN),
    until: Timestamp::from_millis(i64::MAX),
    cursor: AuditCursor::Latest,
    limit: 100,
};

async fn stage() -> Stage {
    let world = world().await;
    let acme = world.root("Acme").await;
    let mobile = world.sub(acme, "Mobile").await;
    let ana = world.user("ana@example.org").await;
    let bo = world.user("bo@example.org").await;
    world.member(ana, acme, &["owner"]).await;
    world.member(bo, mobile, &["view-build"]).await;
    Stage {
        world,
        ana,
        bo,
        acme,
        mobile,
    }
}

impl Stage {
    fn acting(&self, user: UserId) -> World {
        self.world.acting_as(Actor {
            via: Via::Session,
            person: Some(user),
            request: Some(RequestId::from_uuid(Uuid::from_u128(5))),
            address: Some("198.51.100.77".parse().unwrap()),
            client: Some("Firefox".to_owned()),
        })
    }

    /// What the rule gives somebody at an organization.
    async fn permit(&self, user: UserId, organization: OrgId) -> AuditPermit {
        let lineage = self.world.lineage(organization).await.unwrap();
        let mut tx = self.world.store.read().await.unwrap();
        let held = member_along(&mut tx, user, organization).await.unwrap();
        may_read_audit(user, &lineage, &held, &small_catalogue()).unwrap()
    }

    async fn page(&self, user: UserId, at: OrgId, wanted: AuditWanted) -> Vec<AuditEntry> {
        let permit = self.permit(user, at).await;
        let mut tx = self.world.store.read().await.unwrap();
        audit_page(&mut tx, &permit, &wanted).await.unwrap()
    }

    async fn actions(&self, user: UserId, at: OrgId, wanted: AuditWanted) -> Vec<String> {
        let page = self.page(user, at, wanted).await;
        page.into_iter().map(|entry| entry.action).collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_the_tree_holds_what_happened_anywhere_in_it_the_latest_first() {
    let stage = stage().await;
    let globex = stage.world.root("Globex").await;
    stage.world.member(stage.bo, globex, &[]).await;
    stage.world.delete_org(stage.mobile).await;
    let page = stage.page(stage.ana, stage.acme, ALL).await;
    let told: Vec<_> = page
        .iter()
        .map(|entry| (entry.action.as_str(), entry.organization_name.as_deref()))
        .collect();
    let expected = [
        ("organization.deleted", Some("Mobile")),
        ("member.added", Some("Mobile")),
        ("member.added", Some("Acme")),
        ("organization.created", Some("Mobile")),
        ("organization.created", Some("Acme")),
    ];
    assert_eq!(told, expected);
    let permit = stage.permit(stage.ana, stage.acme).await;
    assert_eq!(permit.extent(), AuditExtent::Tree(stage.acme));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_an_organization_holds_what_happened_there_and_nothing_above_or_below() {
    let stage = stage().await;
    stage.world.sub(stage.mobile, "iOS").await;
    let here = stage.actions(stage.ana, stage.mobile, ALL).await;
    assert_eq!(here, ["member.added", "organization.created"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_reads_their_own_reads_their_acts_and_their_tokens_only() {
    let stage = stage().await;
    let (ana, bo) = (stage.acting(stage.ana), stage.acting(stage.bo));
    let pat = bo.pat(stage.bo, stage.mobile).await;
    let cem = ana.user("cem@example.org").await;
    ana.member(cem, stage.mobile, &[]).await;
    ana.pat(cem, stage.mobile).await;
    let manager = Revoker::Person {
        user: stage.ana,
        manages: true,
    };
    ana.revoke(&pat, manager).await;
    let own = stage.actions(stage.bo, stage.mobile, ALL).await;
    assert_eq!(own, ["pat.revoked", "pat.generated"]);
    let all = stage.actions(stage.ana, stage.mobile, ALL).await;
    assert_eq!(all.len(), 6, "{all:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_go_on_by_number_in_both_directions() {
    let stage = stage().await;
    for round in 0..5 {
        stage.world.sub(stage.acme, &format!("Sub {round}")).await;
    }
    let numbers = async |cursor, limit| {
        let wanted = AuditWanted {
            cursor,
            limit,
            ..ALL
        };
        let page = stage.page(stage.ana, stage.acme, wanted).await;
        page.iter().map(|entry| entry.seq).collect::<Vec<_>>()
    };
    assert_eq!(numbers(AuditCursor::Latest, 3).await, [9, 8, 7]);
    assert_eq!(numbers(AuditCursor::Before(7), 3).await, [6, 5, 4]);
    assert_eq!(numbers(AuditCursor::Before(2), 3).await, [1]);
    assert_eq!(numbers(AuditCursor::Before(1), 3).await, [0_i64; 0]);
    assert_eq!(numbers(AuditCursor::After(3), 3).await, [6, 5, 4]);
    assert_eq!(numbers(AuditCursor::After(7), 3).await, [9, 8]);
    assert_eq!(numbers(AuditCursor::After(9), 3).await, [0_i64; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn kinds_and_times_filter_and_a_time_ends_before_its_end() {
    let stage = stage().await;
    let before = stage.world.now();
    stage.world.clock.advance(Duration::from_secs(1));
    let at = stage.world.now();
    stage.world.pat(stage.ana, stage.acme).await;
    let of = async |kind| {
        let wanted = AuditWanted { kind, ..ALL };
        stage.actions(stage.ana, stage.acme, wanted).await.len()
    };
    assert_eq!(of(AuditKind::Everything).await, 5);
    assert_eq!(of(AuditKind::Tokens).await, 1);
    assert_eq!(of(AuditKind::People).await, 2);
    assert_eq!(of(AuditKind::Organizations).await, 2);
    let within = async |from, until| {
        let wanted = AuditWanted { from, until, ..ALL };
        stage.actions(stage.ana, stage.acme, wanted).await.len()
    };
    assert_eq!(within(at, ALL.until).await, 1);
    assert_eq!(within(ALL.from, at).await, 4);
    assert_eq!(within(before, at).await, 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_has_the_names_of_today_and_from_where_it_came() {
    let stage = stage().await;
    stage.acting(stage.ana).pat(stage.bo, stage.mobile).await;
    let page = stage.page(stage.ana, stage.mobile, ALL).await;
    let made = &page[0];
    let actor = made.actor_named.as_ref().unwrap();
    assert_eq!(
        (&*actor.full_name, &*actor.email),
        ("ana", "ana@example.org")
    );
    let pat = made.subject_pat.as_ref().unwrap();
    assert_eq!(pat.name, "made by a test");
    assert_eq!(pat.holder.as_deref(), Some("bo"));
    assert!(pat.hint.as_ref().unwrap().starts_with("kfpat_…"));
    assert_eq!(made.address.as_deref(), Some("198.51.100.77"));
    assert_eq!(made.client.as_deref(), Some("Firefox"));
    let added = &page[1];
    assert_eq!((added.actor, added.via.as_str()), (None, "operator"));
    let person = added.subject_person.as_ref().unwrap();
    assert_eq!(person.full_name, "bo");
    assert_eq!(
        (added.address.as_deref(), added.client.as_deref()),
        (None, None)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_erased_person_leaves_the_record_without_a_name_and_without_a_place() {
    let stage = stage().await;
    let gone = UserId::from_uuid(Uuid::from_u128(77));
    stage.acting(gone).sub(stage.acme, "Web").await;
    let origin = "DELETE FROM audit_origin WHERE person = $1";
    by_hand(&stage.world, origin, &[Cell::Uuid(Some(gone.uuid()))]).await;
    let page = stage.page(stage.ana, stage.acme, ALL).await;
    assert_eq!((page[0].actor, &page[0].actor_named), (Some(gone), &None));
    assert_eq!((&page[0].address, &page[0].client), (&None, &None));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_records_of_an_unfinished_import_are_hidden_with_its_rows() {
    let stage = stage().await;
    let import = Uuid::from_u128(5);
    stage.acting(stage.ana).sub(stage.acme, "Web").await;
    let count = async || stage.actions(stage.ana, stage.acme, ALL).await.len();
    assert_eq!(count().await, 5);
    let pending = "UPDATE instance SET import_pending = $1";
    by_hand(&stage.world, pending, &[Cell::Uuid(Some(import))]).await;
    assert_eq!(count().await, 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_beginning_of_a_log_is_its_first_record() {
    let stage = stage().await;
    let first = stage.world.now();
    stage.world.clock.advance(Duration::from_secs(9));
    let ios = stage.world.sub(stage.mobile, "iOS").await;
    let begins = async |extent| {
        let mut tx = stage.world.store.read_single().await.unwrap();
        audit_beginning(&mut tx, extent).await.unwrap()
    };
    let tree = begins(AuditExtent::Tree(stage.acme)).await;
    assert_eq!(tree, Some(first));
    let here = begins(AuditExtent::Organization(ios)).await;
    assert_eq!(here, Some(stage.world.now()));
    let nowhere = OrgId::from_uuid(Uuid::from_u128(9));
    assert_eq!(begins(AuditExtent::Tree(nowhere)).await, None);
    assert_eq!(begins(AuditExtent::Organization(nowhere)).await, None);
}
