//! `cargo xtask faults`: the tests that kill, for as long as one likes.
//!
//! The same tests run a few rounds with all others. Here they have the cluster for themselves, so they
//! let the database crash as well. What they print at the end are the figures of `docs/faults.md`.

use std::hash::{BuildHasher, Hasher, RandomState};

use crate::Verdict;
use crate::postgres::{Cluster, URL_VARIABLE};
use crate::process::cargo;

/// What the tests read; see `killed.rs` among them.
const ROUNDS_VARIABLE: &str = "KEYFOB_FAULTS_ROUNDS";
const SEED_VARIABLE: &str = "KEYFOB_FAULTS_SEED";
const CRASH_VARIABLE: &str = "KEYFOB_FAULTS_CRASH_DATABASE";

pub(crate) fn faults(rounds: u64, seed: Option<u64>) -> anyhow::Result<Verdict> {
    // Every `RandomState` is seeded anew by the operating system.
    let seed = seed.unwrap_or_else(|| RandomState::new().build_hasher().finish());
    println!("{rounds} rounds on each engine; the same again with --rounds {rounds} --seed {seed}");
    let mut cluster = Cluster::start()?;
    let mut command = cargo(["test", "-p", "keyfob-server", "--test", "it", "--"]);
    command.args(["--nocapture", "--test-threads=1", "killed::", "full_disk::"]);
    command
        .env(URL_VARIABLE, cluster.url())
        .env(ROUNDS_VARIABLE, rounds.to_string())
        .env(SEED_VARIABLE, seed.to_string())
        .env(CRASH_VARIABLE, "1");
    let status = cluster.spawn(&mut command)?.wait()?;
    Ok(if status.success() {
        Verdict::Passed
    } else {
        Verdict::Failed
    })
}
