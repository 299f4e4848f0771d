//! Opening a connection with the settings that house.md 8.2 asks for.

use std::fs::OpenOptions;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use super::fault::fault;
use crate::db::options::FileOptions;
use crate::error::StoreError;

/// What the log file is cut back to when it begins anew. Below [`committer`](super::committer)'s
/// threshold, so that the file's size tells how much is waiting to be copied.
const LOG_KEEPS_BYTES: u32 = 1 << 20;
/// Enough for every statement of this crate: a prepared one is never thrown out.
const PREPARED_STATEMENTS: usize = 256;
const LEAST_CACHE_BYTES: u64 = 8 << 20;

/// What a connection is for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    Read,
    Write,
    /// Copies the log into the file.
    Checkpoint,
}

/// Makes the file when it is not there, for its owner only: it holds sealed keys and addresses.
/// The engine gives its log the same mode.
pub(super) fn prepare_file(path: &Path) -> Result<(), StoreError> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => {
            Err(StoreError::unavailable(error))
        }
        Ok(_) | Err(_) => Ok(()),
    }
}

/// Opens the file, which must be there, so that a deleted one is not replaced by an empty one.
pub(super) fn open(file: &FileOptions, purpose: Purpose) -> Result<Connection, rusqlite::Error> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(&file.path, flags)?;
    // A reader waits only where another process recovers or closes the log. The others never sleep
    // on a runtime's thread: they are asked again.
    connection.busy_timeout(match purpose {
        Purpose::Read => Duration::from_millis(100),
        Purpose::Write | Purpose::Checkpoint => Duration::ZERO,
    })?;
    for (setting, on) in [
        // Keeps a statement's plan. With STAT4, which the bundled engine has, it would otherwise be
        // planned again whenever a parameter changes.
        (DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true),
        (DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true),
        (DbConfig::SQLITE_DBCONFIG_ENABLE_FKEY, true),
        (DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false),
        // A misspelt column in double quotes is an error, not a text.
        (DbConfig::SQLITE_DBCONFIG_DQS_DML, false),
        (DbConfig::SQLITE_DBCONFIG_DQS_DDL, false),
    ] {
        connection.set_db_config(setting, on)?;
    }
    // FULL: the log reaches the disk before a commit returns. Checkpoints are ours to time.
    connection.execute_batch(&format!(
        "PRAGMA synchronous = FULL;
         PRAGMA wal_autocheckpoint = 0;
         PRAGMA journal_size_limit = {LOG_KEEPS_BYTES};
         PRAGMA secure_delete = FAST;
         PRAGMA mmap_size = 0;
         PRAGMA cell_size_check = ON;
         PRAGMA temp_store = MEMORY;
         PRAGMA cache_size = -{};
         PRAGMA query_only = {};",
        cache_kibibytes(file),
        if purpose == Purpose::Read {
            "ON"
        } else {
            "OFF"
        },
    ))?;
    connection.set_prepared_statement_cache_capacity(PREPARED_STATEMENTS);
    Ok(connection)
}

/// Lets go of the processor before a lock that another process has is asked for again. The engine's
/// own waiting would hold up a thread that others need.
#[expect(
    clippy::disallowed_methods,
    reason = "no event tells that another process let go"
)]
pub(super) async fn pause_for_rival() {
    tokio::time::sleep(Duration::from_millis(3)).await;
}

/// Has the file keep a write-ahead log; it remembers.
pub(super) fn use_log(connection: &Connection) -> Result<(), StoreError> {
    let mode: String = connection
        .query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0))
        .map_err(fault)?;
    if mode == "wal" {
        return Ok(());
    }
    Err(StoreError::options(
        "the file system cannot keep a write-ahead log",
        None,
    ))
}

/// Copies the log into the file, as far as readers allow: waits for nobody, nobody waits for it.
pub(super) fn copy_log(connection: &Connection) {
    checkpoint(connection, "PASSIVE");
}

/// Copies the whole log into the file and empties it, if readers end soon.
pub(super) fn copy_log_to_its_end(connection: &Connection) {
    if let Err(error) = connection.busy_timeout(Duration::from_secs(1)) {
        tracing::warn!(%error, "readers are not waited for");
    }
    checkpoint(connection, "TRUNCATE");
}

