//! The verification of compact JWS access tokens (RFC 7515, RFC 9068 §4, RFC 8725).

use data_encoding::BASE64URL_NOPAD;
use serde_json::{Map, Value};

use crate::algorithm::Algorithm;
use crate::claims::{AccessClaims, NotBefore};
use crate::json::Strict;
use crate::jwks::Jwks;
use crate::keys::PublicKey;
use crate::refused::Refused;

/// The longest token that is looked at, in bytes.
pub const MAX_TOKEN: usize = 8 * 1024;

/// The tolerance for clocks that differ, unless it is set, in seconds (RFC 9068 §4).
pub const DEFAULT_LEEWAY_SECONDS: u8 = 30;

/// The `typ` of an access token (RFC 9068 §2.1).
pub const TOKEN_TYPE: &str = "at+jwt";

/// Header members that bring or point to a key, or change what is signed (RFC 7515 §4.1, RFC 7797
/// §3, RFC 7516 §4.1). Other unknown ones say nothing about the signature and are ignored.
const FORBIDDEN_MEMBERS: [&str; 11] = [
    "jku", "jwk", "x5u", "x5c", "x5t", "x5t#S256", "crit", "b64", "enc", "zip", "cty",
];

/// Verifies the access tokens of one issuer for one audience.
///
/// It is made once, with keys parsed once, and shared; [`verify`](Self::verify) takes `&self`.
/// Keys are bound to the issuer by being here: for two issuers make two verifiers.
#[derive(Debug, Clone)]
pub struct Verifier {
    issuer: String,
    audience: String,
    keys: Jwks,
    leeway_seconds: i64,
}

impl Verifier {
    /// Makes a verifier that tolerates [`DEFAULT_LEEWAY_SECONDS`].
    ///
    /// `issuer` and `audience` are compared as exact text, a trailing slash included.
    ///
    /// ```
    /// use keyfob_verify::{Jwks, Refused, Verifier};
    ///
    /// let verifier =
    ///     Verifier::new("https://id.example.com", "https://api.example.com", Jwks::default());
    /// assert_eq!(verifier.verify("a.b.c", 1_800_000_000), Err(Refused::Malformed));
    /// ```
    pub fn new(issuer: impl Into<String>, audience: impl Into<String>, keys: Jwks) -> Self {
        Self {
            issuer: issuer.into(),
            audience: audience.into(),
            keys,
            leeway_seconds: i64::from(DEFAULT_LEEWAY_SECONDS),
        }
    }

    /// Sets the tolerance for clocks that differ, in seconds; 0 where the issuer verifies its own.
    ///
    /// A token passes this much longer than its `exp` says. That a byte bounds it is on purpose:
    /// RFC 9068 §4 allows "no more than a few minutes".
    ///
    /// ```
    /// use keyfob_verify::{Jwks, Refused, Verifier};
    ///
    /// let keys = Jwks::parse(include_bytes!("../vectors/jwks.json"))?;
    /// let token = include_str!("../vectors/example.jwt").trim_end();
    /// let tolerant = Verifier::new("https://id.example.com", "https://api.example.com", keys);
    /// let exact = tolerant.clone().with_leeway(0);
    ///
    /// let exp = 1_800_003_600;
    /// assert!(exact.verify(token, exp - 1).is_ok());
    /// assert_eq!(exact.verify(token, exp), Err(Refused::Expired));
    /// assert!(tolerant.verify(token, exp + 29).is_ok());
    /// assert_eq!(tolerant.verify(token, exp + 30), Err(Refused::Expired));
    /// # Ok::<(), keyfob_verify::BadJwks>(())
    /// ```
    #[must_use]
    pub fn with_leeway(mut self, leeway_seconds: u8) -> Self {
        self.leeway_seconds = i64::from(leeway_seconds);
        self
    }

    /// Puts another key set in the place of the one there was, after fetching it anew.
    ///
    /// ```
    /// use keyfob_verify::{Jwks, Refused, Verifier};
    ///
    /// let token = include_str!("../vectors/example.jwt").trim_end();
    /// let mut verifier =
    ///     Verifier::new("https://id.example.com", "https://api.example.com", Jwks::default());
    /// assert_eq!(verifier.verify(token, 1_800_000_060), Err(Refused::UnknownKey));
    ///
    /// verifier.replace_keys(Jwks::parse(include_bytes!("../vectors/jwks.json"))?);
    /// assert!(verifier.verify(token, 1_800_000_060).is_ok());
    /// # Ok::<(), keyfob_verify::BadJwks>(())
    /// ```
    pub fn replace_keys(&mut self, keys: Jwks) {
        self.keys = keys;
    }

    /// The keys it verifies with.
    pub const fn keys(&self) -> &Jwks {
        &self.keys
    }

