//! Contract 5: why somebody may do something, or what is missing.

use keyfob_core::id::{OrgId, UserId};
use serde_json::{Value, json};

use crate::client::Answer;
use crate::site::Site;

async fn explained(site: &Site, cookie: &str, at: OrgId, who: UserId, what: &str) -> Answer {
    let target = format!("/identity/v1/organizations/{at}/explain?user={who}&permission={what}");
    site.get(&target).cookie(cookie).send().await
}

/// What an explanation says beside about whom and where.
async fn told(site: &Site, cookie: &str, at: OrgId, who: UserId, what: &str) -> Value {
    let answer = explained(site, cookie, at, who, what).await;
    assert_eq!(answer.outcome(), "200", "{what}");
    let told = answer.json();
    assert_eq!(told["userId"], who.to_string());
    assert_eq!(told["organizationId"], at.to_string());
    json!([told["granted"], told["because"], told["missing"]])
}

#[tokio::test]
async fn the_roles_that_give_a_permission_are_named_with_where_they_are_held() {
    let site = Site::on(super::backend().await).await;
    let ana = site.sign_in("ana").await;
    let at_mobile = json!({
        "role": "operate-build",
        "organizationId": site.mobile.to_string(),
        "organizationName": "Mobile",
    });
    let said = told(&site, &ana, site.ios, site.bo, "build:view").await;
    assert_eq!(said, json!([true, [at_mobile], []]));
    let said = told(&site, &ana, site.ios, site.bo, "build:manage").await;
    let missing = json!({ "reason": "no_role", "rolesThatGiveIt": ["manage-build", "owner"] });
    assert_eq!(said, json!([false, [], [missing]]));
    site.world.suspend_member(site.bo, site.mobile).await;
    let mut missing = at_mobile;
    missing["reason"] = "membership_suspended".into();
    let said = told(&site, &ana, site.ios, site.bo, "build:view").await;
    assert_eq!(said, json!([false, [], [missing]]));
    site.world.suspend_user(site.bo).await;
    let said = told(&site, &ana, site.ios, site.bo, "build:view").await;
    assert_eq!(said, json!([false, [], [{ "reason": "user_suspended" }]]));
}

#[tokio::test]
async fn of_oneself_everybody_learns_it_and_of_others_who_manages_the_organization() {
    let site = Site::on(super::backend().await).await;
    let (bo, cem) = (site.sign_in("bo").await, site.sign_in("cem").await);
    let target = format!(
        "/identity/v1/organizations/{}/explain?permission=build:operate",
        site.mobile
    );
    let own = site.get(&target).cookie(&bo).send().await;
    assert_eq!(own.json()["granted"], true);
    for (cookie, who, outcome) in [
        (&cem, site.bo, "200"),
        (&bo, site.cem, "403 forbidden"),
        (&bo, site.dee, "403 forbidden"),
        // Whether there is such an account is not told.
        (&cem, site.dee, "404 not_found"),
    ] {
        let answer = explained(&site, cookie, site.mobile, who, "build:view").await;
        assert_eq!(answer.outcome(), outcome);
    }
    for query in ["", "?permission=build:view&x=1", "?permission=build:fly"] {
        let target = format!("/identity/v1/organizations/{}/explain{query}", site.mobile);
        let answer = site.get(&target).cookie(&bo).outcome().await;
        assert_eq!(answer, "400 invalid_request", "{query}");
    }
}

#[tokio::test]
async fn what_lies_above_all_that_the_asker_sees_is_not_named() {
    let site = Site::on(super::backend().await).await;
    let (ana, bo) = (site.sign_in("ana").await, site.sign_in("bo").await);
    site.world
        .set_roles(site.bo, site.mobile, &["manage-organization"])
        .await;
    let owner = json!({ "role": "owner" });
    let said = told(&site, &bo, site.ios, site.ana, "build:view").await;
    assert_eq!(said, json!([true, [owner], []]));
    let pat = site.generate(&ana, site.acme, "{}").await;
    let target = format!(
        "/identity/v1/organizations/{}/explain?permission=build:view",
        site.ios
    );
    for (made_for, name) in [(site.acme, json!("Acme")), (site.mobile, Value::Null)] {
        let jwt = site.jwt(&pat, made_for).await;
        let said = site.get(&target).bearer(&jwt).send().await.json();
        assert_eq!(said["because"][0]["organizationName"], name);
    }
}

#[tokio::test]
async fn an_explanation_and_an_exchange_say_the_same_of_every_permission() {
    let site = Site::on(super::backend().await).await;
    let bo = site.sign_in("bo").await;
    let pat = site.generate(&bo, site.mobile, "{}").await;
    let held = site.entitlements(&pat, site.ios).await;
    let held: Vec<&str> = held.split_whitespace().collect();
    let loaded = site.app.loaded();
    let everything = loaded.catalogue.names(loaded.catalogue.everything());
    for permission in everything {
        let said = told(&site, &bo, site.ios, site.bo, permission).await;
        assert_eq!(said[0], held.contains(&permission), "{permission}");
    }
}
