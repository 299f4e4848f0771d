//! `cargo xtask screenshots`: the pictures of the documents, taken anew from the demo by the example
//! `screenshots` of the server.

use std::process::Command;

use anyhow::{Context, ensure};

use crate::Verdict;
use crate::browser::Browser;
use crate::process::{cargo, root, run, shown};
use crate::supervisor::Supervisor;

pub(crate) fn screenshots() -> anyhow::Result<Verdict> {
    let browser = Browser::find_or_install()?;
    let package = ["build", "--package", "keyfob-server"];
    run(cargo(package).args(["--bin", "keyfobd", "--example", "screenshots"]))?;
    let own = std::env::current_exe().context("cannot tell where this program is")?;
    let folder = tempfile::Builder::new()
        .prefix("keyfob-screenshots-")
        .tempdir()?
        .keep();
    // From here on the folder is the supervisor's to remove, and what runs is its to end.
    let mut supervisor = Supervisor::start(&folder)?;
    let mut command = Command::new(own.with_file_name("examples").join("screenshots"));
    command
        .arg(own.with_file_name("keyfobd"))
        .arg(root().join("docs/images"))
        .env("TMPDIR", &folder);
    browser.tell(&mut command);
    println!("$ {}", shown(&command));
    let status = supervisor.spawn_worker(&mut command)?.wait()?;
    ensure!(status.success(), "the pictures were not taken: {status}");
    Ok(Verdict::Passed)
}
