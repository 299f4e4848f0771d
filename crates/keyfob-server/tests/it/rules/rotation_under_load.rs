//! Guarantee 10 under load: two nodes exchange while keys turn over, and an API that fetches the key list
//! as seldom as it may, and never for an unknown key, refuses no token that is valid.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use keyfob_core::key::{JWKS_MAX_AGE, Wanted};
use keyfob_core::time::Timestamp;
use keyfob_server::app::rotate::Rotation;
use keyfob_server::state::App;
use keyfob_verify::{Algorithm, Jwks, Verifier};

use crate::client::Ask;
use crate::site::{ISSUER, Pat, Site};

/// Exchanges at once in each step, over both nodes.
const AT_ONCE: usize = 6;
const STEP: Duration = Duration::from_mins(4);

async fn exchange(app: &Arc<App>, pat: &Pat) -> String {
    let form = format!("pat={}", pat.secret);
    let answer = Ask::new(app, "POST", "/auth/v2/token")
        .form(&form)
        .send()
        .await;
    assert_eq!(answer.outcome(), "200");
    answer.member("access_token")
}

/// An API that keeps the list for as long as it may.
struct Api {
    verifier: Verifier,
    fetched: Timestamp,
}

impl Api {
    async fn new(app: &Arc<App>, now: Timestamp) -> Self {
        Self {
            verifier: Verifier::new(ISSUER, ISSUER, jwks(app).await),
            fetched: now,
        }
    }

    async fn look(&mut self, app: &Arc<App>, now: Timestamp) {
        if now.since(self.fetched) >= JWKS_MAX_AGE {
            self.verifier.replace_keys(jwks(app).await);
            self.fetched = now;
        }
    }
}

async fn jwks(app: &Arc<App>) -> Jwks {
    let answer = Ask::new(app, "GET", "/.well-known/jwks.json").send().await;
    Jwks::parse(&answer.body).unwrap()
}

async fn turn(site: &Site, wanted: Wanted) {
    let root_key = site.app.root_key();
    let rotation = Rotation {
        store: &site.app.store,
        root_key: &root_key,
        entropy: &*site.app.entropy,
        now: site.world.now(),
    };
    rotation.turn(&[(Algorithm::Es256, wanted)]).await.unwrap();
}

#[tokio::test]
async fn t_20_no_valid_token_is_refused_and_none_signed_with_a_key_not_yet_published() {
    let site = Site::on(super::backend().await).await;
    let nodes = [Arc::clone(&site.app), site.another_node().await];
    let pat = site.pat("ana", site.acme).await;
    let mut api = Api::new(&nodes[0], site.world.now()).await;
    let mut living: Vec<(String, Timestamp)> = Vec::new();
    let mut kids = std::collections::BTreeSet::new();
    for step in 0..60 {
        site.advance(STEP);
        let now = site.world.now();
        if step % 5 == 0 {
            // While requests are under way.
            let rotation = turn(&site, Wanted::Rotated);
            let exchanges = (0..AT_ONCE).map(|each| exchange(&nodes[each % 2], &pat));
            let (tokens, ()) = tokio::join!(join_all(exchanges), rotation);
            living.extend(tokens.into_iter().map(|token| (token, now)));
        }
        let exchanges = (0..AT_ONCE).map(|each| exchange(&nodes[each % 2], &pat));
        let tokens = join_all(exchanges).await;
        living.extend(tokens.into_iter().map(|token| (token, now)));
        api.look(&nodes[step % 2], now).await;
        // Those that are not over yet: an hour each.
        living.retain(|(_token, made)| now.since(*made) < Duration::from_hours(1));
        for (token, made) in &living {
            let verified = api.verifier.verify(token, now.seconds());
            assert!(verified.is_ok(), "step {step}, made {made:?}: {verified:?}");
        }
        let header = |token: &str| jsonwebtoken::decode_header(token).unwrap().kid.unwrap();
        kids.extend(living.iter().map(|(token, _made)| header(token)));
        let last = &living.last().unwrap().0;
        let online = Ask::new(&nodes[step % 2], "GET", "/oauth/userinfo").bearer(last);
        assert_eq!(online.outcome().await, "200");
    }
    assert!(kids.len() > 10, "keys did turn over: {}", kids.len());
}

fn is_listed(list: &Jwks, token: &str) -> bool {
    let kid = jsonwebtoken::decode_header(token).unwrap().kid.unwrap();
    list.keys().any(|key| key.kid() == kid)
}

/// A token is taken online exactly when the key that signed it is listed.
async fn each_node_goes_by(nodes: &[Arc<App>; 2], list: &Jwks, token: &str) {
    let refused = "401 invalid_token";
    let wanted = if is_listed(list, token) {
        "200"
    } else {
        refused
    };
    for node in nodes {
        let asked = Ask::new(node, "GET", "/oauth/userinfo").bearer(token);
        assert_eq!(asked.outcome().await, wanted);
    }
}

#[tokio::test]
async fn t_20_in_an_emergency_under_load_every_older_token_is_refused_online_at_once() {
    let site = Site::on(super::backend().await).await;
    let nodes = [Arc::clone(&site.app), site.another_node().await];
    let pat = site.pat("ana", site.acme).await;
    for _round in 0..5 {
        site.advance(Duration::from_secs(1));
        let older = join_all((0..AT_ONCE).map(|each| exchange(&nodes[each % 2], &pat))).await;
        let racing = (0..AT_ONCE).map(|each| exchange(&nodes[each % 2], &pat));
        let (racing, ()) = tokio::join!(join_all(racing), turn(&site, Wanted::Replaced));
        let now_listed = jwks(&nodes[1]).await;
        for token in older.iter().chain(&racing) {
            each_node_goes_by(&nodes, &now_listed, token).await;
        }
        let is_listed = |token: &String| is_listed(&now_listed, token);
        assert!(!older.iter().any(is_listed), "whatever was signed before");
    }
}
