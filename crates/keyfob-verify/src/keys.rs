//! Public keys: parsed and checked once, then used for every token.

use std::fmt;

use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256,
    RsaPublicKeyComponents, RsaSubjectPublicKey,
};
use data_encoding::BASE64URL_NOPAD;
use serde::Serialize;
use thiserror::Error;

use crate::algorithm::Algorithm;

/// The longest `kid`, in bytes.
pub const MAX_KID: usize = 200;

const ED25519_BYTES: usize = 32;
const P256_COORDINATE_BYTES: usize = 32;
/// Marks a point written with both coordinates (SEC 1 §2.3.3).
pub(crate) const UNCOMPRESSED: u8 = 4;
const RSA_BITS: std::ops::RangeInclusive<usize> = 2048..=8192;

/// A public key with its name and its one algorithm (RFC 8725 §3.1).
#[derive(Clone)]
pub struct PublicKey {
    algorithm: Algorithm,
    jwk: Jwk,
    parsed: ParsedPublicKey,
}

/// A public key as it is published (RFC 7517 §4), with the members its kind needs and no other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Jwk {
    /// The family: `EC`, `RSA` or `OKP`.
    pub kty: &'static str,
    /// What it is for: always `sig`.
    #[serde(rename = "use")]
    pub use_: &'static str,
    /// Its one algorithm, by [`Algorithm::name`].
    pub alg: &'static str,
    /// Its name, matched exactly with the `kid` of a token's header.
    pub kid: String,
    /// The curve: `P-256`, or `Ed25519`. Not for RSA.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub crv: Option<&'static str>,
    /// The x coordinate, or the whole key on Ed25519, in base64url. Not for RSA.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub x: Option<String>,
    /// The y coordinate on P-256, in base64url.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub y: Option<String>,
    /// The modulus of an RSA key, in base64url.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub n: Option<String>,
    /// The exponent of an RSA key, in base64url.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub e: Option<String>,
}

/// Why a key is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum BadKey {
    /// The name is empty or longer than [`MAX_KID`]. Choose another.
    #[error("the key's name is empty or too long")]
    Kid,
    /// The bytes are not a key of that algorithm: wrong length, a point that is not on the curve, a
    /// broken encoding. Whoever made it must make it anew.
    #[error("the bytes are not a public key of that algorithm")]
    Malformed,
    /// The RSA modulus is under 2048 or over 8192 bits (RFC 7518 §3.3). Make a larger one.
    #[error("the RSA modulus is not of 2048 to 8192 bits")]
    RsaSize,
}

