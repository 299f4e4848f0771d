//! For the properties of parsers only (`keyfob-properties`): the reading of lines, without the rest of
//! an import.
//!
//! Hidden, and no part of what this crate offers.

use std::io;

use keyfob_core::foreign::TokenForms;
use keyfob_core::id::KeyId;
use keyfob_core::secret::Pepper;

use super::keys::Keys;
use super::line::{Format, Line};
use super::reason::Reason;
use super::source::{Lines, Source};
use super::summary::Kind;

/// Reads lines for an installation with one pepper.
#[derive(Debug)]
pub struct Reader(Format);

/// A line that is not blank.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Numbered {
    /// Its number, from 1.
    pub number: u64,
    /// Its `Debug` form, or what is wrong with it.
    pub read: Result<String, String>,
}

impl Reader {
    /// Knows forms of tokens and a pepper.
    pub fn new(forms: TokenForms, pepper: (KeyId, Pepper)) -> Self {
        Self(Format {
            keys: Keys::default(),
            peppers: vec![pepper],
            forms,
        })
    }

    /// Reads one line: its `Debug` form, or what is wrong with it.
    pub fn line(&self, line: &[u8]) -> Result<String, String> {
        told(self.0.read(line))
    }

    /// Reads all lines of a text.
    pub fn lines(&self, text: &str) -> io::Result<Vec<Numbered>> {
        let mut lines = Lines::of(&Source::Text(text.into()), self.0.clone())?;
        let mut all = Vec::new();
        loop {
            let chunk = lines.chunk()?;
            if chunk.bytes == 0 {
                return Ok(all);
            }
            all.extend(chunk.lines.into_iter().map(|parsed| Numbered {
                number: parsed.number,
                read: told(parsed.line),
            }));
        }
    }
}

fn told(read: Result<Line, (Option<Kind>, Reason)>) -> Result<String, String> {
    read.map(|line| format!("{line:?}"))
        .map_err(|(_kind, reason)| reason.to_string())
}
