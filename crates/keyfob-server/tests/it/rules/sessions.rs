//! Section 5: signing in and out, and the sessions that it makes.

use std::time::Duration;

use keyfob_server::app::password;
use keyfob_store::user::user_set_password;
use serde_json::{Value, json};

use crate::client::Answer;
use crate::site::{PASSWORD, Site};

const SESSION: &str = "/identity/v1/session";
const SESSIONS: &str = "/identity/v1/sessions";

async fn list(site: &Site, cookie: &str) -> Vec<Value> {
    let answer = site.get(SESSIONS).cookie(cookie).send().await;
    assert_eq!(answer.outcome(), "200");
    answer.json()["data"].as_array().unwrap().clone()
}

async fn who(site: &Site, cookie: &str) -> String {
    site.get(SESSION).cookie(cookie).outcome().await
}

#[tokio::test]
async fn signing_in_says_who_and_until_when_and_sets_the_cookie() {
    let site = Site::on(super::backend().await).await;
    let answer = site.signing_in("ana").send().await;
    assert_eq!(answer.outcome(), "201");
    let body = format!(
        r#"{{"userId":"{}","email":"ana@acme.example","fullName":"ana","expiresDate":"2027-01-15T20:00:00.000Z","authenticatedDate":"2027-01-15T08:00:00.000Z"}}"#,
        site.ana
    );
    assert_eq!(answer.text(), body);
    let cookie = answer.cookie();
    let value = cookie.strip_prefix("keyfob_session=").unwrap();
    assert_eq!(value.len(), 43, "256 bits in base64url");
    assert_eq!(
        answer.header("set-cookie"),
        Some(format!("{cookie}; HttpOnly; SameSite=Lax; Path=/").as_str())
    );
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let who = site.get(SESSION).cookie(&cookie).send().await;
    assert_eq!((who.status, who.text()), (200, body.as_str()));
    let out = site.delete(SESSION).cookie(&cookie).send().await;
    assert_eq!(out.outcome(), "204");
    assert_eq!(
        out.header("set-cookie"),
        Some("keyfob_session=; HttpOnly; SameSite=Lax; Path=/; Max-Age=0")
    );
    let after = site.get(SESSION).cookie(&cookie).outcome().await;
    assert_eq!(after, "401 not_signed_in");
}

#[tokio::test]
async fn with_an_https_issuer_the_cookie_is_bound_to_the_host_and_secure() {
    let backend = super::backend().await;
    let https = |parts: &mut keyfob_server::state::Parts| {
        parts.issuer = "https://keyfob.example.com".to_owned();
    };
    let site = Site::with(backend, https).await;
    let answer = site.signing_in("ana").send().await;
    let cookie = answer.cookie();
    assert!(cookie.starts_with("__Host-keyfob_session="));
    assert_eq!(
        answer.header("set-cookie"),
        Some(format!("{cookie}; Secure; HttpOnly; SameSite=Lax; Path=/").as_str())
    );
    assert_eq!(who(&site, &cookie).await, "200");
    let plain = cookie.replace("__Host-", "");
    assert_eq!(
        who(&site, &plain).await,
        "401 not_signed_in",
        "no other name"
    );
    let out = site.delete(SESSION).cookie(&cookie).send().await;
    assert_eq!(
        out.header("set-cookie"),
        Some("__Host-keyfob_session=; Secure; HttpOnly; SameSite=Lax; Path=/; Max-Age=0")
    );
}

