//! Rivals over HTTP: exactly as many win as may.

use std::collections::BTreeMap;

use tokio::task::JoinSet;

use crate::client::Ask;
use crate::site::{Pat, Site, pats_of};

/// Sends all at once; how often each outcome came.
async fn outcomes(asks: impl IntoIterator<Item = Ask>) -> BTreeMap<String, usize> {
    let mut rivals: JoinSet<String> = asks.into_iter().map(Ask::outcome).collect();
    let mut counted = BTreeMap::new();
    while let Some(outcome) = rivals.join_next().await {
        *counted.entry(outcome.unwrap()).or_default() += 1;
    }
    counted
}

fn counts<const N: usize>(counts: [(&str, usize); N]) -> BTreeMap<String, usize> {
    let counts = counts.into_iter();
    counts
        .map(|(word, count)| (word.to_owned(), count))
        .collect()
}

async fn audited(site: &Site, action: &str) -> usize {
    let records = site.world.audit(Some(site.acme)).await;
    records
        .iter()
        .filter(|record| record.action == action)
        .count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn p7_of_24_rivals_for_10_places_exactly_10_win() {
    let site = Site::on(super::backend().await).await;
    let other = site.another_node().await;
    let ana = site.sign_in("ana").await;
    let target = pats_of(site.acme);
    let rivals = (0..24).map(|rival| {
        let node = if rival % 2 == 0 { &site.app } else { &other };
        Ask::new(node, "POST", &target).cookie(&ana).json("{}")
    });
    assert_eq!(
        outcomes(rivals).await,
        counts([("201", 10), ("409 token_limit_reached", 14)])
    );
    let list = site.get(&target).cookie(&ana).send().await;
    assert_eq!(list.json()["data"].as_array().unwrap().len(), 10);
    assert_eq!(audited(&site, "pat.generated").await, 10);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn p5_of_32_revokes_all_succeed_and_one_is_written() {
    let site = Site::on(super::backend().await).await;
    let other = site.another_node().await;
    let ana = site.sign_in("ana").await;
    let pat = site.generate(&ana, site.acme, "{}").await;
    let before = site.world.feed_after(0).await.len();
    let rivals = (0..32).map(|rival| {
        let node = if rival % 2 == 0 { &site.app } else { &other };
        Ask::new(node, "DELETE", &pat.path()).cookie(&ana)
    });
    assert_eq!(outcomes(rivals).await, counts([("204", 32)]));
    assert_eq!(audited(&site, "pat.revoked").await, 1);
    assert_eq!(site.world.feed_after(0).await.len() - before, 1);
    let refused = site.exchange(&pat, site.acme).await;
    assert_eq!(refused.outcome(), "401 invalid_grant");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn p10_of_16_rotations_under_keys_of_their_own_one_is_done() {
    let (site, ana, pat) = rotating_site().await;
    let other = site.another_node().await;
    let target = format!("{}/rotate", pat.path());
    let rivals = (0..16).map(|rival| {
        let node = if rival % 2 == 0 { &site.app } else { &other };
        let ask = Ask::new(node, "POST", &target).cookie(&ana).json("{}");
        ask.header("idempotency-key", &format!("key-{rival}"))
    });
    assert_eq!(
        outcomes(rivals).await,
        counts([("201", 1), ("409 already_rotated", 15)])
    );
    assert_eq!(living(&site, &ana).await, 2);
    assert_eq!(audited(&site, "pat.rotated").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn p10_of_16_rotations_under_one_key_one_successor_is_left() {
    let (site, ana, pat) = rotating_site().await;
    let other = site.another_node().await;
    let target = format!("{}/rotate", pat.path());
    let rivals = (0..16).map(|rival| {
        let node = if rival % 2 == 0 { &site.app } else { &other };
        let ask = Ask::new(node, "POST", &target).cookie(&ana).json("{}");
        ask.header("idempotency-key", "one")
    });
    assert_eq!(outcomes(rivals).await, counts([("201", 16)]));
    assert_eq!(living(&site, &ana).await, 2);
    assert_eq!(audited(&site, "pat.revoked").await, 15);
    assert_eq!(site.door(&pat).await, "200");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn p10_a_successor_that_is_used_while_it_is_asked_for_again_is_kept_or_was_never_granted() {
    let (site, ana, _pat) = rotating_site().await;
    let other = site.another_node().await;
    for round in 0..8 {
        let old = site.generate(&ana, site.acme, "{}").await;
        let key = format!("round-{round}");
        let new = site.rotate(&ana, &old, &key).await;
        let exchange = Ask::new(&other, "POST", "/auth/v2/token");
        let exchange = exchange.form(&format!("pat={}", new.secret)).outcome();
        let again = site.rotating(&ana, &old, &key, "{}").outcome();
        let both = tokio::join!(tokio::spawn(exchange), tokio::spawn(again));
        let (exchanged, rotated) = (both.0.unwrap(), both.1.unwrap());
        let wanted = match exchanged.as_str() {
            "200" => "409 already_rotated",
            _refused => "201",
        };
        assert_eq!(rotated, wanted, "{exchanged}");
        assert_eq!(site.door(&new).await, exchanged);
        assert_eq!(site.door(&old).await, "200");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn p7_a_rotation_takes_no_place_from_who_generates_meanwhile() {
    let site = Site::with(super::backend().await, |parts| parts.policy.pat_limit = 2).await;
    let ana = site.sign_in("ana").await;
    let pat = site.generate(&ana, site.acme, "{}").await;
    let generating = (0..8).map(|_rival| site.generating(&ana, site.acme, "{}"));
    let rivals = generating.chain([site.rotating(&ana, &pat, "a", "{}")]);
    assert_eq!(
        outcomes(rivals).await,
        counts([("201", 2), ("409 token_limit_reached", 7)])
    );
    let target = format!("{}/rotate", pat.path());
    let again = site.post(&target).cookie(&ana).json("{}").outcome().await;
    assert_eq!(
        again, "409 already_rotated",
        "one of the two was the rotation"
    );
}

/// A site where many tokens fit, with one that is to be rotated.
async fn rotating_site() -> (Site, String, Pat) {
    let site = Site::with(super::backend().await, |parts| {
        parts.policy.pat_limit = 100;
    })
    .await;
    let ana = site.sign_in("ana").await;
    let pat = site.generate(&ana, site.acme, "{}").await;
    (site, ana, pat)
}

/// How many tokens work.
async fn living(site: &Site, cookie: &str) -> usize {
    let list = site.get(&pats_of(site.acme)).cookie(cookie).send().await;
    let list = list.json();
    let pats = list["data"].as_array().unwrap().iter();
    pats.filter(|pat| pat["status"] == "active").count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_who_prove_themselves_with_one_session_every_cookie_is_new() {
    let site = Site::on(super::backend().await).await;
    let ana = site.sign_in("ana").await;
    let rivals = (0..8).map(|_rival| site.signing_in("ana").cookie(&ana));
    assert_eq!(outcomes(rivals).await, counts([("201", 8)]));
    let old = site.get("/identity/v1/session").cookie(&ana);
    assert_eq!(old.outcome().await, "401 not_signed_in");
}