impl PublicKey {
    /// Takes an ES256 key: a point of P-256, uncompressed, 65 bytes (SEC 1 §2.3.3).
    ///
    /// # Errors
    ///
    /// [`BadKey::Kid`], or [`BadKey::Malformed`] for a point that is written otherwise or is
    /// not on the curve.
    ///
    /// ```
    /// use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
    /// use keyfob_verify::PublicKey;
    ///
    /// let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)?;
    /// let key = PublicKey::from_es256_point("2027-01", pair.public_key().as_ref())?;
    /// assert_eq!(key.to_jwk().alg, "ES256");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn from_es256_point(kid: impl Into<String>, point: &[u8]) -> Result<Self, BadKey> {
        let kid = checked_kid(kid)?;
        let Some((&UNCOMPRESSED, coordinates)) = point.split_first() else {
            return Err(BadKey::Malformed);
        };
        let Some((x, y)) = coordinates.split_at_checked(P256_COORDINATE_BYTES) else {
            return Err(BadKey::Malformed);
        };
        if y.len() != P256_COORDINATE_BYTES {
            return Err(BadKey::Malformed);
        }
        // Here the point is checked to be on the curve.
        let Ok(parsed) = ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point) else {
            return Err(BadKey::Malformed);
        };
        let jwk = Jwk {
            crv: Some("P-256"),
            x: Some(BASE64URL_NOPAD.encode(x)),
            y: Some(BASE64URL_NOPAD.encode(y)),
            ..Jwk::empty("EC", Algorithm::Es256, kid)
        };
        Ok(Self {
            algorithm: Algorithm::Es256,
            jwk,
            parsed,
        })
    }

    /// Takes an `EdDSA` key: the 32 bytes of an Ed25519 public key (RFC 8032 §5.1.5).
    ///
    /// Bytes that are no point of the curve make a key that no signature fits.
    ///
    /// # Errors
    ///
    /// [`BadKey::Kid`], or [`BadKey::Malformed`] for another length.
    ///
    /// ```
    /// use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
    /// use keyfob_verify::PublicKey;
    ///
    /// let pair = Ed25519KeyPair::generate()?;
    /// let key = PublicKey::from_ed25519("2027-01", pair.public_key().as_ref())?;
    /// assert_eq!(key.to_jwk().kty, "OKP");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn from_ed25519(kid: impl Into<String>, key: &[u8]) -> Result<Self, BadKey> {
        let kid = checked_kid(kid)?;
        if key.len() != ED25519_BYTES {
            return Err(BadKey::Malformed);
        }
        let Ok(parsed) = ParsedPublicKey::new(&ED25519, key) else {
            return Err(BadKey::Malformed);
        };
        let jwk = Jwk {
            crv: Some("Ed25519"),
            x: Some(BASE64URL_NOPAD.encode(key)),
            ..Jwk::empty("OKP", Algorithm::EdDsa, kid)
        };
        Ok(Self {
            algorithm: Algorithm::EdDsa,
            jwk,
            parsed,
        })
    }

    /// Takes an RS256 key in DER: `RSAPublicKey` (RFC 8017 §A.1.1), which is what aws-lc-rs gives,
    /// or `SubjectPublicKeyInfo` (RFC 5280 §4.1).
    ///
    /// # Errors
    ///
    /// [`BadKey::Kid`], [`BadKey::RsaSize`], or [`BadKey::Malformed`] for anything else.
    ///
    /// ```
    /// use aws_lc_rs::rsa::{KeyPair, KeySize};
    /// use aws_lc_rs::signature::KeyPair as _;
    /// use keyfob_verify::PublicKey;
    ///
    /// let pair = KeyPair::generate(KeySize::Rsa2048)?;
    /// let key = PublicKey::from_rs256_der("2027-01", pair.public_key().as_ref())?;
    /// assert_eq!(key.to_jwk().e.as_deref(), Some("AQAB"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn from_rs256_der(kid: impl Into<String>, der: &[u8]) -> Result<Self, BadKey> {
        let kid = checked_kid(kid)?;
        let Ok(key) = RsaSubjectPublicKey::from_der(der) else {
            return Err(BadKey::Malformed);
        };
        let n = key.modulus().big_endian_without_leading_zero();
        let e = key.exponent().big_endian_without_leading_zero();
        if !RSA_BITS.contains(&bits(n)) {
            return Err(BadKey::RsaSize);
        }
        let components = RsaPublicKeyComponents { n, e };
        let Ok(parsed) = components.to_parsed_public_key(&RSA_PKCS1_2048_8192_SHA256) else {
            return Err(BadKey::Malformed);
        };
        let jwk = Jwk {
            n: Some(BASE64URL_NOPAD.encode(n)),
            e: Some(BASE64URL_NOPAD.encode(e)),
            ..Jwk::empty("RSA", Algorithm::Rs256, kid)
        };
        Ok(Self {
            algorithm: Algorithm::Rs256,
            jwk,
            parsed,
        })
    }

    /// Takes an RS256 key by modulus and exponent, big-endian without leading zeros.
    pub(crate) fn from_rs256_components(
        kid: impl Into<String>,
        n: &[u8],
        e: &[u8],
    ) -> Result<Self, BadKey> {
        // Before any arithmetic, and apart from the rest: who has outgrown the range is not broken.
        if !RSA_BITS.contains(&bits(n)) {
            return Err(BadKey::RsaSize);
        }
        let der: Result<PublicKeyX509Der<'_>, _> = RsaPublicKeyComponents { n, e }.as_der();
        let Ok(der) = der else {
            return Err(BadKey::Malformed);
        };
        // Only reading from DER checks the numbers: odd, of a bearable size.
        Self::from_rs256_der(kid, der.as_ref())
    }

    /// Its name.
    pub fn kid(&self) -> &str {
        &self.jwk.kid
    }

    /// Its one algorithm.
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Writes it in the form that is published.
    pub fn to_jwk(&self) -> Jwk {
        self.jwk.clone()
    }

    /// Borrows the form that is published.
    pub(crate) const fn jwk(&self) -> &Jwk {
        &self.jwk
    }

    /// Whether a signature is this key's over a message.
    pub(crate) fn has_signed(&self, message: &[u8], signature: &[u8]) -> bool {
        self.parsed.verify_sig(message, signature).is_ok()
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The published form says it all.
        formatter.debug_tuple("PublicKey").field(&self.jwk).finish()
    }
}

