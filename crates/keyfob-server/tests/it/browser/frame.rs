//! D1: where things are.

use super::stage::{Stage, security};

#[tokio::test]
async fn d1_my_organization_is_reached_by_the_initials_at_the_bottom_left_beside_the_switch() {
    let stage = Stage::open().await;
    let mobile = stage.site.mobile;
    let browser = stage.browser("ana", &security(mobile)).await;
    assert_eq!(browser.text(".side-foot .initials").await, "MO");
    let initials = browser.lies(".side-foot .initials").await;
    let switch = browser.lies(".side-foot .switch").await;
    let [left, top, right, bottom] = initials;
    assert!(left < 100.0, "at the left: {initials:?}");
    assert!(
        (800.0..=900.0).contains(&bottom),
        "at the bottom: {initials:?}"
    );
    assert!(
        switch[0] >= right && switch[1] < bottom && switch[3] > top,
        "{switch:?} is beside {initials:?}"
    );
    browser.press(".side-foot .initials").await;
    let current = "#menu a[aria-current][href$='/team']";
    assert_eq!(browser.text(current).await, "Profile & Team");
    assert_eq!(browser.path().await, format!("/orgs/{mobile}/team"));
}

#[tokio::test]
async fn d1_the_switch_shows_the_tree_with_a_check_mark_at_the_current_one_and_leads_to_the_same_page()
 {
    let stage = Stage::open().await;
    let (mobile, ios) = (stage.site.mobile, stage.site.ios);
    let browser = stage.browser("ana", &security(mobile)).await;
    let tree = "#orgs .tree";
    let marked = "#orgs .tree a:has(use[href$='#check'])";
    browser.press(".switch").await;
    let mut drawn = Vec::new();
    for (name, selector) in [
        ("Acme", "#tree > li > a"),
        ("Mobile", "#tree > li > ul > li:first-child > a"),
        ("iOS", "#tree > li > ul > li:first-child > ul > li > a"),
        ("Web", "#tree > li > ul > li:last-child > a"),
    ] {
        let text = browser.text(selector).await;
        assert!(text.contains(name), "{text}");
        drawn.push(browser.lies(selector).await);
    }
    assert!(
        drawn.is_sorted_by(|a, b| a[1] < b[1]),
        "one below the other"
    );
    assert!(
        drawn[0][0] < drawn[1][0] && drawn[1][0] < drawn[2][0] && drawn[3][0] < drawn[2][0],
        "what is below is further in: {drawn:?}"
    );
    assert_eq!(
        browser.count(&format!("{tree} a")).await,
        4,
        "and nothing of Globex"
    );
    assert_eq!(browser.count(marked).await, 1);
    let current = browser.text(marked).await;
    assert!(
        current.contains("Mobile") && current.contains("Current"),
        "{current}"
    );
    browser
        .press("#tree a[href*='security']:not([aria-current]).inherited:not(:has(+ ul))")
        .await;
    browser.read(".side-foot .switch", "iOS").await;
    assert_eq!(browser.path().await, security(ios));
    browser.press(".switch").await;
    assert!(browser.text(marked).await.contains("iOS"));
}

#[tokio::test]
async fn d1_the_left_menu_leads_through_my_organization() {
    let stage = Stage::open().await;
    let browser = stage.browser("ana", &security(stage.site.acme)).await;
    let menu = browser.lies("#menu").await;
    let main = browser.lies("main").await;
    assert!(menu[2] <= main[0], "{menu:?} is left of {main:?}");
    let text = browser.text("#menu").await;
    let listed: Vec<&str> = text.lines().collect();
    assert!(
        listed.starts_with(&["My Organization", "Profile & Team", "Security"]),
        "{listed:?}"
    );
    assert_eq!(browser.text("#menu a[aria-current]").await, "Security");
}

#[tokio::test]
async fn d1_the_card_is_at_the_bottom_right_of_security() {
    let stage = Stage::open().await;
    let browser = stage.browser("ana", &security(stage.site.acme)).await;
    let card = browser.lies("#pat").await;
    let middle = f64::midpoint(browser.lies("main").await[0], 1280.0);
    assert!(card[0] > middle - 100.0, "at the right: {card:?}");
    for (others, is_beside) in [("#h-pol", false), ("#sign-in", true), ("#sessions", true)] {
        let other = browser.lies(others).await;
        if is_beside {
            assert!(
                other[2] <= card[0],
                "{others} {other:?} is left of {card:?}"
            );
        } else {
            assert!(other[3] <= card[1], "{others} {other:?} is above {card:?}");
        }
    }
    let last = browser
        .run("return document.querySelector('.grid-2 > .col:last-child').lastElementChild.id");
    assert_eq!(last.await, "pat", "nothing is below it");
    assert_eq!(browser.text("#h-pat").await, "Personal API Token");
}
