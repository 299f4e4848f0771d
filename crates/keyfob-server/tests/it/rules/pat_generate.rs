//! P1, P3, P5, P7, P13: who generates a token, how many, and that ending one is final.

use std::time::Duration;

use keyfob_core::id::OrgId;

use crate::site::{PASSWORD, Site, pats_of};

#[tokio::test]
async fn p1_only_a_direct_member_can_generate_whatever_the_role() {
    let site = Site::on(super::backend().await).await;
    let ana = site.sign_in("ana").await;
    let inherited = site.generating(&ana, site.mobile, "{}").send().await;
    assert_eq!(
        inherited.outcome(),
        "403 not_a_direct_member",
        "the root's owner"
    );
    assert_eq!(
        inherited.message(),
        "Only a direct member of an organization can generate a personal API token there."
    );
    site.world.member(site.ana, site.mobile, &[]).await;
    let added = site.generating(&ana, site.mobile, "{}").outcome().await;
    assert_eq!(added, "201", "a member without a role");
    let below = site.generating(&ana, site.ios, "{}").outcome().await;
    assert_eq!(below, "403 not_a_direct_member", "not below it either");
}

#[tokio::test]
async fn p1_a_stranger_does_not_learn_that_the_organization_exists() {
    let site = Site::on(super::backend().await).await;
    let dee = site.sign_in("dee").await;
    let nowhere = "01890a5d-ac96-774b-bcce-b302099a8057".parse().unwrap();
    for organization in [site.acme, site.mobile, nowhere] {
        for ask in [
            site.generating(&dee, organization, "{}"),
            site.get(&pats_of(organization)).cookie(&dee),
        ] {
            let answer = ask.send().await;
            assert_eq!(answer.outcome(), "404 not_found");
        }
    }
    let no_id = site.post("/identity/v1/organizations/acme/personal-api-tokens");
    let no_id = no_id.cookie(&dee).json("{}").outcome().await;
    assert_eq!(no_id, "404 not_found");
}

#[tokio::test]
async fn p1_a_suspended_member_cannot_generate() {
    let site = Site::on(super::backend().await).await;
    let bo = site.sign_in("bo").await;
    let pat = site.generate(&bo, site.mobile, "{}").await;
    assert!(site.world.suspend_member(site.bo, site.mobile).await);
    let refused = site.generating(&bo, site.mobile, "{}").send().await;
    assert_eq!(refused.outcome(), "403 not_a_direct_member");
    let list = site.get(&pats_of(site.mobile)).cookie(&bo).send().await;
    assert_eq!(list.json()["data"][0]["status"], "suspended");
    assert!(site.world.reactivate_member(site.bo, site.mobile).await);
    assert_eq!(
        site.exchange(&pat, site.mobile).await.outcome(),
        "200",
        "suspended, not ended"
    );
}

