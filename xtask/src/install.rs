//! Installing what a run needs where it is missing: only as root or with a `sudo` that asks nothing.
//! Otherwise the command to type is said, and that is the end.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, bail};

use crate::process::{answer, run};

/// Something that a run needs, and what the managers call it, in their order.
#[derive(Debug)]
pub(crate) struct Wanted {
    /// What people call it.
    pub(crate) name: &'static str,
    /// Its packages, by manager.
    pub(crate) packages: [&'static str; MANAGERS.len()],
    /// What to do where no manager is known.
    pub(crate) by_hand: &'static str,
}

/// A package manager: its program, and what to run in order; `{}` stands for the packages.
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
             apt-get install --yes --no-install-recommends {}",
        ],
        needs_root: true,
    },
    Manager {
        program: "dnf",
        steps: &["dnf install --assumeyes {}"],
        needs_root: true,
    },
    Manager {
        program: "apk",
        steps: &["apk add {}"],
        needs_root: true,
    },
    Manager {
        program: "pacman",
        steps: &["pacman --sync --needed --noconfirm {}"],
        needs_root: true,
    },
    Manager {
        program: "brew",
        steps: &["brew install {}"],
        needs_root: false,
    },
];

impl Manager {
    /// What to run for these packages.
    fn steps_for(&self, packages: &str) -> impl Iterator<Item = String> {
        self.steps.iter().map(|step| step.replace("{}", packages))
    }

    /// The one line a person without the rights, or with, can paste.
    fn command_line(&self, packages: &str) -> String {
        let prefix = if self.needs_root { "sudo " } else { "" };
        let steps = self.steps_for(packages);
        let steps = steps.map(|step| format!("{prefix}{step}"));
        steps.collect::<Vec<_>>().join(" && ")
    }
}

/// Installs what is wanted, or fails with the one command that does.
pub(crate) fn install(wanted: &Wanted) -> anyhow::Result<()> {
    let name = wanted.name;
    let folders = path_folders();
    let is_there = |manager: &Manager| {
        let mut places = folders.iter().map(|folder| folder.join(manager.program));
        places.any(|place| place.is_file())
    };
    let (manager, packages) = MANAGERS
        .iter()
        .zip(wanted.packages)
        .find(|(manager, _packages)| is_there(manager))
        .with_context(|| format!("{name} is missing; {}", wanted.by_hand))?;
    let by_hand = manager.command_line(packages);
    let prefix: &[&str] = if !manager.needs_root || is_root() {
        &[]
    } else if answer(Command::new("sudo").args(["-n", "true"])).is_some() {
        &["sudo", "-n"]
    } else {
        bail!("{name} is missing; install it with `{by_hand}`");
    };
    for step in manager.steps_for(packages) {
        let mut words = prefix.iter().copied().chain(step.split_whitespace());
        let program = words.next().unwrap_or(manager.program);
        run(Command::new(program).args(words))
            .with_context(|| format!("install {name} with `{by_hand}`"))?;
    }
    Ok(())
}

/// Whether this process runs as root.
pub(crate) fn is_root() -> bool {
    answer(Command::new("id").arg("-u")).as_deref() == Some("0")
}

/// The folders of `PATH`.
pub(crate) fn path_folders() -> Vec<PathBuf> {
    #[expect(
        clippy::disallowed_methods,
        reason = "a build tool has no `Config` to take it from"
    )]
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_told_is_one_line_that_can_be_pasted() {
        let [apt, .., brew] = &MANAGERS;
        assert_eq!(
            apt.command_line("postgresql"),
            "sudo apt-get update && sudo env DEBIAN_FRONTEND=noninteractive \
             apt-get install --yes --no-install-recommends postgresql"
        );
        assert_eq!(
            brew.command_line("postgresql@17"),
            "brew install postgresql@17"
        );
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
