//! D6: the tree is changed where one stands in it.

use super::stage::{Stage, security};

#[tokio::test]
async fn d6_a_sub_organization_is_made_renamed_and_deleted() {
    let stage = Stage::open().await;
    let browser = stage.browser("ana", &security(stage.site.mobile)).await;
    browser.press("#menu a[href$='/team']").await;
    browser.press(".page-head a[href$='/new']").await;
    browser.fill("#nn", "Wear OS").await;
    browser.press("form.fields .btn-primary").await;
    browser.read("#h-prof", "Wear OS").await;
    browser.read(".side-foot .switch", "Wear OS").await;
    browser.press("a[href$='/rename']").await;
    browser.fill("#nn", "Watches").await;
    browser.press("form.fields .btn-primary").await;
    browser.read("#h-prof", "Watches").await;
    browser.press("a.btn-revoke").await;
    browser
        .read("dialog #confirm-title", "Delete “Watches”?")
        .await;
    browser.press("dialog [data-close]").await;
    browser.miss("dialog").await;
    browser.press("a.btn-revoke").await;
    browser.fill("dialog #typed", "Watches").await;
    browser.press("dialog .btn-danger").await;
    browser.read("#h-prof", "Mobile").await;
    assert_eq!(
        browser.path().await,
        format!("/orgs/{}/team", stage.site.mobile)
    );
    assert_eq!(browser.complaints().await, [""; 0]);
}
