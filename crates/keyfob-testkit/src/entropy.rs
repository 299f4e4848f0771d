//! Random bytes that are the same in every run: one stream for each purpose, so that an extra draw for
//! one shifts nothing else.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use keyfob_core::time::{Entropy, Purpose};

/// Reproducible random bytes. Never for anything but tests.
#[derive(Debug, Default)]
pub struct SeededEntropy {
    seed: u64,
    drawn: Mutex<BTreeMap<Purpose, u64>>,
}

impl SeededEntropy {
    /// Streams that differ from those of every other seed.
    pub fn new(seed: u64) -> Self {
        Self {
            seed,
            drawn: Mutex::default(),
        }
    }
}

impl Entropy for SeededEntropy {
    fn fill(&self, purpose: Purpose, out: &mut [u8]) {
        let stream = match purpose {
            Purpose::Id => 1,
            Purpose::Pat => 2,
            Purpose::Session => 3,
            Purpose::Key => 4,
            Purpose::Password => 5,
            Purpose::SetupLink => 6,
            Purpose::Invitation => 7,
            Purpose::PasswordReset => 8,
        };
        let mut drawn = self.drawn.lock().unwrap_or_else(PoisonError::into_inner);
        let count = drawn.entry(purpose).or_default();
        for chunk in out.chunks_mut(8) {
            *count += 1;
            let word = mix(self.seed ^ (stream << 56) ^ *count).to_le_bytes();
            for (to, from) in chunk.iter_mut().zip(word) {
                *to = from;
            }
        }
    }
}

/// The finalizer of `SplitMix64`: neighbouring numbers come out unrelated.
fn mix(number: u64) -> u64 {
    let mut word = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ (word >> 31)
}
