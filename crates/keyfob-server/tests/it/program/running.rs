//! A program under way, and how it ended.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use super::PATIENCE;

const LOG: &str = "stderr";

/// A program under way; killed when the test ends first.
pub(super) struct Running {
    pub(super) child: Child,
    pub(super) stdin: Option<ChildStdin>,
    lines: Receiver<String>,
    log: TempDir,
}

impl Running {
    pub(super) fn start(command: &mut Command) -> Self {
        let log = tempfile::tempdir().unwrap();
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        command.stderr(File::create(log.path().join(LOG)).unwrap());
        let mut child = command.spawn().unwrap();
        let (sender, lines) = channel();
        let stdout = child.stdout.take().unwrap();
        std::thread::spawn(move || tell_lines(stdout, &sender));
        Self {
            stdin: child.stdin.take(),
            child,
            lines,
            log,
        }
    }

    /// The next line of standard output, with its end.
    pub(super) fn line(&self) -> String {
        match self.lines.recv_timeout(PATIENCE) {
            Ok(line) => line,
            Err(RecvTimeoutError::Disconnected) => panic!("it is over: {}", self.log()),
            Err(RecvTimeoutError::Timeout) => panic!("it says nothing: {}", self.log()),
        }
    }

    /// Standard error so far.
    pub(super) fn log(&self) -> String {
        fs::read_to_string(self.log.path().join(LOG)).unwrap()
    }

    pub(super) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Waits for the end. What was not yet read of standard output is in the result.
    pub(super) fn end(mut self) -> Done {
        let mut out = String::new();
        loop {
            match self.lines.recv_timeout(PATIENCE) {
                Ok(line) => out.push_str(&line),
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => panic!("it does not end: {}", self.log()),
            }
        }
        Done {
            code: self.child.wait().unwrap().code(),
            out,
            err: self.log(),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It fails for a program that is over, which is as good.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// How a program ended.
#[derive(Debug)]
pub(super) struct Done {
    pub(super) code: Option<i32>,
    pub(super) out: String,
    pub(super) err: String,
}

impl Done {
    pub(super) fn printed(self) -> String {
        assert_eq!(
            (self.code, self.err.as_str()),
            (Some(0), ""),
            "{}",
            self.out
        );
        self.out
    }

    /// The id that is all a command prints.
    pub(super) fn printed_id(self) -> String {
        let printed = self.printed();
        let id = printed.strip_suffix('\n').unwrap();
        let id: uuid::Uuid = id.parse().unwrap();
        assert_eq!(printed, format!("{id}\n"), "an id in its usual form");
        id.to_string()
    }

    /// One sentence behind the program's name, nothing on standard output, and status 1.
    pub(super) fn refusal(self) -> String {
        assert_eq!(
            (self.code, self.out.as_str()),
            (Some(1), ""),
            "{}",
            self.err
        );
        let line = self.err.strip_suffix('\n').unwrap();
        let sentence = line.strip_prefix("keyfobd: ").unwrap();
        assert!(!sentence.contains('\n'), "one sentence: {sentence}");
        sentence.to_owned()
    }
}

fn tell_lines(stdout: ChildStdout, to: &Sender<String>) {
    let mut stdout = BufReader::new(stdout);
    loop {
        let mut line = String::new();
        let is_over = stdout.read_line(&mut line).unwrap() == 0;
        if is_over || to.send(line).is_err() {
            return;
        }
    }
}
