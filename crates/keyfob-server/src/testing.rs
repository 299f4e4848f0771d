//! A fixed moment and fixed chance for the unit tests of this crate.

use keyfob_core::time::{Clock, Entropy, Purpose, Timestamp};

/// Always the same moment.
#[derive(Debug)]
pub(crate) struct FixedClock;

impl Clock for FixedClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(1_800_000_000_000)
    }
}

/// Always the same bytes.
#[derive(Debug)]
pub(crate) struct FixedEntropy;

impl Entropy for FixedEntropy {
    fn fill(&self, _purpose: Purpose, out: &mut [u8]) {
        out.fill(7);
    }
}
