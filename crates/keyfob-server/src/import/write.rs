//! Writing what the lines of a chunk make: passwords hashed first, then one transaction.

use std::num::NonZero;
use std::sync::Arc;
use std::thread::available_parallelism;

use keyfob_core::id::{ImportId, KeyId};
use keyfob_core::name::Email;
use keyfob_core::time::{Entropy, Timestamp};
use keyfob_store::import::import_beat;
use keyfob_store::import::rows::{
    ImportBatch, ImportedMember, ImportedOrg, ImportedPat, Written, import_write,
};
use keyfob_store::org::NewOrg;
use keyfob_store::user::NewUser;
use keyfob_store::{Constraint, Store, StoreError, Transient, retry};
use tokio::task;

use super::ImportError;
use super::line::Password;
use super::plan::New;
use crate::app::password;
use crate::secret::SecretText;

/// Where and as whose a batch is written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) store: &'a Store,
    pub(super) run: ImportId,
    /// The key record of the pepper that tokens are kept under.
    pub(super) pepper: KeyId,
}

/// Why a batch was not written.
enum BatchError {
    Store(StoreError),
    /// What it rests on has changed.
    Changed,
    /// Another import has taken the place.
    LostPlace,
}

impl From<StoreError> for BatchError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl Transient for BatchError {
    fn store_error(&self) -> Option<&StoreError> {
        if let Self::Store(error) = self {
            Some(error)
        } else {
            None
        }
    }

    /// A batch whose commit got no answer is not written again: its own rows would be in its way.
    fn is_transient(&self) -> bool {
        matches!(self, Self::Store(StoreError::Busy))
    }
}

impl From<BatchError> for ImportError {
    fn from(error: BatchError) -> Self {
        match error {
            BatchError::Store(StoreError::Conflict(constraint)) => Self::Taken(constraint),
            BatchError::Store(error) => Self::Store(error),
            BatchError::Changed => Self::Changed,
            BatchError::LostPlace => Self::LostPlace,
        }
    }
}

/// Writes all of it in one transaction, hidden.
pub(super) async fn write(
    place: Place<'_>,
    made: &[New],
    now: Timestamp,
) -> Result<(), ImportError> {
    let batch = &batch(made, place.pepper);
    let attempt = || async move {
        let mut tx = place.store.write().await?;
        if !import_beat(&mut tx, place.run, now).await? {
            return Err(BatchError::LostPlace);
        }
        match import_write(&mut tx, place.run, batch, now).await? {
            Written::All => Ok(tx.commit().await?),
            Written::Changed => Err(BatchError::Changed),
        }
    };
    Ok(retry(attempt).await?)
}

fn batch(made: &[New], pepper: KeyId) -> ImportBatch<'_> {
    let mut batch = ImportBatch::default();
    for new in made {
        match new {
            New::Organization {
                id,
                parent,
                tree,
                line,
            } => {
                let new = NewOrg {
                    id: *id,
                    external_id: line.external_id.as_deref(),
                    name: &line.name,
                };
                batch.organizations.push(ImportedOrg {
                    new,
                    parent: *parent,
                    tree: *tree,
                });
            }
            New::User { id, line } => batch.users.push(NewUser {
                id: *id,
                external_id: line.external_id.as_deref(),
                email: &line.email,
                full_name: &line.full_name,
                password_hash: match &line.password {
                    Some(Password::Hash(hash)) => Some(hash.expose()),
                    // None is left in the clear: they have been hashed.
                    Some(Password::Clear(_)) | None => None,
                },
            }),
            New::Membership { at, line } => {
                batch.members.push(ImportedMember {
                    at: *at,
                    roles: &line.roles,
                });
            }
            New::Token(token) => batch.pats.push(ImportedPat {
                id: token.id,
                at: token.at,
                mac: &token.mac,
                pepper,
                name: &token.name,
                expires_at: token.expires_at,
                ceiling: token.ceiling.as_deref(),
                reach: &token.reach,
            }),
        }
    }
    batch
}

/// Gives a password to every user who has none and for whom there is one.
pub(super) fn give_passwords(
    made: &mut [New],
    passwords: &(dyn Fn(&Email) -> Option<String> + Sync),
) {
    for new in made {
        if let New::User { line, .. } = new
            && line.password.is_none()
        {
            line.password =
                passwords(&line.email).map(|text| Password::Clear(SecretText::new(text)));
        }
    }
}

/// How many cores hash passwords.
pub(super) fn cores() -> usize {
    available_parallelism().map_or(1, NonZero::get)
}

/// The passwords in the clear of what is to be made.
pub(super) fn clear_passwords(made: &mut [New]) -> Vec<&mut Password> {
    let users = made.iter_mut().filter_map(|new| match new {
        New::User { line, .. } => line.password.as_mut(),
        New::Organization { .. } | New::Membership { .. } | New::Token(_) => None,
    });
    users
        .filter(|password| matches!(password, Password::Clear(_)))
        .collect()
}

/// Hashes a few passwords at once, one on each core.
pub(super) async fn hash(
    bunch: &mut [&mut Password],
    entropy: &Arc<dyn Entropy>,
) -> Result<(), ImportError> {
    let mut hashing = Vec::with_capacity(bunch.len());
    for password in bunch.iter() {
        let (Password::Clear(text) | Password::Hash(text)) = &**password;
        let (text, entropy) = (text.clone(), Arc::clone(entropy));
        hashing.push(task::spawn_blocking(move || {
            password::hash(text.expose(), &*entropy)
        }));
    }
    for (password, hashing) in bunch.iter_mut().zip(hashing) {
        let hash = hashing.await.map_err(ImportError::Task)?;
        let hash = hash.map_err(|_cause| ImportError::Password)?;
        **password = Password::Hash(SecretText::new(hash));
    }
    Ok(())
}

/// What a conflict was about, in words.
pub(super) fn taken(constraint: Constraint) -> String {
    match constraint {
        Constraint::Other => "something that lines of the file name".to_owned(),
        Constraint::UserEmail
        | Constraint::UserExternalId
        | Constraint::OrganizationName
        | Constraint::OrganizationExternalId
        | Constraint::PatMac
        | Constraint::UserId
        | Constraint::OrganizationId
        | Constraint::SessionHash => constraint.to_string(),
    }
}
