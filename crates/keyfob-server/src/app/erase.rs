//! Erasing a person (issue 5, 8): memberships end as they always do, then what names the person goes.
//!
//! Somebody with very many memberships is erased in steps, each a transaction that leaves all rules kept;
//! what names them goes in the last one. Whoever is interrupted begins again.

use keyfob_core::event::Actor;
use keyfob_core::id::UserId;
use keyfob_core::name::Email;
use keyfob_core::time::{Entropy, Timestamp};
use keyfob_store::instance::instance_find;
use keyfob_store::member::member_remove;
use keyfob_store::user::erase::{
    SolelyOwned, UserErased, user_erase, user_next_memberships, user_solely_owns,
};
use keyfob_store::user::{User, user_find};
use keyfob_store::{Store, StoreError, Transient, Tx, retry};

use crate::erasure::{Draft, ErasureKey, Name};
use crate::keys::BadKeys;
use crate::seal::RootKey;

/// Memberships that end in one transaction.
const STEP: i64 = 200;

/// Why somebody is not erased.
#[derive(Debug, thiserror::Error)]
pub enum EraseError {
    /// There is no such person, or no more.
    #[error("there is no such user")]
    NoSuchUser,
    /// Organizations would be left without an owner.
    #[error("nobody else owns {}: make somebody else an owner first, or delete {}", owned(.0), if .0.len() == 1 { "it" } else { "them" })]
    LastOwner(Vec<SolelyOwned>),
    /// What an import brings is not seen yet, and might name them.
    #[error(
        "an import is under way or was interrupted: wait for its end, or run `keyfobd import --discard`"
    )]
    Importing,
    /// The key that recognises erased people does not open.
    #[error(transparent)]
    Keys(#[from] BadKeys),
    /// The store failed.
    #[error("the database failed; run it again")]
    Store(#[from] StoreError),
}

impl Transient for EraseError {
    fn store_error(&self) -> Option<&StoreError> {
        if let Self::Store(error) = self {
            Some(error)
        } else {
            None
        }
    }
}

/// Where somebody is erased, and when.
#[derive(Debug)]
pub struct Erasure<'a> {
    /// The database.
    pub store: &'a Store,
    /// The key that seals the others.
    pub root_key: &'a RootKey,
    /// The source of ids and keys.
    pub entropy: &'a dyn Entropy,
    /// The moment.
    pub now: Timestamp,
}

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Erased {
    /// How many memberships ended, with the tokens held there.
    pub memberships: usize,
    /// What was destroyed.
    pub destroyed: UserErased,
}

/// One transaction's part.
enum Step {
    Ended(usize),
    Last(Erased),
}

impl Erasure<'_> {
    /// Erases a person.
    pub async fn run(&self, user: UserId) -> Result<Erased, EraseError> {
        let draft = &Draft::draw(self.root_key, self.entropy, self.now);
        let mut ended = 0;
        loop {
            let step = retry(|| async move {
                let mut tx = self.store.write().await?;
                let step = self.step(&mut tx, user, draft).await?;
                tx.commit().await?;
                Ok::<_, EraseError>(step)
            });
            match step.await? {
                Step::Ended(count) => ended += count,
                Step::Last(last) => {
                    return Ok(Erased {
                        memberships: ended + last.memberships,
                        ..last
                    });
                }
            }
        }
    }

    async fn step(&self, tx: &mut Tx, user: UserId, draft: &Draft) -> Result<Step, EraseError> {
        let user = user_find(tx, user).await?.ok_or(EraseError::NoSuchUser)?;
        let instance = instance_find(tx).await?;
        if instance.is_none_or(|instance| instance.import_pending.is_some()) {
            return Err(EraseError::Importing);
        }
        let owned = user_solely_owns(tx, user.id).await?;
        if !owned.is_empty() {
            return Err(EraseError::LastOwner(owned));
        }
        let memberships = user_next_memberships(tx, user.id, STEP).await?;
        for at in &memberships {
            member_remove(tx, *at, &Actor::OPERATOR, self.now).await?;
        }
        let memberships = memberships.len();
        if i64::try_from(memberships) == Ok(STEP) {
            return Ok(Step::Ended(memberships));
        }
        let key = draft.or_kept(tx, self.root_key, self.now).await??;
        let destroyed = self.destroy(tx, &user, &key).await?;
        Ok(Step::Last(Erased {
            memberships,
            destroyed: destroyed.ok_or(EraseError::NoSuchUser)?,
        }))
    }

    async fn destroy(
        &self,
        tx: &mut Tx,
        user: &User,
        key: &ErasureKey,
    ) -> Result<Option<UserErased>, StoreError> {
        let email = Email::parse(&user.email);
        let email = email.as_ref().map_or(user.email.as_str(), Email::key);
        let external = user.external_id.as_deref().map(Name::External);
        let names = [Some(Name::Email(email)), external];
        let macs: Vec<_> = names
            .into_iter()
            .flatten()
            .map(|name| key.mac(name))
            .collect();
        user_erase(tx, user.id, &macs, &Actor::OPERATOR, self.now).await
    }
}

/// Names the first few.
fn owned(all: &[SolelyOwned]) -> String {
    const TOLD: usize = 5;
    let names = all.iter().take(TOLD);
    let names: Vec<_> = names
        .map(|org| format!("{} ({})", org.name, org.id))
        .collect();
    let rest = all.len().saturating_sub(TOLD);
    let rest = (rest > 0).then(|| format!(" and {rest} more"));
    format!("{}{}", names.join(", "), rest.unwrap_or_default())
}
