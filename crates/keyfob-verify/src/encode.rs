//! The writing side: what an issuer signs, and how the signature is put to it.
//!
//! It is here so that the form of a token is written down once, beside its verification. There is
//! no signing here.
//!
//! ```
//! use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
//! use keyfob_verify::{Algorithm, Jwks, PublicKey, Verifier, append_signature, encode_unsigned, header_segment};
//! # let keys = Jwks::parse(include_bytes!("../vectors/jwks.json"))?;
//! # let known = Verifier::new("https://id.example.com", "https://api.example.com", keys);
//! # let example = include_str!("../vectors/example.jwt").trim_end();
//! # let claims = known.verify(example, 1_800_000_060)?;
//!
//! let pair = Ed25519KeyPair::generate()?;
//! let header = header_segment(Algorithm::EdDsa, "2027-01"); // once per key
//! let unsigned = encode_unsigned(&header, &claims);
//! let signature = pair.sign(unsigned.as_bytes());
//! let token = append_signature(unsigned, signature.as_ref());
//!
//! let key = PublicKey::from_ed25519("2027-01", pair.public_key().as_ref())?;
//! let keys = Jwks::new(vec![key]);
//! let verifier = Verifier::new(claims.iss.as_str(), claims.aud.as_str(), keys);
//! assert_eq!(verifier.verify(&token, claims.iat)?, claims);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use data_encoding::BASE64URL_NOPAD;
use serde::Serialize;

use crate::algorithm::Algorithm;
use crate::claims::AccessClaims;
use crate::jws::TOKEN_TYPE;

/// Writes the header of all tokens signed with one key, as the first segment (RFC 9068 §2.1).
///
/// ```
/// use keyfob_verify::{Algorithm, header_segment};
///
/// let segment = header_segment(Algorithm::Es256, "k");
/// let json = data_encoding::BASE64URL_NOPAD.decode(segment.as_bytes())?;
/// assert_eq!(json, br#"{"typ":"at+jwt","alg":"ES256","kid":"k"}"#);
/// # Ok::<(), data_encoding::DecodeError>(())
/// ```
pub fn header_segment(algorithm: Algorithm, kid: &str) -> String {
    #[derive(Serialize)]
    struct Header<'a> {
        typ: &'static str,
        alg: &'static str,
        kid: &'a str,
    }
    let header = Header {
        typ: TOKEN_TYPE,
        alg: algorithm.name(),
        kid,
    };
    let mut segment = String::new();
    append_segment(&header, &mut segment);
    segment
}

/// Writes the text to be signed: the header segment, a dot, the claims (RFC 7515 §5.1).
///
/// What it makes of claims that contradict one another, with neither or both of `entitlements` and
/// `entitlements_ref` or a lifetime over [`MAX_LIFETIME_SECONDS`](crate::MAX_LIFETIME_SECONDS), is
/// refused by every verifier.
pub fn encode_unsigned<T: Serialize>(header_segment: &str, claims: &AccessClaims<T>) -> String {
    let mut unsigned = String::with_capacity(USUAL_TOKEN);
    unsigned.push_str(header_segment);
    unsigned.push('.');
    append_segment(claims, &mut unsigned);
    unsigned
}

/// Room for most tokens whole, so that none of the steps has to move what the one before wrote.
const USUAL_TOKEN: usize = 2_048;

/// Puts the signature to the signed text, which completes the token. For ES256 it is the 64 bytes
/// `r ‖ s` (RFC 7518 §3.4), not DER.
pub fn append_signature(mut unsigned: String, signature: &[u8]) -> String {
    unsigned.push('.');
    BASE64URL_NOPAD.encode_append(signature, &mut unsigned);
    unsigned
}

#[expect(
    clippy::expect_used,
    reason = "only a map with keys that are no text, or a failing Serialize, could fail; neither is here"
)]
fn append_segment<T: Serialize>(value: &T, to: &mut String) {
    let mut json = Vec::with_capacity(USUAL_TOKEN);
    serde_json::to_writer(&mut json, value).expect("strings, numbers and lists always serialise");
    BASE64URL_NOPAD.encode_append(&json, to);
}
