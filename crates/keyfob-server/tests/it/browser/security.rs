//! D2 to D4: generating, revoking, and who cannot.

use std::time::Duration;

use thirtyfour::Key;

use super::stage::{Stage, security};
use crate::site::PASSWORD;

/// The button that generates.
pub(super) const GENERATE: &str = "form.generate > .btn";
/// The link that asks before a token is revoked.
const REVOKE: &str = ".token a.btn-revoke";

#[tokio::test]
async fn d2_the_token_appears_above_the_button_once_with_a_copy_button_and_the_warning() {
    let stage = Stage::open().await;
    let browser = stage.browser("ana", &security(stage.site.acme)).await;
    assert_eq!(browser.text(GENERATE).await, "Generate Token");
    browser.press(GENERATE).await;
    let secret = browser.text("#secret").await;
    assert_eq!(stage.exchange(&secret).await, "200");
    let (new, button) = (browser.lies("#new").await, browser.lies(GENERATE).await);
    assert!(new[3] <= button[1], "{new:?} is above {button:?}");
    let all = browser.text("body").await;
    assert_eq!(all.matches(&secret).count(), 1);
    let warning = browser.text("#new").await;
    assert!(
        warning.contains("Save it now. This is the only time it is shown."),
        "{warning}"
    );
    browser.lets_read_the_clipboard().await;
    assert_eq!(browser.text(".secret-box button").await, "Copy");
    browser.press(".secret-box button").await;
    assert_eq!(browser.text(".toast").await, "Copied");
    assert_eq!(
        browser.run("return navigator.clipboard.readText()").await,
        secret
    );
    assert_eq!(browser.complaints().await, [""; 0]);
}

#[tokio::test]
async fn d2_reload_back_and_a_second_tab_do_not_bring_it_back_and_make_no_second_token() {
    let stage = Stage::open().await;
    let (acme, page) = (stage.site.acme, security(stage.site.acme));
    let browser = stage.browser("ana", &page).await;
    browser.press(GENERATE).await;
    let secret = browser.text("#secret").await;
    let is_gone = async |where_to: &str| {
        assert!(!browser.source().await.contains(&secret), "{where_to}");
        assert_eq!(stage.pats("ana", acme).await, [1, 1], "{where_to}");
    };
    browser.driver.refresh().await.unwrap();
    browser
        .read("#pat .note", "This form was used already")
        .await;
    is_gone("reload").await;
    browser.driver.back().await.unwrap();
    browser.see("#pat").await;
    is_gone("back").await;
    browser.driver.forward().await.unwrap();
    is_gone("forward").await;
    browser.driver.new_tab().await.unwrap();
    let tabs = browser.driver.windows().await.unwrap();
    browser
        .driver
        .switch_to_window(tabs[1].clone())
        .await
        .unwrap();
    for path in [format!("{page}/tokens"), page] {
        browser.go(&stage.url(&path)).await;
        browser.see(".token").await;
        is_gone(&path).await;
    }
}

#[tokio::test]
async fn d2_leaving_the_page_and_coming_back_does_not_bring_it_back() {
    let stage = Stage::open().await;
    let browser = stage.browser("ana", &security(stage.site.acme)).await;
    browser.press(GENERATE).await;
    let secret = browser.text("#secret").await;
    browser.press("#menu a[aria-current]").await;
    browser.miss("#secret").await;
    browser.see(".token").await;
    browser.driver.back().await.unwrap();
    browser.see("body").await;
    assert!(!browser.source().await.contains(&secret));
    assert_eq!(stage.pats("ana", stage.site.acme).await, [1, 1]);
}

#[tokio::test]
async fn d2_a_form_that_was_used_shows_what_it_made_by_name_and_makes_nothing() {
    let stage = Stage::open().await;
    let browser = stage.browser("ana", &security(stage.site.acme)).await;
    let form = browser
        .run("return document.querySelector('form.generate').outerHTML")
        .await;
    browser.press(GENERATE).await;
    browser.see("#secret").await;
    let again = "document.querySelector('form.generate').outerHTML = arguments[0];
                 document.querySelector('form.generate').submit()";
    browser.driver.execute(again, vec![form]).await.unwrap();
    browser
        .read("#pat .note", "It made 2027-01-15 a moment ago")
        .await;
    assert_eq!(browser.count("#secret").await, 0);
    assert_eq!(stage.pats("ana", stage.site.acme).await, [1, 1]);
}

