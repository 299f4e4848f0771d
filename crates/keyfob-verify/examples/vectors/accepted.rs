//! Tokens that are accepted, up to each limit.

use std::error::Error;

use keyfob_verify::{Algorithm, MAX_LIFETIME_SECONDS, MAX_TOKEN, Refused};
use serde_json::json;

use crate::forge::{Case, END, Forge, NOW, claims, claims_and, header};

/// All of them; the first is the example.
pub(crate) fn cases(forge: &Forge) -> Result<Vec<Case>, Box<dyn Error>> {
    let signed = |kid, algorithm| {
        let header = header(kid, algorithm).to_string();
        forge.sign(kid, header.as_bytes(), claims().to_string().as_bytes())
    };
    let es256 = signed("es256-a", Algorithm::Es256)?;
    let usual = signed("eddsa-a", Algorithm::EdDsa)?;
    let extended = json!({ "alg": "EdDSA", "kid": "eddsa-a", "typ": "at+jwt", "x-unknown": true });
    let every = claims_and([
        ("scope", json!("openid email profile")),
        ("roles", json!(["developer"])),
        ("email", json!("ana@example.com")),
        ("email_verified", json!(true)),
        ("name", json!("Ana Łącka")),
        ("nbf", json!(NOW)),
    ]);
    let mut referred = claims_and([("entitlements_ref", json!("introspect"))]);
    referred
        .as_object_mut()
        .ok_or("an object")?
        .remove("entitlements");
    let (fits, _longer) = around_the_limit(forge)?;
    Ok(vec![
        Case::accepted("es256", es256.clone()),
        Case::accepted("es256_second_key", signed("es256-b", Algorithm::Es256)?),
        Case::accepted("rs256", signed("rs256-a", Algorithm::Rs256)?),
        Case::accepted("eddsa", usual.clone()),
        Case::accepted(
            "every_claim",
            forge.with_payload(every.to_string().as_bytes())?,
        ),
        Case::accepted(
            "entitlements_ref",
            forge.with_payload(referred.to_string().as_bytes())?,
        ),
        Case::accepted("no_entitlements", forge.with("entitlements", json!([]))?),
        Case::accepted("unknown_claim", forge.with("status", json!({ "idx": 7 }))?),
        Case::accepted("unknown_header_member", forge.with_header(&extended)?),
        Case::accepted("longest", fits),
        Case::accepted(
            "longest_life",
            forge.with("exp", json!(NOW + MAX_LIFETIME_SECONDS))?,
        ),
        Case::accepted("last_second", es256).at(END - 1, 0),
        Case::accepted("last_second_with_leeway", usual.clone()).at(END + 29, 30),
        Case::accepted("first_second", usual.clone()).at(NOW, 0),
        Case::accepted("first_second_with_leeway", usual).at(NOW - 30, 30),
        Case::accepted("nbf_at_the_leeway", forge.with("nbf", json!(NOW + 30))?),
    ])
}

/// The longest token of the usual kind that is looked at, and the first one after it.
pub(crate) fn around_the_limit(forge: &Forge) -> Result<(String, String), Box<dyn Error>> {
    let mut fits = forge.with("filler", json!(""))?;
    // Three bytes more are four characters more.
    for filler in (MAX_TOKEN * 3 / 4 - fits.len()).. {
        let next = forge.with("filler", json!("x".repeat(filler)))?;
        if next.len() > MAX_TOKEN {
            return Ok((fits, next));
        }
        fits = next;
    }
    Err(Refused::TooLong.into())
}
