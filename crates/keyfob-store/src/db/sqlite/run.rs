//! Running a statement on a connection, and reading its rows.

use rusqlite::types::{ToSql, ToSqlOutput, ValueRef};
use rusqlite::{CachedStatement, Connection, Row};
use uuid::Uuid;

use super::fault::fault;
use crate::db::row::EngineRow;
use crate::db::{RowRef, Statement, Value};
use crate::error::StoreError;

pub(super) fn execute(
    connection: &Connection,
    sql: &'static Statement,
    args: &[Value<'_>],
) -> Result<u64, StoreError> {
    let mut statement = bound(connection, sql, args)?;
    if statement.column_count() == 0 {
        statement.raw_execute().map_err(fault)?;
        return Ok(connection.changes());
    }
    // A statement with RETURNING has done its work once all its rows are read.
    let mut rows = statement.raw_query();
    let mut count = 0;
    while rows.next().map_err(fault)?.is_some() {
        count += 1;
    }
    Ok(count)
}

pub(super) fn optional<T>(
    connection: &Connection,
    sql: &'static Statement,
    args: &[Value<'_>],
    map: impl FnOnce(&RowRef<'_>) -> Result<T, StoreError>,
) -> Result<Option<T>, StoreError> {
    let mut statement = bound(connection, sql, args)?;
    let mut rows = statement.raw_query();
    let Some(row) = rows.next().map_err(fault)? else {
        return Ok(None);
    };
    let found = map(&RowRef::new(row))?;
    match rows.next().map_err(fault)? {
        None => Ok(Some(found)),
        Some(_) => Err(StoreError::corrupt(
            "one row was expected and there are more",
        )),
    }
}

pub(super) fn all<T>(
    connection: &Connection,
    sql: &'static Statement,
    args: &[Value<'_>],
    mut map: impl FnMut(&RowRef<'_>) -> Result<T, StoreError>,
) -> Result<Vec<T>, StoreError> {
    let mut statement = bound(connection, sql, args)?;
    let mut rows = statement.raw_query();
    let mut found = Vec::new();
    while let Some(row) = rows.next().map_err(fault)? {
        found.push(map(&RowRef::new(row))?);
    }
    Ok(found)
}

pub(super) fn prepare(connection: &Connection, sql: &'static Statement) -> Result<(), StoreError> {
    connection
        .prepare_cached(sql.question_marks())
        .map(drop)
        .map_err(fault)
}

fn bound<'c>(
    connection: &'c Connection,
    sql: &'static Statement,
    args: &[Value<'_>],
) -> Result<CachedStatement<'c>, StoreError> {
    let mut statement = connection
        .prepare_cached(sql.question_marks())
        .map_err(fault)?;
    // The engine would take a missing one for NULL.
    if statement.parameter_count() != args.len() {
        return Err(StoreError::misuse(
            "a statement got too many or too few parameters",
        ));
    }
    for (index, value) in (1_usize..).zip(args) {
        statement.raw_bind_parameter(index, value).map_err(fault)?;
    }
    Ok(statement)
}

impl ToSql for Value<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        let value = match self {
            Value::Int(value) => value.map(ValueRef::Integer),
            Value::Text(value) => value.map(|text| ValueRef::Text(text.as_bytes())),
            Value::Bytes(value) => value.map(ValueRef::Blob),
            Value::Uuid(value) => value.as_ref().map(|id| ValueRef::Blob(id.as_bytes())),
        };
        Ok(ToSqlOutput::Borrowed(value.unwrap_or(ValueRef::Null)))
    }
}

impl EngineRow for Row<'_> {
    fn int(&self, index: usize) -> Result<Option<i64>, StoreError> {
        match self.get_ref(index).map_err(fault)? {
            ValueRef::Null => Ok(None),
            ValueRef::Integer(value) => Ok(Some(value)),
            ValueRef::Real(_) | ValueRef::Text(_) | ValueRef::Blob(_) => Err(WRONG_KIND),
        }
    }

    fn text(&self, index: usize) -> Result<Option<&str>, StoreError> {
        match self.get_ref(index).map_err(fault)? {
            ValueRef::Null => Ok(None),
            ValueRef::Text(bytes) => std::str::from_utf8(bytes)
                .map(Some)
                .map_err(|error| StoreError::corrupt_by("a text is not UTF-8", error)),
            ValueRef::Integer(_) | ValueRef::Real(_) | ValueRef::Blob(_) => Err(WRONG_KIND),
        }
    }

    fn bytes(&self, index: usize) -> Result<Option<&[u8]>, StoreError> {
        match self.get_ref(index).map_err(fault)? {
            ValueRef::Null => Ok(None),
            ValueRef::Blob(bytes) => Ok(Some(bytes)),
            ValueRef::Integer(_) | ValueRef::Real(_) | ValueRef::Text(_) => Err(WRONG_KIND),
        }
    }

    fn uuid(&self, index: usize) -> Result<Option<Uuid>, StoreError> {
        let Some(bytes) = self.bytes(index)? else {
            return Ok(None);
        };
        Uuid::from_slice(bytes)
            .map(Some)
            .map_err(|error| StoreError::corrupt_by("an id is not 16 bytes", error))
    }

    fn bool(&self, index: usize) -> Result<Option<bool>, StoreError> {
        match self.int(index)? {
            None => Ok(None),
            Some(0) => Ok(Some(false)),
            Some(1) => Ok(Some(true)),
            Some(_) => Err(StoreError::corrupt("a truth value is neither 0 nor 1")),
        }
    }
}

const WRONG_KIND: StoreError = StoreError::corrupt("a column holds another kind of value");
