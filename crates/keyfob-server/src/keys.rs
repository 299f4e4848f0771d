//! The key ring: peppers and signing keys, opened and parsed once, kept in memory.
//!
//! Which key signs and which are listed follows from the times in their records (guarantee 10). The
//! ring carries the number of the key set it was read under; a decision that sees another number in
//! its own snapshot reads the ring again first.

use keyfob_core::id::KeyId;
use keyfob_core::key::{KeyState, KeyTimes};
use keyfob_core::secret::{PEPPER_LENGTH, Pepper};
use keyfob_core::time::{Entropy, Purpose, Timestamp};
use keyfob_store::key::{ACCESS_TOKEN, AUDIT_CHECKPOINT, KeyRecord, PEPPER};
use keyfob_verify::{Algorithm, Jwks};
use zeroize::Zeroizing;

use crate::checkpoint::note::NoteSigner;
use crate::seal::{DoesNotOpen, RootKey};

mod signing;

pub(crate) use self::signing::Fresh;
pub use self::signing::SigningKey;

/// Why the key records make no ring.
#[derive(Debug, thiserror::Error)]
pub enum BadKeys {
    /// A record does not open under the root key.
    #[error("the key record {0} does not open")]
    DoesNotOpen(KeyId, #[source] DoesNotOpen),
    /// What opened is no key of its kind.
    #[error("the key record {0} holds no key of its algorithm")]
    NotAKey(KeyId),
    /// A key could not be made.
    #[error("a key for {0} could not be made")]
    NotMade(&'static str),
    /// There is no pepper.
    #[error("there is no pepper among the key records")]
    NoPepper,
    /// No key may sign now.
    #[error("there is no {0} key that may sign now")]
    NoSigner(&'static str),
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
        // What was dropped, or is over, holds no secret any more.
        let kept = records
            .iter()
            .rev()
            .filter(|record| record.times.dropped_at.is_none() && !record.is_forgotten());
        for record in kept {
            let opened = root_key
                .open(&record.purpose, record.id.uuid(), &record.sealed)
                .map_err(|cause| BadKeys::DoesNotOpen(record.id, cause))?;
            match record.purpose.as_str() {
                PEPPER => peppers.push((record.id, pepper(record.id, &opened)?)),
                ACCESS_TOKEN => signing.push(SigningKey::open(record, &opened)?),
                // Checkpoints are signed by command, and a later version may keep more.
                _other => {}
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

    /// The key of an algorithm that signs now: of those that may, the one that may since latest.
    pub fn signer(&self, algorithm: Algorithm, now: Timestamp) -> Result<&SigningKey, BadKeys> {
        let ready = self.signing.iter().filter(|key| {
            key.algorithm() == algorithm && key.times.state_at(now) == KeyState::Signing
        });
        ready
            .max_by_key(|key| key.times.sign_from)
            .ok_or(BadKeys::NoSigner(algorithm.name()))
    }

    /// The keys that verify now: what the JWKS lists (RFC 7517 §5).
    pub fn jwks(&self, now: Timestamp) -> Jwks {
        let listed = self
            .signing
            .iter()
            .filter(|key| key.times.is_listed_at(now));
        Jwks::new(listed.map(|key| key.public.clone()).collect())
    }

    /// Every key whose signatures count, listed or not: for checking what comes back.
    pub fn verifying(&self) -> Jwks {
        Jwks::new(self.signing.iter().map(|key| key.public.clone()).collect())
    }
}

fn pepper(id: KeyId, opened: &[u8]) -> Result<Pepper, BadKeys> {
    let bytes: &[u8; PEPPER_LENGTH] = opened.try_into().map_err(|_length| BadKeys::NotAKey(id))?;
    Ok(Pepper::new(bytes))
}

/// Makes a new pepper, sealed.
pub fn new_pepper(root_key: &RootKey, entropy: &dyn Entropy, now: Timestamp) -> KeyRecord {
    let mut bytes = Zeroizing::new([0; PEPPER_LENGTH]);
    entropy.fill(Purpose::Key, bytes.as_mut());
    let id = new_id(entropy, now);
    KeyRecord {
        id,
        purpose: PEPPER.to_owned(),
        algorithm: "HMAC-SHA-256".to_owned(),
        sealed: root_key.seal(PEPPER, id.uuid(), bytes.as_ref(), entropy),
        public_key: None,
        created_at: now,
        times: KeyTimes::at_once(now),
    }
}

/// Makes a new key for access tokens, sealed; listed and signing at once, as the first of its algorithm
/// is. A slow piece of work for RS256.
pub fn new_signing_key(
    algorithm: Algorithm,
    root_key: &RootKey,
    entropy: &dyn Entropy,
    now: Timestamp,
) -> Result<KeyRecord, BadKeys> {
    let fresh = fresh_key(algorithm)?;
    Ok(sealed_record(&fresh, root_key, entropy, now))
}

/// Makes a key for access tokens that has no record yet.
pub(crate) fn fresh_key(algorithm: Algorithm) -> Result<Fresh, BadKeys> {
    signing::make(algorithm).ok_or(BadKeys::NotMade(algorithm.name()))
}

/// Makes the record of such a key, sealed; its times are those of a first key.
pub(crate) fn sealed_record(
    fresh: &Fresh,
    root_key: &RootKey,
    entropy: &dyn Entropy,
    now: Timestamp,
) -> KeyRecord {
    sealed_for(ACCESS_TOKEN, fresh, (root_key, entropy), now)
}

/// Makes a new key for checkpoints of the audit log, sealed.
pub(crate) fn new_checkpoint_key(
    root_key: &RootKey,
    entropy: &dyn Entropy,
    now: Timestamp,
) -> Result<KeyRecord, BadKeys> {
    let fresh = fresh_key(Algorithm::EdDsa)?;
    Ok(sealed_for(
        AUDIT_CHECKPOINT,
        &fresh,
        (root_key, entropy),
        now,
    ))
}

/// Opens the key of such a record. By its sealed half, since whoever can write to the database can put
/// another public half there.
pub(crate) fn open_checkpoint_key(
    record: &KeyRecord,
    root_key: &RootKey,
) -> Result<NoteSigner, BadKeys> {
    let opened = root_key
        .open(AUDIT_CHECKPOINT, record.id.uuid(), &record.sealed)
        .map_err(|cause| BadKeys::DoesNotOpen(record.id, cause))?;
    let name = format!("keyfob-audit/{}", record.id);
    NoteSigner::open(&name, &opened).ok_or(BadKeys::NotAKey(record.id))
}

fn sealed_for(
    purpose: &str,
    fresh: &Fresh,
    (root_key, entropy): (&RootKey, &dyn Entropy),
    now: Timestamp,
) -> KeyRecord {
    let id = new_id(entropy, now);
    KeyRecord {
        id,
        purpose: purpose.to_owned(),
        algorithm: fresh.algorithm.name().to_owned(),
        sealed: root_key.seal(purpose, id.uuid(), &fresh.pkcs8, entropy),
        public_key: Some(fresh.public.clone()),
        created_at: now,
        times: KeyTimes::at_once(now),
    }
}

fn new_id(entropy: &dyn Entropy, now: Timestamp) -> KeyId {
    let mut random = [0; 10];
    entropy.fill(Purpose::Id, &mut random);
    KeyId::new(now, random)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::system::SystemEntropy;

    const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);
    const ALL: [Algorithm; 3] = [Algorithm::Es256, Algorithm::Rs256, Algorithm::EdDsa];

    fn root_key() -> RootKey {
        let folder = tempfile::tempdir().expect("a folder");
        RootKey::load_or_make(&folder.path().join("root.key"), &SystemEntropy).expect("a root key")
    }

    fn made(algorithm: Algorithm, root_key: &RootKey) -> KeyRecord {
        new_signing_key(algorithm, root_key, &SystemEntropy, NOW).expect("a key")
    }

    fn ring(records: &[KeyRecord], root_key: &RootKey) -> Result<KeyRing, BadKeys> {
        let pepper = new_pepper(root_key, &SystemEntropy, NOW);
        KeyRing::open(1, &[&[pepper][..], records].concat(), root_key)
    }

    #[test]
    fn the_key_that_may_sign_since_latest_signs_and_retired_ones_are_not_listed() {
        let root_key = root_key();
        let later = NOW.plus(Duration::from_mins(10));
        let end = later.plus(Duration::from_mins(10));
        let mut old = made(Algorithm::Es256, &root_key);
        old.times.retire_at = Some(end);
        let mut new = made(Algorithm::Es256, &root_key);
        new.times.sign_from = later;
        let ring = ring(&[old.clone(), new.clone()], &root_key).expect("a ring");
        let signs = |at| ring.signer(Algorithm::Es256, at).map(|key| key.id).ok();
        let just_before = Timestamp::from_millis(later.millis() - 1);
        assert_eq!(signs(just_before), Some(old.id));
        assert_eq!(signs(later), Some(new.id));
        let listed = |at| ring.jwks(at).keys().count();
        assert_eq!(listed(just_before), 2, "the next is listed before it signs");
        assert_eq!(listed(end), 1);
        assert_eq!(signs(Timestamp::from_millis(NOW.millis() - 1)), None);
    }

    #[test]
    fn jwt_01_each_key_signs_with_its_one_algorithm() {
        let root_key = root_key();
        let records = ALL.map(|algorithm| made(algorithm, &root_key));
        let ring = ring(&records, &root_key).expect("a ring");
        for (algorithm, record) in ALL.into_iter().zip(&records) {
            let key = ring.signer(algorithm, NOW).expect("a signer");
            assert_eq!((key.id, key.algorithm()), (record.id, algorithm));
            let signature = key.sign(b"a message").expect("a signature");
            assert_eq!(signature.len(), key.signature_length());
        }
        let lengths = ALL.map(|algorithm| {
            let key = ring.signer(algorithm, NOW).expect("a signer");
            key.signature_length()
        });
        assert_eq!(lengths, [64, 384, 64]);
    }

    #[test]
    fn a_record_whose_algorithm_was_changed_is_no_key() {
        let root_key = root_key();
        for algorithm in ALL {
            for other in ALL.into_iter().filter(|other| *other != algorithm) {
                let mut record = made(algorithm, &root_key);
                record.algorithm = other.name().to_owned();
                let opened = ring(&[record], &root_key);
                assert!(
                    matches!(opened, Err(BadKeys::NotAKey(_))),
                    "{algorithm:?} as {other:?}"
                );
            }
        }
    }

    #[test]
    fn records_sealed_under_another_root_key_do_not_open() {
        let pepper = new_pepper(&root_key(), &SystemEntropy, NOW);
        let other = KeyRing::open(1, &[pepper], &root_key());
        assert!(matches!(other, Err(BadKeys::DoesNotOpen(..))));
    }

    #[test]
    fn dropped_and_forgotten_keys_are_not_used() {
        let root_key = root_key();
        let mut dropped = made(Algorithm::Es256, &root_key);
        dropped.times.dropped_at = Some(NOW);
        let mut forgotten = made(Algorithm::Es256, &root_key);
        forgotten.sealed.clear();
        let ring = ring(&[dropped, forgotten], &root_key).expect("a ring");
        let signer = ring.signer(Algorithm::Es256, NOW);
        assert!(matches!(signer, Err(BadKeys::NoSigner("ES256"))));
        assert_eq!(ring.jwks(NOW).keys().count(), 0);
    }
}
