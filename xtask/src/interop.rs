//! `cargo xtask interop`: other people's libraries are asked about the access tokens of a running
//! server, and drive its token endpoint.
//!
//! The programs are in `interop/`. They are copied to a temporary folder, since npm and pip install
//! beside them what they need; nothing is left in the repository. It needs the network for that, so
//! it is no part of CI.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, ensure};

use crate::Verdict;
use crate::postgres::Cluster;
use crate::process::{answer, cargo, root, run, shown};
use crate::supervisor::Supervisor;

/// Who can be asked, by the names that `run.js` knows.
pub(crate) const LIBRARIES: [&str; 5] = ["jose", "oauth4webapi", "PyJWT", "Authlib", "PostgREST"];

/// What has to be there: a program, and arguments with which it succeeds.
const NEEDED: [(&str, &[&str]); 4] = [
    ("node", &["--version"]),
    ("npm", &["--version"]),
    ("python3", &["-c", "import ensurepip, venv"]),
    ("psql", &["--version"]),
];

/// What installs all of it on Debian; elsewhere the packages have like names.
const REMEDY: &str = "sudo apt-get install --yes nodejs npm python3-venv postgresql-client";

pub(crate) fn interop(libraries: &[String]) -> anyhow::Result<Verdict> {
    for (program, args) in NEEDED {
        let is_there = answer(Command::new(program).args(args)).is_some();
        ensure!(
            is_there,
            "`{program}` is missing or incomplete; type `{REMEDY}`"
        );
    }
    run(&mut cargo([
        "build",
        "--package",
        "keyfob-server",
        "--bin",
        "keyfobd",
    ]))?;
    let mut workshop = Workshop::open()?;
    workshop.install()?;
    let cluster = Cluster::start()?;
    let mut programs = workshop.command("node");
    programs.arg("run.js").arg(keyfobd()?);
    programs
        .arg(root().join("crates/keyfob-verify/vectors"))
        .arg(cluster.url())
        .arg(&workshop.python)
        .args(libraries);
    let passed = workshop.succeeds(&mut programs)?;
    Ok(if passed {
        Verdict::Passed
    } else {
        Verdict::Failed
    })
}

/// The server that was just built; cargo puts it beside us.
fn keyfobd() -> anyhow::Result<PathBuf> {
    let own = std::env::current_exe().context("cannot tell where this program is")?;
    Ok(own.with_file_name("keyfobd"))
}

/// A temporary folder with the programs and the libraries. It is gone when this is dropped, with all
/// that was started in it.
struct Workshop {
    supervisor: Supervisor,
    folder: PathBuf,
    python: PathBuf,
}

impl Workshop {
    fn open() -> anyhow::Result<Self> {
        let folder = tempfile::Builder::new()
            .prefix("keyfob-interop-")
            .tempdir()?
            .keep();
        // From here on the folder is the supervisor's to remove.
        let supervisor = Supervisor::start(&folder)?;
        copy_files(&root().join("interop"), &folder)?;
        let python = folder.join("venv/bin/python");
        Ok(Self {
            supervisor,
            folder,
            python,
        })
    }

    fn install(&mut self) -> anyhow::Result<()> {
        let npm = "install --ignore-scripts --no-audit --no-fund --no-package-lock";
        let pip =
            "-m pip install --quiet --disable-pip-version-check --requirement requirements.txt";
        let python = self.python.clone();
        for (program, args) in [
            (Path::new("npm"), npm),
            (Path::new("python3"), "-m venv venv"),
            (&python, pip),
        ] {
            let mut command = self.command(program);
            command.args(args.split(' '));
            let is_done = self.succeeds(&mut command)?;
            ensure!(is_done, "`{}` failed; is there a network?", shown(&command));
        }
        Ok(())
    }

    fn command(&self, program: impl AsRef<Path>) -> Command {
        let mut command = Command::new(program.as_ref());
        command.current_dir(&self.folder);
        command
    }

    fn succeeds(&mut self, command: &mut Command) -> anyhow::Result<bool> {
        println!("$ {}", shown(command));
        Ok(self.supervisor.spawn_worker(command)?.wait()?.success())
    }
}

/// Copies the files of a folder, without its folders.
pub(crate) fn copy_files(from: &Path, to: &Path) -> anyhow::Result<()> {
    let entries = fs::read_dir(from).with_context(|| format!("cannot read {}", from.display()))?;
    for entry in entries {
        let entry = entry?;
        if entry.file_type()?.is_file() {
            fs::copy(entry.path(), to.join(entry.file_name()))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_exact_and_no_registry_is_named() {
        let folder = root().join("interop");
        let read = |name| fs::read_to_string(folder.join(name)).unwrap();
        let package = read("package.json");
        let (_before, dependencies) = package.split_once("\"dependencies\": {").unwrap();
        let pinned = |line: &str| {
            let version = line.rsplit('"').nth(1).unwrap();
            version.starts_with(|letter: char| letter.is_ascii_digit())
        };
        let mut lines = dependencies.lines().filter(|line| line.contains("\": "));
        assert!(lines.all(pinned), "{package}");
        let requirements = read("requirements.txt");
        assert!(
            requirements.lines().all(|line| line.contains("==")),
            "{requirements}"
        );
        for name in ["package-lock.json", ".npmrc", "pip.conf"] {
            assert!(!folder.join(name).exists(), "{name} names a registry");
        }
    }

    #[test]
    fn a_workshop_holds_the_programs_and_leaves_nothing_behind() {
        let workshop = Workshop::open().unwrap();
        let folder = workshop.folder.clone();
        assert!(folder.join("run.js").is_file());
        drop(workshop);
        assert!(!folder.exists());
    }
}
