//! The rules of access tokens, by their ids (RFC 8725, RFC 9068), each on signed tokens.

#![expect(
    clippy::tests_outside_test_module,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "in an integration test everything is a test"
)]

mod boundaries;
#[path = "../../examples/vectors/keys.rs"]
mod keys;
mod keysets;
mod oracle;
mod properties;
mod rules;
