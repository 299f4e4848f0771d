//! The program as an operator runs it: its command line, what it prints, its exit status, and the server
//! behind a real socket. Nothing is in process here but the client.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::future::Future;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use keyfob_server::seal::RootKey;
use keyfob_store::{Store, StoreOptions};
use keyfob_testkit::backend::Backend;
use keyfob_testkit::entropy::SeededEntropy;
use keyfob_testkit::schema::dump;
use rustix::process::Signal;
use tempfile::TempDir;
use tokio::runtime::Runtime;

use self::disk::Disk;
use self::running::{Done, Running};
use self::wire::Wire;

mod catalogue;
mod configuration;
mod crowd;
mod demo;
mod disk;
mod doctor_on_disk;
mod frames;
mod full_disk;
mod hostile;
mod imported;
mod kept;
mod one_writer;
mod organizations;
mod people;
mod running;
mod standings;
mod start_on_disk;
mod tls;
mod wire;

/// What every database must do.
#[path = "program"]
mod on_sqlite {
    use super::Host;

    mod audit;
    mod checkpoint;
    mod doctor;
    mod erase;
    mod hygiene;
    mod keys;
    mod killed;
    mod last_use;
    mod opening;
    mod operating;
    mod root_key_made;
    mod rotated;
    mod serving;
    mod set_up;
    mod start;
    mod unrecorded;

    fn host() -> Host {
        Host::embedded()
    }
}

/// The same over PostgreSQL, where the root key is given and several servers may run.
#[path = "program"]
mod on_postgres {
    use super::Host;

    mod audit;
    mod checkpoint;
    mod doctor;
    mod erase;
    mod hygiene;
    mod keys;
    mod killed;
    mod last_use;
    mod opening;
    mod operating;
    mod root_key_given;
    mod rotated;
    mod serving;
    mod set_up;
    mod start;
    mod start_on_postgres;
    mod unrecorded;

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
    /// The file system of the data directory, if it has one of its own.
    disk: Option<Disk>,
}

impl Host {
    fn embedded() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            root_key: "./keyfob-data/root.key",
            variables: Vec::new(),
            database: None,
            disk: None,
        }
    }

    /// With a data directory that has a file system of its own, of that size.
    fn with_disk(kibibytes: u32) -> Self {
        let mut host = Self::embedded();
        host.disk = Some(Disk::over(host.folder.path(), kibibytes));
        host
    }

    fn disk(&mut self) -> &mut Disk {
        self.disk.as_mut().unwrap()
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

    /// Does something with the database while nobody serves it.
    fn with_store<T, F: Future<Output = T>>(&self, work: impl FnOnce(Store) -> F) -> T {
        if let Some((backend, runtime)) = &self.database {
            return runtime.block_on(work(backend.store().clone()));
        }
        let options = StoreOptions::sqlite(self.path("keyfob-data/keyfob.db"));
        Runtime::new().unwrap().block_on(async {
            let store = Store::open(options).await.unwrap();
            let done = work(store.clone()).await;
            store.close().await;
            done
        })
    }

    /// Every row of the database.
    fn dump(&self) -> BTreeMap<String, BTreeSet<String>> {
        self.with_store(async |store| dump(&store).await)
    }

    /// One more variable for every program that is started from now on.
    fn set(&mut self, name: &'static str, value: &str) {
        self.variables.push((name, value.to_owned()));
    }

    fn without(&mut self, name: &str) {
        self.variables.retain(|(known, _value)| *known != name);
    }

    fn start(&self, args: &[&str]) -> Running {
        let mut command = match &self.disk {
            None => Command::new(KEYFOBD),
            Some(disk) => disk.command(KEYFOBD),
        };
        // Nothing of this process's surroundings: a configuration of the developer must not count.
        command.env_clear().envs(self.variables.iter().cloned());
        command.args(args).current_dir(self.folder.path());
        Running::start(&mut command)
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

const KEYFOBD: &str = env!("CARGO_BIN_EXE_keyfobd");
const ANY_PORT: &str = "127.0.0.1:0";

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
