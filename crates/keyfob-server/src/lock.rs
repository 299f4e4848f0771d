//! The data directory's lock: `serve` and `import` each need the directory for themselves; short
//! commands work beside them. The operating system drops it with the process, however that ends.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use crate::open::make_data_dir;

const LOCK_FILE: &str = "keyfob.lock";

/// Why the data directory is not ours.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another process has it.
    #[error("the data directory {0} is in use by a running server or import: stop that first")]
    InUse(PathBuf),
    /// The lock file cannot be made.
    #[error("the data directory {0} cannot be locked")]
    Io(PathBuf, #[source] io::Error),
}

/// The lock; held as long as this lives.
#[derive(Debug)]
pub struct DataDirLock(#[expect(dead_code, reason = "held for the lock on the open file")] File);

impl DataDirLock {
    /// Takes the lock at once or not at all.
    pub fn take(data_dir: &Path) -> Result<Self, LockError> {
        let failed = |cause| LockError::Io(data_dir.to_owned(), cause);
        // Whoever takes the lock is the first in the folder.
        make_data_dir(data_dir).map_err(failed)?;
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
            Err(TryLockError::Error(cause)) => Err(failed(cause)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_data_directory_is_locked_by_one_at_a_time() {
        let folder = tempfile::tempdir().expect("a folder");
        let held = DataDirLock::take(folder.path()).expect("the lock");
        assert!(matches!(
            DataDirLock::take(folder.path()),
            Err(LockError::InUse(_))
        ));
        drop(held);
        assert!(DataDirLock::take(folder.path()).is_ok());
    }
}