#[tokio::test]
async fn p3_what_one_organizations_screen_lists_anothers_does_not() {
    let site = Site::on(super::backend().await).await;
    site.world.member(site.ana, site.mobile, &[]).await;
    let ana = site.sign_in("ana").await;
    let at_root = site.generate(&ana, site.acme, "{}").await;
    let at_sub = site.generate(&ana, site.mobile, "{}").await;
    site.pat("cem", site.acme).await;
    let ids = async |organization| {
        let answer = site.get(&pats_of(organization)).cookie(&ana).send().await;
        let data = answer.json()["data"].clone();
        let ids = data.as_array().unwrap().iter();
        ids.map(|pat| pat["id"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(ids(site.acme).await, [at_root.id], "mine, and only mine");
    assert_eq!(ids(site.mobile).await, [at_sub.id]);
    assert_eq!(ids(site.ios).await, [""; 0]);
}

#[tokio::test]
async fn p5_revoking_is_final_and_another_can_be_generated() {
    let site = Site::on(super::backend().await).await;
    let ana = site.sign_in("ana").await;
    let first = site.generate(&ana, site.acme, "{}").await;
    let jwt = site.jwt(&first, site.acme).await;
    assert_eq!(site.revoking(&first).cookie(&ana).outcome().await, "204");
    let refused = site.exchange(&first, site.acme).await;
    assert_eq!(refused.outcome(), "401 invalid_grant");
    let userinfo = site.get("/oauth/userinfo").bearer(&jwt);
    assert_eq!(userinfo.outcome().await, "401 invalid_token", "G1");
    let again = site.revoking(&first).cookie(&ana).send().await;
    assert_eq!((again.status, again.text()), (204, ""), "already revoked");
    let second = site.generate(&ana, site.acme, "{}").await;
    assert_ne!(second.secret, first.secret);
    assert_eq!(site.exchange(&second, site.acme).await.outcome(), "200");
    let refused = site.exchange(&first, site.acme).await;
    assert_eq!(refused.outcome(), "401 invalid_grant");
}

#[tokio::test]
async fn p7_at_the_limit_409_and_nothing_else_changes() {
    let site = Site::on(super::backend().await).await;
    let ana = site.sign_in("ana").await;
    let expiring = r#"{"expiresDate":"2027-01-15T08:01:00Z"}"#;
    site.generate(&ana, site.acme, expiring).await;
    let mut pats = Vec::new();
    for _other in 1..10 {
        pats.push(site.generate(&ana, site.acme, "{}").await);
    }
    let count = async || {
        let answer = site.get(&pats_of(site.acme)).cookie(&ana).send().await;
        answer.json()["data"].as_array().unwrap().len()
    };
    let eleventh = site.generating(&ana, site.acme, "{}").send().await;
    assert_eq!(eleventh.outcome(), "409 token_limit_reached");
    assert_eq!(
        eleventh.message(),
        "There are 10 of 10 tokens here. Revoke one that is no longer needed."
    );
    assert_eq!(count().await, 10);
    for pat in &pats {
        assert_eq!(site.exchange(pat, site.acme).await.outcome(), "200");
    }
    // Another member and another organization have places of their own.
    site.world.member(site.ana, site.mobile, &[]).await;
    site.generate(&ana, site.mobile, "{}").await;
    site.pat("cem", site.acme).await;
    site.advance(Duration::from_mins(1));
    site.generate(&ana, site.acme, "{}").await;
    let full = site.generating(&ana, site.acme, "{}").outcome().await;
    assert_eq!(full, "409 token_limit_reached", "an expired one made room");
    assert_eq!(site.revoking(&pats[0]).cookie(&ana).outcome().await, "204");
    site.generate(&ana, site.acme, "{}").await;
    let full = site.generating(&ana, site.acme, "{}").outcome().await;
    assert_eq!(full, "409 token_limit_reached", "a revoked one made room");
}

#[tokio::test]
async fn p7_a_limit_of_one_gives_one_at_a_time() {
    let backend = super::backend().await;
    let site = Site::with(backend, |parts| parts.policy.pat_limit = 1).await;
    let ana = site.sign_in("ana").await;
    let pat = site.generate(&ana, site.acme, "{}").await;
    let second = site.generating(&ana, site.acme, "{}").outcome().await;
    assert_eq!(second, "409 token_limit_reached");
    assert_eq!(site.revoking(&pat).cookie(&ana).outcome().await, "204");
    site.generate(&ana, site.acme, "{}").await;
}

#[tokio::test]
async fn p13_nothing_derived_from_a_pat_makes_or_shows_a_credential() {
    let site = Site::on(super::backend().await).await;
    let pat = site.pat("ana", site.acme).await;
    let jwt = site.jwt(&pat, site.acme).await;
    let session = "/identity/v1/session";
    let asks = [
        site.post(&pats_of(site.acme)).json("{}"),
        site.get(&pats_of(site.acme)),
        site.get(session),
        site.get("/identity/v1/sessions"),
        site.delete(session),
        site.delete("/identity/v1/sessions?others=true"),
    ];
    for ask in asks {
        assert_eq!(ask.bearer(&jwt).outcome().await, "403 session_required");
    }
    // Of an organization that it does not cover it learns nothing, not even that.
    for organization in [site.globex, OrgId::from_uuid(uuid::Uuid::nil())] {
        let list = site.get(&pats_of(organization)).bearer(&jwt);
        assert_eq!(list.outcome().await, "404 not_found");
        let make = site.post(&pats_of(organization)).json("{}").bearer(&jwt);
        assert_eq!(make.outcome().await, "404 not_found");
    }
    // As a cookie it is no session, and the PAT itself is nothing but an exchange's input.
    for value in [&jwt, &pat.secret] {
        let cookie = format!("keyfob_session={value}");
        let ask = site.generating(&cookie, site.acme, "{}");
        assert_eq!(ask.outcome().await, "401 not_signed_in");
    }
    let organizations = site.get("/identity/v1/organizations").bearer(&pat.secret);
    assert_eq!(organizations.outcome().await, "401 invalid_token");
}

#[tokio::test]
async fn p13_a_session_older_than_15_minutes_is_asked_for_the_password_again() {
    let site = Site::on(super::backend().await).await;
    let ana = site.sign_in("ana").await;
    site.advance(Duration::from_mins(15));
    site.generate(&ana, site.acme, "{}").await;
    site.advance(Duration::from_millis(1));
    let late = site.generating(&ana, site.acme, "{}").send().await;
    assert_eq!(late.outcome(), "403 reauthentication_required");
    assert_eq!(
        late.message(),
        "This needs a person who has signed in recently."
    );
    // All else still works.
    let list = site.get(&pats_of(site.acme)).cookie(&ana).outcome().await;
    assert_eq!(list, "200");
    let body = format!(r#"{{"email":"ana@acme.example","password":"{PASSWORD}"}}"#);
    let again = site.post("/identity/v1/session").cookie(&ana).json(&body);
    let again = again.send().await;
    assert_eq!(again.outcome(), "201");
    let fresh = again.cookie();
    assert_ne!(fresh, ana);
    site.generate(&fresh, site.acme, "{}").await;
    let old = site.get("/identity/v1/session").cookie(&ana);
    assert_eq!(
        old.outcome().await,
        "401 not_signed_in",
        "its cookie is dead"
    );
}
