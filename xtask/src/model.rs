//! `cargo xtask model`: random sequences of operations against the model, as many as one likes.
//!
//! The same tests play a few thousand with all others. What they print at the end are the figures of
//! `docs/model.md`.

use std::hash::{BuildHasher, Hasher, RandomState};

use crate::Verdict;
use crate::postgres::{Cluster, URL_VARIABLE};
use crate::process::cargo;

/// What the tests read; see `model.rs` among them.
const OPERATIONS_VARIABLE: &str = "KEYFOB_MODEL_OPERATIONS";
const SEED_VARIABLE: &str = "KEYFOB_MODEL_SEED";

pub(crate) fn model(operations: u32, seed: Option<u64>) -> anyhow::Result<Verdict> {
    // Every `RandomState` is seeded anew by the operating system.
    let seed = seed.unwrap_or_else(|| RandomState::new().build_hasher().finish());
    println!(
        "about {operations} operations on each engine; the same again with --operations {operations} --seed {seed}"
    );
    let mut cluster = Cluster::start()?;
    let mut command = cargo(["test", "-p", "keyfob-server", "--test", "it", "--"]);
    command.args(["--nocapture", "model::"]);
    command
        .env(URL_VARIABLE, cluster.url())
        .env(OPERATIONS_VARIABLE, operations.to_string())
        .env(SEED_VARIABLE, seed.to_string());
    let status = cluster.spawn(&mut command)?.wait()?;
    Ok(if status.success() {
        Verdict::Passed
    } else {
        Verdict::Failed
    })
}
