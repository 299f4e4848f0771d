//! `cargo xtask bench`: every benchmark, those of the store on both engines.

use anyhow::ensure;

use crate::Verdict;
use crate::postgres::{Cluster, URL_VARIABLE};
use crate::process::cargo;

pub(crate) fn bench(args: &[String]) -> anyhow::Result<Verdict> {
    let mut cluster = Cluster::start()?;
    let mut command = cargo(["bench", "--workspace", "--bench", "*", "--"]);
    command.args(args).env(URL_VARIABLE, cluster.url());
    let status = cluster.spawn(&mut command)?.wait()?;
    ensure!(status.success(), "the benchmarks failed: {status}");
    Ok(Verdict::Passed)
}
