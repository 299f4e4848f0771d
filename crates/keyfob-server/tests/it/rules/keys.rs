//! Guarantee 10: keys turn over without a valid token refused; in an emergency the old ones are refused
//! at once; what seals them can be replaced.

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use keyfob_core::key::{ANNOUNCED, OUTLIVED, Wanted};
use keyfob_server::app::rotate::{Rotation, Turned};
use keyfob_server::resource_server::{DEFAULT, ResourceServer};
use keyfob_server::seal::RootKey;
use keyfob_server::state::App;
use keyfob_store::event::feed_after;
use keyfob_store::key::{KeyRecord, key_list};
use keyfob_verify::Algorithm;
use serde_json::Value;

use crate::client::Ask;
use crate::site::{Pat, Site};

const JWKS: &str = "/.well-known/jwks.json";
const ALL: [Algorithm; 3] = [Algorithm::Es256, Algorithm::Rs256, Algorithm::EdDsa];

async fn turn(site: &Site, wanted: Wanted) -> Vec<Turned> {
    let in_use = site.app.resource_servers.algorithms();
    let wanted: Vec<_> = in_use.into_iter().map(|each| (each, wanted)).collect();
    rotation(site, &site.app.root_key())
        .turn(&wanted)
        .await
        .unwrap()
}

/// What the server does on its own every hour.
async fn keep(site: &Site) -> Vec<Turned> {
    let in_use = site.app.resource_servers.algorithms();
    let after = site.app.policy.key_rotation;
    rotation(site, &site.app.root_key())
        .keep(&in_use, after)
        .await
        .unwrap()
}

fn rotation<'a>(site: &'a Site, root_key: &'a RootKey) -> Rotation<'a> {
    Rotation {
        store: &site.app.store,
        root_key,
        entropy: &*site.app.entropy,
        now: site.world.now(),
    }
}

async fn records(site: &Site) -> Vec<KeyRecord> {
    let mut tx = site.app.store.read_single().await.unwrap();
    key_list(&mut tx).await.unwrap()
}

async fn listed(app: &Arc<App>) -> Vec<String> {
    let answer = Ask::new(app, "GET", JWKS).send().await.json();
    let keys = answer["keys"].as_array().unwrap().iter();
    let mut kids: Vec<String> = keys
        .map(|key| key["kid"].as_str().unwrap().to_owned())
        .collect();
    kids.sort();
    kids
}

fn just_short_of(time: Duration) -> Duration {
    time.saturating_sub(Duration::from_millis(1))
}

fn kid(jwt: &str) -> String {
    jsonwebtoken::decode_header(jwt).unwrap().kid.unwrap()
}

async fn with_jwt(site: &Site, jwt: &str) -> String {
    site.get("/oauth/userinfo").bearer(jwt).outcome().await
}

/// A site whose own API has tokens of one algorithm.
async fn signing_with(algorithm: Algorithm) -> Site {
    Site::with(super::backend().await, |parts| {
        let default = ResourceServer {
            name: DEFAULT.to_owned(),
            audience: None,
            lifetime: Duration::from_hours(1),
            algorithm,
        };
        parts.resource_servers.put(default).unwrap();
    })
    .await
}

#[tokio::test]
async fn jwt_01_tokens_of_each_algorithm_are_read_by_another_library_and_taken_by_our_api() {
    for algorithm in ALL {
        let site = signing_with(algorithm).await;
        let pat = site.pat("ana", site.acme).await;
        let jwt = site.jwt(&pat, site.acme).await;
        let header = jsonwebtoken::decode_header(&jwt).unwrap();
        assert_eq!(
            format!("{:?}", header.alg).to_uppercase(),
            algorithm.name().to_uppercase()
        );
        assert_eq!(site.claims(&jwt).await["pid"], pat.id);
        assert_eq!(with_jwt(&site, &jwt).await, "200");
        let answer = site.get(JWKS).send().await.json();
        let keys: &Vec<Value> = answer["keys"].as_array().unwrap();
        assert_eq!(keys.len(), 1, "only algorithms in use are listed");
        assert_eq!(keys[0]["alg"], algorithm.name());
        for private in ["d", "p", "q", "dp", "dq", "qi", "k", "oth"] {
            assert_eq!(keys[0].get(private), None);
        }
        let openid = site
            .get("/.well-known/openid-configuration")
            .send()
            .await
            .json();
        assert_eq!(
            openid["id_token_signing_alg_values_supported"][0],
            algorithm.name()
        );
    }
}

