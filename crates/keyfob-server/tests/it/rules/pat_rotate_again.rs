//! P10 under lost and repeated answers, at every step: never without a working token, never a secret twice.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use keyfob_server::state::App;
use keyfob_store::probe;

use super::outage::Away;
use crate::client::Ask;
use crate::site::{Pat, Site, pats_of};

const MILLISECOND: Duration = Duration::from_millis(1);

/// Ana, signed in, with a token of Acme.
async fn stage() -> (Site, String, Pat) {
    let site = Site::on(super::backend().await).await;
    let ana = site.sign_in("ana").await;
    let pat = site.generate(&ana, site.acme, "{}").await;
    (site, ana, pat)
}

/// What rotating says, under a key and with what the body chooses.
async fn rotating(site: &Site, cookie: &str, pat: &Pat, key: &str, body: &str) -> String {
    site.rotating(cookie, pat, key, body).outcome().await
}

/// What an exchange says at another node.
async fn door_at(node: &Arc<App>, pat: &Pat) -> String {
    let ask = Ask::new(node, "POST", "/auth/v2/token");
    ask.form(&format!("pat={}", pat.secret)).outcome().await
}

const ROTATED: &str = "409 already_rotated";
const DEAD: &str = "401 invalid_grant";

#[tokio::test]
async fn p10_a_request_that_changed_nothing_can_be_repeated() {
    let (site, ana, old) = stage().await;
    let node = site.another_node().await;
    let ask = || {
        let ask = Ask::new(&node, "POST", &format!("{}/rotate", old.path()));
        let ask = ask.cookie(&ana).header("idempotency-key", "a");
        ask.json("{}")
    };
    let away = Away::take(&site.backend).await;
    assert_eq!(ask().outcome().await, "503 temporarily_unavailable");
    away.give_back().await;
    assert_eq!(site.listed(&ana, &old).await.get("replacedBy"), None);
    let answer = ask().send().await;
    assert_eq!(answer.outcome(), "201");
    for pat in [&old, &old.successor(&answer)] {
        assert_eq!(site.door(pat).await, "200");
    }
}

#[tokio::test]
async fn p10_a_request_whose_client_hangs_up_is_done_or_not_and_can_be_repeated() {
    let (site, ana, old) = stage().await;
    let turn = site.world.store.write().await.unwrap();
    let cut_off = site.rotating(&ana, &old, "a", "{}").send().now_or_never();
    assert!(cut_off.is_none(), "it waits for its turn");
    drop(turn);
    let new = site.rotate(&ana, &old, "a").await;
    for pat in [&old, &new] {
        assert_eq!(site.door(pat).await, "200");
    }
}

#[tokio::test]
async fn p10_after_each_lost_answer_another_successor_is_given_and_the_unseen_one_ends() {
    let (site, ana, old) = stage().await;
    let mut lost = vec![site.rotate(&ana, &old, "a").await];
    for _repeated in 0..4 {
        site.advance(Duration::from_mins(1));
        assert_eq!(site.door(&old).await, "200");
        lost.push(site.rotate(&ana, &old, "a").await);
    }
    let secrets: BTreeSet<&str> = lost.iter().map(|pat| pat.secret.as_str()).collect();
    assert_eq!(secrets.len(), lost.len(), "no secret is shown twice");
    let new = lost.pop().unwrap();
    for unseen in &lost {
        assert_eq!(site.door(unseen).await, DEAD);
        let listed = site.listed(&ana, unseen).await;
        assert_eq!(listed["status"], "revoked");
        assert_eq!(listed.get("replaces"), None);
    }
    assert_eq!(site.door(&new).await, "200");
    let listed = site.listed(&ana, &old).await;
    assert_eq!(listed["replacedBy"], new.id);
    assert_eq!(
        listed["expiresDate"], "2027-01-16T08:00:00.000Z",
        "the overlap began with the first request"
    );
}

