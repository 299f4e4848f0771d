//! The project's own commands, run as `cargo xtask <command>`.
//!
//! Everything a person or CI does with this repository has one name here, so
//! that nothing but cargo is needed to type it. Nothing of the product depends
//! on this crate, and it depends on nothing of the product.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command line tool: printing is what it is for"
)]

mod audit;
mod bench;
mod browser;
mod docs;
mod faults;
mod fuzz;
mod install;
mod interop;
mod lint;
mod model;
mod postgres;
mod process;
mod schemathesis;
mod screenshots;
mod supervisor;
mod test;
mod tidy;
mod timing;

use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};

/// What a task that ran to its end found. That it could not run is an error instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// All is as it should be.
    Passed,
    /// It is not; what is wrong has been printed.
    Failed,
}

/// The project's own commands.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    task: Option<Task>,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Run all tests on both engines; installs PostgreSQL and Chromium first where they are missing
    Test {
        /// Arguments for `cargo test`, after `--`
        #[arg(last = true)]
        args: Vec<String>,
    },
    /// Check formatting, clippy and our own rustdoc, warnings being errors
    Lint,
    /// Check the rules of the house that no compiler knows
    Tidy,
    /// Write the generated documents
    Docs {
        /// Write nothing: fail if a document is not what would be written
        #[arg(long)]
        check: bool,
    },
    /// Run the benchmarks on both engines
    Bench {
        /// Arguments for the benchmarks, after `--`
        #[arg(last = true)]
        args: Vec<String>,
    },
    /// Compare the times of refusals, which must not tell their reasons
    Timing {
        /// How many refusals of each kind: exchanges, then sign-ins; after `--`
        #[arg(last = true)]
        args: Vec<String>,
    },
    /// Kill the server and crash its database under load: nothing acknowledged may be lost
    Faults {
        /// How often on each engine
        #[arg(long, default_value_t = 1_000)]
        rounds: u64,
        /// What decides the moments; without it another one each time
        #[arg(long)]
        seed: Option<u64>,
    },
    /// Play random sequences of operations on a server and on a model: both must do the same
    Model {
        /// About how many on each engine
        #[arg(long, default_value_t = 100_000)]
        operations: u32,
        /// What decides the sequences; without it another one each time
        #[arg(long)]
        seed: Option<u64>,
    },
    /// Ask other people's libraries about the server's tokens; installs them by npm and pip
    Interop {
        /// Ask these alone
        #[arg(value_parser = interop::LIBRARIES)]
        libraries: Vec<String>,
    },
    /// Let schemathesis ask a server about all that its `OpenAPI` document says; installs it by pip
    Schemathesis {
        /// How long each of the two runs takes
        #[arg(long, value_name = "N", default_value_t = 120)]
        seconds: u32,
        /// What decides the cases; without it another one each time
        #[arg(long)]
        seed: Option<u64>,
    },
    /// Make the pictures in `docs/images` from the demo
    Screenshots,
    /// Run the fuzz targets one after the other; needs cargo-fuzz, and says how to get it
    Fuzz {
        /// One target; all when none is named
        target: Option<String>,
        /// How long each target runs
        #[arg(long, value_name = "N", default_value_t = 60)]
        seconds: u32,
        /// Run nothing: put what was found into the kept corpus, minimized
        #[arg(long, conflicts_with = "seconds")]
        keep: bool,
    },
    /// Check dependencies: advisories, licences, bans, sources
    Audit {
        /// Skip the advisories, whose database comes from the network
        #[arg(long)]
        offline: bool,
    },
    /// Run exactly what CI runs: lint, tidy, docs --check, test
    Ci,
}

impl Task {
    fn run(&self) -> anyhow::Result<Verdict> {
        match self {
            Self::Test { args } => test::test(args),
            Self::Lint => lint::lint(),
            Self::Tidy => tidy::tidy(),
            Self::Docs { check: false } => docs::write(),
            Self::Docs { check: true } => docs::check(),
            Self::Bench { args } => bench::bench(args),
            Self::Timing { args } => timing::timing(args),
            Self::Faults { rounds, seed } => faults::faults(*rounds, *seed),
            Self::Model { operations, seed } => model::model(*operations, *seed),
            Self::Interop { libraries } => interop::interop(libraries),
            Self::Schemathesis { seconds, seed } => {
                schemathesis::schemathesis(&schemathesis::Plan {
                    seconds: *seconds,
                    seed: *seed,
                })
            }
            Self::Screenshots => screenshots::screenshots(),
            Self::Fuzz {
                target, keep: true, ..
            } => fuzz::keep(target.as_deref()),
            Self::Fuzz {
                target, seconds, ..
            } => fuzz::fuzz(&fuzz::Plan {
                target: target.as_deref(),
                seconds: *seconds,
            }),
            Self::Audit { offline: false } => audit::audit(),
            Self::Audit { offline: true } => audit::audit_offline(),
            Self::Ci => ci(),
        }
    }
}

/// Cheap checks first; the first that fails ends the run.
fn ci() -> anyhow::Result<Verdict> {
    let tasks = [
        Task::Lint,
        Task::Tidy,
        Task::Docs { check: true },
        Task::Test { args: vec![] },
    ];
    for task in tasks {
        if task.run()? == Verdict::Failed {
            return Ok(Verdict::Failed);
        }
    }
    Ok(Verdict::Passed)
}

fn main() -> ExitCode {
    let outcome = match Cli::parse().task {
        Some(task) => task.run(),
        None => Cli::command()
            .print_help()
            .map(|()| Verdict::Passed)
            .map_err(Into::into),
    };
    match outcome {
        Ok(Verdict::Passed) => ExitCode::SUCCESS,
        Ok(Verdict::Failed) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("cargo xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}
