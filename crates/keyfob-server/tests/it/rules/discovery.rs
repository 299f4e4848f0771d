//! Contract 4: what the server tells about itself, and userinfo.

use serde_json::{Value, json};

use crate::client::{Answer, member_names};
use crate::site::{ISSUER, Site};

const JWKS: &str = "/.well-known/jwks.json";
const OPENID: &str = "/.well-known/openid-configuration";
const OAUTH: &str = "/.well-known/oauth-authorization-server";
const USERINFO: [&str; 3] = [
    "/oauth/userinfo",
    "/auth/realms/any/protocol/openid-connect/userinfo",
    "/auth/realms/x%20y/protocol/openid-connect/userinfo",
];

async fn document(site: &Site, target: &str) -> Value {
    let answer = site.get(target).send().await;
    assert_eq!(answer.outcome(), "200", "{target}");
    let media_type = answer.header("content-type");
    assert_eq!(media_type, Some("application/json"), "{target}");
    let kept = answer.header("cache-control");
    assert_eq!(kept, Some("public, max-age=300"), "{target}");
    assert_eq!(answer.header("set-cookie"), None, "{target}");
    answer.json()
}

#[tokio::test]
async fn both_documents_say_just_this_and_agree() {
    let site = Site::on(super::backend().await).await;
    let common = json!({
        "issuer": ISSUER,
        "jwks_uri": format!("{ISSUER}/.well-known/jwks.json"),
        "token_endpoint": format!("{ISSUER}/oauth/token"),
        "scopes_supported": ["openid", "profile", "email"],
        "response_types_supported": [],
        "grant_types_supported": ["urn:ietf:params:oauth:grant-type:token-exchange"],
        "token_endpoint_auth_methods_supported": ["none"],
    });
    assert_eq!(document(&site, OAUTH).await, common);
    let mut openid = common;
    openid["userinfo_endpoint"] = json!(format!("{ISSUER}/oauth/userinfo"));
    openid["subject_types_supported"] = json!(["public"]);
    openid["id_token_signing_alg_values_supported"] = json!(["ES256"]);
    openid["claims_supported"] = json!([
        "sub",
        "email",
        "email_verified",
        "name",
        "currentOrganizationId",
        "rootOrganizationId",
    ]);
    assert_eq!(document(&site, OPENID).await, openid);
}

#[tokio::test]
async fn every_address_in_the_documents_is_under_the_issuer_and_exists() {
    let site = Site::on(super::backend().await).await;
    let mut found = Vec::new();
    for target in [OPENID, OAUTH] {
        let document = document(&site, target).await;
        let members = document.as_object().unwrap().iter();
        let is_address = |name: &str| name.ends_with("_uri") || name.ends_with("_endpoint");
        for (name, value) in members.filter(|(name, _value)| is_address(name)) {
            let path = value.as_str().unwrap().strip_prefix(ISSUER).unwrap();
            let status = site.get(path).send().await.status;
            found.push(format!("{name} {status}"));
        }
    }
    // Who asks for userinfo without an access token is told so; there is something to ask.
    let (keys, door) = ("jwks_uri 200", "token_endpoint 405");
    assert_eq!(found, [keys, door, "userinfo_endpoint 401", keys, door]);
}

#[tokio::test]
async fn the_documents_name_the_public_address_and_not_the_one_that_was_asked() {
    let issuer = "https://keyfob.example";
    let backend = super::backend().await;
    let site = Site::with(backend, |parts| issuer.clone_into(&mut parts.issuer)).await;
    for target in [OPENID, OAUTH] {
        let ask = site.get(target).header("host", "evil.example");
        let ask = ask.header("x-forwarded-host", "evil.example");
        let said = ask.send().await.json();
        assert_eq!(said["issuer"], issuer);
        assert_eq!(said["jwks_uri"], format!("{issuer}{JWKS}"));
    }
}

#[tokio::test]
async fn met_04_our_own_api_says_where_its_tokens_come_from() {
    let site = Site::on(super::backend().await).await;
    let said = document(&site, "/.well-known/oauth-protected-resource").await;
    let wanted = json!({
        "resource": ISSUER,
        "authorization_servers": [ISSUER],
        "bearer_methods_supported": ["header"],
    });
    assert_eq!(said, wanted);
}

