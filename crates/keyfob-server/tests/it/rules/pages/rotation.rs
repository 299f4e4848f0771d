//! Rotating on pages (P10), without script.

use std::time::Duration;

use crate::client::Answer;
use crate::reader::{Reader, form, secret};
use crate::site::{PASSWORD, Site};

/// The address of a page's first link to rotate a token.
fn link(page: &Answer) -> &str {
    let (before, _rest) = page.text().split_once("/rotate\" data-dialog").unwrap();
    let begin = before.rfind('"').unwrap() + 1;
    let end = before.len() + "/rotate".len();
    &page.text()[begin..end]
}

#[tokio::test]
async fn p10_rotating_asks_shows_the_new_token_once_and_leaves_the_old_one_its_overlap() {
    let site = Site::on(super::backend().await).await;
    let mut ana = Reader::signed_in(&site, "ana").await;
    let made = ana.generate(site.acme).await;
    let old = secret(&made).unwrap().to_owned();
    let asks = ana.get(link(&made)).await;
    assert!(asks.text().contains("Old token keeps working for"));
    let chosen = form(&asks, "/rotate").with("overlap", "3600");
    let rotated = ana.send(&chosen).await;
    assert_eq!(rotated.header("cache-control"), Some("no-store"));
    let new = secret(&rotated).unwrap().to_owned();
    assert!(
        rotated.text().contains("badge-warn"),
        "the old one is marked"
    );
    let status = async |token: &str| {
        let form = format!("pat={token}");
        site.exchanging("v2", &form).send().await.status
    };
    assert_eq!((status(&old).await, status(&new).await), (200, 200));
    // Reload: nothing is made or shown, and the token that was saved lives.
    let again = ana.send(&chosen).await;
    assert_eq!(secret(&again), None);
    assert!(again.text().contains("This form was used already"));
    assert_eq!(status(&new).await, 200);
    site.advance(Duration::from_hours(1));
    assert_eq!((status(&old).await, status(&new).await), (401, 200));
}

#[tokio::test]
async fn p10_not_at_all_ends_the_old_token_at_once() {
    let site = Site::on(super::backend().await).await;
    let mut ana = Reader::signed_in(&site, "ana").await;
    let made = ana.generate(site.acme).await;
    let old = secret(&made).unwrap().to_owned();
    let asks = ana.get(link(&made)).await;
    let rotated = ana.send(&form(&asks, "/rotate").with("overlap", "0")).await;
    let new = secret(&rotated).unwrap();
    let old = site.exchanging("v2", &format!("pat={old}"));
    let new = site.exchanging("v2", &format!("pat={new}"));
    assert_eq!(old.outcome().await, "401 invalid_grant");
    assert_eq!(new.outcome().await, "200");
    // What has ended is not rotated: its page leads back.
    let back = ana.get(link(&made)).await;
    assert_eq!(back.status, 303);
}

#[tokio::test]
async fn p13_rotating_after_15_minutes_asks_for_the_password() {
    let site = Site::on(super::backend().await).await;
    let mut ana = Reader::signed_in(&site, "ana").await;
    let made = ana.generate(site.acme).await;
    let asks = ana.get(link(&made)).await;
    site.advance(Duration::from_mins(16));
    let asked = ana.send(&form(&asks, "/rotate").with("overlap", "0")).await;
    assert_eq!(secret(&asked), None);
    assert!(asked.text().contains("Confirm and Rotate Token"));
    let right = form(&asked, "/rotate").with("password", PASSWORD);
    assert_eq!(right.value("overlap"), "0", "what was chosen is kept");
    assert!(secret(&ana.send(&right).await).is_some());
}

#[tokio::test]
async fn p10_nobody_but_its_holder_rotates_a_token_and_wrong_overlaps_are_refused() {
    let site = Site::on(super::backend().await).await;
    let mut ana = Reader::signed_in(&site, "ana").await;
    let made = ana.generate(site.acme).await;
    let mut cem = Reader::signed_in(&site, "cem").await;
    assert_eq!(cem.get(link(&made)).await.status, 404);
    let asks = ana.get(link(&made)).await;
    for wrong in ["", "soon", "-1", "99999999999"] {
        let form = form(&asks, "/rotate").with("overlap", wrong);
        let answer = ana.send(&form).await;
        assert_eq!((answer.status, secret(&answer)), (400, None), "{wrong}");
    }
}