#[tokio::test]
async fn jwt_01_an_rs256_key_has_3072_bits() {
    let site = signing_with(Algorithm::Rs256).await;
    let keys = site.get(JWKS).send().await.json();
    let n = keys["keys"][0]["n"].as_str().unwrap();
    let n = data_encoding::BASE64URL_NOPAD.decode(n.as_bytes()).unwrap();
    assert_eq!((n.len(), n[0] >> 7), (384, 1));
}

#[tokio::test]
async fn t_20_in_a_normal_rotation_no_valid_token_is_refused_and_none_is_signed_with_an_unlisted_key()
 {
    let site = Site::on(super::backend().await).await;
    let pat = site.pat("ana", site.acme).await;
    let old = site.jwt(&pat, site.acme).await;
    let turned = turn(&site, Wanted::Rotated).await;
    let (next, from) = turned[0].made.unwrap();
    assert_eq!(from, site.world.now().plus(ANNOUNCED));
    assert_eq!(listed(&site.app).await.len(), 2, "listed before it signs");
    site.advance(just_short_of(ANNOUNCED));
    let still = site.jwt(&pat, site.acme).await;
    assert_eq!(kid(&still), kid(&old));
    site.advance(Duration::from_millis(1));
    let new = site.jwt(&pat, site.acme).await;
    assert_eq!(kid(&new), next.to_string());
    for jwt in [&old, &still, &new] {
        assert_eq!(with_jwt(&site, jwt).await, "200");
        site.claims(jwt).await;
    }
    // To the end of what the old key can have signed, it is listed; then no more, and its secret is gone.
    site.advance(just_short_of(OUTLIVED));
    assert!(listed(&site.app).await.contains(&kid(&old)));
    site.advance(Duration::from_millis(1));
    assert_eq!(listed(&site.app).await, [next.to_string()]);
    keep(&site).await;
    let records = records(&site).await;
    let retired = records
        .iter()
        .find(|key| key.id.to_string() == kid(&old))
        .unwrap();
    assert!(retired.is_forgotten() && retired.public_key.is_some());
    assert_eq!(
        with_jwt(&site, &site.jwt(&pat, site.acme).await).await,
        "200"
    );
}

#[tokio::test]
async fn by_policy_a_key_is_followed_by_another_before_it_is_old() {
    let site = Site::on(super::backend().await).await;
    let pat = site.pat("ana", site.acme).await;
    let first = kid(&site.jwt(&pat, site.acme).await);
    let days = |days: u64| Duration::from_hours(24 * days);
    site.advance(days(89));
    assert_eq!(keep(&site).await, []);
    site.advance(days(1).saturating_sub(ANNOUNCED));
    assert_eq!(keep(&site).await.len(), 1);
    assert_eq!(keep(&site).await, [], "once");
    site.advance(ANNOUNCED);
    let second = kid(&site.jwt(&pat, site.acme).await);
    assert_ne!(first, second);
}

#[tokio::test]
async fn t_20_in_an_emergency_what_the_old_key_signed_is_refused_at_once_on_every_node() {
    let site = Site::on(super::backend().await).await;
    let node = site.another_node().await;
    let pat = site.pat("ana", site.acme).await;
    let old = site.jwt(&pat, site.acme).await;
    let on_node = |jwt: &str| Ask::new(&node, "GET", "/oauth/userinfo").bearer(jwt);
    assert_eq!(on_node(&old).outcome().await, "200");
    let before = feed(&site).await;
    let turned = turn(&site, Wanted::Replaced).await;
    assert_eq!(turned[0].dropped.len(), 1);
    assert_eq!(with_jwt(&site, &old).await, "401 invalid_token");
    assert_eq!(on_node(&old).outcome().await, "401 invalid_token");
    let new = site.jwt(&pat, site.acme).await;
    assert_eq!(on_node(&new).outcome().await, "200");
    for app in [&site.app, &node] {
        assert_eq!(listed(app).await, [kid(&new)], "out of the JWKS at once");
    }
    let told = feed(&site).await.split_off(before.len());
    assert_eq!(told, [format!("Key(KeyId({}))", kid(&old))]);
    let records = records(&site).await;
    let dropped = records
        .iter()
        .find(|key| key.id.to_string() == kid(&old))
        .unwrap();
    assert!(dropped.is_forgotten(), "it cannot sign again");
}

async fn feed(site: &Site) -> Vec<String> {
    let mut tx = site.app.store.read_single().await.unwrap();
    let items = feed_after(&mut tx, 0, 1_000).await.unwrap();
    items
        .into_iter()
        .map(|(_seq, item)| format!("{item:?}"))
        .collect()
}

