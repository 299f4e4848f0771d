//! *Organizations* and the organization switch (contract 6, D1 and D6), in small trees and in large ones.

use keyfob_core::id::OrgId;

use crate::client::Answer;
use crate::reader::{Reader, secret};
use crate::site::Site;

/// The names in the table, with how deep each row is moved in.
fn listed(page: &Answer) -> Vec<(String, String)> {
    let rows = page.text().split("<span class=\"person d").skip(1);
    rows.map(|row| {
        let (depth, _rest) = row.split_once('"').unwrap();
        let (_before, link) = row.split_once("<b><a href=\"").unwrap();
        let (_path, name) = link.split_once("\">").unwrap();
        let (name, _after) = name.split_once('<').unwrap();
        (depth.to_owned(), name.to_owned())
    })
    .collect()
}

fn names(page: &Answer) -> Vec<String> {
    listed(page)
        .into_iter()
        .map(|(_depth, name)| name)
        .collect()
}

/// The names in the switch.
fn switch(page: &Answer) -> Vec<String> {
    let (_before, tree) = page.text().split_once("<ul class=\"tree\"").unwrap();
    let (tree, _after) = tree.split_once("</nav>").unwrap();
    let links = tree.split("aria-hidden=\"true\">").skip(1);
    links
        .filter_map(|link| link.split_once("</span><span>"))
        .filter_map(|(_initials, rest)| rest.split_once("</span>"))
        .map(|(name, _rest)| name.to_owned())
        .collect()
}

#[tokio::test]
async fn d6_the_tree_is_a_table_that_says_how_one_stands() {
    let site = Site::on(super::backend().await).await;
    site.world
        .member(site.ana, site.globex, &["view-build", "view-store"])
        .await;
    let mut ana = Reader::signed_in(&site, "ana").await;
    let page = ana.get(&format!("/organizations?in={}", site.mobile)).await;
    let row = |depth: &str, name: &str| (depth.to_owned(), name.to_owned());
    assert_eq!(
        listed(&page),
        [
            row("0", "Acme"),
            row("1", "Mobile"),
            row("2", "iOS"),
            row("1", "Web"),
            row("0", "Globex"),
        ]
    );
    let text = page.text();
    let (_before, text) = text.split_once("<main").unwrap();
    for told in [
        "Member · Owner",
        "Member · 2 roles",
        "Inherited</span> <span class=\"muted\">from Acme</span>",
        &format!("<b><a href=\"/orgs/{}/team\">iOS</a></b>", site.ios),
        "data-label=\"Members\">2</td>",
    ] {
        assert!(text.contains(told), "{told}");
    }
    assert_eq!(
        text.matches("Current").count(),
        2,
        "here, and in the switch"
    );
    assert!(!text.contains("Find the others"));
}

#[tokio::test]
async fn d6_an_organization_is_found_by_a_part_of_its_name_without_script() {
    let site = Site::on(super::backend().await).await;
    let deep = site.world.sub(site.ios, "Kassen & Bezahlen").await;
    site.world.sub(deep, "Wallet").await;
    let mut bo = Reader::signed_in(&site, "bo").await;
    let mut found = async |text: &str| names(&bo.get(&format!("/organizations?q={text}")).await);
    assert_eq!(found("MOB").await, ["Mobile"]);
    assert_eq!(found("%26").await, ["Kassen &#38; Bezahlen"]);
    assert_eq!(found("o").await, ["Mobile", "iOS"]);
    assert_eq!(
        found("acme").await,
        [""; 0],
        "what is not seen is not found"
    );
    let none = bo.get("/organizations?q=acme").await;
    assert!(none.text().contains("No organization fits"));
    let wallet = bo.get("/organizations?q=wall").await;
    assert!(wallet.text().contains("In Kassen &#38; Bezahlen"));
    let top = bo.get("/organizations?q=mobile").await;
    assert!(!top.text().contains("In Acme"), "its parent is not seen");
    let all = bo.get("/organizations").await;
    assert!(
        all.text().contains("In Kassen &#38; Bezahlen"),
        "too deep to be moved in"
    );
    // The switch leads there.
    let page = bo.security(site.mobile).await;
    assert!(
        page.text()
            .contains("<form class=\"find\" action=\"/organizations\" role=\"search\">")
    );
    let link = format!("href=\"/organizations?in={}\"", site.mobile);
    assert!(page.text().contains(&link));
}