/// Failing is no harm: the log stays, and is read with the file.
fn checkpoint(connection: &Connection, mode: &'static str) {
    let pragma = format!("PRAGMA wal_checkpoint({mode})");
    if let Err(error) = connection.query_row(&pragma, [], |_| Ok(())) {
        tracing::warn!(%error, checkpoint.mode = mode, "the log was not copied into the database");
    }
}

/// The size of the log file; nothing when it is not there.
pub(super) fn log_bytes(path: &Path) -> u64 {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    std::fs::metadata(PathBuf::from(log)).map_or(0, |file| file.len())
}

fn cache_kibibytes(file: &FileOptions) -> u64 {
    let readers = u64::try_from(file.readers).unwrap_or(u64::MAX).max(1);
    (file.cache_bytes / readers).max(LEAST_CACHE_BYTES) / 1024
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::StoreOptions;
    use crate::db::options::Place;

    fn file(name: &str, directory: &tempfile::TempDir) -> FileOptions {
        match StoreOptions::sqlite(directory.path().join(name)).place {
            Place::File(file) => file,
            Place::Server(_) => panic!("a file was asked for"),
        }
    }

    fn setting(connection: &Connection, pragma: &str) -> i64 {
        connection
            .query_row(&format!("PRAGMA {pragma}"), [], |row| row.get(0))
            .unwrap()
    }

    #[test]
    fn every_connection_has_the_settings_of_the_house() {
        let directory = tempfile::tempdir().unwrap();
        let file = file("settings.db", &directory);
        prepare_file(&file.path).unwrap();
        for purpose in [Purpose::Write, Purpose::Read, Purpose::Checkpoint] {
            let connection = open(&file, purpose).unwrap();
            use_log(&connection).unwrap();
            let full = 2;
            let fast = 2;
            assert_eq!(setting(&connection, "synchronous"), full);
            assert_eq!(setting(&connection, "secure_delete"), fast);
            assert_eq!(setting(&connection, "foreign_keys"), 1);
            assert_eq!(setting(&connection, "trusted_schema"), 0);
            assert_eq!(setting(&connection, "mmap_size"), 0);
            assert_eq!(setting(&connection, "cell_size_check"), 1);
            assert_eq!(setting(&connection, "wal_autocheckpoint"), 0);
            assert_eq!(
                setting(&connection, "query_only"),
                i64::from(purpose == Purpose::Read)
            );
            for on in [
                DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG,
                DbConfig::SQLITE_DBCONFIG_DEFENSIVE,
            ] {
                assert!(connection.db_config(on).unwrap());
            }
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_new_file_and_its_log_are_their_owners_alone() {
        use std::os::unix::fs::PermissionsExt;
        let directory = tempfile::tempdir().unwrap();
        let file = file("private.db", &directory);
        prepare_file(&file.path).unwrap();
        let connection = open(&file, Purpose::Write).unwrap();
        use_log(&connection).unwrap();
        connection.execute_batch("CREATE TABLE t (a)").unwrap();
        for name in ["private.db", "private.db-wal"] {
            let mode = std::fs::metadata(directory.path().join(name))
                .unwrap()
                .permissions()
                .mode();
            assert_eq!(mode & 0o777, 0o600, "{name}");
        }
    }

    #[test]
    fn a_file_that_is_gone_is_not_replaced_by_an_empty_one() {
        let directory = tempfile::tempdir().unwrap();
        assert!(open(&file("gone.db", &directory), Purpose::Read).is_err());
        assert!(!directory.path().join("gone.db").exists());
    }

    #[test]
    fn the_cache_is_shared_out_but_never_below_8_mebibytes() {
        let directory = tempfile::tempdir().unwrap();
        let mut file = file("cache.db", &directory);
        (file.readers, file.cache_bytes) = (4, 64 << 20);
        assert_eq!(cache_kibibytes(&file), 16 << 10);
        file.readers = 100;
        assert_eq!(cache_kibibytes(&file), 8 << 10);
    }
}
