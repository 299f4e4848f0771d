//! The data directory's lock: `serve` and `import` each need the directory for themselves; short
//! commands work beside them. The operating system drops it with the process, however that ends.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use crate::data_dir::{self, DataDirError};

const LOCK_FILE: &str = "keyfob.lock";

/// Why the data directory is not ours.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another process has it.
    #[error("the data directory {0} is in use by a running server or import: stop that first")]
    InUse(PathBuf),
    /// The lock file cannot be made.
    #[error(transparent)]
    DataDir(#[from] DataDirError),
}

/// The lock; held as long as this lives.
#[derive(Debug)]
pub struct DataDirLock(#[expect(dead_code, reason = "held for the lock on the open file")] File);

impl DataDirLock {
    /// Takes the lock at once or not at all.
    pub fn take(data_dir: &Path) -> Result<Self, LockError> {
        let failed = |cause| DataDirError::of(data_dir, cause);
        // Whoever takes the lock is the first in the folder.
        data_dir::make(data_dir)?;
        let mut options = OpenOptions::new();
        let file = options
            .create(true)
            .truncate(false)
            .write(true)
            .open(data_dir.join(LOCK_FILE));
        let file = file.map_err(failed)?;
        match file.try_lock() {
            Ok(()) => Ok(Self(file)),
            Err(TryLockError::WouldBlock) => Err(LockError::InUse(data_dir.to_owned())),
            Err(TryLockError::Error(cause)) => Err(failed(cause).into()),
        }
    }
}

/// Whether somebody has the directory for themselves. Makes nothing; for one look the lock is shared,
/// so that two who look do not see each other.
///
/// # Errors
/// What the system says of the lock file.
pub fn is_taken(data_dir: &Path) -> io::Result<bool> {
    let file = match File::open(data_dir.join(LOCK_FILE)) {
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(false),
        opened => opened?,
    };
    match file.try_lock_shared() {
        Ok(()) => Ok(false),
        Err(TryLockError::WouldBlock) => Ok(true),
        Err(TryLockError::Error(cause)) => Err(cause),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_data_directory_is_locked_by_one_at_a_time() {
        let folder = tempfile::tempdir().expect("a folder");
        let is_taken = || is_taken(folder.path()).expect("an answer");
        assert!(!is_taken());
        assert_eq!(
            std::fs::read_dir(folder.path()).expect("a folder").count(),
            0
        );
        let held = DataDirLock::take(folder.path()).expect("the lock");
        assert!(matches!(
            DataDirLock::take(folder.path()),
            Err(LockError::InUse(_))
        ));
        assert!(is_taken());
        drop(held);
        assert!(!is_taken());
        assert!(DataDirLock::take(folder.path()).is_ok());
    }
}
