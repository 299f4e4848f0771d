//! *All tokens*: seen, filtered and revoked by who manages the organization (D6).

use std::time::Duration;

use crate::client::Answer;
use crate::reader::{Reader, form};
use crate::site::{Pat, Site};

/// Tokens of Bo at Mobile, of Ana at iOS below it, and of Ana at the root.
async fn three(site: &Site) -> [Pat; 3] {
    site.world.member(site.ana, site.ios, &[]).await;
    let mut made = Vec::new();
    for (who, organization, body) in [
        (
            "bo",
            site.mobile,
            r#"{"name":"Nightly","expiresInDays":200}"#,
        ),
        (
            "ana",
            site.ios,
            r#"{"name":"Release","reach":"organization"}"#,
        ),
        (
            "ana",
            site.acme,
            r#"{"name":"Root","ceiling":["build:view"]}"#,
        ),
    ] {
        let cookie = site.sign_in(who).await;
        made.push(site.generate(&cookie, organization, body).await);
        site.advance(Duration::from_secs(1));
    }
    made.try_into().unwrap()
}

/// The names of the tokens of a page, in its order.
fn names(page: &Answer) -> Vec<String> {
    assert_eq!(page.status, 200, "{}", page.text());
    let cells = page.text().split("data-label=\"Token\"><b>").skip(1);
    cells
        .map(|cell| cell.split_once('<').unwrap().0.to_owned())
        .collect()
}

#[tokio::test]
async fn d6_who_manages_an_organization_sees_the_tokens_there_and_below_and_filters_them() {
    let site = Site::on(super::backend().await).await;
    let [nightly, _release, _root] = three(&site).await;
    assert_eq!(site.exchange(&nightly, site.mobile).await.status, 200);
    site.app.activity.flush(&site.app.store).await.unwrap();
    let mut cem = Reader::signed_in(&site, "cem").await;
    let at = format!("/orgs/{}/tokens", site.mobile);
    let ios = format!("?organization={}", site.ios);
    for (query, wanted) in [
        ("", &["Release", "Nightly"][..]),
        (&*ios, &["Release"]),
        ("?q=BO@acme", &["Nightly"]),
        ("?q=rele", &["Release"]),
        (
            &*format!("?q={}", &nightly.secret[nightly.secret.len() - 4..]),
            &["Nightly"],
        ),
        ("?use=never", &["Release"]),
        ("?use=unused", &[]),
        ("?expiry=none", &["Release"]),
        ("?expiry=soon", &[]),
        ("?reach=subtree", &["Nightly"]),
        ("?state=revoked", &[]),
        ("?state=unheard", &["Release", "Nightly"]),
    ] {
        assert_eq!(
            names(&cem.get(&format!("{at}{query}")).await),
            wanted,
            "{query}"
        );
    }
    let root = cem.get(&format!("/orgs/{}/tokens", site.acme)).await;
    assert_eq!(names(&root), ["Root", "Release", "Nightly"]);
    assert!(root.text().contains("1 permission<"));
    site.advance(Duration::from_hours(195 * 24));
    let mut cem = Reader::signed_in(&site, "cem").await;
    for (query, wanted) in [
        ("?use=unused", &["Release", "Nightly"][..]),
        ("?expiry=soon", &["Nightly"]),
    ] {
        assert_eq!(
            names(&cem.get(&format!("{at}{query}")).await),
            wanted,
            "{query}"
        );
    }
    site.advance(Duration::from_hours(6 * 24));
    let mut cem = Reader::signed_in(&site, "cem").await;
    for (query, wanted) in [
        ("", &["Release"][..]),
        ("?state=expired", &["Nightly"]),
        ("?state=all", &["Release", "Nightly"]),
    ] {
        assert_eq!(
            names(&cem.get(&format!("{at}{query}")).await),
            wanted,
            "{query}"
        );
    }
}

