//! What went wrong in comparable systems, tried here. The numbers are those of `docs/security-rules.md`,
//! which names the tests of the other failures too.

use std::time::Duration;

use crate::client::Ask;
use crate::site::{Site, pats_of, words};

const EXCHANGE: &str = "grant_type=urn:ietf:params:oauth:grant-type:token-exchange\
                        &subject_token_type=urn:keyfob:token-type:pat&subject_token=";
const USERINFO: &str = "/oauth/userinfo";

/// The secret at every door there is.
fn at_every_door(site: &Site, secret: &str) -> [Ask; 4] {
    [
        site.exchanging("v1", &format!("pat={secret}")),
        site.exchanging("v2", &format!("pat={secret}")),
        site.exchanging("v3", &format!("personalAccessKey={secret}")),
        site.post("/oauth/token")
            .form(&format!("{EXCHANGE}{secret}")),
    ]
}

#[tokio::test]
async fn e_01_a_credential_of_any_wrong_length_fails_and_falls_through_to_nothing() {
    let site = Site::on(super::backend().await).await;
    let good = site.pat("ana", site.acme).await.secret;
    for length in [
        0, 1, 43, 45, 100, 4_000, 4_001, 8_000, 9_000, 100_000, 1_000_000,
    ] {
        let mut secret = good.repeat(length / good.len() + 1);
        secret.truncate(length);
        for ask in at_every_door(&site, &secret) {
            let status = ask.send().await.status;
            assert!(matches!(status, 400 | 401 | 413), "{length}: {status}");
        }
        // A header may be as long as the listener lets it; in process there is no listener.
        let bearer = site.get(USERINFO).bearer(&secret).send().await.status;
        assert!(matches!(bearer, 400 | 401), "{length}: {bearer}");
    }
}

#[tokio::test]
async fn e_04_each_kind_of_credential_is_taken_at_its_own_places_only() {
    let site = Site::on(super::backend().await).await;
    let cookie = site.sign_in("ana").await;
    let pat = site.generate(&cookie, site.acme, "{}").await;
    let jwt = site.jwt(&pat, site.acme).await;
    let (name, value) = cookie.split_once('=').unwrap();
    for (kind, secret) in [("access token", jwt.as_str()), ("cookie", value)] {
        for ask in at_every_door(&site, secret) {
            let status = ask.send().await.status;
            assert!(matches!(status, 400 | 401), "a {kind} as a PAT: {status}");
        }
    }
    for (kind, secret) in [("PAT", pat.secret.as_str()), ("cookie", value)] {
        let as_bearer = site.get(USERINFO).bearer(secret).outcome().await;
        assert_eq!(
            as_bearer, "401 invalid_token",
            "a {kind} as an access token"
        );
        let listed = site.get("/identity/v1/organizations").bearer(secret);
        assert_eq!(
            listed.outcome().await,
            "401 invalid_token",
            "a {kind} at the API"
        );
    }
    for (kind, secret) in [("PAT", pat.secret.as_str()), ("access token", jwt.as_str())] {
        let as_cookie = format!("{name}={secret}");
        let session = site.get("/identity/v1/session").cookie(&as_cookie);
        assert_eq!(
            session.outcome().await,
            "401 not_signed_in",
            "a {kind} as a session"
        );
    }
}

#[tokio::test]
async fn e_07_a_suspended_user_gets_nothing_by_any_path() {
    let site = Site::on(super::backend().await).await;
    let cookie = site.sign_in("bo").await;
    let pat = site.generate(&cookie, site.mobile, "{}").await;
    let jwt = site.jwt(&pat, site.mobile).await;
    assert!(site.world.suspend_user(site.bo).await);
    for ask in at_every_door(&site, &pat.secret) {
        let status = ask.send().await.status;
        assert!(matches!(status, 400 | 401), "{status}");
    }
    assert_eq!(
        site.get(USERINFO).bearer(&jwt).outcome().await,
        "401 invalid_token"
    );
    let session = site.get("/identity/v1/session").cookie(&cookie);
    assert_eq!(session.outcome().await, "401 not_signed_in");
    assert_eq!(
        site.signing_in("bo").outcome().await,
        "401 invalid_credentials"
    );
}

