//! Why a token was refused.

use thiserror::Error;

/// Why a token was refused, and what to do about it.
///
/// To the client all are one answer: 401 with `WWW-Authenticate: Bearer error="invalid_token"`
/// (RFC 6750 §3.1). The reason is for the service's own logs and figures; it never quotes the
/// token, so it is safe there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Error)]
pub enum Refused {
    /// Longer than [`MAX_TOKEN`](crate::MAX_TOKEN). Nothing of it was read.
    #[error("the token is longer than 8 KiB")]
    TooLong,
    /// Not three canonical base64url segments with a JSON object as header: no JWT, or one that was
    /// cut, padded or wrapped on the way. Look at how the client passes it on.
    #[error("the token is not a compact JWS in its one canonical form")]
    Malformed,
    /// The header brings a key of its own, points to one, or asks for an extension. No token of
    /// Keyfob does: treat it as an attack.
    #[error("the header has a member that is never accepted")]
    ForbiddenHeader,
    /// The header's `typ` is not `at+jwt`: a token of another kind (an ID token, a security event).
    /// The client sends the wrong token.
    #[error("the token is of another kind than an access token")]
    WrongType,
    /// The header's `alg` is not the one of the named key, or none that is accepted. No token of
    /// Keyfob does that: treat it as an attack.
    #[error("the algorithm is not the one of the key")]
    WrongAlgorithm,
    /// No key has the header's `kid`. After a key change this is how a service learns of it: fetch
    /// the key set again, at most once in 30 seconds however many tokens ask for it (the `kid` is
    /// the client's choice), and verify once more.
    #[error("the token names a key that is not in the key set")]
    UnknownKey,
    /// The signature is not of this key over this token. Forged, or altered on the way.
    #[error("the signature is wrong")]
    BadSignature,
    /// The issuer did sign it, but the claims are not an access token's: one is missing, has the
    /// wrong type, or contradicts another. The issuer is newer or older than this crate, or broken.
    #[error("the claims are not those of an access token")]
    BadClaims,
    /// `iss` is another one, also when it differs in a trailing slash only. The service or the
    /// issuer is misconfigured.
    #[error("the token is of another issuer")]
    WrongIssuer,
    /// `aud` is another one: the token is for another API. The client must exchange for this one.
    #[error("the token is for another audience")]
    WrongAudience,
    /// `exp` is over. The client exchanges its personal API token again.
    #[error("the token has expired")]
    Expired,
    /// `iat` or `nbf` is in the future by more than the tolerance. The clock here is behind, or the
    /// issuer's ahead.
    #[error("the token is not valid yet")]
    NotYetValid,
}

impl Refused {
    /// Names the reason in one fixed word, for a metric's label and the test vectors.
    ///
    /// ```
    /// assert_eq!(keyfob_verify::Refused::UnknownKey.name(), "unknown_key");
    /// ```
    pub const fn name(self) -> &'static str {
        match self {
            Self::TooLong => "too_long",
            Self::Malformed => "malformed",
            Self::ForbiddenHeader => "forbidden_header",
            Self::WrongType => "wrong_type",
            Self::WrongAlgorithm => "wrong_algorithm",
            Self::UnknownKey => "unknown_key",
            Self::BadSignature => "bad_signature",
            Self::BadClaims => "bad_claims",
            Self::WrongIssuer => "wrong_issuer",
            Self::WrongAudience => "wrong_audience",
            Self::Expired => "expired",
            Self::NotYetValid => "not_yet_valid",
        }
    }
}
