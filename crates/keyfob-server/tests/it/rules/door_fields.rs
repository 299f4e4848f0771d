//! X3, X4 and X10: the fields of a door.

use crate::site::{ISSUER, Site, words};

#[tokio::test]
async fn x3_scope_chooses_claims_and_never_narrows() {
    let site = Site::on(super::backend().await).await;
    let pat = site.pat("bo", site.mobile).await;
    for (scope, granted, email, name) in [
        (None, "openid profile email", true, true),
        (Some(""), "openid profile email", true, true),
        (Some("+,+"), "openid profile email", true, true),
        (
            Some("openid,profile,email"),
            "openid profile email",
            true,
            true,
        ),
        (
            Some("openid+profile%20email"),
            "openid profile email",
            true,
            true,
        ),
        (Some("email%2C,openid"), "email openid", true, false),
        (Some("profile"), "profile", false, true),
        (Some("openid"), "openid", false, false),
        (Some("openid,openid"), "openid", false, false),
        (Some("offline_access,email,roles"), "email", true, false),
        (Some("unknown"), "openid", false, false),
        (Some("EMAIL"), "openid", false, false),
    ] {
        let scope_field = scope.map_or_else(String::new, |scope| format!("&scope={scope}"));
        let form = format!("pat={}{scope_field}", pat.secret);
        let answer = site.exchanging("v2", &form).send().await;
        assert_eq!(answer.outcome(), "200", "{scope:?}");
        assert_eq!(answer.member("scope"), granted, "{scope:?}");
        let claims = site.claims(&answer.member("access_token")).await;
        assert_eq!(claims["scope"], granted, "{scope:?}");
        assert_eq!(claims.get("email").is_some(), email, "{scope:?}");
        assert_eq!(claims.get("email_verified").is_some(), email, "{scope:?}");
        assert_eq!(claims.get("name").is_some(), name, "{scope:?}");
        assert_eq!(words(&claims["entitlements"]), "build:operate build:view");
    }
}

#[tokio::test]
async fn x3_a_permission_is_no_scope_here() {
    let site = Site::on(super::backend().await).await;
    let pat = site.pat("ana", site.acme).await;
    for scope in ["build:view", "openid,build:view", "%3A", "openid+a:b"] {
        let form = format!("pat={}&scope={scope}", pat.secret);
        let answer = site.exchanging("v2", &form).send().await;
        assert_eq!(answer.outcome(), "400 invalid_scope", "{scope}");
        assert_eq!(
            answer.message(),
            "A permission is no scope here: scope chooses claims and never narrows."
        );
    }
}

#[tokio::test]
async fn x4_the_organization_may_be_named_by_either_name() {
    let site = Site::on(super::backend().await).await;
    let pat = site.pat("ana", site.acme).await.secret;
    let (own, sub) = (site.acme.to_string(), site.mobile.to_string());
    for (fields, target) in [
        (String::new(), &own),
        ("&subOrganization=".to_owned(), &own),
        ("&subOrganization=+&subOrganizationId=".to_owned(), &own),
        (format!("&subOrganization={own}"), &own),
        (format!("&subOrganization={sub}"), &sub),
        (format!("&subOrganizationId={sub}"), &sub),
        (format!("&subOrganization=+{sub}%0A"), &sub),
        (format!("&subOrganization={}", sub.to_uppercase()), &sub),
        (format!("&subOrganization=&subOrganizationId={sub}"), &sub),
        (
            format!("&subOrganization={sub}&subOrganizationId={sub}"),
            &sub,
        ),
        (format!("&organization={sub}&sub=1&sub=2"), &own),
    ] {
        for (door, credential) in [("v2", "pat"), ("v3", "personalAccessKey")] {
            let form = format!("{credential}={pat}{fields}");
            let answer = site.exchanging(door, &form).send().await;
            assert_eq!(answer.outcome(), "200", "{door} {fields}");
            let claims = site.claims(&answer.member("access_token")).await;
            assert_eq!(claims["currentOrganizationId"], *target, "{fields}");
            assert_eq!(claims["rootOrganizationId"], own, "{fields}");
        }
    }
}

/// Each form is refused with its sentence.
async fn refused(site: &Site, cases: &[(&str, String, &str)]) {
    for (door, form, message) in cases {
        let answer = site.exchanging(door, form).send().await;
        assert_eq!(answer.outcome(), "400 invalid_request", "{door} {form}");
        assert_eq!(answer.message(), *message, "{door} {form}");
    }
}