#[tokio::test]
async fn p10_without_an_overlap_a_lost_answer_leaves_the_repeated_request() {
    let (site, ana, old) = stage().await;
    let jwt = site.jwt(&old, site.acme).await;
    let at_once = r#"{"overlapSeconds":0}"#;
    let lost = site.rotating(&ana, &old, "a", at_once).send().await;
    let lost = old.successor(&lost);
    assert_eq!(site.door(&old).await, DEAD);
    let userinfo = site.get("/oauth/userinfo").bearer(&jwt);
    assert_eq!(userinfo.outcome().await, "401 invalid_token", "G1");
    let again = site.rotating(&ana, &old, "a", at_once).send().await;
    assert_eq!(again.outcome(), "201");
    assert_eq!(site.door(&lost).await, DEAD);
    assert_eq!(site.door(&old.successor(&again)).await, "200");
}

#[tokio::test]
async fn p10_once_the_successor_was_used_anywhere_the_request_cannot_be_repeated() {
    let (site, ana, old) = stage().await;
    let new = site.rotate(&ana, &old, "a").await;
    let node = site.another_node().await;
    // At another node, whose notes are still in its memory, and are never written.
    assert_eq!(door_at(&node, &new).await, "200");
    drop(node);
    assert_eq!(rotating(&site, &ana, &old, "a", "{}").await, ROTATED);
    for pat in [&old, &new] {
        assert_eq!(site.door(pat).await, "200", "both work on");
    }
    let refused = site.rotating(&ana, &old, "a", "{}").send().await;
    assert_eq!(
        refused.message(),
        "The token has a successor already: it is in use, or this is not the request that made it."
    );
}

#[tokio::test]
async fn p10_a_refused_exchange_is_no_use() {
    let (site, ana, old) = stage().await;
    let new = site.rotate(&ana, &old, "a").await;
    let refused = site.exchange(&new, site.globex).await.outcome();
    assert_eq!(refused, "403 access_denied");
    let again = site.rotate(&ana, &old, "a").await;
    assert_eq!(site.door(&new).await, DEAD);
    assert_eq!(site.door(&again).await, "200");
}

