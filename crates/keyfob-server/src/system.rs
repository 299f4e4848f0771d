//! The real clock and the real source of random bytes. Read at the doors only: once per request, and
//! at the head of a background task.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, PoisonError};
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

/// Random bytes that are drawn ahead for ids: a request needs 20, and each call of the generator costs as
/// much as what the store answers from one index.
const AHEAD: usize = 1_000;

/// The same for a server: ids, which are no secrets, take bytes that were drawn ahead; everything secret
/// is drawn when it is needed.
#[derive(Debug)]
pub struct ServingEntropy(Mutex<Ahead>);

/// Bytes of which each is handed out once.
#[derive(Debug)]
struct Ahead {
    bytes: [u8; AHEAD],
    used: usize,
}

impl Default for ServingEntropy {
    fn default() -> Self {
        Self(Mutex::new(Ahead {
            bytes: [0; AHEAD],
            used: AHEAD,
        }))
    }
}

impl Entropy for ServingEntropy {
    fn fill(&self, purpose: Purpose, out: &mut [u8]) {
        if purpose != Purpose::Id {
            return SystemEntropy.fill(purpose, out);
        }
        // Whoever panicked here left bytes that were not handed out, or handed out once.
        let mut ahead = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if ahead.bytes.len() - ahead.used < out.len() {
            SystemEntropy.fill(purpose, &mut ahead.bytes);
            ahead.used = 0;
        }
        let next = ahead.used + out.len();
        match ahead.bytes.get(ahead.used..next) {
            Some(bytes) => out.copy_from_slice(bytes),
            // More than is drawn ahead.
            None => return SystemEntropy.fill(purpose, out),
        }
        ahead.used = next;
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_id_gets_bytes_that_another_one_got() {
        let entropy = ServingEntropy::default();
        let mut seen = BTreeSet::new();
        for _ in 0..1_000 {
            let mut id = [0; 10];
            entropy.fill(Purpose::Id, &mut id);
            assert!(seen.insert(id));
        }
        let mut long = [0; AHEAD + 1];
        entropy.fill(Purpose::Id, &mut long);
        assert!(long.iter().any(|byte| *byte != 0));
    }

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
