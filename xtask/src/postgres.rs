//! A PostgreSQL cluster of our own for one run: made in a temporary folder, and
//! gone with it.
//!
//! It listens on loopback only, on a port the system chose, and trusts whoever
//! connects there, so it must never hold anything but test data. What is
//! given up for speed (`fsync`, full pages) is durability, which no test of ours
//! asks of PostgreSQL. That nothing stays behind is the supervisor's work.

mod account;
mod locate;

use std::fs::{self, File};
use std::net::TcpListener;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};

use self::account::Account;
use self::locate::Programs;
use crate::install::{Wanted, install};
use crate::process::shown;
use crate::supervisor::Supervisor;

/// Where the tests look for the cluster. Its absence makes them fail.
pub(crate) const URL_VARIABLE: &str = "KEYFOB_TEST_POSTGRES";

const POSTGRESQL: Wanted = Wanted {
    name: "PostgreSQL",
    packages: [
        "postgresql",
        "postgresql-server",
        "postgresql",
        "postgresql",
        "postgresql@17",
    ],
    by_hand: "install its server so that `initdb` is in PATH",
};

/// How often another port is tried when somebody else took the one just chosen.
const ATTEMPTS: u32 = 5;

/// How long a server may take to become ready.
const PATIENCE: Duration = Duration::from_mins(1);

const SETTINGS: [&str; 7] = [
    "listen_addresses=127.0.0.1",
    "max_connections=300",
    "shared_buffers=64MB",
    "fsync=off",
    "full_page_writes=off",
    "timezone=UTC",
    "log_min_messages=warning",
];

/// A running cluster. Dropping it stops the server and removes its folder.
#[derive(Debug)]
pub(crate) struct Cluster {
    supervisor: Supervisor,
    server: Child,
    port: u16,
}

impl Cluster {
    /// Finds PostgreSQL, or installs it, and starts a new cluster.
    pub(crate) fn start() -> anyhow::Result<Self> {
        let programs = find_or_install()?;
        let account = Account::for_server()?;
        let folder = tempfile::Builder::new()
            .prefix("keyfob-postgres-")
            .tempdir()?
            .keep();
        // From here on the folder is the supervisor's to remove.
        let mut supervisor = Supervisor::start(&folder)?;
        if let Some(account) = account {
            chown(&folder, Some(account.user), Some(account.group))
                .context("cannot hand the folder to the server's account")?;
        }
        let plan = Plan {
            programs,
            account,
            folder,
        };
        plan.initialise(&mut supervisor)?;
        let (server, port) = plan.serve(&mut supervisor)?;
        Ok(Self {
            supervisor,
            server,
            port,
        })
    }

    /// The URL of the cluster's maintenance database.
    pub(crate) fn url(&self) -> String {
        format!("postgres://keyfob@127.0.0.1:{}/postgres", self.port)
    }

    /// Shows and spawns a command that ends with us, even if we are killed.
    pub(crate) fn spawn(&mut self, command: &mut Command) -> anyhow::Result<Child> {
        println!("$ {}", shown(command));
        self.supervisor.spawn_worker(command)
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.supervisor.close();
        // The server is our child: only when we have taken its exit status does
        // the supervisor see that it is gone.
        if let Err(error) = self.server.wait() {
            eprintln!("cargo xtask: cannot wait for PostgreSQL: {error}");
        }
    }
}

fn find_or_install() -> anyhow::Result<Programs> {
    if let Some(programs) = Programs::find() {
        return Ok(programs);
    }
    install(&POSTGRESQL)?;
    Programs::find().context("PostgreSQL was installed, but `initdb` and `postgres` are nowhere")
}

/// What is needed to make a cluster.
struct Plan {
    programs: Programs,
    account: Option<Account>,
    folder: PathBuf,
}

impl Plan {
    fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// A command run in the folder, as the server's account, writing to `log`.
    fn command(&self, program: &Path, log: &str) -> anyhow::Result<Command> {
        let log = File::create(self.folder.join(log))?;
        let mut command = Command::new(program);
        command
            .current_dir(&self.folder)
            .stdout(log.try_clone()?)
            .stderr(log);
        if let Some(account) = self.account {
            // Drops the supplementary groups of root, too.
            command.uid(account.user).gid(account.group);
        }
        Ok(command)
    }

    fn log(&self, name: &str) -> String {
        fs::read_to_string(self.folder.join(name)).unwrap_or_default()
    }

    fn initialise(&self, supervisor: &mut Supervisor) -> anyhow::Result<()> {
        let mut initdb = self.command(&self.programs.initdb, "initdb.log")?;
        initdb.args([
            "--username=keyfob",
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C",
        ]);
        initdb.arg("--no-sync").arg("--pgdata").arg(self.data());
        let status = supervisor.spawn_worker(&mut initdb)?.wait()?;
        ensure!(
            status.success(),
            "initdb failed: {status}\n{}",
            self.log("initdb.log")
        );
        Ok(())
    }

    /// Starts the server on a free port. Between choosing a port and using it
    /// somebody else may take it; then the next is tried.
    fn serve(&self, supervisor: &mut Supervisor) -> anyhow::Result<(Child, u16)> {
        for _ in 0..ATTEMPTS {
            let port = free_port()?;
            let mut command = self.command(&self.programs.postgres, "server.log")?;
            command
                .arg("-D")
                .arg(self.data())
                .args(["-p", &port.to_string(), "-k"]);
            command
                .arg(&self.folder)
                .args(SETTINGS.iter().flat_map(|set| ["-c", set]));
            let mut server = supervisor.spawn_server(&mut command)?;
            if self.wait_until_ready(&mut server)? {
                return Ok((server, port));
            }
        }
        bail!("PostgreSQL did not start:\n{}", self.log("server.log"))
    }

    /// True when the server is ready, false when it ended instead.
    fn wait_until_ready(&self, server: &mut Child) -> anyhow::Result<bool> {
        let started = Instant::now();
        while started.elapsed() < PATIENCE {
            // The server notes its state in the last line of this file.
            let state = fs::read_to_string(self.data().join("postmaster.pid")).unwrap_or_default();
            if state.lines().any(|line| line.trim() == "ready") {
                return Ok(true);
            }
            if server.try_wait()?.is_some() {
                return Ok(false);
            }
            pause();
        }
        bail!(
            "PostgreSQL was not ready in {PATIENCE:?}:\n{}",
            self.log("server.log")
        )
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the server tells of its readiness in a file; there is no event to wait for"
)]
fn pause() {
    std::thread::sleep(Duration::from_millis(50));
}

fn free_port() -> anyhow::Result<u16> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).context("no free port on 127.0.0.1")?;
    Ok(listener.local_addr()?.port())
}
