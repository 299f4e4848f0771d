//! What the embedded engine says when it fails, in the words of [`StoreError`].
//!
//! Its messages name tables, columns and files, never a value.

use rusqlite::ErrorCode;
use rusqlite::ffi::{
    SQLITE_CONSTRAINT_PRIMARYKEY, SQLITE_CONSTRAINT_ROWID, SQLITE_CONSTRAINT_UNIQUE,
};

use crate::error::{Constraint, StoreError};

pub(super) fn fault(error: rusqlite::Error) -> StoreError {
    let rusqlite::Error::SqliteFailure(failure, message) = &error else {
        return StoreError::corrupt_by("a statement and its use do not fit", error);
    };
    let code = failure.code;
    if is_uniqueness(failure.extended_code) {
        return StoreError::Conflict(broken_rule(message.as_deref().unwrap_or_default()));
    }
    if matches!(code, ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) {
        return StoreError::Busy;
    }
    if code == ErrorCode::ConstraintViolation {
        return StoreError::corrupt_by("a rule of the schema was broken", error);
    }
    if is_of_the_machine(code) {
        return StoreError::unavailable(error);
    }
    if matches!(code, ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) {
        return StoreError::corrupt_by("the database file is damaged", error);
    }
    StoreError::corrupt_by("the database refused a statement", error)
}

fn is_uniqueness(extended_code: i32) -> bool {
    [
        SQLITE_CONSTRAINT_UNIQUE,
        SQLITE_CONSTRAINT_PRIMARYKEY,
        SQLITE_CONSTRAINT_ROWID,
    ]
    .contains(&extended_code)
}

/// The disk, the memory or the operating system failed, and may work again.
fn is_of_the_machine(code: ErrorCode) -> bool {
    matches!(
        code,
        ErrorCode::CannotOpen
            | ErrorCode::DiskFull
            | ErrorCode::FileLockingProtocolFailed
            | ErrorCode::OperationAborted
            | ErrorCode::OperationInterrupted
            | ErrorCode::OutOfMemory
            | ErrorCode::PermissionDenied
            | ErrorCode::ReadOnly
            | ErrorCode::SystemIoFailure
    )
}

/// The message is `UNIQUE constraint failed: table.column, table.column`, or `… failed: index 'name'`
/// for an index over an expression.
fn broken_rule(message: &str) -> Constraint {
    let Some((_, named)) = message.split_once("constraint failed: ") else {
        return Constraint::Other;
    };
    match named
        .strip_prefix("index '")
        .and_then(|name| name.strip_suffix('\''))
    {
        Some(index) => Constraint::of_index(index),
        None => Constraint::of_columns(named),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rusqlite::Connection;

    fn error_of(script: &str) -> StoreError {
        fault(
            Connection::open_in_memory()
                .unwrap()
                .execute_batch(script)
                .unwrap_err(),
        )
    }

    #[test]
    fn a_broken_index_is_told_by_its_columns_and_a_broken_key_as_well() {
        let table = "CREATE TABLE users (id BLOB PRIMARY KEY, email_key TEXT) WITHOUT ROWID;
                     CREATE UNIQUE INDEX users_email ON users (email_key);
                     INSERT INTO users VALUES (x'01', 'ana');";
        let twice = |row: &str| error_of(&format!("{table} INSERT INTO users VALUES {row}"));
        assert!(matches!(
            twice("(x'02', 'ana')"),
            StoreError::Conflict(Constraint::UserEmail)
        ));
        assert!(matches!(
            twice("(x'01', 'bo')"),
            StoreError::Conflict(Constraint::UserId)
        ));
    }

    #[test]
    fn an_index_over_some_rows_or_an_expression_is_told_as_well() {
        let some_rows = "CREATE TABLE organization (root_id, name_key, deleted_at);
            CREATE UNIQUE INDEX i ON organization (root_id, name_key) WHERE deleted_at IS NULL;
            INSERT INTO organization VALUES (1, 'a', NULL), (1, 'a', NULL);";
        assert!(matches!(
            error_of(some_rows),
            StoreError::Conflict(Constraint::OrganizationName)
        ));
        let expression = "CREATE TABLE pat (mac); CREATE UNIQUE INDEX pat_mac ON pat (abs(mac));
                          INSERT INTO pat VALUES (1), (-1);";
        assert!(matches!(
            error_of(expression),
            StoreError::Conflict(Constraint::PatMac)
        ));
    }

    #[test]
    fn other_rules_of_the_schema_are_no_conflict() {
        let error = error_of("CREATE TABLE t (a NOT NULL); INSERT INTO t VALUES (NULL);");
        assert!(matches!(error, StoreError::Corrupt { .. }));
    }

    #[test]
    fn a_full_disk_is_an_absence() {
        let error = error_of(
            "PRAGMA max_page_count = 2; CREATE TABLE t (a);
             INSERT INTO t VALUES (zeroblob(100000));",
        );
        assert!(matches!(error, StoreError::Unavailable { .. }));
    }
}
