//! The server engine: two pools, one for reading and a small one for waiting to write.
//!
//! Nothing rests on the state of a session, so a pooler that hands out connections by transaction
//! may stand between. Every call has a deadline: a stopped server still acknowledges packets, so
//! keepalives do not notice it.

mod address;
mod connect;
mod fault;
mod tls;
mod tx;
mod value;

use std::sync::Arc;
use std::time::Duration;

use deadpool_postgres::{
    Manager, ManagerConfig, Object, Pool, PoolError, RecyclingMethod, Runtime, TimeoutType,
    Timeouts,
};

use super::Statement;
use super::options::ServerOptions;
use crate::error::StoreError;
use crate::migrate::Dialect;
use address::Address;
use connect::Target;
use fault::fault;
use tx::Kind;

pub(super) use tx::Tx;

static LEDGER_EXISTS: Statement = Statement::new(
    "LEDGER_EXISTS",
    "SELECT to_regclass('schema_migration') IS NOT NULL",
);

/// Its clock in milliseconds, and when it calls a commit done.
static SERVER_FACTS: Statement = Statement::new(
    "SERVER_FACTS",
    "SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT),
        current_setting('synchronous_commit')",
);

pub(super) static DIALECT: Dialect = Dialect {
    name: "postgres",
    make_ledger: "CREATE TABLE IF NOT EXISTS schema_migration (
        name       TEXT PRIMARY KEY,
        checksum   TEXT NOT NULL,
        applied_at BIGINT NOT NULL
    )",
    ledger_exists: &LEDGER_EXISTS,
    text: |texts| texts.postgres,
    server_facts: Some(&SERVER_FACTS),
};

/// One number for all programs of this name; there is no table to lock before the first migration.
const SCHEMA_LOCK: i64 = 0x006b_6579_666f_6264;
/// How long a migration may run, or wait for that of another node.
const SCHEMA_DEADLINE: Duration = Duration::from_mins(10);

/// For tests: the password that the driver finds in an address.
pub(super) fn password_in(url: &str) -> Result<Option<Vec<u8>>, StoreError> {
    let config = connect::read(&Address::split(url)?)?;
    Ok(config.get_password().map(<[u8]>::to_vec))
}

pub(super) struct Engine {
    for_reading: Pool,
    for_writing: Pool,
    deadline: Duration,
    /// Begins a transaction that writes, in one round trip.
    begin_write: String,
}

impl Engine {
    pub(super) async fn open(
        server: ServerOptions,
        deadline: Duration,
    ) -> Result<Arc<Engine>, StoreError> {
        // Reads certificates from the disk.
        let parsing = tokio::task::spawn_blocking(move || {
            let target = Target::parse(&server.url, server.password, deadline)?;
            Ok::<_, StoreError>((target, server.readers, server.writers))
        });
        let (target, readers, writers) = parsing.await.map_err(StoreError::unavailable)??;
        Ok(Arc::new(Engine {
            for_reading: pool(target.clone(), readers, deadline)?,
            for_writing: pool(target, writers, deadline)?,
            deadline,
            begin_write: begin_write(deadline),
        }))
    }

    pub(super) async fn read(&self) -> Result<Tx, StoreError> {
        let client = self.client(&self.for_reading).await?;
        let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
        Tx::begin(client, Kind::Reads, self.deadline, begin).await
    }

    pub(super) async fn read_single(&self) -> Result<Tx, StoreError> {
        Ok(Tx::single(
            self.client(&self.for_reading).await?,
            self.deadline,
        ))
    }

    pub(super) async fn write(&self) -> Result<Tx, StoreError> {
        let client = self.client(&self.for_writing).await?;
        Tx::begin(client, Kind::Writes, self.deadline, &self.begin_write).await
    }

    pub(super) async fn change_schema(&self) -> Result<Tx, StoreError> {
        let client = self.client(&self.for_writing).await?;
        let begin = format!(
            "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; SET LOCAL lock_timeout = 0; \
             SET LOCAL statement_timeout = 0; SELECT pg_advisory_xact_lock({SCHEMA_LOCK})"
        );
        Tx::begin(client, Kind::Writes, SCHEMA_DEADLINE, &begin).await
    }

    pub(super) fn close(&self) {
        self.for_reading.close();
        self.for_writing.close();
    }

    async fn client(&self, pool: &Pool) -> Result<Object, StoreError> {
        pool.get().await.map_err(|error| match error {
            PoolError::Timeout(TimeoutType::Wait) => StoreError::Busy,
            // Nobody was asked anything yet: whatever is not an answer kept us from connecting.
            PoolError::Backend(error) if error.as_db_error().is_none() => {
                StoreError::unavailable(error)
            }
            PoolError::Backend(error) => fault(error),
            other @ (PoolError::Timeout(TimeoutType::Create | TimeoutType::Recycle)
            | PoolError::Closed
            | PoolError::NoRuntimeSpecified
            | PoolError::PostCreateHook(_)) => StoreError::unavailable(other),
        })
    }
}

fn pool(target: Target, size: usize, deadline: Duration) -> Result<Pool, StoreError> {
    let config = ManagerConfig {
        recycling_method: RecyclingMethod::Fast,
    };
    let manager = Manager::from_connect(target.config().clone(), target, config);
    let patience = Some(deadline);
    Pool::builder(manager)
        .max_size(size)
        .runtime(Runtime::Tokio1)
        .timeouts(Timeouts {
            wait: patience,
            create: patience,
            recycle: patience,
        })
        .build()
        .map_err(|error| StoreError::options("the pool cannot be built", Some(error.into())))
}

/// One writer at a time, on this server as well: the lock comes before the first snapshot, so each
/// writer sees what its predecessors left, also where sessions default to a stricter isolation.
///
/// A node that stops in the middle loses its transaction after the deadline, and with it the lock.
/// No statement timeout, not even the role's own: were one to strike while COMMIT waits for a
/// synchronous standby, the server would give up waiting and report success.
fn begin_write(deadline: Duration) -> String {
    let milliseconds = deadline.as_millis();
    // Giving up on the lock comes before giving up on the connection.
    let lock_milliseconds = (milliseconds * 4 / 5).max(1);
    format!(
        "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; \
         SET LOCAL lock_timeout = {lock_milliseconds}; \
         SET LOCAL statement_timeout = 0; \
         SET LOCAL idle_in_transaction_session_timeout = {milliseconds}; \
         LOCK TABLE writer IN EXCLUSIVE MODE"
    )
}
