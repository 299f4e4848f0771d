//! The key ring: peppers and signing keys, opened and parsed once, kept in memory.
//!
//! Which key signs and which are listed follows from the times in their records (guarantee 10). The
//! ring carries the number of the key set it was read under; a decision that sees another number in
//! its own snapshot reads the ring again first.

use std::fmt;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use keyfob_core::id::KeyId;
use keyfob_core::secret::{PEPPER_LENGTH, Pepper};
use keyfob_core::time::{Entropy, Purpose, Timestamp};
use keyfob_store::key::KeyRecord;
use keyfob_verify::{Algorithm, Jwks, PublicKey, header_segment};
use zeroize::Zeroizing;

use crate::seal::{DoesNotOpen, RootKey};

/// What a pepper's record says it is for.
pub const PEPPER: &str = "pepper";
/// What the record of a key that signs access tokens says.
pub const ACCESS_TOKEN: &str = "access-token";

/// Why the key records make no ring.
#[derive(Debug, thiserror::Error)]
pub enum BadKeys {
    /// A record does not open under the root key.
    #[error("the key record {0} does not open")]
    DoesNotOpen(KeyId, #[source] DoesNotOpen),
    /// What opened is no key of its kind.
    #[error("the key record {0} holds no key of its algorithm")]
    NotAKey(KeyId),
    /// There is no pepper.
    #[error("there is no pepper among the key records")]
    NoPepper,
    /// No key may sign now.
    #[error("there is no key that may sign now")]
    NoSigner,
}

/// A key that signs access tokens.
pub struct SigningKey {
    id: KeyId,
    pair: EcdsaKeyPair,
    /// The JWS header, encoded once (RFC 7515 §7.1).
    header: String,
    public: PublicKey,
    record: KeyTimes,
}

#[derive(Debug, Clone, Copy)]
struct KeyTimes {
    publish_from: Timestamp,
    sign_from: Timestamp,
    retire_at: Option<Timestamp>,
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

impl SigningKey {
    /// The encoded JWS header.
    pub fn header(&self) -> &str {
        &self.header
    }

    /// Signs: ECDSA on P-256 with SHA-256, the two numbers side by side (RFC 7518 §3.4).
    pub fn sign(&self, message: &[u8]) -> Result<impl AsRef<[u8]> + use<>, BadKeys> {
        self.pair
            .sign(&SystemRandom::new(), message)
            .map_err(|_unspecified| BadKeys::NotAKey(self.id))
    }
}

/// All keys in use.
#[derive(Debug)]
pub struct KeyRing {
    number: i64,
    peppers: Vec<(KeyId, Pepper)>,
    signing: Vec<SigningKey>,
}

impl KeyRing {
    /// Opens the records read under a key set's number.
    pub fn open(number: i64, records: &[KeyRecord], root_key: &RootKey) -> Result<Self, BadKeys> {
        let (mut peppers, mut signing) = (Vec::new(), Vec::new());
        for record in records
            .iter()
            .rev()
            .filter(|record| record.dropped_at.is_none())
        {
            let opened = root_key
                .open(&record.purpose, record.id.uuid(), &record.sealed)
                .map_err(|cause| BadKeys::DoesNotOpen(record.id, cause))?;
            match record.purpose.as_str() {
                PEPPER => peppers.push((record.id, pepper(record.id, &opened)?)),
                ACCESS_TOKEN => signing.push(signing_key(record, &opened)?),
                _later => {}
            }
        }
        if peppers.is_empty() {
            return Err(BadKeys::NoPepper);
        }
        Ok(Self {
            number,
            peppers,
            signing,
        })
    }

    /// The number of the key set that it was read under.
    pub fn number(&self) -> i64 {
        self.number
    }

    /// The peppers, the newest first: new tokens are stored under that one.
    pub fn peppers(&self) -> impl Iterator<Item = &(KeyId, Pepper)> {
        self.peppers.iter()
    }

    /// The key that signs now: of those that may, the one that may since latest.
    pub fn signer(&self, now: Timestamp) -> Result<&SigningKey, BadKeys> {
        let ready = self
            .signing
            .iter()
            .filter(|key| key.record.sign_from <= now && !key.is_retired(now));
        ready
            .max_by_key(|key| key.record.sign_from)
            .ok_or(BadKeys::NoSigner)
    }

