//! Claims that are refused though the signature is right.

use std::error::Error;

use keyfob_verify::{MAX_LIFETIME_SECONDS, Refused};
use serde_json::{Value, json};

use crate::forge::{AUDIENCE, Case, END, Forge, ISSUER, NOW, claims};

/// All of them.
pub(crate) fn cases(forge: &Forge) -> Result<Vec<Case>, Box<dyn Error>> {
    let parts = [
        origin(forge)?,
        missing(forge)?,
        types(forge)?,
        numbers(forge)?,
        times(forge)?,
    ];
    Ok(parts.concat())
}

/// Another issuer, another audience, another subject than there can be.
fn origin(forge: &Forge) -> Result<Vec<Case>, Box<dyn Error>> {
    let mut cases = Vec::new();
    for (claim, expected, reason) in [
        ("iss", ISSUER, Refused::WrongIssuer),
        ("aud", AUDIENCE, Refused::WrongAudience),
    ] {
        for (name, other) in [
            ("with_slash", format!("{expected}/")),
            ("upper_case", expected.to_uppercase()),
            ("cut", expected.chars().skip(1).collect()),
            ("with_port", format!("{expected}:443")),
            ("space_after", format!("{expected} ")),
            ("empty", String::new()),
            ("another", "https://other.example".to_owned()),
        ] {
            let token = forge.with(claim, json!(other))?;
            cases.push(Case::refused(
                &format!("jwt_06_{claim}_{name}"),
                token,
                reason,
            ));
        }
        for (name, other) in [
            ("a_list_of_one", json!([expected])),
            ("a_list", json!([expected, "https://other.example"])),
            ("a_number", json!(1)),
            ("null", json!(null)),
        ] {
            let token = forge.with(claim, other)?;
            cases.push(Case::refused(
                &format!("jwt_06_{claim}_{name}"),
                token,
                Refused::BadClaims,
            ));
        }
    }
    for (name, sub) in [
        ("empty", json!("")),
        ("no_uuid", json!("ana")),
        ("a_number", json!(1)),
        (
            "in_upper_case",
            json!("0190F3A0-0000-7000-8000-00000000000A"),
        ),
        ("without_hyphens", json!("0190f3a000007000800000000000000a")),
        ("in_braces", json!("{0190f3a0-0000-7000-8000-00000000000a}")),
        (
            "as_urn",
            json!("urn:uuid:0190f3a0-0000-7000-8000-00000000000a"),
        ),
    ] {
        let token = forge.with("sub", sub)?;
        cases.push(Case::refused(
            &format!("jwt_06_sub_{name}"),
            token,
            Refused::BadClaims,
        ));
    }
    Ok(cases)
}

fn missing(forge: &Forge) -> Result<Vec<Case>, Box<dyn Error>> {
    let all = claims();
    let mut cases = Vec::new();
    for claim in all.as_object().ok_or("an object")?.keys() {
        let token = forge.without(claim)?;
        cases.push(Case::refused(
            &format!("atj_02_without_{claim}"),
            token,
            Refused::BadClaims,
        ));
    }
    let token = forge.with("entitlements_ref", json!("introspect"))?;
    cases.push(Case::refused(
        "atj_02_entitlements_twice_over",
        token,
        Refused::BadClaims,
    ));
    Ok(cases)
}

