//! What the server says when it fails, in the words of [`StoreError`].
//!
//! The server's messages and details quote the values of rows and parameters in places, so most are
//! dropped for their code; kept are those of classes that speak of the system only.

use std::error::Error as StdError;
use std::io;

use tokio_postgres::Error;
use tokio_postgres::error::{DbError, Severity, SqlState};

use crate::error::{Constraint, StoreError};

/// Classes of SQLSTATE whose messages name no value: connection, authorization, catalogue, rollback,
/// syntax and names, resources, object state, operator, system and internal errors.
const CLASSES_WITHOUT_VALUES: &[&str] = &[
    "08", "0A", "25", "28", "3D", "40", "42", "53", "55", "57", "58", "F0", "XX",
];

/// What the server answered, without any value.
#[derive(Debug, thiserror::Error)]
#[error("SQLSTATE {code}{separator}{message}")]
struct ServerFault {
    code: String,
    separator: &'static str,
    message: String,
}

pub(super) fn fault(error: Error) -> StoreError {
    let Some(answer) = error.as_db_error() else {
        return if is_of_the_connection(&error) {
            StoreError::unavailable(error)
        } else {
            StoreError::corrupt_by("a statement and its use do not fit", error)
        };
    };
    let code = answer.code();
    if *code == SqlState::UNIQUE_VIOLATION {
        let index = answer.constraint().unwrap_or_default();
        return StoreError::Conflict(Constraint::of_index(index));
    }
    if is_of_rivals(code) {
        return StoreError::Busy;
    }
    let kept = ServerFault::without_values(answer);
    if code.code().starts_with("23") {
        return StoreError::corrupt_by("a rule of the schema was broken", kept);
    }
    if [SqlState::DATA_CORRUPTED, SqlState::INDEX_CORRUPTED].contains(code) {
        return StoreError::corrupt_by("the database is damaged", kept);
    }
    if is_of_the_connection(&error) || is_of_the_system(code) {
        return StoreError::unavailable(kept);
    }
    StoreError::corrupt_by("the database refused a statement", kept)
}

/// Whether the connection must not be used again.
pub(super) fn is_of_the_connection(error: &Error) -> bool {
    let Some(answer) = error.as_db_error() else {
        // Whatever is not an answer is the socket's, but for values that were read or written wrongly.
        return error.is_closed() || is_of_the_socket(error);
    };
    is_fatal(answer)
        || [
            // The server has become a standby, or a pooler gave us another one: what was prepared
            // is not there.
            SqlState::READ_ONLY_SQL_TRANSACTION,
            SqlState::INVALID_SQL_STATEMENT_NAME,
            // A prepared statement's columns changed under it.
            SqlState::FEATURE_NOT_SUPPORTED,
        ]
        .contains(answer.code())
}

/// Whether this answer to COMMIT says that nothing was kept. A session that is ended while its
/// commit waits for a standby has committed all the same, so the end of a session says nothing.
pub(super) fn is_definite(error: &Error) -> bool {
    error.as_db_error().is_some_and(|answer| {
        !is_fatal(answer) && !["08", "57", "58", "XX"].contains(&class(answer.code()))
    })
}

fn is_fatal(answer: &DbError) -> bool {
    matches!(
        answer.parsed_severity(),
        Some(Severity::Fatal | Severity::Panic)
    )
}

fn is_of_the_socket(error: &Error) -> bool {
    error.source().is_some_and(<dyn StdError>::is::<io::Error>)
}

fn is_of_rivals(code: &SqlState) -> bool {
    [
        SqlState::T_R_SERIALIZATION_FAILURE,
        SqlState::T_R_DEADLOCK_DETECTED,
        SqlState::LOCK_NOT_AVAILABLE,
    ]
    .contains(code)
}

fn is_of_the_system(code: &SqlState) -> bool {
    ["08", "25", "28", "3D", "53", "57", "58"].contains(&class(code))
}

fn class(code: &SqlState) -> &str {
    code.code().get(..2).unwrap_or_default()
}

impl ServerFault {
    fn without_values(answer: &DbError) -> ServerFault {
        let code = answer.code().code().to_owned();
        if CLASSES_WITHOUT_VALUES.contains(&class(answer.code())) {
            return ServerFault {
                code,
                separator: ": ",
                message: answer.message().to_owned(),
            };
        }
        let rule = answer
            .constraint()
            .or(answer.column())
            .unwrap_or_default()
            .to_owned();
        let separator = if rule.is_empty() { "" } else { " at " };
        ServerFault {
            code,
            separator,
            message: rule,
        }
    }
}
