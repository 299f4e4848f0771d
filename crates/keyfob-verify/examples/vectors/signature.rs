//! Signatures that are wrong.

use std::error::Error;

use data_encoding::BASE64URL_NOPAD;
use keyfob_verify::{Algorithm, Refused};
use serde_json::json;

use crate::forge::{Case, Forge, claims, claims_and, encode, header};

/// All of them.
pub(crate) fn cases(forge: &Forge) -> Result<Vec<Case>, Box<dyn Error>> {
    let mut cases = Vec::new();
    for (kid, algorithm) in [
        ("es256-a", Algorithm::Es256),
        ("rs256-a", Algorithm::Rs256),
        ("eddsa-a", Algorithm::EdDsa),
    ] {
        let mut add = |name: &str, token: String| {
            let name = format!("jwt_03_{name}_{kid}");
            cases.push(Case::refused(&name, token, Refused::BadSignature));
        };
        let head = header(kid, algorithm).to_string();
        let good = forge.sign(kid, head.as_bytes(), claims().to_string().as_bytes())?;
        let (parts, signature) = good.rsplit_once('.').ok_or("no dot")?;
        let bytes = BASE64URL_NOPAD.decode(signature.as_bytes())?;
        for (name, changed) in wrong(&bytes) {
            add(name, format!("{parts}.{}", encode(&changed)));
        }
        let richer = claims_and([("entitlements", json!(["build:operate", "billing:manage"]))]);
        let (encoded, _payload) = parts.split_once('.').ok_or("no dot")?;
        add(
            "of_other_claims",
            format!(
                "{encoded}.{}.{signature}",
                encode(richer.to_string().as_bytes())
            ),
        );
    }
    let parts = |kid, algorithm| {
        let header = header(kid, algorithm).to_string();
        format!(
            "{}.{}",
            encode(header.as_bytes()),
            encode(claims().to_string().as_bytes())
        )
    };
    let as_a = parts("es256-a", Algorithm::Es256);
    for signer in ["es256-b", "es256-stranger", "eddsa-a"] {
        let token = forge.sign_encoded(signer, &as_a)?;
        let name = format!("jwt_03_es256_a_signed_by_{signer}");
        cases.push(Case::refused(&name, token, Refused::BadSignature));
    }
    let stranger = parts("es256-stranger", Algorithm::Es256);
    let token = forge.sign_encoded("es256-stranger", &stranger)?;
    cases.push(Case::refused(
        "jwt_06_key_of_nobody",
        token,
        Refused::UnknownKey,
    ));
    Ok(cases)
}

/// A signature changed in ways that have passed somewhere.
fn wrong(bytes: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let flipped = |index: usize| {
        let changed = bytes.iter().enumerate();
        changed
            .map(|(at, byte)| if at == index { byte ^ 1 } else { *byte })
            .collect::<Vec<_>>()
    };
    let (shorter, half) = (bytes.len() - 1, bytes.len() / 2);
    let halves = bytes.split_at(half);
    vec![
        ("first_bit", flipped(0)),
        ("middle_bit", flipped(half)),
        ("last_bit", flipped(shorter)),
        ("empty", Vec::new()),
        ("zeros", vec![0; bytes.len()]),
        ("ones", vec![0xff; bytes.len()]),
        ("cut", bytes.iter().copied().take(shorter).collect()),
        ("longer", [bytes, &[0]].concat()),
        ("zero_before", [&[0], bytes].concat()),
        ("halves_exchanged", [halves.1, halves.0].concat()),
        ("twice", bytes.repeat(2)),
        // What ES256 has outside of JOSE (RFC 3279 §2.2.3); not a signature of the others either.
        (
            "der",
            [&[0x30, 0x44, 0x02, 0x20], halves.0, &[0x02, 0x20], halves.1].concat(),
        ),
    ]
}
