//! What was ended here is never brought back, nor is anything made that would hang on it.

use keyfob_core::id::OrgId;
use keyfob_core::name::Name;
use keyfob_core::pat::Revoker;
use keyfob_store::org::{org_named_in_tree, org_roots_named};
use keyfob_testkit::world::{World, WorldPat};

use super::super::{BASE, bad_lines, counts, import, read, state, token_line, user};
use super::world;

const BELOW: &str = r#"{"type":"organization","externalId":"new","name":"New","parent":"Acme/Mobile/iOS"}
{"type":"organization","name":"Newer","parent":"ext:new"}
{"type":"membership","user":"ana@acme.example","organization":"ext:new","roles":[]}
"#;

async fn root(world: &World) -> OrgId {
    let name = Name::parse("Acme").unwrap();
    org_roots_named(&mut read(world).await, &name)
        .await
        .unwrap()[0]
        .id
}

async fn sub(world: &World, name: &str) -> OrgId {
    let root = root(world).await;
    let name = Name::parse(name).unwrap();
    org_named_in_tree(&mut read(world).await, root, &name)
        .await
        .unwrap()
        .unwrap()
        .id
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_organization_stays_deleted_with_all_below_it() {
    let world = world().await;
    import(&world, BASE).await;
    let mobile = sub(&world, "Mobile").await;
    world.delete_org(mobile).await;
    let before = state(&world).await;
    let again = import(&world, &format!("{BASE}{BELOW}")).await;
    assert_eq!(
        counts(&again),
        [[0, 1, 4, 0], [0, 2, 0, 0], [0, 1, 2, 0], [0; 4]]
    );
    assert_eq!(state(&world).await, before);
    // The name is free all the same: for one that says it is another.
    let other = r#"{"type":"organization","externalId":"other","name":"Mobile","parent":"Acme"}"#;
    assert_eq!(counts(&import(&world, other).await)[0], [1, 0, 0, 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_root_is_told_by_its_external_id_and_by_its_name() {
    let world = world().await;
    let line = r#"{"type":"organization","externalId":"x","name":"Acme"}"#;
    import(&world, line).await;
    let acme = root(&world).await;
    world.delete_org(acme).await;
    let plain = r#"{"type":"organization","name":"Acme"}"#;
    let by_id = format!(r#"{{"type":"organization","id":"{acme}","name":"Another"}}"#);
    for text in [line, plain, by_id.as_str()] {
        assert_eq!(
            counts(&import(&world, text).await)[0],
            [0, 0, 1, 0],
            "{text}"
        );
    }
    let taken = r#"{"type":"organization","id":"01890a5d-ac96-774b-bcce-b302099a8057","externalId":"x","name":"Y"}"#;
    assert_eq!(
        bad_lines(&world, taken).await,
        ["line 1: `externalId` belongs to another organization"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ended_membership_stays_ended_and_so_do_its_tokens() {
    let world = world().await;
    let secret = world.secret();
    let text = format!(
        "{BASE}{}",
        token_line(&secret, "bo@acme.example", "Acme/Mobile", "")
    );
    import(&world, &text).await;
    let bo = user(&world, "bo@acme.example").await.unwrap().id;
    let mobile = sub(&world, "Mobile").await;
    assert!(world.remove(bo, mobile).await);
    let before = state(&world).await;
    // Another token of the same membership, too, and with other roles.
    let more = token_line(&world.secret(), "bo@acme.example", "Acme/Mobile", "");
    let text = format!("{text}\n{more}").replace("view-build", "view-store");
    let again = import(&world, &text).await;
    assert_eq!(counts(&again)[2..], [[0, 1, 1, 0], [0, 0, 2, 0]]);
    assert_eq!(state(&world).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_suspended_membership_stays_suspended() {
    let world = world().await;
    import(&world, BASE).await;
    let bo = user(&world, "bo@acme.example").await.unwrap().id;
    assert!(world.suspend_member(bo, sub(&world, "Mobile").await).await);
    let before = state(&world).await;
    assert_eq!(counts(&import(&world, BASE).await)[2], [0, 1, 1, 0]);
    assert_eq!(state(&world).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_suspended_user_stays_suspended_and_gets_nothing_new() {
    let world = world().await;
    import(&world, BASE).await;
    let bo = user(&world, "bo@acme.example").await.unwrap().id;
    assert!(world.suspend_user(bo).await);
    let before = state(&world).await;
    let more =
        r#"{"type":"membership","user":"bo@acme.example","organization":"Acme","roles":["owner"]}"#;
    let token = token_line(&world.secret(), "bo@acme.example", "Acme/Mobile", "");
    let again = import(&world, &format!("{BASE}{more}\n{token}")).await;
    assert_eq!(
        counts(&again)[1..],
        [[0, 1, 1, 0], [0, 2, 1, 0], [0, 0, 1, 0]]
    );
    assert_eq!(state(&world).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_token_stays_revoked() {
    let world = world().await;
    let secret = world.secret();
    let text = format!(
        "{BASE}{}",
        token_line(&secret, "bo@acme.example", "Acme/Mobile", "")
    );
    import(&world, &text).await;
    let pat = world.facts(&secret, None).await.unwrap().facts.pat;
    let (user, organization) = (
        user(&world, "bo@acme.example").await.unwrap().id,
        pat.organization,
    );
    let pat = WorldPat {
        id: pat.id,
        user,
        organization,
        secret,
    };
    world.revoke(&pat, Revoker::Operator).await;
    let before = state(&world).await;
    assert_eq!(counts(&import(&world, &text).await)[3], [0, 0, 1, 0]);
    assert_eq!(state(&world).await, before);
}
