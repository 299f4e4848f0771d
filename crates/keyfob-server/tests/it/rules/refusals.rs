//! P16: a refusal of a token whose text was right is counted with its reason, and told to who may know.

use std::time::Duration;

use keyfob_core::id::OrgId;
use serde_json::{Value, json};

use crate::client::Answer;
use crate::site::{Pat, Site, pats_of};

const ADDRESS: &str = "192.0.2.9";

/// An exchange that is refused; its request's id.
async fn refused(site: &Site, pat: &Pat, target: Option<OrgId>, outcome: &str) -> String {
    let target = target.map(|target| target.to_string()).unwrap_or_default();
    let form = format!("pat={}&subOrganization={target}", pat.secret);
    let ask = site.exchanging("v2", &form).from(ADDRESS);
    let answer = ask.header("user-agent", "curl/8.1").send().await;
    assert_eq!(answer.outcome(), outcome);
    answer.header("x-request-id").unwrap().to_owned()
}

async fn flush(site: &Site) {
    site.app.activity.flush(&site.app.store).await.unwrap();
}

/// What the list of tokens says of the refusals of one.
async fn listed(site: &Site, cookie: &str, pat: &Pat) -> Value {
    let list = site.get(&pats_of(pat.organization)).cookie(cookie);
    let list = list.send().await.json();
    let mut pats = list["data"].as_array().unwrap().iter();
    let found = pats.find(|each| each["id"] == pat.id).unwrap();
    found.get("refusals").cloned().unwrap_or_default()
}

/// Asks for a refusal by its request.
async fn asked(site: &Site, cookie: &str, organization: OrgId, request: &str) -> Answer {
    let target = format!("/identity/v1/organizations/{organization}/refusals/{request}");
    site.get(&target).cookie(cookie).send().await
}

#[tokio::test]
async fn p16_refusals_are_counted_by_reason_with_when_and_from_where_last() {
    let site = Site::on(super::backend().await).await;
    let ana = site.sign_in("ana").await;
    let choices = r#"{"reach":"organization","expiresDate":"2027-01-15T09:00:00Z"}"#;
    let pat = site.generate(&ana, site.acme, choices).await;
    assert_eq!(listed(&site, &ana, &pat).await, Value::Null);
    let denied = "403 access_denied";
    let first = refused(&site, &pat, Some(site.mobile), denied).await;
    site.advance(Duration::from_secs(1));
    let last = refused(&site, &pat, Some(site.ios), denied).await;
    let target = refused(&site, &pat, Some(site.globex), denied).await;
    flush(&site).await;
    let entry = |reason: &str, count: u32, organization: OrgId, request: &str| {
        json!({
            "reason": reason,
            "count": count,
            "date": "2027-01-15T08:00:01.000Z",
            "address": ADDRESS,
            "userAgent": "curl/8.1",
            "organizationId": organization.to_string(),
            "requestId": request,
        })
    };
    let mut list = listed(&site, &ana, &pat).await;
    // Within one moment their order is that of their ids, which is by chance.
    let list = list.as_array_mut().unwrap();
    list.sort_by_key(|entry| entry["reason"].to_string());
    let reach = entry("reach", 2, site.ios, &last);
    assert_eq!(*list, [reach, entry("target", 1, site.globex, &target)]);
    // An earlier one is found too.
    let found = asked(&site, &ana, site.acme, &first).await.json();
    let wanted = json!({
        "personalApiTokenId": pat.id,
        "userId": site.ana.to_string(),
        "reason": "reach",
        "date": "2027-01-15T08:00:00.000Z",
        "address": ADDRESS,
        "userAgent": "curl/8.1",
        "organizationId": site.mobile.to_string(),
        "requestId": first,
    });
    assert_eq!(found, wanted);
    // The latest reason stands first.
    site.advance(Duration::from_hours(1));
    let expired = refused(&site, &pat, None, "401 invalid_grant").await;
    flush(&site).await;
    let ana = site.sign_in("ana").await;
    let list = listed(&site, &ana, &pat).await;
    let wanted = json!({
        "reason": "expired",
        "count": 1,
        "date": "2027-01-15T09:00:01.000Z",
        "address": ADDRESS,
        "userAgent": "curl/8.1",
        "organizationId": site.acme.to_string(),
        "requestId": expired,
    });
    assert_eq!((list.as_array().unwrap().len(), &list[0]), (3, &wanted));
}

/// What somebody with an owner's session is told of a refusal: its reason, and why and by whom revoked.
async fn reason(site: &Site, cookie: &str, pat: &Pat, request: &str) -> String {
    flush(site).await;
    let found = asked(site, cookie, pat.organization, request).await;
    assert_eq!(found.outcome(), "200");
    let found = found.json();
    let members = ["reason", "revokedBecause", "revokedBy"].map(|member| found[member].as_str());
    let words: Vec<&str> = members.into_iter().flatten().collect();
    words.join(" ")
}

