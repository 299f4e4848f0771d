//! A transaction on one connection of a pool.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use deadpool_postgres::Object;
use futures_util::TryStreamExt as _;
use tokio::runtime::Handle;
use tokio::time::error::Elapsed;
use tokio::time::timeout;
use tokio_postgres::{Error, Row};

use super::fault::{fault, is_definite, is_of_the_connection};
use crate::db::{RowRef, Statement, Value};
use crate::error::StoreError;

/// How many statements of one batch are on their way at once: enough to hide the network, few enough
/// for the buffers of both ends.
const PIPELINE: usize = 128;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Reads,
    Writes,
}

/// A transaction, or one statement without one.
pub(in crate::db) struct Tx {
    /// Absent once the connection was thrown away.
    client: Option<Object>,
    kind: Kind,
    deadline: Duration,
    /// Whether the connection must not go back to the pool as it is.
    in_transaction: bool,
}

impl Tx {
    /// Runs `begin`, one simple query that begins a transaction.
    pub(super) async fn begin(
        client: Object,
        kind: Kind,
        deadline: Duration,
        begin: &str,
    ) -> Result<Tx, StoreError> {
        // Set before it is true, so that a cancelled begin does not go back to the pool either.
        let mut tx = Tx {
            client: Some(client),
            kind,
            deadline,
            in_transaction: true,
        };
        tx.script(begin).await?;
        Ok(tx)
    }

    /// Lends the connection for one statement, which is a transaction by itself.
    pub(super) fn single(client: Object, deadline: Duration) -> Tx {
        Tx {
            client: Some(client),
            kind: Kind::Reads,
            deadline,
            in_transaction: false,
        }
    }