#[tokio::test]
async fn t_05_signing_in_does_not_reveal_whether_there_is_an_account() {
    let site = Site::on(super::backend().await).await;
    assert!(site.world.suspend_user(site.bo).await);
    site.world.user("nopassword@acme.example").await;
    let long = "x".repeat(1_025);
    let refused = async |email: &str, password: &str| {
        let body = format!(r#"{{"email":"{email}","password":"{password}"}}"#);
        let answer = site.post(SESSION).json(&body).send().await;
        assert_eq!(answer.outcome(), "401 invalid_credentials", "{email}");
        assert_eq!(answer.header("set-cookie"), None, "{email}");
        let id = answer.header("x-request-id").unwrap().to_owned();
        let body = answer.text().replace(&id, "");
        let headers = answer.header_lines();
        (headers, body)
    };
    let first = refused("nobody@acme.example", PASSWORD).await;
    for (email, password) in [
        ("ana@acme.example", "correct horsf"),
        ("ana@acme.example", ""),
        ("ana@acme.example", &long),
        ("bo@acme.example", PASSWORD),
        ("bo@acme.example", "wrong"),
        ("nopassword@acme.example", PASSWORD),
        ("not an address", PASSWORD),
        ("", ""),
    ] {
        assert_eq!(refused(email, password).await, first, "{email}");
    }
    insta::assert_snapshot!(first.1, @r#"{"type":"/errors#invalid_credentials","title":"Invalid credentials","status":401,"detail":"E-mail address and password do not belong to an account that can sign in.","instance":"urn:uuid:","error":"invalid_credentials","message":"E-mail address and password do not belong to an account that can sign in."}"#);
}

#[tokio::test]
async fn the_address_is_compared_without_case() {
    let site = Site::on(super::backend().await).await;
    let body = format!(r#"{{"email":" ANA@Acme.Example","password":"{PASSWORD}"}}"#);
    let answer = site.post(SESSION).json(&body.replace(' ', "")).send().await;
    let wrong_now = answer.outcome();
    assert_eq!(
        wrong_now, "401 invalid_credentials",
        "the password lost its space"
    );
    let body = body.replacen(' ', "", 1);
    assert_eq!(site.post(SESSION).json(&body).outcome().await, "201");
}

#[tokio::test]
async fn a_session_ends_after_30_minutes_without_use_and_after_12_hours() {
    let site = Site::on(super::backend().await).await;
    let (idle, used) = (site.sign_in("ana").await, site.sign_in("ana").await);
    let flush = async || site.app.activity.flush(&site.app.store).await.unwrap();
    site.advance(Duration::from_millis(30 * 60_000 - 1));
    assert_eq!(who(&site, &used).await, "200");
    flush().await;
    site.advance(Duration::from_millis(1));
    assert_eq!(who(&site, &idle).await, "401 not_signed_in", "30 minutes");
    assert_eq!(list(&site, &used).await.len(), 1, "and it is in no list");
    for _half_hour in 0..23 {
        flush().await;
        site.advance(Duration::from_millis(30 * 60_000 - 1));
        assert_eq!(who(&site, &used).await, "200");
    }
    flush().await;
    // 12 hours after the sign-in, less 23 milliseconds and one.
    site.advance(Duration::from_millis(22));
    assert_eq!(who(&site, &used).await, "200");
    site.advance(Duration::from_millis(1));
    assert_eq!(who(&site, &used).await, "401 not_signed_in", "12 hours");
}

/// The session with that id, which is asked for the list and began at the world's first moment.
fn of_firefox(id: &str) -> Value {
    json!({
        "address": "192.0.2.1",
        "createdDate": "2027-01-15T08:00:00.000Z",
        "current": true,
        "expiresDate": "2027-01-15T20:00:00.000Z",
        "id": id,
        "lastUsedDate": "2027-01-15T08:00:00.000Z",
        "userAgent": "Firefox",
    })
}

#[tokio::test]
async fn sessions_are_listed_and_ended_one_by_one_or_all_others() {
    let site = Site::on(super::backend().await).await;
    let signing_in = site.signing_in("ana").from("192.0.2.1");
    let first = signing_in
        .header("user-agent", "Firefox")
        .send()
        .await
        .cookie();
    site.advance(Duration::from_secs(1));
    let second = site.sign_in("ana").await;
    site.advance(Duration::from_secs(1));
    site.advance(Duration::from_secs(1));
    let third = site.sign_in("ana").await;
    let bo = site.sign_in("bo").await;
    let listed = list(&site, &first).await;
    assert_eq!(listed.len(), 3, "hers, and only hers");
    let id = listed[0]["id"].as_str().unwrap();
    assert_eq!(listed[0], of_firefox(id));
    assert_eq!(
        (&listed[1]["current"], listed[1].get("address")),
        (&Value::Bool(false), None)
    );
    let path = |of: &Value| format!("{SESSIONS}/{}", of["id"].as_str().unwrap());
    let end = async |target: &str, cookie: &str| site.delete(target).cookie(cookie).outcome().await;
    assert_eq!(
        end(&path(&listed[1]), &bo).await,
        "404 not_found",
        "not another's"
    );
    assert_eq!(end(&path(&listed[1]), &first).await, "204");
    assert_eq!(
        end(&path(&listed[1]), &first).await,
        "404 not_found",
        "it is gone"
    );
    assert_eq!(end(&format!("{SESSIONS}/x"), &first).await, "404 not_found");
    assert_eq!(who(&site, &second).await, "401 not_signed_in");
    for query in [
        "",
        "?others=false",
        "?others=",
        "?others=true&x=1",
        "?all=true",
    ] {
        let outcome = end(&format!("{SESSIONS}{query}"), &first).await;
        assert_eq!(outcome, "400 invalid_request", "{query}");
    }
    assert_eq!(who(&site, &third).await, "200", "nothing was ended");
    assert_eq!(end(&format!("{SESSIONS}?others=true"), &first).await, "204");
    assert_eq!(who(&site, &third).await, "401 not_signed_in");
    assert_eq!(who(&site, &first).await, "200");
    assert_eq!(who(&site, &bo).await, "200");
}

#[tokio::test]
async fn suspending_and_a_new_password_end_every_session() {
    let site = Site::on(super::backend().await).await;
    let (ana, bo) = (site.sign_in("ana").await, site.sign_in("bo").await);
    assert!(site.world.suspend_user(site.bo).await);
    assert_eq!(who(&site, &bo).await, "401 not_signed_in");
    assert!(site.world.reactivate_user(site.bo).await);
    assert_eq!(who(&site, &bo).await, "401 not_signed_in", "ended for good");
    let hash = password::hash("another horse", &*site.world.entropy).unwrap();
    let actor = keyfob_core::event::Actor::OPERATOR;
    let mut tx = site.world.store.write().await.unwrap();
    user_set_password(&mut tx, site.ana, &hash, &actor, site.world.now())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    assert_eq!(who(&site, &ana).await, "401 not_signed_in");
    assert_eq!(
        site.signing_in("ana").outcome().await,
        "401 invalid_credentials"
    );
    let body = r#"{"email":"ana@acme.example","password":"another horse"}"#;
    assert_eq!(site.post(SESSION).json(body).outcome().await, "201");
}

#[tokio::test]
async fn a_sign_in_beside_another_users_session_leaves_that_one_alone() {
    let site = Site::on(super::backend().await).await;
    let bo = site.sign_in("bo").await;
    let ana = site.signing_in("ana").cookie(&bo).send().await;
    assert_eq!(ana.outcome(), "201");
    assert_eq!(who(&site, &bo).await, "200");
    let wrong = site.post(SESSION).cookie(&bo);
    let wrong = wrong.json(r#"{"email":"bo@acme.example","password":"wrong"}"#);
    assert_eq!(wrong.outcome().await, "401 invalid_credentials");
    assert_eq!(
        who(&site, &bo).await,
        "200",
        "a wrong password ends nothing"
    );
}

#[tokio::test]
async fn a_cookie_that_is_none_of_ours_signs_nobody_in() {
    let site = Site::on(super::backend().await).await;
    let ana = site.sign_in("ana").await;
    let value = ana.split_once('=').unwrap().1;
    let other = if value.starts_with('A') { 'B' } else { 'A' };
    let (_first, but_first) = value.split_at(1);
    let (but_last, _last) = value.split_at(42);
    for cookie in [
        format!("keyfob_session={other}{but_first}"),
        format!("keyfob_session={value}0"),
        format!("keyfob_session={but_last}"),
        format!("KEYFOB_SESSION={value}"),
        format!("__Host-keyfob_session={value}"),
        "keyfob_session=".to_owned(),
        String::new(),
    ] {
        assert_eq!(who(&site, &cookie).await, "401 not_signed_in", "{cookie}");
    }
    assert_eq!(who(&site, &format!("a=b; {ana}; c=d")).await, "200");
    let twice: Answer = site
        .get(SESSION)
        .cookie(&format!("{ana}; {ana}"))
        .send()
        .await;
    assert_eq!(twice.outcome(), "400 invalid_request");
    assert_eq!(twice.message(), "The session cookie came twice.");
    let split = site.get(SESSION).cookie(&ana).cookie("keyfob_session=x");
    assert_eq!(split.outcome().await, "400 invalid_request");
}
