//! The card *Personal API Token* (contract 6), without script.

use std::time::Duration;

use crate::client::Answer;
use crate::reader::{Reader, form, secret};
use crate::site::{PASSWORD, Site};

/// How many tokens the page lists as working.
fn listed(page: &Answer) -> usize {
    page.text().matches("<li class=\"token\">").count()
}

#[tokio::test]
async fn d2_p2_the_token_is_in_the_answer_to_the_form_and_in_no_other() {
    let site = Site::on(super::backend().await).await;
    let mut ana = Reader::signed_in(&site, "ana").await;
    let page = ana.security(site.acme).await;
    let generate = form(&page, "/security/tokens");
    let made = ana.send(&generate).await;
    assert_eq!(made.status, 200);
    assert_eq!(made.header("cache-control"), Some("no-store"));
    let token = secret(&made).unwrap().to_owned();
    let exchanged = site.exchanging("v2", &format!("pat={token}")).send().await;
    assert_eq!(exchanged.outcome(), "200");
    // The token stands above the button.
    let (secret_at, button_at) = (
        made.text().find("id=\"secret\"").unwrap(),
        made.text().find(">Generate Token<").unwrap(),
    );
    assert!(secret_at < button_at);
    // Reload sends the form again: nothing is made, nothing is shown.
    let again = ana.send(&generate).await;
    assert_eq!((again.status, secret(&again)), (200, None));
    assert!(again.text().contains("This form was used already"));
    // Back, another tab, another session.
    let address = format!("/orgs/{}/security/tokens", site.acme);
    let back = ana.get(&address).await;
    assert_eq!(back.status, 303);
    let other_tab = ana.security(site.acme).await;
    let other_session = Reader::signed_in(&site, "ana")
        .await
        .security(site.acme)
        .await;
    for page in [&again, &other_tab, &other_session] {
        assert_eq!(listed(page), 1);
        assert!(!page.text().contains(&token[6..38]));
    }
}

#[tokio::test]
async fn p7_two_tabs_racing_for_the_last_place_make_one() {
    let limit = |parts: &mut keyfob_server::state::Parts| parts.policy.pat_limit = 1;
    let site = Site::with(super::backend().await, limit).await;
    let mut ana = Reader::signed_in(&site, "ana").await;
    let one = form(&ana.security(site.acme).await, "/security/tokens");
    let other = form(&ana.security(site.acme).await, "/security/tokens");
    let made = ana.send(&one).await;
    let late = ana.send(&other).await;
    assert!(secret(&made).is_some());
    assert_eq!(secret(&late), None);
    assert!(late.text().contains("You have your one token here"));
    assert!(!late.text().contains(">Generate Token<"));
    assert_eq!(listed(&late), 1);
}

#[tokio::test]
async fn a_double_click_makes_one_token() {
    let site = Site::on(super::backend().await).await;
    let mut ana = Reader::signed_in(&site, "ana").await;
    let page = ana.security(site.acme).await;
    let generate = form(&page, "/security/tokens");
    let (first, second) = (ana.asking(&generate), ana.asking(&generate));
    let cookie = |ask: crate::client::Ask| ask.cookie(&ana.cookies());
    let (first, second) = tokio::join!(cookie(first).send(), cookie(second).send());
    let shown = [&first, &second].into_iter().filter_map(secret);
    assert_eq!(shown.count(), 1);
    assert_eq!(listed(&ana.security(site.acme).await), 1);
}

#[tokio::test]
async fn d3_p5_revoking_asks_and_cancelling_changes_nothing() {
    let site = Site::on(super::backend().await).await;
    let mut ana = Reader::signed_in(&site, "ana").await;
    let made = ana.generate(site.acme).await;
    let token = secret(&made).unwrap().to_owned();
    let (_before, rest) = made.text().split_once("btn-revoke\" href=\"").unwrap();
    let (address, _after) = rest.split_once('"').unwrap();
    let asks = ana.get(address).await;
    assert!(asks.text().contains("Revoke “"));
    let exchange = async || {
        let form = format!("pat={token}");
        site.exchanging("v2", &form).send().await.status
    };
    assert_eq!(exchange().await, 200, "asking changes nothing");
    let done = ana.send(&form(&asks, "/revoke")).await;
    assert_eq!(done.status, 303);
    assert_eq!(exchange().await, 401);
    let page = ana.security(site.acme).await;
    assert_eq!(listed(&page), 0);
    assert!(page.text().contains("Revoked and expired (1)"));
    // Asked again it leads back; sent again it is revoked already.
    assert_eq!(ana.get(address).await.status, 303);
    assert_eq!(ana.send(&form(&asks, "/revoke")).await.status, 303);
    // Afterwards a new one, with another value, can be generated.
    let another = ana.generate(site.acme).await;
    assert_ne!(secret(&another), Some(token.as_str()));
}

