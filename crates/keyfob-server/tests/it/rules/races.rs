//! Rivals over HTTP: exactly as many win as may.

use std::collections::BTreeMap;

use tokio::task::JoinSet;

use crate::client::Ask;
use crate::site::{Site, pats_of};

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
async fn of_many_who_prove_themselves_with_one_session_every_cookie_is_new() {
    let site = Site::on(super::backend().await).await;
    let ana = site.sign_in("ana").await;
    let rivals = (0..8).map(|_rival| site.signing_in("ana").cookie(&ana));
    assert_eq!(outcomes(rivals).await, counts([("201", 8)]));
    let old = site.get("/identity/v1/session").cookie(&ana);
    assert_eq!(old.outcome().await, "401 not_signed_in");
}
