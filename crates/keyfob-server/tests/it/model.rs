//! Random sequences of operations on a server, compared step by step with a model in memory.
//!
//! [`spec`] is the model: who may do what, and what comes of it, readable in one sitting. [`step`] lists what
//! can happen, [`ask`] asks a server for it, [`play`] does it on both sides, [`compare`] looks whether they hold
//! the same, and [`laws`] says what no sequence may do. `cargo xtask model` plays as many as one likes.

mod ask;
mod compare;
mod laws;
mod play;
mod spec;
mod step;

use std::cell::Cell;
use std::future::Future;
use std::sync::Mutex;

use keyfob_core::policy::RootCreation;
use keyfob_testkit::backend::Backend;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use crate::site::Site;

/// How many operations a sequence has on the average.
const AVERAGE: u32 = 40;
/// How many are played with all other tests, on each engine.
const USUAL: u32 = 2_000;

#[test]
fn a_server_on_sqlite_does_what_the_model_does() {
    explore("SQLite", Backend::sqlite());
}

#[test]
fn a_server_on_postgres_does_what_the_model_does() {
    explore("PostgreSQL", Backend::postgres());
}

/// Plays random sequences, each with people and trees of its own in one database.
fn explore(engine: &str, backend: impl Future<Output = Backend>) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    let site = runtime.block_on(async {
        let limit = u32::try_from(spec::PAT_LIMIT).unwrap();
        Site::with(backend.await, |parts| {
            parts.policy.pat_limit = limit;
            parts.policy.root_creation = RootCreation::Anyone;
            parts.policy.exchange_failures = u32::MAX;
        })
        .await
    });
    let wanted = number("KEYFOB_MODEL_OPERATIONS").unwrap_or(u64::from(USUAL));
    let seed = number("KEYFOB_MODEL_SEED");
    let config = Config {
        cases: u32::try_from(wanted).unwrap().div_ceil(AVERAGE),
        max_shrink_iters: 1_024,
        failure_persistence: None,
        ..Config::default()
    };
    let mut runner = match seed {
        None => TestRunner::new(config),
        Some(seed) => {
            let mut bytes = [0; 32];
            bytes[..8].copy_from_slice(&seed.to_be_bytes());
            let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
            TestRunner::new_with_rng(config, rng)
        }
    };
    let (case, count) = (Cell::new(0_u32), Mutex::new(play::Count::new()));
    let outcome = runner.run(&step::sequences(), |steps| {
        case.set(case.get() + 1);
        runtime.block_on(play::play(&site, case.get(), &steps, &count))
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
    report(engine, case.get(), &count.lock().unwrap());
}

/// How often each operation had each outcome, for `docs/model.md`.
#[expect(clippy::print_stderr, reason = "who runs it wants the figures")]
fn report(engine: &str, sequences: u32, count: &play::Count) {
    let all: u64 = count.values().flat_map(|outcomes| outcomes.values()).sum();
    eprintln!("{engine}: {all} operations in {sequences} sequences");
    for (operation, outcomes) in count {
        let outcomes: Vec<String> = outcomes
            .iter()
            .map(|(outcome, times)| format!("{outcome}: {times}"))
            .collect();
        eprintln!("| {operation} | {} |", outcomes.join(", "));
    }
}

fn number(variable: &str) -> Option<u64> {
    #[expect(
        clippy::disallowed_methods,
        reason = "a test binary has no other way to be told"
    )]
    let number = std::env::var_os(variable)?;
    Some(number.to_string_lossy().parse().unwrap())
}
