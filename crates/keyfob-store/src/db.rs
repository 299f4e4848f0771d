//! The seam between the SQL of this crate and the engine that runs it.
//!
//! A [`Store`] begins transactions, a [`Tx`] runs statements in one. Both engines keep the same rules:
//! a reading transaction sees one snapshot; of writing transactions there is one at a time, so each
//! sees exactly what its predecessors left; after an error a transaction is dead; one that is dropped
//! without commit never happened; and `commit` returns after the change is durable.
//!
//! Only the files below `db/sqlite` and `db/postgres` know an engine; here they are merely chosen.
//! Deliberately absent: SQL put together at run time, and transactions inside transactions.

mod options;
mod postgres;
pub mod probe;
mod retry;
mod row;
mod server;
mod sqlite;
mod statement;
mod value;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use options::Place;
pub use options::StoreOptions;
pub use retry::{Transient, retry, retry_knowing};
pub(crate) use row::{EngineRow, FromColumn, RowRef};
pub use server::ServerFacts;
pub(crate) use statement::Statement;
pub(crate) use statement::statements;
pub(crate) use value::{Value, args};

use crate::error::StoreError;
use crate::migrate::{self, SchemaState};

statements! {
    PING = "SELECT CAST(1 AS BIGINT)";
}

/// A database, ready to begin transactions. Cloning it is cheap and gives the same one.
#[derive(Clone)]
pub struct Store {
    engine: Engine,
    turns: Arc<AtomicUsize>,
}

/// The writer's turn, from the beginning of a writing transaction to its commit or its end. Counted so
/// that testkit can assert that nobody who has it waits for anything else.
struct Turn(Arc<AtomicUsize>);

impl Turn {
    fn taken(turns: &Arc<AtomicUsize>) -> Turn {
        turns.fetch_add(1, Ordering::SeqCst);
        Turn(Arc::clone(turns))
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

#[derive(Clone)]
enum Engine {
    Sqlite(Arc<sqlite::Engine>),
    Postgres(Arc<postgres::Engine>),
}

impl Store {
    /// Opens the database; a file is made when it is not there, a schema is not.
    pub async fn open(options: StoreOptions) -> Result<Store, StoreError> {
        let StoreOptions { place, deadline } = options;
        let engine = match place {
            Place::File(file) => Engine::Sqlite(sqlite::Engine::open(file, deadline).await?),
            Place::Server(server) => {
                Engine::Postgres(postgres::Engine::open(server, deadline).await?)
            }
        };
        let store = Store {
            engine,
            turns: Arc::default(),
        };
        store.ping().await?;
        Ok(store)
    }

    /// Begins a transaction that reads, any number of statements in one snapshot.
    pub async fn read(&self) -> Result<Tx, StoreError> {
        let running = match &self.engine {
            Engine::Sqlite(engine) => Running::SqliteRead(engine.read().await?),
            Engine::Postgres(engine) => Running::Postgres(engine.read().await?),
        };
        Ok(Tx::new(running, Extent::Reads))
    }

    /// Begins a transaction of exactly one reading statement, which is a snapshot by itself.
    ///
    /// Costs what the statement costs, so the hot path uses it. A second statement is refused.
    pub async fn read_single(&self) -> Result<Tx, StoreError> {
        let running = match &self.engine {
            Engine::Sqlite(engine) => Running::SqliteRead(engine.read_single().await?),
            Engine::Postgres(engine) => Running::Postgres(engine.read_single().await?),
        };
        Ok(Tx::new(running, Extent::ReadsOnce))
    }

    /// Waits for its turn, then begins a transaction that writes: one at a time.
    ///
    /// While it is open nothing but its own statements is awaited: everybody else waits for it.
    pub async fn write(&self) -> Result<Tx, StoreError> {
        let running = match &self.engine {
            Engine::Sqlite(engine) => Running::SqliteWrite(engine.write().await?),
            Engine::Postgres(engine) => Running::Postgres(engine.write().await?),
        };
        let turn = Some(Turn::taken(&self.turns));
        Ok(Tx {
            turn,
            ..Tx::new(running, Extent::Writes)
        })
    }

    /// How many writing transactions are open and not yet committing: none or one.
    pub(crate) fn open_turns(&self) -> usize {
        self.turns.load(Ordering::SeqCst)
    }

    /// Begins the transaction in which the schema is made or changed, alone among all nodes.
    pub(crate) async fn change_schema(&self) -> Result<Tx, StoreError> {
        let running = match &self.engine {
            Engine::Sqlite(engine) => Running::SqliteWrite(engine.write().await?),
            Engine::Postgres(engine) => Running::Postgres(engine.change_schema().await?),
        };
        Ok(Tx::new(running, Extent::Writes))
    }

    /// Asks the database for an answer.
    pub async fn ping(&self) -> Result<(), StoreError> {
        let mut tx = self.read_single().await?;
        let one: Option<i64> = tx.optional(&PING, args![], |row| row.get(0)).await?;
        if one == Some(1) {
            Ok(())
        } else {
            Err(StoreError::corrupt("one is not one"))
        }
    }

    /// Applies what migrations are missing and returns their names; `now_ms` is written beside them.
    ///
    /// Nodes that start together may all call it: each migration is applied once. Refuses a database
    /// that a newer program has changed, and one whose migrations are not the files of this program
    /// ([`SchemaFault`](crate::SchemaFault)).
    pub async fn migrate(&self, now_ms: i64) -> Result<Vec<String>, StoreError> {
        migrate::migrate(self, now_ms).await
    }

    /// Compares the schema with this program's, changing nothing.
    pub async fn schema_state(&self) -> Result<SchemaState, StoreError> {
        migrate::state(self).await
    }

    /// What runs below, for logs: `sqlite` or `postgres`.
    pub fn engine_name(&self) -> &'static str {
        self.dialect().name
    }

    /// What must be written differently for the engine below.
    pub(crate) fn dialect(&self) -> &'static migrate::Dialect {
        match &self.engine {
            Engine::Sqlite(_) => &sqlite::DIALECT,
            Engine::Postgres(_) => &postgres::DIALECT,
        }
    }

