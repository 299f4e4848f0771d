//! `cargo xtask schemathesis`: schemathesis asks a running server about everything that its `OpenAPI` document
//! says.
//!
//! What it is told is in `schemathesis/`. The files are copied to a temporary folder, since pip installs
//! schemathesis beside them; nothing is left in the repository. It needs the network for that, so it is no
//! part of CI.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};

use crate::Verdict;
use crate::interop::copy_files;
use crate::process::{answer, cargo, root, run, shown};
use crate::supervisor::Supervisor;

/// What installs all of it on Debian; elsewhere the packages have like names.
const REMEDY: &str = "sudo apt-get install --yes python3-venv";

/// Who calls where both may: each has a run of its own, on a server of its own.
const CALLERS: [&str; 2] = ["session", "token"];

/// As many tokens as a policy can allow: the runs generate many.
const LIMIT: (&str, &str) = ("KEYFOB__POLICY__PAT_LIMIT", "100");

/// How long the server may take to say where it is.
const PATIENCE: Duration = Duration::from_mins(1);

/// How a run is bounded, and what decides its cases.
#[derive(Debug)]
pub(crate) struct Plan {
    /// How many seconds each run takes.
    pub(crate) seconds: u32,
    /// Without it another one each time.
    pub(crate) seed: Option<u64>,
}

/// Runs schemathesis once for each kind of caller.
pub(crate) fn schemathesis(plan: &Plan) -> anyhow::Result<Verdict> {
    let is_there = answer(Command::new("python3").args(["-c", "import ensurepip, venv"])).is_some();
    ensure!(
        is_there,
        "`python3` is missing or incomplete; type `{REMEDY}`"
    );
    let package = ["build", "--package", "keyfob-server"];
    run(cargo(package).args(["--bin", "keyfobd"]))?;
    let mut verdict = Verdict::Passed;
    let venv = install()?;
    for caller in CALLERS {
        let mut range = Range::open()?;
        let mut command = range.command(venv.path());
        command.env("KEYFOB_CALLER", caller);
        command.args(["--max-time", &plan.seconds.to_string()]);
        if let Some(seed) = plan.seed {
            command.args(["--seed", &seed.to_string()]);
        }
        println!("$ KEYFOB_CALLER={caller} {}", shown(&command));
        let status = range.supervisor.spawn_worker(&mut command)?.wait()?;
        if !status.success() {
            verdict = Verdict::Failed;
        }
    }
    Ok(verdict)
}

/// Puts schemathesis into a temporary folder, in the version that is written down.
fn install() -> anyhow::Result<tempfile::TempDir> {
    let venv = tempfile::Builder::new()
        .prefix("keyfob-schemathesis-venv-")
        .tempdir()?;
    run(Command::new("python3")
        .args(["-m", "venv"])
        .arg(venv.path()))?;
    let pip = "-m pip install --quiet --disable-pip-version-check --requirement";
    let mut pip_install = Command::new(venv.path().join("bin/python"));
    pip_install.args(pip.split(' '));
    pip_install.arg(root().join("schemathesis/requirements.txt"));
    run(&mut pip_install).context("is there a network?")?;
    Ok(venv)
}

/// A server of the demo, and a folder with the files that schemathesis reads. Both are gone when this is
/// dropped.
struct Range {
    supervisor: Supervisor,
    folder: PathBuf,
    url: String,
}

impl Range {
    fn open() -> anyhow::Result<Self> {
        let folder = tempfile::Builder::new()
            .prefix("keyfob-schemathesis-")
            .tempdir()?
            .keep();
        // From here on the folder is the supervisor's to remove, and what runs is its to end.
        let mut supervisor = Supervisor::start(&folder)?;
        copy_files(&root().join("schemathesis"), &folder)?;
        let own = std::env::current_exe().context("cannot tell where this program is")?;
        let said = folder.join("demo.json");
        let mut server = Command::new(own.with_file_name("keyfobd"));
        server
            .args(["serve", "--demo", "--json", "--listen", "127.0.0.1:0"])
            .env(LIMIT.0, LIMIT.1)
            .env("TMPDIR", &folder)
            .stdout(File::create(&said)?)
            .stderr(File::create(folder.join("server.log"))?);
        let mut server = supervisor.spawn_server(&mut server)?;
        let url = wait_for(&mut server, &said)?;
        Ok(Self {
            supervisor,
            folder,
            url,
        })
    }

    fn command(&self, venv: &Path) -> Command {
        let mut command = Command::new(venv.join("bin/st"));
        command
            .current_dir(&self.folder)
            .env("KEYFOB_DEMO", self.folder.join("demo.json"))
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .arg("run")
            .arg(format!("{}/openapi.json", self.url));
        command
    }
}

/// Where the server is, once it says so.
fn wait_for(server: &mut Child, said: &Path) -> anyhow::Result<String> {
    let began = Instant::now();
    while began.elapsed() < PATIENCE {
        let text = fs::read_to_string(said)?;
        if text.ends_with('\n') {
            let url = url_in(&text).context("the server did not say where it is")?;
            return Ok(url.to_owned());
        }
        if let Some(status) = server.try_wait()? {
            let log = fs::read_to_string(said.with_file_name("server.log"))?;
            bail!("the server ended, {status}: {log}");
        }
        pause();
    }
    bail!("the server did not start within a minute")
}

#[expect(
    clippy::disallowed_methods,
    reason = "the server says where it is in a file, of which nobody tells"
)]
fn pause() {
    std::thread::sleep(Duration::from_millis(50));
}

fn url_in(said: &str) -> Option<&str> {
    let (_before, after) = said.split_once(r#""url":""#)?;
    let (url, _after) = after.split_once('"')?;
    Some(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_what_the_demo_says() {
        let said = r#"{"url":"http://127.0.0.1:1","users":[]}"#;
        assert_eq!(url_in(said), Some("http://127.0.0.1:1"));
        assert_eq!(url_in("{}"), None);
    }

    #[test]
    fn the_version_is_exact() {
        let requirements =
            fs::read_to_string(root().join("schemathesis/requirements.txt")).unwrap();
        assert!(requirements.lines().all(|line| line.contains("==")));
    }

    #[test]
    fn every_exception_of_a_check_has_a_reason_before_it() {
        let settings = fs::read_to_string(root().join("schemathesis/schemathesis.toml")).unwrap();
        let exceptions = settings.split("[[operations]]");
        let with_reason = exceptions
            .clone()
            .skip(1)
            .filter(|text| text.trim_start().starts_with("# "));
        assert!(with_reason.count() > 0);
        let without = exceptions
            .skip(1)
            .find(|text| !text.trim_start().starts_with("# "));
        assert_eq!(without, None);
        assert!(!settings.contains("enabled = false"));
    }
}
