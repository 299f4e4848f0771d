//! What a database server says of itself. The embedded database is no server: its clock is ours, and
//! its commits are always durable.

use keyfob_core::time::Timestamp;

use super::{Store, args};
use crate::error::StoreError;

/// What a server says of itself to one of our sessions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerFacts {
    /// Its clock.
    pub now: Timestamp,
    /// Its setting `synchronous_commit`: when it calls a commit done.
    pub synchronous_commit: String,
}

impl ServerFacts {
    /// Whether what it calls committed survives its crash.
    pub fn commits_are_durable(&self) -> bool {
        self.synchronous_commit != "off"
    }
}

impl Store {
    /// Asks the server about itself; none on the embedded database.
    pub async fn server_facts(&self) -> Result<Option<ServerFacts>, StoreError> {
        let Some(question) = self.dialect().server_facts else {
            return Ok(None);
        };
        let mut tx = self.read_single().await?;
        tx.optional(question, args![], |row| {
            Ok(ServerFacts {
                now: row.get(0)?,
                synchronous_commit: row.text(1)?.to_owned(),
            })
        })
        .await
    }
}
