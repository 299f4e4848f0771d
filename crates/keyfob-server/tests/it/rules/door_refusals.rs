//! X6: one answer for every PAT that is refused, one for every target.

use std::time::Duration;

use crate::client::{Answer, Ask};
use crate::site::{Pat, Site};

/// A site where more may be refused than here is.
async fn site() -> Site {
    let many = |parts: &mut keyfob_server::state::Parts| parts.policy.exchange_failures = 1_000;
    Site::with(super::backend().await, many).await
}

/// A use of a PAT from an address of the documentation's network.
fn using(site: &Site, secret: &str, target: &str) -> Ask {
    let form = format!("pat={secret}&subOrganization={target}");
    site.exchanging("v2", &form).from("192.0.2.1")
}

/// What a program that does so gets.
async fn answer(site: &Site, secret: &str, target: &str) -> Answer {
    using(site, secret, target).send().await.without_id()
}

/// The same at each door, and for programs that want to hear something else than JSON.
async fn answers_elsewhere(site: &Site, secret: &str, target: &str) -> Vec<Answer> {
    let pat = format!("pat={secret}");
    let dashed = format!("personal-access-key={secret}");
    let v3 = format!("personalAccessKey={secret}&subOrganizationId={target}");
    let mut asks: Vec<Ask> = ["*/*", "text/html", "application/xml;q=0.9"]
        .map(|accept| using(site, secret, target).header("accept", accept))
        .into();
    asks.push(site.exchanging("v3", &v3).from("192.0.2.1"));
    if target.is_empty() {
        asks.push(site.exchanging("v1", &pat).from("192.0.2.1"));
        asks.push(site.exchanging("v1", &dashed).from("192.0.2.1"));
    }
    let mut answers = Vec::new();
    for ask in asks {
        answers.push(ask.send().await.without_id());
    }
    answers
}

