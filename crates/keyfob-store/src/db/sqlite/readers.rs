//! The connections that read, and a transaction on one of them.

use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::Connection;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::connection::{self, Purpose};
use super::fault::fault;
use super::run;
use crate::db::options::FileOptions;
use crate::db::{RowRef, Statement, Value};
use crate::error::StoreError;

/// A stack of idle connections: the one used last has the warmest cache. More are opened when they
/// are first needed, never more than there are permits; those who wait are served in order.
pub(super) struct Readers {
    file: Arc<FileOptions>,
    idle: Mutex<Vec<Connection>>,
    permits: Arc<Semaphore>,
}

/// A transaction that reads. Dropping it ends its snapshot and gives the connection back.
pub(in crate::db) struct ReadTx {
    /// Taken out when it failed in a way that makes a new one the safer choice.
    connection: Option<Connection>,
    in_snapshot: bool,
    home: Arc<Readers>,
    /// Declared last, so dropped after the connection is back.
    _permit: OwnedSemaphorePermit,
}

impl Readers {
    pub(super) fn new(file: Arc<FileOptions>) -> Arc<Readers> {
        let permits = Arc::new(Semaphore::new(file.readers.min(Semaphore::MAX_PERMITS)));
        Arc::new(Readers {
            file,
            idle: Mutex::default(),
            permits,
        })
    }

    /// Begins a transaction whose statements all see what the first one saw.
    pub(super) async fn begin(self: &Arc<Self>, patience: Duration) -> Result<ReadTx, StoreError> {
        let mut tx = self.begin_single(patience).await?;
        tx.with(|connection| control(connection, "BEGIN DEFERRED"))?;
        tx.in_snapshot = true;
        Ok(tx)
    }

    /// Lends a connection for one statement, which has a snapshot of its own.
    pub(super) async fn begin_single(
        self: &Arc<Self>,
        patience: Duration,
    ) -> Result<ReadTx, StoreError> {
        let waiting = Arc::clone(&self.permits).acquire_owned();
        let permit = match tokio::time::timeout(patience, waiting).await {
            Ok(Ok(permit)) => permit,
            Ok(Err(closed)) => return Err(StoreError::unavailable(closed)),
            Err(_elapsed) => return Err(StoreError::Busy),
        };
        let idle = self.idle().pop();
        let connection = match idle {
            Some(connection) => connection,
            None => connection::open(&self.file, Purpose::Read).map_err(fault)?,
        };
        let home = Arc::clone(self);
        Ok(ReadTx {
            connection: Some(connection),
            in_snapshot: false,
            home,
            _permit: permit,
        })
    }

    /// Closes idle connections now and each other one when its transaction ends.
    pub(super) fn close(&self) {
        self.permits.close();
        drop(mem::take(&mut *self.idle()));
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Connection>> {
        // The stack is whole whenever the lock is free, whoever panicked elsewhere.
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ReadTx {
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

    /// Ends the transaction and says whether that worked.
    pub(in crate::db) fn end(mut self) -> Result<(), StoreError> {
        self.end_snapshot()
    }

    fn end_snapshot(&mut self) -> Result<(), StoreError> {
        if !mem::take(&mut self.in_snapshot) {
            return Ok(());
        }
        // Nothing was written, so this differs from COMMIT in that it cannot be refused.
        self.with(|connection| control(connection, "ROLLBACK"))
    }

    fn with<T>(
        &mut self,
        work: impl FnOnce(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let Some(connection) = &self.connection else {
            return Err(StoreError::misuse("the connection failed and was closed"));
        };
        let outcome = work(connection);
        if let Err(StoreError::Unavailable { .. } | StoreError::Corrupt { .. }) = outcome {
            self.connection = None;
        }
        outcome
    }
}

impl Drop for ReadTx {
    fn drop(&mut self) {
        if let Err(error) = self.end_snapshot() {
            tracing::warn!(%error, "a reading transaction did not end properly");
        }
        let Some(connection) = self.connection.take() else {
            return;
        };
        // One that still holds a snapshot would answer the next reader from the past.
        if connection.is_autocommit() && !self.home.permits.is_closed() {
            self.home.idle().push(connection);
        }
    }
}

/// Runs a statement that begins or ends something, from the cache of prepared statements.
pub(super) fn control(connection: &Connection, sql: &'static str) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached(sql).map_err(fault)?;
    statement.raw_execute().map(drop).map_err(fault)
}
