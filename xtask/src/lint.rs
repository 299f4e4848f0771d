//! `cargo xtask lint`: formatting, clippy and rustdoc, warnings being errors.

use crate::Verdict;
use crate::process::{cargo, run};

pub(crate) fn lint() -> anyhow::Result<Verdict> {
    run(&mut cargo(["fmt", "--all", "--check"]))?;
    run(&mut cargo([
        "clippy",
        "--workspace",
        "--all-targets",
        "--",
        "-D",
        "warnings",
    ]))?;
    run(cargo(["doc", "--workspace", "--no-deps"]).env("RUSTDOCFLAGS", "-D warnings"))?;
    Ok(Verdict::Passed)
}
