//! Contract 5: how a request must be written, and how it says who is calling.

use serde_json::Value;

use crate::client::Ask;
use crate::site::{PASSWORD, Site, pats_of};

const JSON_MAX: usize = 16 * 1024;

/// Status, code and sentence of a refusal.
async fn refusal(ask: Ask) -> String {
    let answer = ask.send().await;
    format!("{}: {}", answer.outcome(), answer.message())
}

/// How many tokens there are, by the session's own list.
async fn pats(site: &Site, cookie: &str) -> usize {
    let listed = site.get(&pats_of(site.acme)).cookie(cookie).send().await;
    listed.json()["data"].as_array().unwrap().len()
}

#[tokio::test]
async fn a_body_must_say_once_that_it_is_json() {
    let site = Site::on(super::backend().await).await;
    let cookie = site.sign_in("ana").await;
    let credentials = format!(r#"{{"email":"ana@acme.example","password":"{PASSWORD}"}}"#);
    let asks = || {
        let sign_in = site.post("/identity/v1/session").body(credentials.clone());
        let generate = site.post(&pats_of(site.acme)).cookie(&cookie).body("{}");
        [sign_in, generate]
    };
    for good in ["application/json", "Application/JSON ;charset=UTF-8"] {
        for ask in asks() {
            let answer = ask.header("content-type", good).outcome().await;
            assert_eq!(answer, "201", "{good}");
        }
    }
    let generated = pats(&site, &cookie).await;
    for bad in [
        "",
        "text/plain",
        "text/json",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/json-patch+json",
        "application/problem+json",
        "text/plain; application/json",
    ] {
        for ask in asks() {
            let answer = ask.header("content-type", bad).outcome().await;
            assert_eq!(answer, "415 unsupported_media_type", "{bad}");
        }
    }
    for ask in asks() {
        assert_eq!(ask.outcome().await, "415 unsupported_media_type", "none");
    }
    for ask in asks() {
        let twice = ask.header("content-type", "application/json");
        let twice = twice.header("content-type", "application/json");
        assert_eq!(twice.outcome().await, "415 unsupported_media_type");
    }
    assert_eq!(pats(&site, &cookie).await, generated);
}

#[tokio::test]
async fn a_member_that_nobody_reads_is_422_and_nothing_is_made() {
    let site = Site::on(super::backend().await).await;
    let cookie = site.sign_in("ana").await;
    let known = "name, expiresDate, expiresInDays, ceiling, reach, networks";
    for member in [
        "expires",
        "Name",
        "expires_in_days",
        "token",
        "organizationId",
    ] {
        let body = format!(r#"{{"name":"ci","{member}":"x"}}"#);
        let generate = site.generating(&cookie, site.acme, &body);
        let wanted =
            format!("422 unprocessable: In the body `{member}` is not known; known here: {known}.");
        assert_eq!(refusal(generate).await, wanted);
    }
    assert_eq!(pats(&site, &cookie).await, 0);
    let remember = r#"{"email":"ana@acme.example","password":"x","remember":true}"#;
    assert_eq!(
        refusal(site.post("/identity/v1/session").json(remember)).await,
        "422 unprocessable: In the body `remember` is not known; known here: email, password."
    );
}

#[tokio::test]
async fn null_is_no_value() {
    let site = Site::on(super::backend().await).await;
    let cookie = site.sign_in("ana").await;
    for (member, expected) in [
        ("name", "a text"),
        ("expiresDate", "a text"),
        ("expiresInDays", "a whole number that is not negative"),
        ("ceiling", "a list"),
        ("reach", "of another form"),
        ("networks", "a list"),
    ] {
        let body = format!(r#"{{"{member}":null}}"#);
        let wanted = format!("400 invalid_request: In the body `{member}` must be {expected}.");
        let generate = site.generating(&cookie, site.acme, &body);
        assert_eq!(refusal(generate).await, wanted);
    }
    let wanted = "400 invalid_request: In the body the document must be an object with named \
                  members.";
    for body in ["null", "[]", "\"{}\"", "1"] {
        let generate = site.generating(&cookie, site.acme, body);
        assert_eq!(refusal(generate).await, wanted, "{body}");
    }
    assert_eq!(pats(&site, &cookie).await, 0);
    for (body, member, what) in [
        (
            r#"{"email":null,"password":"x"}"#,
            "email",
            "must be a text",
        ),
        (r#"{"password":"x"}"#, "email", "is missing"),
        (r#"{"email":"x"}"#, "password", "is missing"),
    ] {
        let sign_in = site.post("/identity/v1/session").json(body);
        let wanted = format!("400 invalid_request: In the body `{member}` {what}.");
        assert_eq!(refusal(sign_in).await, wanted, "{body}");
    }
}

#[tokio::test]
async fn what_is_no_json_or_names_something_twice_is_refused() {
    let site = Site::on(super::backend().await).await;
    let cookie = site.sign_in("ana").await;
    let deep = format!(r#"{{"name":{}{}}}"#, "[".repeat(17), "]".repeat(17));
    for body in [
        "",
        " ",
        "{",
        "{}{}",
        "{} x",
        "name=ci",
        "{'name':'ci'}",
        r#"{"name":"ci",}"#,
        r#"{"name":"ci","name":"ci"}"#,
        r#"{"name":"\ud800"}"#,
        "{\"name\":\"line\nbreak\"}",
        "\u{feff}{}",
        &deep,
    ] {
        let generate = site.generating(&cookie, site.acme, body);
        assert_eq!(generate.outcome().await, "400 invalid_json", "{body}");
    }
    let not_utf8 = site.generating(&cookie, site.acme, "");
    let not_utf8 = not_utf8.body(&b"{\"name\":\"\xff\"}"[..]);
    assert_eq!(not_utf8.outcome().await, "400 invalid_json");
    assert_eq!(pats(&site, &cookie).await, 0);
}

#[tokio::test]
async fn a_refusal_never_repeats_a_value() {
    let site = Site::on(super::backend().await).await;
    for body in [
        r#"{"email":"ana@acme.example","password":["hunter2"]}"#,
        r#"{"email":{"hunter2":1},"password":"hunter2"}"#,
        r#"{"email":"a","password":"b","hunter2 ":"hunter2"}"#,
        r#"{"email":"a","password":"hunter2"#,
        r#"{"email":"a","password":hunter2}"#,
        r#"{"email":"a","password":"hunter2"} hunter2"#,
        r#"{"email":"hunter2","password":"hunter2"}"#,
    ] {
        let answer = site.post("/identity/v1/session").json(body).send().await;
        assert!(answer.status >= 400, "{body}");
        assert!(!answer.text().contains("hunter2"), "{}", answer.text());
    }
}

#[tokio::test]
async fn a_body_of_just_16_kib_is_read_and_a_larger_one_is_413() {
    let site = Site::on(super::backend().await).await;
    let cookie = site.sign_in("ana").await;
    let body = |length: usize| format!("{{{}}}", " ".repeat(length - 2));
    let just = site.generating(&cookie, site.acme, &body(JSON_MAX));
    assert_eq!(just.outcome().await, "201");
    let wanted = "413 payload_too_large: The body is larger than 16 KiB.";
    let over = site.generating(&cookie, site.acme, &body(JSON_MAX + 1));
    assert_eq!(refusal(over).await, wanted);
    let announced = site.generating(&cookie, site.acme, "{}");
    let announced = announced.header("content-length", "16385");
    assert_eq!(refusal(announced).await, wanted, "by its length alone");
    let sign_in = site.post("/identity/v1/session");
    assert_eq!(refusal(sign_in.json(&body(JSON_MAX + 1))).await, wanted);
    assert_eq!(pats(&site, &cookie).await, 1);
}

#[tokio::test]
async fn a_session_and_an_access_token_at_once_are_refused() {
    let site = Site::on(super::backend().await).await;
    let cookie = site.sign_in("ana").await;
    let pat = site.generate(&cookie, site.acme, "{}").await;
    let jwt = site.jwt(&pat, site.acme).await;
    let wanted = "400 invalid_request: Send a session or an access token, not both.";
    for target in [
        "/identity/v1/organizations",
        "/identity/v1/session",
        "/oauth/userinfo",
    ] {
        for (cookie, jwt) in [
            (&*cookie, &*jwt),
            ("keyfob_session=x", &jwt),
            (&cookie, "x"),
        ] {
            let both = site.get(target).cookie(cookie).bearer(jwt);
            assert_eq!(refusal(both).await, wanted, "{target}");
        }
    }
    let revoke = site.revoking(&pat).cookie(&cookie).bearer(&jwt);
    assert_eq!(refusal(revoke).await, wanted);
    assert_eq!(site.exchange(&pat, site.acme).await.status, 200);
}

#[tokio::test]
async fn an_access_token_in_the_query_is_refused_whatever_else_is_sent() {
    let site = Site::on(super::backend().await).await;
    let cookie = site.sign_in("ana").await;
    let pat = site.generate(&cookie, site.acme, "{}").await;
    let jwt = site.jwt(&pat, site.acme).await;
    let wanted = "400 invalid_request: An access token was sent in the query string. Send it as \
                  Authorization: Bearer.";
    for query in [
        &*format!("access_token={jwt}"),
        "access_token",
        "a=b&%61ccess_token=x",
    ] {
        let target = format!("/identity/v1/organizations?{query}");
        assert_eq!(refusal(site.get(&target)).await, wanted, "{query}");
        assert_eq!(refusal(site.get(&target).bearer(&jwt)).await, wanted);
        assert_eq!(refusal(site.get(&target).cookie(&cookie)).await, wanted);
        let userinfo = site.get(&format!("/oauth/userinfo?{query}"));
        assert_eq!(refusal(userinfo.bearer(&jwt)).await, wanted);
    }
}

#[tokio::test]
async fn an_access_token_comes_with_the_word_bearer_in_any_case_or_bare() {
    let site = Site::on(super::backend().await).await;
    let pat = site.pat("ana", site.acme).await;
    let jwt = site.jwt(&pat, site.acme).await;
    let ask = |value: &str| {
        let ask = site.get("/identity/v1/organizations");
        ask.header("authorization", value)
    };
    for good in [
        format!("Bearer {jwt}"),
        format!("bearer {jwt}"),
        format!("BEARER   {jwt}"),
        jwt.clone(),
    ] {
        assert_eq!(ask(&good).outcome().await, "200", "{good}");
    }
    let (head, tail) = jwt.rsplit_once('.').unwrap();
    for (bad, wanted) in [
        (format!("Basic {jwt}"), "401 not_signed_in"),
        (format!("Token {jwt}"), "401 not_signed_in"),
        ("Bearer".to_owned(), "401 invalid_token"),
        (String::new(), "401 invalid_token"),
        (format!("Bearer {jwt}="), "401 invalid_token"),
        (format!("Bearer {head}. {tail}"), "401 invalid_token"),
        (format!("Bearer {head}."), "401 invalid_token"),
        (format!("Bearer {head}"), "401 invalid_token"),
        (format!("Bearer {}", pat.secret), "401 invalid_token"),
        (pat.secret.clone(), "401 invalid_token"),
        (format!("Bearer {jwt}\u{e9}"), "400 invalid_request"),
    ] {
        assert_eq!(ask(&bad).outcome().await, wanted, "{bad}");
    }
    let twice = ask(&jwt).bearer(&jwt);
    assert_eq!(twice.outcome().await, "400 invalid_request");
}

#[tokio::test]
async fn a_doubled_session_cookie_is_refused_and_cookies_of_others_are_not_ours() {
    let site = Site::on(super::backend().await).await;
    let cookie = site.sign_in("ana").await;
    let who = || site.get("/identity/v1/session");
    for good in [
        format!("a=b; {cookie}; c=d"),
        format!("not_{cookie}; {cookie}"),
        format!("flag;{cookie}"),
        format!("Keyfob_Session=x; {cookie}"),
    ] {
        assert_eq!(who().cookie(&good).outcome().await, "200", "{good}");
    }
    let split = who().cookie("a=b").cookie(&cookie);
    assert_eq!(split.outcome().await, "200", "HTTP/2 may split them");
    let wanted = "400 invalid_request: The session cookie came twice.";
    for (first, second) in [
        (&*cookie, &*cookie),
        ("keyfob_session=x", &cookie),
        (&cookie, "keyfob_session="),
    ] {
        let in_one = who().cookie(&format!("{first}; {second}"));
        assert_eq!(refusal(in_one).await, wanted);
        let in_two = who().cookie(first).cookie(second);
        assert_eq!(refusal(in_two).await, wanted);
    }
    let sign_in = site
        .signing_in("ana")
        .cookie(&format!("{cookie}; {cookie}"));
    assert_eq!(refusal(sign_in).await, wanted);
}

#[tokio::test]
async fn answers_are_camel_case_without_null_and_dates_end_with_z() {
    let site = Site::on(super::backend().await).await;
    let cookie = site.sign_in("ana").await;
    site.generate(&cookie, site.acme, r#"{"expiresInDays":30}"#)
        .await;
    for target in [
        "/identity/v1/session",
        "/identity/v1/sessions",
        "/identity/v1/organizations",
        &pats_of(site.acme),
    ] {
        let answer = site.get(target).cookie(&cookie).send().await;
        let dates = well_formed(&answer.json());
        assert!(dates > 0, "{target} has dates");
    }
}

/// Checks the names and values of an answer, and counts its dates.
fn well_formed(value: &Value) -> usize {
    match value {
        Value::Null => panic!("null"),
        Value::Array(items) => items.iter().map(well_formed).sum(),
        Value::Object(members) => {
            let mut dates = 0;
            for (name, value) in members {
                let is_plain = name.chars().all(|letter| letter.is_ascii_alphanumeric());
                assert!(is_plain && name.starts_with(char::is_lowercase), "{name}");
                if name.ends_with("Date") {
                    let date = value.as_str().unwrap();
                    assert!(date.len() == 24 && date.ends_with('Z'), "{date}");
                    dates += 1;
                }
                dates += well_formed(value);
            }
            dates
        }
        Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
    }
}
