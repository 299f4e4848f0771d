//! `trusted_proxies`: whose address a request counts as.

use keyfob_server::proxies::TrustedProxies;

use crate::client::Ask;
use crate::site::{Pat, Site, pats_of};

/// A site behind proxies in 10.0.0.0/8.
async fn site() -> Site {
    let with = |parts: &mut keyfob_server::state::Parts| {
        parts.proxies = TrustedProxies::parse(["10.0.0.0/8"]).unwrap();
    };
    Site::with(super::backend().await, with).await
}

async fn bounded(site: &Site) -> Pat {
    let ana = site.sign_in("ana").await;
    let choices = r#"{"networks":["203.0.113.0/24"]}"#;
    site.generate(&ana, site.acme, choices).await
}

fn exchange(site: &Site, pat: &Pat, peer: &str, forwarded: &[&str]) -> Ask {
    let form = format!("pat={}", pat.secret);
    let ask = site.ask("POST", "/auth/v2/token").form(&form).from(peer);
    let with = |ask: Ask, line: &&str| ask.header("x-forwarded-for", line);
    forwarded.iter().fold(ask, with)
}

#[tokio::test]
async fn e_50_the_networks_of_a_pat_are_asked_of_the_client_that_the_proxies_saw() {
    let site = site().await;
    let pat = bounded(&site).await;
    let refused = "401 invalid_grant";
    for (peer, forwarded, wanted) in [
        ("203.0.113.9", &[][..], "200"),
        ("10.0.0.1", &["203.0.113.9"], "200"),
        ("10.0.0.1", &["198.51.100.1, 203.0.113.9, 10.0.0.2"], "200"),
        ("10.0.0.1", &["198.51.100.1", "203.0.113.9"], "200"),
        ("10.0.0.1", &[], refused),
        // What a client wrote itself stands left of what a proxy saw.
        ("10.0.0.1", &["203.0.113.9, 198.51.100.1"], refused),
        ("10.0.0.1", &["203.0.113.9", "198.51.100.1"], refused),
        ("10.0.0.1", &["203.0.113.9, nonsense, 10.0.0.2"], refused),
        // And nobody else is believed.
        ("198.51.100.1", &["203.0.113.9"], refused),
        ("127.0.0.1", &["203.0.113.9"], refused),
    ] {
        let outcome = exchange(&site, &pat, peer, forwarded).outcome().await;
        assert_eq!(outcome, wanted, "{peer} {forwarded:?}");
    }
    // The other header (RFC 7239) is not read.
    let other = exchange(&site, &pat, "10.0.0.1", &[]).header("forwarded", "for=203.0.113.9");
    assert_eq!(other.outcome().await, refused);
}

#[tokio::test]
async fn e_50_last_use_and_sessions_show_the_clients_address() {
    let site = site().await;
    let pat = bounded(&site).await;
    let used = exchange(&site, &pat, "10.0.0.1", &["1.1.1.1, 203.0.113.9"]);
    assert_eq!(used.outcome().await, "200");
    site.app.activity.flush(&site.app.store).await.unwrap();
    let signing_in = site.signing_in("ana").from("10.0.0.1");
    let signing_in = signing_in.header("x-forwarded-for", "1.1.1.1, 203.0.113.7");
    let ana = signing_in.send().await.cookie();
    let listed = site.get(&pats_of(site.acme)).cookie(&ana).send().await;
    let last = &listed.json()["data"][0]["lastUsed"];
    assert_eq!(last["address"], "203.0.113.9", "{last}");
    let sessions = site.get("/identity/v1/sessions").cookie(&ana).send().await;
    let sessions = sessions.json();
    let mut all = sessions["data"].as_array().unwrap().iter();
    let current = all.find(|session| session["current"] == true).unwrap();
    assert_eq!(current["address"], "203.0.113.7", "{current}");
}
