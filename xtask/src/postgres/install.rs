//! Installing PostgreSQL where it is missing: only as root or with a `sudo` that
//! asks nothing. Otherwise the command to type is said, and that is the end.

use std::process::Command;

use anyhow::{Context, bail};

use super::account::is_root;
use super::locate::path_folders;
use crate::process::{answer, run};

/// A package manager: its program, and what to run in order.
struct Manager {
    program: &'static str,
    steps: &'static [&'static str],
    needs_root: bool,
}

const MANAGERS: [Manager; 5] = [
    Manager {
        program: "apt-get",
        steps: &[
            "apt-get update",
            // Through `env`, since `sudo` drops the variables it is given.
            "env DEBIAN_FRONTEND=noninteractive \
             apt-get install --yes --no-install-recommends postgresql",
        ],
        needs_root: true,
    },
    Manager {
        program: "dnf",
        steps: &["dnf install --assumeyes postgresql-server"],
        needs_root: true,
    },
    Manager {
        program: "apk",
        steps: &["apk add postgresql"],
        needs_root: true,
    },
    Manager {
        program: "pacman",
        steps: &["pacman --sync --needed --noconfirm postgresql"],
        needs_root: true,
    },
    Manager {
        program: "brew",
        steps: &["brew install postgresql@17"],
        needs_root: false,
    },
];

impl Manager {
    /// The one line a person without the rights, or with, can paste.
    fn command_line(&self) -> String {
        let prefix = if self.needs_root { "sudo " } else { "" };
        let steps = self.steps.iter().map(|step| format!("{prefix}{step}"));
        steps.collect::<Vec<_>>().join(" && ")
    }
}

/// Installs PostgreSQL, or fails with the one command that does.
pub(crate) fn install() -> anyhow::Result<()> {
    let folders = path_folders();
    let manager = MANAGERS
        .iter()
        .find(|manager| {
            folders
                .iter()
                .any(|folder| folder.join(manager.program).is_file())
        })
        .context("PostgreSQL is missing; install its server so that `initdb` is in PATH")?;
    let prefix: &[&str] = if !manager.needs_root || is_root() {
        &[]
    } else if answer(Command::new("sudo").args(["-n", "true"])).is_some() {
        &["sudo", "-n"]
    } else {
        bail!(
            "PostgreSQL is missing; install it with `{}`",
            manager.command_line()
        );
    };
    for step in manager.steps {
        let mut words = prefix.iter().copied().chain(step.split_whitespace());
        let program = words.next().unwrap_or(manager.program);
        run(Command::new(program).args(words))
            .with_context(|| format!("install it with `{}`", manager.command_line()))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_told_is_one_line_that_can_be_pasted() {
        let [apt, .., brew] = &MANAGERS;
        assert_eq!(
            apt.command_line(),
            "sudo apt-get update && sudo env DEBIAN_FRONTEND=noninteractive \
             apt-get install --yes --no-install-recommends postgresql"
        );
        assert_eq!(brew.command_line(), "brew install postgresql@17");
    }

    #[test]
    fn every_step_runs_its_own_manager() {
        for manager in &MANAGERS {
            for step in manager.steps {
                assert!(
                    step.split(' ').any(|word| word == manager.program),
                    "{step}"
                );
            }
        }
    }
}
