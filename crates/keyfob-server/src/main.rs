//! `keyfobd`: parse the command line, run the command, say in one sentence what went wrong.

use std::io::Write;
use std::process::ExitCode;

use anyhow::Context;
use clap::Parser;
use keyfob_server::cli::Cli;
use keyfob_server::commands;
use tokio::runtime::Builder;

/// An exchange makes some two hundred small allocations; the system's allocator takes a tenth of its time.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // A wrong command line ends here, with status 2 and a word on how to get help.
    let cli = Cli::parse();
    match run(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let sentence = format!("{error:#}").replace('\n', "; ");
            let mut out = anstream::stderr().lock();
            // When standard error is gone there is nobody left to tell.
            writeln!(out, "keyfobd: {sentence}").unwrap_or_default();
            ExitCode::FAILURE
        }
    }
}

fn run(cli: Cli) -> anyhow::Result<()> {
    let runtime = Builder::new_multi_thread().enable_all().build();
    runtime
        .context("cannot start the runtime")?
        .block_on(commands::run(cli))
}
