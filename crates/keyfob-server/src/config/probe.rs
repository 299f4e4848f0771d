//! For the properties of parsers only (`keyfob-properties`): the private ones of this folder, as they
//! are.
//!
//! Hidden, and no part of what this crate offers.

use std::ffi::OsString;

use super::{Config, ConfigError, Overrides, database};

/// Reads all layers, with other environment variables than those of this process.
pub fn layered(
    overrides: Overrides,
    variables: impl IntoIterator<Item = (OsString, OsString)>,
) -> Result<Config, ConfigError> {
    Config::layered(overrides, variables)
}

/// The address of a database with `…` instead of a password.
pub fn masked(url: &str) -> String {
    database::masked(url)
}

/// Whether there is a password in the address of a database.
pub fn has_password(url: &str) -> bool {
    database::has_password(url)
}
