//! P4, P6, P9, P15, X9: every exchange is decided on what holds at that moment, on every node.

use std::sync::Arc;
use std::time::Duration;

use keyfob_core::id::OrgId;
use keyfob_server::state::App;

use crate::client::Ask;
use crate::site::{Pat, Site, words};

/// A catalogue without the level `operate` of builds.
const SMALLER: &str = r#"
[[module]]
key = "build"
title = "Build"
levels = ["manage", "view"]

[[module]]
key = "organization"
title = "Organization"
levels = ["manage", "view"]
"#;

async fn outcome(site: &Site, pat: &Pat, target: OrgId) -> String {
    site.exchange(pat, target).await.outcome()
}

async fn outcome_at(node: &Arc<App>, pat: &Pat) -> String {
    let ask = Ask::new(node, "POST", "/auth/v2/token");
    ask.form(&format!("pat={}", pat.secret)).outcome().await
}

#[tokio::test]
async fn p4_a_role_change_counts_at_the_next_exchange() {
    let site = Site::on(super::backend().await).await;
    let pat = site.pat("bo", site.mobile).await;
    let held = async || site.entitlements(&pat, site.ios).await;
    assert_eq!(held().await, "build:operate build:view");
    let change = async |at: OrgId, roles: &[&str]| site.world.set_roles(site.bo, at, roles).await;
    assert!(change(site.mobile, &["view-signing"]).await);
    assert_eq!(held().await, "signing:view");
    assert!(change(site.mobile, &[]).await);
    assert_eq!(held().await, "");
    site.world.member(site.bo, site.ios, &["view-store"]).await;
    assert_eq!(held().await, "store:view", "held at the target itself");
    site.world
        .member(site.bo, site.acme, &["manage-build"])
        .await;
    assert_eq!(
        held().await,
        "build:manage build:operate build:view store:view",
        "held above the PAT's organization"
    );
}

