//! The test keys of `vectors/test-keys.json`, to sign with. They are public: never use them for anything.

use std::error::Error;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256,
    RsaKeyPair,
};
use data_encoding::BASE64URL_NOPAD;
use keyfob_verify::{Algorithm, Jwks, PublicKey, append_signature};
use serde::Deserialize;

/// The keys as the file has them.
#[derive(Deserialize)]
pub(crate) struct TestKeys {
    keys: Vec<TestKey>,
}

/// A key pair.
#[derive(Deserialize)]
pub(crate) struct TestKey {
    /// Its id.
    pub(crate) kid: String,
    /// Its algorithm's name.
    pub(crate) alg: String,
    /// Whether it is in the key set; one that is not signs as a stranger.
    published: bool,
    /// The pair (RFC 5208 §5), in base64url.
    pkcs8: String,
}

impl TestKeys {
    /// Reads the file.
    pub(crate) fn load() -> Result<Self, Box<dyn Error>> {
        Ok(serde_json::from_str(include_str!(
            "../../vectors/test-keys.json"
        ))?)
    }

    /// The pair with that id.
    pub(crate) fn key(&self, kid: &str) -> Result<&TestKey, Box<dyn Error>> {
        let found = self.keys.iter().find(|key| key.kid == kid);
        found.ok_or_else(|| format!("no test key {kid}").into())
    }

    /// The public halves of those that are published.
    pub(crate) fn jwks(&self) -> Result<Jwks, Box<dyn Error>> {
        let published = self.keys.iter().filter(|key| key.published);
        Ok(Jwks::new(
            published.map(TestKey::public).collect::<Result<_, _>>()?,
        ))
    }
}

impl TestKey {
    /// The pair's bytes (RFC 5208 §5).
    pub(crate) fn pkcs8(&self) -> Result<Vec<u8>, Box<dyn Error>> {
        Ok(BASE64URL_NOPAD.decode(self.pkcs8.as_bytes())?)
    }

    /// The algorithm.
    pub(crate) fn algorithm(&self) -> Result<Algorithm, Box<dyn Error>> {
        let found = Algorithm::from_name(&self.alg);
        found.ok_or_else(|| format!("no algorithm {}", self.alg).into())
    }

    /// The public half.
    pub(crate) fn public(&self) -> Result<PublicKey, Box<dyn Error>> {
        let pkcs8 = self.pkcs8()?;
        Ok(match self.algorithm()? {
            Algorithm::Es256 => {
                let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &pkcs8)?;
                PublicKey::from_es256_point(self.kid.as_str(), pair.public_key().as_ref())?
            }
            Algorithm::EdDsa => {
                let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(&pkcs8)?;
                PublicKey::from_ed25519(self.kid.as_str(), pair.public_key().as_ref())?
            }
            Algorithm::Rs256 => {
                let pair = RsaKeyPair::from_pkcs8(&pkcs8)?;
                PublicKey::from_rs256_der(self.kid.as_str(), pair.public_key().as_ref())?
            }
        })
    }

    /// The signature of these bytes, as it stands in a token (RFC 7518 §3.3, §3.4, RFC 8037 §3.1).
    pub(crate) fn signature(&self, message: &[u8]) -> Result<Vec<u8>, Box<dyn Error>> {
        let (pkcs8, random) = (self.pkcs8()?, SystemRandom::new());
        Ok(match self.algorithm()? {
            Algorithm::Es256 => {
                let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &pkcs8)?;
                pair.sign(&random, message)?.as_ref().to_vec()
            }
            Algorithm::EdDsa => {
                let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(&pkcs8)?;
                pair.sign(message).as_ref().to_vec()
            }
            Algorithm::Rs256 => {
                let pair = RsaKeyPair::from_pkcs8(&pkcs8)?;
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature)?;
                signature
            }
        })
    }

    /// The token of these two encoded parts.
    pub(crate) fn token(&self, unsigned: &str) -> Result<String, Box<dyn Error>> {
        let signature = self.signature(unsigned.as_bytes())?;
        Ok(append_signature(unsigned.to_owned(), &signature))
    }
}
