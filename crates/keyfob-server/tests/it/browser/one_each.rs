//! D2: however somebody presses, a form makes one token, and tabs do not disturb each other.

use keyfob_core::id::OrgId;
use thirtyfour::WindowHandle;

use super::driver::{Browser, Script};
use super::security::GENERATE;
use super::stage::{Stage, security};

/// A second tab at a path. The first stays the one that is driven.
async fn second_tab(stage: &Stage, browser: &Browser, organization: OrgId) -> [WindowHandle; 2] {
    let first = browser.driver.window().await.unwrap();
    let second = browser.driver.new_tab().await.unwrap();
    browser
        .driver
        .switch_to_window(second.clone())
        .await
        .unwrap();
    browser.go(&stage.url(&security(organization))).await;
    browser.see(GENERATE).await;
    browser
        .driver
        .switch_to_window(first.clone())
        .await
        .unwrap();
    [first, second]
}

async fn to(browser: &Browser, tab: &WindowHandle) {
    browser.driver.switch_to_window(tab.clone()).await.unwrap();
}

#[tokio::test]
async fn d2_a_double_click_makes_one_token_and_shows_it() {
    let stage = Stage::open().await;
    let browser = stage.browser("ana", &security(stage.site.acme)).await;
    let button = browser.see(GENERATE).await;
    let twice = browser.driver.action_chain().double_click_element(&button);
    twice.perform().await.unwrap();
    let secret = browser.text("#secret").await;
    assert_eq!(stage.exchange(&secret).await, "200");
    assert_eq!(stage.pats("ana", stage.site.acme).await, [1, 1]);
}

#[tokio::test]
async fn d2_a_double_click_without_script_makes_one_token() {
    let stage = Stage::open().await;
    let page = security(stage.site.acme);
    let browser = stage.browser_with(Script::Off, "ana", &page).await;
    let button = browser.see(GENERATE).await;
    let twice = browser.driver.action_chain().double_click_element(&button);
    twice.perform().await.unwrap();
    // Shown, or named by the answer to the second: it is one.
    browser.see("#new, #pat .note-warn").await;
    assert_eq!(stage.pats("ana", stage.site.acme).await, [1, 1]);
}

#[tokio::test]
async fn d2_two_tabs_racing_for_the_last_place_make_one() {
    let stage = Stage::with(|parts| parts.policy.pat_limit = 1).await;
    let acme = stage.site.acme;
    let browser = stage.browser("ana", &security(acme)).await;
    let tabs = second_tab(&stage, &browser, acme).await;
    // Both are on their way before the answer to either is waited for.
    let soon = "setTimeout(() => document.querySelector('form.generate > .btn').click())";
    for tab in &tabs {
        to(&browser, tab).await;
        browser.run(soon).await;
    }
    let mut shown = 0;
    for tab in &tabs {
        to(&browser, tab).await;
        browser.read("#pat", "You have your one token here").await;
        shown += browser.count("#secret").await;
    }
    assert_eq!(shown, 1);
    assert_eq!(stage.pats("ana", acme).await, [1, 1]);
}

#[tokio::test]
async fn d2_two_tabs_on_two_organizations_do_not_disturb_each_other() {
    let stage = Stage::open().await;
    let (acme, web) = (stage.site.acme, stage.site.web);
    stage.site.world.member(stage.site.ana, web, &[]).await;
    let browser = stage.browser("ana", &security(acme)).await;
    let [first, second] = second_tab(&stage, &browser, web).await;
    browser.press(GENERATE).await;
    let of_acme = browser.text("#secret").await;
    to(&browser, &second).await;
    assert_eq!(browser.count(".token").await, 0);
    browser.press(GENERATE).await;
    let of_web = browser.text("#secret").await;
    to(&browser, &first).await;
    assert_eq!(browser.text("#secret").await, of_acme, "still there");
    assert_eq!(browser.text(".side-foot .switch b").await, "Acme");
    assert_eq!(stage.pats("ana", acme).await, [1, 1]);
    assert_eq!(stage.pats("ana", web).await, [1, 1]);
    // The one works in the whole tree, the other only in its own organization.
    for (secret, target, outcome) in [
        (&of_acme, web, "200"),
        (&of_web, web, "200"),
        (&of_web, acme, "403 access_denied"),
    ] {
        let form = format!("pat={secret}&subOrganization={target}");
        let exchanged = stage.site.exchanging("v2", &form).outcome().await;
        assert_eq!(exchanged, outcome, "{target}");
    }
}