    /// Waits for what is being committed and closes the database; other clones get errors from now on.
    pub async fn close(self) {
        match self.engine {
            Engine::Sqlite(engine) => engine.close().await,
            Engine::Postgres(engine) => engine.close(),
        }
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store")
            .field("engine", &self.engine_name())
            .finish_non_exhaustive()
    }
}

/// A transaction. Any error poisons it; dropped without [`commit`](Tx::commit) it never happened.
pub struct Tx {
    running: Running,
    extent: Extent,
    turn: Option<Turn>,
    /// Set while a statement runs, so that also one whose future was dropped half-way ends it all.
    poisoned: bool,
}

enum Running {
    SqliteRead(sqlite::ReadTx),
    SqliteWrite(sqlite::WriteTx),
    Postgres(postgres::Tx),
}

/// What a transaction may still do.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Extent {
    Writes,
    Reads,
    ReadsOnce,
    Nothing,
}

impl Tx {
    fn new(running: Running, extent: Extent) -> Tx {
        Tx {
            running,
            extent,
            turn: None,
            poisoned: false,
        }
    }

    /// Runs a statement that changes rows and returns how many.
    pub(crate) async fn execute(
        &mut self,
        sql: &'static Statement,
        args: &[Value<'_>],
    ) -> Result<u64, StoreError> {
        self.enter(sql)?;
        let changed = match &mut self.running {
            Running::SqliteRead(tx) => tx.execute(sql, args),
            Running::SqliteWrite(tx) => tx.execute(sql, args),
            Running::Postgres(tx) => tx.execute(sql, args).await,
        }?;
        self.leave();
        Ok(changed)
    }

    /// Runs a statement once for each of `rows`, in order, and returns how many rows changed in all.
    pub(crate) async fn execute_many(
        &mut self,
        sql: &'static Statement,
        rows: &[Vec<Value<'_>>],
    ) -> Result<u64, StoreError> {
        if let Running::Postgres(_) = self.running {
            self.enter(sql)?;
            if let Running::Postgres(tx) = &mut self.running {
                let changed = tx.execute_many(sql, rows).await?;
                self.leave();
                return Ok(changed);
            }
        }
        let mut changed = 0;
        for args in rows {
            changed += self.execute(sql, args).await?;
        }
        Ok(changed)
    }

    /// Runs a statement that finds one row or none; a second row is [`StoreError::Corrupt`].
    pub(crate) async fn optional<T>(
        &mut self,
        sql: &'static Statement,
        args: &[Value<'_>],
        map: impl FnOnce(&RowRef<'_>) -> Result<T, StoreError> + Send,
    ) -> Result<Option<T>, StoreError> {
        self.enter(sql)?;
        let found = match &mut self.running {
            Running::SqliteRead(tx) => tx.optional(sql, args, map),
            Running::SqliteWrite(tx) => tx.optional(sql, args, map),
            Running::Postgres(tx) => tx.optional(sql, args, map).await,
        }?;
        self.leave();
        Ok(found)
    }

    /// Runs a statement and maps every row it finds.
    pub(crate) async fn all<T>(
        &mut self,
        sql: &'static Statement,
        args: &[Value<'_>],
        map: impl FnMut(&RowRef<'_>) -> Result<T, StoreError> + Send,
    ) -> Result<Vec<T>, StoreError> {
        self.enter(sql)?;
        let found = match &mut self.running {
            Running::SqliteRead(tx) => tx.all(sql, args, map),
            Running::SqliteWrite(tx) => tx.all(sql, args, map),
            Running::Postgres(tx) => tx.all(sql, args, map).await,
        }?;
        self.leave();
        Ok(found)
    }

    /// Lets the engine read a statement without running it, which finds every mistake in its text.
    pub(crate) async fn prepare(&mut self, sql: &'static Statement) -> Result<(), StoreError> {
        self.alive()?;
        self.poisoned = true;
        match &mut self.running {
            Running::SqliteRead(tx) => tx.prepare(sql),
            Running::SqliteWrite(tx) => tx.prepare(sql),
            Running::Postgres(tx) => tx.prepare(sql).await,
        }?;
        self.poisoned = false;
        Ok(())
    }

    /// Runs several statements without parameters: a migration.
    pub(crate) async fn script(&mut self, text: &str) -> Result<(), StoreError> {
        self.alive()?;
        self.poisoned = true;
        match &mut self.running {
            Running::SqliteRead(_) => Err(WRITES_WHILE_READING),
            Running::SqliteWrite(tx) => tx.script(text),
            Running::Postgres(tx) => tx.script(text).await,
        }?;
        self.poisoned = false;
        Ok(())
    }

    /// Makes the change durable, then returns. A success that wrote nothing waits as well, for all
    /// that it rests on.
    pub async fn commit(self) -> Result<(), StoreError> {
        if self.poisoned {
            return Err(AFTER_AN_ERROR);
        }
        // From here on it waits for its own durability, which others share and do not wait behind.
        drop(self.turn);
        match self.running {
            Running::SqliteRead(tx) => tx.end(),
            Running::SqliteWrite(tx) => tx.commit().await,
            Running::Postgres(tx) => tx.commit().await,
        }
    }

    fn alive(&self) -> Result<(), StoreError> {
        if self.poisoned {
            Err(AFTER_AN_ERROR)
        } else {
            Ok(())
        }
    }

    /// Refuses what this transaction may not do; otherwise it is poisoned until [`Tx::leave`].
    fn enter(&mut self, sql: &'static Statement) -> Result<(), StoreError> {
        self.alive()?;
        self.poisoned = true;
        if self.extent != Extent::Writes && !sql.is_query() {
            return Err(WRITES_WHILE_READING);
        }
        match self.extent {
            Extent::Writes | Extent::Reads => Ok(()),
            Extent::ReadsOnce => {
                self.extent = Extent::Nothing;
                Ok(())
            }
            Extent::Nothing => Err(StoreError::misuse("one statement was announced, not two")),
        }
    }

    fn leave(&mut self) {
        self.poisoned = false;
    }
}

const AFTER_AN_ERROR: StoreError =
    StoreError::misuse("after an error a transaction is dead and can only be dropped");
const WRITES_WHILE_READING: StoreError =
    StoreError::misuse("a transaction that reads was asked to write");

impl fmt::Debug for Tx {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tx")
            .field("poisoned", &self.poisoned)
            .finish_non_exhaustive()
    }
}