/// PATs that are no good, each for another reason; all but one were good when they were made.
async fn bad_pats(site: &Site) -> Vec<(&'static str, String)> {
    let person = async |name: &str| {
        let user = site.person(name).await;
        site.world.member(user, site.acme, &["view-build"]).await;
        (user, site.pat(name, site.acme).await)
    };
    let ana = site.sign_in("ana").await;
    let choose = async |body: &str| site.generate(&ana, site.acme, body).await.secret;
    let expired = choose(r#"{"expiresDate":"2027-01-15T08:00:01Z"}"#).await;
    let network = choose(r#"{"networks":["198.51.100.0/24","2001:db8::/32"]}"#).await;
    let revoked = site.generate(&ana, site.acme, "{}").await;
    let (eve, of_suspended) = person("eve").await;
    let (fay, of_suspended_member) = person("fay").await;
    let (gil, of_removed_member) = person("gil").await;
    let gone = site.world.sub(site.acme, "Gone").await;
    site.world.member(eve, gone, &[]).await;
    let of_deleted = site.pat("eve", gone).await;
    for secret in [&expired, &revoked.secret, &of_removed_member.secret] {
        assert_eq!(answer(site, secret, "").await.status, 200);
    }
    let ended = site.revoking(&revoked).cookie(&ana).outcome().await;
    assert_eq!(ended, "204");
    assert!(site.world.suspend_user(eve).await);
    assert!(site.world.suspend_member(fay, site.acme).await);
    assert!(site.world.remove(gil, site.acme).await);
    site.world.delete_org(gone).await;
    site.advance(Duration::from_secs(1));
    vec![
        ("unknown", site.world.secret().expose().to_owned()),
        ("malformed", "not a token at all".to_owned()),
        ("wrong checksum", format!("{}000000", &expired[..38])),
        ("expired", expired),
        ("network", network),
        ("revoked", revoked.secret),
        ("user suspended", of_suspended.secret),
        ("membership suspended", of_suspended_member.secret),
        ("membership ended", of_removed_member.secret),
        ("organization deleted", of_deleted.secret),
    ]
}

#[tokio::test]
async fn x6_every_pat_that_is_refused_gets_the_same_401() {
    let site = site().await;
    let bad = bad_pats(&site).await;
    let first = answer(&site, &bad[0].1, "").await;
    assert_eq!(first.status, 401);
    insta::assert_snapshot!(first.header_lines(), @r#"
    cache-control: no-store
    content-security-policy: default-src 'none'; frame-ancestors 'none'
    content-type: application/json
    cross-origin-opener-policy: same-origin
    cross-origin-resource-policy: same-origin
    pragma: no-cache
    referrer-policy: no-referrer
    www-authenticate: Bearer realm="keyfob"
    x-content-type-options: nosniff
    "#);
    insta::assert_snapshot!(first.text(), @r#"{"error":"invalid_grant","error_description":"The personal API token is not valid.","message":"The personal API token is not valid."}"#);
    // What the target is makes no difference: a bad PAT learns nothing of it.
    let targets = [
        String::new(),
        site.ios.to_string(),
        site.globex.to_string(),
        "01890a5d-ac96-774b-bcce-b302099a8057".to_owned(),
    ];
    for (cause, secret) in &bad {
        for target in &targets {
            assert_eq!(answer(&site, secret, target).await, first, "{cause}");
        }
        for elsewhere in answers_elsewhere(&site, secret, "").await {
            assert_eq!(elsewhere, first, "{cause}");
        }
    }
}

#[tokio::test]
async fn x6_a_token_for_a_network_is_good_there_and_nowhere_else() {
    let site = Site::on(super::backend().await).await;
    let ana = site.sign_in("ana").await;
    let body = r#"{"networks":["198.51.100.0/24","2001:db8::/32"]}"#;
    let pat = site.generate(&ana, site.acme, body).await;
    let from = async |address: Option<&str>| {
        let ask = site.exchanging("v2", &format!("pat={}", pat.secret));
        match address {
            Some(address) => ask.from(address).outcome().await,
            None => ask.outcome().await,
        }
    };
    for good in [
        "198.51.100.1",
        "198.51.100.255",
        "2001:db8:1::9",
        "::ffff:198.51.100.7",
    ] {
        assert_eq!(from(Some(good)).await, "200", "{good}");
    }
    for bad in ["198.51.101.1", "192.0.2.1", "2001:db9::1", "::1"] {
        assert_eq!(from(Some(bad)).await, "401 invalid_grant", "{bad}");
    }
    assert_eq!(from(None).await, "401 invalid_grant", "no known address");
    let ask = site.exchanging("v2", &format!("pat={}", pat.secret));
    let lied = ask
        .from("192.0.2.1")
        .header("x-forwarded-for", "198.51.100.1");
    assert_eq!(
        lied.outcome().await,
        "401 invalid_grant",
        "nobody is trusted"
    );
}

#[tokio::test]
async fn x6_every_target_that_is_refused_gets_the_same_403() {
    let site = Site::on(super::backend().await).await;
    let ana = site.sign_in("ana").await;
    let deleted = site.world.sub(site.acme, "Deleted").await;
    site.world.delete_org(deleted).await;
    let whole = site.generate(&ana, site.acme, "{}").await;
    let only = site
        .generate(&ana, site.acme, r#"{"reach":"organization"}"#)
        .await;
    let named = format!(r#"{{"reach":["{}"]}}"#, site.web);
    let named = site.generate(&ana, site.acme, &named).await;
    let bo = site.pat("bo", site.mobile).await;
    let unknown = "01890a5d-ac96-774b-bcce-b302099a8057".to_owned();
    let cases: [(&str, &Pat, String); 8] = [
        ("unknown", &whole, unknown),
        ("deleted", &whole, deleted.to_string()),
        ("another tree", &whole, site.globex.to_string()),
        ("above", &bo, site.acme.to_string()),
        ("beside", &bo, site.web.to_string()),
        ("another tree, from a sub", &bo, site.globex.to_string()),
        ("outside the reach: below", &only, site.mobile.to_string()),
        (
            "outside the reach: not named",
            &named,
            site.mobile.to_string(),
        ),
    ];
    let first = answer(&site, &whole.secret, &cases[0].2).await;
    assert_eq!(first.status, 403);
    insta::assert_snapshot!(first.header_lines(), @r"
    cache-control: no-store
    content-security-policy: default-src 'none'; frame-ancestors 'none'
    content-type: application/json
    cross-origin-opener-policy: same-origin
    cross-origin-resource-policy: same-origin
    pragma: no-cache
    referrer-policy: no-referrer
    x-content-type-options: nosniff
    ");
    insta::assert_snapshot!(first.text(), @r#"{"error":"access_denied","error_description":"The personal API token does not give access to that organization.","message":"The personal API token does not give access to that organization."}"#);
    for (cause, pat, target) in &cases {
        assert_eq!(answer(&site, &pat.secret, target).await, first, "{cause}");
        for elsewhere in answers_elsewhere(&site, &pat.secret, target).await {
            assert_eq!(elsewhere, first, "{cause}");
        }
    }
}
