//! Rules that the standards make and no other suite asks about by their name. The numbers are those of
//! `docs/security-rules.md`.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::time::Duration;

use data_encoding::BASE64URL_NOPAD;
use keyfob_verify::Algorithm;
use serde_json::Value;

use crate::client::{Answer, Ask, member_names};
use crate::site::{ISSUER, Site, words};

const DOORS: [(&str, &str); 4] = [
    ("/auth/v1/token", "pat="),
    ("/auth/v2/token", "pat="),
    ("/auth/v3/token", "personalAccessKey="),
    (
        "/oauth/token",
        "grant_type=urn:ietf:params:oauth:grant-type:token-exchange\
         &subject_token_type=urn:keyfob:token-type:pat&subject_token=",
    ),
];

/// What each door says to a good token, to a wrong one, to none, to JSON, to GET, and below it.
async fn everything(site: &Site, secret: &str) -> Vec<(String, Answer)> {
    let mut answers = Vec::new();
    for (door, form) in DOORS {
        let asks: Vec<Ask> = vec![
            site.post(door).form(&format!("{form}{secret}")),
            site.post(door).form(&format!("{form}wrong\"\\\u{fc}")),
            site.post(door).form(""),
            site.post(door)
                .form(&format!("{form}{secret}&scope=\"a\\b\"")),
            site.post(door).json("{}"),
            site.get(door),
            site.post(&format!("{door}/x")),
            site.post(&format!("{door}?pat=x")).form(""),
        ];
        for ask in asks {
            answers.push((door.to_owned(), ask.send().await));
        }
    }
    answers
}

#[tokio::test]
async fn tok_06_every_answer_of_a_door_is_json_that_nobody_keeps() {
    let site = Site::on(super::backend().await).await;
    let pat = site.pat("ana", site.acme).await;
    for (door, answer) in everything(&site, &pat.secret).await {
        let what = format!("{door} {}", answer.status);
        assert_eq!(
            answer.header("content-type"),
            Some("application/json"),
            "{what}"
        );
        assert_eq!(answer.header("cache-control"), Some("no-store"), "{what}");
        assert_eq!(answer.header("pragma"), Some("no-cache"), "{what}");
    }
}

#[tokio::test]
async fn tok_07_the_life_that_is_told_is_the_tokens_own_and_the_scope_is_always_told() {
    let site = Site::on(super::backend().await).await;
    let pat = site.pat("ana", site.acme).await;
    for (door, form) in DOORS {
        let answer = site
            .post(door)
            .form(&format!("{form}{}", pat.secret))
            .send()
            .await;
        let claims = site.claims(&answer.member("access_token")).await;
        let life = claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap();
        assert_eq!(answer.json()["expires_in"], life, "{door}");
        assert_eq!(answer.member("token_type"), "Bearer");
        assert_eq!(answer.member("scope"), claims["scope"].as_str().unwrap());
    }
}

#[tokio::test]
async fn tok_09_an_error_is_of_plain_letters_and_repeats_nothing_that_was_sent() {
    let site = Site::on(super::backend().await).await;
    let pat = site.pat("ana", site.acme).await;
    for (door, answer) in everything(&site, &pat.secret).await {
        if answer.status >= 400 {
            // Checks the letters of RFC 6749 section 5.2 on the way.
            answer.outcome();
            assert!(!answer.text().contains("wrong"), "{door}");
        }
    }
}

#[tokio::test]
async fn brr_03_an_access_token_in_query_or_body_is_none() {
    let site = Site::on(super::backend().await).await;
    let pat = site.pat("ana", site.acme).await;
    let jwt = site.jwt(&pat, site.acme).await;
    for target in ["/oauth/userinfo", "/identity/v1/organizations"] {
        let query = site.get(&format!("{target}?access_token={jwt}"));
        assert_ne!(query.send().await.status, 200, "{target}");
    }
    let body = site
        .post("/oauth/userinfo")
        .form(&format!("access_token={jwt}"));
    assert_eq!(body.outcome().await, "401 not_signed_in");
}

#[tokio::test]
async fn brr_02_what_is_wrong_with_a_bearer_is_told_by_its_status() {
    let site = Site::on(super::backend().await).await;
    let pat = site.pat("ana", site.acme).await;
    let jwt = site.jwt(&pat, site.acme).await;
    let twice = site.get("/oauth/userinfo").bearer(&jwt).bearer(&jwt);
    assert_eq!(
        twice.outcome().await,
        "400 invalid_request",
        "two methods at once"
    );
    site.advance(Duration::from_hours(1));
    let expired = site.get("/oauth/userinfo").bearer(&jwt).send().await;
    assert_eq!(expired.outcome(), "401 invalid_token");
    let challenge = expired.header("www-authenticate").unwrap();
    assert_eq!(
        challenge,
        "Bearer realm=\"keyfob\", error=\"invalid_token\""
    );
    // BRR-04: each attribute at most once.
    for attribute in ["realm=", "error="] {
        assert_eq!(challenge.matches(attribute).count(), 1);
    }
}

