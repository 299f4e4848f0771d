//! The dashboard as a person uses it: Chromium, a real port, and the server behind it (contract 6).
//!
//! Each test has a browser and a site of its own. Nothing waits for a time: what is waited for is what a
//! person would see.

mod all_tokens;
mod cross_site;
pub(crate) mod driver;
mod frame;
mod invitations;
mod keyboard;
mod one_each;
mod organizations;
mod pages;
mod security;
mod stage;
mod try_it;
mod without_script;