#[tokio::test]
async fn d6_where_one_came_from_counts_only_if_one_belongs_there() {
    let site = Site::on(super::backend().await).await;
    let mut dee = Reader::signed_in(&site, "dee").await;
    let nowhere = "01a00000-0000-7000-8000-000000000000";
    let mut pages = Vec::new();
    for from in [&site.acme.to_string(), nowhere, "no-id", ""] {
        let page = dee.get(&format!("/organizations?in={from}")).await;
        assert_eq!(page.status, 200);
        pages.push(page.text().to_owned());
    }
    pages.dedup();
    assert_eq!(pages.len(), 1);
    assert!(pages[0].contains("Globex") && !pages[0].contains("Acme"));
    site.person("eve").await;
    let mut eve = Reader::signed_in(&site, "eve").await;
    let page = eve.get("/organizations").await;
    assert!(page.text().contains("You are in no organization yet"));
}

/// Puts so many organizations below Web that the tree is too large for the switch.
async fn large(site: &Site) -> Vec<OrgId> {
    let mut made = Vec::new();
    for number in 0..200 {
        made.push(site.world.sub(site.web, &format!("Shop {number:03}")).await);
    }
    made
}

#[tokio::test]
async fn d1_in_a_large_tree_the_switch_shows_the_path_and_the_children() {
    let site = Site::on(super::backend().await).await;
    let mut ana = Reader::signed_in(&site, "ana").await;
    let small = ana.security(site.mobile).await;
    assert_eq!(switch(&small), ["Acme", "Mobile", "iOS", "Web"]);
    assert!(!small.text().contains("There are more"));
    let shops = large(&site).await;
    let page = ana.security(site.mobile).await;
    assert_eq!(switch(&page), ["Acme", "Mobile", "iOS"]);
    assert!(page.text().contains("There are more. Find them by name."));
    let root = ana.security(site.acme).await;
    assert_eq!(switch(&root), ["Acme", "Mobile", "Web"]);
    assert!(
        root.text()
            .contains("in Acme and its 203 sub-organizations")
    );
    let shop = ana.security(shops[7]).await;
    assert_eq!(switch(&shop), ["Acme", "Web", "Shop 007"]);
    let team = ana.get(&format!("/orgs/{}/team", site.web)).await;
    assert!(team.text().contains("<dd>200 organizations</dd>"));
    let page = ana
        .get(&format!("/orgs/{}/security/try-it", site.acme))
        .await;
    assert!(
        page.text()
            .contains("The first 50 of 203 below are listed.")
    );
    // Who sees less of it sees all of that.
    let mut bo = Reader::signed_in(&site, "bo").await;
    assert_eq!(switch(&bo.security(site.mobile).await), ["Mobile", "iOS"]);
}

#[tokio::test]
async fn d1_in_a_large_tree_what_a_token_names_is_still_named() {
    let site = Site::on(super::backend().await).await;
    let shops = large(&site).await;
    let mut ana = Reader::signed_in(&site, "ana").await;
    let body = format!(r#"{{"reach":["{}"]}}"#, shops[7]);
    let cookie = site.sign_in("ana").await;
    let pat = site.generate(&cookie, site.acme, &body).await;
    assert_eq!(site.exchange(&pat, shops[7]).await.outcome(), "200");
    site.app.activity.flush(&site.app.store).await.unwrap();
    let page = ana.security(site.acme).await;
    assert_eq!(secret(&page), None);
    for told in ["Here, and in Shop 007", "for Shop 007"] {
        assert!(page.text().contains(told), "{told}");
    }
    assert!(!switch(&page).contains(&"Shop 007".to_owned()));
    let path = format!("/orgs/{}/security/tokens/{}/revoke", site.acme, pat.id);
    assert!(ana.get(&path).await.text().contains("for Shop 007"));
}

#[tokio::test]
async fn d6_a_large_tree_is_shown_from_above_and_the_rest_is_found_by_name() {
    let site = Site::on(super::backend().await).await;
    large(&site).await;
    let mut ana = Reader::signed_in(&site, "ana").await;
    let page = ana.get("/organizations").await;
    assert_eq!(names(&page).len(), 200);
    assert_eq!(names(&page)[..2], ["Acme", "Mobile"]);
    assert!(
        page.text()
            .contains("These are the first 200, the highest first.")
    );
    let found = ana.get("/organizations?q=shop+199").await;
    assert_eq!(names(&found), ["Shop 199"]);
    assert!(found.text().contains("In Web"));
}
