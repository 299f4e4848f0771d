//! `keyfobd`: use cases, HTTP, pages, and the commands of the operator.
//!
//! Verbs live in [`app`], every route in [`http`], what a person types in [`cli`] and [`commands`]. Rules
//! are in `keyfob-core`, statements in `keyfob-store`; nothing here decides or queries by itself.

pub mod app;
pub mod brand;
pub mod checkpoint;
pub mod cli;
pub mod commands;
pub mod config;
pub mod context;
pub mod data_dir;
mod date;
mod descriptors;
pub mod document;
pub mod erasure;
mod hold;
pub mod http;
pub mod import;
mod jwt;
pub mod keys;
pub mod lock;
pub mod mail;
pub mod metrics;
pub mod open;
pub mod preflight;
pub mod proxies;
pub mod resource_server;
pub mod roles_file;
pub mod seal;
pub mod secret;
pub mod state;
pub mod system;
pub mod telemetry;
#[cfg(test)]
mod testing;
pub mod throttle;
pub mod tls;
mod web;
