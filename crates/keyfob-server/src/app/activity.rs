//! What exchanges and sessions leave behind: the last use of tokens and sessions (contract P14), the first
//! use of successors (P10), and the refusals of tokens whose text was right (P16).
//!
//! It is noted in memory and written behind in batches, so that it never makes an exchange wait or fail.
//! A crash loses what was noted since the last write. While the store is away notes are kept, a bounded
//! number of them. One that cannot be written while others can is dropped, which the log says.

mod notes;

use std::future::Future;
use std::mem;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use keyfob_core::exchange::Denial;
use keyfob_core::id::{PatId, SessionId};
use keyfob_core::time::Timestamp;
use keyfob_store::pat::{LastUse, pat_use_put};
use keyfob_store::refusal::{NewRefusals, Refusal, refusal_put};
use keyfob_store::rotation::successor_used;
use keyfob_store::session::session_seen;
use keyfob_store::{Store, StoreError, Tx};

use self::notes::Notes;

/// How often what was noted is written.
pub const EVERY: Duration = Duration::from_secs(2);
/// After how many rows that fail alone, and none that does not, the store is to blame.
const SUSPECTS_MAX: usize = 10;

/// What happened since the last write.
#[derive(Debug, Default)]
pub struct Activity {
    notes: Mutex<Notes>,
}

impl Activity {
    /// Notes that a PAT was exchanged.
    pub fn used(&self, pat: PatId, last: LastUse) {
        self.note(|notes| notes.used(pat, last));
    }

    /// Notes that a successor that nothing can replace was exchanged for the first time.
    pub fn first_used(&self, successor: PatId, at: Timestamp) {
        self.note(|notes| notes.first_used(successor, at));
    }

    /// Notes that a session was used.
    pub fn seen(&self, session: SessionId, at: Timestamp) {
        self.note(|notes| notes.seen(session, at));
    }

    /// Notes that a PAT was refused.
    pub fn refused(&self, pat: PatId, reason: Denial, refusal: Refusal) {
        self.note(|notes| notes.refused(pat, reason, refusal));
    }

    fn note<T>(&self, write: impl FnOnce(&mut Notes) -> T) -> T {
        write(&mut self.notes.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Writes what was noted. What the store could not take now is noted again, also when this is
    /// dropped half-way.
    pub async fn flush(&self, store: &Store) -> Result<(), StoreError> {
        let rows = self.note(mem::take).into_rows();
        let mut pats = Taken::new(self, rows.pats);
        let mut sessions = Taken::new(self, rows.sessions);
        let mut refusals = Taken::new(self, rows.refusals);
        let mut first_uses = Taken::new(self, rows.first_uses);
        // Each by itself: what is wrong with one kind keeps no other back.
        let written = [
            pats.write(store).await,
            sessions.write(store).await,
            refusals.write(store).await,
            first_uses.write(store).await,
        ];
        written.into_iter().collect()
    }
}

/// A kind of note, as the row that it becomes.
trait Row: Sized + Sync + Send {
    /// Most of them in one transaction: others want to write too.
    const BATCH: usize;

    /// Writes some of them.
    fn put(tx: &mut Tx, rows: &[Self]) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Notes it again; what was noted since is newer.
    fn put_back(self, notes: &mut Notes);
}

impl Row for (PatId, LastUse) {
    const BATCH: usize = 1_000;

    async fn put(tx: &mut Tx, rows: &[Self]) -> Result<(), StoreError> {
        pat_use_put(tx, rows).await
    }

    fn put_back(self, notes: &mut Notes) {
        notes.used_before(self.0, self.1);
    }
}

impl Row for (PatId, Timestamp) {
    const BATCH: usize = 1_000;

    async fn put(tx: &mut Tx, rows: &[Self]) -> Result<(), StoreError> {
        successor_used(tx, rows).await
    }

    fn put_back(self, notes: &mut Notes) {
        notes.first_used(self.0, self.1);
    }
}

impl Row for (SessionId, Timestamp) {
    const BATCH: usize = 1_000;

    async fn put(tx: &mut Tx, rows: &[Self]) -> Result<(), StoreError> {
        session_seen(tx, rows).await
    }

    fn put_back(self, notes: &mut Notes) {
        notes.seen_before(self.0, self.1);
    }
}

impl Row for NewRefusals {
    /// Each is up to twelve statements.
    const BATCH: usize = 100;

    async fn put(tx: &mut Tx, rows: &[Self]) -> Result<(), StoreError> {
        refusal_put(tx, rows).await
    }

    fn put_back(self, notes: &mut Notes) {
        notes.refused_before(self);
    }
}

/// Rows on their way into the store. Those that did not get there are noted again when this is dropped.
struct Taken<'a, R: Row> {
    activity: &'a Activity,
    rows: Vec<R>,
    /// Those that failed alone, so that they or the store may be at fault.
    suspects: Vec<R>,
}

impl<'a, R: Row> Taken<'a, R> {
    fn new(activity: &'a Activity, rows: Vec<R>) -> Self {
        Self {
            activity,
            rows,
            suspects: Vec::new(),
        }
    }

    /// Writes batch by batch, the last one first. A batch that the store refuses for what is in it is
    /// tried again in halves, down to the row that is at fault. When others could be written that one is
    /// dropped: it would fail for ever.
    async fn write(&mut self, store: &Store) -> Result<(), StoreError> {
        let (mut size, mut has_written) = (R::BATCH, false);
        let mut failure = None;
        while !self.rows.is_empty() {
            let rest = self.rows.len().saturating_sub(size);
            let (_before, batch) = self.rows.split_at(rest);
            match write(store, batch).await {
                Ok(()) => {
                    self.rows.truncate(rest);
                    size = (size * 2).min(R::BATCH);
                    has_written = true;
                }
                Err(error) if is_away(&error) => return Err(error),
                Err(error) if !has_written && self.suspects.len() >= SUSPECTS_MAX => {
                    return Err(error);
                }
                Err(error) if batch.len() == 1 => {
                    self.suspects.extend(self.rows.pop());
                    failure = Some(error);
                }
                Err(_one_of_them) => size = batch.len().div_ceil(2),
            }
        }
        match failure {
            Some(error) if !has_written => Err(error),
            Some(error) => {
                let dropped = mem::take(&mut self.suspects).len();
                tracing::error!(notes = dropped, error = %error, "notes of activity cannot be written and are dropped");
                Ok(())
            }
            None => Ok(()),
        }
    }
}

impl<R: Row> Drop for Taken<'_, R> {
    fn drop(&mut self) {
        let rows = mem::take(&mut self.rows);
        let rows = rows.into_iter().chain(mem::take(&mut self.suspects));
        self.activity
            .note(|notes| rows.for_each(|row| row.put_back(notes)));
    }
}

async fn write<R: Row>(store: &Store, rows: &[R]) -> Result<(), StoreError> {
    let mut tx = store.write().await?;
    R::put(&mut tx, rows).await?;
    tx.commit().await
}

/// Whether the store is certainly to blame, and not what was to be written. A commit without an answer is written
/// once more: a last use is the same twice, and a refusal may then be counted twice.
fn is_away(error: &StoreError) -> bool {
    matches!(
        error,
        StoreError::Busy | StoreError::Unavailable { .. } | StoreError::CommitUnknown { .. }
    )
}
