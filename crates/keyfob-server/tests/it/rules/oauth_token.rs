//! `POST /oauth/token`: the exchange by RFC 8693 (X3, X7, X10; security rules TOK and TXE).

use std::time::Duration;

use serde_json::json;

use crate::client::Answer;
use crate::site::{Pat, Site, words};

const GRANT: &str = "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Atoken-exchange";
const PAT_TYPE: &str = "subject_token_type=urn%3Akeyfob%3Atoken-type%3Apat";

/// A form that is good, and what is added to it.
fn form(secret: &str, more: &str) -> String {
    format!("{GRANT}&{PAT_TYPE}&subject_token={secret}{more}")
}

async fn ask(site: &Site, form: &str) -> Answer {
    site.post("/oauth/token").form(form).send().await
}

pub(super) async fn exchange(site: &Site, pat: &Pat, more: &str) -> Answer {
    ask(site, &form(&pat.secret, more)).await
}

#[tokio::test]
async fn txe_01_the_answer_names_what_was_issued_and_holds_no_refresh_token() {
    let site = Site::on(super::backend().await).await;
    let pat = site.pat("bo", site.mobile).await;
    let answer = exchange(&site, &pat, &format!("&organization={}", site.ios)).await;
    assert_eq!(answer.outcome(), "200");
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(answer.header("pragma"), Some("no-cache"));
    let jwt = answer.member("access_token");
    assert_eq!(
        answer.json(),
        json!({
            "access_token": jwt,
            "token_type": "Bearer",
            "expires_in": 3600,
            "scope": "openid profile email",
            "issued_token_type": "urn:ietf:params:oauth:token-type:access_token",
        })
    );
    let claims = site.claims(&jwt).await;
    assert_eq!(claims["currentOrganizationId"], site.ios.to_string());
    assert_eq!(words(&claims["entitlements"]), "build:operate build:view");
}

#[tokio::test]
async fn tok_01_get_is_405_and_says_what_is_allowed() {
    let site = Site::on(super::backend().await).await;
    for method in ["GET", "PUT", "DELETE"] {
        let answer = site.ask(method, "/oauth/token").send().await;
        assert_eq!(answer.outcome(), "405 invalid_request", "{method}");
        assert_eq!(answer.header("allow"), Some("POST"));
    }
}

#[tokio::test]
async fn tok_02_json_is_no_form() {
    let site = Site::on(super::backend().await).await;
    let answer = site.post("/oauth/token").json("{}").send().await;
    assert_eq!(answer.outcome(), "415 invalid_request");
}

#[tokio::test]
async fn tok_03_a_repeated_parameter_and_a_secret_in_the_query_are_refused() {
    let site = Site::on(super::backend().await).await;
    let pat = site.pat("ana", site.acme).await;
    for more in [
        format!("&subject_token={}", pat.secret),
        format!("&{GRANT}"),
        "&scope=openid&scope=openid".to_owned(),
        "&audience=default&audience=default".to_owned(),
        "&resource=a&resource=b".to_owned(),
    ] {
        let answer = exchange(&site, &pat, &more).await;
        assert_eq!(answer.message(), "A field was sent twice.", "{more}");
        assert_eq!(answer.status, 400);
    }
    for query in ["subject_token=x", "client_secret=x", "actor_token=x"] {
        let ask = site.post(&format!("/oauth/token?{query}"));
        let answer = ask.form(&form(&pat.secret, "")).send().await;
        assert_eq!(answer.outcome(), "400 invalid_request", "{query}");
        assert!(
            answer
                .message()
                .starts_with("A secret was sent in the query string")
        );
    }
}

#[tokio::test]
async fn tok_04_an_empty_parameter_counts_as_left_out_and_an_unknown_one_is_ignored() {
    let site = Site::on(super::backend().await).await;
    let pat = site.pat("ana", site.acme).await;
    let more = "&scope=&organization=&subOrganization=&audience=&resource=&requested_token_type=\
                &actor_token=&client_secret=&foo=1&foo=2&client_id=anything";
    let answer = exchange(&site, &pat, more).await;
    assert_eq!(answer.outcome(), "200");
    let claims = site.claims(&answer.member("access_token")).await;
    assert_eq!(claims["currentOrganizationId"], site.acme.to_string());
    assert_eq!(claims["client_id"], "pat-exchange");
    let empty = ask(&site, &format!("{GRANT}&{PAT_TYPE}&subject_token=")).await;
    assert_eq!(empty.outcome(), "400 invalid_request");
    assert_eq!(
        empty.message(),
        "Send the personal API token as subject_token."
    );
}