#[tokio::test]
async fn d4_p1_an_inherited_user_sees_why_not_and_who_can_add_them() {
    let site = Site::on(super::backend().await).await;
    let mut cem = Reader::signed_in(&site, "cem").await;
    let page = cem.security(site.mobile).await;
    for told in [
        "You can&#39;t generate a token here",
        "Only members of Mobile can. You are not one: you are here through Acme.",
        "Who can add you",
        "ana@acme.example",
        "Owner of Acme",
        "Manages organization, from Acme",
        "A token of <a href",
    ] {
        assert!(page.text().contains(told), "{told}");
    }
    assert!(!page.text().contains(">Generate Token<"));
    // Bo manages nothing there.
    assert!(!page.text().contains("bo@acme.example"));
    // A form that was made elsewhere makes nothing here.
    let elsewhere = form(&cem.security(site.acme).await, "/security/tokens");
    let ask = site.post(&format!("/orgs/{}/security/tokens", site.mobile));
    let fields = format!(
        "form={}&formToken={}",
        elsewhere.value("form"),
        elsewhere.value("formToken")
    );
    let answer = cem.answer(ask.form(&fields)).await;
    assert_eq!((answer.status, secret(&answer)), (403, None));
    assert!(
        answer
            .text()
            .contains("You can&#39;t generate a token here")
    );
}

#[tokio::test]
async fn p13_after_15_minutes_the_password_is_asked_and_what_was_entered_is_kept() {
    let site = Site::on(super::backend().await).await;
    let mut ana = Reader::signed_in(&site, "ana").await;
    let page = ana.security(site.acme).await;
    let generate = form(&page, "/security/tokens")
        .with("name", "nightly")
        .with("networks", "203.0.113.0/24");
    site.advance(Duration::from_mins(16));
    let asked = ana.send(&generate).await;
    assert_eq!((asked.status, secret(&asked)), (200, None));
    assert!(asked.text().contains("Is it you?"));
    let wrong = form(&asked, "/security/tokens").with("password", "wrong");
    let refused = ana.send(&wrong).await;
    assert_eq!((refused.status, secret(&refused)), (403, None));
    assert!(refused.text().contains("The password is wrong"));
    let right = form(&refused, "/security/tokens").with("password", PASSWORD);
    let made = ana.send(&right).await;
    assert!(secret(&made).is_some());
    for kept in ["nightly", "203.0.113.0/24"] {
        assert!(made.text().contains(kept), "{kept}");
    }
    assert!(!made.text().contains(PASSWORD));
    // The new session goes on, and the forms of that page are its own.
    let next = ana.send(&form(&made, "/security/tokens")).await;
    assert!(secret(&next).is_some());
    // Confirmed twice, it made one token.
    let replayed = ana.send(&right).await;
    assert_eq!(secret(&replayed), None);
}

#[tokio::test]
async fn p8_choices_are_read_from_the_form_and_errors_stand_at_their_field() {
    let site = Site::on(super::backend().await).await;
    let mut ana = Reader::signed_in(&site, "ana").await;
    for (field, value, told) in [
        (
            "networks",
            "203.0.113.0/24\n10.20.0.0/33",
            "Line 2: 10.20.0.0/33 is not a network.",
        ),
        (
            "networks",
            "10.0.0.1/8",
            "Line 1: 10.0.0.1/8 names one machine and a whole network.",
        ),
        ("expires", "day", "Choose a day in the future."),
        ("expires", "soon", "Choose a day in the future."),
        ("limit", "some", "Choose at least one permission"),
        ("reach", "some", "Choose at least one organization"),
        ("name", &"x".repeat(101), "t-name-e"),
    ] {
        let page = ana.security(site.acme).await;
        let wrong = form(&page, "/security/tokens").with(field, value);
        let answer = ana.send(&wrong).await;
        assert_eq!((answer.status, secret(&answer)), (422, None), "{told}");
        assert!(answer.text().contains(told), "{told}");
        assert!(answer.text().contains("<details open>"));
        assert_eq!(listed(&answer), 0);
    }
    let page = ana.security(site.acme).await;
    let chosen = form(&page, "/security/tokens")
        .with("name", "ci")
        .with("expires", "30")
        .with("limit", "some")
        .with("ceiling", "operate-build")
        .with("reach", "organization")
        .with("networks", " 203.0.113.0/24 \r\n\r\n2001:db8::/32");
    let made = ana.send(&chosen).await;
    let token = secret(&made).unwrap();
    for told in [
        "ci",
        "in 30 days",
        "build:operate",
        "Here only",
        "2001:db8::/32",
    ] {
        assert!(made.text().contains(told), "{told}");
    }
    let inside = site.exchanging("v2", &format!("pat={token}"));
    let below = format!("pat={token}&subOrganization={}", site.mobile);
    let below = site.exchanging("v2", &below).from("203.0.113.9");
    assert_eq!(inside.from("203.0.113.9").outcome().await, "200");
    assert_eq!(below.outcome().await, "403 access_denied");
}

