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

#[tokio::test]
async fn d6_an_organization_is_moved_to_another_parent() {
    let stage = Stage::open().await;
    let browser = stage.browser("ana", &security(stage.site.web)).await;
    browser.press("#menu a[href$='/team']").await;
    browser.press("a[href$='/move']").await;
    let mobile = stage.site.mobile;
    browser
        .press(&format!("#parent option[value='{mobile}']"))
        .await;
    browser.press("form .btn-primary").await;
    browser
        .read(".card .sub", "Sub-organization of Mobile")
        .await;
    assert_eq!(browser.complaints().await, [""; 0]);
}

#[tokio::test]
async fn d6_a_members_roles_are_changed_and_count_at_the_next_exchange() {
    let stage = Stage::open().await;
    let pat = stage.site.pat("bo", stage.site.mobile).await;
    let browser = stage.browser("ana", &security(stage.site.mobile)).await;
    browser.press("#menu a[href$='/team']").await;
    let member = format!("a[href$='/team/{}']", stage.site.bo);
    browser.press(&member).await;
    browser.press("#m-build option[value=view-build]").await;
    browser.press("#m-store option[value=manage-store]").await;
    browser.press(".card-foot .btn-primary").await;
    browser.see(&member).await;
    let held = stage.site.entitlements(&pat, stage.site.mobile).await;
    assert!(held.starts_with("build:view store:"), "{held}");
    assert!(held.contains("store:manage"), "{held}");
    assert_eq!(browser.complaints().await, [""; 0]);
}
