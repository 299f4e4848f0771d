//! The dashboard's pages, by somebody without script.

mod forms;
mod matrix;
mod rotation;
mod sign_in;
mod tokens;

use super::backend;
use super::outage::Away;
