//! D6: somebody is invited, and comes.

use super::driver::{Browser, Script};
use super::stage::{Stage, security};
use crate::site::PASSWORD;

#[tokio::test]
async fn d6_somebody_is_invited_makes_an_account_and_generates_a_token() {
    let stage = Stage::open().await;
    let site = &stage.site;
    let ana = stage.browser("ana", &security(site.mobile)).await;
    ana.press("#menu a[href$='/team']").await;
    ana.press(".page-head a[href$='/invite']").await;
    ana.fill("#mails", "kim@acme.example").await;
    ana.press("[name=add]").await;
    ana.press("fieldset:nth-of-type(2) [value=some]").await;
    ana.press("fieldset:nth-of-type(2) select[id$='-build'] option[value=operate-build]")
        .await;
    ana.press(".actions .btn-primary").await;
    let link = ana.text("#link-1").await;
    ana.press(".card-foot .btn-primary").await;
    ana.read("tbody", "kim@acme.example").await;
    ana.read("tbody", "iOS: Operate build").await;

    let kim = Browser::open(Script::On).await;
    kim.go(&link).await;
    kim.read("main", "ana invites you to:").await;
    kim.fill("#fn", "Kim Berg").await;
    kim.fill("#pw", PASSWORD).await;
    kim.press("form.fields .btn-primary").await;
    kim.press("form.generate > .btn").await;
    let secret = kim.text("#secret").await;
    assert_eq!(stage.exchange(&secret).await, "200");
    assert_eq!(kim.complaints().await, [""; 0]);

    ana.press(".tabs a[href$='/team']").await;
    ana.read("tbody", "Kim Berg").await;
    ana.press(".tabs a[href$='/invitations']").await;
    ana.read(".empty h2", "Nobody is invited").await;
    assert_eq!(ana.complaints().await, [""; 0]);
}

#[tokio::test]
async fn d6_who_has_an_account_signs_in_on_the_way_and_accepts() {
    let stage = Stage::open().await;
    let site = &stage.site;
    site.person("eve").await;
    let link = crate::scenes::invitation(site, "eve@acme.example").await;
    let eve = Browser::open(Script::Off).await;
    eve.go(&stage.url(&link)).await;
    eve.press("a[href^='/sign-in']").await;
    stage.signs_in_by_form(&eve, "eve").await;
    eve.press("form[action='/invitation'] .btn-primary").await;
    eve.read(".side-foot .switch", "Mobile").await;
    assert_eq!(eve.path().await, security(site.mobile));
    eve.go(&stage.url(&link)).await;
    eve.read("h1", "This invitation has ended").await;
}
