//! D7: by keyboard alone, from signing in to the copied token.

use serde_json::Value;
use thirtyfour::Key;

use super::driver::{Browser, Script};
use super::stage::{Stage, security};
use crate::site::PASSWORD;

/// Most stops of a page.
const STOPS: usize = 60;

/// Where the focus is: its words, whether a ring of 2 px or more is drawn, whether it is in sight, and
/// whether it comes after the element that was marked last.
const FOCUSED: &str = r"
    const it = document.activeElement, style = getComputedStyle(it), box = it.getBoundingClientRect();
    const before = window.lastStop;
    window.lastStop = it;
    return {
        name: (it.getAttribute('aria-label') || it.textContent || it.id).trim().replace(/\s+/g, ' '),
        ring: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2,
        seen: box.width > 0 && box.top < innerHeight && box.bottom > 0,
        next: !before || Boolean(before.compareDocumentPosition(it) & Node.DOCUMENT_POSITION_FOLLOWING),
    }";

/// Whether the middle of what has the focus is covered by something else; `none` when nothing has it.
const COVERED: &str = r"
    const it = document.activeElement, box = it.getBoundingClientRect();
    if (it === document.body) return 'none';
    const at = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
    return !(at && (it.contains(at) || at.contains(it)));";

/// Goes on to the next stop, which must be visible, and says its name.
async fn next(browser: &Browser) -> String {
    browser.strike(Key::Tab).await;
    let focused = browser.run(FOCUSED).await;
    for what in ["ring", "seen", "next"] {
        assert_eq!(focused[what], true, "{what} of {focused}");
    }
    focused["name"].as_str().unwrap().to_owned()
}

/// Goes on until the focus is on what has that name.
async fn go_to(browser: &Browser, name: &str) {
    let mut passed = Vec::new();
    while passed.len() < STOPS {
        let stop = next(browser).await;
        if stop == name {
            return;
        }
        passed.push(stop);
    }
    panic!("{name} is not among {passed:?}");
}

async fn focused_id(browser: &Browser) -> Value {
    browser.run("return document.activeElement.id").await
}

#[tokio::test]
async fn d7_by_keyboard_alone_from_sign_in_to_the_copied_token() {
    let stage = Stage::open().await;
    let browser = Browser::open(Script::On).await;
    browser.go(&stage.url(&security(stage.site.acme))).await;
    assert_eq!(focused_id(&browser).await, "email");
    browser.type_in("ana@acme.example").await;
    assert_eq!(next(&browser).await, "pw");
    browser.type_in(PASSWORD).await;
    browser.strike(Key::Enter).await;
    browser.see("#pat").await;
    assert_eq!(next(&browser).await, "Skip to content", "the first stop");
    browser.strike(Key::Enter).await;
    assert_eq!(focused_id(&browser).await, "main");
    go_to(&browser, "Generate Token").await;
    browser.strike(Key::Enter).await;
    let secret = browser.text("#secret").await;
    assert_eq!(focused_id(&browser).await, "new", "it is brought into view");
    browser.lets_read_the_clipboard().await;
    assert_eq!(next(&browser).await, "Copy");
    browser.strike(Key::Enter).await;
    assert_eq!(browser.text(".toast").await, "Copied");
    assert_eq!(
        browser.run("return navigator.clipboard.readText()").await,
        secret
    );
}

#[tokio::test]
async fn d7_the_frame_is_walked_in_the_order_it_is_read() {
    let stage = Stage::open().await;
    let browser = stage.browser("ana", &security(stage.site.mobile)).await;
    let mut stops = Vec::new();
    while stops
        .last()
        .is_none_or(|stop: &String| !stop.ends_with("Your account"))
    {
        stops.push(next(&browser).await);
        assert!(stops.len() < STOPS, "{stops:?}");
    }
    let wanted = [
        "Skip to content",
        "Keyfob",
        "Profile & Team",
        "Security",
        "MO: My Organization, Mobile",
        "MobileOwnerSwitch organization",
        "Acme",
        "Mobile",
    ];
    let mut stops = stops.iter();
    for name in wanted {
        assert!(
            stops.any(|stop| stop == name),
            "{name} is not where it should be"
        );
    }
}

#[tokio::test]
async fn d7_menus_and_the_question_open_and_close_by_keyboard_and_give_the_focus_back() {
    let stage = Stage::open().await;
    stage.site.pat("ana", stage.site.acme).await;
    let browser = stage.browser("ana", &security(stage.site.acme)).await;
    go_to(&browser, "AcmeOwnerSwitch organization").await;
    browser.strike(Key::Enter).await;
    browser.see("#orgs:popover-open").await;
    assert_eq!(next(&browser).await, "Find an organization");
    browser.strike(Key::Escape).await;
    browser.miss("#orgs:popover-open").await;
    let focused = browser.run(FOCUSED).await;
    assert_eq!(focused["name"], "AcmeOwnerSwitch organization");
    go_to(&browser, "Revoke Token 2027-01-15").await;
    browser.strike(Key::Enter).await;
    browser.see("dialog[open]").await;
    let focused = "return document.activeElement.textContent.trim()";
    assert_eq!(browser.run(focused).await, "Cancel");
    browser.strike(Key::Enter).await;
    browser.miss("dialog").await;
    assert_eq!(browser.run(focused).await, "Revoke Token 2027-01-15");
}

#[tokio::test]
async fn d7_on_a_phone_nothing_that_has_the_focus_is_covered() {
    let stage = Stage::open().await;
    for _ in 0..3 {
        stage.site.pat("ana", stage.site.acme).await;
    }
    let browser = stage.browser("ana", &security(stage.site.acme)).await;
    browser.resize(360, 740).await;
    for stop in 0..STOPS {
        browser.strike(Key::Tab).await;
        let covered = browser.run(COVERED).await;
        if covered == "none" {
            assert!(stop > 10, "the page was walked: {stop}");
            return;
        }
        let name = browser
            .run("return document.activeElement.textContent")
            .await;
        assert_eq!(covered, false, "{name}");
    }
    panic!("the page has no end");
}