#[tokio::test]
async fn e_20_members_of_a_body_that_name_a_target_never_change_a_decision() {
    let site = Site::on(super::backend().await).await;
    let cookie = site.sign_in("bo").await;
    for member in [
        "target",
        "organizationId",
        "orgId",
        "role",
        "roles",
        "userId",
        "user",
        "owner",
        "id",
    ] {
        let body = format!(r#"{{"{member}":"{}"}}"#, site.ana);
        let answer = site.generating(&cookie, site.mobile, &body);
        assert_eq!(answer.outcome().await, "422 unprocessable", "{member}");
    }
    let pat = site.generate(&cookie, site.mobile, "{}").await;
    let plain = site.claims(&site.jwt(&pat, site.mobile).await).await;
    let more = format!(
        "&sub={0}&user_id={0}&userId={0}&roles=owner&role=owner&entitlements=build:manage&client_id=admin\
         &organization={1}&org={1}&currentOrganizationId={1}&pid=x&exp=9999999999",
        site.ana, site.acme
    );
    let form = format!("pat={}&subOrganization={}{more}", pat.secret, site.mobile);
    let answer = site.exchanging("v2", &form).send().await;
    let mut claims = site.claims(&answer.member("access_token")).await;
    claims["jti"] = plain["jti"].clone();
    assert_eq!(claims, plain);
}

#[tokio::test]
async fn e_15_a_header_that_names_an_organization_or_a_person_says_nothing() {
    let site = Site::on(super::backend().await).await;
    let pat = site.pat("bo", site.mobile).await;
    let jwt = site.jwt(&pat, site.mobile).await;
    let acme = site.acme.to_string();
    let mut ask = site.get("/identity/v1/organizations").bearer(&jwt);
    for name in [
        "x-org-id",
        "x-organization-id",
        "x-zitadel-orgid",
        "x-auth-organization",
        "x-auth-user",
    ] {
        ask = ask.header(name, &acme);
    }
    let listed = ask.send().await.json();
    let ids: Vec<&str> = listed["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|organization| organization["id"].as_str().unwrap())
        .collect();
    assert_eq!(ids, [site.mobile.to_string(), site.ios.to_string()]);
}

#[tokio::test]
async fn e_27_another_text_of_a_dead_access_token_is_dead_too() {
    let site = Site::on(super::backend().await).await;
    let cookie = site.sign_in("ana").await;
    let pat = site.generate(&cookie, site.acme, "{}").await;
    let jwt = site.jwt(&pat, site.acme).await;
    assert_eq!(site.revoking(&pat).cookie(&cookie).outcome().await, "204");
    let (unsigned, signature) = jwt.rsplit_once('.').unwrap();
    let mut bytes = data_encoding::BASE64URL_NOPAD
        .decode(signature.as_bytes())
        .unwrap();
    // The other valid signature of the same text: (r, n - s), which a list of dead texts would not hold.
    negate(&mut bytes[32..]);
    let twin = data_encoding::BASE64URL_NOPAD.encode(&bytes);
    for text in [
        jwt.clone(),
        format!("{jwt}="),
        format!("{jwt}."),
        format!("{unsigned}.{twin}"),
    ] {
        let outcome = site.get(USERINFO).bearer(&text).outcome().await;
        assert_eq!(outcome, "401 invalid_token", "{text}");
    }
}

/// n − s for the order of P-256 (FIPS 186-5), big-endian.
fn negate(s: &mut [u8]) {
    const ORDER: &str = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";
    let order = data_encoding::HEXLOWER.decode(ORDER.as_bytes()).unwrap();
    let mut borrow = 0;
    for (place, limb) in s.iter_mut().enumerate().rev() {
        let difference = i32::from(order[place]) - i32::from(*limb) - borrow;
        borrow = i32::from(difference < 0);
        *limb = u8::try_from(difference.rem_euclid(256)).unwrap();
    }
}

#[tokio::test]
async fn e_28_using_an_access_token_changes_nothing_about_it() {
    let site = Site::on(super::backend().await).await;
    let pat = site.pat("ana", site.acme).await;
    let jwt = site.jwt(&pat, site.acme).await;
    for _minute in 0..59 {
        site.advance(Duration::from_mins(1));
        assert_eq!(site.get(USERINFO).bearer(&jwt).outcome().await, "200");
    }
    site.advance(Duration::from_mins(1));
    assert_eq!(
        site.get(USERINFO).bearer(&jwt).outcome().await,
        "401 invalid_token"
    );
}

#[tokio::test]
async fn e_31_two_people_in_turn_never_get_one_anothers_permissions() {
    let site = Site::on(super::backend().await).await;
    let (ana, bo) = (
        site.pat("ana", site.acme).await,
        site.pat("bo", site.mobile).await,
    );
    for _turn in 0..5 {
        let hers = site.entitlements(&ana, site.mobile).await;
        let his = site.entitlements(&bo, site.mobile).await;
        assert!(hers.contains("organization:manage"));
        assert_eq!(his, "build:operate build:view");
        let anas = site
            .get(USERINFO)
            .bearer(&site.jwt(&ana, site.mobile).await);
        assert_eq!(anas.send().await.json()["sub"], site.ana.to_string());
    }
}

#[tokio::test]
async fn e_34_a_token_of_another_organization_is_404_on_every_verb() {
    let site = Site::on(super::backend().await).await;
    let theirs = site.pat("dee", site.globex).await;
    let ana = site.sign_in("ana").await;
    let mine = site.pat("ana", site.acme).await;
    let jwt = site.jwt(&mine, site.acme).await;
    for organization in [site.acme, site.globex] {
        let path = format!("{}/{}", pats_of(organization), theirs.id);
        let by_session = site.delete(&path).cookie(&ana).outcome().await;
        assert_eq!(by_session, "404 not_found");
        assert_eq!(
            site.delete(&path).bearer(&jwt).outcome().await,
            "404 not_found"
        );
    }
    assert_eq!(site.exchange(&theirs, site.globex).await.outcome(), "200");
}

#[tokio::test]
async fn e_45_a_pat_is_taken_at_the_exchange_only_in_whatever_place_it_stands() {
    let site = Site::on(super::backend().await).await;
    let pat = site.pat("ana", site.acme).await;
    let path = pats_of(site.acme);
    let asks = || {
        [
            site.get(&path).bearer(&pat.secret),
            site.get(&path).header("authorization", &pat.secret),
            site.get(&path).header("private-token", &pat.secret),
            site.get(&path).header("x-api-key", &pat.secret),
            site.get(&path)
                .cookie(&format!("keyfob_session={}", pat.secret)),
            site.get(&format!("{path}?pat={}", pat.secret)),
            site.get(&format!("{path}?private_token={}", pat.secret)),
        ]
    };
    for ask in asks() {
        let answer = ask.send().await;
        assert_eq!(answer.status, 401);
        assert!(!answer.text().contains(&pat.secret), "and nowhere repeated");
    }
    let in_query = site.get(&format!("{path}?access_token={}", pat.secret));
    assert_eq!(in_query.outcome().await, "400 invalid_request", "BRR-03");
}

#[tokio::test]
async fn e_48_no_answer_holds_a_private_key() {
    let site = Site::on(super::backend().await).await;
    let cookie = site.sign_in("ana").await;
    for target in [
        "/.well-known/jwks.json",
        "/identity/v1/organizations",
        "/",
        "/errors",
    ] {
        let answer = site.get(target).cookie(&cookie).send().await;
        for private in ["\"d\"", "\"p\"", "\"q\"", "\"k\"", "sealed", "PRIVATE KEY"] {
            assert!(!answer.text().contains(private), "{target} {private}");
        }
    }
    assert_eq!(
        site.get("/identity/v1/keys")
            .cookie(&cookie)
            .outcome()
            .await,
        "404 not_found"
    );
}

#[tokio::test]
async fn e_25_a_restriction_that_nobody_knows_is_an_error_and_never_everything() {
    let site = Site::on(super::backend().await).await;
    let cookie = site.sign_in("ana").await;
    for body in [
        r#"{"ceiling":[]}"#,
        r#"{"ceiling":["nothing:view"]}"#,
        r#"{"ceiling":["build:view","Build:View"]}"#,
        r#"{"reach":[]}"#,
        r#"{"networks":[]}"#,
        r#"{"networks":["everywhere"]}"#,
        r#"{"scopes":["build:view"]}"#,
    ] {
        let status = site
            .generating(&cookie, site.acme, body)
            .send()
            .await
            .status;
        assert!(matches!(status, 400 | 422), "{body}: {status}");
    }
    let listed = site.get(&pats_of(site.acme)).cookie(&cookie).send().await;
    assert_eq!(listed.json()["data"].as_array().unwrap().len(), 0);
    let pat = site
        .generate(&cookie, site.acme, r#"{"ceiling":["build:view"]}"#)
        .await;
    let claims = site.claims(&site.jwt(&pat, site.acme).await).await;
    assert_eq!(words(&claims["entitlements"]), "build:view");
}
