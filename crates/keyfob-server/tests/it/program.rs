//! The program as an operator runs it: its command line, what it prints, its exit status, and the server
//! behind a real socket. Nothing is in process here but the client.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

use keyfob_server::seal::RootKey;
use keyfob_testkit::backend::Backend;
use keyfob_testkit::entropy::SeededEntropy;
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use self::wire::Wire;

mod catalogue;
mod configuration;
mod demo;
mod frames;
mod hostile;
mod imported;
mod one_writer;
mod organizations;
mod people;
mod standings;
mod tls;
mod wire;

/// What every database must do.
#[path = "program"]
mod on_sqlite {
    use super::Host;

    mod hygiene;
    mod keys;
    mod last_use;
    mod opening;
    mod operating;
    mod root_key_made;
    mod serving;

    fn host() -> Host {
        Host::embedded()
    }
}

/// The same over PostgreSQL, where the root key is given and several servers may run.
#[path = "program"]
mod on_postgres {
    use super::Host;

    mod hygiene;
    mod keys;
    mod last_use;
    mod opening;
    mod operating;
    mod root_key_given;
    mod serving;

    fn host() -> Host {
        Host::on_postgres()
    }
}

/// How long a program may say nothing, under the load of all tests at once, before it counts as hanging.
const PATIENCE: Duration = Duration::from_mins(2);
/// Everybody's password.
const PASSWORD: &str = "correct horse";