#[tokio::test]
async fn p4_what_roles_gain_later_is_not_in_a_ceiling() {
    let site = Site::on(super::backend().await).await;
    let bo = site.sign_in("bo").await;
    let pat = site
        .generate(&bo, site.mobile, r#"{"ceiling":["build:view"]}"#)
        .await;
    assert!(site.world.set_roles(site.bo, site.mobile, &["owner"]).await);
    assert_eq!(site.entitlements(&pat, site.mobile).await, "build:view");
}

#[tokio::test]
async fn p6_a_pat_works_for_all_below_at_any_depth_also_for_what_comes_later() {
    let site = Site::on(super::backend().await).await;
    let pat = site.pat("cem", site.acme).await;
    for target in [site.acme, site.mobile, site.ios, site.web] {
        let claims = site.claims(&site.jwt(&pat, target).await).await;
        assert_eq!(claims["currentOrganizationId"], target.to_string());
        assert_eq!(
            words(&claims["entitlements"]),
            "organization:manage organization:view"
        );
    }
    let mut deepest = site.ios;
    for level in 4..=16 {
        deepest = site.world.sub(deepest, &format!("Level {level}")).await;
    }
    assert_eq!(outcome(&site, &pat, deepest).await, "200");
    // Also where the user is a member, and not inherited.
    site.world.member(site.cem, deepest, &[]).await;
    assert_eq!(outcome(&site, &pat, deepest).await, "200");
}

#[tokio::test]
async fn p6_a_moved_organization_is_reached_by_its_new_ancestors_only() {
    let site = Site::on(super::backend().await).await;
    site.world.member(site.bo, site.web, &["view-store"]).await;
    let (of_mobile, of_web) = (
        site.pat("bo", site.mobile).await,
        site.pat("bo", site.web).await,
    );
    assert_eq!(outcome(&site, &of_mobile, site.ios).await, "200");
    assert_eq!(outcome(&site, &of_web, site.ios).await, "403 access_denied");
    site.world.move_org(site.ios, site.web).await.unwrap();
    assert_eq!(
        outcome(&site, &of_mobile, site.ios).await,
        "403 access_denied"
    );
    assert_eq!(site.entitlements(&of_web, site.ios).await, "store:view");
}

#[tokio::test]
async fn p9_ending_a_membership_revokes_its_pats_for_good() {
    let site = Site::on(super::backend().await).await;
    site.world.member(site.bo, site.web, &["view-store"]).await;
    let (lost, kept) = (
        site.pat("bo", site.mobile).await,
        site.pat("bo", site.web).await,
    );
    assert!(site.world.remove(site.bo, site.mobile).await);
    assert_eq!(
        outcome(&site, &lost, site.mobile).await,
        "401 invalid_grant"
    );
    assert_eq!(outcome(&site, &kept, site.web).await, "200");
    site.world.member(site.bo, site.mobile, &["owner"]).await;
    assert_eq!(
        outcome(&site, &lost, site.mobile).await,
        "401 invalid_grant",
        "coming back brings no token back"
    );
    // Becoming inherited is no membership of the PAT's own organization.
    let again = site.pat("bo", site.mobile).await;
    site.world.member(site.bo, site.acme, &["owner"]).await;
    assert!(site.world.remove(site.bo, site.mobile).await);
    assert_eq!(
        outcome(&site, &again, site.mobile).await,
        "401 invalid_grant"
    );
}

#[tokio::test]
async fn p9_a_suspended_users_pats_are_refused_until_reactivation() {
    let site = Site::on(super::backend().await).await;
    let cookie = site.sign_in("bo").await;
    let pat = site.generate(&cookie, site.mobile, "{}").await;
    let jwt = site.jwt(&pat, site.mobile).await;
    let userinfo = async |jwt: &str| site.get("/oauth/userinfo").bearer(jwt).outcome().await;
    assert_eq!(userinfo(&jwt).await, "200");
    assert!(site.world.suspend_user(site.bo).await);
    assert_eq!(outcome(&site, &pat, site.mobile).await, "401 invalid_grant");
    assert_eq!(userinfo(&jwt).await, "401 invalid_token");
    assert!(site.world.reactivate_user(site.bo).await);
    assert_eq!(
        userinfo(&jwt).await,
        "401 invalid_token",
        "made before: dead for ever"
    );
    assert_eq!(userinfo(&site.jwt(&pat, site.mobile).await).await, "200");
    let session = site.get("/identity/v1/session").cookie(&cookie);
    assert_eq!(session.outcome().await, "401 not_signed_in");
}

#[tokio::test]
async fn p9_deleting_an_organization_revokes_the_pats_of_its_subtree() {
    let site = Site::on(super::backend().await).await;
    site.world.member(site.bo, site.ios, &[]).await;
    let above = site.pat("ana", site.acme).await;
    let here = site.pat("bo", site.mobile).await;
    let below = site.pat("bo", site.ios).await;
    site.world.delete_org(site.mobile).await;
    for pat in [&here, &below] {
        assert_eq!(
            outcome(&site, pat, pat.organization).await,
            "401 invalid_grant"
        );
    }
    assert_eq!(outcome(&site, &above, site.acme).await, "200");
    assert_eq!(outcome(&site, &above, site.ios).await, "403 access_denied");
}

#[tokio::test]
async fn p15_reach_never_widens() {
    let site = Site::on(super::backend().await).await;
    let ana = site.sign_in("ana").await;
    let named = format!(r#"{{"reach":["{}"]}}"#, site.mobile);
    let named = site.generate(&ana, site.acme, &named).await;
    let only = site
        .generate(&ana, site.acme, r#"{"reach":"organization"}"#)
        .await;
    let later = site.world.sub(site.acme, "Later").await;
    let below = site.world.sub(site.mobile, "Below").await;
    for (pat, target, wanted) in [
        (&named, site.mobile, "200"),
        (&named, site.acme, "200"),
        (&named, site.ios, "403 access_denied"),
        (&named, below, "403 access_denied"),
        (&named, site.web, "403 access_denied"),
        (&named, later, "403 access_denied"),
        (&only, site.acme, "200"),
        (&only, site.mobile, "403 access_denied"),
        (&only, later, "403 access_denied"),
    ] {
        assert_eq!(outcome(&site, pat, target).await, wanted, "{target}");
    }
    site.world.move_org(site.web, site.mobile).await.unwrap();
    assert_eq!(outcome(&site, &named, site.web).await, "403 access_denied");
}

#[tokio::test]
async fn x9_a_change_through_one_node_is_seen_by_the_other_at_once() {
    let site = Site::on(super::backend().await).await;
    let other = site.another_node().await;
    let ana = site.sign_in("ana").await;
    let bo = site.pat("bo", site.mobile).await;
    let revoked = site.generate(&ana, site.acme, "{}").await;
    for node in [&site.app, &other] {
        assert_eq!(outcome_at(node, &revoked).await, "200");
    }
    let revoke = Ask::new(&other, "DELETE", &revoked.path()).cookie(&ana);
    assert_eq!(revoke.outcome().await, "204");
    assert_eq!(outcome_at(&site.app, &revoked).await, "401 invalid_grant");
    assert!(site.world.suspend_user(site.bo).await);
    assert_eq!(outcome_at(&other, &bo).await, "401 invalid_grant");
    assert!(site.world.reactivate_user(site.bo).await);
    assert_eq!(outcome_at(&other, &bo).await, "200");
    // Generated and signed out at one, known to the other.
    let made = Ask::new(&other, "POST", &crate::site::pats_of(site.acme));
    let made = made.cookie(&ana).json("{}").send().await;
    let form = format!("pat={}", made.member("token"));
    assert_eq!(site.exchanging("v2", &form).outcome().await, "200");
    let out = Ask::new(&other, "DELETE", "/identity/v1/session").cookie(&ana);
    assert_eq!(out.outcome().await, "204");
    let here = site.get("/identity/v1/session").cookie(&ana);
    assert_eq!(here.outcome().await, "401 not_signed_in");
}

#[tokio::test]
async fn x9_a_new_catalogue_is_used_by_the_next_exchange_on_every_node() {
    let site = Site::on(super::backend().await).await;
    let other = site.another_node().await;
    let bo = site.pat("bo", site.mobile).await;
    assert_eq!(
        site.entitlements(&bo, site.mobile).await,
        "build:operate build:view"
    );
    site.apply_catalogue(2, SMALLER).await;
    assert_eq!(site.entitlements(&bo, site.mobile).await, "");
    let ask = Ask::new(&other, "POST", "/auth/v2/token");
    let answer = ask.form(&format!("pat={}", bo.secret)).send().await;
    let claims = site.claims(&answer.member("access_token")).await;
    assert_eq!(words(&claims["entitlements"]), "");
    assert_eq!(claims["ep"]["instance"], 2);
    assert!(
        site.world
            .set_roles(site.bo, site.mobile, &["manage-build"])
            .await
    );
    assert_eq!(
        site.entitlements(&bo, site.mobile).await,
        "build:manage build:view"
    );
}

#[tokio::test]
async fn x9_a_name_that_leaves_the_catalogue_gives_nothing() {
    let site = Site::on(super::backend().await).await;
    let ana = site.sign_in("ana").await;
    let body = r#"{"ceiling":["build:operate","build:view"]}"#;
    let pat = site.generate(&ana, site.acme, body).await;
    site.apply_catalogue(2, SMALLER).await;
    site.advance(Duration::from_secs(1));
    assert_eq!(site.entitlements(&pat, site.acme).await, "build:view");
}
