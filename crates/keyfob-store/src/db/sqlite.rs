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
    server_facts: None,
};

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

    /// Lets readers and writers finish what they are at, and copies the log into the file.
    pub(super) async fn close(&self) {
        self.readers.close();
        self.writer.close(self.patience).await;
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
