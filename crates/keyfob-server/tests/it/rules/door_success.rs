//! X5, X8 and section 4: what a granted exchange answers, and what the access token says.

use std::time::Duration;

use serde_json::json;
use uuid::Uuid;

use crate::site::{ISSUER, Site, words};

/// A day in milliseconds.
const DAY: u64 = 86_400_000;

#[tokio::test]
async fn x5_the_answer_is_exact_in_status_headers_and_members() {
    let site = Site::on(super::backend().await).await;
    let pat = site.pat("ana", site.acme).await;
    for (door, form) in [
        ("v1", format!("pat={}", pat.secret)),
        ("v1", format!("personal-access-key={}", pat.secret)),
        ("v2", format!("pat={}", pat.secret)),
        ("v3", format!("personalAccessKey={}", pat.secret)),
    ] {
        let answer = site.exchanging(door, &form).send().await;
        assert_eq!(answer.status, 200, "{door}");
        insta::allow_duplicates! {
            insta::assert_snapshot!(answer.header_lines(), @r"
            cache-control: no-store
            content-security-policy: default-src 'none'; frame-ancestors 'none'
            content-type: application/json
            cross-origin-opener-policy: same-origin
            cross-origin-resource-policy: same-origin
            pragma: no-cache
            referrer-policy: no-referrer
            x-content-type-options: nosniff
            ");
        }
        let jwt = answer.member("access_token");
        let body = format!(
            r#"{{"access_token":"{jwt}","token_type":"Bearer","expires_in":3600,"scope":"openid profile email"}}"#
        );
        assert_eq!(answer.text(), body, "{door}");
    }
}

#[tokio::test]
async fn the_access_token_says_what_section_4_lists_and_no_more() {
    let site = Site::on(super::backend().await).await;
    let pat = site.pat("bo", site.mobile).await;
    site.advance(Duration::from_millis(90_500));
    let jwt = site.jwt(&pat, site.ios).await;
    let claims = site.claims(&jwt).await;
    let jti = Uuid::parse_str(claims["jti"].as_str().unwrap()).unwrap();
    assert_eq!(jti.get_version_num(), 7);
    assert_eq!(
        claims,
        json!({
            "iss": ISSUER,
            "sub": site.bo.to_string(),
            "aud": ISSUER,
            "exp": 1_800_003_690,
            "iat": 1_800_000_090,
            "jti": jti.to_string(),
            "client_id": "pat-exchange",
            "scope": "openid profile email",
            "currentOrganizationId": site.ios.to_string(),
            "rootOrganizationId": site.acme.to_string(),
            "pid": pat.id,
            "ep": {"user": 1, "tree": 1, "instance": 1},
            "entitlements": ["build:operate", "build:view"],
            "roles": ["operate-build"],
            "email": "bo@acme.example",
            "email_verified": false,
            "name": "bo",
            "auth_time": 1_800_000_000,
        })
    );
    let again = site.claims(&site.jwt(&pat, site.ios).await).await;
    assert_ne!(again["jti"], claims["jti"]);
}

#[tokio::test]
async fn x5_the_expiry_of_the_token_is_told_and_its_last_14_days_are_announced() {
    let site = Site::on(super::backend().await).await;
    let cookie = site.sign_in("ana").await;
    let pat = site
        .generate(&cookie, site.acme, r#"{"expiresInDays":15}"#)
        .await;
    let told = async || {
        let answer = site.exchange(&pat, site.acme).await;
        assert_eq!(answer.outcome(), "200");
        assert_eq!(
            answer.header("keyfob-token-expires"),
            Some("Sat, 30 Jan 2027 08:00:00 GMT")
        );
        answer.header("keyfob-token-notice").map(str::to_owned)
    };
    assert_eq!(told().await, None);
    site.advance(Duration::from_millis(DAY - 1));
    assert_eq!(told().await, None, "14 days and a millisecond before");
    site.advance(Duration::from_millis(1));
    assert_eq!(
        told().await.as_deref(),
        Some("expires-soon"),
        "14 days before"
    );
    site.advance(Duration::from_millis(14 * DAY - 1_000));
    assert_eq!(told().await.as_deref(), Some("expires-soon"));
}

#[tokio::test]
async fn x8_an_access_token_never_outlives_its_pat() {
    let site = Site::on(super::backend().await).await;
    let cookie = site.sign_in("ana").await;
    let body = r#"{"expiresDate":"2027-01-15T09:30:00.700Z"}"#;
    let pat = site.generate(&cookie, site.acme, body).await;
    let life = async || {
        let answer = site.exchange(&pat, site.acme).await;
        if answer.status != 200 {
            return answer.outcome();
        }
        let claims = site.claims(&answer.member("access_token")).await;
        let (exp, iat) = (
            claims["exp"].as_i64().unwrap(),
            claims["iat"].as_i64().unwrap(),
        );
        assert_eq!(answer.json()["expires_in"], exp - iat);
        assert!(exp <= 1_800_005_400, "{exp}");
        (exp - iat).to_string()
    };
    assert_eq!(life().await, "3600");
    site.advance(Duration::from_mins(30));
    assert_eq!(life().await, "3600", "it ends with the PAT");
    site.advance(Duration::from_mins(59));
    assert_eq!(life().await, "60");
    site.advance(Duration::from_millis(59_999));
    assert_eq!(life().await, "1");
    site.advance(Duration::from_millis(1));
    assert_eq!(life().await, "401 invalid_grant", "in its last second");
}

#[tokio::test]
async fn x8_granted_is_the_ceiling_and_what_is_held() {
    let site = Site::on(super::backend().await).await;
    let ana = site.sign_in("ana").await;
    let bo = site.sign_in("bo").await;
    let ceiling = r#"{"ceiling":["signing:manage","build:view"]}"#;
    let pat = site.generate(&ana, site.acme, ceiling).await;
    let claims = site.claims(&site.jwt(&pat, site.ios).await).await;
    assert_eq!(words(&claims["entitlements"]), "build:view signing:manage");
    assert_eq!(
        claims.get("roles"),
        None,
        "roles would say more than it may do"
    );
    let pat = site.generate(&bo, site.mobile, ceiling).await;
    assert_eq!(site.entitlements(&pat, site.mobile).await, "build:view");
    let pat = site
        .generate(&bo, site.mobile, r#"{"ceiling":["billing:manage"]}"#)
        .await;
    let claims = site.claims(&site.jwt(&pat, site.mobile).await).await;
    assert_eq!(claims["entitlements"], json!([]), "nothing is a set too");
}

#[tokio::test]
async fn x8_a_member_without_roles_gets_an_empty_set() {
    let site = Site::on(super::backend().await).await;
    let eve = site.person("eve").await;
    site.world.member(eve, site.web, &[]).await;
    let pat = site.pat("eve", site.web).await;
    let claims = site.claims(&site.jwt(&pat, site.web).await).await;
    assert_eq!(claims["entitlements"], json!([]));
    assert_eq!(claims["roles"], json!([]));
}

#[tokio::test]
async fn x8_an_access_token_is_no_exchanges_input() {
    let site = Site::on(super::backend().await).await;
    let pat = site.pat("ana", site.acme).await;
    let jwt = site.jwt(&pat, site.acme).await;
    for (door, field) in [("v1", "pat"), ("v2", "pat"), ("v3", "personalAccessKey")] {
        let form = format!("{field}={jwt}");
        assert_eq!(
            site.exchanging(door, &form).outcome().await,
            "401 invalid_grant"
        );
        let header = site.exchanging(door, "x=1").bearer(&pat.secret);
        assert_eq!(
            header.outcome().await,
            "400 invalid_request",
            "the secret has one place"
        );
    }
}