/// A machine for one test: an empty folder in which the program runs, and perhaps an empty database.
///
/// The data directory is the default one, so that what the program says of it has no path of this machine.
struct Host {
    folder: TempDir,
    /// Where the root key is, as the program shows it.
    root_key: &'static str,
    variables: Vec<(&'static str, String)>,
    /// With the runtime that its connections live on, which is dropped after it.
    database: Option<(Backend, Runtime)>,
}

impl Host {
    fn embedded() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            root_key: "./keyfob-data/root.key",
            variables: Vec::new(),
            database: None,
        }
    }

    /// With an empty database, and a root key as an operator lays it there.
    fn on_postgres() -> Self {
        let runtime = Runtime::new().unwrap();
        let database = runtime.block_on(async { Backend::postgres().await.empty().await });
        let mut host = Self::embedded();
        host.root_key = "root.key";
        // By the environment, because the test server's address may hold a password.
        host.variables = vec![
            ("KEYFOB__DATABASE__URL", database.url().unwrap()),
            ("KEYFOB__ROOT_KEY_FILE", host.root_key.to_owned()),
        ];
        RootKey::load_or_make(&host.path(host.root_key), &SeededEntropy::new(1)).unwrap();
        host.database = Some((database, runtime));
        host
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    /// The names in a folder, sorted.
    fn names(&self, folder: &str) -> Vec<String> {
        let entries = fs::read_dir(self.path(folder)).unwrap();
        let mut names: Vec<String> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    /// One more variable for every program that is started from now on.
    fn set(&mut self, name: &'static str, value: &str) {
        self.variables.push((name, value.to_owned()));
    }

    fn without(&mut self, name: &str) {
        self.variables.retain(|(known, _value)| *known != name);
    }

    fn start(&self, args: &[&str]) -> Running {
        let log = tempfile::tempdir().unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_keyfobd"));
        // Nothing of this process's surroundings: a configuration of the developer must not count.
        command.env_clear().envs(self.variables.iter().cloned());
        command.args(args).current_dir(self.folder.path());
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        command.stderr(File::create(log.path().join(LOG)).unwrap());
        let mut child = command.spawn().unwrap();
        let (sender, lines) = channel();
        let stdout = child.stdout.take().unwrap();
        std::thread::spawn(move || tell_lines(stdout, &sender));
        Running {
            stdin: child.stdin.take(),
            child,
            lines,
            log,
        }
    }

    /// Runs a command to its end, with a text on its standard input.
    fn run_with(&self, args: &[&str], input: &str) -> Done {
        let mut running = self.start(args);
        let mut stdin = running.stdin.take().unwrap();
        // A command that reads nothing may be over by now.
        drop(stdin.write_all(input.as_bytes()));
        drop(stdin);
        running.end()
    }

    fn run(&self, args: &[&str]) -> Done {
        self.run_with(args, "")
    }

    /// What a command prints that succeeds without a word beside it.
    fn printed(&self, args: &[&str]) -> String {
        self.run(args).printed()
    }

    /// The sentence of a command that is refused.
    fn refusal(&self, args: &[&str]) -> String {
        self.run(args).refusal()
    }

    /// A server on ports of its own.
    fn serve(&self, args: &[&str]) -> Server {
        let ports = ["--listen", ANY_PORT, "--metrics-listen", ANY_PORT];
        let running = self.start(&[&["serve"], &ports[..], args].concat());
        let first = running.line();
        let address = first
            .strip_prefix("keyfobd is listening on http://")
            .unwrap_or_else(|| panic!("{first:?} with {}", running.log()));
        let address: SocketAddr = address.trim_end().parse().unwrap();
        Server {
            wire: Wire::new(address),
            running,
        }
    }

    /// Somebody new at `@acme.example`, with the password of all.
    fn person(&self, name: &str) -> String {
        let email = format!("{name}@acme.example");
        let args = [
            "user",
            "add",
            &email,
            "--full-name",
            name,
            "--password-stdin",
        ];
        self.run_with(&args, PASSWORD).printed_id()
    }

    /// The organization Acme, which Ana owns.
    fn acme(&self) -> String {
        self.person("ana");
        self.run(&["org", "add", "Acme", "--owner", "ana@acme.example"])
            .printed_id()
    }
}

const ANY_PORT: &str = "127.0.0.1:0";
const LOG: &str = "stderr";

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

/// A program under way; killed when the test ends first.
struct Running {
    child: Child,
    stdin: Option<ChildStdin>,
    lines: Receiver<String>,
    log: TempDir,
}

impl Running {
    /// The next line of standard output, with its end.
    fn line(&self) -> String {
        match self.lines.recv_timeout(PATIENCE) {
            Ok(line) => line,
            Err(RecvTimeoutError::Disconnected) => panic!("it is over: {}", self.log()),
            Err(RecvTimeoutError::Timeout) => panic!("it says nothing: {}", self.log()),
        }
    }

    /// Standard error so far.
    fn log(&self) -> String {
        fs::read_to_string(self.log.path().join(LOG)).unwrap()
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Waits for the end. What was not yet read of standard output is in the result.
    fn end(mut self) -> Done {
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
struct Done {
    code: Option<i32>,
    out: String,
    err: String,
}

impl Done {
    fn printed(self) -> String {
        assert_eq!(
            (self.code, self.err.as_str()),
            (Some(0), ""),
            "{}",
            self.out
        );
        self.out
    }

    /// The id that is all a command prints.
    fn printed_id(self) -> String {
        let printed = self.printed();
        let id = printed.strip_suffix('\n').unwrap();
        let id: uuid::Uuid = id.parse().unwrap();
        assert_eq!(printed, format!("{id}\n"), "an id in its usual form");
        id.to_string()
    }

    /// One sentence behind the program's name, nothing on standard output, and status 1.
    fn refusal(self) -> String {
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

/// A server that listens.
struct Server {
    /// A client of it.
    wire: Wire,
    running: Running,
}

impl Server {
    /// A client of the metrics port, of which the log tells.
    fn metrics(&self) -> Wire {
        let log = self.running.log();
        let (_before, address) = log.split_once("metrics.address=").unwrap();
        let address = address.split_whitespace().next().unwrap();
        Wire::new(address.parse().unwrap())
    }

    /// Asks it to stop, and waits.
    fn stop(self) -> Done {
        self.running.signal(Signal::TERM);
        self.running.end()
    }
}

/// Permission bits of a file or folder.
fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt as _;
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

/// Takes a file from everybody but its owner.
fn only_owner(path: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
}