/// Forms that are refused as requests: what is in the form beside a good token, code, and sentence.
const MALFORMED: [(&str, &str, &str); 7] = [
    (PAT_TYPE, "invalid_request", "grant_type is missing."),
    (
        "grant_type=client_credentials&subject_token_type=urn:keyfob:token-type:pat",
        "unsupported_grant_type",
        "The one grant type here is token exchange (RFC 8693).",
    ),
    (
        GRANT,
        "invalid_request",
        "subject_token_type must be urn:keyfob:token-type:pat.",
    ),
    (
        "grant_type=urn:ietf:params:oauth:grant-type:token-exchange\
         &subject_token_type=urn:ietf:params:oauth:token-type:access_token",
        "invalid_request",
        "subject_token_type must be urn:keyfob:token-type:pat.",
    ),
    (
        "grant_type=urn:ietf:params:oauth:grant-type:token-exchange\
         &subject_token_type=urn:keyfob:token-type:pat\
         &requested_token_type=urn:ietf:params:oauth:token-type:refresh_token",
        "invalid_request",
        "Only access tokens are issued here.",
    ),
    (
        "grant_type=urn:ietf:params:oauth:grant-type:token-exchange\
         &subject_token_type=urn:keyfob:token-type:pat&organization=acme",
        "invalid_request",
        "The organization is not a UUID.",
    ),
    (
        "grant_type=urn:ietf:params:oauth:grant-type:token-exchange\
         &subject_token_type=urn:keyfob:token-type:pat\
         &organization=01890a5d-ac96-774b-bcce-b302099a8057\
         &subOrganization=01890a5d-ac96-774b-bcce-b302099a8058",
        "invalid_request",
        "organization and subOrganization differ. Send one of them.",
    ),
];

#[tokio::test]
async fn x7_what_is_missing_or_of_another_kind_is_named() {
    let site = Site::on(super::backend().await).await;
    let pat = site.pat("ana", site.acme).await;
    for (beside, code, message) in MALFORMED {
        let answer = ask(&site, &format!("{beside}&subject_token={}", pat.secret)).await;
        assert_eq!(answer.outcome(), format!("400 {code}"), "{beside}");
        assert_eq!(answer.message(), message);
    }
    let elsewhere = ask(&site, &format!("{GRANT}&{PAT_TYPE}&pat={}", pat.secret)).await;
    assert_eq!(
        elsewhere.message(),
        "Send the personal API token as subject_token."
    );
    let kind = "&requested_token_type=urn:ietf:params:oauth:token-type:access_token";
    assert_eq!(exchange(&site, &pat, kind).await.outcome(), "200");
    let both = format!("&organization={0}&subOrganization={0}", site.ios);
    assert_eq!(exchange(&site, &pat, &both).await.outcome(), "200");
}

#[tokio::test]
async fn txe_02_whatever_is_wrong_with_the_pat_is_one_invalid_request() {
    let site = Site::on(super::backend().await).await;
    let ana = site.sign_in("ana").await;
    let revoked = site.generate(&ana, site.acme, "{}").await;
    assert_eq!(site.revoking(&revoked).cookie(&ana).outcome().await, "204");
    let suspended = site.pat("bo", site.mobile).await;
    assert!(site.world.suspend_user(site.bo).await);
    let jwt = site
        .jwt(&site.generate(&ana, site.acme, "{}").await, site.acme)
        .await;
    let unknown = site.world.secret().expose().to_owned();
    let first = ask(&site, &form(&unknown, "")).await;
    assert_eq!(first.outcome(), "400 invalid_request");
    assert_eq!(first.message(), "The personal API token is not valid.");
    let first = first.without_id();
    assert_eq!(first.header("www-authenticate"), None);
    // An access token is no input of an exchange (X8).
    for secret in ["malformed", &revoked.secret, &suspended.secret, &jwt] {
        for target in [String::new(), format!("&organization={}", site.globex)] {
            let answer = ask(&site, &form(secret, &target)).await.without_id();
            assert_eq!(answer, first, "{secret}");
        }
    }
}

#[tokio::test]
async fn txe_03_every_refused_organization_is_one_invalid_target() {
    let site = Site::on(super::backend().await).await;
    let pat = site.pat("bo", site.mobile).await;
    let mut answers = Vec::new();
    for target in [
        site.acme.to_string(),
        site.web.to_string(),
        site.globex.to_string(),
        "01890a5d-ac96-774b-bcce-b302099a8057".to_owned(),
    ] {
        let answer = exchange(&site, &pat, &format!("&organization={target}")).await;
        assert_eq!(answer.outcome(), "400 invalid_target", "{target}");
        answers.push(answer.without_id());
    }
    answers.dedup();
    assert_eq!(answers.len(), 1);
}

