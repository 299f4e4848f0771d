//! P10, P9: how the old token of a rotation ends, and who still used it.

use std::time::Duration;

use keyfob_core::event::FeedItem;
use keyfob_server::app::rotate_pat::end_overlaps;
use serde_json::Value;

use crate::site::{Pat, Site, pats_of};

const HOUR: &str = r#"{"overlapSeconds":3600}"#;
const SECOND: Duration = Duration::from_secs(1);
const DEAD: &str = "401 invalid_grant";

/// Ana, signed in, with a token of Acme and its successor, an hour long beside each other.
async fn stage() -> (Site, String, [Pat; 2]) {
    let site = Site::on(super::backend().await).await;
    let ana = site.sign_in("ana").await;
    let old = site.generate(&ana, site.acme, "{}").await;
    let new = site.rotating(&ana, &old, "a", HOUR).send().await;
    let new = old.successor(&new);
    (site, ana, [old, new])
}

async fn feed(site: &Site) -> Vec<FeedItem> {
    let items = site.world.feed_after(0).await;
    items.into_iter().map(|(_number, item)| item).collect()
}

async fn end(site: &Site, node: &keyfob_server::state::App) -> u64 {
    end_overlaps(node, site.world.now()).await.unwrap()
}

#[tokio::test]
async fn p10_the_old_token_ends_with_its_overlap_and_its_access_tokens_too() {
    let (site, _ana, [old, new]) = stage().await;
    site.advance(Duration::from_mins(30));
    let jwt = site.jwt(&old, site.acme).await;
    site.advance(Duration::from_secs(30 * 60 - 1));
    let userinfo = async || site.get("/oauth/userinfo").bearer(&jwt).outcome().await;
    let exchanged = site.exchange(&old, site.acme).await;
    assert_eq!(exchanged.outcome(), "200");
    assert_eq!(exchanged.json()["expires_in"], 1, "X8");
    let end = exchanged.header("keyfob-token-expires");
    assert_eq!(end, Some("Fri, 15 Jan 2027 09:00:00 GMT"));
    let notice = exchanged.header("keyfob-token-notice");
    assert_eq!(notice, Some("expires-soon"), "who works with it can tell");
    assert_eq!(userinfo().await, "200");
    site.advance(SECOND);
    assert_eq!(site.door(&old).await, DEAD);
    assert_eq!(userinfo().await, "401 invalid_token");
    assert_eq!(site.door(&new).await, "200");
}

#[tokio::test]
async fn p10_the_feed_tells_once_that_an_overlap_is_over() {
    let (site, _ana, [old, _new]) = stage().await;
    let node = site.another_node().await;
    site.advance(Duration::from_millis(3_600_000 - 1));
    assert_eq!(end(&site, &site.app).await, 0);
    assert_eq!(site.door(&old).await, "200");
    assert_eq!(feed(&site).await, []);
    site.advance(Duration::from_millis(1));
    assert_eq!(site.door(&old).await, DEAD, "whether or not it was told");
    assert_eq!(end(&site, &node).await, 1);
    assert_eq!(end(&site, &site.app).await, 0);
    let pat = old.id.parse().unwrap();
    assert_eq!(feed(&site).await, [FeedItem::Pat(pat)]);
    let ana = site.sign_in("ana").await;
    let listed = site.listed(&ana, &old).await;
    assert_eq!(listed["status"], "revoked");
    assert_eq!(listed["revokedDate"], "2027-01-15T09:00:00.000Z");
    let records = site.world.audit(Some(site.acme)).await;
    let ended: Vec<&str> = records
        .iter()
        .filter(|record| record.action == "pat.revoked")
        .map(|record| record.detail.as_str())
        .collect();
    assert_eq!(ended, ["rotated"]);
}

#[tokio::test]
async fn p10_an_overlap_that_was_over_long_before_ended_its_access_tokens_by_itself() {
    let (site, _ana, [_old, _new]) = stage().await;
    site.advance(Duration::from_hours(1 + 48));
    assert_eq!(end(&site, &site.app).await, 0);
    assert_eq!(feed(&site).await, []);
}

