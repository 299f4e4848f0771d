//! Test doubles, for the tests of this workspace only: a frozen clock, seeded entropy, temporary
//! databases of both engines, and a world builder.
#![expect(
    clippy::expect_used,
    reason = "a test that cannot be set up should stop at once"
)]

pub mod backend;
pub mod chain;
pub mod clock;
pub mod entropy;
pub mod lost;
pub mod schema;
pub mod turn;
pub mod world;
