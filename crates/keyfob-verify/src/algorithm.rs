//! The signature algorithms there are: a closed list, so that `none` and the HMAC family have no
//! value to be mistaken for (RFC 8725 §3.1).

/// A signature algorithm of access tokens (RFC 7518 §3.1, RFC 8037 §3.1).
///
/// A key has exactly one; what a token's header says must be that one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// ECDSA over P-256 with SHA-256, the signature as 64 bytes `r ‖ s`.
    Es256,
    /// RSASSA-PKCS1-v1.5 with SHA-256, modulus of 2048 to 8192 bits.
    Rs256,
    /// Ed25519.
    EdDsa,
}

impl Algorithm {
    /// Names it as the `alg` of a header or key does.
    ///
    /// ```
    /// assert_eq!(keyfob_verify::Algorithm::Es256.name(), "ES256");
    /// ```
    pub const fn name(self) -> &'static str {
        match self {
            Self::Es256 => "ES256",
            Self::Rs256 => "RS256",
            Self::EdDsa => "EdDSA",
        }
    }

    /// Finds one by its exact name.
    ///
    /// ```
    /// use keyfob_verify::Algorithm;
    ///
    /// assert_eq!(Algorithm::from_name("EdDSA"), Some(Algorithm::EdDsa));
    /// assert_eq!(Algorithm::from_name("eddsa"), None);
    /// assert_eq!(Algorithm::from_name("none"), None);
    /// ```
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Es256, Self::Rs256, Self::EdDsa]
            .into_iter()
            .find(|algorithm| algorithm.name() == name)
    }
}
