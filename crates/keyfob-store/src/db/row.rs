//! What comes out of a statement: a borrowed row of either engine.

use uuid::Uuid;

use crate::error::StoreError;

/// One row of an answer, valid while it is being mapped. Nothing is copied before it is asked for.
pub(crate) struct RowRef<'r>(&'r dyn EngineRow);

/// How an engine reads the columns of its own row.
pub(crate) trait EngineRow {
    fn int(&self, index: usize) -> Result<Option<i64>, StoreError>;
    fn text(&self, index: usize) -> Result<Option<&str>, StoreError>;
    fn bytes(&self, index: usize) -> Result<Option<&[u8]>, StoreError>;
    fn uuid(&self, index: usize) -> Result<Option<Uuid>, StoreError>;
    /// The answer of `EXISTS`, which is no integer everywhere.
    fn bool(&self, index: usize) -> Result<Option<bool>, StoreError>;
}

/// A type that a column can be read as.
pub(crate) trait FromColumn: Sized {
    fn from_column(row: &dyn EngineRow, index: usize) -> Result<Option<Self>, StoreError>;
    /// What NULL is for this type.
    fn from_null() -> Result<Self, StoreError> {
        Err(UNEXPECTED_NULL)
    }
}

const UNEXPECTED_NULL: StoreError = StoreError::corrupt("a column that must not be null is null");

impl<'r> RowRef<'r> {
    pub(crate) fn new(row: &'r dyn EngineRow) -> RowRef<'r> {
        RowRef(row)
    }

    /// The column at `index`, from 0.
    pub(crate) fn get<T: FromColumn>(&self, index: usize) -> Result<T, StoreError> {
        match T::from_column(self.0, index)? {
            Some(value) => Ok(value),
            None => T::from_null(),
        }
    }

    /// The text at `index`, borrowed from the row.
    pub(crate) fn text(&self, index: usize) -> Result<&str, StoreError> {
        self.0.text(index)?.ok_or(UNEXPECTED_NULL)
    }

    /// The text at `index`, or nothing where it is NULL.
    pub(crate) fn text_opt(&self, index: usize) -> Result<Option<&str>, StoreError> {
        self.0.text(index)
    }

    /// The bytes at `index`, borrowed from the row.
    pub(crate) fn bytes(&self, index: usize) -> Result<&[u8], StoreError> {
        self.0.bytes(index)?.ok_or(UNEXPECTED_NULL)
    }
}

impl FromColumn for i64 {
    fn from_column(row: &dyn EngineRow, index: usize) -> Result<Option<i64>, StoreError> {
        row.int(index)
    }
}

impl FromColumn for String {
    fn from_column(row: &dyn EngineRow, index: usize) -> Result<Option<String>, StoreError> {
        Ok(row.text(index)?.map(str::to_owned))
    }
}

impl FromColumn for Vec<u8> {
    fn from_column(row: &dyn EngineRow, index: usize) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(row.bytes(index)?.map(<[u8]>::to_vec))
    }
}

impl FromColumn for Uuid {
    fn from_column(row: &dyn EngineRow, index: usize) -> Result<Option<Uuid>, StoreError> {
        row.uuid(index)
    }
}

impl FromColumn for bool {
    fn from_column(row: &dyn EngineRow, index: usize) -> Result<Option<bool>, StoreError> {
        row.bool(index)
    }
}

impl<T: FromColumn> FromColumn for Option<T> {
    fn from_column(row: &dyn EngineRow, index: usize) -> Result<Option<Option<T>>, StoreError> {
        Ok(T::from_column(row, index)?.map(Some))
    }

    fn from_null() -> Result<Option<T>, StoreError> {
        Ok(None)
    }
}
