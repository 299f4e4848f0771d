//! Organizations: what is kept of one, which names are free, who sees which of them.

use keyfob_core::id::OrgId;
use keyfob_core::name::Name;
use keyfob_core::org::may_have_child;
use keyfob_store::org::{
    ListedOrg, NewOrg, Org, org_below, org_find, org_find_by_external, org_insert, org_lineage,
    org_list_below, org_list_of_user, org_named_in_tree, org_roots_named,
};
use keyfob_store::{Constraint, StoreError};
use keyfob_testkit::world::World;

use super::super::{conflict, set, written};
use super::world;

fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

fn id(world: &World) -> OrgId {
    OrgId::new(world.now(), world.id_random())
}

async fn insert(world: &World, new: &NewOrg<'_>, parent: Option<OrgId>) -> Result<(), StoreError> {
    let mut tx = world.store.write().await?;
    let permit = match parent {
        None => None,
        Some(parent) => {
            let lineage = org_lineage(&mut tx, parent).await?;
            Some(may_have_child(lineage.unwrap()).unwrap())
        }
    };
    org_insert(&mut tx, new, permit, &world.actor, world.now()).await?;
    tx.commit().await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_organization_comes_back_as_it_was_made_by_each_of_its_keys() {
    let world = world().await;
    let acme = world.root("Acme").await;
    let mobile = id(&world);
    let called = name("Mobile Apps");
    let new = NewOrg {
        id: mobile,
        external_id: Some("crm-4"),
        name: &called,
    };
    let made = written(&world, Some(acme), insert(&world, &new, Some(acme))).await;
    made.said.unwrap();
    assert_eq!(made.audit, ["organization.created"]);
    assert_eq!(made.feed, [], "creating raises no epoch");
    let expected = Org {
        id: mobile,
        root: acme,
        parent: Some(acme),
        depth: 2,
        external_id: Some("crm-4".to_owned()),
        name: "Mobile Apps".to_owned(),
        created_at: world.now(),
    };
    let mut tx = world.store.read().await.unwrap();
    let found = org_find(&mut tx, mobile).await.unwrap();
    assert_eq!(found.as_ref(), Some(&expected));
    let by_external = org_find_by_external(&mut tx, "crm-4").await.unwrap();
    assert_eq!(by_external.as_ref(), Some(&expected));
    let by_name = org_named_in_tree(&mut tx, acme, &name("MOBILE apps")).await;
    assert_eq!(by_name.unwrap().as_ref(), Some(&expected));
    let root = org_find(&mut tx, acme).await.unwrap().unwrap();
    assert_eq!((root.root, root.parent, root.depth), (acme, None, 1));
    let roots = org_roots_named(&mut tx, &name("aCME")).await.unwrap();
    assert_eq!(roots, [root]);
    let lineage = org_lineage(&mut tx, mobile).await.unwrap().unwrap();
    assert_eq!(lineage.downward().collect::<Vec<_>>(), [acme, mobile]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_organization_is_absent() {
    let world = world().await;
    let acme = world.root("Acme").await;
    let nowhere = id(&world);
    let mut tx = world.store.read().await.unwrap();
    assert_eq!(org_find(&mut tx, nowhere).await.unwrap(), None);
    assert_eq!(org_find_by_external(&mut tx, "crm-4").await.unwrap(), None);
    assert_eq!(org_lineage(&mut tx, nowhere).await.unwrap(), None);
    let in_tree = org_named_in_tree(&mut tx, acme, &name("Mobile")).await;
    assert_eq!(in_tree.unwrap(), None);
    let roots = org_roots_named(&mut tx, &name("Mobile")).await.unwrap();
    assert_eq!(roots, []);
    assert_eq!(org_below(&mut tx, nowhere).await.unwrap(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn ids_and_external_ids_are_unique_in_the_instance() {
    let world = world().await;
    let acme = world.root("Acme").await;
    let globex = world.root("Globex").await;
    let with = |id, external_id, name| NewOrg {
        id,
        external_id,
        name,
    };
    let (one, two) = (name("One"), name("Two"));
    let first = with(id(&world), Some("crm-4"), &one);
    insert(&world, &first, Some(acme)).await.unwrap();
    let same_external = with(id(&world), Some("crm-4"), &two);
    let refused = insert(&world, &same_external, Some(globex)).await;
    assert_eq!(conflict(refused), Constraint::OrganizationExternalId);
    let same_id = with(first.id, None, &two);
    let refused = insert(&world, &same_id, Some(globex)).await;
    assert_eq!(conflict(refused), Constraint::OrganizationId);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_is_unique_in_its_tree_however_it_is_written() {
    let world = world().await;
    let acme = world.root("Acme").await;
    let below = world.sub(acme, "IŞIK").await;
    for same in ["ışık", "Işık", "işik", "İŞİK"] {
        let refused = world.try_org(Some(acme), same).await;
        assert_eq!(conflict(refused), Constraint::OrganizationName, "{same}");
        let refused = world.try_org(Some(below), same).await;
        assert_eq!(conflict(refused), Constraint::OrganizationName, "{same}");
    }
    let like_the_root = world.try_org(Some(below), "ACME").await;
    assert_eq!(conflict(like_the_root), Constraint::OrganizationName);
    let globex = world.root("Globex").await;
    world.sub(globex, "ışık").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn roots_may_share_a_name() {
    let world = world().await;
    let roots = [world.root("Acme").await, world.root("ACME").await];
    let mut tx = world.store.read_single().await.unwrap();
    let found = org_roots_named(&mut tx, &name("acme")).await.unwrap();
    assert_eq!(set(found.into_iter().map(|org| org.id)), set(roots));
}

#[tokio::test(flavor = "multi_thread")]
async fn deletion_frees_the_names_of_the_whole_subtree() {
    let world = world().await;
    let acme = world.root("Acme").await;
    let mobile = world.sub(acme, "Mobile").await;
    world.sub(mobile, "iOS").await;
    world.delete_org(mobile).await;
    let new = world.sub(acme, "iOS").await;
    assert_ne!(world.sub(new, "mobile").await, mobile);
}

#[tokio::test(flavor = "multi_thread")]
async fn people_see_their_organizations_and_what_lies_below_them() {
    let world = world().await;
    let ana = world.user("ana@example.org").await;
    let bo = world.user("bo@example.org").await;
    let acme = world.root("Acme").await;
    let mobile = world.sub(acme, "Mobile").await;
    let ios = world.sub(mobile, "iOS").await;
    let web = world.sub(acme, "Web").await;
    let globex = world.root("Globex").await;
    world.member(ana, mobile, &[]).await;
    world.member(bo, mobile, &[]).await;
    world.member(ana, globex, &[]).await;
    world.member(bo, web, &[]).await;
    let brief = |listed: Vec<ListedOrg>| {
        set(listed.into_iter().map(|each| {
            (
                each.org.id,
                each.root_name,
                each.is_direct,
                each.member_count,
            )
        }))
    };
    let row = |id, root: &str, is_direct, count| (id, root.to_owned(), is_direct, count);
    let hers = set([
        row(mobile, "Acme", true, 2),
        row(ios, "Acme", false, 0),
        row(globex, "Globex", true, 1),
    ]);
    let list = async |user| {
        let mut tx = world.store.read_single().await.unwrap();
        brief(org_list_of_user(&mut tx, user).await.unwrap())
    };
    assert_eq!(list(ana).await, hers);
    let mut tx = world.store.read_single().await.unwrap();
    let below = brief(org_list_below(&mut tx, ana, acme).await.unwrap());
    let expected = set([
        row(acme, "Acme", false, 0),
        row(mobile, "Acme", true, 2),
        row(ios, "Acme", false, 0),
        row(web, "Acme", false, 1),
    ]);
    assert_eq!(below, expected);

    world.suspend_member(ana, mobile).await;
    assert_eq!(list(ana).await, set([row(globex, "Globex", true, 1)]));
    world.delete_org(globex).await;
    assert_eq!(list(ana).await, set([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listed_organization_has_every_field_of_the_organization() {
    let world = world().await;
    let ana = world.user("ana@example.org").await;
    let acme = world.root("Acme").await;
    let (mobile, called) = (id(&world), name("Mobile"));
    let new = NewOrg {
        id: mobile,
        external_id: Some("crm-4"),
        name: &called,
    };
    insert(&world, &new, Some(acme)).await.unwrap();
    let mut tx = world.store.read().await.unwrap();
    let listed = org_list_below(&mut tx, ana, mobile).await.unwrap();
    let found = org_find(&mut tx, mobile).await.unwrap();
    let orgs: Vec<Org> = listed.into_iter().map(|each| each.org).collect();
    assert_eq!(orgs, found.into_iter().collect::<Vec<_>>());
}
