//! The key by which an erased person is recognised, should an import name them again.
//!
//! Of somebody who was erased a keyed digest of their address stays, and of their id in another system.
//! Without the key nobody can try addresses on them; it lies in the database only sealed, is made for the
//! first who is erased, and stays.

use std::fmt;

use aws_lc_rs::hmac;
use keyfob_core::event::Actor;
use keyfob_core::id::KeyId;
use keyfob_core::key::KeyTimes;
use keyfob_core::time::{Entropy, Purpose, Timestamp};
use keyfob_store::key::{ERASURE, KeyRecord, key_insert, key_list};
use keyfob_store::{StoreError, Tx};
use zeroize::Zeroizing;

use crate::keys::BadKeys;
use crate::seal::RootKey;

const LENGTH: usize = 32;

/// By what somebody is recognised.
#[derive(Debug, Clone, Copy)]
pub enum Name<'n> {
    /// An address, as addresses are compared.
    Email(&'n str),
    /// An id in another system.
    External(&'n str),
}

/// Makes the digests.
#[derive(Clone)]
pub struct ErasureKey(hmac::Key);

impl fmt::Debug for ErasureKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ErasureKey(…)")
    }
}

impl ErasureKey {
    /// Opens the key among the records; none while nobody was erased.
    ///
    /// # Errors
    /// When its record does not open.
    pub fn of(records: &[KeyRecord], root_key: &RootKey) -> Result<Option<Self>, BadKeys> {
        let mut of_it = records.iter().filter(|record| record.purpose == ERASURE);
        let found = of_it.find(|record| !record.is_forgotten());
        found.map(|record| Self::open(record, root_key)).transpose()
    }

    fn open(record: &KeyRecord, root_key: &RootKey) -> Result<Self, BadKeys> {
        let opened = root_key
            .open(ERASURE, record.id.uuid(), &record.sealed)
            .map_err(|cause| BadKeys::DoesNotOpen(record.id, cause))?;
        if opened.len() != LENGTH {
            return Err(BadKeys::NotAKey(record.id));
        }
        Ok(Self(hmac::Key::new(hmac::HMAC_SHA256, &opened)))
    }

    /// The digest of a name.
    pub fn mac(&self, name: Name<'_>) -> Vec<u8> {
        let (kind, text) = match name {
            Name::Email(text) => ("email", text),
            Name::External(text) => ("external", text),
        };
        let mut context = hmac::Context::with_key(&self.0);
        context.update(kind.as_bytes());
        context.update(&[0]);
        context.update(text.as_bytes());
        context.sign().as_ref().to_vec()
    }
}

/// A key that is kept only if there is none: drawn outside of what `retry` repeats.
pub(crate) struct Draft(KeyRecord);

impl Draft {
    pub(crate) fn draw(root_key: &RootKey, entropy: &dyn Entropy, now: Timestamp) -> Self {
        let mut bytes = Zeroizing::new([0; LENGTH]);
        entropy.fill(Purpose::Key, bytes.as_mut());
        let mut random = [0; 10];
        entropy.fill(Purpose::Id, &mut random);
        let id = KeyId::new(now, random);
        Self(KeyRecord {
            id,
            purpose: ERASURE.to_owned(),
            algorithm: "HMAC-SHA-256".to_owned(),
            sealed: root_key.seal(ERASURE, id.uuid(), bytes.as_ref(), entropy),
            public_key: None,
            created_at: now,
            times: KeyTimes::at_once(now),
        })
    }

    /// The key there is, or this one, kept.
    pub(crate) async fn or_kept(
        &self,
        tx: &mut Tx,
        root_key: &RootKey,
        now: Timestamp,
    ) -> Result<Result<ErasureKey, BadKeys>, StoreError> {
        let records = key_list(tx).await?;
        match ErasureKey::of(&records, root_key) {
            Ok(Some(key)) => return Ok(Ok(key)),
            Ok(None) => {}
            Err(bad) => return Ok(Err(bad)),
        }
        key_insert(tx, &self.0, &Actor::OPERATOR, now).await?;
        Ok(ErasureKey::open(&self.0, root_key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system::SystemEntropy;

    #[test]
    fn a_digest_tells_kinds_and_texts_and_keys_apart() {
        let folder = tempfile::tempdir().expect("a folder");
        let root_key = RootKey::load_or_make(&folder.path().join("root.key"), &SystemEntropy);
        let root_key = root_key.expect("a root key");
        let now = Timestamp::from_millis(1_800_000_000_000);
        let key = || {
            let Draft(record) = Draft::draw(&root_key, &SystemEntropy, now);
            let key = ErasureKey::of(std::slice::from_ref(&record), &root_key);
            key.expect("it opens").expect("a key")
        };
        let (one, other) = (key(), key());
        let email = one.mac(Name::Email("ana@acme.example"));
        assert_eq!(email, one.mac(Name::Email("ana@acme.example")));
        assert_ne!(email, one.mac(Name::Email("ana@acme.exampl")));
        assert_ne!(email, one.mac(Name::External("ana@acme.example")));
        assert_ne!(email, other.mac(Name::Email("ana@acme.example")));
    }
}
