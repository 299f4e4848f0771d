//! D7: everything once more with script switched off.

use super::driver::{Browser, Script};
use super::security::GENERATE;
use super::stage::{Stage, security};

#[tokio::test]
async fn d7_without_script_one_signs_in_generates_and_revokes() {
    let stage = Stage::open().await;
    let page = security(stage.site.acme);
    let browser = Browser::open(Script::Off).await;
    browser.go(&stage.url(&page)).await;
    stage.signs_in_by_form(&browser, "ana").await;
    browser.press(GENERATE).await;
    let secret = browser.text("#secret").await;
    assert_eq!(stage.exchange(&secret).await, "200");
    assert!(
        browser.text("#new").await.contains("Click the token once"),
        "instead of a copy button"
    );
    assert_eq!(browser.count("[data-copy]:not([hidden])").await, 0);
    browser.press(".token a.btn-revoke").await;
    browser.read("h1", "Revoke “2027-01-15”?").await;
    browser.press("a[data-close]").await;
    browser.see(".token").await;
    assert_eq!(
        stage.exchange(&secret).await,
        "200",
        "cancel changes nothing"
    );
    browser.press(".token a.btn-revoke").await;
    browser.press(".btn-danger").await;
    browser
        .read(".ended summary", "Revoked and expired (1)")
        .await;
    assert_eq!(browser.path().await, format!("{page}#pat"));
    assert_eq!(stage.exchange(&secret).await, "401 invalid_grant");
}

#[tokio::test]
async fn d7_without_script_one_chooses_options_and_proves_who_one_is() {
    let stage = Stage::open().await;
    let page = security(stage.site.acme);
    let browser = stage.browser_with(Script::Off, "ana", &page).await;
    stage.site.advance(std::time::Duration::from_mins(16));
    browser.press("form.generate summary").await;
    browser.fill("#t-name", "By hand").await;
    browser.press("input[name=limit][value=some]").await;
    browser.press("#c-build option[value='view-build']").await;
    browser.press(GENERATE).await;
    browser.fill("#pw", crate::site::PASSWORD).await;
    browser.press("form .btn-primary").await;
    browser.read("#h-new", "By hand").await;
    let facts = browser.text(".token").await;
    assert!(facts.contains("build:view"), "{facts}");
}

#[tokio::test]
async fn d7_without_script_one_switches_the_organization() {
    let stage = Stage::open().await;
    let page = security(stage.site.acme);
    let browser = stage.browser_with(Script::Off, "ana", &page).await;
    browser.press(".switch").await;
    browser
        .press(&format!("#tree a[href='{}']", security(stage.site.web)))
        .await;
    browser.read(".side-foot .switch", "Web").await;
    assert_eq!(browser.path().await, security(stage.site.web));
}

#[tokio::test]
async fn d7_without_script_the_look_changes_and_stays() {
    let stage = Stage::open().await;
    let page = security(stage.site.acme);
    let browser = stage.browser_with(Script::Off, "ana", &page).await;
    browser.prefer("light").await;
    let ground = async || {
        browser
            .see("body")
            .await
            .css_value("background-color")
            .await
            .unwrap()
    };
    let light = ground().await;
    browser.press(".userbtn").await;
    browser.press("#me .theme button[value=dark]").await;
    browser.see("html[data-theme=dark] #pat").await;
    assert_eq!(browser.path().await, page, "back to the same page");
    let dark = ground().await;
    assert_ne!(dark, light);
    browser.go(&stage.url("/")).await;
    browser.see("html[data-theme=dark] #pat").await;
    browser.press(".userbtn").await;
    browser.press("#me .theme button[value=system]").await;
    browser.see("html:not([data-theme]) #pat").await;
    assert_eq!(ground().await, light);
}
