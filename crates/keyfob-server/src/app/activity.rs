//! "Last used", of tokens and sessions: noted in memory, written behind in batches, so that it never
//! makes an exchange wait or fail. A crash loses some seconds of it (contract P14).

use std::collections::BTreeMap;
use std::mem;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use keyfob_core::id::{PatId, SessionId};
use keyfob_core::time::Timestamp;
use keyfob_store::pat::{LastUse, pat_use_put};
use keyfob_store::session::session_seen;
use keyfob_store::{Store, StoreError};

/// How often what was noted is written.
pub const EVERY: Duration = Duration::from_secs(2);
/// Most notes kept while the store is away; further ones are for what is already noted only.
const NOTES_MAX: usize = 100_000;
/// Most rows in one transaction: others want to write too.
const BATCH: usize = 1_000;

/// What was used since the last write.
#[derive(Debug, Default)]
pub struct Activity {
    notes: Mutex<Notes>,
}

#[derive(Debug, Default)]
struct Notes {
    pats: BTreeMap<PatId, LastUse>,
    sessions: BTreeMap<SessionId, Timestamp>,
}

impl Activity {
    /// Notes that a PAT was exchanged.
    pub fn used(&self, pat: PatId, last: LastUse) {
        self.note(|notes| put(&mut notes.pats, pat, last));
    }

    /// Notes that a session was used.
    pub fn seen(&self, session: SessionId, at: Timestamp) {
        self.note(|notes| put(&mut notes.sessions, session, at));
    }

    fn note(&self, write: impl FnOnce(&mut Notes)) {
        write(&mut self.notes.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// Writes what was noted. What could not be written is noted again.
    pub async fn flush(&self, store: &Store) -> Result<(), StoreError> {
        let notes = mem::take(&mut *self.notes.lock().unwrap_or_else(PoisonError::into_inner));
        let pats: Vec<_> = notes.pats.into_iter().collect();
        let sessions: Vec<_> = notes.sessions.into_iter().collect();
        let written = write(store, &pats, &sessions).await;
        if written.is_err() {
            self.note(|notes| notes.put_back(pats, sessions));
        }
        written
    }
}

impl Notes {
    /// Notes again what could not be written; what was noted since is newer.
    fn put_back(&mut self, pats: Vec<(PatId, LastUse)>, sessions: Vec<(SessionId, Timestamp)>) {
        for (pat, last) in pats {
            self.pats.entry(pat).or_insert(last);
        }
        for (session, at) in sessions {
            self.sessions.entry(session).or_insert(at);
        }
    }
}

fn put<K: Ord, V>(notes: &mut BTreeMap<K, V>, key: K, value: V) {
    if notes.len() < NOTES_MAX || notes.contains_key(&key) {
        notes.insert(key, value);
    }
}

async fn write(
    store: &Store,
    pats: &[(PatId, LastUse)],
    sessions: &[(SessionId, Timestamp)],
) -> Result<(), StoreError> {
    for batch in pats.chunks(BATCH) {
        let mut tx = store.write().await?;
        pat_use_put(&mut tx, batch).await?;
        tx.commit().await?;
    }
    for batch in sessions.chunks(BATCH) {
        let mut tx = store.write().await?;
        session_seen(&mut tx, batch).await?;
        tx.commit().await?;
    }
    Ok(())
}
