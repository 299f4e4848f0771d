//! Keys turn over (guarantee 10): what the plan of `keyfob-core` says is carried out here, by the server
//! on its own and by command.
//!
//! Keys are made before the transaction that keeps them, because an RSA key takes its time; the plan is
//! made again inside it, so that of several nodes just one acts.

use std::collections::BTreeMap;
use std::time::Duration;

use keyfob_core::event::Actor;
use keyfob_core::id::KeyId;
use keyfob_core::key::{KeyState, KeyTimes, Plan, Wanted, plan};
use keyfob_core::time::{Entropy, Timestamp};
use keyfob_store::instance::instance_find;
use keyfob_store::key::{
    ACCESS_TOKEN, KeyRecord, PEPPER, key_drop, key_forget, key_insert, key_list,
    key_pepper_is_needed, key_reseal, key_retire,
};
use keyfob_store::{Store, StoreError, Transient, Tx, retry};
use keyfob_verify::Algorithm;
use tokio::task::{JoinError, spawn_blocking};

use crate::keys::{BadKeys, fresh_key, new_pepper, sealed_record};
use crate::seal::RootKey;

/// Every algorithm that access tokens can be signed with.
pub const ALGORITHMS: [Algorithm; 3] = [Algorithm::Es256, Algorithm::Rs256, Algorithm::EdDsa];

/// Why keys did not turn over.
#[derive(Debug, thiserror::Error)]
pub enum RotateError {
    /// The store failed.
    #[error("the keys could not be read or written")]
    Store(#[from] StoreError),
    /// A key could not be made or opened.
    #[error(transparent)]
    Keys(#[from] BadKeys),
    /// The task that makes a key ended before its time.
    #[error("a key could not be made")]
    Task(#[from] JoinError),
}

impl Transient for RotateError {
    fn store_error(&self) -> Option<&StoreError> {
        if let Self::Store(error) = self {
            Some(error)
        } else {
            None
        }
    }
}

/// What was done about the keys of one algorithm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Turned {
    /// The algorithm.
    pub algorithm: Algorithm,
    /// The key that was made, and from when it signs.
    pub made: Option<(KeyId, Timestamp)>,
    /// Keys that retire, and when.
    pub retired: Vec<(KeyId, Timestamp)>,
    /// Keys that were dropped.
    pub dropped: Vec<KeyId>,
}

/// Where keys turn over, and when.
#[derive(Debug)]
pub struct Rotation<'a> {
    /// The database.
    pub store: &'a Store,
    /// The key that seals the others.
    pub root_key: &'a RootKey,
    /// The source of ids and nonces.
    pub entropy: &'a dyn Entropy,
    /// The moment.
    pub now: Timestamp,
}

impl Rotation<'_> {
    /// Sees to it that each algorithm in use has a key that signs, and none else has one for long;
    /// forgets what is over. Does nothing when all is well, so it can be called as often as one likes.
    pub async fn keep(
        &self,
        in_use: &[Algorithm],
        rotate_after: Option<Duration>,
    ) -> Result<Vec<Turned>, RotateError> {
        let wanted = ALGORITHMS.map(|algorithm| {
            let is_used = in_use.contains(&algorithm);
            let kept = Wanted::Kept { rotate_after };
            (algorithm, if is_used { kept } else { Wanted::GivenUp })
        });
        let turned = self.turn(&wanted).await?;
        self.forget().await?;
        Ok(turned)
    }

    /// The algorithms of which there is a key that is not over: by the database, because a command may
    /// be run with another configuration than the servers.
    pub async fn in_use(&self) -> Result<Vec<Algorithm>, RotateError> {
        let mut tx = self.store.read_single().await?;
        let records = key_list(&mut tx).await?;
        let living = |algorithm: &Algorithm| {
            records.iter().any(|record| {
                record.purpose == ACCESS_TOKEN
                    && record.algorithm == algorithm.name()
                    && !record.times.is_over_at(self.now)
            })
        };
        Ok(ALGORITHMS.into_iter().filter(living).collect())
    }

    /// Carries out what is wanted of the keys of some algorithms, in one transaction. Reports those of
    /// which something changed.
    pub async fn turn(&self, wanted: &[(Algorithm, Wanted)]) -> Result<Vec<Turned>, RotateError> {
        let mut tx = self.store.read_single().await?;
        let before = key_list(&mut tx).await?;
        drop(tx);
        let mut drafts = BTreeMap::new();
        let mut is_idle = true;
        for (algorithm, wanted) in wanted {
            let plan = self.plan(&before, *algorithm, *wanted);
            is_idle &= plan.is_empty();
            if plan.make.is_some() {
                drafts.insert(algorithm.name(), self.draft(*algorithm).await?);
            }
        }
        if is_idle {
            return Ok(Vec::new());
        }
        let drafts = &drafts;
        retry(|| async move {
            let mut tx = self.store.write().await?;
            let turned = self.turn_in(&mut tx, wanted, drafts).await?;
            tx.commit().await?;
            Ok::<_, RotateError>(turned)
        })
        .await
    }

