//! `cargo xtask audit`: what `deny.toml` says about the dependencies.
//!
//! Not part of `ci`: the advisories change without us, and a check that fails
//! on an unchanged tree would stop unrelated work.

use anyhow::ensure;

use crate::Verdict;
use crate::process::{answer, cargo, run};

/// Checks everything; the database of advisories is fetched.
pub(crate) fn audit() -> anyhow::Result<Verdict> {
    require_cargo_deny()?;
    run(&mut cargo(["deny", "check"]))?;
    Ok(Verdict::Passed)
}

/// Checks what can be checked without a network.
pub(crate) fn audit_offline() -> anyhow::Result<Verdict> {
    require_cargo_deny()?;
    println!("advisories are not checked: their database comes from the network");
    run(&mut cargo([
        "deny",
        "--offline",
        "check",
        "bans",
        "licenses",
        "sources",
    ]))?;
    Ok(Verdict::Passed)
}

fn require_cargo_deny() -> anyhow::Result<()> {
    let installed = answer(&mut cargo(["deny", "--version"])).is_some();
    ensure!(
        installed,
        "cargo-deny is missing; install it with `cargo install --locked cargo-deny`"
    );
    Ok(())
}
