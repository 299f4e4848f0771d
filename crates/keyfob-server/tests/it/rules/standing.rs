//! Contract 5, 404 or 403: a stranger learns of nothing, somebody with standing is told what is missing.

use std::time::Duration;

use crate::client::{Answer, Ask};
use crate::site::{Pat, Site, pats_of};

const UNKNOWN: &str = "01890a5d-ac96-774b-bcce-b302099a8057";

/// Everything of an answer but its id.
fn seen(answer: &Answer) -> (u16, String, String) {
    let id = answer.header("x-request-id").unwrap();
    let body = answer.text().replace(id, "ID");
    (answer.status, answer.header_lines(), body)
}

/// What can be asked about an organization and a token there.
fn asks(site: &Site, organization: &str, pat: &str) -> [Ask; 3] {
    let pats = format!("/identity/v1/organizations/{organization}/personal-api-tokens");
    [
        site.get(&pats),
        site.post(&pats).json("{}"),
        site.delete(&format!("{pats}/{pat}")),
    ]
}

async fn is_alive(site: &Site, pat: &Pat) -> bool {
    site.exchange(pat, pat.organization).await.status == 200
}

const NO_RIGHT: &str = "403 forbidden: This is somebody else's token: only its holder, and who manages \
                        the organization, can revoke a token (permission organization:manage).";

async fn refusal(ask: Ask) -> String {
    let answer = ask.send().await;
    format!("{}: {}", answer.outcome(), answer.message())
}

#[tokio::test]
async fn to_a_stranger_an_organization_is_like_one_that_does_not_exist() {
    let site = Site::on(super::backend().await).await;
    let acme = site.pat("ana", site.acme).await;
    site.world.member(site.ana, site.web, &[]).await;
    let web = site.pat("ana", site.web).await;
    let bo = site.sign_in("bo").await;
    let dee = site.sign_in("dee").await;
    let nobody = async |organization: &str| {
        let mut answers = Vec::new();
        for ask in asks(&site, organization, UNKNOWN) {
            let answer = ask.cookie(&bo).send().await;
            assert_eq!(answer.outcome(), "404 not_found", "{organization}");
            answers.push(seen(&answer));
        }
        answers
    };
    let unknown = nobody(UNKNOWN).await;
    for no_id in ["current", "x", "%00", "01890A5D-AC96-774B-BCCE-B302099A805"] {
        assert_eq!(nobody(no_id).await, unknown, "{no_id}");
    }
    for (who, cookie, pat) in [
        ("another tree", &dee, &acme),
        ("above", &bo, &acme),
        ("beside", &bo, &web),
    ] {
        let organization = pat.organization.to_string();
        let asks = asks(&site, &organization, &pat.id);
        for (ask, unknown) in asks.into_iter().zip(&unknown) {
            let answer = ask.cookie(cookie).send().await;
            assert_eq!(seen(&answer), *unknown, "{who}");
        }
        assert!(is_alive(&site, pat).await, "{who}");
    }
}