impl Jwk {
    const fn empty(kty: &'static str, algorithm: Algorithm, kid: String) -> Self {
        Self {
            kty,
            use_: "sig",
            alg: algorithm.name(),
            kid,
            crv: None,
            x: None,
            y: None,
            n: None,
            e: None,
        }
    }
}

fn checked_kid(kid: impl Into<String>) -> Result<String, BadKey> {
    let kid = kid.into();
    if kid.is_empty() || kid.len() > MAX_KID {
        return Err(BadKey::Kid);
    }
    Ok(kid)
}

/// Counts the bits of a number in big-endian bytes without leading zeros.
fn bits(number: &[u8]) -> usize {
    let unused = number.first().map_or(0, |first| first.leading_zeros());
    // At most 8, so it always fits.
    let unused = usize::try_from(unused).unwrap_or_default();
    (number.len() * 8).saturating_sub(unused)
}

#[cfg(test)]
#[path = "keys_wycheproof.rs"]
mod wycheproof_vectors;

#[cfg(test)]
mod tests {
    use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};

    use super::*;

    fn point() -> Vec<u8> {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("a key");
        pair.public_key().as_ref().to_vec()
    }

    fn es256(point: &[u8]) -> Option<BadKey> {
        PublicKey::from_es256_point("k", point).err()
    }

    #[test]
    fn jwt_03_a_point_beside_the_curve_is_refused() {
        let good = point();
        assert_eq!(es256(&good), None);
        for index in [1, 32, 33, 64] {
            let mut beside = good.clone();
            beside[index] ^= 1;
            assert_eq!(es256(&beside), Some(BadKey::Malformed), "{index}");
        }
    }

    #[test]
    fn jwt_03_the_point_at_infinity_and_the_origin_are_refused() {
        let mut origin = [0; 65];
        origin[0] = UNCOMPRESSED;
        assert_eq!(es256(&origin), Some(BadKey::Malformed));
        assert_eq!(es256(&[0]), Some(BadKey::Malformed));
        assert_eq!(es256(&[]), Some(BadKey::Malformed));
    }

    #[test]
    fn a_point_in_another_form_is_refused() {
        let good = point();
        let compressed = [&[2 + (good[64] & 1)], &good[1..33]].concat();
        assert_eq!(es256(&compressed), Some(BadKey::Malformed));
        assert_eq!(es256(&good[..64]), Some(BadKey::Malformed));
        assert_eq!(
            es256(&[good.as_slice(), &[0]].concat()),
            Some(BadKey::Malformed)
        );
    }

    #[test]
    fn an_ed25519_key_has_32_bytes() {
        for (length, expected) in [
            (31, Some(BadKey::Malformed)),
            (32, None),
            (33, Some(BadKey::Malformed)),
        ] {
            let key = vec![1; length];
            assert_eq!(
                PublicKey::from_ed25519("k", &key).err(),
                expected,
                "{length}"
            );
        }
    }

    #[test]
    fn a_name_has_1_to_200_bytes() {
        for (length, expected) in [
            (0, Some(BadKey::Kid)),
            (1, None),
            (200, None),
            (201, Some(BadKey::Kid)),
        ] {
            let kid = "k".repeat(length);
            assert_eq!(
                PublicKey::from_ed25519(kid, &[1; 32]).err(),
                expected,
                "{length}"
            );
        }
    }

    #[test]
    fn rsa_numbers_are_checked() {
        let odd = |bytes: usize| [vec![0x80], vec![0; bytes - 2], vec![1]].concat();
        let check = |n: &[u8], e: &[u8]| PublicKey::from_rs256_components("k", n, e).err();
        let exponent = [1, 0, 1];
        assert_eq!(check(&odd(256), &exponent), None);
        assert_eq!(check(&odd(1024), &exponent), None);
        assert_eq!(check(&odd(255), &exponent), Some(BadKey::RsaSize));
        assert_eq!(check(&odd(1025), &exponent), Some(BadKey::RsaSize));
        let short_by_one_bit = [vec![0x7f], vec![0xff; 255]].concat();
        assert_eq!(check(&short_by_one_bit, &exponent), Some(BadKey::RsaSize));
        for exponent in [&[][..], &[0], &[1], &[2], &[0, 1, 0, 1], &[0xff; 6]] {
            assert_eq!(
                check(&odd(256), exponent),
                Some(BadKey::Malformed),
                "{exponent:?}"
            );
        }
        let mut even = odd(256);
        even[255] = 2;
        assert_eq!(check(&even, &[1, 0, 1]), Some(BadKey::Malformed));
        assert_eq!(check(&[], &[1, 0, 1]), Some(BadKey::RsaSize));
    }
}
