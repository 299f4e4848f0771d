//! *Try it* (D5): the exchange of the doors, and what its decision rested on.

use std::time::Duration;

use keyfob_core::id::OrgId;

use crate::client::Answer;
use crate::reader::{Reader, form, secret};
use crate::site::{Pat, Site, pats_of};

/// A page without what differs from form to form.
fn without_tokens(page: &Answer) -> String {
    let mut parts = page.text().split("name=\"formToken\" value=\"");
    let mut told = parts.next().unwrap().to_owned();
    for part in parts {
        told.push_str(part.split_once('"').unwrap().1);
    }
    told
}

/// Pastes a token on the page of an organization.
async fn paste(reader: &mut Reader<'_>, at: OrgId, pat: &str, target: &str) -> Answer {
    let page = reader.get(&path(at)).await;
    let filled = form(&page, "/try-it")
        .with("pat", pat)
        .with("subOrganization", target);
    reader.send(&filled).await
}

fn path(organization: OrgId) -> String {
    format!("/orgs/{organization}/security/try-it")
}

fn shows(page: &Answer, told: &str) {
    assert!(page.text().contains(told), "{told} in {}", page.text());
}

fn hides(page: &Answer, told: &str) {
    assert!(!page.text().contains(told), "{told} in {}", page.text());
}

#[tokio::test]
async fn d5_a_new_token_is_tried_beside_the_page_that_shows_it() {
    let site = Site::on(super::backend().await).await;
    let mut ana = Reader::signed_in(&site, "ana").await;
    let made = ana.generate(site.acme).await;
    let pat = secret(&made).unwrap().to_owned();
    shows(&made, "target=\"keyfob-try\"");
    let option = format!("<option value=\"{}\">Mobile / iOS</option>", site.ios);
    shows(
        &made,
        &option.replace("Mobile / iOS", "Acme / Mobile / iOS"),
    );
    let tried = ana.send(&form(&made, "/try-it")).await;
    assert_eq!(tried.status, 200);
    assert_eq!(tried.header("cache-control"), Some("no-store"));
    for told in [
        "200 OK",
        "An access token for Acme.",
        "data-left=\"3600\"",
        "60 min 00 s",
        "<b>Owner</b><span class=\"muted\">Member of Acme</span>",
        &format!("<code>{}</code><span class=\"sub\">Acme</span>", site.acme),
        &format!("<code>{}</code><span class=\"sub\">ana</span>", site.ana),
        "15 Jan 2027, 09:00:00 UTC",
        "Signed with ES256",
    ] {
        shows(&tried, told);
    }
    // Neither token stands there.
    hides(&tried, "eyJ");
    hides(&tried, &pat[6..38]);
    // What it says is what the door's own token says.
    let answer = site.exchanging("v2", &format!("pat={pat}")).send().await;
    let claims = site.claims(&answer.member("access_token")).await;
    for claim in ["iss", "sub", "pid", "scope", "client_id"] {
        let value = claims[claim].as_str().unwrap();
        shows(
            &tried,
            &format!("<dt><code>{claim}</code></dt><dd><code>{value}</code>"),
        );
    }
    for permission in claims["entitlements"].as_array().unwrap() {
        let permission = permission.as_str().unwrap();
        shows(
            &tried,
            &format!("data-label=\"Permission\"><code>{permission}</code>"),
        );
    }
}

#[tokio::test]
async fn d5_below_it_says_from_where_each_permission_is_inherited() {
    let site = Site::on(super::backend().await).await;
    site.world.member(site.bo, site.ios, &["view-store"]).await;
    let cookie = site.sign_in("bo").await;
    let pat = site.generate(&cookie, site.mobile, "{}").await;
    let mut bo = Reader::signed_in(&site, "bo").await;
    let tried = paste(&mut bo, site.mobile, &pat.secret, &site.ios.to_string()).await;
    shows(&tried, "An access token for iOS.");
    shows(
        &tried,
        "<b>Operate build</b><span class=\"muted\">Inherited from Mobile</span>",
    );
    shows(
        &tried,
        "<b>View Enterprise App Store</b><span class=\"muted\">Member of iOS</span>",
    );
    // Bo does not see what lies above, so its id is all there is.
    shows(&tried, &format!("<code>{}</code></dd>", site.acme));
    hides(&tried, "Acme");
}

#[tokio::test]
async fn d5_what_the_ceiling_keeps_out_is_told() {
    let site = Site::on(super::backend().await).await;
    let mut bo = Reader::signed_in(&site, "bo").await;
    let page = bo.security(site.mobile).await;
    let generate = form(&page, "/security/tokens")
        .with("limit", "some")
        .with("ceiling", "view-build");
    let made = bo.send(&generate).await;
    let tried = bo.send(&form(&made, "/try-it")).await;
    shows(&tried, "<span class=\"badge badge-accent\">1 of 2</span>");
    shows(&tried, "You have 1 more that this token may not use");
    shows(
        &tried,
        "<li><code>build:operate</code> Operate build · Member of Mobile</li>",
    );
}