    /// Verifies a token, the text after `Bearer` and nothing else, at a time in seconds since 1970.
    ///
    /// In this order: length, form, header, key, signature, and only then claims. It says nothing
    /// about revocation (see the [crate](crate) documentation).
    ///
    /// # Errors
    ///
    /// See [`Refused`], which says for each what to do.
    ///
    /// ```
    /// use keyfob_verify::{Jwks, Refused, Verifier};
    ///
    /// let keys = Jwks::parse(include_bytes!("../vectors/jwks.json"))?;
    /// let verifier = Verifier::new("https://id.example.com", "https://api.example.com", keys);
    /// let token = include_str!("../vectors/example.jwt").trim_end();
    ///
    /// let claims = verifier.verify(token, 1_800_000_060)?;
    /// assert_eq!(claims.client_id, "pat-exchange");
    ///
    /// let padded = format!("{token}=");
    /// assert_eq!(verifier.verify(&padded, 1_800_000_060), Err(Refused::Malformed));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn verify(&self, token: &str, now_seconds: i64) -> Result<AccessClaims, Refused> {
        let parts = Parts::split(token)?;
        let key = self.key_for(&parts)?;
        if !key.has_signed(parts.signed.as_bytes(), &parts.signature) {
            return Err(Refused::BadSignature);
        }
        self.read_claims(&parts.payload, now_seconds)
    }

    /// Finds the one key a token's header may mean.
    fn key_for(&self, parts: &Parts<'_>) -> Result<&PublicKey, Refused> {
        let text = |name: &str| parts.header.get(name).and_then(Value::as_str);
        if FORBIDDEN_MEMBERS
            .iter()
            .any(|name| parts.header.contains_key(*name))
        {
            return Err(Refused::ForbiddenHeader);
        }
        if text("typ") != Some(TOKEN_TYPE) {
            return Err(Refused::WrongType);
        }
        let Some(algorithm) = text("alg").and_then(Algorithm::from_name) else {
            return Err(Refused::WrongAlgorithm);
        };
        let Some(kid) = text("kid") else {
            return Err(Refused::Malformed);
        };
        let key = self.keys.get(kid).ok_or(Refused::UnknownKey)?;
        if key.algorithm() != algorithm {
            return Err(Refused::WrongAlgorithm);
        }
        Ok(key)
    }

    /// Reads and checks the claims that were signed.
    fn read_claims(&self, payload: &[u8], now_seconds: i64) -> Result<AccessClaims, Refused> {
        let payload = Strict::new(payload).ok_or(Refused::BadClaims)?;
        let claims: AccessClaims = payload.read().ok_or(Refused::BadClaims)?;
        let not_before: NotBefore = payload.read().ok_or(Refused::BadClaims)?;
        if !claims.are_consistent() {
            return Err(Refused::BadClaims);
        }
        if claims.iss != self.issuer {
            return Err(Refused::WrongIssuer);
        }
        if claims.aud != self.audience {
            return Err(Refused::WrongAudience);
        }
        if now_seconds >= claims.exp.saturating_add(self.leeway_seconds) {
            return Err(Refused::Expired);
        }
        let latest_start = now_seconds.saturating_add(self.leeway_seconds);
        if claims.iat > latest_start || not_before.nbf.is_some_and(|nbf| nbf > latest_start) {
            return Err(Refused::NotYetValid);
        }
        Ok(claims)
    }
}

/// A token taken apart (RFC 7515 §7.1).
struct Parts<'a> {
    /// The text the signature is over: the first two segments and the dot between them.
    signed: &'a str,
    header: Map<String, Value>,
    payload: Vec<u8>,
    signature: Vec<u8>,
}

impl<'a> Parts<'a> {
    fn split(token: &'a str) -> Result<Self, Refused> {
        if token.len() > MAX_TOKEN {
            return Err(Refused::TooLong);
        }
        let (signed, signature) = token.rsplit_once('.').ok_or(Refused::Malformed)?;
        // A third dot stays in the payload, where it is no base64url.
        let (header, payload) = signed.split_once('.').ok_or(Refused::Malformed)?;
        let header = decode(header)?;
        let header = Strict::new(&header)
            .and_then(Strict::read)
            .ok_or(Refused::Malformed)?;
        Ok(Self {
            signed,
            header,
            payload: decode(payload)?,
            signature: decode(signature)?,
        })
    }
}

/// Decodes a segment, from its one canonical text only: no padding, no white space, no bits beyond
/// the last byte. Otherwise many texts would be one token.
fn decode(segment: &str) -> Result<Vec<u8>, Refused> {
    match BASE64URL_NOPAD.decode(segment.as_bytes()) {
        Ok(bytes) => Ok(bytes),
        Err(_) => Err(Refused::Malformed),
    }
}
