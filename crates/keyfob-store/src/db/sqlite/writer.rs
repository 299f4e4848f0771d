//! The queue for the one connection that writes, and a transaction on it.
//!
//! Turns are given in order. Whoever holds the [`Lease`] owns the desk; dropping it, for whatever
//! reason, passes the desk on, so that a cancelled task never takes it with it.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::Connection;
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::committer::Committer;
use super::connection::pause_for_rival;
use super::group::{Desk, Next};
use super::readers::control;
use super::run;
use crate::db::options::FileOptions;
use crate::db::{RowRef, Statement, Value};
use crate::error::StoreError;

pub(super) struct Writer {
    file: Arc<FileOptions>,
    queue: Mutex<Queue>,
    committer: Committer,
}

struct Queue {
    /// The desk, while nobody holds it and no commit is under way.
    idle: Option<Desk>,
    waiting: VecDeque<oneshot::Sender<Lease>>,
    closed: bool,
}

/// The right to work at the desk; passed on when dropped.
struct Lease {
    /// Always there but while it is being passed on.
    desk: Option<Desk>,
    writer: Arc<Writer>,
}

/// A transaction that writes.
pub(in crate::db) struct WriteTx {
    lease: Lease,
    /// Whether there is something to undo.
    is_open: bool,
}

impl Writer {
    pub(super) fn new(
        file: Arc<FileOptions>,
        connection: Connection,
        committer: Committer,
    ) -> Arc<Writer> {
        let idle = Some(Desk::new(connection));
        let queue = Mutex::new(Queue {
            idle,
            waiting: VecDeque::new(),
            closed: false,
        });
        Arc::new(Writer {
            file,
            queue,
            committer,
        })
    }

    /// Waits for the turn, and for another process if it must, both together at most `patience`.
    pub(super) async fn begin(self: &Arc<Self>, patience: Duration) -> Result<WriteTx, StoreError> {
        let deadline = Instant::now() + patience;
        let mut lease = self.turn(deadline).await?;
        loop {
            match lease.desk()?.begin(&self.file) {
                Ok(()) => break,
                Err(StoreError::Busy) if Instant::now() < deadline => pause_for_rival().await,
                Err(error) => return Err(error),
            }
        }
        lease
            .desk()?
            .with(|connection| control(connection, "SAVEPOINT member"))?;
        Ok(WriteTx {
            lease,
            is_open: true,
        })
    }

    /// Waits for everybody before, commits their work, closes the connection and has the log copied.
    pub(super) async fn close(self: &Arc<Self>, patience: Duration) {
        let turn = self.turn(Instant::now() + patience).await;
        {
            let mut queue = self.queue();
            queue.closed = true;
            queue.waiting.clear();
        }
        let desk = match turn {
            Ok(mut lease) => lease.desk.take(),
            Err(StoreError::Busy) => {
                tracing::warn!("the database is closed under a transaction that does not end");
                None
            }
            // Somebody closed it before.
            Err(_closed) => return,
        };
        let writer = Arc::clone(self);
        let closing = tokio::task::spawn_blocking(move || {
            if let Some(mut desk) = desk {
                desk.commit().tell();
            }
            writer.committer.copy_the_rest();
        });
        if let Err(error) = closing.await {
            tracing::warn!(%error, "the database was not closed properly");
        }
    }

    async fn turn(self: &Arc<Self>, deadline: Instant) -> Result<Lease, StoreError> {
        let turn = {
            let mut queue = self.queue();
            if queue.closed {
                return Err(StoreError::unavailable("the database is closed"));
            }
            if let Some(desk) = queue.idle.take() {
                return Ok(Lease {
                    desk: Some(desk),
                    writer: Arc::clone(self),
                });
            }
            let (giver, turn) = oneshot::channel();
            queue.waiting.push_back(giver);
            turn
        };
        match tokio::time::timeout_at(deadline, turn).await {
            Ok(Ok(lease)) => Ok(lease),
            Ok(Err(closed)) => Err(StoreError::unavailable(closed)),
            Err(_elapsed) => Err(StoreError::Busy),
        }
    }

