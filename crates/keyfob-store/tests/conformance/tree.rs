//! The tree of organizations: its ancestor table, its depth, and what moving and deleting do.

use std::collections::{BTreeMap, BTreeSet};

use keyfob_core::event::FeedItem;
use keyfob_core::id::OrgId;
use keyfob_core::name::Name;
use keyfob_core::org::{BadMove, DEPTH_MAX, may_have_child};
use keyfob_core::pat::{RevokedBecause, Revoker, WantedPat};
use keyfob_store::exchange::exchange_facts;
use keyfob_store::member::{member_find, member_of_user};
use keyfob_store::org::{
    org_below, org_find, org_height, org_list_below, org_list_of_user, org_named_in_tree,
    org_roots_named,
};
use keyfob_store::probe::{self, Cell};
use keyfob_testkit::world::World;

use super::super::{changes_nothing, set, tree_epoch, user_epoch, written};
use super::world;

/// The paths that the ancestor table holds, and those that parent links and depths make, as
/// (organization, depth, ancestor).
async fn paths(world: &World) -> [BTreeSet<(OrgId, i64, OrgId)>; 2] {
    const ID: Cell = Cell::Uuid(Some(uuid::Uuid::nil()));
    let mut tx = world.store.read().await.unwrap();
    let table = probe::statement("SELECT organization, depth, ancestor FROM organization_ancestor");
    let rows = probe::all(&mut tx, table, &[], &[ID, Cell::from(0), ID]).await;
    let rows = rows.unwrap().into_iter();
    let kept = rows.map(|row| (org(&row[0]), int(&row[1]), org(&row[2])));
    let kept = kept.collect();
    let links = probe::statement(
        "SELECT id, depth, parent_id, root_id FROM organization WHERE deleted_at IS NULL",
    );
    let rows = probe::all(
        &mut tx,
        links,
        &[],
        &[ID, Cell::from(0), Cell::Uuid(None), ID],
    )
    .await;
    let rows = rows.unwrap();
    let parents: BTreeMap<OrgId, Option<OrgId>> = rows
        .iter()
        .map(|row| (org(&row[0]), maybe_org(&row[2])))
        .collect();
    let mut made = BTreeSet::new();
    for row in &rows {
        let mut upward = vec![org(&row[0])];
        while let Some(above) = parents[upward.last().unwrap()] {
            upward.push(above);
        }
        assert_eq!(upward.last(), Some(&org(&row[3])), "the root of {row:?}");
        assert_eq!(upward.len(), usize::try_from(int(&row[1])).unwrap());
        let downward = (1..).zip(upward.iter().rev());
        made.extend(downward.map(|(depth, ancestor)| (upward[0], depth, *ancestor)));
    }
    [kept, made]
}

fn maybe_org(cell: &Cell) -> Option<OrgId> {
    let Cell::Uuid(id) = cell else {
        panic!("{cell:?} is no id");
    };
    id.map(OrgId::from_uuid)
}

fn org(cell: &Cell) -> OrgId {
    maybe_org(cell).unwrap()
}

fn int(cell: &Cell) -> i64 {
    let Cell::Int(Some(number)) = cell else {
        panic!("{cell:?} is no number");
    };
    *number
}

/// Draws below `bound` that differ from step to step and are the same in every run.
struct Draws(usize);

