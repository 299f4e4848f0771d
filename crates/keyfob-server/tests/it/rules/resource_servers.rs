//! X10: every access token is for exactly one resource server, with its audience, lifetime and algorithm.

use keyfob_server::resource_server::{LIFETIME_UNINFORMED, ResourceServer};
use keyfob_verify::Algorithm;

use super::oauth_token::exchange;
use crate::site::{ISSUER, Site};

const BUILDS: &str = "https://builds.example.com";

/// A site with one more resource server.
async fn with_builds() -> Site {
    Site::with(super::backend().await, |parts| {
        let builds = ResourceServer {
            name: "builds".to_owned(),
            audience: Some(BUILDS.to_owned()),
            lifetime: LIFETIME_UNINFORMED,
            algorithm: Algorithm::EdDsa,
        };
        parts.resource_servers.put(builds).unwrap();
    })
    .await
}

#[tokio::test]
async fn x10_a_token_is_for_the_one_resource_server_that_was_asked_for() {
    let site = with_builds().await;
    let pat = site.pat("ana", site.acme).await;
    let builds = "https%3A%2F%2Fbuilds.example.com";
    for more in [
        "&audience=builds".to_owned(),
        format!("&audience={builds}"),
        format!("&resource={builds}"),
        format!("&resource={builds}&audience=builds"),
    ] {
        let answer = exchange(&site, &pat, &more).await;
        assert_eq!(answer.outcome(), "200", "{more}");
        assert_eq!(answer.json()["expires_in"], 300, "its own lifetime");
        let jwt = answer.member("access_token");
        let header = jsonwebtoken::decode_header(&jwt).unwrap();
        assert_eq!(
            header.alg,
            jsonwebtoken::Algorithm::EdDSA,
            "its own algorithm"
        );
        let claims = site.claims_for(&jwt, BUILDS).await;
        assert_eq!(claims["aud"], BUILDS);
        // Our own API takes the tokens made for it, and no others.
        let here = site.get("/oauth/userinfo").bearer(&jwt).outcome().await;
        assert_eq!(here, "401 invalid_token");
    }
    for more in [
        format!("&resource={ISSUER}"),
        "&audience=default".to_owned(),
    ] {
        let answer = exchange(&site, &pat, &more).await;
        let claims = site.claims(&answer.member("access_token")).await;
        assert_eq!(claims["aud"], ISSUER);
    }
    let form = format!("pat={}&audience=builds", pat.secret);
    let on_v2 = site.exchanging("v2", &form).send().await;
    let claims = site.claims_for(&on_v2.member("access_token"), BUILDS).await;
    assert_eq!(claims["aud"], BUILDS);
}

#[tokio::test]
async fn x10_an_unknown_resource_server_is_invalid_target_and_txe_05_a_resource_is_a_uri() {
    let site = with_builds().await;
    let pat = site.pat("ana", site.acme).await;
    for more in [
        "&audience=other",
        "&resource=https://other.example.com",
        "&resource=builds",
        "&resource=https://builds.example.com%23part",
        "&resource=https://builds.example.com/",
        "&audience=default&resource=https://builds.example.com",
    ] {
        let answer = exchange(&site, &pat, more).await;
        assert_eq!(answer.outcome(), "400 invalid_target", "{more}");
    }
    let form = format!("pat={}&audience=other", pat.secret);
    let on_v2 = site.exchanging("v2", &form).outcome().await;
    assert_eq!(on_v2, "400 invalid_request");
}
