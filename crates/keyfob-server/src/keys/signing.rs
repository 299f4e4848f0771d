//! One signing key: made, opened from its record, and used.
//!
//! A key has exactly one algorithm (RFC 8725 §3.1): it is in its record, and the bytes of one kind of
//! key are no key of another.

use std::fmt;

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{self, KeySize};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256,
};
use keyfob_core::id::KeyId;
use keyfob_core::key::KeyTimes;
use keyfob_store::key::KeyRecord;
use keyfob_verify::{Algorithm, PublicKey, header_segment};
use zeroize::Zeroizing;

use super::BadKeys;

/// A key that signs access tokens.
pub struct SigningKey {
    pub(super) id: KeyId,
    pub(super) times: KeyTimes,
    pub(super) public: PublicKey,
    pair: Pair,
    /// The JWS header, encoded once (RFC 7515 §7.1).
    header: String,
}

enum Pair {
    Es256(EcdsaKeyPair),
    Rs256(rsa::KeyPair),
    EdDsa(Ed25519KeyPair),
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey")
            .field("id", &self.id)
            .field("algorithm", &self.algorithm())
            .finish_non_exhaustive()
    }
}

impl SigningKey {
    /// Opens the key of a record, whose secret half is PKCS #8.
    pub(super) fn open(record: &KeyRecord, pkcs8: &[u8]) -> Result<Self, BadKeys> {
        let not_a_key = || BadKeys::NotAKey(record.id);
        let algorithm = Algorithm::from_name(&record.algorithm).ok_or_else(not_a_key)?;
        let pair = Pair::open(algorithm, pkcs8).ok_or_else(not_a_key)?;
        let kid = record.id.to_string();
        let public = pair.public(&kid).ok_or_else(not_a_key)?;
        Ok(Self {
            id: record.id,
            times: record.times,
            header: header_segment(algorithm, &kid),
            pair,
            public,
        })
    }

    /// Its one algorithm.
    pub fn algorithm(&self) -> Algorithm {
        match self.pair {
            Pair::Es256(_) => Algorithm::Es256,
            Pair::Rs256(_) => Algorithm::Rs256,
            Pair::EdDsa(_) => Algorithm::EdDsa,
        }
    }

    /// The encoded JWS header.
    pub fn header(&self) -> &str {
        &self.header
    }

    /// From when to when it does what.
    pub fn times(&self) -> KeyTimes {
        self.times
    }

    /// Bytes of each of its signatures.
    pub fn signature_length(&self) -> usize {
        match &self.pair {
            Pair::Es256(_) | Pair::EdDsa(_) => 64,
            Pair::Rs256(pair) => pair.public_modulus_len(),
        }
    }

    /// Signs: for ES256 the two numbers side by side (RFC 7518 §3.4), for RS256 PKCS #1 v1.5 (§3.3),
    /// for `EdDSA` Ed25519 (RFC 8037 §3.1). Copied out, because AWS-LC's own value has room for every
    /// kind of signature: some 4 KiB.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, BadKeys> {
        let failed = |_unspecified| BadKeys::NotAKey(self.id);
        match &self.pair {
            Pair::Es256(pair) => {
                let signature = pair.sign(&SystemRandom::new(), message).map_err(failed)?;
                Ok(signature.as_ref().to_vec())
            }
            Pair::EdDsa(pair) => Ok(pair.sign(message).as_ref().to_vec()),
            Pair::Rs256(pair) => {
                let mut bytes = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut bytes)
                    .map_err(failed)?;
                Ok(bytes)
            }
        }
    }
}

impl Pair {
    fn open(algorithm: Algorithm, pkcs8: &[u8]) -> Option<Self> {
        match algorithm {
            Algorithm::Es256 => {
                let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8);
                pair.ok().map(Self::Es256)
            }
            Algorithm::Rs256 => rsa::KeyPair::from_pkcs8(pkcs8).ok().map(Self::Rs256),
            Algorithm::EdDsa => Ed25519KeyPair::from_pkcs8(pkcs8).ok().map(Self::EdDsa),
        }
    }

    fn public_bytes(&self) -> &[u8] {
        match self {
            Self::Es256(pair) => pair.public_key().as_ref(),
            Self::Rs256(pair) => pair.public_key().as_ref(),
            Self::EdDsa(pair) => pair.public_key().as_ref(),
        }
    }

    fn public(&self, kid: &str) -> Option<PublicKey> {
        let bytes = self.public_bytes();
        match self {
            Self::Es256(_) => PublicKey::from_es256_point(kid, bytes),
            Self::Rs256(_) => PublicKey::from_rs256_der(kid, bytes),
            Self::EdDsa(_) => PublicKey::from_ed25519(kid, bytes),
        }
        .ok()
    }
}

/// A new key that nobody has yet: the secret half as PKCS #8, and the public half.
pub(crate) struct Fresh {
    pub(super) algorithm: Algorithm,
    pub(super) pkcs8: Zeroizing<Vec<u8>>,
    pub(super) public: Vec<u8>,
}

/// Makes a key. For RS256 one of 3072 bits, which takes a good part of a second.
pub(super) fn make(algorithm: Algorithm) -> Option<Fresh> {
    let random = SystemRandom::new();
    let document = match algorithm {
        Algorithm::Es256 => {
            let made = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random);
            Zeroizing::new(made.ok()?.as_ref().to_vec())
        }
        Algorithm::EdDsa => {
            let made = Ed25519KeyPair::generate_pkcs8(&random);
            Zeroizing::new(made.ok()?.as_ref().to_vec())
        }
        Algorithm::Rs256 => {
            let pair = rsa::KeyPair::generate(KeySize::Rsa3072).ok()?;
            Zeroizing::new(pair.as_der().ok()?.as_ref().to_vec())
        }
    };
    let public = Pair::open(algorithm, &document)?.public_bytes().to_vec();
    Some(Fresh {
        algorithm,
        pkcs8: document,
        public,
    })
}