#[tokio::test]
async fn a_stranger_is_told_404_before_anything_else() {
    let site = Site::on(super::backend().await).await;
    let cookie = site.sign_in("dee").await;
    site.advance(Duration::from_mins(16));
    let there = site.generating(&cookie, site.acme, "{}");
    assert_eq!(there.outcome().await, "404 not_found");
    let here = site.generating(&cookie, site.globex, "{}");
    assert_eq!(here.outcome().await, "403 reauthentication_required");
    let bad_choice = site.generating(&cookie, site.acme, r#"{"ceiling":["no:such"]}"#);
    assert_eq!(bad_choice.outcome().await, "404 not_found");
}

#[tokio::test]
async fn who_was_removed_is_a_stranger_from_then_on() {
    let site = Site::on(super::backend().await).await;
    let cookie = site.sign_in("bo").await;
    let pat = site.generate(&cookie, site.mobile, "{}").await;
    site.world.remove(site.bo, site.mobile).await;
    for ask in asks(&site, &site.mobile.to_string(), &pat.id) {
        assert_eq!(ask.cookie(&cookie).outcome().await, "404 not_found");
    }
}

#[tokio::test]
async fn p1_an_inherited_user_sees_the_organization_and_is_told_why_not_to_generate() {
    let site = Site::on(super::backend().await).await;
    for name in ["ana", "cem"] {
        let cookie = site.sign_in(name).await;
        let list = site.get(&pats_of(site.mobile)).cookie(&cookie).send().await;
        assert_eq!(
            (list.status, list.text()),
            (200, r#"{"data":[]}"#),
            "{name}"
        );
        let generate = site.generating(&cookie, site.mobile, "{}");
        let wanted = "403 not_a_direct_member: Only a direct member of an organization can generate \
                      a personal API token there.";
        assert_eq!(refusal(generate).await, wanted, "{name}");
    }
}

#[tokio::test]
async fn a_member_without_the_right_is_told_so_and_the_token_lives() {
    let site = Site::on(super::backend().await).await;
    let pat = site.pat("bo", site.mobile).await;
    let eve = site.person("eve").await;
    site.world
        .member(eve, site.mobile, &["manage-build", "view-organization"])
        .await;
    let cookie = site.sign_in("eve").await;
    assert_eq!(refusal(site.revoking(&pat).cookie(&cookie)).await, NO_RIGHT);
    assert!(is_alive(&site, &pat).await);
    let others = site.get(&pats_of(site.mobile)).cookie(&cookie).send().await;
    assert_eq!(others.text(), r#"{"data":[]}"#, "P3: mine only");
    let unknown = site.delete(&format!("{}/{UNKNOWN}", pats_of(site.mobile)));
    assert_eq!(unknown.cookie(&cookie).outcome().await, "404 not_found");
}

#[tokio::test]
async fn who_manages_the_organization_from_there_or_above_can_revoke_a_members_token() {
    let site = Site::on(super::backend().await).await;
    let eve = site.person("eve").await;
    site.world
        .member(eve, site.mobile, &["manage-organization"])
        .await;
    let bo = site.sign_in("bo").await;
    for manager in ["ana", "cem", "eve"] {
        let pat = site.generate(&bo, site.mobile, "{}").await;
        let cookie = site.sign_in(manager).await;
        for _time in 0..2 {
            let revoke = site.revoking(&pat).cookie(&cookie);
            assert_eq!(revoke.outcome().await, "204", "{manager}");
        }
        assert!(!is_alive(&site, &pat).await, "{manager}");
        let listed = site.get(&pats_of(site.mobile)).cookie(&bo).send().await;
        let listed = listed.json();
        let of_it = listed["data"].as_array().unwrap().iter();
        let of_it: Vec<_> = of_it.filter(|each| each["id"] == pat.id).collect();
        assert_eq!(of_it.len(), 1, "{manager}");
        assert_eq!(of_it[0]["status"], "revoked", "{manager}");
    }
}

#[tokio::test]
async fn a_manager_below_has_no_say_above_and_a_lost_right_counts_at_once() {
    let site = Site::on(super::backend().await).await;
    let above = site.pat("ana", site.acme).await;
    let pat = site.pat("bo", site.mobile).await;
    let eve = site.person("eve").await;
    site.world.member(eve, site.mobile, &["owner"]).await;
    site.world.member(eve, site.acme, &[]).await;
    let cookie = site.sign_in("eve").await;
    assert_eq!(
        refusal(site.revoking(&above).cookie(&cookie)).await,
        NO_RIGHT
    );
    assert!(is_alive(&site, &above).await);
    site.world
        .set_roles(eve, site.mobile, &["view-organization"])
        .await;
    assert_eq!(refusal(site.revoking(&pat).cookie(&cookie)).await, NO_RIGHT);
    assert!(is_alive(&site, &pat).await);
}

#[tokio::test]
async fn a_suspended_member_generates_nothing_and_can_still_revoke() {
    let site = Site::on(super::backend().await).await;
    let cookie = site.sign_in("bo").await;
    let pat = site.generate(&cookie, site.mobile, "{}").await;
    site.world.suspend_member(site.bo, site.mobile).await;
    let generate = site.generating(&cookie, site.mobile, "{}");
    let wanted = "403 not_a_direct_member: The membership here is suspended.";
    assert_eq!(refusal(generate).await, wanted);
    let list = || site.get(&pats_of(site.mobile)).cookie(&cookie).send();
    assert_eq!(list().await.json()["data"][0]["status"], "suspended");
    assert_eq!(site.revoking(&pat).cookie(&cookie).outcome().await, "204");
    assert_eq!(list().await.json()["data"][0]["status"], "revoked");
}

#[tokio::test]
async fn a_token_is_found_in_its_own_organization_only() {
    let site = Site::on(super::backend().await).await;
    site.world.member(site.ana, site.mobile, &[]).await;
    let cookie = site.sign_in("ana").await;
    let pat = site.generate(&cookie, site.mobile, "{}").await;
    for organization in [site.acme, site.web, site.ios] {
        let path = format!("{}/{}", pats_of(organization), pat.id);
        let elsewhere = site.delete(&path).cookie(&cookie);
        assert_eq!(elsewhere.outcome().await, "404 not_found");
    }
    assert!(is_alive(&site, &pat).await);
}

#[tokio::test]
async fn an_access_token_ends_its_own_token_and_no_other_not_even_as_owner() {
    let site = Site::on(super::backend().await).await;
    site.world.member(site.bo, site.acme, &[]).await;
    let cookie = site.sign_in("ana").await;
    let own = site.generate(&cookie, site.acme, "{}").await;
    let second = site.generate(&cookie, site.acme, "{}").await;
    let others = site.pat("bo", site.acme).await;
    let jwt = site.jwt(&own, site.acme).await;
    for pat in [&second, &others] {
        let revoke = site.revoking(pat).bearer(&jwt).send().await;
        assert_eq!(revoke.outcome(), "403 forbidden");
        assert!(is_alive(&site, pat).await);
    }
    assert_eq!(site.revoking(&own).bearer(&jwt).outcome().await, "204");
    assert!(!is_alive(&site, &own).await);
    let dead = site.revoking(&own).bearer(&jwt);
    assert_eq!(dead.outcome().await, "401 invalid_token");
}

#[tokio::test]
async fn an_access_token_learns_nothing_of_organizations_that_it_does_not_cover() {
    let site = Site::on(super::backend().await).await;
    let cookie = site.sign_in("ana").await;
    let pat = site.generate(&cookie, site.acme, "{}").await;
    let below = site.jwt(&pat, site.mobile).await;
    let own = site.revoking(&pat).bearer(&below);
    assert_eq!(
        own.outcome().await,
        "404 not_found",
        "it is of an organization above"
    );
    assert!(is_alive(&site, &pat).await);
    let beside = format!("{}/{}", pats_of(site.web), pat.id);
    let beside = site.delete(&beside).bearer(&below);
    assert_eq!(beside.outcome().await, "404 not_found");
    let only = site
        .generate(&cookie, site.acme, r#"{"reach":"organization"}"#)
        .await;
    let only = site.jwt(&only, site.acme).await;
    let others = site.pat("bo", site.mobile).await;
    let beyond = site.revoking(&others).bearer(&only);
    assert_eq!(
        beyond.outcome().await,
        "404 not_found",
        "P15: outside its reach"
    );
    assert!(is_alive(&site, &others).await);
}
