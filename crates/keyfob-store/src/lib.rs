//! The SQL of Keyfob: one dialect on embedded SQLite and on PostgreSQL.
//!
//! Every statement is written once, next to the function that runs it, in the file named after its
//! noun. A function takes the transaction it runs in ([`Tx`]), so begin and commit stay on the page
//! of the use case. What changes rights asks for a permit that only a rule in `keyfob-core` makes.
//!
//! Deliberately absent: decisions (they are `keyfob-core`'s), clocks and random numbers (they come in
//! as values), and the name of an engine anywhere but below `db`.

mod column;
mod db;
mod error;
mod migrate;

mod epoch;
pub mod event;
pub mod exchange;
pub mod import;
pub mod instance;
pub mod invitation;
pub mod key;
pub mod member;
pub mod org;
pub mod password_reset;
pub mod pat;
pub mod refusal;
pub mod rotation;
pub mod session;
pub mod setup_link;
pub mod user;

pub use db::{ServerFacts, Store, StoreOptions, Transient, Tx, retry, retry_knowing};
pub use error::{Constraint, SchemaFault, StoreError};
pub use migrate::{SchemaState, schema_fingerprint};

#[doc(hidden)]
pub use db::probe;
