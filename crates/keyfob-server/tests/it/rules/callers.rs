//! Section 5: who is calling stands in the credential and nowhere else.

use crate::site::Site;

#[tokio::test]
async fn who_somebody_is_stands_in_the_session_and_nowhere_else() {
    let site = Site::on(super::backend().await).await;
    let ana = site.sign_in("ana").await;
    for body in [
        format!(r#"{{"userId":"{}"}}"#, site.bo),
        format!(r#"{{"organizationId":"{}"}}"#, site.globex),
    ] {
        let ask = site.generating(&ana, site.acme, &body);
        assert_eq!(ask.outcome().await, "422 unprocessable", "{body}");
    }
    let body = r#"{"email":"ana@acme.example","password":"x","userId":"y"}"#;
    let ask = site.post("/identity/v1/session").json(body);
    assert_eq!(ask.outcome().await, "422 unprocessable");
}

#[tokio::test]
async fn brr_01_a_challenge_says_what_is_wrong_only_when_there_was_a_token() {
    let site = Site::on(super::backend().await).await;
    for target in ["/identity/v1/organizations", "/oauth/userinfo"] {
        let none = site.get(target).send().await;
        assert_eq!(none.outcome(), "401 not_signed_in", "{target}");
        assert_eq!(
            none.header("www-authenticate"),
            Some("Bearer realm=\"keyfob\"")
        );
        let bad = site.get(target).bearer("x.y.z").send().await;
        assert_eq!(bad.outcome(), "401 invalid_token", "{target}");
        assert_eq!(
            bad.header("www-authenticate"),
            Some("Bearer realm=\"keyfob\", error=\"invalid_token\"")
        );
    }
}
