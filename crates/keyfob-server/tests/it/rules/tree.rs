//! Contract 5: making, renaming, moving and deleting organizations.

use keyfob_core::id::OrgId;
use serde_json::json;
use tokio::task::JoinSet;

use crate::client::Ask;
use crate::site::{Site, pats_of};

fn org(organization: OrgId) -> String {
    format!("/identity/v1/organizations/{organization}")
}

fn creating(site: &Site, cookie: &str, parent: OrgId, name: &str) -> Ask {
    let body = json!({ "name": name }).to_string();
    let target = format!("{}/sub-organizations", org(parent));
    site.post(&target).cookie(cookie).json(&body)
}

fn moving(site: &Site, cookie: &str, organization: OrgId, parent: OrgId) -> Ask {
    let body = json!({ "parent": parent.to_string() }).to_string();
    let target = format!("{}/move", org(organization));
    site.post(&target).cookie(cookie).json(&body)
}

fn renaming(site: &Site, cookie: &str, organization: OrgId, name: &str) -> Ask {
    let body = json!({ "name": name }).to_string();
    site.ask("PATCH", &org(organization))
        .cookie(cookie)
        .json(&body)
}

/// The outcomes of rivals, sorted.
async fn outcomes(asks: impl IntoIterator<Item = Ask>) -> Vec<String> {
    let mut rivals: JoinSet<String> = asks.into_iter().map(Ask::outcome).collect();
    let mut outcomes = Vec::new();
    while let Some(outcome) = rivals.join_next().await {
        outcomes.push(outcome.unwrap());
    }
    outcomes.sort();
    outcomes
}

/// What was written about organizations over HTTP, in order.
async fn audited(site: &Site) -> Vec<String> {
    let records = site.world.audit(Some(site.acme)).await;
    let records = records.into_iter().filter(|it| it.request.is_some());
    records
        .filter(|record| record.action.starts_with("organization."))
        .map(|record| record.action)
        .collect()
}

#[tokio::test]
async fn a_sub_organization_is_made_and_its_maker_has_there_what_they_have_above() {
    let site = Site::on(super::backend().await).await;
    let cem = site.sign_in("cem").await;
    let made = creating(&site, &cem, site.mobile, " Wear\u{a0}OS ")
        .send()
        .await;
    assert_eq!(made.outcome(), "201");
    assert_eq!(made.member("parentOrganizationId"), site.mobile.to_string());
    assert_eq!(made.member("rootOrganizationId"), site.acme.to_string());
    assert_eq!(made.member("membership"), "Inherited");
    let id: OrgId = made.member("id").parse().unwrap();
    let below = creating(&site, &cem, id, "Watch faces");
    assert_eq!(below.outcome().await, "201");
    // A token of the root works there at once.
    let pat = site.pat("ana", site.acme).await;
    assert_eq!(site.exchange(&pat, id).await.outcome(), "200");
    let bo = site.sign_in("bo").await;
    let refused = creating(&site, &bo, site.mobile, "Mine");
    assert_eq!(refused.outcome().await, "403 forbidden");
    assert_eq!(
        audited(&site).await,
        ["organization.created", "organization.created"]
    );
}

