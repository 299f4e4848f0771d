//! *All my tokens, everywhere* (contract 6, D6), and ending them all at once.

use std::time::Duration;

use crate::client::Answer;
use crate::reader::{Reader, form};
use crate::site::{Pat, Site};

/// The table of tokens that work: a row of each.
fn rows(page: &Answer) -> Vec<&str> {
    let rows = page.text().split("<tr role=\"row\"><td").skip(1);
    rows.map(|row| row.split_once("</tr>").unwrap().0).collect()
}

async fn doors(site: &Site, pats: &[&Pat]) -> Vec<String> {
    let mut said = Vec::new();
    for pat in pats {
        said.push(site.door(pat).await);
    }
    said
}

const REFUSED: &str = "401 invalid_grant";

#[tokio::test]
async fn d6_every_token_of_mine_is_listed_with_its_organization_and_nobody_elses() {
    let site = Site::on(super::backend().await).await;
    site.world.member(site.bo, site.globex, &[]).await;
    let bo = site.sign_in("bo").await;
    site.generate(&bo, site.mobile, r#"{"name":"old one"}"#)
        .await;
    site.advance(Duration::from_secs(1));
    let body = r#"{"name":"new one","expiresInDays":3}"#;
    let new = site.generate(&bo, site.globex, body).await;
    site.pat("ana", site.acme).await;
    site.exchange(&new, site.globex).await;
    site.app.activity.flush(&site.app.store).await.unwrap();
    let mut reader = Reader::signed_in(&site, "bo").await;
    let page = reader.get("/tokens").await;
    let rows = rows(&page);
    assert_eq!(rows.len(), 2);
    for told in [
        "new one",
        ">Globex<",
        "18 Jan 2027",
        "Expires soon",
        "15 Jan 2027",
        "just now",
    ] {
        assert!(rows[0].contains(told), "{told}: {}", rows[0]);
    }
    for told in ["old one", ">Mobile<", ">Never<", "Never used", "kfpat_…"] {
        assert!(rows[1].contains(told), "{told}: {}", rows[1]);
    }
    assert!(!page.text().contains("Acme"));
    assert!(!page.text().contains(&new.secret));
}

#[tokio::test]
async fn d6_the_list_is_reached_from_the_account_menu_and_from_security() {
    let site = Site::on(super::backend().await).await;
    let mut bo = Reader::signed_in(&site, "bo").await;
    let page = bo.security(site.mobile).await;
    let link = format!("href=\"/tokens?in={}\"", site.mobile);
    assert_eq!(page.text().matches(&link).count(), 2);
    let list = bo.get(&format!("/tokens?in={}", site.mobile)).await;
    assert!(list.text().contains("No token that works"));
    assert!(!list.text().contains("Revoke all of them"));
    assert!(
        !list.text().contains("aria-current=\"page\""),
        "none of the menu's pages"
    );
}

#[tokio::test]
async fn d6_revoking_one_leads_to_its_organization_and_back() {
    let site = Site::on(super::backend().await).await;
    let pat = site.pat("bo", site.mobile).await;
    let mut bo = Reader::signed_in(&site, "bo").await;
    let list = bo.get("/tokens").await;
    let path = format!("/orgs/{}/security/tokens/{}/revoke", site.mobile, pat.id);
    assert!(
        list.text()
            .contains(&format!("href=\"{path}?from=tokens\""))
    );
    let asks = bo.get(&format!("{path}?from=tokens")).await;
    let back = format!("/tokens?in={}", site.mobile);
    assert!(
        asks.text()
            .contains(&format!("<a class=\"btn\" href=\"{back}\""))
    );
    let done = bo.send(&form(&asks, "/revoke")).await;
    assert_eq!((done.status, done.header("location")), (303, Some(&*back)));
    let list = bo.get(&back).await;
    assert!(rows(&list).is_empty());
    assert!(list.text().contains("Revoked and expired (1)"));
    assert!(list.text().contains("Revoked 15 Jan 2027 by you"));
    // From anywhere else it leads to the organization's own page.
    let another = site.pat("bo", site.mobile).await;
    for query in ["", "?from=https://evil.example", "?from=//evil.example"] {
        let path = format!(
            "/orgs/{}/security/tokens/{}/revoke",
            site.mobile, another.id
        );
        let asks = bo.get(&format!("{path}{query}")).await;
        let back = format!(
            "<a class=\"btn\" href=\"/orgs/{}/security#pat\"",
            site.mobile
        );
        assert!(asks.text().contains(&back), "{query}");
    }
}

#[tokio::test]
async fn d6_all_are_ended_at_once_after_a_page_that_names_them() {
    let site = Site::on(super::backend().await).await;
    site.world.member(site.bo, site.globex, &[]).await;
    let cookie = site.sign_in("bo").await;
    let mobile = site
        .generate(&cookie, site.mobile, r#"{"name":"one"}"#)
        .await;
    let globex = site
        .generate(&cookie, site.globex, r#"{"name":"two"}"#)
        .await;
    let of_ana = site.pat("ana", site.acme).await;
    assert_eq!(site.door(&mobile).await, "200");
    site.app.activity.flush(&site.app.store).await.unwrap();
    let mut bo = Reader::signed_in(&site, "bo").await;
    let list = bo.get("/tokens").await;
    assert!(list.text().contains("Revoke all of them"));
    let asks = bo.get("/tokens/revoke").await;
    for told in [
        "Revoke 2 tokens?",
        "<b>one</b>",
        "<b>two</b>",
        "One of them was used",
        "Revoke 2 Tokens",
    ] {
        assert!(asks.text().contains(told), "{told}");
    }
    assert_eq!(
        doors(&site, &[&mobile, &globex]).await,
        ["200", "200"],
        "asking changes nothing"
    );
    // One that was made since is not on the page, and stays.
    let since = site.generate(&cookie, site.mobile, "{}").await;
    let done = bo.send(&form(&asks, "/tokens/revoke")).await;
    assert_eq!(done.status, 303);
    assert!(done.header("location").unwrap().starts_with("/tokens"));
    assert_eq!(doors(&site, &[&mobile, &globex]).await, [REFUSED, REFUSED]);
    assert_eq!(doors(&site, &[&since, &of_ana]).await, ["200", "200"]);
    // Sent again, it finds nothing to do.
    assert_eq!(bo.send(&form(&asks, "/tokens/revoke")).await.status, 303);
    assert_eq!(site.door(&since).await, "200");
    let acme = site.world.audit(Some(site.acme)).await;
    let revoked = acme.iter().filter(|record| record.action == "pat.revoked");
    assert_eq!(revoked.count(), 1, "written down once");
    assert_eq!(bo.get("/tokens/revoke").await.status, 200);
}

#[tokio::test]
async fn d6_the_form_ends_nobody_elses_token() {
    let site = Site::on(super::backend().await).await;
    let mine = site.pat("bo", site.mobile).await;
    let of_ana = site.pat("ana", site.acme).await;
    let mut bo = Reader::signed_in(&site, "bo").await;
    let asks = bo.get("/tokens/revoke").await;
    let wanted = form(&asks, "/tokens/revoke");
    let forged = wanted.clone().with("pat", &of_ana.id);
    assert_eq!(bo.send(&forged).await.status, 303);
    assert_eq!(doors(&site, &[&mine, &of_ana]).await, ["200", "200"]);
    let nonsense = wanted.clone().with("pat", "no id");
    assert_eq!(bo.send(&nonsense).await.status, 303);
    assert_eq!(site.door(&mine).await, "200");
    // Not even the manager's form, which could revoke it on the organization's own page.
    let mut ana = Reader::signed_in(&site, "ana").await;
    let asks = ana.get("/tokens/revoke").await;
    let of_bo = form(&asks, "/tokens/revoke").with("pat", &mine.id);
    assert_eq!(ana.send(&of_bo).await.status, 303);
    assert_eq!(site.door(&mine).await, "200");
}

#[tokio::test]
async fn d6_more_than_fit_into_one_transaction_end_as_well() {
    let limit = |parts: &mut keyfob_server::state::Parts| parts.policy.pat_limit = 200;
    let site = Site::with(super::backend().await, limit).await;
    let cookie = site.sign_in("bo").await;
    let mut last = None;
    for _number in 0..120 {
        last = Some(site.generate(&cookie, site.mobile, "{}").await);
    }
    let mut bo = Reader::signed_in(&site, "bo").await;
    let asks = bo.get("/tokens/revoke").await;
    assert!(asks.text().contains("Revoke 120 tokens?"));
    assert_eq!(bo.send(&form(&asks, "/tokens/revoke")).await.status, 303);
    let list = bo.get("/tokens").await;
    assert!(rows(&list).is_empty());
    assert!(
        list.text().contains("Revoked and expired (50)"),
        "the newest of them"
    );
    assert_eq!(site.door(&last.unwrap()).await, REFUSED);
}

#[tokio::test]
async fn d6_it_works_for_who_is_suspended_and_for_who_left() {
    let site = Site::on(super::backend().await).await;
    let pat = site.pat("bo", site.mobile).await;
    let mut bo = Reader::signed_in(&site, "bo").await;
    site.world.suspend_member(site.bo, site.mobile).await;
    let page = bo.get("/tokens").await;
    assert_eq!(page.status, 200);
    assert!(rows(&page)[0].contains("Suspended: refused now"));
    assert!(rows(&page)[0].contains("Mobile"));
    let asks = bo.get("/tokens/revoke").await;
    assert!(asks.text().contains("Revoke your one token?"));
    assert_eq!(bo.send(&form(&asks, "/tokens/revoke")).await.status, 303);
    site.world.reactivate_member(site.bo, site.mobile).await;
    assert_eq!(site.door(&pat).await, REFUSED);
    site.pat("bo", site.mobile).await;
    site.world.remove(site.bo, site.mobile).await;
    let left = bo.get("/tokens").await;
    assert_eq!(left.status, 200);
    assert!(left.text().contains("No token that works"));
    assert!(left.text().contains("Revoked and expired (2)"));
    assert!(left.text().contains("with your membership"));
    assert!(
        left.text()
            .contains("An organization you no longer belong to")
    );
    assert!(!left.text().contains("Mobile"), "not named to who left");
    let nowhere = bo.get("/").await;
    assert!(nowhere.text().contains("href=\"/tokens\""));
}
