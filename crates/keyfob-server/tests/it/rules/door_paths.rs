//! X2: which path is served as which, and that nothing is ever redirected.

use crate::site::Site;

#[tokio::test]
async fn x2_slashes_too_many_reach_every_door_and_the_wire_routes() {
    let site = Site::on(super::backend().await).await;
    let pat = site.pat("ana", site.acme).await;
    for target in [
        "/auth/v2/token",
        "//auth/v2/token",
        "///auth//v2///token",
        "/auth/v2/token/",
        "//auth/v1/token//",
    ] {
        let answer = site.post(target).form(&format!("pat={}", pat.secret));
        assert_eq!(answer.outcome().await, "200", "{target}");
    }
    let v3 = site.post("//auth/v3/token/");
    let v3 = v3.form(&format!("personalAccessKey={}", pat.secret));
    assert_eq!(v3.outcome().await, "200");
    let jwt = site.jwt(&pat, site.acme).await;
    for target in [
        "//auth/realms/any//protocol/openid-connect/userinfo/",
        "//identity/v1/organizations",
        "/identity/v1//organizations/",
    ] {
        let answer = site.get(target).bearer(&jwt).send().await;
        assert_eq!(answer.outcome(), "200", "{target}");
    }
}

#[tokio::test]
async fn x2_every_other_spelling_is_404_and_nothing_is_redirected() {
    let site = Site::on(super::backend().await).await;
    let pat = site.pat("ana", site.acme).await;
    for target in [
        "/auth/v10/token",
        "/auth/v4/token",
        "/auth/v2x/token",
        "/auth/token",
        "/auth/v2/token/more",
        "/auth/v2/./token",
        "/auth/v2/../v2/token",
        "/auth/v2/%2e%2E/v2/token",
        "/auth/v2%2Ftoken",
        "/auth%2fv2/token",
        "/auth/v2\\token",
        "/auth/v2%5Ctoken",
        "/Auth/v2/token",
        "/auth/v2/Token",
        "/auth/v2//",
        "//auth//v10/token",
    ] {
        let answer = site.post(target).form(&format!("pat={}", pat.secret));
        let answer = answer.send().await;
        assert_eq!(answer.outcome(), "404 not_found", "{target}");
        assert_eq!(answer.header("location"), None, "{target}");
    }
    let jwt = site.jwt(&pat, site.acme).await;
    for target in [
        "//oauth/userinfo",
        "/oauth//userinfo",
        "/oauth/userinfo/",
        "//.well-known/jwks.json",
        "/.well-known/jwks.json/",
        "/.well-known/openid-configuration/",
        "//healthz",
        "//",
    ] {
        let answer = site.get(target).bearer(&jwt).send().await;
        assert_eq!(answer.outcome(), "404 not_found", "{target}");
        assert_eq!(answer.header("location"), None, "{target}");
    }
}

#[tokio::test]
async fn x2_json_is_answered_whatever_is_accepted() {
    let site = Site::on(super::backend().await).await;
    let pat = site.pat("ana", site.acme).await;
    let ask = || site.exchanging("v1", &format!("pat={}", pat.secret));
    let plain = ask().send().await;
    assert_eq!(plain.header("content-type"), Some("application/json"));
    for accept in ["*/*", "text/html", "application/xml;q=0.9", "nonsense", ""] {
        let answer = ask().header("accept", accept).send().await;
        assert_eq!(answer.outcome(), "200", "{accept}");
        assert_eq!(answer.header("content-type"), Some("application/json"));
    }
    let refused = site.exchanging("v1", "pat=x").header("accept", "text/html");
    assert_eq!(refused.outcome().await, "401 invalid_grant");
}