#[tokio::test]
async fn d2_proving_who_one_is_on_the_way_keeps_what_was_entered() {
    let stage = Stage::open().await;
    let browser = stage.browser("ana", &security(stage.site.acme)).await;
    stage.site.advance(Duration::from_mins(16));
    browser.press("form.generate summary").await;
    browser.fill("#t-name", "Nightly build").await;
    browser.fill("#t-net", "10.0.0.0/8\n192.0.2.0/24").await;
    browser.press("#t-exp option:nth-child(2)").await;
    browser.press("input[name=reach][value=organization]").await;
    browser.press(GENERATE).await;
    browser.read("h1", "Is it you?").await;
    browser.fill("#pw", "wrong").await;
    browser.press("form .btn-primary").await;
    browser.read("#trouble", "The password is wrong.").await;
    assert_eq!(stage.pats("ana", stage.site.acme).await, [0, 0]);
    browser.fill("#pw", PASSWORD).await;
    browser.press("form .btn-primary").await;
    let title = browser.text("#h-new").await;
    assert_eq!(title, "Your new token: Nightly build");
    let facts = browser.text(".token").await;
    for kept in ["22 Jan 2027", "10.0.0.0/8", "Here only"] {
        assert!(facts.contains(kept), "{kept} in {facts}");
    }
    // The new session goes on where the old one was.
    browser.press(GENERATE).await;
    browser.read(".tokens-head", "2 of 10").await;
}

#[tokio::test]
async fn d3_revoke_asks_and_cancel_changes_nothing() {
    let stage = Stage::open().await;
    let pat = stage.site.pat("ana", stage.site.acme).await;
    let browser = stage.browser("ana", &security(stage.site.acme)).await;
    assert_eq!(
        browser.text(REVOKE).await.lines().next(),
        Some("Revoke Token")
    );
    browser.press(REVOKE).await;
    assert_eq!(
        browser.text("dialog #confirm-title").await,
        "Revoke “2027-01-15”?"
    );
    let focused = "return document.activeElement.textContent.trim()";
    assert_eq!(browser.run(focused).await, "Cancel", "the harmless one");
    browser.press("dialog [data-close]").await;
    browser.miss("dialog").await;
    assert_eq!(browser.run(focused).await, "Revoke Token 2027-01-15");
    browser.press(REVOKE).await;
    browser.see("dialog #confirm-title").await;
    browser.strike(Key::Escape).await;
    browser.miss("dialog").await;
    assert_eq!(stage.exchange(&pat.secret).await, "200");
    assert_eq!(browser.complaints().await, [""; 0]);
}

#[tokio::test]
async fn d3_confirmed_the_token_is_over_and_another_can_be_generated() {
    let stage = Stage::open().await;
    let pat = stage.site.pat("ana", stage.site.acme).await;
    let browser = stage.browser("ana", &security(stage.site.acme)).await;
    browser.press(REVOKE).await;
    browser.press("dialog .btn-danger").await;
    browser
        .read(".ended summary", "Revoked and expired (1)")
        .await;
    assert_eq!(browser.count(".token").await, 0);
    assert_eq!(stage.exchange(&pat.secret).await, "401 invalid_grant");
    browser.press(GENERATE).await;
    let another = browser.text("#secret").await;
    assert_ne!(another, pat.secret);
    assert_eq!(stage.exchange(&another).await, "200");
}

#[tokio::test]
async fn d4_an_inherited_user_sees_why_not_and_who_can_add_them_and_no_button() {
    let stage = Stage::open().await;
    let bo = stage.site.bo;
    let browser = stage.browser("bo", &security(stage.site.ios)).await;
    let card = browser.text("#pat").await;
    for said in [
        "You can't generate a token here",
        "Only members of iOS can. You are not one: you are here through Mobile.",
        "Who can add you",
        "Do you need one now? A token of Mobile, where you are a member, works in iOS too.",
    ] {
        assert!(card.contains(said), "{said} in {card}");
    }
    let who = browser.text("#pat .list").await;
    assert!(who.contains("ana") && who.contains("Owner"), "{who}");
    assert!(
        who.contains("cem") && who.contains("Manages organization"),
        "{who}"
    );
    assert_eq!(browser.count("#pat button, #pat form").await, 0);
    // Made a member, they can: at once.
    stage.site.world.member(bo, stage.site.ios, &[]).await;
    browser.driver.refresh().await.unwrap();
    browser.press(GENERATE).await;
    let secret = browser.text("#secret").await;
    assert_eq!(stage.exchange(&secret).await, "200");
}
