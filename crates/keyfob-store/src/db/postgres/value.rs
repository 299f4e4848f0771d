//! Parameters and rows in the server's binary format.

use std::error::Error;

use bytes::BytesMut;
use postgres_types::{FromSql, IsNull, ToSql, Type, to_sql_checked};
use tokio_postgres::Row;
use uuid::Uuid;

use crate::db::Value;
use crate::db::row::EngineRow;
use crate::error::StoreError;

/// A parameter of one kind for a column of another. The engine would send the bytes as they are.
#[derive(Debug, thiserror::Error)]
#[error("a parameter of kind {given} for the type {wanted}")]
struct WrongKind {
    given: &'static str,
    wanted: Type,
}

impl ToSql for Value<'_> {
    fn to_sql(
        &self,
        wanted: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        let (given, fits) = match self {
            Value::Int(_) => ("integer", *wanted == Type::INT8),
            Value::Text(_) => ("text", *wanted == Type::TEXT),
            Value::Bytes(_) => ("bytes", *wanted == Type::BYTEA),
            Value::Uuid(_) => ("id", *wanted == Type::UUID),
        };
        if !fits {
            return Err(WrongKind {
                given,
                wanted: wanted.clone(),
            }
            .into());
        }
        match self {
            Value::Int(value) => value.to_sql(wanted, out),
            Value::Text(value) => value.to_sql(wanted, out),
            Value::Bytes(value) => value.to_sql(wanted, out),
            Value::Uuid(value) => value.to_sql(wanted, out),
        }
    }

    /// Everything, since the variant at hand is not known here: [`Value::to_sql`] refuses.
    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

/// Wanted by the driver; says the kind only, never the value.
impl std::fmt::Debug for Value<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Value::Int(_) => "integer",
            Value::Text(_) => "text",
            Value::Bytes(_) => "bytes",
            Value::Uuid(_) => "id",
        })
    }
}

impl EngineRow for Row {
    fn int(&self, index: usize) -> Result<Option<i64>, StoreError> {
        column(self, index)
    }

    fn text(&self, index: usize) -> Result<Option<&str>, StoreError> {
        column(self, index)
    }

    fn bytes(&self, index: usize) -> Result<Option<&[u8]>, StoreError> {
        column(self, index)
    }

    fn uuid(&self, index: usize) -> Result<Option<Uuid>, StoreError> {
        column(self, index)
    }

    fn bool(&self, index: usize) -> Result<Option<bool>, StoreError> {
        column(self, index)
    }
}

fn column<'r, T: FromSql<'r>>(row: &'r Row, index: usize) -> Result<Option<T>, StoreError> {
    row.try_get(index)
        .map_err(|error| StoreError::corrupt_by("a column holds another kind of value", error))
}
