//! `keyfobd config check` and `keyfobd config defaults`.

use std::io::Write;

use anyhow::Context;

use crate::config::{Config, DEFAULTS, explain};

/// Prints what a configuration means, a sentence a line.
pub(crate) fn check(config: &Config, out: &mut impl Write) -> anyhow::Result<()> {
    for sentence in explain(config) {
        writeln!(out, "{sentence}").context("cannot write to standard output")?;
    }
    Ok(())
}

/// Prints the defaults with their comments: a complete configuration file.
pub(crate) fn defaults(out: &mut impl Write) -> anyhow::Result<()> {
    out.write_all(DEFAULTS.as_bytes())
        .context("cannot write to standard output")
}