#[tokio::test]
async fn p10_without_an_overlap_the_old_token_ends_as_a_revoked_one_does() {
    let site = Site::on(super::backend().await).await;
    let ana = site.sign_in("ana").await;
    let old = site.generate(&ana, site.acme, "{}").await;
    let jwt = site.jwt(&old, site.acme).await;
    let node = site.another_node().await;
    let at_once = site.rotating(&ana, &old, "", r#"{"overlapSeconds":0}"#);
    let new = old.successor(&at_once.send().await);
    for app in [&site.app, &node] {
        let userinfo = crate::client::Ask::new(app, "GET", "/oauth/userinfo").bearer(&jwt);
        assert_eq!(userinfo.outcome().await, "401 invalid_token", "G1");
    }
    let pat = old.id.parse().unwrap();
    assert_eq!(feed(&site).await, [FeedItem::Pat(pat)]);
    let listed = site.listed(&ana, &old).await;
    assert_eq!(listed["status"], "revoked");
    assert_eq!(listed["replacedBy"], new.id);
    assert_eq!(site.door(&old).await, DEAD);
    assert_eq!(site.door(&new).await, "200");
    // P16: its owner learns that it was the rotation.
    site.app.activity.flush(&site.app.store).await.unwrap();
    let listed = site.listed(&ana, &old).await;
    assert_eq!(listed["refusals"][0]["revokedBecause"], "rotated");
    assert_eq!(end(&site, &site.app).await, 0);
}

/// When the old token was used after its successor's first use, as its owner sees it.
async fn late(site: &Site, cookie: &str, old: &Pat) -> Value {
    site.app.activity.flush(&site.app.store).await.unwrap();
    site.listed(cookie, old).await["usedAfterRotationDate"].clone()
}

#[tokio::test]
async fn p10_a_use_of_the_old_token_after_its_successors_first_is_shown() {
    for key in ["a", ""] {
        let site = Site::on(super::backend().await).await;
        let ana = site.sign_in("ana").await;
        let old = site.generate(&ana, site.acme, "{}").await;
        let new = site.rotate(&ana, &old, key).await;
        let use_it = async |pat: &Pat| {
            site.advance(SECOND);
            assert_eq!(site.door(pat).await, "200");
        };
        use_it(&old).await;
        assert_eq!(late(&site, &ana, &old).await, Value::Null);
        use_it(&new).await;
        use_it(&new).await;
        assert_eq!(late(&site, &ana, &old).await, Value::Null);
        use_it(&old).await;
        let shown = late(&site, &ana, &old).await;
        assert_eq!(shown, "2027-01-15T08:00:04.000Z", "{key}");
        use_it(&new).await;
        let shown = late(&site, &ana, &old).await;
        assert_eq!(shown, "2027-01-15T08:00:04.000Z", "it stays");
        assert_eq!(late(&site, &ana, &new).await, Value::Null);
    }
}

#[tokio::test]
async fn p10_the_first_use_of_a_successor_counts_though_it_is_written_late() {
    let site = Site::on(super::backend().await).await;
    let ana = site.sign_in("ana").await;
    let old = site.generate(&ana, site.acme, "{}").await;
    let new = site.rotate(&ana, &old, "").await;
    // All three before anything was written.
    for pat in [&new, &old, &new] {
        site.advance(SECOND);
        assert_eq!(site.door(pat).await, "200");
    }
    let shown = late(&site, &ana, &old).await;
    assert_eq!(shown, "2027-01-15T08:00:02.000Z");
}

#[tokio::test]
async fn p9_ending_the_membership_ends_both_tokens_of_a_rotation() {
    let site = Site::on(super::backend().await).await;
    let bo = site.sign_in("bo").await;
    let old = site.generate(&bo, site.mobile, "{}").await;
    let new = site.rotate(&bo, &old, "a").await;
    assert!(site.world.suspend_member(site.bo, site.mobile).await);
    for pat in [&old, &new] {
        assert_eq!(site.door(pat).await, DEAD);
    }
    assert!(site.world.reactivate_member(site.bo, site.mobile).await);
    for pat in [&old, &new] {
        assert_eq!(site.door(pat).await, "200", "suspended, not ended");
    }
    assert!(site.world.remove(site.bo, site.mobile).await);
    site.world.member(site.bo, site.mobile, &[]).await;
    for pat in [&old, &new] {
        assert_eq!(site.door(pat).await, DEAD);
    }
}

#[tokio::test]
async fn p10_a_successor_can_be_rotated_while_its_predecessor_lives_on() {
    let (site, ana, [first, second]) = stage().await;
    let third = site.rotate(&ana, &second, "b").await;
    for pat in [&first, &second, &third] {
        assert_eq!(site.door(pat).await, "200");
    }
    let listed = site.listed(&ana, &second).await;
    assert_eq!(listed["replaces"], first.id);
    assert_eq!(listed["replacedBy"], third.id);
    // The holder can end any of them before its time.
    assert_eq!(site.revoking(&first).cookie(&ana).outcome().await, "204");
    assert_eq!(site.door(&first).await, DEAD);
    for pat in [&second, &third] {
        assert_eq!(site.door(pat).await, "200");
    }
    let list = site.get(&pats_of(site.acme)).cookie(&ana).send().await;
    assert_eq!(list.json()["data"].as_array().unwrap().len(), 3);
}
