//! Another implementation agrees: `jsonwebtoken` reads what we write, we read what it writes, and both
//! refuse the same tampered tokens.

use data_encoding::BASE64;
use jsonwebtoken::{DecodingKey, EncodingKey, Header, Validation, decode, decode_header, encode};
use keyfob_verify::{AccessClaims, Jwks, Verifier, encode_unsigned, header_segment};

use crate::keys::{TestKey, TestKeys};
use crate::rules::{JWKS, refused, token};

const NOW: i64 = 1_800_000_000;
const KEYS: [(&str, jsonwebtoken::Algorithm); 3] = [
    ("es256-a", jsonwebtoken::Algorithm::ES256),
    ("rs256-a", jsonwebtoken::Algorithm::RS256),
    ("eddsa-a", jsonwebtoken::Algorithm::EdDSA),
];

fn verifier() -> Verifier {
    let keys = Jwks::parse(JWKS.as_bytes()).unwrap();
    Verifier::new("https://id.example.com", "https://api.example.com", keys)
}

fn claims() -> AccessClaims {
    verifier().verify(&token("every_claim"), NOW).unwrap()
}

/// What the other implementation reads, with the key that the token names, out of our key set.
fn theirs(text: &str) -> Option<AccessClaims> {
    let set: jsonwebtoken::jwk::JwkSet = serde_json::from_str(JWKS).unwrap();
    let kid = decode_header(text).ok()?.kid?;
    let (_kid, algorithm) = KEYS.into_iter().find(|(key, _)| *key == kid)?;
    let key = DecodingKey::from_jwk(set.find(&kid).unwrap()).unwrap();
    let mut validation = Validation::new(algorithm);
    validation.set_required_spec_claims(&["exp", "iss", "aud"]);
    validation.set_issuer(&["https://id.example.com"]);
    validation.set_audience(&["https://api.example.com"]);
    // It reads the clock; the vectors have a time of their own.
    validation.validate_exp = false;
    Some(decode(text, &key, &validation).ok()?.claims)
}

fn encoding_key(key: &TestKey) -> EncodingKey {
    let lines = BASE64.encode(&key.pkcs8().unwrap());
    let pem = format!("-----BEGIN PRIVATE KEY-----\n{lines}\n-----END PRIVATE KEY-----\n");
    match key.alg.as_str() {
        "ES256" => EncodingKey::from_ec_pem(pem.as_bytes()).unwrap(),
        "RS256" => EncodingKey::from_rsa_pem(pem.as_bytes()).unwrap(),
        _eddsa => EncodingKey::from_ed_pem(pem.as_bytes()).unwrap(),
    }
}

#[test]
fn what_we_write_it_reads() {
    let keys = TestKeys::load().unwrap();
    for (kid, _algorithm) in KEYS {
        let key = keys.key(kid).unwrap();
        let header = header_segment(key.algorithm().unwrap(), kid);
        let token = key.token(&encode_unsigned(&header, &claims())).unwrap();
        assert_eq!(
            decode_header(&token).unwrap().typ.as_deref(),
            Some("at+jwt")
        );
        assert_eq!(theirs(&token), Some(claims()), "{kid}");
        assert_eq!(verifier().verify(&token, NOW), Ok(claims()), "{kid}");
    }
}

#[test]
fn what_it_writes_we_read() {
    let keys = TestKeys::load().unwrap();
    for (kid, algorithm) in KEYS {
        let mut header = Header::new(algorithm);
        header.kid = Some(kid.to_owned());
        header.typ = Some("at+jwt".to_owned());
        let token = encode(&header, &claims(), &encoding_key(keys.key(kid).unwrap())).unwrap();
        assert_eq!(verifier().verify(&token, NOW), Ok(claims()), "{kid}");
    }
}

#[test]
fn what_is_tampered_with_both_refuse() {
    let reasons = [
        "wrong_algorithm",
        "bad_signature",
        "unknown_key",
        "wrong_issuer",
        "wrong_audience",
    ];
    let mut seen = 0;
    for case in refused()
        .iter()
        .filter(|case| reasons.contains(&case.expected.as_str()))
    {
        assert_eq!(theirs(&case.token), None, "{}", case.name);
        seen += 1;
    }
    assert!(seen >= 60, "{seen} tokens");
}

#[test]
fn each_character_that_is_changed_makes_both_refuse() {
    for (kid, name) in [
        ("es256-a", "es256"),
        ("rs256-a", "rs256"),
        ("eddsa-a", "eddsa"),
    ] {
        let good = token(name);
        assert!(theirs(&good).is_some(), "{kid}");
        for index in 0..good.len() {
            let mut changed = good.clone().into_bytes();
            changed[index] = if changed[index] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            assert!(
                verifier().verify(&changed, NOW).is_err(),
                "{kid} at {index}"
            );
            assert_eq!(theirs(&changed), None, "{kid} at {index}");
        }
    }
}
