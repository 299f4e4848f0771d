//! The dashboard's pages, by somebody without script.

mod brand;
mod demo;
mod forms;
mod matrix;
mod password;
mod rotation;
mod sessions;
mod set_up;
mod sign_in;
mod tokens;
mod try_it;

use super::backend;
use super::outage::Away;
