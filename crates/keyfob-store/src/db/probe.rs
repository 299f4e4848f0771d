//! For tests of the seam only: statements made up at run time, values that own what they hold, and what
//! the driver finds in an address.
//!
//! Hidden, and no part of what this crate offers. The product's statements are statics.

use uuid::Uuid;

pub use super::statement::Statement;
use super::{RowRef, Store, Tx, Value};
use crate::error::StoreError;

/// A parameter or a column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cell {
    /// An integer.
    Int(Option<i64>),
    /// A text.
    Text(Option<String>),
    /// Bytes.
    Bytes(Option<Vec<u8>>),
    /// An id.
    Uuid(Option<Uuid>),
}

impl Cell {
    fn value(&self) -> Value<'_> {
        match self {
            Cell::Int(value) => Value::from(*value),
            Cell::Text(value) => Value::from(value.as_deref()),
            Cell::Bytes(value) => Value::from(value.as_deref()),
            Cell::Uuid(value) => Value::from(*value),
        }
    }

    /// Reads the column of this cell's kind at `index`; one that is not null here must not be there.
    fn read(&self, row: &RowRef<'_>, index: usize) -> Result<Cell, StoreError> {
        Ok(match self {
            Cell::Int(None) => Cell::Int(row.get(index)?),
            Cell::Int(Some(_)) => Cell::Int(Some(row.get(index)?)),
            Cell::Text(None) => Cell::Text(row.text_opt(index)?.map(str::to_owned)),
            Cell::Text(Some(_)) => Cell::Text(Some(row.text(index)?.to_owned())),
            Cell::Bytes(None) => Cell::Bytes(row.get(index)?),
            Cell::Bytes(Some(_)) => Cell::Bytes(Some(row.bytes(index)?.to_vec())),
            Cell::Uuid(None) => Cell::Uuid(row.get(index)?),
            Cell::Uuid(Some(_)) => Cell::Uuid(Some(row.get(index)?)),
        })
    }
}

impl From<i64> for Cell {
    fn from(value: i64) -> Cell {
        Cell::Int(Some(value))
    }
}

/// Every statement of the product that both engines are to understand.
pub fn statements() -> impl Iterator<Item = &'static Statement> {
    [
        super::STATEMENTS,
        crate::epoch::STATEMENTS,
        crate::event::STATEMENTS,
        crate::event::page::STATEMENTS,
        crate::exchange::STATEMENTS,
        crate::instance::STATEMENTS,
        crate::key::STATEMENTS,
        crate::member::STATEMENTS,
        crate::migrate::STATEMENTS,
        crate::org::STATEMENTS,
        crate::org::listed::STATEMENTS,
        crate::org::seen::STATEMENTS,
        crate::org::search::STATEMENTS,
        crate::pat::STATEMENTS,
        crate::pat::everywhere::STATEMENTS,
        crate::pat::subtree::STATEMENTS,
        crate::refusal::STATEMENTS,
        crate::rotation::STATEMENTS,
        crate::session::STATEMENTS,
        crate::setup_link::STATEMENTS,
        crate::invitation::STATEMENTS,
        crate::password_reset::STATEMENTS,
        crate::user::STATEMENTS,
        crate::user::erase::STATEMENTS,
    ]
    .into_iter()
    .flatten()
    .copied()
    .chain(crate::import::statements())
}

/// Makes a statement that lives as long as the program.
pub fn statement(text: &str) -> &'static Statement {
    Box::leak(Box::new(Statement::new(
        "probe",
        String::leak(text.to_owned()),
    )))
}

/// Runs a statement that changes rows.
pub async fn execute(
    tx: &mut Tx,
    sql: &'static Statement,
    args: &[Cell],
) -> Result<u64, StoreError> {
    let args: Vec<Value<'_>> = args.iter().map(Cell::value).collect();
    tx.execute(sql, &args).await
}

/// Runs a statement once for each row.
pub async fn execute_many(
    tx: &mut Tx,
    sql: &'static Statement,
    rows: &[Vec<Cell>],
) -> Result<u64, StoreError> {
    let rows: Vec<Vec<Value<'_>>> = rows
        .iter()
        .map(|row| row.iter().map(Cell::value).collect())
        .collect();
    tx.execute_many(sql, &rows).await
}

/// Finds one row with an integer or none.
pub async fn optional(
    tx: &mut Tx,
    sql: &'static Statement,
    args: &[Cell],
) -> Result<Option<i64>, StoreError> {
    let args: Vec<Value<'_>> = args.iter().map(Cell::value).collect();
    tx.optional(sql, &args, |row| row.get(0)).await
}

/// Finds one truth value or none.
pub async fn truth(
    tx: &mut Tx,
    sql: &'static Statement,
    args: &[Cell],
) -> Result<Option<bool>, StoreError> {
    let args: Vec<Value<'_>> = args.iter().map(Cell::value).collect();
    tx.optional(sql, &args, |row| row.get(0)).await
}

/// Finds all rows; `kinds` says as what each column is read.
pub async fn all(
    tx: &mut Tx,
    sql: &'static Statement,
    args: &[Cell],
    kinds: &[Cell],
) -> Result<Vec<Vec<Cell>>, StoreError> {
    let args: Vec<Value<'_>> = args.iter().map(Cell::value).collect();
    let read = |row: &RowRef<'_>| {
        kinds
            .iter()
            .enumerate()
            .map(|(index, kind)| kind.read(row, index))
            .collect()
    };
    tx.all(sql, &args, read).await
}

/// Lets the engine read a statement without running it.
pub async fn prepare(tx: &mut Tx, sql: &'static Statement) -> Result<(), StoreError> {
    tx.prepare(sql).await
}

/// Begins the transaction of a migration, which needs no table to be there.
pub async fn change_schema(store: &Store) -> Result<Tx, StoreError> {
    store.change_schema().await
}

/// Runs several statements.
pub async fn script(tx: &mut Tx, text: &str) -> Result<(), StoreError> {
    tx.script(text).await
}

/// The password that the driver finds in the address of a server.
pub fn password_in(url: &str) -> Result<Option<Vec<u8>>, StoreError> {
    super::postgres::password_in(url)
}

/// How many writing transactions of a store are open and not yet committing.
pub fn open_turns(store: &Store) -> usize {
    store.open_turns()
}