/// Claims of the wrong type, which are never as good as absent.
fn types(forge: &Forge) -> Result<Vec<Case>, Box<dyn Error>> {
    let wrong: [(&str, Value); 25] = [
        ("jti", json!(7)),
        ("jti", json!("not-a-uuid")),
        ("client_id", json!(["pat-exchange"])),
        ("scope", json!(["openid"])),
        ("scope", json!(null)),
        ("currentOrganizationId", json!("acme")),
        ("rootOrganizationId", json!(null)),
        ("pid", json!({})),
        ("ep", json!([1, 2, 3])),
        ("ep", json!({ "user": 1, "tree": 2 })),
        ("ep", json!({ "user": "1", "tree": 2, "instance": 3 })),
        ("ep", json!({ "user": 1, "tree": -2, "instance": 3 })),
        ("ep", json!(6)),
        ("entitlements", json!(null)),
        ("entitlements", json!("build:operate")),
        ("entitlements", json!([1])),
        ("entitlements", json!({ "build:operate": true })),
        ("entitlements_ref", json!(null)),
        ("roles", json!(null)),
        ("roles", json!("developer")),
        ("email", json!(null)),
        ("email", json!(["ana@example.com"])),
        ("email_verified", json!("true")),
        ("email_verified", json!(1)),
        ("name", json!({})),
    ];
    let mut cases = Vec::new();
    for (claim, value) in wrong {
        let name = format!("jwt_08_{claim}_{value}");
        cases.push(Case::refused(
            &name,
            forge.with(claim, value)?,
            Refused::BadClaims,
        ));
    }
    Ok(cases)
}

/// Times that are none. As texts, because some are beyond what can be held.
fn numbers(forge: &Forge) -> Result<Vec<Case>, Box<dyn Error>> {
    let good = claims().to_string();
    let mut cases = Vec::new();
    for (claim, written) in [
        ("exp", format!("\"exp\":{END}")),
        ("iat", format!("\"iat\":{NOW}")),
        ("auth_time", format!("\"auth_time\":{}", NOW - 86400)),
        ("nbf", "\"scope\":\"openid\"".to_owned()),
    ] {
        for value in [
            "\"1800003600\"",
            "-1",
            "-9223372036854775808",
            "9223372036854775808",
            "18446744073709551616",
            "1800003600.0",
            "1800003600.5",
            "18e8",
            "1e400",
            "-0.0",
            "null",
            "true",
            "[1800003600]",
            "{}",
        ] {
            // `nbf` is not there: it is put beside another.
            let kept = if claim == "nbf" {
                format!("{written},")
            } else {
                String::new()
            };
            let payload = good.replacen(&written, &format!("{kept}\"{claim}\":{value}"), 1);
            let token = forge.with_payload(payload.as_bytes())?;
            let name = format!("jwt_08_{claim}_{value}");
            cases.push(Case::refused(&name, token, Refused::BadClaims));
        }
    }
    for (name, exp) in [
        ("exp_at_iat", NOW),
        ("exp_before_iat", NOW - 1),
        ("exp_after_24_hours", NOW + MAX_LIFETIME_SECONDS + 1),
    ] {
        let token = forge.with("exp", json!(exp))?;
        cases.push(Case::refused(
            &format!("jwt_08_{name}"),
            token,
            Refused::BadClaims,
        ));
    }
    Ok(cases)
}

/// Both ends of a token's life, with and without tolerance.
fn times(forge: &Forge) -> Result<Vec<Case>, Box<dyn Error>> {
    let token = forge.with_payload(claims().to_string().as_bytes())?;
    let expired = |name: &str| Case::refused(name, token.clone(), Refused::Expired);
    let early = |name: &str| Case::refused(name, token.clone(), Refused::NotYetValid);
    let begins = forge.with("nbf", json!(NOW + 31))?;
    Ok(vec![
        expired("atj_07_expired").at(END, 0),
        expired("atj_07_expired_beyond_the_leeway").at(END + 30, 30),
        expired("atj_07_expired_beyond_the_greatest_leeway").at(END + 255, 255),
        expired("atj_07_expired_long_ago").at(i64::MAX, 30),
        early("atj_07_made_in_the_future").at(NOW - 1, 0),
        early("atj_07_made_beyond_the_leeway").at(NOW - 31, 30),
        early("atj_07_made_beyond_the_greatest_leeway").at(NOW - 256, 255),
        early("atj_07_before_1970").at(i64::MIN, 30),
        Case::refused(
            "atj_07_begins_beyond_the_leeway",
            begins,
            Refused::NotYetValid,
        ),
    ])
}
