//! X1: what a door checks, in which order, and how it reads a form.

use crate::client::Ask;
use crate::site::Site;

const UNKNOWN_ORG: &str = "01890a5d-ac96-774b-bcce-b302099a8057";

/// A body that is too large whatever else is in it.
fn large(body: &str) -> String {
    format!("{body}&pad={}", "x".repeat(8 * 1024))
}

#[tokio::test]
async fn x1_of_two_faults_the_earlier_one_is_answered() {
    let site = Site::on(super::backend().await).await;
    let good = site.pat("ana", site.acme).await.secret;
    let bad = "kfpat_wrong";
    let form = "application/x-www-form-urlencoded";
    let json = "application/json";
    let ask = |method: &str, query: &str, media_type: &str, body: &str| {
        let ask = site.ask(method, &format!("/auth/v2/token{query}"));
        ask.header("content-type", media_type).body(body.to_owned())
    };
    let both_differ = format!(
        "&subOrganization={}&subOrganizationId={}",
        site.web, site.ios
    );
    let unknown = format!("&subOrganization={UNKNOWN_ORG}");
    let cases: [(&str, Ask, &str); 7] = [
        (
            "method before query",
            ask("PUT", "?pat=x", json, ""),
            "405 invalid_request Use POST.",
        ),
        (
            "query before media type",
            ask("POST", "?pat=x", json, ""),
            "400 invalid_request A secret was sent in the query string, where logs keep it. Send it in the \
             body, and revoke this one.",
        ),
        (
            "media type before size",
            ask("POST", "", json, &large("pat=x")),
            "415 invalid_request Send the fields as application/x-www-form-urlencoded.",
        ),
        (
            "size before fields",
            ask("POST", "", form, &large("pat=x&pat=y")),
            "413 invalid_request The body is larger than 8 KiB.",
        ),
        (
            "fields before the secret",
            ask("POST", "", form, &format!("pat={bad}{both_differ}")),
            "400 invalid_request subOrganization and subOrganizationId differ. Send one of them.",
        ),
        (
            "the secret before the target",
            ask("POST", "", form, &format!("pat={bad}{unknown}")),
            "401 invalid_grant The personal API token is not valid.",
        ),
        (
            "the target at last",
            ask("POST", "", form, &format!("pat={good}{unknown}")),
            "403 access_denied The personal API token does not give access to that organization.",
        ),
    ];
    for (which, ask, wanted) in cases {
        let answer = ask.send().await;
        let said = format!("{} {}", answer.outcome(), answer.message());
        assert_eq!(said, wanted, "{which}");
    }
}

#[tokio::test]
async fn x1_every_other_method_is_405_with_allow() {
    let site = Site::on(super::backend().await).await;
    for door in ["v1", "v2", "v3"] {
        for method in ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"] {
            let answer = site
                .ask(method, &format!("/auth/{door}/token"))
                .send()
                .await;
            assert_eq!(answer.status, 405, "{method} {door}");
            assert_eq!(answer.header("allow"), Some("POST"), "{method} {door}");
        }
    }
}

#[tokio::test]
async fn x1_the_media_type_may_have_parameters_and_must_be_one() {
    let site = Site::on(super::backend().await).await;
    let pat = site.pat("ana", site.acme).await;
    let ask = || {
        site.post("/auth/v1/token")
            .body(format!("pat={}", pat.secret))
    };
    for good in [
        "application/x-www-form-urlencoded",
        "application/x-www-form-urlencoded;charset=utf-8",
        "Application/X-WWW-Form-URLencoded ; charset=\"UTF-8\"",
    ] {
        let answer = ask().header("content-type", good).outcome().await;
        assert_eq!(answer, "200", "{good}");
    }
    for bad in [
        "multipart/form-data; boundary=x",
        "text/plain",
        "application/x-www-form-urlencoded-not",
        "",
    ] {
        let answer = ask().header("content-type", bad).outcome().await;
        assert_eq!(answer, "415 invalid_request", "{bad}");
    }
    assert_eq!(
        ask().outcome().await,
        "415 invalid_request",
        "a missing one"
    );
    let two = ask().form(&format!("pat={}", pat.secret));
    let two = two.header("content-type", "application/json");
    assert_eq!(two.outcome().await, "415 invalid_request");
}

#[tokio::test]
async fn x1_all_forms_of_encoding_are_read_alike_and_white_space_at_the_ends_is_dropped() {
    let site = Site::on(super::backend().await).await;
    let secret = site.pat("ana", site.acme).await.secret;
    let encoded: Vec<String> = secret.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let encoded = encoded.concat();
    let lower = secret.replace('_', "%5f");
    for good in [
        secret.clone(),
        encoded.clone(),
        encoded.to_lowercase(),
        lower,
        format!("+{secret}+"),
        format!("%0A%09{secret}%0D%0A"),
        format!("{secret}\n"),
        format!("\r\n \t{secret} "),
    ] {
        let answer = site
            .exchanging("v2", &format!("pat={good}"))
            .outcome()
            .await;
        assert_eq!(answer, "200", "{good:?}");
    }
    let (head, tail) = secret.split_at(20);
    for bad in [
        format!("{secret}%"),
        format!("{secret}%zz"),
        format!("%2{secret}"),
        format!("{head}+{tail}"),
        format!("{head}%0A{tail}"),
        // Not white space, however little of it is to be seen.
        format!("%E2%80%8B{secret}"),
        format!("{secret}%00"),
    ] {
        let answer = site.exchanging("v2", &format!("pat={bad}")).outcome().await;
        assert_eq!(answer, "401 invalid_grant", "{bad:?}");
    }
}

#[tokio::test]
async fn x1_a_body_of_just_8_kib_is_read() {
    let site = Site::on(super::backend().await).await;
    let secret = site.pat("ana", site.acme).await.secret;
    let form = |length: usize| {
        let start = format!("pat={secret}&pad=");
        format!("{start}{}", "x".repeat(length - start.len()))
    };
    let just = site.exchanging("v2", &form(8 * 1024)).outcome().await;
    assert_eq!(just, "200");
    let over = site.exchanging("v2", &form(8 * 1024 + 1)).outcome().await;
    assert_eq!(over, "413 invalid_request");
}
