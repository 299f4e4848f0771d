//! `cargo xtask timing`: whether the time of a refusal tells its reason. By command only: how long
//! something takes is no matter for a test.

use crate::Verdict;
use crate::process::{cargo, shown};

pub(crate) fn timing(args: &[String]) -> anyhow::Result<Verdict> {
    let package = ["run", "--release", "--package", "keyfob-server"];
    let mut command = cargo(package);
    command.args(["--example", "timing", "--"]).args(args);
    println!("$ {}", shown(&command));
    let status = command.status()?;
    Ok(if status.success() {
        Verdict::Passed
    } else {
        Verdict::Failed
    })
}