impl Draws {
    fn below(&mut self, bound: usize) -> usize {
        // The constants of the MMIX generator; the high half is the random one.
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_ancestor_table_equals_the_parent_links_whatever_is_made_moved_and_deleted() {
    let world = world().await;
    let mut draws = Draws(4);
    let mut living = vec![world.root("Acme").await, world.root("Globex").await];
    let mut moves = 0;
    for step in 0..120 {
        let one = living[draws.below(living.len())];
        let other = living[draws.below(living.len())];
        match draws.below(8) {
            0..=3 if world.lineage(one).await.unwrap().depth() < DEPTH_MAX => {
                living.push(world.sub(one, &format!("Team {step}")).await);
            }
            4..=6 => moves += i32::from(world.move_org(one, other).await.is_ok()),
            _delete if living.len() > 8 && world.lineage(one).await.unwrap().depth() > 1 => {
                let mut tx = world.store.read_single().await.unwrap();
                let gone = org_below(&mut tx, one).await.unwrap();
                drop(tx);
                world.delete_org(one).await;
                living.retain(|id| !gone.contains(id));
            }
            _no_room => {}
        }
        let [kept, made] = paths(&world).await;
        assert_eq!(kept, made, "after step {step}");
        let organizations = set(kept.iter().map(|(organization, ..)| *organization));
        assert_eq!(organizations, set(living.iter().copied()));
    }
    assert!(moves > 5, "only {moves} moves were tried in earnest");
}

/// A chain of organizations, the root first.
async fn chain(world: &World, levels: usize) -> Vec<OrgId> {
    let mut chain = vec![world.root("Level 1").await];
    for level in 2..=levels {
        let above = *chain.last().unwrap();
        chain.push(world.sub(above, &format!("Level {level}")).await);
    }
    chain
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tree_of_sixteen_levels_is_read_back_and_has_no_seventeenth() {
    let world = world().await;
    let chain = chain(&world, DEPTH_MAX).await;
    let lineage = world.lineage(chain[15]).await.unwrap();
    assert_eq!(lineage.downward().collect::<Vec<_>>(), chain);
    assert!(may_have_child(lineage).is_err());
    let mut tx = world.store.read().await.unwrap();
    assert_eq!(
        org_find(&mut tx, chain[15]).await.unwrap().unwrap().depth,
        16
    );
    assert_eq!(org_height(&mut tx, chain[0]).await.unwrap(), 16);
    assert_eq!(org_height(&mut tx, chain[15]).await.unwrap(), 1);
    assert_eq!(org_below(&mut tx, chain[0]).await.unwrap().len(), 16);
    drop(tx);
    let side = world.sub(chain[0], "Side").await;
    world.sub(side, "Below the side").await;
    let too_deep = changes_nothing(&world, world.move_org(side, chain[14])).await;
    assert_eq!(too_deep, Err(BadMove::TooDeep));
    world.move_org(side, chain[13]).await.unwrap();
    let [kept, made] = paths(&world).await;
    assert_eq!(kept, made);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_move_takes_the_subtree_along_and_kills_the_access_tokens_of_the_tree() {
    let world = world().await;
    let ana = world.user("ana@example.org").await;
    let acme = world.root("Acme").await;
    let globex = world.root("Globex").await;
    let mobile = world.sub(acme, "Mobile").await;
    let ios = world.sub(mobile, "iOS").await;
    let web = world.sub(acme, "Web").await;
    world.member(ana, mobile, &["owner"]).await;
    let pat = world.pat(ana, mobile).await;

    let moved = written(&world, Some(acme), world.move_org(mobile, web)).await;

    moved.said.unwrap();
    let raised = FeedItem::Tree {
        tree: acme,
        epoch: 2,
    };
    assert_eq!(moved.feed, [raised]);
    assert_eq!(moved.audit, [format!("organization.moved to {web}")]);
    let lineage = world.lineage(ios).await.unwrap();
    let path: Vec<OrgId> = lineage.downward().collect();
    assert_eq!(path, [acme, web, mobile, ios]);
    let mut tx = world.store.read().await.unwrap();
    let found = org_find(&mut tx, mobile).await.unwrap().unwrap();
    assert_eq!((found.parent, found.depth), (Some(web), 3));
    let found = org_find(&mut tx, ios).await.unwrap().unwrap();
    assert_eq!((found.parent, found.depth), (Some(mobile), 4));
    let below = org_below(&mut tx, web).await.unwrap();
    assert_eq!(set(below), set([web, mobile, ios]));
    drop(tx);
    assert_eq!(tree_epoch(&world, globex).await, Some(1));
    assert_eq!(user_epoch(&world, ana, acme).await, Some(1));
    let kept = world.find_pat(mobile, pat.id).await.unwrap();
    assert_eq!(kept.revoked, None, "PATs held in the moved subtree stay");
}

#[tokio::test(flavor = "multi_thread")]
async fn deleting_ends_the_tokens_and_memberships_of_the_subtree_and_of_nothing_else() {
    let world = world().await;
    let ana = world.user("ana@example.org").await;
    let acme = world.root("Acme").await;
    let mobile = world.sub(acme, "Mobile").await;
    let ios = world.sub(mobile, "iOS").await;
    for organization in [acme, mobile, ios] {
        world.member(ana, organization, &[]).await;
    }
    let above = world.pat(ana, acme).await;
    let (held, below) = (world.pat(ana, mobile).await, world.pat(ana, ios).await);
    let ended = world.pat(ana, ios).await;
    world.revoke(&ended, Revoker::Operator).await;

    let deleted = written(&world, Some(acme), world.delete_org(mobile)).await;

    let raised = FeedItem::Tree {
        tree: acme,
        epoch: 2,
    };
    assert_eq!(deleted.feed, [raised]);
    let revoked = "pat.revoked organization_deleted";
    assert_eq!(deleted.audit, ["organization.deleted", revoked, revoked]);
    let because = Some((world.now(), RevokedBecause::OrganizationDeleted));
    for pat in [&held, &below] {
        let found = world.find_pat(pat.organization, pat.id).await.unwrap();
        assert_eq!(found.revoked, because);
    }
    let found = world.find_pat(ios, ended.id).await.unwrap();
    let earlier = Some((world.now(), RevokedBecause::Operator));
    assert_eq!(found.revoked, earlier, "the first reason stands");
    let found = world.find_pat(acme, above.id).await.unwrap();
    assert_eq!(found.revoked, None);
    let mut tx = world.store.read().await.unwrap();
    assert!(member_find(&mut tx, ana, acme).await.unwrap().is_some());
    assert_eq!(member_find(&mut tx, ana, ios).await.unwrap(), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_deleted_is_found_nowhere() {
    let world = world().await;
    let ana = world.user("ana@example.org").await;
    let acme = world.root("Acme").await;
    world.member(ana, acme, &["owner"]).await;
    let mobile = world.sub(acme, "Mobile").await;
    world.member(ana, mobile, &["owner"]).await;
    let pat = world.pat_with(ana, acme, WantedPat::default()).await;
    world.delete_org(mobile).await;

    let named = Name::parse("Mobile").unwrap();
    let mut tx = world.store.read().await.unwrap();
    assert_eq!(org_find(&mut tx, mobile).await.unwrap(), None);
    let in_tree = org_named_in_tree(&mut tx, acme, &named).await;
    assert_eq!(in_tree.unwrap(), None);
    assert_eq!(org_below(&mut tx, mobile).await.unwrap(), []);
    assert_eq!(org_below(&mut tx, acme).await.unwrap(), [acme]);
    assert_eq!(org_list_of_user(&mut tx, ana).await.unwrap().len(), 1);
    let listed = org_list_below(&mut tx, ana, acme).await.unwrap();
    assert_eq!(listed.len(), 1);
    assert_eq!(member_of_user(&mut tx, ana).await.unwrap().len(), 1);
    let mac = world.mac(&pat.secret);
    let snapshot = exchange_facts(&mut tx, &mac, Some(mobile)).await.unwrap();
    assert_eq!(snapshot.unwrap().facts.target, None);
    drop(tx);
    assert_eq!(world.lineage(mobile).await, None);
    world.delete_org(acme).await;
    let mut tx = world.store.read().await.unwrap();
    let root = Name::parse("Acme").unwrap();
    assert_eq!(org_roots_named(&mut tx, &root).await.unwrap(), []);
    assert_eq!(org_list_of_user(&mut tx, ana).await.unwrap(), []);
}
