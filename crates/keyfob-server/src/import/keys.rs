//! Texts as fixed-size keys: what an import has to remember of a million names and addresses.

use std::hash::{BuildHasher as _, RandomState};

/// A text's keyed hash, 128 bits wide: that two different texts of an import share one is as unlikely
/// as guessing a key, so it stands for the text.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Key([u64; 2]);

/// The hash functions of one run. Their seeds are drawn by the process, so that nobody can write a file
/// whose keys collide.
#[derive(Debug, Clone, Default)]
pub(super) struct Keys {
    first: RandomState,
    second: RandomState,
}

impl Keys {
    pub(super) fn of(&self, text: &str) -> Key {
        self.of_bytes(text.as_bytes())
    }

    pub(super) fn of_bytes(&self, bytes: &[u8]) -> Key {
        Key([self.first.hash_one(bytes), self.second.hash_one(bytes)])
    }
}
