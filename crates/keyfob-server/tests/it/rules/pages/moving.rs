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
    site.world.set_roles(site.bo, site.mobile, &["owner"]).await;
    let mut owner_below = Reader::signed_in(&site, "bo").await;
    let team = format!("/orgs/{}/team", site.mobile);
    let team = owner_below.get(&team).await;
    assert!(
        !team.text().contains("/move\""),
        "who does not manage the parent moves nothing"
    );
    let nowhere = owner_below.get(&path).await;
    assert!(nowhere.text().contains("There is no other place"));
    site.world
        .set_roles(site.bo, site.mobile, &["view-build"])
        .await;
    for (who, status) in [("cem", 403), ("bo", 403), ("dee", 404)] {
        let mut other = Reader::signed_in(&site, who).await;
        assert_eq!(other.get(&path).await.status, status, "{who}");
    }
}

#[tokio::test]
async fn d6_only_what_can_be_the_new_parent_is_offered() {
    let site = Site::on(super::super::backend().await).await;
    // Lena owns Mobile and Data, and of all else she may look at builds.
    let lena = site.person("lena").await;
    let data = site.world.sub(site.acme, "Data").await;
    site.world.member(lena, site.acme, &["view-build"]).await;
    for at in [site.mobile, data] {
        site.world.member(lena, at, &["owner"]).await;
    }
    let mut deepest = data;
    for level in 3..=15 {
        deepest = site.world.sub(deepest, &format!("Level {level}")).await;
    }
    let mut reader = Reader::signed_in(&site, "lena").await;
    let offered = async |reader: &mut Reader<'_>, what: keyfob_core::id::OrgId| {
        let page = reader.get(&format!("/orgs/{what}/move")).await;
        assert_eq!(page.status, 200);
        let text = page.text().to_owned();
        move |parent: keyfob_core::id::OrgId| text.contains(&format!("option value=\"{parent}\""))
    };
    // iOS alone fits below level 15, Mobile with iOS does not; Web is not hers.
    let ios = offered(&mut reader, site.ios).await;
    assert_eq!(
        [data, deepest, site.web, site.acme].map(ios),
        [true, true, false, false]
    );
    site.world.member(site.cem, site.mobile, &["owner"]).await;
    let mut cem = Reader::signed_in(&site, "cem").await;
    let mobile = offered(&mut cem, site.mobile).await;
    assert_eq!([data, deepest, site.web].map(mobile), [true, false, true]);
}
