//! Moving an organization in the dashboard (D6).

use crate::reader::{Reader, form};
use crate::site::Site;

#[tokio::test]
async fn d6_an_owner_moves_an_organization_with_all_below_it() {
    let site = Site::on(super::backend().await).await;
    let bo = site.sign_in("bo").await;
    let pat = site.generate(&bo, site.mobile, "{}").await;
    let mut ana = Reader::signed_in(&site, "ana").await;
    let page = ana.get(&format!("/orgs/{}/move", site.mobile)).await;
    // Not itself, not below itself, not where it is.
    let offered =
        |id: keyfob_core::id::OrgId| page.text().contains(&format!("option value=\"{id}\""));
    assert_eq!(
        [site.web, site.mobile, site.ios, site.acme, site.globex].map(offered),
        [true, false, false, false, false]
    );
    let web = site.web.to_string();
    let led = ana.send(&form(&page, "/move").with("parent", &web)).await;
    let team = format!("/orgs/{}/team", site.mobile);
    assert_eq!((led.status, led.header("location")), (303, Some(&*team)));
    assert!(
        ana.get(&team)
            .await
            .text()
            .contains("Sub-organization of Web")
    );
    assert_eq!(site.exchange(&pat, site.ios).await.status, 200);
}

#[tokio::test]
async fn d6_what_cannot_be_is_told_and_nothing_moves() {
    let site = Site::on(super::backend().await).await;
    let mut ana = Reader::signed_in(&site, "ana").await;
    let path = format!("/orgs/{}/move", site.mobile);
    let page = ana.get(&path).await;
    for (parent, told) in [
        (site.ios.to_string(), "below itself"),
        (
            site.globex.to_string(),
            "no organization that you can move it to",
        ),
        ("x".to_owned(), "no organization that you can move it to"),
    ] {
        let refused = ana
            .send(&form(&page, "/move").with("parent", &parent))
            .await;
        assert_eq!(refused.status, 409, "{parent}");
        assert!(refused.text().contains(told), "{told}: {}", refused.text());
    }
    let root = ana.get(&format!("/orgs/{}/team", site.acme)).await;
    assert!(
        !root.text().contains("/move\""),
        "a root has no other place"
    );
    for (who, status) in [("cem", 403), ("bo", 403), ("dee", 404)] {
        let mut other = Reader::signed_in(&site, who).await;
        assert_eq!(other.get(&path).await.status, status, "{who}");
    }
}