#[tokio::test]
async fn txe_04_nobody_acts_for_somebody_else() {
    let site = Site::on(super::backend().await).await;
    let pat = site.pat("ana", site.acme).await;
    for more in [
        "&actor_token=x",
        "&actor_token_type=urn:keyfob:token-type:pat",
        "&actor_token=x&actor_token_type=urn:keyfob:token-type:pat",
    ] {
        let answer = exchange(&site, &pat, more).await;
        assert_eq!(answer.outcome(), "400 invalid_request", "{more}");
        assert_eq!(
            answer.message(),
            "There is no acting for somebody else here."
        );
    }
}

#[tokio::test]
async fn tok_08_who_authenticates_as_a_client_is_refused_and_told_the_scheme() {
    let site = Site::on(super::backend().await).await;
    let pat = site.pat("ana", site.acme).await;
    let good = form(&pat.secret, "");
    let basic = site
        .post("/oauth/token")
        .header("authorization", "Basic YTpi");
    let bearer = site.post("/oauth/token").bearer("x");
    let answers = [
        basic.form(&good).send().await,
        bearer.form(&good).send().await,
        exchange(&site, &pat, "&client_id=a&client_secret=b").await,
        exchange(&site, &pat, "&client_assertion=b").await,
    ];
    for answer in answers {
        assert_eq!(answer.outcome(), "401 invalid_client");
        let challenge = answer.header("www-authenticate");
        assert_eq!(challenge, Some("Basic realm=\"keyfob\""));
    }
}

#[tokio::test]
async fn x3_a_named_permission_narrows_the_token_to_it() {
    let site = Site::on(super::backend().await).await;
    let pat = site.pat("bo", site.mobile).await;
    let granted = async |scope: &str| {
        let answer = exchange(&site, &pat, &format!("&scope={scope}")).await;
        let claims = site.claims(&answer.member("access_token")).await;
        assert_eq!(claims["scope"], answer.json()["scope"], "{scope}");
        (answer.member("scope"), claims)
    };
    let (scope, claims) = granted("build:view").await;
    assert_eq!(scope, "build:view");
    assert_eq!(words(&claims["entitlements"]), "build:view");
    for absent in ["roles", "email", "name"] {
        assert_eq!(claims.get(absent), None, "{absent}");
    }
    let (scope, claims) = granted("email+build:operate+openid+build:view").await;
    assert_eq!(scope, "email openid build:operate build:view");
    assert_eq!(words(&claims["entitlements"]), "build:operate build:view");
    assert_eq!(claims["email"], "bo@acme.example");
    assert_eq!(claims.get("roles"), None, "narrowed, even to all there is");
    let (scope, claims) = granted("openid").await;
    assert_eq!(scope, "openid");
    assert_eq!(words(&claims["roles"]), "operate-build");
}

#[tokio::test]
async fn x3_an_unknown_word_or_a_permission_not_held_there_is_invalid_scope() {
    let site = Site::on(super::backend().await).await;
    let cookie = site.sign_in("ana").await;
    let body = r#"{"ceiling":["build:view"]}"#;
    let ceiled = site.generate(&cookie, site.acme, body).await;
    let bo = site.pat("bo", site.mobile).await;
    let outcome = async |pat: &Pat, scope: &str| {
        let answer = exchange(&site, pat, &format!("&scope={scope}")).await;
        answer.outcome()
    };
    for scope in [
        "phone",
        "openid,email",
        "nothing:view",
        "build:manage",
        "build:view+build:manage",
    ] {
        assert_eq!(outcome(&bo, scope).await, "400 invalid_scope", "{scope}");
    }
    assert_eq!(
        outcome(&ceiled, "build:manage").await,
        "400 invalid_scope",
        "not in its ceiling"
    );
    assert_eq!(outcome(&ceiled, "build:view").await, "200");
    let unknown = ask(
        &site,
        &form(site.world.secret().expose(), "&scope=build:manage"),
    )
    .await;
    assert_eq!(unknown.outcome(), "400 invalid_request", "the token first");
    let long = format!("x:{}", "y".repeat(4_000));
    assert_eq!(outcome(&bo, &long).await, "400 invalid_scope");
}

#[tokio::test]
async fn x8_a_short_lived_pat_bounds_the_token_here_too() {
    let site = Site::on(super::backend().await).await;
    let cookie = site.sign_in("ana").await;
    let body = r#"{"expiresDate":"2027-01-15T08:10:00Z"}"#;
    let pat = site.generate(&cookie, site.acme, body).await;
    site.advance(Duration::from_mins(5));
    let answer = exchange(&site, &pat, "").await;
    assert_eq!(answer.json()["expires_in"], 300);
    assert_eq!(answer.header("keyfob-token-notice"), Some("expires-soon"));
}