#[tokio::test]
async fn the_key_set_has_public_parts_only_and_the_key_that_signs() {
    let site = Site::on(super::backend().await).await;
    let set = document(&site, JWKS).await;
    let keys = set["keys"].as_array().unwrap();
    assert_eq!((set.as_object().unwrap().len(), keys.len()), (1, 1));
    assert_eq!(
        member_names(&keys[0]),
        ["alg", "crv", "kid", "kty", "use", "x", "y"]
    );
    for (name, wanted) in [
        ("alg", "ES256"),
        ("crv", "P-256"),
        ("kty", "EC"),
        ("use", "sig"),
    ] {
        assert_eq!(keys[0][name], wanted);
    }
    let pat = site.pat("ana", site.acme).await;
    let jwt = site.jwt(&pat, site.acme).await;
    let header = jsonwebtoken::decode_header(&jwt).unwrap();
    assert_eq!(keys[0]["kid"], header.kid.unwrap());
    let other = site.another_node().await;
    let others = crate::client::Ask::new(&other, "GET", JWKS).send().await;
    assert_eq!(others.json(), set, "every node serves the same");
}

#[tokio::test]
async fn userinfo_says_what_the_scopes_allow_at_each_of_its_addresses() {
    let site = Site::on(super::backend().await).await;
    let pat = site.pat("bo", site.mobile).await;
    let ids = [
        ("sub", site.bo.to_string()),
        ("currentOrganizationId", site.ios.to_string()),
        ("rootOrganizationId", site.acme.to_string()),
    ];
    let email = [
        ("email", json!("bo@acme.example")),
        ("email_verified", json!(false)),
    ];
    let name = [("name", json!("bo"))];
    let nothing: &[(&str, Value)] = &[];
    let both = [&email[..], &name].concat();
    for (scope, more) in [
        ("openid", nothing),
        ("unknown", nothing),
        ("email", &email),
        ("openid profile", &name),
        ("profile,email", &both),
        ("", &both),
    ] {
        let form = format!(
            "pat={}&subOrganization={}&scope={scope}",
            pat.secret, site.ios
        );
        let exchanged = site.exchanging("v2", &form).send().await;
        let jwt = exchanged.member("access_token");
        let mut wanted = json!({});
        for (claim, value) in &ids {
            wanted[*claim] = json!(value);
        }
        for (claim, value) in more {
            wanted[*claim] = value.clone();
        }
        let asks = USERINFO.map(|target| [site.get(target), site.post(target)]);
        for ask in asks.into_iter().flatten() {
            let answer = ask.bearer(&jwt).send().await;
            assert_eq!(answer.outcome(), "200", "{scope}");
            assert_eq!(answer.header("cache-control"), Some("no-store"));
            assert_eq!(answer.json(), wanted, "{scope}");
        }
    }
}

#[tokio::test]
async fn userinfo_takes_an_access_token_only() {
    let site = Site::on(super::backend().await).await;
    let cookie = site.sign_in("ana").await;
    let pat = site.generate(&cookie, site.acme, "{}").await;
    let challenge = |answer: &Answer| answer.header("www-authenticate").map(str::to_owned);
    for target in USERINFO {
        // RFC 6750 section 3.1: who sent nothing is told of no error.
        let bare = Some("Bearer realm=\"keyfob\"".to_owned());
        for ask in [site.get(target), site.get(target).cookie(&cookie)] {
            let answer = ask.send().await;
            assert_eq!(answer.outcome(), "401 not_signed_in", "{target}");
            assert_eq!(challenge(&answer), bare, "{target}");
        }
        let named = Some("Bearer realm=\"keyfob\", error=\"invalid_token\"".to_owned());
        for token in ["x", "x.y.z", &pat.secret] {
            let answer = site.get(target).bearer(token).send().await;
            assert_eq!(answer.outcome(), "401 invalid_token", "{target}");
            assert_eq!(challenge(&answer), named, "{target}");
        }
        let put = site.ask("PUT", target).send().await;
        assert_eq!(put.outcome(), "405 method_not_allowed", "{target}");
        assert_eq!(put.header("allow"), Some("GET,HEAD,POST"), "{target}");
    }
}

#[tokio::test]
async fn an_access_token_of_another_installation_is_refused() {
    let site = Site::on(super::backend().await).await;
    let stranger = Site::with(super::backend().await, |parts| {
        parts.issuer = "https://other.example".to_owned();
    });
    let stranger = stranger.await;
    let pat = stranger.pat("ana", stranger.acme).await;
    let jwt = stranger.jwt(&pat, stranger.acme).await;
    let at_home = stranger.get(USERINFO[0]).bearer(&jwt);
    assert_eq!(at_home.outcome().await, "200");
    let here = site.get(USERINFO[0]).bearer(&jwt);
    assert_eq!(here.outcome().await, "401 invalid_token");
}