#[tokio::test]
async fn atj_01_the_header_is_of_an_access_token_and_names_its_key() {
    let site = Site::on(super::backend().await).await;
    let pat = site.pat("ana", site.acme).await;
    let jwt = site.jwt(&pat, site.acme).await;
    let header = jwt.split('.').next().unwrap();
    let header: Value =
        serde_json::from_slice(&BASE64URL_NOPAD.decode(header.as_bytes()).unwrap()).unwrap();
    assert_eq!(member_names(&header), ["alg", "kid", "typ"]);
    assert_eq!(
        (header["typ"].as_str(), header["alg"].as_str()),
        (Some("at+jwt"), Some("ES256"))
    );
}

#[tokio::test]
async fn atj_03_the_moment_of_authentication_is_that_of_the_token_and_never_moves() {
    let site = Site::on(super::backend().await).await;
    let generated = site.world.now().seconds();
    let pat = site.pat("ana", site.acme).await;
    for _exchange in 0..3 {
        site.advance(Duration::from_hours(5));
        let claims = site.claims(&site.jwt(&pat, site.acme).await).await;
        assert_eq!(claims["auth_time"], generated);
        for absent in ["acr", "amr"] {
            assert_eq!(
                claims.get(absent),
                None,
                "nothing that a step-up would accept"
            );
        }
    }
}

#[tokio::test]
async fn atj_05_permissions_are_a_list_of_texts_each_once_and_sorted() {
    let site = Site::on(super::backend().await).await;
    let pat = site.pat("ana", site.acme).await;
    let claims = site.claims(&site.jwt(&pat, site.acme).await).await;
    let all = words(&claims["entitlements"]);
    let all: Vec<&str> = all.split(' ').collect();
    let mut sorted = all.clone();
    sorted.sort_unstable();
    sorted.dedup();
    assert_eq!(all, sorted);
    assert!(all.len() > 30);
}

#[tokio::test]
async fn atj_09_a_name_and_an_address_are_there_only_when_asked_for() {
    let site = Site::on(super::backend().await).await;
    let pat = site.pat("ana", site.acme).await;
    let form = format!("pat={}&scope=openid", pat.secret);
    let answer = site.exchanging("v2", &form).send().await;
    let jwt = answer.member("access_token");
    let payload = jwt.split('.').nth(1).unwrap();
    let payload = BASE64URL_NOPAD.decode(payload.as_bytes()).unwrap();
    let payload = String::from_utf8(payload).unwrap();
    assert!(
        !payload.contains("acme.example") && !payload.contains("\"name\""),
        "{payload}"
    );
}

#[tokio::test]
async fn met_02_both_documents_name_the_issuer_exactly_and_no_empty_list_but_the_required_one() {
    let site = Site::on(super::backend().await).await;
    for target in [
        "/.well-known/openid-configuration",
        "/.well-known/oauth-authorization-server",
    ] {
        let document = site.get(target).send().await.json();
        assert_eq!(document["issuer"], ISSUER);
        let members = document.as_object().unwrap().iter();
        let empty: Vec<_> = members
            .filter(|(_name, value)| value.as_array().is_some_and(Vec::is_empty))
            .map(|(name, _value)| name.as_str())
            .collect();
        assert_eq!(
            empty,
            ["response_types_supported"],
            "RFC 8414 section 2 asks for it"
        );
        let text = document.to_string();
        assert!(!text.contains("\"none\",") && !text.contains("HS256"));
    }
}

#[tokio::test]
async fn met_03_each_listed_key_has_its_own_name_use_and_algorithm() {
    let site = Site::on(super::backend().await).await;
    let keys = site.get("/.well-known/jwks.json").send().await.json();
    let keys = keys["keys"].as_array().unwrap();
    let kids: BTreeSet<&str> = keys
        .iter()
        .map(|key| key["kid"].as_str().unwrap())
        .collect();
    assert_eq!(kids.len(), keys.len());
    for key in keys {
        assert_eq!(
            (&key["use"], &key["alg"]),
            (&Value::from("sig"), &Value::from("ES256"))
        );
    }
}

