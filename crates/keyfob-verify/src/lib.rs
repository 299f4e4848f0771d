//! Verifies Keyfob access tokens in API services, and defines the token's wire contract.
//!
//! The paved path:
//!
//! 1. Fetch `/.well-known/jwks.json` of the issuer, and read it with [`Jwks::parse`].
//! 2. Make one [`Verifier`] of the issuer's address, your API's audience, and the keys.
//! 3. Hand each bearer token to [`Verifier::verify`] with the present second.
//! 4. Decide by [`AccessClaims::holds`], never by `roles`; where it says so, ask the issuer.
//! 5. On [`Refused::UnknownKey`] fetch the keys once more, at most every 30 seconds.
//! 6. Answer every refusal with 401 `invalid_token` (RFC 6750 §3.1).
//!
//! ```
//! use keyfob_verify::{Holds, Jwks, Verifier};
//! # let jwks: &[u8] = include_bytes!("../vectors/jwks.json");
//! # let token = include_str!("../vectors/example.jwt").trim_end();
//! # let now_seconds = 1_800_000_060;
//!
//! let keys = Jwks::parse(jwks)?;
//! let verifier = Verifier::new("https://id.example.com", "https://api.example.com", keys);
//!
//! let claims = verifier.verify(token, now_seconds)?;
//! match claims.holds("build:operate") {
//!     Holds::Yes => { /* do it, in claims.current_organization_id */ }
//!     Holds::No => { /* 403 insufficient_scope */ }
//!     Holds::AskIssuer => { /* the permissions did not fit: introspect (RFC 7662) */ }
//! }
//! # assert_eq!(claims.holds("build:operate"), Holds::Yes);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A good signature says that the token *was* granted. **Whether it has been revoked since cannot be
//! seen in it**: a token verified here lives to its `exp`, plus the leeway, even when the personal
//! API token behind it was revoked meanwhile. A service that must know sooner introspects it, or
//! compares [`AccessClaims::pid`] and [`AccessClaims::ep`] with the issuer's feed.
//!
//! The rules are those of RFC 9068 §4 and RFC 8725, read strictly: a token has one text, one
//! algorithm, one audience. `vectors/` holds accepted and refused tokens as data, for
//! implementations in any language.
//!
//! Deliberately absent: the network, clocks, async, and every private key. The present second comes
//! in as a value; [`encode_unsigned`] writes what is to be signed, and who signs is the issuer alone.

#![warn(missing_docs)]

mod algorithm;
mod claims;
mod encode;
mod json;
mod jwks;
mod jws;
mod keys;
mod refused;

pub use crate::algorithm::Algorithm;
pub use crate::claims::{AccessClaims, Epochs, Holds, MAX_LIFETIME_SECONDS};
pub use crate::encode::{append_signature, encode_unsigned, header_segment};
pub use crate::jwks::{BadJwks, Jwks, MAX_JWKS, MAX_KEYS};
pub use crate::jws::{DEFAULT_LEEWAY_SECONDS, MAX_TOKEN, TOKEN_TYPE, Verifier};
pub use crate::keys::{BadKey, Jwk, MAX_KID, PublicKey};
pub use crate::refused::Refused;