    /// The keys that verify now: what the JWKS lists (RFC 7517 §5).
    pub fn jwks(&self, now: Timestamp) -> Jwks {
        let listed = self
            .signing
            .iter()
            .filter(|key| key.record.publish_from <= now && !key.is_retired(now));
        Jwks::new(listed.map(|key| key.public.clone()).collect())
    }
}

impl KeyRing {
    /// Every key whose signatures count, listed or not: for checking what comes back.
    pub fn verifying(&self) -> Jwks {
        Jwks::new(self.signing.iter().map(|key| key.public.clone()).collect())
    }
}

impl SigningKey {
    fn is_retired(&self, now: Timestamp) -> bool {
        self.record.retire_at.is_some_and(|at| at <= now)
    }
}

fn pepper(id: KeyId, opened: &[u8]) -> Result<Pepper, BadKeys> {
    let bytes: &[u8; PEPPER_LENGTH] = opened.try_into().map_err(|_length| BadKeys::NotAKey(id))?;
    Ok(Pepper::new(bytes))
}

fn signing_key(record: &KeyRecord, pkcs8: &[u8]) -> Result<SigningKey, BadKeys> {
    let not_a_key = || BadKeys::NotAKey(record.id);
    let kid = record.id.to_string();
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8)
        .map_err(|_rejected| not_a_key())?;
    let public = PublicKey::from_es256_point(kid.as_str(), pair.public_key().as_ref())
        .map_err(|_point| not_a_key())?;
    Ok(SigningKey {
        id: record.id,
        header: header_segment(Algorithm::Es256, &kid),
        pair,
        public,
        record: KeyTimes {
            publish_from: record.publish_from,
            sign_from: record.sign_from,
            retire_at: record.retire_at,
        },
    })
}

/// Makes a new pepper, sealed.
pub fn new_pepper(root_key: &RootKey, entropy: &dyn Entropy, now: Timestamp) -> KeyRecord {
    let mut bytes = Zeroizing::new([0; PEPPER_LENGTH]);
    entropy.fill(Purpose::Key, bytes.as_mut());
    let id = new_id(entropy, now);
    record(
        id,
        PEPPER,
        "HMAC-SHA-256",
        root_key.seal(PEPPER, id.uuid(), bytes.as_ref(), entropy),
        now,
    )
}

/// Makes a new ES256 key for access tokens, sealed; listed and signing at once, as the first key is.
pub fn new_signing_key(
    root_key: &RootKey,
    entropy: &dyn Entropy,
    now: Timestamp,
) -> Result<KeyRecord, BadKeys> {
    let id = new_id(entropy, now);
    let random = SystemRandom::new();
    let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random);
    let pkcs8 = pkcs8.map_err(|_unspecified| BadKeys::NotAKey(id))?;
    let sealed = root_key.seal(ACCESS_TOKEN, id.uuid(), pkcs8.as_ref(), entropy);
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref());
    let pair = pair.map_err(|_rejected| BadKeys::NotAKey(id))?;
    let public_key = Some(pair.public_key().as_ref().to_vec());
    Ok(KeyRecord {
        public_key,
        ..record(id, ACCESS_TOKEN, Algorithm::Es256.name(), sealed, now)
    })
}

fn new_id(entropy: &dyn Entropy, now: Timestamp) -> KeyId {
    let mut random = [0; 10];
    entropy.fill(Purpose::Id, &mut random);
    KeyId::new(now, random)
}

fn record(id: KeyId, purpose: &str, algorithm: &str, sealed: Vec<u8>, now: Timestamp) -> KeyRecord {
    KeyRecord {
        id,
        purpose: purpose.to_owned(),
        algorithm: algorithm.to_owned(),
        sealed,
        public_key: None,
        created_at: now,
        publish_from: now,
        sign_from: now,
        retire_at: None,
        dropped_at: None,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::system::SystemEntropy;

    const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

    fn root_key() -> RootKey {
        let folder = tempfile::tempdir().expect("a folder");
        RootKey::load_or_make(&folder.path().join("root.key"), &SystemEntropy).expect("a root key")
    }

    #[test]
    fn the_key_that_may_sign_since_latest_signs_and_retired_ones_are_not_listed() {
        let root_key = root_key();
        let later = NOW.plus(Duration::from_mins(10));
        let old = new_signing_key(&root_key, &SystemEntropy, NOW).expect("a key");
        let old = KeyRecord {
            retire_at: Some(later.plus(Duration::from_mins(10))),
            ..old
        };
        let new = new_signing_key(&root_key, &SystemEntropy, NOW).expect("a key");
        let new = KeyRecord {
            sign_from: later,
            ..new
        };
        let pepper = new_pepper(&root_key, &SystemEntropy, NOW);
        let ring =
            KeyRing::open(1, &[pepper, old.clone(), new.clone()], &root_key).expect("a ring");
        let signs = |at| ring.signer(at).map(|key| key.id).ok();
        let just_before = Timestamp::from_millis(later.millis() - 1);
        assert_eq!(signs(just_before), Some(old.id));
        assert_eq!(signs(later), Some(new.id));
        assert_eq!(
            ring.jwks(just_before).keys().count(),
            2,
            "the next is listed before it signs"
        );
        assert_eq!(
            ring.jwks(later.plus(Duration::from_mins(10)))
                .keys()
                .count(),
            1
        );
        assert_eq!(signs(Timestamp::from_millis(NOW.millis() - 1)), None);
    }

    #[test]
    fn records_sealed_under_another_root_key_do_not_open() {
        let pepper = new_pepper(&root_key(), &SystemEntropy, NOW);
        let other = KeyRing::open(1, &[pepper], &root_key());
        assert!(matches!(other, Err(BadKeys::DoesNotOpen(..))));
    }

    #[test]
    fn dropped_keys_are_not_used() {
        let root_key = root_key();
        let pepper = new_pepper(&root_key, &SystemEntropy, NOW);
        let dropped = new_signing_key(&root_key, &SystemEntropy, NOW).expect("a key");
        let dropped = KeyRecord {
            dropped_at: Some(NOW),
            ..dropped
        };
        let ring = KeyRing::open(1, &[pepper, dropped], &root_key).expect("a ring");
        assert!(matches!(ring.signer(NOW), Err(BadKeys::NoSigner)));
        assert_eq!(ring.jwks(NOW).keys().count(), 0);
    }
}
