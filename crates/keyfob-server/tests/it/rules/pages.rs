//! The dashboard's pages, by somebody without script.

mod accepting;
mod activity;
mod all_tokens;
mod brand;
mod demo;
mod everywhere;
mod explained;
mod files;
mod forgotten;
mod forms;
mod invitations;
mod matrix;
mod member;
mod moving;
mod new_root;
mod organizations;
mod other_sites;
mod password;
mod posts;
mod rotation;
mod sessions;
mod set_up;
mod sign_in;
mod team;
mod tokens;
mod tree;
mod try_it;

use super::backend;
use super::outage::Away;
