//! The real clock and the real source of random bytes. Read at the doors only: once per request, and
//! at the head of a background task.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use aws_lc_rs::rand;
use keyfob_core::time::{Clock, Entropy, Purpose, Timestamp};

/// The system's clock, held so that it never runs backwards in this process (guarantee 12).
#[derive(Debug, Default)]
pub struct SystemClock {
    latest: AtomicI64,
}

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        #[expect(
            clippy::disallowed_methods,
            reason = "this is the door by which time comes in"
        )]
        let since = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        let millis = i64::try_from(since.as_millis()).unwrap_or(i64::MAX);
        let before = self.latest.fetch_max(millis, Ordering::Relaxed);
        Timestamp::from_millis(before.max(millis))
    }
}

/// The operating system's generator, through AWS-LC.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn fill(&self, _purpose: Purpose, out: &mut [u8]) {
        // Without random bytes no secret may be made; AWS-LC itself aborts here.
        assert!(
            rand::fill(out).is_ok(),
            "the operating system gives no random bytes"
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t_22_a_clock_that_steps_back_stands_still_until_it_has_caught_up() {
        let clock = SystemClock::default();
        let real = clock.now();
        // As if the machine's clock had been ten minutes fast a moment ago.
        let ahead = real.millis() + 600_000;
        clock.latest.store(ahead, Ordering::Relaxed);
        assert_eq!(clock.now().millis(), ahead);
        assert!(SystemClock::default().now() >= real);
    }
}
