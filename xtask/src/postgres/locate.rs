//! Where PostgreSQL's programs are. Distributions keep `initdb` out of `PATH`.

use std::cmp::Reverse;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::install::path_folders;
use crate::process::answer;

/// The two programs a cluster needs, from one installation.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Programs {
    /// Makes a cluster's folder.
    pub(crate) initdb: PathBuf,
    /// The server.
    pub(crate) postgres: PathBuf,
}

/// A folder, the names in it that stand for a version, and where programs lie below.
const INSTALLATIONS: [(&str, &str, &str); 5] = [
    ("/usr/lib/postgresql", "", "bin"),
    ("/usr", "pgsql-", "bin"),
    ("/usr/libexec", "postgresql", ""),
    ("/opt/homebrew/opt", "postgresql@", "bin"),
    ("/usr/local/opt", "postgresql@", "bin"),
];

impl Programs {
    /// Looks in `PATH`, where `pg_config` points, and where packages put them.
    pub(crate) fn find() -> Option<Self> {
        let told = answer(Command::new("pg_config").arg("--bindir")).map(PathBuf::from);
        let packaged = INSTALLATIONS
            .into_iter()
            .flat_map(|(parent, prefix, below)| {
                versions(Path::new(parent), prefix)
                    .into_iter()
                    .map(move |found| found.join(below))
            });
        path_folders()
            .into_iter()
            .chain(told)
            .chain(packaged)
            .find_map(|bin| Self::within(&bin))
    }

    fn within(bin: &Path) -> Option<Self> {
        let found = Self {
            initdb: bin.join("initdb"),
            postgres: bin.join("postgres"),
        };
        (found.initdb.is_file() && found.postgres.is_file()).then_some(found)
    }
}

/// Folders in `parent` named `prefix` and a number, newest version first.
fn versions(parent: &Path, prefix: &str) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(parent) else {
        return vec![];
    };
    let mut found: Vec<(u32, PathBuf)> = entries
        .flatten()
        .filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            Some((name.strip_prefix(prefix)?.parse().ok()?, entry.path()))
        })
        .collect();
    found.sort_by_key(|(version, _)| Reverse(*version));
    found.into_iter().map(|(_, path)| path).collect()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn the_newest_version_comes_first_by_number_not_by_letter() {
        let parent = tempfile::tempdir().unwrap();
        for name in ["pgsql-9", "pgsql-17", "pgsql-16", "pgsql-common", "other"] {
            fs::create_dir(parent.path().join(name)).unwrap();
        }
        let found = versions(parent.path(), "pgsql-");
        let names: Vec<_> = found.iter().map(|path| path.file_name().unwrap()).collect();
        assert_eq!(names, ["pgsql-17", "pgsql-16", "pgsql-9"]);
    }

    #[test]
    fn one_program_without_the_other_is_no_installation() {
        let bin = tempfile::tempdir().unwrap();
        fs::write(bin.path().join("initdb"), "").unwrap();
        assert_eq!(Programs::within(bin.path()), None);
        fs::write(bin.path().join("postgres"), "").unwrap();
        assert!(Programs::within(bin.path()).is_some());
    }

    #[test]
    fn a_missing_folder_holds_no_versions() {
        assert!(versions(Path::new("/no/such/folder"), "").is_empty());
    }
}