#[tokio::test]
async fn x4_an_organization_that_is_malformed_contradictory_or_on_v1_is_400() {
    let site = Site::on(super::backend().await).await;
    let pat = site.pat("ana", site.acme).await.secret;
    let (sub, other) = (site.mobile, site.web);
    let use_v2 = "v1 knows no organization field. Use /auth/v2/token.";
    let no_uuid = "The organization is not a UUID.";
    let differ = "subOrganization and subOrganizationId differ. Send one of them.";
    let both = format!("pat={pat}&subOrganization={sub}&subOrganizationId={other}");
    let cases = [
        ("v1", format!("pat={pat}&subOrganization={sub}"), use_v2),
        ("v1", format!("pat={pat}&subOrganizationId={sub}"), use_v2),
        ("v1", format!("pat={pat}&subOrganizationId=acme"), use_v2),
        ("v2", format!("pat={pat}&subOrganization=acme"), no_uuid),
        ("v2", format!("pat={pat}&subOrganizationId={sub}0"), no_uuid),
        ("v2", both, differ),
    ];
    refused(&site, &cases).await;
}

#[tokio::test]
async fn x4_a_field_twice_is_400() {
    let site = Site::on(super::backend().await).await;
    let pat = site.pat("ana", site.acme).await.secret;
    let target = format!("subOrganization={}", site.mobile);
    let twice = "A field was sent twice.";
    let cases = [
        ("v2", format!("pat={pat}&pat={pat}"), twice),
        ("v2", format!("pat=&pat={pat}"), twice),
        ("v2", format!("pat={pat}&scope=openid&scope=openid"), twice),
        ("v2", format!("pat={pat}&{target}&{target}"), twice),
    ];
    refused(&site, &cases).await;
}

#[tokio::test]
async fn x4_the_secret_comes_once_and_in_the_doors_own_field() {
    let site = Site::on(super::backend().await).await;
    let pat = site.pat("ana", site.acme).await.secret;
    let missing = "The secret is missing.";
    let one = "Send one secret, in one field.";
    let on_v1 = "On v1 send the secret in the field pat.";
    let on_v2 = "On v2 send the secret in the field pat.";
    let on_v3 = "On v3 send the secret in the field personalAccessKey.";
    let cases = [
        ("v2", String::new(), missing),
        ("v2", "pat=".to_owned(), missing),
        ("v2", "Pat=x".to_owned(), missing),
        ("v2", "pat=+%0A".to_owned(), "The secret is empty."),
        ("v1", format!("pat={pat}&personal-access-key={pat}"), one),
        ("v3", format!("pat={pat}&personalAccessKey={pat}"), one),
        ("v1", format!("personalAccessKey={pat}"), on_v1),
        ("v2", format!("personalAccessKey={pat}"), on_v2),
        ("v2", format!("personal-access-key={pat}"), on_v2),
        ("v3", format!("pat={pat}"), on_v3),
        ("v3", format!("personal-access-key={pat}"), on_v3),
    ];
    refused(&site, &cases).await;
}

#[tokio::test]
async fn x4_an_empty_organization_field_is_none_on_v1_too() {
    let site = Site::on(super::backend().await).await;
    let pat = site.pat("ana", site.acme).await.secret;
    for form in [
        format!("pat={pat}&subOrganization="),
        format!("personal-access-key={pat}&subOrganizationId="),
    ] {
        assert_eq!(
            site.exchanging("v1", &form).outcome().await,
            "200",
            "{form}"
        );
    }
}

#[tokio::test]
async fn x10_the_audience_is_default_or_the_issuer_and_nothing_else() {
    let site = Site::on(super::backend().await).await;
    let pat = site.pat("ana", site.acme).await.secret;
    for audience in [
        "",
        "&audience=",
        "&audience=default",
        "&audience=http://127.0.0.1:8787",
    ] {
        let form = format!("pat={pat}{audience}");
        let answer = site.exchanging("v1", &form).send().await;
        assert_eq!(answer.outcome(), "200", "{audience}");
        let claims = site.claims(&answer.member("access_token")).await;
        assert_eq!(claims["aud"], ISSUER, "{audience}");
    }
    for audience in ["other", "Default", "http://127.0.0.1:8787/"] {
        let form = format!("pat={pat}&audience={audience}");
        let answer = site.exchanging("v1", &form).send().await;
        assert_eq!(answer.outcome(), "400 invalid_request", "{audience}");
        assert_eq!(answer.message(), "The audience is not known.");
    }
}