    async fn turn_in(
        &self,
        tx: &mut Tx,
        wanted: &[(Algorithm, Wanted)],
        drafts: &BTreeMap<&'static str, KeyRecord>,
    ) -> Result<Vec<Turned>, StoreError> {
        let records = key_list(tx).await?;
        let mut turned = Vec::new();
        for (algorithm, wanted) in wanted {
            let plan = self.plan(&records, *algorithm, *wanted);
            let draft = drafts.get(algorithm.name());
            // A key that is needed only since a moment ago is made in the next round.
            if !plan.is_empty() && (plan.make.is_none() || draft.is_some()) {
                turned.push(self.carry_out(tx, *algorithm, plan, draft).await?);
            }
        }
        Ok(turned)
    }

    /// Makes another pepper: tokens generated from now on are stored under it. The one before stays
    /// until its last token is over.
    pub async fn turn_pepper(&self) -> Result<KeyId, RotateError> {
        let pepper = &new_pepper(self.root_key, self.entropy, self.now);
        retry(|| async move {
            let mut tx = self.store.write().await?;
            key_insert(&mut tx, pepper, &Actor::OPERATOR, self.now).await?;
            tx.commit().await?;
            Ok::<_, StoreError>(())
        })
        .await?;
        Ok(pepper.id)
    }

    /// Seals every secret under another root key, in one transaction.
    pub async fn rewrap(&self, new: &RootKey) -> Result<(), RotateError> {
        let reseal = |record: KeyRecord| {
            let (purpose, id) = (&record.purpose, record.id.uuid());
            let opened = self.root_key.open(purpose, id, &record.sealed);
            let opened = opened.map_err(|cause| BadKeys::DoesNotOpen(record.id, cause))?;
            Ok((record.id, new.seal(purpose, id, &opened, self.entropy)))
        };
        retry(|| async move {
            let mut tx = self.store.write().await?;
            let records = key_list(&mut tx).await?.into_iter();
            let kept = records.filter(|record| !record.is_forgotten());
            let sealed: Result<Vec<_>, BadKeys> = kept.map(reseal).collect();
            let sealed = sealed?;
            let check = new.check_value(self.entropy);
            key_reseal(&mut tx, &sealed, &check, &Actor::OPERATOR, self.now).await?;
            tx.commit().await?;
            Ok::<_, RotateError>(())
        })
        .await
    }

    fn plan(&self, records: &[KeyRecord], algorithm: Algorithm, wanted: Wanted) -> Plan {
        let of_it = records.iter().filter(|record| {
            record.purpose == ACCESS_TOKEN && record.algorithm == algorithm.name()
        });
        let keys: Vec<(KeyId, KeyTimes)> = of_it.map(|record| (record.id, record.times)).collect();
        plan(&keys, wanted, self.now)
    }

    async fn draft(&self, algorithm: Algorithm) -> Result<KeyRecord, RotateError> {
        let fresh = spawn_blocking(move || fresh_key(algorithm)).await??;
        Ok(sealed_record(&fresh, self.root_key, self.entropy, self.now))
    }

    async fn carry_out(
        &self,
        tx: &mut Tx,
        algorithm: Algorithm,
        plan: Plan,
        draft: Option<&KeyRecord>,
    ) -> Result<Turned, StoreError> {
        let made = plan.make.zip(draft).map(|(times, draft)| KeyRecord {
            times,
            ..draft.clone()
        });
        if let Some(record) = &made {
            key_insert(tx, record, &Actor::OPERATOR, self.now).await?;
        }
        for (key, at) in &plan.retire {
            key_retire(tx, *key, *at, &Actor::OPERATOR, self.now).await?;
        }
        for key in &plan.drop {
            key_drop(tx, *key, &Actor::OPERATOR, self.now).await?;
        }
        Ok(Turned {
            algorithm,
            made: made.map(|record| (record.id, record.times.sign_from)),
            retired: plan.retire,
            dropped: plan.drop,
        })
    }

    /// Forgets the secret halves of retired keys, and drops peppers under which no living token is.
    async fn forget(&self) -> Result<(), RotateError> {
        let mut tx = self.store.read().await?;
        let over = self.over(&mut tx).await?;
        drop(tx);
        if over.is_empty() {
            return Ok(());
        }
        retry(|| async move {
            let mut tx = self.store.write().await?;
            let over = self.over(&mut tx).await?;
            let (peppers, keys): (Vec<_>, Vec<_>) =
                over.iter().partition(|record| record.purpose == PEPPER);
            for pepper in peppers {
                key_drop(&mut tx, pepper.id, &Actor::OPERATOR, self.now).await?;
            }
            for key in keys {
                key_forget(&mut tx, key.id).await?;
            }
            tx.commit().await?;
            Ok::<_, StoreError>(())
        })
        .await?;
        Ok(())
    }

    async fn over(&self, tx: &mut Tx) -> Result<Vec<KeyRecord>, StoreError> {
        let mut records = key_list(tx).await?;
        records.retain(|record| !record.is_forgotten());
        let newest_pepper = records
            .iter()
            .rev()
            .find(|record| record.purpose == PEPPER)
            .map(|record| record.id);
        // An import keeps the pepper that it began with.
        let importing = instance_find(tx)
            .await?
            .is_none_or(|instance| instance.import_pending.is_some());
        let mut over = Vec::new();
        for record in records {
            let is_over = if record.purpose == PEPPER {
                !importing
                    && newest_pepper != Some(record.id)
                    && !key_pepper_is_needed(tx, record.id, self.now).await?
            } else {
                record.times.state_at(self.now) == KeyState::Retired
            };
            if is_over {
                over.push(record);
            }
        }
        Ok(over)
    }
}
