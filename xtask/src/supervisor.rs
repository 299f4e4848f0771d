//! Ends what a task started, however the task itself ends.
//!
//! A `Drop` does not run when a process dies of Ctrl-C, SIGTERM or SIGKILL, and
//! handling signals needs `unsafe` or a dependency. So a small shell process,
//! `supervisor.sh`, waits at the other end of a pipe. The kernel closes our end
//! whenever and however we end; then the shell ends the processes it was told
//! of and removes the folder. The ordinary end goes the same way: `Drop` closes
//! the pipe and waits for the shell, so the path is tried at every run.

use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};

use anyhow::Context;

use crate::process::shown;

const SCRIPT: &str = include_str!("supervisor.sh");

/// The shell that cleans up, and our end of the pipe to it.
#[derive(Debug)]
pub(crate) struct Supervisor {
    shell: Child,
    pipe: Option<ChildStdin>,
}

impl Supervisor {
    /// Starts the shell, which will remove `folder` at the end.
    pub(crate) fn start(folder: &Path) -> anyhow::Result<Self> {
        let mut shell = Command::new("sh")
            .args(["-c", SCRIPT, "supervisor"])
            .arg(folder)
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            // A group of its own: Ctrl-C in a terminal reaches a whole group.
            .process_group(0)
            .spawn()
            .context("cannot start `sh`")?;
        let pipe = shell.stdin.take();
        Ok(Self { shell, pipe })
    }

    /// Spawns a worker in a process group of its own. The group is ended with us.
    ///
    /// There is one worker at a time; the next takes the place of the last.
    pub(crate) fn spawn_worker(&mut self, command: &mut Command) -> anyhow::Result<Child> {
        self.spawn(command.stdin(Stdio::null()), "worker")
    }

    /// Spawns the database server in a process group of its own. It is ended last.
    pub(crate) fn spawn_server(&mut self, command: &mut Command) -> anyhow::Result<Child> {
        self.spawn(command.stdin(Stdio::null()), "server")
    }

    fn spawn(&mut self, command: &mut Command, role: &str) -> anyhow::Result<Child> {
        let child = command
            .process_group(0)
            .spawn()
            .with_context(|| format!("cannot run `{}`", shown(command)))?;
        if let Some(pipe) = &mut self.pipe {
            writeln!(pipe, "{role} {}", child.id()).context("the supervisor has gone")?;
        }
        Ok(child)
    }

    /// Closes the pipe, which makes the shell end everything.
    pub(crate) fn close(&mut self) {
        self.pipe = None;
    }
}

impl Drop for Supervisor {
    fn drop(&mut self) {
        self.close();
        if let Err(error) = self.shell.wait() {
            eprintln!("cargo xtask: cannot wait for the supervisor: {error}");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt;

    use super::*;

    fn sleeper() -> Command {
        let mut command = Command::new("sleep");
        command.arg("600");
        command
    }

    #[test]
    fn closing_the_pipe_ends_the_processes_and_removes_the_folder() {
        let folder = tempfile::tempdir().unwrap().keep();
        std::fs::write(folder.join("file"), "left behind").unwrap();
        let mut supervisor = Supervisor::start(&folder).unwrap();
        let mut worker = supervisor.spawn_worker(&mut sleeper()).unwrap();
        let mut server = supervisor.spawn_server(&mut sleeper()).unwrap();
        supervisor.close();
        let signals = (
            worker.wait().unwrap().signal(),
            server.wait().unwrap().signal(),
        );
        drop(supervisor);
        assert_eq!(
            signals,
            (Some(15), Some(3)),
            "SIGTERM for the worker, SIGQUIT for the server"
        );
        assert!(!folder.exists());
    }

    #[test]
    fn a_worker_that_left_children_behind_takes_them_along() {
        let folder = tempfile::tempdir().unwrap().keep();
        let mut supervisor = Supervisor::start(&folder).unwrap();
        let mut parent = Command::new("sh");
        parent
            .args(["-c", "sleep 600 >/dev/null & echo $!"])
            .stdout(Stdio::piped());
        let parent = supervisor.spawn_worker(&mut parent).unwrap();
        let output = parent.wait_with_output().unwrap();
        let orphan = String::from_utf8(output.stdout).unwrap();
        drop(supervisor);
        let alive = Command::new("kill")
            .args(["-0", orphan.trim()])
            .output()
            .unwrap();
        assert!(
            !alive.status.success(),
            "process {} is still there",
            orphan.trim()
        );
    }
}
