//! X6, T-04, ERR-02: who fails too often waits, and nobody else does.

use std::time::Duration;

use futures_util::future::join_all;

use crate::client::{Answer, Ask};
use crate::site::{PASSWORD, Site};

const HERE: &str = "192.0.2.1";
const THERE: &str = "192.0.2.2";
const SESSION: &str = "/identity/v1/session";

/// An exchange from an address, at the main door.
fn exchanging(site: &Site, address: &str, secret: &str) -> Ask {
    site.exchanging("v2", &format!("pat={secret}"))
        .from(address)
}

fn unknown(site: &Site) -> String {
    site.world.secret().expose().to_owned()
}

/// Fails once more than an address may, so that the next wrong secret from there is too much.
async fn use_up(site: &Site, address: &str) {
    for failure in 0..=site.app.policy.exchange_failures {
        let outcome = exchanging(site, address, &unknown(site)).outcome().await;
        assert_eq!(outcome, "401 invalid_grant", "{failure} from {address}");
    }
}

fn trying(site: &Site, address: &str, email: &str, password: &str) -> Ask {
    let body = format!(r#"{{"email":"{email}","password":"{password}"}}"#);
    site.post(SESSION).json(&body).from(address)
}

/// An answer without what names its request.
fn told(answer: &Answer) -> (u16, String, String) {
    let id = answer.header("x-request-id").unwrap();
    let body = answer.text().replace(id, "ID");
    (answer.status, answer.header_lines(), body)
}

#[tokio::test]
async fn x6_after_60_wrong_secrets_in_a_minute_a_wrong_one_is_429_and_a_good_one_is_not() {
    let site = Site::on(super::backend().await).await;
    let ana = site.sign_in("ana").await;
    let pat = site.generate(&ana, site.acme, "{}").await;
    let revoked = site.generate(&ana, site.acme, "{}").await;
    assert_eq!(site.revoking(&revoked).cookie(&ana).outcome().await, "204");
    use_up(&site, HERE).await;
    // All that is wrong with a secret is still one answer, whichever door it comes to.
    let v1 = format!("personal-access-key={}", unknown(&site));
    let v3 = format!("personalAccessKey={}", revoked.secret);
    let asks = [
        exchanging(&site, HERE, &unknown(&site)),
        exchanging(&site, HERE, &revoked.secret),
        exchanging(&site, HERE, "not a token at all"),
        site.exchanging("v1", &v1).from(HERE),
        site.exchanging("v3", &v3).from(HERE),
    ];
    let mut answers = Vec::new();
    for ask in asks {
        answers.push(ask.send().await);
    }
    let first = answers[0].clone().without_id();
    insta::assert_snapshot!(first.header_lines(), @r"
    cache-control: no-store
    content-security-policy: default-src 'none'; frame-ancestors 'none'
    content-type: application/json
    cross-origin-opener-policy: same-origin
    cross-origin-resource-policy: same-origin
    pragma: no-cache
    referrer-policy: no-referrer
    retry-after: 60
    x-content-type-options: nosniff
    ");
    insta::assert_snapshot!(first.text(), @r#"{"error":"too_many_requests","error_description":"Too many wrong tokens came from this address.","message":"Too many wrong tokens came from this address."}"#);
    for answer in answers {
        assert_eq!(answer.outcome(), "429 too_many_requests");
        assert_eq!(answer.without_id(), first);
    }
    // What is good is never answered so: neither its 200 nor the 403 of a target that is refused.
    let good = exchanging(&site, HERE, &pat.secret);
    assert_eq!(good.outcome().await, "200");
    let form = format!("pat={}&subOrganization={}", pat.secret, site.globex);
    let target = site.exchanging("v2", &form).from(HERE);
    assert_eq!(target.outcome().await, "403 access_denied");
    // Nor is what was not read as far as the secret.
    let empty = exchanging(&site, HERE, "");
    assert_eq!(empty.outcome().await, "400 invalid_request");
}

#[tokio::test]
async fn x6_only_that_address_waits_and_only_until_a_minute_is_over() {
    let site = Site::with(super::backend().await, |parts| {
        parts.policy.exchange_failures = 10;
    })
    .await;
    let wrong = async |address| exchanging(&site, address, &unknown(&site)).send().await;
    use_up(&site, HERE).await;
    assert_eq!(wrong(THERE).await.outcome(), "401 invalid_grant");
    site.advance(Duration::from_millis(59_001));
    let last = wrong(HERE).await;
    assert_eq!(last.outcome(), "429 too_many_requests");
    assert_eq!(last.header("retry-after"), Some("1"), "rounded up");
    site.advance(Duration::from_millis(998));
    assert_eq!(wrong(HERE).await.outcome(), "429 too_many_requests");
    site.advance(Duration::from_millis(1));
    // What was answered 429 did not count.
    use_up(&site, HERE).await;
    // Of IPv6 a /64 is one address.
    use_up(&site, "2001:db8:1:2::1").await;
    let same = wrong("2001:db8:1:2:ffff:ffff:ffff:ffff").await;
    assert_eq!(same.outcome(), "429 too_many_requests");
    let next = wrong("2001:db8:1:3::1").await;
    assert_eq!(next.outcome(), "401 invalid_grant");
    // An IPv4 address is the same one on a socket for both.
    let mapped = wrong("::ffff:192.0.2.1").await;
    assert_eq!(mapped.outcome(), "429 too_many_requests");
}

#[tokio::test]
async fn x6_only_401s_count() {
    let site = Site::with(super::backend().await, |parts| {
        parts.policy.exchange_failures = 10;
    })
    .await;
    let pat = site.pat("ana", site.acme).await;
    let form = format!("pat={}&subOrganization={}", pat.secret, site.globex);
    for _refused in 0..12 {
        let target = site.exchanging("v2", &form).from(HERE);
        assert_eq!(target.outcome().await, "403 access_denied");
        let field = exchanging(&site, HERE, "x&pat=y");
        assert_eq!(field.outcome().await, "400 invalid_request");
        let good = exchanging(&site, HERE, &pat.secret);
        assert_eq!(good.outcome().await, "200");
    }
    use_up(&site, HERE).await;
}

#[tokio::test]
async fn err_02_a_429_is_kept_by_nobody_and_says_when_to_come_back() {
    let site = Site::with(super::backend().await, |parts| {
        parts.policy.exchange_failures = 10;
        parts.policy.sign_in_failures = 3;
    })
    .await;
    use_up(&site, HERE).await;
    let ana = "ana@acme.example";
    for _failure in 0..4 {
        let wrong = trying(&site, HERE, ana, "wrong").outcome().await;
        assert_eq!(wrong, "401 invalid_credentials");
    }
    site.advance(Duration::from_secs(40));
    let door = exchanging(&site, HERE, &unknown(&site)).send().await;
    let session = trying(&site, HERE, ana, "wrong").send().await;
    for (answer, seconds) in [(door, "20"), (session, "860")] {
        assert_eq!(answer.outcome(), "429 too_many_requests");
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        assert_eq!(answer.header("retry-after"), Some(seconds));
        // On a 401 they would tell two answers apart, and here they would tell no more.
        for name in ["ratelimit", "ratelimit-policy"] {
            assert_eq!(answer.header(name), None);
        }
    }
}

#[tokio::test]
async fn t_04_after_too_many_failures_that_address_waits_at_that_account_and_nobody_else_does() {
    let site = Site::with(super::backend().await, |parts| {
        parts.policy.sign_in_failures = 3;
    })
    .await;
    site.world.user("nopassword@acme.example").await;
    assert!(site.world.suspend_user(site.bo).await);
    let mut all = Vec::new();
    for email in [
        "ana@acme.example",
        "nobody@acme.example",
        "bo@acme.example",
        "nopassword@acme.example",
        "not an address",
    ] {
        let mut answers = Vec::new();
        for _failure in 0..4 {
            let wrong = trying(&site, HERE, email, "wrong").send().await;
            assert_eq!(wrong.outcome(), "401 invalid_credentials", "{email}");
            answers.push(told(&wrong));
        }
        // From here on no password is looked at, not even the right one.
        for password in ["wrong", PASSWORD] {
            let limited = trying(&site, HERE, email, password).send().await;
            assert_eq!(limited.outcome(), "429 too_many_requests", "{email}");
            assert_eq!(limited.header("retry-after"), Some("900"));
            assert_eq!(limited.header("set-cookie"), None);
            answers.push(told(&limited));
        }
        all.push(answers);
    }
    let first = &all[0];
    assert!(all.iter().all(|answers| answers == first), "{all:?}");
    // The same account in other letters; the owner of the account elsewhere; another account here.
    let ana = "ana@acme.example";
    let folded = trying(&site, HERE, "Ana@ACME.example", PASSWORD);
    assert_eq!(folded.outcome().await, "429 too_many_requests");
    assert_eq!(
        trying(&site, THERE, ana, PASSWORD).outcome().await,
        "201",
        "no lockout by third parties"
    );
    let cem = trying(&site, HERE, "cem@acme.example", PASSWORD);
    assert_eq!(cem.outcome().await, "201");
    site.advance(Duration::from_millis(15 * 60_000 - 1));
    let still = trying(&site, HERE, ana, PASSWORD).send().await;
    assert_eq!(still.header("retry-after"), Some("1"));
    site.advance(Duration::from_millis(1));
    assert_eq!(trying(&site, HERE, ana, PASSWORD).outcome().await, "201");
}

#[tokio::test]
async fn t_04_the_right_password_works_while_others_guess_as_fast_as_they_can() {
    let site = Site::on(super::backend().await).await;
    let guesses = (0..300).map(|guess| {
        let email = format!("somebody-{guess}@acme.example");
        trying(&site, HERE, &email, "a guess").send()
    });
    let attack = join_all(guesses);
    let ana = trying(&site, THERE, "ana@acme.example", PASSWORD).outcome();
    let (answers, ana) = tokio::join!(attack, ana);
    assert_eq!(ana, "201");
    let (mut refused, mut limited) = (0, 0);
    for answer in answers {
        match answer.outcome().as_str() {
            "401 invalid_credentials" => refused += 1,
            "429 too_many_requests" => {
                assert_eq!(answer.header("retry-after"), Some("1"));
                limited += 1;
            }
            other => panic!("{other}"),
        }
    }
    assert_eq!(refused + limited, 300);
    assert!(refused >= 8, "as many as have a place: {refused}");
    assert!(limited > 150, "most find none: {limited}");
}

#[tokio::test]
async fn t_04_when_all_places_are_taken_a_sign_in_is_503_and_it_says_when_to_come_back() {
    let site = Site::on(super::backend().await).await;
    let guesses = (0..300).map(|guess| {
        let (address, email) = (
            format!("198.51.100.{}", guess / 6),
            format!("somebody-{guess}@acme.example"),
        );
        trying(&site, &address, &email, "a guess").send()
    });
    let outcomes = join_all(guesses).await;
    let is_away = |answer: &&Answer| answer.status == 503;
    let away: Vec<&Answer> = outcomes.iter().filter(is_away).collect();
    assert!(away.len() > 100, "{}", away.len());
    for answer in away {
        assert_eq!(answer.outcome(), "503 temporarily_unavailable");
        assert_eq!(answer.header("retry-after"), Some("5"));
    }
    let ana = trying(&site, THERE, "ana@acme.example", PASSWORD).outcome();
    assert_eq!(ana.await, "201", "the places are free again");
}
