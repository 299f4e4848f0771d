//! Access tokens as compact JWS (RFC 7515 §7.1, RFC 9068).

use std::sync::LazyLock;

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use data_encoding::BASE64URL_NOPAD;
use jsonwebtoken::{DecodingKey, Validation};
use keyfob_verify::{
    AccessClaims, Algorithm, DEFAULT_LEEWAY_SECONDS, Jwks, MAX_LIFETIME_SECONDS, MAX_TOKEN,
    PublicKey, Refused, Verifier, append_signature, encode_unsigned, header_segment,
};
use serde_json::Value;

const ISSUER: &str = "https://id.example.com";
const AUDIENCE: &str = "https://api.example.com";
const NOW: i64 = 1_800_000_000;
const KID: &str = "k";

/// A key pair that everybody knows, and who verifies with it.
struct Known {
    pair: Ed25519KeyPair,
    verifier: Verifier,
}

static KNOWN: LazyLock<Known> = LazyLock::new(|| {
    let pair = Ed25519KeyPair::from_seed_unchecked(&[7; 32]).expect("a seed of 32 bytes");
    let key = PublicKey::from_ed25519(KID, pair.public_key().as_ref()).expect("a key");
    let verifier = Verifier::new(ISSUER, AUDIENCE, Jwks::new(vec![key]));
    Known { pair, verifier }
});

/// The input is tried as a token, as claims and, when it has two lines, as header and claims, both
/// signed here. What is accepted keeps the rules of access tokens, another implementation accepts it,
/// and nothing near it is accepted.
pub fn holds(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    tried(&text);
    tried(&signed(&header_segment(Algorithm::EdDsa, KID), data));
    if let Some(end) = data.iter().position(|byte| *byte == b'\n') {
        let (header, claims) = (&data[..end], &data[end + 1..]);
        tried(&signed(&BASE64URL_NOPAD.encode(header), claims));
    }
}

fn signed(header: &str, claims: &[u8]) -> String {
    let unsigned = format!("{header}.{}", BASE64URL_NOPAD.encode(claims));
    let signature = KNOWN.pair.sign(unsigned.as_bytes());
    append_signature(unsigned, signature.as_ref())
}

fn tried(token: &str) {
    let read = KNOWN.verifier.verify(token, NOW);
    assert_eq!(read, KNOWN.verifier.verify(token, NOW));
    match read {
        Ok(claims) => {
            keeps_the_rules(token, &claims);
            ends_when_it_says(token, &claims);
            nothing_near_is_accepted(token);
            is_written_back(&claims);
        }
        Err(refused) => assert_eq!(token.len() > MAX_TOKEN, refused == Refused::TooLong),
    }
}

fn keeps_the_rules(token: &str, claims: &AccessClaims) {
    let parts: Vec<&str> = token.split('.').collect();
    assert_eq!(parts.len(), 3);
    let member = |part: usize| -> Value {
        let bytes = BASE64URL_NOPAD.decode(parts[part].as_bytes());
        serde_json::from_slice(&bytes.expect("base64url")).expect("JSON")
    };
    let header = member(0);
    assert_eq!((&header["typ"], &header["alg"]), (&"at+jwt".into(), &"EdDSA".into()));
    assert_eq!(header["kid"], KID);
    let payload = member(1);
    assert_eq!((&payload["iss"], &payload["aud"]), (&ISSUER.into(), &AUDIENCE.into()));
    assert_eq!(payload["exp"].as_i64(), Some(claims.exp));
    assert_eq!(payload["iat"].as_i64(), Some(claims.iat));
    assert!((1..=MAX_LIFETIME_SECONDS).contains(&(claims.exp - claims.iat)));
    assert_eq!(payload["sub"], claims.sub.to_string());
    assert_eq!(payload["pid"], claims.pid.to_string());
    assert_eq!(payload["ep"]["user"].as_i64(), Some(claims.ep.user));
    assert!(claims.ep.user >= 0 && claims.ep.tree >= 0 && claims.ep.instance >= 0);
    assert_ne!(claims.entitlements.is_some(), claims.entitlements_ref.is_some());
    // They read the clock; ours stands still.
    let mut validation = Validation::new(jsonwebtoken::Algorithm::EdDSA);
    validation.validate_exp = false;
    validation.set_issuer(&[ISSUER]);
    validation.set_audience(&[AUDIENCE]);
    let key = DecodingKey::from_ed_der(KNOWN.pair.public_key().as_ref());
    let theirs = jsonwebtoken::decode::<Value>(token, &key, &validation);
    assert!(theirs.is_ok(), "only we accept it: {theirs:?}");
}

fn ends_when_it_says(token: &str, claims: &AccessClaims) {
    let leeway = i64::from(DEFAULT_LEEWAY_SECONDS);
    let at = |second: i64| KNOWN.verifier.verify(token, second);
    assert_eq!(at(claims.exp.saturating_add(leeway)), Err(Refused::Expired));
    assert_eq!(at(claims.iat - leeway - 1), Err(Refused::NotYetValid));
}

fn nothing_near_is_accepted(token: &str) {
    let near = [
        format!("{token}="),
        format!(" {token}"),
        format!("{token}\n"),
        format!("{token}."),
        format!("Bearer {token}"),
        token.to_ascii_uppercase(),
        token[1..].to_owned(),
        token[..token.len() - 1].to_owned(),
    ];
    for other in near {
        assert!(KNOWN.verifier.verify(&other, NOW).is_err(), "{other}");
    }
}

fn is_written_back(claims: &AccessClaims) {
    let unsigned = encode_unsigned(&header_segment(Algorithm::EdDsa, KID), claims);
    let signature = KNOWN.pair.sign(unsigned.as_bytes());
    let token = append_signature(unsigned, signature.as_ref());
    // What others put in beside the known members is gone, so it is not longer than before.
    assert_eq!(KNOWN.verifier.verify(&token, NOW).as_ref(), Ok(claims));
}