#[tokio::test]
async fn d6_a_preview_says_exactly_which_and_a_typed_number_revokes_just_these() {
    let site = Site::on(super::backend().await).await;
    let [nightly, release, root] = three(&site).await;
    let mut cem = Reader::signed_in(&site, "cem").await;
    let at = format!("/orgs/{}/tokens", site.acme);
    let chosen = format!("{at}/revoke?id={}&id={}", nightly.id, release.id);
    let preview = cem.get(&chosen).await;
    assert_eq!(names(&preview), ["Nightly", "Release"]);
    assert!(preview.text().contains("Nothing has been revoked."));
    for typed in ["", "1", "3"] {
        let refused = cem
            .send(&form(&preview, "/tokens/revoke").with("count", typed))
            .await;
        assert_eq!(refused.status, 422);
        assert!(refused.text().contains("That is not 2."));
    }
    for pat in [&nightly, &release] {
        assert_eq!(site.exchange(pat, pat.organization).await.status, 200);
    }
    // One of them is ended by its owner meanwhile.
    let bo = site.sign_in("bo").await;
    assert_eq!(site.revoking(&nightly).cookie(&bo).outcome().await, "204");
    let led = cem
        .send(&form(&preview, "/tokens/revoke").with("count", "2"))
        .await;
    let leads_to = led.header("location").unwrap().to_owned();
    let start = format!("{at}?state=revoked&revoked=1&passed=1&proof=");
    assert!(
        led.status == 303 && leads_to.starts_with(&start),
        "{leads_to}"
    );
    let forged = cem.get(&leads_to.replace("revoked=1", "revoked=7")).await;
    assert!(!forged.text().contains("had ended already"), "by a link");
    let page = cem.get(&leads_to).await;
    assert!(page.text().contains("1 token revoked; 1 had ended already"));
    assert_eq!(names(&page), ["Release", "Nightly"]);
    for (pat, status) in [(&nightly, 401), (&release, 401), (&root, 200)] {
        assert_eq!(site.exchange(pat, pat.organization).await.status, status);
    }
    // What has ended cannot be chosen; with nothing else there is nothing to show.
    let again = cem.get(&chosen).await;
    assert_eq!((again.status, again.header("location")), (303, Some(&*at)));
}

#[tokio::test]
async fn d6_nobody_else_sees_or_revokes_them() {
    let site = Site::on(super::backend().await).await;
    let [nightly, _release, root] = three(&site).await;
    let mut bo = Reader::signed_in(&site, "bo").await;
    let at = format!("/orgs/{}/tokens", site.mobile);
    let chosen = format!("{at}/revoke?id={}", nightly.id);
    for path in [&at, &chosen] {
        assert_eq!(bo.get(path).await.status, 403);
    }
    let security = bo.security(site.mobile).await;
    assert!(!security.text().contains("All tokens"));
    // A manager of a part of the tree reaches nothing above it.
    site.world
        .set_roles(site.bo, site.mobile, &["manage-organization"])
        .await;
    let above = bo.get(&format!("{at}/revoke?id={}", root.id)).await;
    assert_eq!((above.status, above.header("location")), (303, Some(&*at)));
    let preview = bo.get(&chosen).await;
    let forged = form(&preview, "/tokens/revoke")
        .with("id", &root.id)
        .with("count", "1");
    let led = bo.send(&forged).await;
    let leads_to = format!("{at}?state=revoked&revoked=0&passed=1&proof=");
    assert!(led.header("location").unwrap().starts_with(&leads_to));
    assert_eq!(site.exchange(&root, site.acme).await.status, 200);
}

#[tokio::test]
async fn d6_a_page_has_50_tokens_and_leads_on() {
    let backend = super::backend().await;
    let site = Site::with(backend, |parts| parts.policy.pat_limit = 100).await;
    let ana = site.sign_in("ana").await;
    for number in 0..60 {
        let body = format!(r#"{{"name":"T{number}"}}"#);
        site.generate(&ana, site.acme, &body).await;
        site.advance(Duration::from_millis(1));
    }
    let mut ana = Reader::signed_in(&site, "ana").await;
    let at = format!("/orgs/{}/tokens", site.acme);
    let first = ana.get(&format!("{at}?q=t")).await;
    assert_eq!(names(&first).len(), 50);
    let (before, _after) = first.text().split_once("\">Older").unwrap();
    let (_before, next) = before.rsplit_once("href=\"").unwrap();
    let second = ana.get(&next.replace("&#38;", "&")).await;
    assert_eq!(
        names(&second),
        (0..10).rev().map(|it| format!("T{it}")).collect::<Vec<_>>()
    );
    assert!(second.text().contains(&format!("href=\"{at}?q=t\"")));
}
