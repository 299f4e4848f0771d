//! The server from outside.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::tests_outside_test_module,
    reason = "a test binary: it may panic, and has no test module"
)]

mod edge;