#[tokio::test]
async fn an_algorithm_that_comes_into_use_gets_its_key_and_one_that_leaves_is_given_an_end() {
    let site = Site::on(super::backend().await).await;
    let root_key = site.app.root_key();
    let rotation = rotation(&site, &root_key);
    let first = listed(&site.app).await;
    let turned = rotation.keep(&[Algorithm::EdDsa], None).await.unwrap();
    let names: Vec<_> = turned
        .iter()
        .map(|turned| turned.algorithm.name())
        .collect();
    assert_eq!(names, ["ES256", "EdDSA"]);
    assert_eq!(
        turned[0].retired,
        [(turned[0].retired[0].0, site.world.now().plus(OUTLIVED))]
    );
    assert_eq!(
        listed(&site.app).await.len(),
        2,
        "what was signed is still believed"
    );
    site.advance(OUTLIVED);
    let (made, _from) = turned[1].made.unwrap();
    assert_eq!(listed(&site.app).await, [made.to_string()]);
    assert_ne!(first, [made.to_string()]);
}

#[tokio::test]
async fn p12_after_a_change_of_pepper_old_tokens_work_and_the_old_one_stays_until_the_last_is_over()
{
    let site = Site::on(super::backend().await).await;
    let ana = site.sign_in("ana").await;
    let old = site.generate(&ana, site.acme, "{}").await;
    let root_key = site.app.root_key();
    let first = pepper_ids(&site).await;
    site.advance(Duration::from_millis(1));
    let second = rotation(&site, &root_key).turn_pepper().await.unwrap();
    let new = site.generate(&ana, site.acme, "{}").await;
    let works = async |pat: &Pat| site.exchange(pat, site.acme).await.outcome();
    assert_eq!(
        (works(&old).await, works(&new).await),
        ("200".to_owned(), "200".to_owned())
    );
    keep(&site).await;
    assert_eq!(pepper_ids(&site).await.len(), 2, "still needed");
    assert_eq!(site.revoking(&old).cookie(&ana).outcome().await, "204");
    keep(&site).await;
    let kept = pepper_ids(&site).await;
    assert_eq!(kept, [second.to_string()]);
    assert_ne!(kept, first);
    assert_eq!(works(&new).await, "200");
    assert_eq!(works(&old).await, "401 invalid_grant");
}

/// Ids of the peppers that are kept.
async fn pepper_ids(site: &Site) -> Vec<String> {
    let records = records(site).await.into_iter();
    let kept = records.filter(|record| record.purpose == "pepper" && !record.is_forgotten());
    kept.map(|record| record.id.to_string()).collect()
}

#[tokio::test]
async fn p12_another_root_key_seals_everything_anew_and_a_running_server_goes_on_with_it() {
    let site = Site::on(super::backend().await).await;
    let pat = site.pat("ana", site.acme).await;
    let jwt = site.jwt(&pat, site.acme).await;
    let before: Vec<_> = records(&site)
        .await
        .into_iter()
        .map(|key| key.sealed)
        .collect();
    let place = site.root_key();
    let new_place = place.with_extension("new");
    let new = RootKey::load_or_make(&new_place, &*site.app.entropy).unwrap();
    let root_key = site.app.root_key();
    rotation(&site, &root_key).rewrap(&new).await.unwrap();
    let after: Vec<_> = records(&site)
        .await
        .into_iter()
        .map(|key| key.sealed)
        .collect();
    assert!(before.iter().all(|sealed| !after.contains(sealed)));
    // Between the two steps of the operator nothing can be decided.
    let meanwhile = site.exchange(&pat, site.acme).await;
    assert_eq!(meanwhile.outcome(), "503 temporarily_unavailable");
    assert_eq!(with_jwt(&site, &jwt).await, "503 temporarily_unavailable");
    fs::rename(&new_place, &place).unwrap();
    assert_eq!(site.exchange(&pat, site.acme).await.outcome(), "200");
    assert_eq!(
        with_jwt(&site, &jwt).await,
        "200",
        "the signing key is the same"
    );
    site.another_node().await;
}

#[tokio::test]
async fn while_the_store_is_away_keys_are_served_for_two_minutes_at_most() {
    let site = Site::on(super::backend().await).await;
    assert_eq!(site.get(JWKS).outcome().await, "200");
    site.app.store.clone().close().await;
    site.advance(Duration::from_mins(2));
    assert_eq!(site.get(JWKS).outcome().await, "200");
    site.advance(Duration::from_millis(1));
    assert_eq!(
        site.get(JWKS).outcome().await,
        "503 temporarily_unavailable"
    );
}