#[tokio::test]
async fn p15_the_card_says_what_a_token_reaches() {
    let site = Site::on(super::backend().await).await;
    let mut ana = Reader::signed_in(&site, "ana").await;
    let mut bo = Reader::signed_in(&site, "bo").await;
    let acme = ana.security(site.acme).await;
    assert!(
        acme.text()
            .contains("in Acme and its 3 sub-organizations, also later ones")
    );
    let mobile = bo.security(site.mobile).await;
    assert!(
        mobile
            .text()
            .contains("in Mobile and its sub-organization, also later ones")
    );
    let ios = ana.security(site.ios).await;
    assert!(
        ios.text()
            .contains("in iOS, and in every organization made below it later")
    );
}

#[tokio::test]
async fn p16_a_refusal_is_shown_with_its_reason() {
    let site = Site::on(super::backend().await).await;
    let mut ana = Reader::signed_in(&site, "ana").await;
    let made = ana.generate(site.acme).await;
    let token = secret(&made).unwrap().to_owned();
    let form = format!("pat={token}&subOrganization={}", site.globex);
    assert_eq!(site.exchanging("v2", &form).send().await.status, 403);
    site.app.activity.flush(&site.app.store).await.unwrap();
    let page = ana.security(site.acme).await;
    assert!(
        page.text()
            .contains("For an organization that it does not cover · once")
    );
}

#[tokio::test]
async fn what_one_may_not_know_of_is_not_found_and_looks_like_what_is_not_there() {
    let site = Site::on(super::backend().await).await;
    let mut dee = Reader::signed_in(&site, "dee").await;
    let mut ana = Reader::signed_in(&site, "ana").await;
    let made = ana.generate(site.acme).await;
    let (_before, rest) = made.text().split_once("btn-revoke\" href=\"").unwrap();
    let (address, _after) = rest.split_once('"').unwrap();
    let nowhere = "01a00000-0000-7000-8000-000000000000";
    let mut pages = Vec::new();
    for path in [
        format!("/orgs/{}/security", site.acme),
        format!("/orgs/{nowhere}/security"),
        "/orgs/no-id/security".to_owned(),
        address.to_owned(),
        "/nothing/at/all".to_owned(),
    ] {
        let page = dee.get(&path).await;
        assert_eq!(page.status, 404, "{path}");
        let id = page.header("x-request-id").unwrap();
        pages.push(page.text().replace(id, "…"));
    }
    pages.dedup();
    assert_eq!(pages.len(), 1);
    // A member's token is not a colleague's to see here either.
    let mut cem = Reader::signed_in(&site, "cem").await;
    assert_eq!(cem.get(address).await.status, 404);
}

#[tokio::test]
async fn an_outage_is_a_page_that_says_so_and_never_not_found() {
    let site = Site::on(super::backend().await).await;
    let mut ana = Reader::signed_in(&site, "ana").await;
    let away = super::Away::take(&site.backend).await;
    let page = ana.get(&format!("/orgs/{}/security", site.acme)).await;
    away.give_back().await;
    assert_eq!(page.status, 503);
    assert!(page.text().contains("Keyfob can&#39;t decide right now"));
    assert_eq!(page.header("retry-after"), Some("5"));
}

#[tokio::test]
async fn p14_the_card_says_when_from_where_and_with_what_a_token_was_used_last() {
    let site = Site::on(super::backend().await).await;
    let pat = site.pat("ana", site.acme).await;
    let mut ana = Reader::signed_in(&site, "ana").await;
    assert!(ana.security(site.acme).await.text().contains("Never used"));
    let chrome = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/130.0 Safari/537.36";
    for (client, told) in [("curl/8.5.0", "curl/8.5.0"), (chrome, "Chrome on Linux")] {
        let form = format!("pat={}&subOrganization={}", pat.secret, site.ios);
        let exchange = site.exchanging("v2", &form).from("203.0.113.24");
        let exchange = exchange.header("user-agent", client);
        assert_eq!(exchange.outcome().await, "200");
        site.app.activity.flush(&site.app.store).await.unwrap();
        let page = ana.security(site.acme).await;
        let said = format!("just now · 203.0.113.24 · {told} · for iOS");
        assert!(page.text().contains(&said), "{said}");
        // A use counts again after a minute.
        site.advance(Duration::from_mins(2));
    }
}