/// Each of these tokens of Ana's is refused, and the page says why.
async fn refused(site: &Site, cases: &[(&Pat, &str, &str, &str)]) {
    let mut ana = Reader::signed_in(site, "ana").await;
    for (pat, target, heading, why) in cases {
        let page = paste(&mut ana, site.acme, &pat.secret, target).await;
        // The page answers; the door's status stands in it.
        assert_eq!(page.status, 200);
        shows(&page, heading);
        shows(&page, why);
        shows(&page, "You see more because the token is yours.");
        hides(&page, "Claims");
        hides(&page, &pat.secret[6..38]);
    }
}

#[tokio::test]
async fn d5_its_owner_is_told_why_a_target_is_refused() {
    let site = Site::on(super::backend().await).await;
    site.world.member(site.ana, site.web, &["view-build"]).await;
    let cookie = site.sign_in("ana").await;
    let generate = async |at: OrgId, body: &str| site.generate(&cookie, at, body).await;
    let acme = generate(site.acme, "{}").await;
    let web = generate(site.web, "{}").await;
    let here = generate(site.acme, r#"{"reach":"organization"}"#).await;
    let named = format!(r#"{{"reach":["{}"]}}"#, site.ios);
    let some = generate(site.acme, &named).await;
    let [above, mobile, unknown] = [site.acme, site.mobile, site.globex].map(|id| id.to_string());
    let denied = "403 access_denied";
    refused(
        &site,
        &[
            (
                &acme,
                &unknown,
                denied,
                "You know of no organization with the id",
            ),
            (
                &acme,
                &unknown,
                denied,
                "A token of Acme works there, and in what is below it: Mobile, Web, iOS.",
            ),
            (&web, &mobile, denied, "Mobile is beside it."),
            (&web, &above, denied, "Acme is above it."),
            (
                &web,
                &above,
                denied,
                "A token of Web works there, and in what is made below it.",
            ),
            (
                &here,
                &mobile,
                denied,
                "This token works in Acme only. Mobile is not among these.",
            ),
            (
                &some,
                &mobile,
                denied,
                "This token works only in Acme, iOS. Mobile is not among these.",
            ),
        ],
    )
    .await;
}

#[tokio::test]
async fn d5_its_owner_is_told_why_a_token_is_refused() {
    let site = Site::on(super::backend().await).await;
    let cookie = site.sign_in("ana").await;
    let networks = r#"{"networks":["203.0.113.0/24"]}"#;
    let elsewhere = site.generate(&cookie, site.acme, networks).await;
    let revoked = site.generate(&cookie, site.acme, "{}").await;
    assert_eq!(
        site.revoking(&revoked).cookie(&cookie).outcome().await,
        "204"
    );
    let denied = "401 invalid_grant";
    refused(
        &site,
        &[
            (&elsewhere, "", denied, "It works only from 203.0.113.0/24."),
            (
                &revoked,
                "",
                denied,
                "It was revoked by you: 15 Jan 2027, 08:00 UTC.",
            ),
        ],
    )
    .await;
}

#[tokio::test]
async fn d5_an_expired_token_and_a_lost_membership_are_told_to_their_owner() {
    let site = Site::on(super::backend().await).await;
    let cookie = site.sign_in("bo").await;
    let expired = site
        .generate(&cookie, site.mobile, r#"{"expiresInDays":1}"#)
        .await;
    let kept = site.generate(&cookie, site.mobile, "{}").await;
    site.advance(Duration::from_hours(24));
    let mut bo = Reader::signed_in(&site, "bo").await;
    let page = paste(&mut bo, site.mobile, &expired.secret, "").await;
    shows(&page, "It expired: 16 Jan 2027, 08:00 UTC.");
    site.world.suspend_member(site.bo, site.mobile).await;
    let page = bo.get(&path(site.mobile)).await;
    let filled = form(&page, "/try-it").with("pat", &kept.secret);
    let page = bo.send(&filled).await;
    shows(&page, "401 invalid_grant");
    shows(
        &page,
        &format!("Your membership in {} is suspended.", site.mobile),
    );
}

#[tokio::test]
async fn d5_of_somebody_elses_token_only_the_apis_words_are_told() {
    let site = Site::on(super::backend().await).await;
    let cookie = site.sign_in("bo").await;
    let live = site.generate(&cookie, site.mobile, "{}").await;
    let revoked = site.generate(&cookie, site.mobile, "{}").await;
    assert_eq!(
        site.revoking(&revoked).cookie(&cookie).outcome().await,
        "204"
    );
    // Ana manages Bo's organization, and is no more Bo for it.
    let mut ana = Reader::signed_in(&site, "ana").await;
    let granted = paste(&mut ana, site.acme, &live.secret, "").await;
    shows(&granted, "200 OK");
    shows(&granted, "This is no token of yours");
    hides(&granted, "Comes from");
    hides(&granted, "What your token");
    let refused = paste(&mut ana, site.acme, &live.secret, &site.web.to_string()).await;
    shows(&refused, "403 access_denied");
    shows(
        &refused,
        "The personal API token does not give access to that organization.",
    );
    hides(&refused, "beside");
    // One that was revoked and one that never was look alike.
    let over = paste(&mut ana, site.acme, &revoked.secret, "").await;
    shows(&over, "The personal API token is not valid.");
    let never = paste(
        &mut ana,
        site.acme,
        "kfpat_00000000000000000000000000000000000000",
        "",
    )
    .await;
    assert_eq!(without_tokens(&over), without_tokens(&never));
}

#[tokio::test]
async fn d5_it_counts_as_a_use_and_a_refusal_is_noted() {
    let site = Site::on(super::backend().await).await;
    let cookie = site.sign_in("ana").await;
    let pat = site.generate(&cookie, site.acme, "{}").await;
    let mut ana = Reader::signed_in(&site, "ana").await;
    paste(&mut ana, site.acme, &pat.secret, &site.mobile.to_string()).await;
    paste(&mut ana, site.acme, &pat.secret, &site.globex.to_string()).await;
    site.app.activity.flush(&site.app.store).await.unwrap();
    let listed = site.get(&pats_of(site.acme)).cookie(&cookie).send().await;
    let listed = &listed.json()["data"][0];
    assert_eq!(
        listed["lastUsed"]["organizationId"],
        site.mobile.to_string()
    );
    let page = ana.security(site.acme).await;
    shows(&page, "For an organization that it does not cover · once");
}

#[tokio::test]
async fn x6_wrong_tokens_on_the_page_are_throttled_as_at_the_door() {
    let few = |parts: &mut keyfob_server::state::Parts| parts.policy.exchange_failures = 2;
    let site = Site::with(super::backend().await, few).await;
    let cookie = site.sign_in("ana").await;
    let good = site.generate(&cookie, site.acme, "{}").await;
    let mut ana = Reader::signed_in(&site, "ana").await;
    let page = ana.get(&path(site.acme)).await;
    let filled = form(&page, "/try-it");
    let mut from = async |pat: &str| {
        let ask = ana.asking(&filled.clone().with("pat", pat));
        let answer = ana.answer(ask.from("198.51.100.7")).await;
        let (_before, rest) = answer.text().split_once("<h2 id=\"h-res\">").unwrap();
        rest.split_once('<').unwrap().0.to_owned()
    };
    // Two on the page and one at the door are one count.
    assert_eq!(from("wrong").await, "401 invalid_grant");
    assert_eq!(from("wrong").await, "401 invalid_grant");
    let door = site.exchanging("v2", "pat=wrong").from("198.51.100.7");
    assert_eq!(door.outcome().await, "401 invalid_grant");
    assert_eq!(from("wrong").await, "429 too_many_requests");
    assert_eq!(from(&good.secret).await, "200 OK", "never a good one");
}

#[tokio::test]
async fn d5_what_the_door_would_not_read_is_told_as_it_tells_it() {
    let site = Site::on(super::backend().await).await;
    let mut ana = Reader::signed_in(&site, "ana").await;
    for (pat, target, told) in [
        ("", "", "The secret is missing."),
        ("kfpat_x", "Mobile", "The organization is not a UUID."),
    ] {
        let page = paste(&mut ana, site.acme, pat, target).await;
        shows(&page, "400 invalid_request");
        shows(&page, told);
    }
}

#[tokio::test]
async fn d5_trying_needs_a_form_of_ones_own_and_an_organization_that_one_sees() {
    let site = Site::on(super::backend().await).await;
    let pat = site.pat("ana", site.acme).await;
    let mut ana = Reader::signed_in(&site, "ana").await;
    let page = ana.get(&path(site.acme)).await;
    let filled = form(&page, "/try-it").with("pat", &pat.secret);
    let ask = ana.asking(&filled).header("origin", "https://evil.example");
    assert_eq!(ana.answer(ask).await.status, 403);
    assert_eq!(
        ana.send(&filled.clone().with("formToken", "")).await.status,
        403
    );
    let fields = format!("formToken={}&pat={}", filled.value("formToken"), pat.secret);
    let ask = site.post(&path(site.globex)).form(&fields);
    assert_eq!(ana.answer(ask).await.status, 404);
    assert_eq!(ana.get(&path(site.globex)).await.status, 404);
    let mut nobody = Reader::new(&site);
    let answer = nobody.send(&filled).await;
    assert_eq!(
        (answer.status, answer.header("location")),
        (303, Some("/sign-in"))
    );
    site.app.activity.flush(&site.app.store).await.unwrap();
    shows(&ana.security(site.acme).await, "Never used");
}

#[tokio::test]
async fn d5_at_most_50_organizations_below_are_listed() {
    let site = Site::on(super::backend().await).await;
    for number in 0..48 {
        site.world.sub(site.web, &format!("Shop {number}")).await;
    }
    let mut ana = Reader::signed_in(&site, "ana").await;
    let page = ana.get(&path(site.acme)).await;
    // The token's own, Acme itself, and 50 of the 51.
    assert_eq!(page.text().matches("<option ").count(), 52);
    shows(&page, "The first 50 of 51 below are listed.");
    shows(&page, "Acme / Web / Shop 1<");
}