    pub(in crate::db) async fn execute(
        &mut self,
        sql: &'static Statement,
        args: &[Value<'_>],
    ) -> Result<u64, StoreError> {
        let client = self.client()?;
        let outcome = timeout(self.deadline, execute(client, sql, args)).await;
        self.settle(outcome)
    }

    /// Sends the rows in bunches, each without waiting for the one before, in order.
    pub(in crate::db) async fn execute_many(
        &mut self,
        sql: &'static Statement,
        rows: &[Vec<Value<'_>>],
    ) -> Result<u64, StoreError> {
        let mut changed = 0;
        for bunch in rows.chunks(PIPELINE) {
            let client = self.client()?;
            let outcome = timeout(self.deadline, pipeline(client, sql, bunch)).await;
            changed += self.settle(outcome)?;
        }
        Ok(changed)
    }

    pub(in crate::db) async fn optional<T>(
        &mut self,
        sql: &'static Statement,
        args: &[Value<'_>],
        map: impl FnOnce(&RowRef<'_>) -> Result<T, StoreError> + Send,
    ) -> Result<Option<T>, StoreError> {
        match self.query(sql, args).await?.as_slice() {
            [] => Ok(None),
            [row] => map(&RowRef::new(row)).map(Some),
            [_, _, ..] => Err(StoreError::corrupt(
                "one row was expected and there are more",
            )),
        }
    }

    pub(in crate::db) async fn all<T>(
        &mut self,
        sql: &'static Statement,
        args: &[Value<'_>],
        mut map: impl FnMut(&RowRef<'_>) -> Result<T, StoreError> + Send,
    ) -> Result<Vec<T>, StoreError> {
        let rows = self.query(sql, args).await?;
        rows.iter().map(|row| map(&RowRef::new(row))).collect()
    }

    pub(in crate::db) async fn prepare(
        &mut self,
        sql: &'static Statement,
    ) -> Result<(), StoreError> {
        let outcome = timeout(self.deadline, self.client()?.prepare_cached(sql.dollars())).await;
        self.settle(outcome).map(drop)
    }

    pub(in crate::db) async fn script(&mut self, text: &str) -> Result<(), StoreError> {
        let outcome = timeout(self.deadline, self.client()?.batch_execute(text)).await;
        self.settle(outcome)
    }

    /// Commits. Where no answer came, or one that leaves the outcome open, the connection is thrown
    /// away and a writer hears [`StoreError::CommitUnknown`].
    pub(in crate::db) async fn commit(mut self) -> Result<(), StoreError> {
        if !self.in_transaction {
            return Ok(());
        }
        let outcome = timeout(self.deadline, self.client()?.batch_execute("COMMIT")).await;
        match outcome {
            Ok(Ok(())) => {
                self.in_transaction = false;
                Ok(())
            }
            Ok(Err(error)) if self.kind == Kind::Reads || is_definite(&error) => {
                self.settle(Ok(Err(error)))
            }
            Ok(Err(error)) => {
                self.throw_away();
                Err(StoreError::commit_unknown(fault(error)))
            }
            Err(elapsed) if self.kind == Kind::Reads => self.settle(Err(elapsed)),
            Err(elapsed) => {
                self.throw_away();
                Err(StoreError::commit_unknown(elapsed))
            }
        }
    }

    async fn query(
        &mut self,
        sql: &'static Statement,
        args: &[Value<'_>],
    ) -> Result<Vec<Row>, StoreError> {
        let client = self.client()?;
        let outcome = timeout(self.deadline, query(client, sql, args)).await;
        self.settle(outcome)
    }

    fn client(&self) -> Result<&Object, StoreError> {
        self.client
            .as_ref()
            .ok_or(const { StoreError::misuse("the connection was thrown away") })
    }

    fn settle<T>(&mut self, outcome: Result<Result<T, Error>, Elapsed>) -> Result<T, StoreError> {
        match outcome {
            Ok(Ok(done)) => Ok(done),
            Ok(Err(error)) => {
                if is_of_the_connection(&error) {
                    self.throw_away();
                }
                Err(fault(error))
            }
            Err(elapsed) => {
                self.throw_away();
                Err(StoreError::unavailable(elapsed))
            }
        }
    }

    fn throw_away(&mut self) {
        if let Some(client) = self.client.take() {
            drop(Object::take(client));
        }
    }
}

impl Drop for Tx {
    /// Has the transaction rolled back before the connection is used again. Nothing can be awaited
    /// here, so a task does it; where there is none to be had, the connection is closed.
    fn drop(&mut self) {
        if !self.in_transaction {
            return;
        }
        let Some(client) = self.client.take() else {
            return;
        };
        let deadline = self.deadline;
        let Ok(runtime) = Handle::try_current() else {
            drop(Object::take(client));
            return;
        };
        drop(runtime.spawn(async move {
            let ended = timeout(deadline, client.batch_execute("ROLLBACK")).await;
            if !matches!(ended, Ok(Ok(()))) {
                drop(Object::take(client));
            }
        }));
    }
}

async fn execute(
    client: &Object,
    sql: &'static Statement,
    args: &[Value<'_>],
) -> Result<u64, Error> {
    let statement = client.prepare_cached(sql.dollars()).await?;
    client.execute_raw(&statement, args).await
}

async fn query(
    client: &Object,
    sql: &'static Statement,
    args: &[Value<'_>],
) -> Result<Vec<Row>, Error> {
    let statement = client.prepare_cached(sql.dollars()).await?;
    client
        .query_raw(&statement, args)
        .await?
        .try_collect()
        .await
}

async fn pipeline(
    client: &Object,
    sql: &'static Statement,
    rows: &[Vec<Value<'_>>],
) -> Result<u64, Error> {
    let statement = client.prepare_cached(sql.dollars()).await?;
    let sending = rows
        .iter()
        .map(|args| client.execute_raw(&statement, args))
        .collect();
    let counts = in_order(sending).await?;
    Ok(counts.into_iter().sum())
}

/// Runs all at once. Each is polled in its place, so what they send leaves in their order, which the
/// combinators of `futures-util` do not promise. The error is that of the first to fail, and not the
/// echo of it that every later statement of a failed transaction gets.
async fn in_order<F, T>(futures: Vec<F>) -> Result<Vec<T>, Error>
where
    F: Future<Output = Result<T, Error>>,
{
    let mut running: Vec<(Pin<Box<F>>, Option<T>)> = futures
        .into_iter()
        .map(|future| (Box::pin(future), None))
        .collect();
    poll_fn(|context| {
        let mut all_done = true;
        for (future, done) in &mut running {
            if done.is_some() {
                continue;
            }
            match future.as_mut().poll(context) {
                Poll::Ready(Ok(value)) => *done = Some(value),
                Poll::Ready(Err(error)) if all_done => return Poll::Ready(Err(error)),
                Poll::Ready(Err(_)) | Poll::Pending => all_done = false,
            }
        }
        if all_done {
            Poll::Ready(Ok(()))
        } else {
            Poll::Pending
        }
    })
    .await?;
    Ok(running.into_iter().filter_map(|(_, done)| done).collect())
}
