//! The data directory of the embedded database, and the root key's file.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use anyhow::{Error, anyhow};
use rustix::fs::{Access, access, statvfs};

use super::finding::Report;
use crate::config::Config;
use crate::data_dir::{DataDirError, LEAST_FREE_BYTES};
use crate::lock;
use crate::open::{DATABASE_FILE, root_key_place};
use crate::seal::RootKey;

/// Below this a disk is told of: it will be full soon.
const LITTLE_BYTES: u64 = 256 << 20;

/// What stands in the data directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// No installation that can be looked at.
    Empty,
    /// An installation that nobody uses now.
    Free,
    /// An installation that a server or an import has for itself.
    Taken,
}

/// Looks at the data directory.
pub(super) fn examine(config: &Config, report: &mut Report) -> Place {
    let folder = &config.data_dir;
    report.outcome("data directory", directory(folder));
    let file = folder.join(DATABASE_FILE);
    if let Err(error) = database(folder, &file) {
        report.problem("database", &error);
        return Place::Empty;
    }
    for place in [folder, &file] {
        if let Some(says) = seen_by_others(place) {
            report.warning("rights", says);
        }
    }
    space(folder, report);
    server(folder, report)
}

/// Whether the directory is there and ours to write in.
fn directory(folder: &Path) -> Result<String, Error> {
    let shown = folder.display();
    let is_folder = match fs::metadata(folder) {
        Ok(found) => found.is_dir(),
        Err(cause) if cause.kind() == ErrorKind::NotFound => {
            return Ok(format!("{shown} is not there yet"));
        }
        Err(cause) => return Err(DataDirError::of(folder, cause).into()),
    };
    if !is_folder {
        return Err(DataDirError::of(folder, ErrorKind::NotADirectory.into()).into());
    }
    access(folder, Access::WRITE_OK | Access::EXEC_OK)
        .map_err(|cause| DataDirError::of(folder, cause.into()))?;
    Ok(format!("{shown} can be written"))
}

/// Whether there is a database that can be opened.
fn database(folder: &Path, file: &Path) -> Result<(), Error> {
    match fs::metadata(file) {
        Ok(found) if found.len() > 0 => Ok(()),
        Err(cause) if !matches!(cause.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            let what = format!("{} cannot be looked at", file.display());
            Err(Error::from(cause).context(what))
        }
        Ok(_) | Err(_) => Err(anyhow!(
            "there is no installation in {0}: name another place with --data-dir, or make one there with \
             `keyfobd serve`",
            folder.display()
        )),
    }
}

fn seen_by_others(place: &Path) -> Option<String> {
    let mode = fs::metadata(place).ok()?.permissions().mode() & 0o777;
    let shown = place.display();
    let advice = if mode & 0o100 == 0 { "600" } else { "700" };
    (mode & 0o077 != 0).then(|| {
        format!(
            "others on this machine have rights on {shown}: take them away (chmod {advice} {shown})"
        )
    })
}

fn space(folder: &Path, report: &mut Report) {
    let check = "disk space";
    let free = match statvfs(folder) {
        Ok(disk) => disk.f_bavail.saturating_mul(disk.f_frsize),
        Err(cause) => {
            let cause = Error::from(cause).context("the free space cannot be asked for");
            return report.problem(check, &cause);
        }
    };
    let shown = format!("{} free for {}", bytes(free), folder.display());
    if free < u64::try_from(LEAST_FREE_BYTES).unwrap_or(u64::MAX) {
        let says =
            anyhow!("{shown}: make room, because until then every change is refused with 503");
        report.problem(check, &says);
    } else if free < LITTLE_BYTES {
        report.warning(check, format!("{shown}: make room soon"));
    } else {
        report.ok(check, shown);
    }
}

/// A number of bytes for people, rounded down.
fn bytes(count: u64) -> String {
    let units = [(30, "GiB"), (20, "MiB"), (10, "KiB")];
    let unit = units.into_iter().find(|(bits, _name)| count >> bits > 0);
    unit.map_or(format!("{count} bytes"), |(bits, name)| {
        format!("{} {name}", count >> bits)
    })
}

fn server(folder: &Path, report: &mut Report) -> Place {
    let (check, shown) = ("lock", folder.display());
    match lock::is_taken(folder) {
        Ok(true) => {
            report.ok(check, format!("a server or an import is using {shown}"));
            return Place::Taken;
        }
        Ok(false) => report.ok(check, format!("no server and no import is using {shown}")),
        Err(cause) => report.problem(
            check,
            &Error::from(cause).context("the lock cannot be looked at"),
        ),
    }
    Place::Free
}

/// Looks at the root key's file. Whether it is the right one, its database says.
pub(super) fn root_key(config: &Config, report: &mut Report) -> Option<RootKey> {
    let read = || {
        let place = root_key_place(config)?;
        let key = RootKey::load(&place)?;
        anyhow::Ok((place, key))
    };
    match read() {
        Ok((place, key)) => {
            report.ok("root key", format!("{} holds one", place.display()));
            Some(key)
        }
        Err(error) => {
            report.problem("root key", &error);
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_told_in_the_largest_unit_that_they_fill() {
        for (count, shown) in [
            (0, "0 bytes"),
            (1023, "1023 bytes"),
            (1024, "1 KiB"),
            ((3 << 20) - 1, "2 MiB"),
            (5 << 30, "5 GiB"),
        ] {
            assert_eq!(bytes(count), shown);
        }
    }
}