#[tokio::test]
async fn err_01_a_problem_says_its_status_its_request_and_nothing_of_the_inside() {
    let site = Site::on(super::backend().await).await;
    for ask in [
        site.get("/identity/v1/organizations"),
        site.get("/nowhere"),
        site.post("/identity/v1/session").json("{"),
        site.post("/identity/v1/session").form("a=b"),
        site.ask("PUT", "/identity/v1/session"),
    ] {
        let answer = ask.send().await;
        // `outcome` compares members, status, type and instance.
        answer.outcome();
        assert_eq!(
            answer.header("content-type"),
            Some("application/problem+json")
        );
        for inside in ["src/", ".rs", "SELECT", "sqlite", "postgres", "panicked"] {
            assert!(!answer.text().contains(inside), "{}", answer.text());
        }
    }
}

#[tokio::test]
async fn jwt_09_no_two_signatures_share_their_first_number() {
    let site = Site::on(super::backend().await).await;
    let now = site.world.now();
    let loaded = site.app.loaded();
    let key = loaded.ring.signer(Algorithm::Es256, now).unwrap();
    let mut seen = BTreeSet::new();
    for _signature in 0..2_000 {
        let signature = key.sign(b"the same message each time").unwrap();
        assert!(seen.insert(signature[..32].to_vec()), "r was used twice");
    }
}

#[tokio::test]
async fn t_29_permissions_that_do_not_fit_give_way_and_the_token_stays_short() {
    let site = Site::on(super::backend().await).await;
    let mut body = String::from(
        "[[module]]\nkey = \"organization\"\ntitle = \"O\"\nlevels = [\"manage\", \"view\"]\n",
    );
    for number in 0..120 {
        writeln!(
            body,
            "[[module]]\nkey = \"module-with-a-long-name-{number}\"\ntitle = \"M\"\nlevels = [\"manage\", \"view\"]"
        )
        .unwrap();
    }
    site.apply_catalogue(2, &body).await;
    let pat = site.pat("ana", site.acme).await;
    let jwt = site.jwt(&pat, site.acme).await;
    assert!(jwt.len() <= 6 * 1024, "{}", jwt.len());
    let claims = site.claims(&jwt).await;
    assert_eq!(claims["entitlements_ref"], "introspect");
    assert_eq!(
        (claims.get("entitlements"), claims.get("roles")),
        (None, None)
    );
    // Online nothing is missing.
    assert_eq!(
        site.get("/oauth/userinfo").bearer(&jwt).outcome().await,
        "200"
    );
    let few = r#"{"ceiling":["module-with-a-long-name-7:view"]}"#;
    let ceiled = site
        .generate(&site.sign_in("ana").await, site.acme, few)
        .await;
    let entitlements = site.entitlements(&ceiled, site.acme).await;
    assert_eq!(entitlements, "module-with-a-long-name-7:view");
}

#[tokio::test]
async fn t_15_a_cookie_from_before_signing_in_is_never_a_session() {
    let site = Site::on(super::backend().await).await;
    let planted = "keyfob_session=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    let answer = site.signing_in("ana").cookie(planted).send().await;
    let cookie = answer.cookie();
    assert_ne!(cookie, planted);
    assert_eq!(
        site.get("/identity/v1/session")
            .cookie(&cookie)
            .outcome()
            .await,
        "200"
    );
    let fixed = site.get("/identity/v1/session").cookie(planted);
    assert_eq!(fixed.outcome().await, "401 not_signed_in");
}

#[tokio::test]
async fn brr_02_a_program_is_told_which_permission_its_token_lacks_and_a_person_in_words() {
    let site = Site::on(super::backend().await).await;
    let target = format!(
        "/identity/v1/organizations/{}/sub-organizations",
        site.mobile
    );
    let (bo, body) = (site.sign_in("bo").await, r#"{"name":"New"}"#);
    let pat = site.generate(&bo, site.mobile, "{}").await;
    let jwt = site.jwt(&pat, site.mobile).await;
    let program = site.post(&target).bearer(&jwt).json(body).send().await;
    assert_eq!(program.outcome(), "403 forbidden");
    assert_eq!(
        program.header("www-authenticate"),
        Some(r#"Bearer realm="keyfob", error="insufficient_scope", scope="organization:manage""#)
    );
    let person = site.post(&target).cookie(&bo).json(body).send().await;
    assert_eq!(person.outcome(), "403 forbidden");
    assert_eq!(person.header("www-authenticate"), None);
    assert_eq!(
        person.message(),
        "Only owners and who manages the organization can do this."
    );
}