#[tokio::test]
async fn p16_every_reason_is_told_with_by_whom_a_token_was_revoked() {
    let site = Site::on(super::backend().await).await;
    let refused = async |pat: &Pat| refused(&site, pat, None, "401 invalid_grant").await;
    let ana = site.sign_in("ana").await;
    let reason = async |pat: &Pat, request: &str| reason(&site, &ana, pat, request).await;
    let bo = site.pat("bo", site.mobile).await;
    assert!(site.world.suspend_user(site.bo).await);
    assert_eq!(reason(&bo, &refused(&bo).await).await, "user_suspended");
    assert!(site.world.reactivate_user(site.bo).await);
    assert!(site.world.suspend_member(site.bo, site.mobile).await);
    let suspended = reason(&bo, &refused(&bo).await).await;
    assert_eq!(suspended, "membership_suspended");
    assert!(site.world.reactivate_member(site.bo, site.mobile).await);
    assert_eq!(site.revoking(&bo).cookie(&ana).outcome().await, "204");
    let revoked = reason(&bo, &refused(&bo).await).await;
    assert_eq!(revoked, format!("revoked manager {}", site.ana));
    let networks = r#"{"networks":["198.51.100.0/24"]}"#;
    let elsewhere = site.generate(&ana, site.acme, networks).await;
    assert_eq!(
        reason(&elsewhere, &refused(&elsewhere).await).await,
        "network"
    );
    assert_eq!(
        site.revoking(&elsewhere).cookie(&ana).outcome().await,
        "204"
    );
    let revoked = reason(&elsewhere, &refused(&elsewhere).await).await;
    assert_eq!(revoked, format!("revoked user {}", site.ana));
    let cem = site.pat("cem", site.acme).await;
    assert!(site.world.remove(site.cem, site.acme).await);
    let ended = reason(&cem, &refused(&cem).await).await;
    assert_eq!(ended, "revoked membership_ended", "by the operator");
}

#[tokio::test]
async fn p16_a_refusal_is_told_to_its_owner_and_to_who_manages_and_to_nobody_else() {
    let site = Site::on(super::backend().await).await;
    let (ana, bo) = (site.sign_in("ana").await, site.sign_in("bo").await);
    let cem = site.sign_in("cem").await;
    let dee = site.sign_in("dee").await;
    let eve = site.person("eve").await;
    site.world.member(eve, site.mobile, &["view-build"]).await;
    let eve = site.sign_in("eve").await;
    let pat = site.generate(&bo, site.mobile, "{}").await;
    let request = refused(&site, &pat, Some(site.globex), "403 access_denied").await;
    let jwt = site.jwt(&pat, site.mobile).await;
    let path = |organization: OrgId, request: &str| {
        format!("/identity/v1/organizations/{organization}/refusals/{request}")
    };
    let outcome = async |cookie: &str, organization: OrgId| {
        let answer = asked(&site, cookie, organization, &request).await;
        answer.outcome()
    };
    assert_eq!(outcome(&bo, site.mobile).await, "404 not_found", "not yet");
    flush(&site).await;
    assert_eq!(outcome(&bo, site.mobile).await, "200");
    assert_eq!(outcome(&ana, site.mobile).await, "200", "owner above");
    assert_eq!(outcome(&cem, site.mobile).await, "200", "manages above");
    assert_eq!(outcome(&eve, site.mobile).await, "403 forbidden");
    assert_eq!(outcome(&dee, site.mobile).await, "404 not_found");
    assert_eq!(outcome(&ana, site.acme).await, "404 not_found", "not there");
    assert_eq!(outcome(&dee, site.globex).await, "404 not_found");
    let nobody = site.get(&path(site.mobile, &request));
    assert_eq!(nobody.outcome().await, "401 not_signed_in");
    let program = site.get(&path(site.mobile, &request)).bearer(&jwt);
    assert_eq!(program.outcome().await, "403 session_required");
    let program = site.get(&path(site.acme, &request)).bearer(&jwt);
    assert_eq!(program.outcome().await, "404 not_found");
    for unknown in ["01890a5d-ac96-774b-bcce-b302099a8057", "x", &pat.id] {
        let answer = asked(&site, &ana, site.mobile, unknown).await;
        assert_eq!(answer.outcome(), "404 not_found", "{unknown}");
    }
    // Who may not see somebody else's refusals sees nothing of them in the list either.
    assert_eq!(listed(&site, &bo, &pat).await[0]["count"], 1);
    let list = site.get(&pats_of(site.mobile)).cookie(&eve).send().await;
    assert_eq!(list.text(), r#"{"data":[]}"#);
}

#[tokio::test]
async fn p16_a_text_that_is_no_tokens_leaves_nothing_and_a_throttled_refusal_is_told_too() {
    let site = Site::with(super::backend().await, |parts| {
        parts.policy.exchange_failures = 10;
    })
    .await;
    let ana = site.sign_in("ana").await;
    let pat = site.generate(&ana, site.acme, "{}").await;
    assert_eq!(site.revoking(&pat).cookie(&ana).outcome().await, "204");
    let mut last = String::new();
    for attempt in 0..15 {
        let outcome = if attempt < 11 {
            "401 invalid_grant"
        } else {
            "429 too_many_requests"
        };
        last = refused(&site, &pat, None, outcome).await;
        let wrong = format!("{}0", &pat.secret[..43]);
        let ask = site.exchanging("v2", &format!("pat={wrong}"));
        assert_eq!(ask.from("192.0.2.10").send().await.status / 100, 4);
        site.advance(Duration::from_millis(1));
    }
    flush(&site).await;
    let list = listed(&site, &ana, &pat).await;
    let entries = list.as_array().unwrap();
    assert_eq!((entries.len(), &entries[0]["count"]), (1, &json!(15)));
    assert_eq!(entries[0]["requestId"], last);
}
