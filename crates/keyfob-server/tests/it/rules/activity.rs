//! P14: what is written behind an exchange makes none of them wait or fail, and is not lost either.

use futures_util::FutureExt as _;
use keyfob_core::id::{OrgId, PatId};
use keyfob_store::pat::LastUse;
use keyfob_store::probe;
use serde_json::Value;

use super::outage::Away;
use crate::client::Ask;
use crate::site::{Pat, Site, pats_of};

/// Whether the list of tokens shows a last use and a refusal of a token.
async fn shown(site: &Site, cookie: &str, pat: &Pat) -> (bool, bool) {
    let list = site.get(&pats_of(pat.organization)).cookie(cookie);
    let list = list.send().await.json();
    let mut pats = list["data"].as_array().unwrap().iter();
    let found = pats.find(|each| each["id"] == pat.id).unwrap();
    let has = |member: &str| found.get(member).is_some_and(|value| *value != Value::Null);
    (has("lastUsed"), has("refusals"))
}

/// Uses a token well and badly.
async fn use_it(site: &Site, pat: &Pat) {
    assert_eq!(site.exchange(pat, site.acme).await.outcome(), "200");
    let refused = site.exchange(pat, site.globex).await.outcome();
    assert_eq!(refused, "403 access_denied");
}

#[tokio::test]
async fn p14_p16_an_exchange_waits_for_no_writer() {
    let site = Site::on(super::backend().await).await;
    let ana = site.sign_in("ana").await;
    let pat = site.generate(&ana, site.acme, "{}").await;
    // Nobody else can write, and so nothing of this can wait for a write.
    let turn = site.world.store.write().await.unwrap();
    use_it(&site, &pat).await;
    assert_eq!(shown(&site, &ana, &pat).await, (false, false));
    drop(turn);
    site.app.activity.flush(&site.app.store).await.unwrap();
    assert_eq!(shown(&site, &ana, &pat).await, (true, true));
}

#[tokio::test]
async fn p14_p16_what_was_noted_outlives_an_outage_of_the_store() {
    let site = Site::on(super::backend().await).await;
    let ana = site.sign_in("ana").await;
    let pat = site.generate(&ana, site.acme, "{}").await;
    let node = site.another_node().await;
    for (target, outcome) in [(site.acme, "200"), (site.globex, "403 access_denied")] {
        let form = format!("pat={}&subOrganization={target}", pat.secret);
        let ask = Ask::new(&node, "POST", "/auth/v2/token").form(&form);
        assert_eq!(ask.outcome().await, outcome);
    }
    let away = Away::take(&site.backend).await;
    for _attempt in 0..2 {
        assert!(node.activity.flush(&node.store).await.is_err());
    }
    away.give_back().await;
    assert_eq!(shown(&site, &ana, &pat).await, (false, false));
    node.activity.flush(&node.store).await.unwrap();
    assert_eq!(shown(&site, &ana, &pat).await, (true, true));
}

#[tokio::test]
async fn p14_p16_a_write_that_is_cut_off_loses_nothing() {
    let site = Site::on(super::backend().await).await;
    let ana = site.sign_in("ana").await;
    let pat = site.generate(&ana, site.acme, "{}").await;
    use_it(&site, &pat).await;
    let turn = site.world.store.write().await.unwrap();
    let cut_off = site.app.activity.flush(&site.app.store).now_or_never();
    assert!(cut_off.is_none(), "it waits for its turn");
    drop(turn);
    assert_eq!(shown(&site, &ana, &pat).await, (false, false));
    site.app.activity.flush(&site.app.store).await.unwrap();
    assert_eq!(shown(&site, &ana, &pat).await, (true, true));
}

#[tokio::test]
async fn p14_a_note_that_cannot_be_written_takes_no_other_with_it() {
    let site = Site::on(super::backend().await).await;
    let index = "CREATE UNIQUE INDEX no_client_twice ON pat_use (client)";
    let mut tx = probe::change_schema(&site.world.store).await.unwrap();
    probe::script(&mut tx, index).await.unwrap();
    tx.commit().await.unwrap();
    let ana = site.sign_in("ana").await;
    let mut pats = Vec::new();
    for _pat in 0..9 {
        pats.push(site.generate(&ana, site.acme, "{}").await);
    }
    for (place, pat) in pats.iter().enumerate() {
        // The sixth is not the first of its client.
        let client = if place == 5 { 2 } else { place };
        let last = LastUse {
            at: site.world.now(),
            address: None,
            client: Some(format!("client {client}")),
            organization: OrgId::from_uuid(site.acme.uuid()),
        };
        let id: PatId = pat.id.parse().unwrap();
        site.app.activity.used(id, last);
    }
    site.app.activity.flush(&site.app.store).await.unwrap();
    let mut lost = 0;
    for (place, pat) in pats.iter().enumerate() {
        let (is_shown, _refusal) = shown(&site, &ana, pat).await;
        assert!(is_shown || [2, 5].contains(&place), "{place}");
        lost += usize::from(!is_shown);
    }
    assert_eq!(lost, 1, "one of the two that exclude each other");
    // It was let go: the next write is not about it.
    site.app.activity.flush(&site.app.store).await.unwrap();
}