#[tokio::test]
async fn a_name_is_there_once_in_a_tree_however_it_is_written() {
    let site = Site::on(super::backend().await).await;
    let ana = site.sign_in("ana").await;
    for (name, wanted) in [
        ("IŞIK", "201"),
        ("ışık", "409 name_taken"),
        ("Işık ", "409 name_taken"),
        ("", "400 invalid_request"),
        ("a\u{200b}b", "400 invalid_request"),
        ("Globex", "201"),
    ] {
        let outcome = creating(&site, &ana, site.web, name).outcome().await;
        assert_eq!(outcome, wanted, "{name:?}");
    }
    let taken = renaming(&site, &ana, site.web, "IŞIK").outcome().await;
    assert_eq!(taken, "409 name_taken");
    let other_case = renaming(&site, &ana, site.web, "WEB").send().await;
    assert_eq!(
        other_case.member("name"),
        "WEB",
        "its own name is not taken"
    );
    let unknown = site.ask("PATCH", &org(site.web)).cookie(&ana);
    let unknown = unknown.json(r#"{"name":"W","parent":"x"}"#);
    assert_eq!(unknown.outcome().await, "422 unprocessable");
    let rivals = (0..8).map(|_rival| creating(&site, &ana, site.web, "One"));
    let mut wanted = vec!["201"];
    wanted.resize(8, "409 name_taken");
    assert_eq!(outcomes(rivals).await, wanted);
}

#[tokio::test]
async fn a_tree_has_sixteen_levels() {
    let site = Site::on(super::backend().await).await;
    let ana = site.sign_in("ana").await;
    let mut parent = site.acme;
    for level in 2..=16 {
        let made = creating(&site, &ana, parent, &format!("Level {level}"))
            .send()
            .await;
        assert_eq!(made.outcome(), "201", "{level}");
        parent = made.member("id").parse().unwrap();
    }
    let refused = creating(&site, &ana, parent, "Level 17").send().await;
    assert_eq!(refused.outcome(), "409 conflict");
    assert_eq!(refused.message(), "A tree has at most 16 levels.");
    let moved = moving(&site, &ana, site.mobile, parent);
    assert_eq!(moved.outcome().await, "409 conflict");
}

#[tokio::test]
async fn a_moved_organization_is_reached_from_its_new_place_and_not_from_the_old() {
    let site = Site::on(super::backend().await).await;
    let ana = site.sign_in("ana").await;
    let mobiles = site.pat("bo", site.mobile).await;
    let roots = site.pat("ana", site.acme).await;
    let before = site.jwt(&mobiles, site.ios).await;
    let moved = moving(&site, &ana, site.ios, site.web).send().await;
    assert_eq!(moved.outcome(), "200");
    assert_eq!(moved.member("parentOrganizationId"), site.web.to_string());
    let outside = site.exchange(&mobiles, site.ios).await;
    assert_eq!(outside.outcome(), "403 access_denied");
    assert_eq!(site.exchange(&roots, site.ios).await.outcome(), "200");
    let dead = site.get("/identity/v1/organizations").bearer(&before);
    assert_eq!(dead.outcome().await, "401 invalid_token");
    assert_eq!(audited(&site).await, ["organization.moved"]);
    let again = moving(&site, &ana, site.ios, site.web);
    assert_eq!(again.outcome().await, "200", "it is there already");
    assert_eq!(audited(&site).await.len(), 1);
}

#[tokio::test]
async fn a_move_needs_an_owner_and_managers_of_both_parents_and_makes_no_cycle() {
    let site = Site::on(super::backend().await).await;
    let (ana, cem, bo) = (
        site.sign_in("ana").await,
        site.sign_in("cem").await,
        site.sign_in("bo").await,
    );
    let manager = moving(&site, &cem, site.ios, site.web);
    assert_eq!(manager.outcome().await, "403 forbidden", "no owner");
    // The owner of what is moved only.
    site.world.member(site.bo, site.ios, &["owner"]).await;
    let owner = moving(&site, &bo, site.ios, site.web);
    assert_eq!(
        owner.outcome().await,
        "404 not_found",
        "no standing at the new parent"
    );
    site.world
        .member(site.bo, site.web, &["manage-organization"])
        .await;
    let owner = moving(&site, &bo, site.ios, site.web);
    assert_eq!(
        owner.outcome().await,
        "403 forbidden",
        "no manager of the old one"
    );
    for (what, to, wanted) in [
        (site.mobile, site.ios, "409 conflict"),
        (site.mobile, site.mobile, "409 conflict"),
        (site.acme, site.web, "400 invalid_request"),
        (site.mobile, site.globex, "404 not_found"),
    ] {
        assert_eq!(moving(&site, &ana, what, to).outcome().await, wanted);
    }
    site.world.member(site.ana, site.globex, &["owner"]).await;
    let other_tree = moving(&site, &ana, site.mobile, site.globex);
    assert_eq!(other_tree.outcome().await, "400 invalid_request");
}

#[tokio::test]
async fn a_move_leaves_nothing_without_an_active_owner() {
    let site = Site::on(super::backend().await).await;
    let bo = site.sign_in("bo").await;
    let world = &site.world;
    world.set_roles(site.bo, site.mobile, &["owner"]).await;
    let manager = ["manage-organization"];
    world.member(site.bo, site.acme, &manager).await;
    // The operator suspends the only owner at the top; below Mobile there is still Bo.
    world.suspend_user(site.ana).await;
    let refused = moving(&site, &bo, site.ios, site.acme);
    assert_eq!(refused.outcome().await, "409 last_owner");
    assert_eq!(world.lineage(site.ios).await.unwrap().depth(), 3);
    let lena = site.person("lena").await;
    world.member(lena, site.ios, &["owner"]).await;
    let moved = moving(&site, &bo, site.ios, site.acme);
    assert_eq!(moved.outcome().await, "200", "it has an owner of its own");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_two_moves_that_would_make_a_cycle_together_exactly_one_wins() {
    for _round in 0..4 {
        let site = Site::on(super::backend().await).await;
        let other = site.another_node().await;
        let ana = site.sign_in("ana").await;
        let rivals = [
            moving(&site, &ana, site.mobile, site.web),
            moving(&site, &ana, site.web, site.mobile).at(&other),
        ];
        assert_eq!(outcomes(rivals).await, ["200", "409 conflict"]);
    }
}

#[tokio::test]
async fn deleting_takes_the_subtree_with_its_tokens_and_needs_the_exact_name() {
    let site = Site::on(super::backend().await).await;
    let (ana, cem) = (site.sign_in("ana").await, site.sign_in("cem").await);
    let pat = site.pat("bo", site.mobile).await;
    let at = |query: &str| format!("{}{query}", org(site.mobile));
    for query in [
        "",
        "?confirm=mobile",
        "?confirm=",
        "?confirm=Mobile&force=1",
        "?confirm=Mobile&confirm=Mobile",
        "?action=remove",
        "?action=delete&userId=x",
        "?userId=x",
    ] {
        let outcome = site.delete(&at(query)).cookie(&ana).outcome().await;
        assert_eq!(outcome, "400 invalid_request", "{query}");
    }
    let manager = site.delete(&at("?confirm=Mobile")).cookie(&cem);
    assert_eq!(manager.outcome().await, "403 forbidden");
    let program = site.pat("ana", site.acme).await;
    let jwt = site.jwt(&program, site.acme).await;
    let program = site.delete(&at("?confirm=Mobile")).bearer(&jwt);
    assert_eq!(program.outcome().await, "403 session_required");
    assert_eq!(site.door(&pat).await, "200");
    let deleted = site.delete(&at("?confirm=Mobile")).cookie(&ana);
    assert_eq!(deleted.outcome().await, "204");
    assert_eq!(site.door(&pat).await, "401 invalid_grant");
    for gone in [site.mobile, site.ios] {
        let outcome = site.get(&org(gone)).cookie(&ana).outcome().await;
        assert_eq!(outcome, "404 not_found");
    }
    // Its name is free again.
    assert_eq!(
        creating(&site, &ana, site.acme, "Mobile").outcome().await,
        "201"
    );
    assert_eq!(
        audited(&site).await,
        ["organization.deleted", "organization.created"]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn when_deleting_races_with_generating_no_token_is_left() {
    for _round in 0..4 {
        let site = Site::on(super::backend().await).await;
        let other = site.another_node().await;
        let (ana, bo) = (site.sign_in("ana").await, site.sign_in("bo").await);
        let target = format!("{}?confirm=Mobile", org(site.mobile));
        let deleting = site.delete(&target).cookie(&ana);
        let generating = site.post(&pats_of(site.mobile)).cookie(&bo).json("{}");
        let generating = generating.at(&other);
        let (deleted, generated) = tokio::join!(deleting.send(), generating.send());
        assert_eq!(deleted.outcome(), "204");
        match generated.status {
            404 => {}
            201 => {
                let form = format!("pat={}", generated.member("token"));
                let exchanged = site.exchanging("v2", &form).outcome().await;
                assert_eq!(exchanged, "401 invalid_grant");
            }
            other => panic!("{other}"),
        }
    }
}

#[tokio::test]
async fn current_is_where_a_program_acts() {
    let site = Site::on(super::backend().await).await;
    let pat = site.pat("ana", site.acme).await;
    let jwt = site.jwt(&pat, site.mobile).await;
    let current = site.get("/identity/v1/organizations/current").bearer(&jwt);
    assert_eq!(current.send().await.member("name"), "Mobile");
    let above = site.get(&org(site.acme)).bearer(&jwt);
    assert_eq!(above.outcome().await, "404 not_found");
    let ana = site.sign_in("ana").await;
    let person = site.get("/identity/v1/organizations/current").cookie(&ana);
    assert_eq!(person.outcome().await, "404 not_found");
    let root = site.post("/identity/v1/organizations").cookie(&ana);
    assert_eq!(
        root.json(r#"{"name":"New"}"#).outcome().await,
        "403 forbidden"
    );
}
