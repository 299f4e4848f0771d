//! D5: the command for a new token, and what trying it shows.

use super::driver::Browser;
use super::security::GENERATE;
use super::stage::{Stage, security};

/// What has the command that stands beside a new token.
const COMMAND: &str = "#new pre";

/// Chooses an organization by its name.
async fn chooses(browser: &Browser, name: &str) {
    let script = format!(
        "const list = document.querySelector('#try-org');
         list.value = [...list.options].find(it => it.text.includes('{name}')).value;
         list.dispatchEvent(new Event('change', {{ bubbles: true }}));
         return list.value"
    );
    browser.run(&script).await;
}

#[tokio::test]
async fn d5_the_command_is_of_the_real_address_and_names_the_chosen_organization() {
    let stage = Stage::open().await;
    let browser = stage.browser("ana", &security(stage.site.acme)).await;
    browser.press(GENERATE).await;
    browser.see("#secret").await;
    let door = stage.url("/auth/v2/token");
    browser.read(COMMAND, &door).await;
    assert!(!browser.text(COMMAND).await.contains("subOrganization"));
    chooses(&browser, "iOS").await;
    let named = format!("subOrganization={}", stage.site.ios);
    browser.read(COMMAND, &named).await;
    browser.lets_read_the_clipboard().await;
    browser
        .press("#new [data-copy]:not([data-copy=secret])")
        .await;
    browser.see(".toast").await;
    let copied = browser.run("return navigator.clipboard.readText()").await;
    let copied = copied.as_str().unwrap().to_owned();
    assert!(
        copied.contains(&door) && copied.contains(&named),
        "{copied}"
    );
    assert_eq!(browser.complaints().await, [""; 0]);
}

#[tokio::test]
async fn d5_trying_it_opens_a_second_tab_with_the_claims_their_life_and_reasons_and_the_secret_stays()
 {
    let stage = Stage::open().await;
    let browser = stage.browser("ana", &security(stage.site.acme)).await;
    browser.press(GENERATE).await;
    let secret = browser.text("#secret").await;
    chooses(&browser, "iOS").await;
    browser.press("form.try button").await;
    let first = browser.driver.window().await.unwrap();
    browser.to_other_tab(&first).await;
    browser.read("#h-res", "200 OK").await;
    browser.read("time[data-left]", "59 min").await;
    let claims = browser.text(".claims").await;
    assert!(claims.contains(&stage.site.ios.to_string()), "{claims}");
    let reasons = browser.text("main table").await;
    assert!(
        reasons.contains("build:view") && reasons.contains("Owner"),
        "{reasons}"
    );
    assert!(
        reasons.contains("Acme"),
        "where the role is held: {reasons}"
    );
    assert!(!browser.source().await.contains(&secret));
    browser.driver.switch_to_window(first).await.unwrap();
    assert_eq!(browser.text("#secret").await, secret, "still there");
}