    /// Gives the desk to the next in the queue, to the committer, or lays it down.
    ///
    /// A loop and not a chain of drops: any number of those who waited may have gone.
    pub(super) fn pass_on(self: &Arc<Self>, mut desk: Desk) {
        loop {
            let mut queue = self.queue();
            while queue
                .waiting
                .front()
                .is_some_and(oneshot::Sender::is_closed)
            {
                queue.waiting.pop_front();
            }
            if let Next::Commit = desk.next(queue.waiting.len(), self.file.group) {
                drop(queue);
                return self.committer.commit(desk, self);
            }
            let Some(next) = queue.waiting.pop_front() else {
                return queue.lay_down(desk);
            };
            drop(queue);
            let lease = Lease {
                desk: Some(desk),
                writer: Arc::clone(self),
            };
            match next.send(lease) {
                Ok(()) => return,
                Err(mut refused) => match refused.desk.take() {
                    Some(back) => desk = back,
                    None => return,
                },
            }
        }
    }

    pub(super) fn file(&self) -> &FileOptions {
        &self.file
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        // The queue is whole whenever the lock is free, whoever panicked elsewhere.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Queue {
    /// Keeps the desk for whoever comes next; after closing, the connection is closed with it.
    fn lay_down(&mut self, desk: Desk) {
        if !self.closed {
            self.idle = Some(desk);
        }
    }
}

impl Lease {
    fn desk(&mut self) -> Result<&mut Desk, StoreError> {
        self.desk
            .as_mut()
            .ok_or(const { StoreError::misuse("the transaction has ended") })
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let Some(desk) = self.desk.take() {
            self.writer.pass_on(desk);
        }
    }
}

impl WriteTx {
    pub(in crate::db) fn execute(
        &mut self,
        sql: &'static Statement,
        args: &[Value<'_>],
    ) -> Result<u64, StoreError> {
        self.with(|connection| run::execute(connection, sql, args))
    }

    pub(in crate::db) fn optional<T>(
        &mut self,
        sql: &'static Statement,
        args: &[Value<'_>],
        map: impl FnOnce(&RowRef<'_>) -> Result<T, StoreError>,
    ) -> Result<Option<T>, StoreError> {
        self.with(|connection| run::optional(connection, sql, args, map))
    }

    pub(in crate::db) fn all<T>(
        &mut self,
        sql: &'static Statement,
        args: &[Value<'_>],
        map: impl FnMut(&RowRef<'_>) -> Result<T, StoreError>,
    ) -> Result<Vec<T>, StoreError> {
        self.with(|connection| run::all(connection, sql, args, map))
    }

    pub(in crate::db) fn prepare(&mut self, sql: &'static Statement) -> Result<(), StoreError> {
        self.with(|connection| run::prepare(connection, sql))
    }

    pub(in crate::db) fn script(&mut self, text: &str) -> Result<(), StoreError> {
        self.with(|connection| connection.execute_batch(text).map_err(super::fault::fault))
    }

    /// Ends this transaction's part and waits until the whole group is on the disk.
    pub(in crate::db) async fn commit(mut self) -> Result<(), StoreError> {
        self.with(|connection| control(connection, "RELEASE member"))?;
        self.is_open = false;
        let verdict = self.lease.desk()?.join()?;
        drop(self);
        match verdict.await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(reason)) => Err(StoreError::unavailable(reason)),
            Err(unheard) => Err(StoreError::commit_unknown(unheard)),
        }
    }

    fn with<T>(
        &mut self,
        work: impl FnOnce(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.lease.desk()?.with(work)
    }
}

impl Drop for WriteTx {
    fn drop(&mut self) {
        if self.is_open
            && let Some(desk) = &mut self.lease.desk
        {
            desk.roll_back_member();
        }
        // The lease is dropped next and passes the desk on.
    }
}
