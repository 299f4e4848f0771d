//! Random sequences of operations on a store, compared step by step with a model in memory.
//!
//! [`spec`] is the model: what organizations, members and tokens mean, readable in one sitting.
//! [`step`] lists what can happen, [`play`] does it to a store and asks both sides the same questions.
//! `KEYFOB_MODEL_CASES` sets how many sequences are tried on each engine.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::tests_outside_test_module,
    reason = "integration tests are tests as a whole"
)]

use std::cell::Cell;
use std::future::Future;

use keyfob_testkit::backend::Backend;
use keyfob_testkit::world::World;
use proptest::test_runner::{Config, TestRunner};

#[path = "model/play.rs"]
mod play;
#[path = "model/spec.rs"]
mod spec;
#[path = "model/step.rs"]
mod step;

#[test]
fn a_store_on_sqlite_does_what_the_model_does() {
    explore(200, Backend::sqlite());
}

#[test]
fn a_store_on_postgres_does_what_the_model_does() {
    explore(40, Backend::postgres());
}

/// Plays random sequences, each with people and trees of its own in one database.
fn explore(usual_cases: u32, backend: impl Future<Output = Backend>) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    let world = runtime.block_on(async { World::on(backend.await).await });
    let config = Config {
        cases: cases().unwrap_or(usual_cases),
        max_shrink_iters: 512,
        failure_persistence: None,
        ..Config::default()
    };
    let case = Cell::new(0_u32);
    let outcome = TestRunner::new(config).run(&step::sequences(), |steps| {
        case.set(case.get() + 1);
        runtime.block_on(play::play(&world, case.get(), &steps))
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
}

fn cases() -> Option<u32> {
    #[expect(
        clippy::disallowed_methods,
        reason = "a test binary has no other way to be told"
    )]
    let cases = std::env::var_os("KEYFOB_MODEL_CASES")?;
    Some(cases.to_string_lossy().parse().unwrap())
}
