//! Use cases, one file a verb: each loads facts, asks a rule of `keyfob-core`, and writes what it
//! permits. The JSON routes, the pages and the operator's commands all come through here.

pub mod accept_invitation;
pub mod access;
pub mod act_as;
pub mod activity;
pub mod authority;
pub mod change_password;
pub mod erase;
pub mod exchange;
pub mod explain;
pub mod explain_exchange;
pub mod find_organizations;
pub mod find_refusal;
pub mod generate;
pub mod invite;
pub mod invited;
pub mod link;
pub mod manage;
pub mod manage_members;
pub mod manage_organizations;
pub mod manage_tokens;
pub mod new_parents;
pub mod organizations;
pub mod password;
pub mod read_audit;
pub mod reset_password;
pub mod revoke;
pub mod revoke_everywhere;
pub mod rotate;
pub mod rotate_pat;
pub mod set_up;
pub mod sign_in;
pub mod visit;

use keyfob_store::StoreError;

use crate::keys::BadKeys;
use crate::state::LoadError;

/// Nothing could be decided: the store, or what it must hold, is away. Never "no" (contract X6).
#[derive(Debug, thiserror::Error)]
pub enum Outage {
    /// The store failed.
    #[error("the store failed")]
    Store(#[from] StoreError),
    /// Catalogue or keys could not be read.
    #[error("catalogue or keys could not be read")]
    Load(#[from] LoadError),
    /// A key could not sign.
    #[error("no key signs")]
    Keys(#[from] BadKeys),
    /// Catalogue or keys changed again and again while the facts were read.
    #[error("catalogue and keys keep changing")]
    Unsettled,
    /// Too many wait for the same.
    #[error(transparent)]
    Crowded(#[from] password::Crowded),
    /// A password could not be hashed.
    #[error("a password could not be hashed")]
    Hash(#[from] argon2::password_hash::Error),
    /// A task of ours ended before its time.
    #[error("a task ended before its time")]
    Task(#[from] tokio::task::JoinError),
}
