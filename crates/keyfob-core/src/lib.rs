//! The rules of Keyfob: organizations, members, permissions, personal API tokens and their exchange.
//!
//! Everything here is total and synchronous: values in, a decision out. What matters is loaded by the
//! caller inside one transaction and handed over as *facts*; one function decides; where the answer
//! allows a change it is a *permit*, a value that nothing else can make and that the store asks for.
//!
//! Deliberately absent: I/O, `async`, SQL, HTTP, serialisation formats, and any reading of a clock or
//! of a random generator. Time and chance come in as values ([`time`]).

#![warn(missing_docs)]

pub mod audit;
pub mod catalogue;
pub mod chain;
pub mod event;
pub mod exchange;
pub mod explain;
pub mod foreign;
pub mod id;
pub mod invitation;
pub mod key;
pub mod manage;
pub mod member;
pub mod name;
pub mod network;
pub mod org;
pub mod pat;
pub mod permission;
pub mod policy;
pub mod reach;
pub mod scope;
pub mod secret;
pub mod session;
pub mod time;
