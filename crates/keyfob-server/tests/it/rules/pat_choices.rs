//! P8, P14: what can be chosen at generation, and how a token is listed.

use std::time::Duration;

use keyfob_core::policy::ExpiryPolicy;
use serde_json::{Value, json};

use crate::site::{Site, pats_of};

const DAY: Duration = Duration::from_hours(24);

/// What the list says of a token.
async fn listed(site: &Site, cookie: &str, id: &str) -> Value {
    let list = site.get(&pats_of(site.acme)).cookie(cookie).send().await;
    let data = list.json()["data"].clone();
    let found = data.as_array().unwrap().iter().find(|pat| pat["id"] == id);
    found.unwrap().clone()
}

#[tokio::test]
async fn p8_one_click_with_no_choice_made_works() {
    let site = Site::on(super::backend().await).await;
    let ana = site.sign_in("ana").await;
    let answer = site.generating(&ana, site.acme, "{}").send().await;
    assert_eq!(answer.outcome(), "201");
    insta::assert_snapshot!(answer.header_lines(), @r"
    cache-control: no-store
    content-security-policy: default-src 'none'; frame-ancestors 'none'
    content-type: application/json
    cross-origin-opener-policy: same-origin
    cross-origin-resource-policy: same-origin
    referrer-policy: no-referrer
    x-content-type-options: nosniff
    ");
    let (id, token) = (answer.member("id"), answer.member("token"));
    let end = &token[token.len() - 4..];
    let members = format!(
        r#"{{"id":"{id}","name":"2027-01-15","hint":"kfpat_…{end}","organizationId":"{}","status":"active","createdDate":"2027-01-15T08:00:00.000Z","reach":"subtree""#,
        site.acme
    );
    assert_eq!(answer.text(), format!(r#"{members},"token":"{token}"}}"#));
    let list = site.get(&pats_of(site.acme)).cookie(&ana).send().await;
    assert_eq!(list.text(), format!(r#"{{"data":[{members}}}]}}"#));
}

#[tokio::test]
async fn p8_every_choice_is_kept_and_listed() {
    let site = Site::on(super::backend().await).await;
    let ana = site.sign_in("ana").await;
    let mut below = [site.mobile.to_string(), site.web.to_string()];
    below.sort();
    let [a, b] = below;
    let body = json!({
        "name": "  Gece derlemesi – İstanbul ",
        "expiresInDays": 90,
        "ceiling": ["signing:view", "build:operate", "build:operate"],
        "reach": [b, a],
        "networks": ["10.1.2.0/24", "192.0.2.7", "2001:DB8::/32"],
    });
    let pat = site.generate(&ana, site.acme, &body.to_string()).await;
    let seen = listed(&site, &ana, &pat.id).await;
    let wanted = json!({
        "id": pat.id,
        "name": "Gece derlemesi – İstanbul",
        "hint": format!("kfpat_…{}", &pat.secret[pat.secret.len() - 4..]),
        "organizationId": site.acme.to_string(),
        "status": "active",
        "createdDate": "2027-01-15T08:00:00.000Z",
        "expiresDate": "2027-04-15T08:00:00.000Z",
        "reach": [a, b],
        "ceiling": ["build:operate", "signing:view"],
        "networks": ["10.1.2.0/24", "192.0.2.7/32", "2001:db8::/32"],
    });
    assert_eq!(seen, wanted);
    let twin = site.generate(&ana, site.acme, &body.to_string()).await;
    assert_ne!(twin.id, pat.id, "a name may repeat");
}

#[tokio::test]
async fn p8_choices_that_cannot_be_are_refused_with_the_place() {
    let site = Site::on(super::backend().await).await;
    let ana = site.sign_in("ana").await;
    let named = |id: &str| json!({ "reach": [id] }).to_string();
    let ceiling = "ceiling is 1 to 200 permissions of the role catalogue, such as build:view.";
    let below = "reach names 1 to 50 organizations below this one.";
    let past = "The expiry is not in the future.";
    for (body, message) in [
        (r#"{"ceiling":[]}"#.to_owned(), ceiling),
        (r#"{"ceiling":["build:fly"]}"#.to_owned(), ceiling),
        (r#"{"reach":[]}"#.to_owned(), below),
        (named(&site.acme.to_string()), below),
        (named(&site.globex.to_string()), below),
        (named("01890a5d-ac96-774b-bcce-b302099a8057"), below),
        (named("acme"), "reach names what is no organization id."),
        (
            r#"{"reach":"all"}"#.to_owned(),
            "reach is \"subtree\", \"organization\" or a list of organization ids.",
        ),
        (r#"{"expiresDate":"2027-01-15T08:00:00Z"}"#.to_owned(), past),
        (r#"{"expiresInDays":0}"#.to_owned(), past),
        (
            r#"{"expiresDate":"tomorrow"}"#.to_owned(),
            "expiresDate is not a date of RFC 3339.",
        ),
        (
            r#"{"expiresDate":"2028-01-15T08:00:00Z","expiresInDays":9}"#.to_owned(),
            "Send expiresDate or expiresInDays, not both.",
        ),
    ] {
        let answer = site.generating(&ana, site.acme, &body).send().await;
        assert_eq!(answer.outcome(), "400 invalid_request", "{body}");
        assert_eq!(answer.message(), message, "{body}");
    }
    for body in [
        json!({"name": ""}),
        json!({"name": "x".repeat(101)}),
        json!({"name": "a\u{202e}b"}),
        json!({"networks": ["10.0.0.0/33"]}),
        json!({"networks": ["everywhere"]}),
        json!({"networks": []}),
        json!({"expiresInDays": -1}),
        json!({"expiresInDays": 1.5}),
    ] {
        let answer = site.generating(&ana, site.acme, &body.to_string());
        assert_eq!(answer.outcome().await, "400 invalid_request", "{body}");
    }
    let list = site.get(&pats_of(site.acme)).cookie(&ana).send().await;
    assert_eq!(list.text(), r#"{"data":[]}"#, "nothing was made");
}

#[tokio::test]
async fn p8_a_reach_names_at_most_50_organizations() {
    let site = Site::on(super::backend().await).await;
    let ana = site.sign_in("ana").await;
    let mut named = Vec::new();
    for number in 1..=51 {
        let sub = site.world.sub(site.web, &format!("Sub {number}")).await;
        named.push(sub.to_string());
    }
    let with = |named: &[String]| {
        let body = json!({ "reach": named }).to_string();
        site.generating(&ana, site.acme, &body)
    };
    assert_eq!(with(&named).outcome().await, "400 invalid_request");
    assert_eq!(with(&named[..50]).outcome().await, "201");
    let one = vec![named[0].clone(); 51];
    assert_eq!(
        with(&one).outcome().await,
        "201",
        "however often it is named"
    );
}

#[tokio::test]
async fn p8_the_policy_of_expiry_gives_the_default_and_the_bound() {
    let backend = super::backend().await;
    let site = Site::with(backend, |parts| {
        parts.policy.pat_expiry = ExpiryPolicy {
            default: Some(30 * DAY),
            max: Some(90 * DAY),
            required: true,
        };
    })
    .await;
    let ana = site.sign_in("ana").await;
    let expires = async |body: &str| {
        let answer = site.generating(&ana, site.acme, body).send().await;
        assert_eq!(answer.outcome(), "201", "{body}");
        answer.member("expiresDate")
    };
    assert_eq!(expires("{}").await, "2027-02-14T08:00:00.000Z");
    let latest = r#"{"expiresInDays":90}"#;
    assert_eq!(expires(latest).await, "2027-04-15T08:00:00.000Z");
    let later = site.generating(&ana, site.acme, r#"{"expiresInDays":91}"#);
    let later = later.send().await;
    assert_eq!(later.outcome(), "400 invalid_request");
    assert_eq!(
        later.message(),
        "By policy the expiry is at the latest 2027-04-15T08:00:00.000Z."
    );
}

#[tokio::test]
async fn the_list_has_the_newest_first_and_says_what_became_of_each() {
    let site = Site::on(super::backend().await).await;
    let ana = site.sign_in("ana").await;
    let expiring = r#"{"name":"one","expiresDate":"2027-01-15T08:10:00.250Z"}"#;
    site.generate(&ana, site.acme, expiring).await;
    site.advance(Duration::from_mins(5));
    let two = site.generate(&ana, site.acme, r#"{"name":"two"}"#).await;
    site.advance(Duration::from_millis(1));
    site.generate(&ana, site.acme, r#"{"name":"three"}"#).await;
    site.advance(Duration::from_millis(300_249));
    assert_eq!(site.revoking(&two).cookie(&ana).outcome().await, "204");
    let list = site.get(&pats_of(site.acme)).cookie(&ana).send().await;
    let list = list.json();
    let said = |index: usize, member: &str| list["data"][index][member].clone();
    let names: Vec<Value> = (0..3).map(|index| said(index, "name")).collect();
    assert_eq!(names, ["three", "two", "one"]);
    let statuses: Vec<Value> = (0..3).map(|index| said(index, "status")).collect();
    assert_eq!(statuses, ["active", "revoked", "expired"]);
    assert_eq!(said(1, "revokedDate"), "2027-01-15T08:10:00.250Z");
    assert_eq!(said(2, "expiresDate"), "2027-01-15T08:10:00.250Z");
}

#[tokio::test]
async fn p14_the_last_use_is_shown() {
    let site = Site::on(super::backend().await).await;
    let ana = site.sign_in("ana").await;
    let pat = site.generate(&ana, site.acme, "{}").await;
    let form = format!("pat={}&subOrganization={}", pat.secret, site.ios);
    for (second, agent) in [(0, "curl/8.1"), (1, "axios/1.8.4")] {
        site.advance(Duration::from_secs(second));
        let ask = site.exchanging("v2", &form).from("192.0.2.9");
        assert_eq!(ask.header("user-agent", agent).outcome().await, "200");
    }
    // A refusal is no use.
    site.advance(Duration::from_secs(1));
    let outside = format!("pat={}&subOrganization={}", pat.secret, site.globex);
    let refused = site.exchanging("v2", &outside).outcome().await;
    assert_eq!(refused, "403 access_denied");
    site.app.activity.flush(&site.app.store).await.unwrap();
    assert_eq!(
        listed(&site, &ana, &pat.id).await["lastUsed"],
        json!({
            "date": "2027-01-15T08:00:01.000Z",
            "address": "192.0.2.9",
            "userAgent": "axios/1.8.4",
            "organizationId": site.ios.to_string(),
        })
    );
}
