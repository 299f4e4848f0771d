//! Under construction.

pub mod app;
pub mod cli;
pub mod commands;
pub mod config;
pub mod context;
mod date;
pub mod document;
pub mod http;
mod jwt;
pub mod keys;
pub mod lock;
pub mod metrics;
pub mod open;
pub mod roles_file;
pub mod seal;
pub mod secret;
pub mod state;
pub mod system;
pub mod telemetry;
#[cfg(test)]
mod testing;
mod web;
