//! Contract 5: what a session leaves behind when it is used, replaced or ended.

use std::time::Duration;

use serde_json::{Value, json};

use crate::client::{Answer, Ask};
use crate::site::Site;

const MINUTE: Duration = Duration::from_mins(1);

/// All that a client sees of a refusal but what differs from request to request.
fn seen(answer: &Answer) -> (u16, String, String) {
    let id = answer.header("x-request-id").unwrap();
    let body = answer.text().replace(id, "ID");
    (answer.status, answer.header_lines(), body)
}

fn who(site: &Site, cookie: &str) -> Ask {
    site.get("/identity/v1/session").cookie(cookie)
}

async fn listed(site: &Site, cookie: &str) -> Value {
    let ask = site.get("/identity/v1/sessions").cookie(cookie);
    let answer = ask.send().await;
    assert_eq!(answer.outcome(), "200");
    answer.json()
}

#[tokio::test]
async fn the_list_shows_the_last_use_of_each_and_which_one_asks() {
    let site = Site::on(super::backend().await).await;
    let first = site.signing_in("ana").from("192.0.2.7");
    let first = first.header("user-agent", "curl/8").send().await.cookie();
    site.advance(MINUTE);
    let second = site.sign_in("ana").await;
    site.advance(MINUTE);
    assert_eq!(who(&site, &first).outcome().await, "200");
    // At once; the server does it every other second.
    site.app.activity.flush(&site.app.store).await.unwrap();
    let list = listed(&site, &second).await;
    let wanted = json!({"data": [
        {
            "id": list["data"][0]["id"],
            "current": false,
            "createdDate": "2027-01-15T08:00:00.000Z",
            "lastUsedDate": "2027-01-15T08:02:00.000Z",
            "expiresDate": "2027-01-15T20:00:00.000Z",
            "address": "192.0.2.7",
            "userAgent": "curl/8",
        },
        {
            "id": list["data"][1]["id"],
            "current": true,
            "createdDate": "2027-01-15T08:01:00.000Z",
            "lastUsedDate": "2027-01-15T08:01:00.000Z",
            "expiresDate": "2027-01-15T20:01:00.000Z",
        },
    ]});
    assert_eq!(list, wanted);
}

#[tokio::test]
async fn an_ended_an_unknown_and_no_session_are_refused_alike() {
    let site = Site::on(super::backend().await).await;
    let (ended, idle) = (site.sign_in("ana").await, site.sign_in("ana").await);
    let sign_out = site.delete("/identity/v1/session").cookie(&ended);
    assert_eq!(sign_out.outcome().await, "204");
    let suspended = site.sign_in("bo").await;
    site.world.suspend_user(site.bo).await;
    site.advance(30 * MINUTE);
    let none = site.get("/identity/v1/session").send().await;
    assert_eq!(none.outcome(), "401 not_signed_in");
    let challenge = none.header("www-authenticate");
    assert_eq!(challenge, Some("Bearer realm=\"keyfob\""));
    let unknown = format!("keyfob_session={}", "A".repeat(43));
    for cookie in [
        &*ended,
        &idle,
        &suspended,
        &unknown,
        "keyfob_session=\u{1f511}",
    ] {
        let answer = who(&site, cookie).send().await;
        assert_eq!(seen(&answer), seen(&none), "{cookie}");
    }
}

#[tokio::test]
async fn signing_out_ends_this_session_and_no_other() {
    let site = Site::on(super::backend().await).await;
    let (mine, other) = (site.sign_in("ana").await, site.sign_in("ana").await);
    let sign_out = || site.delete("/identity/v1/session").cookie(&mine).outcome();
    assert_eq!(sign_out().await, "204");
    assert_eq!(sign_out().await, "401 not_signed_in");
    assert_eq!(who(&site, &other).outcome().await, "200");
}

#[tokio::test]
async fn signing_in_again_replaces_the_session_at_once_on_every_node() {
    let site = Site::on(super::backend().await).await;
    let other_node = site.another_node().await;
    let old = site.sign_in("ana").await;
    site.advance(20 * MINUTE);
    let again = site.signing_in("ana").cookie(&old).send().await;
    let date = "2027-01-15T08:20:00.000Z";
    assert_eq!(again.member("authenticatedDate"), date);
    let new = again.cookie();
    for app in [&site.app, &other_node] {
        let ask = |cookie: &str| Ask::new(app, "GET", "/identity/v1/session").cookie(cookie);
        assert_eq!(ask(&old).outcome().await, "401 not_signed_in");
        assert_eq!(ask(&new).send().await.member("authenticatedDate"), date);
    }
    let list = listed(&site, &new).await;
    assert_eq!(list["data"].as_array().unwrap().len(), 1);
}
