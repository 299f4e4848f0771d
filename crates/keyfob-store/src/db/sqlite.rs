//! The embedded engine: one file, many connections that read, one that writes.
//!
//! Statements run on the thread of the task that asks: a read is microseconds, and a hop to another
//! thread would cost more. Only what waits for the disk has threads of its own.

mod committer;
mod connection;
mod fault;
mod group;
mod readers;
mod run;
mod writer;

use std::sync::Arc;
use std::time::Duration;

use rusqlite::Connection;

use super::Statement;
use super::options::FileOptions;
use crate::error::StoreError;
use crate::migrate::Dialect;
use committer::Committer;
use connection::Purpose;
use fault::fault;
use readers::Readers;
use writer::Writer;

pub(super) use readers::ReadTx;
pub(super) use writer::WriteTx;

static LEDGER_EXISTS: Statement = Statement::new(
    "LEDGER_EXISTS",
    "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'schema_migration')",
);

pub(super) static DIALECT: Dialect = Dialect {
    name: "sqlite",
    make_ledger: "CREATE TABLE IF NOT EXISTS schema_migration (
        name       TEXT PRIMARY KEY,
        checksum   TEXT NOT NULL,
        applied_at INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID",
    ledger_exists: &LEDGER_EXISTS,
    text: |texts| texts.sqlite,
};

/// How long closing waits for readers, so that the log can be copied to its end.
const LAST_PATIENCE: Duration = Duration::from_secs(1);

pub(super) struct Engine {
    readers: Arc<Readers>,
    writer: Arc<Writer>,
    /// How long one waits for a turn.
    patience: Duration,
}

impl Engine {
    pub(super) async fn open(
        file: FileOptions,
        patience: Duration,
    ) -> Result<Arc<Engine>, StoreError> {
        let file = Arc::new(file);
        let connection = open_first(&file, patience).await?;
        let committer = Committer::start(Arc::clone(&file))?;
        Ok(Arc::new(Engine {
            readers: Readers::new(Arc::clone(&file)),
            writer: Writer::new(file, connection, committer),
            patience,
        }))
    }

    pub(super) async fn read(&self) -> Result<ReadTx, StoreError> {
        self.readers.begin(self.patience).await
    }

    pub(super) async fn read_single(&self) -> Result<ReadTx, StoreError> {
        self.readers.begin_single(self.patience).await
    }

    pub(super) async fn write(&self) -> Result<WriteTx, StoreError> {
        self.writer.begin(self.patience).await
    }

    /// Commits what is under way, copies the log into the file and closes both.
    pub(super) async fn close(&self) {
        let last = self.writer.close(self.patience).await;
        self.readers.close();
        let Some(connection) = last else { return };
        let closing = move || {
            // Here one may sleep: the last readers are about to finish.
            if let Err(error) = connection.busy_timeout(LAST_PATIENCE) {
                tracing::warn!(%error, "the log may stay uncopied until the next start");
            }
            connection::checkpoint(&connection, "TRUNCATE");
            if let Err((_, error)) = connection.close() {
                tracing::warn!(%error, "the database file was not closed properly");
            }
        };
        if let Err(error) = tokio::task::spawn_blocking(closing).await {
            tracing::warn!(%error, "closing the database file failed");
        }
    }
}

/// Opens the connection that writes and turns a new file's journal into a log (WAL), off the
/// runtime's threads: it reads the disk, and several processes may be at it together.
async fn open_first(file: &Arc<FileOptions>, patience: Duration) -> Result<Connection, StoreError> {
    let deadline = tokio::time::Instant::now() + patience;
    loop {
        let file = Arc::clone(file);
        let opening = tokio::task::spawn_blocking(move || {
            connection::prepare_file(&file.path)?;
            let connection = connection::open(&file, Purpose::Write).map_err(fault)?;
            connection::use_log(&connection)?;
            Ok(connection)
        });
        match opening.await {
            Ok(Err(StoreError::Busy)) if tokio::time::Instant::now() < deadline => {
                connection::pause_for_rival().await;
            }
            Ok(outcome) => return outcome,
            Err(error) => return Err(StoreError::unavailable(error)),
        }
    }
}
