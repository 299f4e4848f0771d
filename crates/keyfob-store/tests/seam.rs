//! The seam keeps the same rules on both engines.
//!
//! What both must do is written once, in files that ask `super::backend()` for a database; what only
//! one of them can suffer is in a file of its own.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::tests_outside_test_module,
    reason = "integration tests are tests as a whole"
)]
#![expect(
    clippy::duplicate_mod,
    reason = "each file of tests is compiled once for each engine"
)]

use std::error::Error;
use std::fmt::Write as _;
use std::time::Duration;

use keyfob_store::probe::{self, Cell, Statement};
use keyfob_store::{Store, StoreError, StoreOptions, Tx};

#[path = "seam"]
mod on_sqlite {
    use super::StoreOptions;
    use keyfob_testkit::backend::Backend;

    mod alone;
    mod migration;
    mod transaction;
    mod writers;

    async fn backend() -> Backend {
        backend_with(super::patiently).await
    }

    async fn backend_with(change: fn(StoreOptions) -> StoreOptions) -> Backend {
        Backend::sqlite_with(change).await
    }
}

#[path = "seam"]
mod on_postgres {
    use super::StoreOptions;
    use keyfob_testkit::backend::Backend;

    mod migration;
    mod server;
    mod transaction;
    mod writers;

    async fn backend() -> Backend {
        backend_with(super::patiently).await
    }

    async fn backend_with(change: fn(StoreOptions) -> StoreOptions) -> Backend {
        Backend::postgres_with(change).await
    }
}

/// A machine under the load of all tests at once is slow, and slowness is not what they ask about.
fn patiently(options: StoreOptions) -> StoreOptions {
    options.deadline(Duration::from_mins(1))
}

/// Makes `tally (id, n)` with one row (0, 0).
async fn make_tally(store: &Store) {
    let mut tx = store.write().await.unwrap();
    let script = "CREATE TABLE tally (id BIGINT PRIMARY KEY, n BIGINT NOT NULL);
                  INSERT INTO tally (id, n) VALUES (0, 0)";
    probe::script(&mut tx, script).await.unwrap();
    tx.commit().await.unwrap();
}

fn insert() -> &'static Statement {
    probe::statement("INSERT INTO tally (id, n) VALUES ($1, $2)")
}

async fn insert_row(tx: &mut Tx, id: i64, n: i64) -> Result<u64, StoreError> {
    probe::execute(tx, insert(), &[Cell::from(id), Cell::from(n)]).await
}

/// One transaction that inserts one row.
async fn keep_row(store: &Store, id: i64) -> Result<(), StoreError> {
    let mut tx = store.write().await?;
    insert_row(&mut tx, id, 0).await?;
    tx.commit().await
}

async fn n_of(tx: &mut Tx, id: i64) -> Option<i64> {
    let find = probe::statement("SELECT n FROM tally WHERE id = $1");
    probe::optional(tx, find, &[Cell::from(id)]).await.unwrap()
}

/// The ids in `tally` above 0, in order.
async fn ids(store: &Store) -> Vec<i64> {
    let list = probe::statement("SELECT id FROM tally WHERE id > 0 ORDER BY id");
    let mut tx = store.read_single().await.unwrap();
    let rows = probe::all(&mut tx, list, &[], &[Cell::Int(None)])
        .await
        .unwrap();
    let id = |row: Vec<Cell>| match row[0] {
        Cell::Int(Some(id)) => id,
        Cell::Int(None) | Cell::Text(_) | Cell::Bytes(_) | Cell::Uuid(_) => panic!("no id"),
    };
    rows.into_iter().map(id).collect()
}

/// All that an error and its causes say, also to a programmer.
fn everything_said_by(error: &StoreError) -> String {
    let mut said = format!("{error} {error:?}");
    let mut cause = error.source();
    while let Some(error) = cause {
        write!(said, " {error} {error:?}").unwrap();
        cause = error.source();
    }
    said
}