#[tokio::test]
async fn p10_any_other_request_is_refused_and_changes_nothing() {
    let (site, ana, old) = stage().await;
    let new = site.rotate(&ana, &old, "a").await;
    let before = site.get(&pats_of(site.acme)).cookie(&ana).send().await;
    for (key, body) in [
        ("b", "{}"),
        ("A", "{}"),
        ("", "{}"),
        ("a", r#"{"overlapSeconds":0}"#),
        ("a", r#"{"overlapSeconds":86400}"#),
        ("b", r#"{"overlapSeconds":9999999}"#),
    ] {
        let outcome = rotating(&site, &ana, &old, key, body).await;
        assert_eq!(outcome, ROTATED, "{key} {body}");
    }
    let after = site.get(&pats_of(site.acme)).cookie(&ana).send().await;
    assert_eq!(after.json(), before.json());
    for pat in [&old, &new] {
        assert_eq!(site.door(pat).await, "200");
    }
    // Without a key nothing is repeatable.
    let plain = site.generate(&ana, site.acme, "{}").await;
    site.rotate(&ana, &plain, "").await;
    for key in ["", "a"] {
        assert_eq!(rotating(&site, &ana, &plain, key, "{}").await, ROTATED);
    }
}

#[tokio::test]
async fn p10_a_key_is_kept_for_24_hours() {
    let (site, ana, old) = stage().await;
    let overlap = r#"{"overlapSeconds":259200}"#;
    let made = rotating(&site, &ana, &old, "a", overlap).await;
    assert_eq!(made, "201");
    let day = Duration::from_hours(24);
    site.advance(day.checked_sub(MILLISECOND).unwrap());
    let ana = site.sign_in("ana").await;
    assert_eq!(rotating(&site, &ana, &old, "a", overlap).await, "201");
    site.advance(MILLISECOND);
    assert_eq!(rotating(&site, &ana, &old, "a", overlap).await, ROTATED);
    assert_eq!(site.door(&old).await, "200");
}

#[tokio::test]
async fn p10_a_key_is_of_one_token_and_one_person() {
    let (site, ana, first) = stage().await;
    let second = site.generate(&ana, site.acme, "{}").await;
    let cem = site.sign_in("cem").await;
    let others = site.generate(&cem, site.acme, "{}").await;
    let mut living = Vec::new();
    for (cookie, pat) in [(&ana, &first), (&ana, &second), (&cem, &others)] {
        living.push(site.rotate(cookie, pat, "a").await);
    }
    for pat in living.iter().chain([&first, &second, &others]) {
        assert_eq!(site.door(pat).await, "200");
    }
}

#[tokio::test]
async fn p10_a_successor_that_was_rotated_itself_is_not_replaced() {
    let (site, ana, first) = stage().await;
    let second = site.rotate(&ana, &first, "a").await;
    // Another token: rotating it is a request of its own, under the same key too.
    let third = site.rotate(&ana, &second, "a").await;
    assert_eq!(rotating(&site, &ana, &first, "a", "{}").await, ROTATED);
    let again = site.rotate(&ana, &second, "a").await;
    assert_eq!(site.door(&third).await, DEAD);
    for pat in [&first, &second, &again] {
        assert_eq!(site.door(pat).await, "200");
    }
}

#[tokio::test]
async fn p10_a_successor_that_somebody_ended_is_not_replaced() {
    let (site, ana, old) = stage().await;
    let new = site.rotate(&ana, &old, "a").await;
    assert_eq!(site.revoking(&new).cookie(&ana).outcome().await, "204");
    assert_eq!(rotating(&site, &ana, &old, "a", "{}").await, ROTATED);
    assert_eq!(site.door(&old).await, "200", "to the end of its overlap");
    let place = site.generate(&ana, site.acme, "{}").await;
    assert_eq!(site.door(&place).await, "200");
}

#[tokio::test]
async fn p10_p14_only_the_first_exchange_of_a_replaceable_successor_waits_for_the_writer() {
    let (site, ana, old) = stage().await;
    let plain = site.generate(&ana, site.acme, "{}").await;
    let kept = site.rotate(&ana, &plain, "").await;
    let new = site.rotate(&ana, &old, "a").await;
    // Nobody else can write, and so nothing of this can wait for a write.
    let turn = site.world.store.write().await.unwrap();
    for pat in [&old, &plain, &kept] {
        assert_eq!(site.door(pat).await, "200");
    }
    let waits = site.exchange(&new, site.acme).now_or_never();
    assert!(waits.is_none());
    drop(turn);
    assert_eq!(site.door(&new).await, "200");
    let turn = site.world.store.write().await.unwrap();
    assert_eq!(site.door(&new).await, "200", "from then on it does not");
    drop(turn);
}

#[tokio::test]
async fn p10_a_first_use_that_cannot_be_put_down_is_not_granted() {
    let (site, ana, first) = stage().await;
    let second = site.generate(&ana, site.acme, "{}").await;
    let index = "CREATE UNIQUE INDEX none_at_one_time ON pat_rotation (used_at)";
    let mut tx = probe::change_schema(&site.world.store).await.unwrap();
    probe::script(&mut tx, index).await.unwrap();
    tx.commit().await.unwrap();
    let used = site.rotate(&ana, &first, "a").await;
    let unused = site.rotate(&ana, &second, "a").await;
    assert_eq!(site.door(&used).await, "200");
    let answer = site.exchange(&unused, site.acme).await;
    assert_eq!(answer.outcome(), "503 temporarily_unavailable");
    // So nobody works with it, and it can be replaced.
    let again = site.rotate(&ana, &second, "a").await;
    site.advance(Duration::from_secs(1));
    assert_eq!(site.door(&unused).await, DEAD);
    assert_eq!(site.door(&again).await, "200");
}
