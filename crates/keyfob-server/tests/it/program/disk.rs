//! A small file system over the data directory, which only the program under test sees: it can be
//! filled to its last page and made read-only, and it binds root as everybody else.
//!
//! It is a tmpfs in a mount namespace of a shell that waits for commands. The program enters that
//! namespace; both are gone with the shell.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

const SHELL: &str =
    "mkdir keyfob-data && mount -t tmpfs -o mode=700,size=$1k tmpfs keyfob-data || exit 1
    echo mounted
    while read -r command; do eval \"$command\"; echo \"status $?\"; done";
/// Goes where the test's folder is, then becomes the program.
const ENTER: &str = "cd \"$1\" && shift && exec \"$@\"";

#[derive(Debug)]
pub(super) struct Disk {
    folder: PathBuf,
    shell: Child,
    commands: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Disk {
    /// A file system of that size as `keyfob-data` in a folder.
    pub(super) fn over(folder: &Path, kibibytes: u32) -> Self {
        let mut command = Command::new("unshare");
        // Root may mount by right, others in a user namespace of their own.
        if !is_root() {
            command.args(["--user", "--map-root-user"]);
        }
        command.args(["--mount", "sh", "-c", SHELL, "sh"]);
        command.arg(kibibytes.to_string()).current_dir(folder);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut shell = command.spawn().unwrap();
        let commands = shell.stdin.take();
        let answers = BufReader::new(shell.stdout.take().unwrap());
        let mut disk = Self {
            folder: folder.to_owned(),
            shell,
            commands,
            answers,
        };
        assert_eq!(
            disk.answer(),
            "mounted",
            "this test mounts a file system of its own, for which it must be root with the right to mount, \
             or allowed to make user namespaces (as root: sysctl -w kernel.unprivileged_userns_clone=1)"
        );
        disk
    }

    /// How a program is started that sees this file system.
    pub(super) fn command(&self, program: &str) -> Command {
        let mut command = Command::new("nsenter");
        command.args(["--target", &self.shell.id().to_string(), "--mount"]);
        if !is_root() {
            command.args(["--user", "--preserve-credentials"]);
        }
        command.args(["--", "sh", "-c", ENTER, "sh"]);
        command.arg(&self.folder).arg(program);
        command
    }

    /// Runs a command of the shell there, and gives what it prints.
    pub(super) fn run(&mut self, command: &str) -> String {
        let commands = self.commands.as_mut().unwrap();
        writeln!(commands, "{command}").unwrap();
        let mut printed = String::new();
        loop {
            let line = self.answer();
            match line.strip_prefix("status ") {
                Some("0") => return printed,
                Some(status) => panic!("{command} ended with {status}: {printed}"),
                None => printed.extend([line.as_str(), "\n"]),
            }
        }
    }

    /// Takes every page that is free at this moment.
    pub(super) fn fill(&mut self) {
        self.run(
            "head -c 1G /dev/zero >>keyfob-data/ballast 2>/dev/null; [ -s keyfob-data/ballast ]",
        );
    }

    /// Gives back what [`fill`](Self::fill) took.
    pub(super) fn make_room(&mut self) {
        self.run("rm keyfob-data/ballast");
    }

    /// What lies there: of each file its checksum, its length and its name.
    pub(super) fn contents(&mut self) -> String {
        self.run("cksum keyfob-data/*")
    }

    fn answer(&mut self) -> String {
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Without commands the shell is over.
        drop(self.commands.take());
        drop(self.shell.wait());
    }
}

fn is_root() -> bool {
    rustix::process::getuid().is_root()
}
