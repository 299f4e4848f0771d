//! The data directory: made when it is not there, and tried before anything rests on it.

use std::fs;
use std::io::{self, ErrorKind, Write as _};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

/// What must be free to begin with: what the database keeps of its log (1 MiB), beside which the rest
/// of a start is little.
pub const LEAST_FREE_BYTES: usize = 1 << 20;

/// Why nothing can be kept in the data directory. Each is one sentence that says what to do.
#[derive(Debug, thiserror::Error)]
pub enum DataDirError {
    /// There is no space.
    #[error(
        "the disk of the data directory {0} is full: make room and start again; nothing was lost"
    )]
    Full(PathBuf),
    /// The directory is not ours to write in.
    #[error(
        "the data directory {0} cannot be written: it must belong to the user that keyfobd runs as, on a \
         file system that is not read-only"
    )]
    Unwritable(PathBuf, #[source] io::Error),
    /// Something else.
    #[error("the data directory {0} cannot be used")]
    Unusable(PathBuf, #[source] io::Error),
}

impl DataDirError {
    /// What the operating system's refusal means for a data directory.
    pub fn of(folder: &Path, cause: io::Error) -> Self {
        let folder = folder.to_owned();
        let kind = cause.kind();
        if matches!(kind, ErrorKind::StorageFull | ErrorKind::QuotaExceeded) {
            Self::Full(folder)
        } else if matches!(
            kind,
            ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem
        ) {
            Self::Unwritable(folder, cause)
        } else {
            Self::Unusable(folder, cause)
        }
    }
}

/// Makes the directory, for its owner only, unless it is there.
///
/// # Errors
/// [`DataDirError`] says why it cannot be made.
pub fn make(folder: &Path) -> Result<(), DataDirError> {
    let mut builder = fs::DirBuilder::new();
    let made = builder.recursive(true).mode(0o700).create(folder);
    made.map_err(|cause| DataDirError::of(folder, cause))
}

/// Finds out whether there is space to write in, by writing: rights, quotas and reserves are as many as
/// there are file systems. The file has no name and is gone with this call, however that ends.
///
/// # Errors
/// [`DataDirError`] says why nothing can be written.
pub fn try_out(folder: &Path) -> Result<(), DataDirError> {
    let written = tempfile::tempfile_in(folder)
        .and_then(|mut file| file.write_all(&vec![0; LEAST_FREE_BYTES]));
    written.map_err(|cause| DataDirError::of(folder, cause))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_new_directory_is_its_owners_alone_and_trying_it_out_leaves_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        let data = folder.path().join("above").join("data");
        make(&data).expect("made");
        make(&data).expect("there already");
        let mode = fs::metadata(&data).expect("a folder").permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
        try_out(&data).expect("space");
        assert_eq!(fs::read_dir(&data).expect("a folder").count(), 0);
    }

    #[test]
    fn each_refusal_of_the_system_has_its_sentence() {
        let sentence = |kind: ErrorKind| DataDirError::of(Path::new("d"), kind.into()).to_string();
        for kind in [ErrorKind::StorageFull, ErrorKind::QuotaExceeded] {
            assert!(sentence(kind).starts_with("the disk of the data directory d is full: "));
        }
        for kind in [ErrorKind::PermissionDenied, ErrorKind::ReadOnlyFilesystem] {
            assert!(sentence(kind).starts_with("the data directory d cannot be written: "));
        }
        assert_eq!(
            sentence(ErrorKind::NotADirectory),
            "the data directory d cannot be used"
        );
    }
}
