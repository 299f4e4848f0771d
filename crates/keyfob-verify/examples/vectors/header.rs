//! Headers that are refused: algorithm, kind, key and extensions.

use std::error::Error;

use aws_lc_rs::hmac;
use keyfob_verify::{Algorithm, Refused};
use serde_json::{Value, json};

use crate::forge::{Case, Forge, USUAL, claims, encode, header};

/// All of them.
pub(crate) fn cases(forge: &Forge) -> Result<Vec<Case>, Box<dyn Error>> {
    Ok([
        algorithms(forge)?,
        none(),
        symmetric(forge)?,
        members(forge)?,
        kinds(forge)?,
    ]
    .concat())
}

fn algorithms(forge: &Forge) -> Result<Vec<Case>, Box<dyn Error>> {
    let mut cases = Vec::new();
    for (signer, says) in [
        ("eddsa-a", "ES256"),
        ("eddsa-a", "RS256"),
        ("eddsa-a", "eddsa"),
        ("eddsa-a", "EdDSA "),
        ("eddsa-a", "Ed25519"),
        ("eddsa-a", ""),
        ("es256-a", "RS256"),
        ("es256-a", "EdDSA"),
        ("es256-a", "ES384"),
        ("es256-a", "ES256K"),
        ("rs256-a", "PS256"),
        ("rs256-a", "RS512"),
        ("rs256-a", "ES256"),
    ] {
        let header = json!({ "alg": says, "kid": signer, "typ": "at+jwt" }).to_string();
        let token = forge.sign(signer, header.as_bytes(), claims().to_string().as_bytes())?;
        let name = format!("jwt_01_{signer}_says_{says:?}");
        cases.push(Case::refused(&name, token, Refused::WrongAlgorithm));
    }
    for (name, alg) in [
        ("missing", None),
        ("null", Some(json!(null))),
        ("list", Some(json!(["EdDSA"]))),
    ] {
        let token = forge.with_header(&replaced("alg", alg))?;
        cases.push(Case::refused(
            &format!("jwt_01_alg_{name}"),
            token,
            Refused::WrongAlgorithm,
        ));
    }
    Ok(cases)
}

fn none() -> Vec<Case> {
    let mut cases = Vec::new();
    for says in ["none", "None", "NONE", "nOnE"] {
        let header = replaced("alg", Some(json!(says))).to_string();
        let parts = format!(
            "{}.{}",
            encode(header.as_bytes()),
            encode(claims().to_string().as_bytes())
        );
        for (name, signature) in [("empty", ""), ("zero", "AA")] {
            let name = format!("jwt_02_{says}_{name}");
            cases.push(Case::refused(
                &name,
                format!("{parts}.{signature}"),
                Refused::WrongAlgorithm,
            ));
        }
        cases.push(Case::refused(
            &format!("jwt_02_{says}_no_third_part"),
            parts,
            Refused::Malformed,
        ));
    }
    cases
}

/// The public key as the secret of a MAC: what a verifier does that takes the header's word.
fn symmetric(forge: &Forge) -> Result<Vec<Case>, Box<dyn Error>> {
    let mut cases = Vec::new();
    for kid in ["es256-a", "rs256-a", "eddsa-a"] {
        let public = forge.keys.key(kid)?.public()?;
        let secret = serde_json::to_string(&public.to_jwk())?;
        for (says, algorithm) in [
            ("HS256", hmac::HMAC_SHA256),
            ("HS384", hmac::HMAC_SHA384),
            ("HS512", hmac::HMAC_SHA512),
        ] {
            let header = json!({ "alg": says, "kid": kid, "typ": "at+jwt" }).to_string();
            let parts = format!(
                "{}.{}",
                encode(header.as_bytes()),
                encode(claims().to_string().as_bytes())
            );
            let tag = hmac::sign(
                &hmac::Key::new(algorithm, secret.as_bytes()),
                parts.as_bytes(),
            );
            let token = format!("{parts}.{}", encode(tag.as_ref()));
            let name = format!("jwt_02_{says}_under_{kid}");
            cases.push(Case::refused(&name, token, Refused::WrongAlgorithm));
        }
    }
    Ok(cases)
}

fn members(forge: &Forge) -> Result<Vec<Case>, Box<dyn Error>> {
    let stranger = serde_json::to_value(forge.keys.key("es256-stranger")?.public()?.to_jwk())?;
    let mut cases = Vec::new();
    for (member, value) in [
        ("jku", json!("https://evil.example/jwks.json")),
        ("jwk", stranger),
        ("x5u", json!("https://evil.example/chain.pem")),
        ("x5c", json!(["MIIB"])),
        ("x5t", json!("AAAA")),
        ("x5t#S256", json!("AAAA")),
        ("crit", json!(["exp"])),
        ("crit", json!([])),
        ("b64", json!(false)),
        ("b64", json!(true)),
        ("zip", json!("DEF")),
        ("enc", json!("A256GCM")),
        ("cty", json!("JWT")),
        ("jku", json!(null)),
    ] {
        let name = format!("jwt_04_{member}_{value}");
        let name = name.get(..40).unwrap_or(&name);
        let token = forge.with_header(&replaced(member, Some(value)))?;
        cases.push(Case::refused(name, token, Refused::ForbiddenHeader));
    }
    for kid in [
        "../../dev/null",
        "' OR 1=1 --",
        "https://evil.example/key",
        "EDDSA-A",
        "eddsa-a ",
        "eddsa-",
        "eddsa-a\0",
        "",
        "es256-stranger",
    ] {
        let token = forge.with_header(&replaced("kid", Some(json!(kid))))?;
        cases.push(Case::refused(
            &format!("jwt_04_kid_{kid:?}"),
            token,
            Refused::UnknownKey,
        ));
    }
    for (name, kid) in [
        ("missing", None),
        ("number", Some(json!(0))),
        ("list", Some(json!([USUAL]))),
    ] {
        let token = forge.with_header(&replaced("kid", kid))?;
        cases.push(Case::refused(
            &format!("jwt_04_kid_{name}"),
            token,
            Refused::Malformed,
        ));
    }
    Ok(cases)
}

fn kinds(forge: &Forge) -> Result<Vec<Case>, Box<dyn Error>> {
    let mut cases = Vec::new();
    for kind in [
        json!("JWT"),
        json!("secevent+jwt"),
        json!("statuslist+jwt"),
        json!("token-introspection+jwt"),
        json!("dpop+jwt"),
        json!("logout+jwt"),
        json!("AT+JWT"),
        json!("application/at+jwt"),
        json!("at+jwt "),
        json!(""),
        json!(null),
        json!(["at+jwt"]),
    ] {
        let token = forge.with_header(&replaced("typ", Some(kind.clone())))?;
        cases.push(Case::refused(
            &format!("jwt_07_typ_{kind}"),
            token,
            Refused::WrongType,
        ));
    }
    let token = forge.with_header(&replaced("typ", None))?;
    cases.push(Case::refused(
        "jwt_07_typ_missing",
        token,
        Refused::WrongType,
    ));
    Ok(cases)
}

/// The usual header with a member set, or left out.
fn replaced(member: &str, value: Option<Value>) -> Value {
    let mut header = header(USUAL, Algorithm::EdDsa);
    if let Some(members) = header.as_object_mut() {
        members.remove(member);
        members.extend(value.map(|value| (member.to_owned(), value)));
    }
    header
}
