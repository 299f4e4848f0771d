//! `cargo xtask test` leaves nothing behind, however it ends.
//!
//! The real program runs with a stand-in for cargo that tells of itself and then
//! never ends, and is killed. Everything it started holds its standard error
//! open, so the end of that stream is the moment to look around.

#![expect(
    clippy::expect_used,
    clippy::tests_outside_test_module,
    reason = "a test binary: it may panic, and has no test module"
)]

use std::ffi::OsString;
use std::fs::{self, Permissions};
use std::io::{BufRead, BufReader, Read};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

const CARGO: &str = "#!/bin/sh
sleep 600 >/dev/null &
echo \"$! $KEYFOB_TEST_POSTGRES\"
wait
";

/// `cargo xtask test` at the moment when it waits for the tests to end.
struct Started {
    xtask: Child,
    temporary: TempDir,
    /// A process that a test started.
    grandchild: String,
    /// Host and port of the database server.
    server: String,
}

impl Started {
    fn new() -> Self {
        let temporary = tempfile::tempdir().expect("a temporary folder");
        // The database server may run as another user, who has to come through.
        fs::set_permissions(temporary.path(), Permissions::from_mode(0o755)).expect("our folder");
        let programs = tempfile::tempdir().expect("a temporary folder");
        let cargo = programs.path().join("cargo");
        fs::write(&cargo, CARGO).expect("our folder");
        fs::set_permissions(&cargo, Permissions::from_mode(0o755)).expect("our file");
        let mut xtask = Command::new(env!("CARGO_BIN_EXE_xtask"))
            .arg("test")
            .env("PATH", path_beginning_with(programs.path()))
            .env("TMPDIR", temporary.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("our program");
        let output = BufReader::new(xtask.stdout.take().expect("it is piped"));
        let mut lines = output.lines().map(|line| line.expect("text"));
        let told = lines.find(|line| line.contains(" postgres://"));
        let told = told.expect("the stand-in for cargo was started");
        let (grandchild, url) = told.split_once(' ').expect("two words");
        let server = url.split(['@', '/']).nth(3).expect("a host").to_owned();
        Self {
            xtask,
            temporary,
            grandchild: grandchild.to_owned(),
            server,
        }
    }

    /// Ends the program by a signal, and checks that nothing else is left.
    fn ends_without_trace_on(mut self, signal: &str) {
        TcpStream::connect(&self.server).expect("the server runs");
        assert!(is_alive(&self.grandchild));
        let pid = self.xtask.id().to_string();
        let sent = Command::new("kill")
            .args(["-s", signal, &pid])
            .status()
            .expect("`kill`");
        assert!(sent.success());
        let mut rest = String::new();
        let mut errors = self.xtask.stderr.take().expect("it is piped");
        errors.read_to_string(&mut rest).expect("text");
        assert!(!self.xtask.wait().expect("our child").success());
        assert!(
            !is_alive(&self.grandchild),
            "a process of a test is left; {rest}"
        );
        TcpStream::connect(&self.server).expect_err("the server is left");
        let left: Vec<_> = fs::read_dir(self.temporary.path())
            .expect("our folder")
            .collect();
        assert!(left.is_empty(), "{left:?}");
    }
}

fn path_beginning_with(first: &Path) -> OsString {
    #[expect(
        clippy::disallowed_methods,
        reason = "what the test hands on, with one folder more"
    )]
    let path = std::env::var_os("PATH").expect("a PATH");
    let folders = std::iter::once(first.to_owned()).chain(std::env::split_paths(&path));
    std::env::join_paths(folders).expect("no colon in it")
}

fn is_alive(pid: &str) -> bool {
    let answer = Command::new("kill")
        .args(["-s", "0", pid])
        .output()
        .expect("`kill`");
    answer.status.success()
}

#[test]
fn a_kill_that_cannot_be_caught_leaves_no_process_and_no_folder() {
    Started::new().ends_without_trace_on("KILL");
}

#[test]
fn a_termination_leaves_no_process_and_no_folder() {
    Started::new().ends_without_trace_on("TERM");
}

#[test]
fn an_interrupt_leaves_no_process_and_no_folder() {
    Started::new().ends_without_trace_on("INT");
}
