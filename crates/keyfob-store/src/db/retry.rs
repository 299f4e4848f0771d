//! Doing a transaction again when others were in its way.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::Instant;

use crate::error::StoreError;

/// How often the work is tried at most.
const ATTEMPTS: u32 = 8;
/// After this long no new attempt begins: a client would rather hear 503 than wait on.
const PATIENCE: Duration = Duration::from_secs(5);
const FIRST_PAUSE: Duration = Duration::from_millis(4);

/// An error that may be gone when the same work is done again.
pub trait Transient {
    /// What the store said, if it was the store.
    fn store_error(&self) -> Option<&StoreError>;

    /// Whether repeating the whole transaction may help.
    fn is_transient(&self) -> bool {
        matches!(self.store_error(), Some(StoreError::Busy)) || self.may_be_kept()
    }

    /// Whether the transaction may have been kept all the same: its commit got no answer.
    fn may_be_kept(&self) -> bool {
        matches!(self.store_error(), Some(StoreError::CommitUnknown { .. }))
    }
}

impl Transient for StoreError {
    fn store_error(&self) -> Option<&StoreError> {
        Some(self)
    }
}

/// Runs `work`, and again while it fails transiently: at most 8 times and 5 seconds, with pauses that
/// double and are spread by chance.
///
/// The work is one transaction from begin to commit, and nothing else: no network, no mail; its ids
/// and secrets are drawn outside. It must be safe to repeat after a commit whose outcome is unknown.
///
/// # Errors
/// The work's own error: the first that is not transient, or the last one.
pub async fn retry<T, E, F>(mut work: impl FnMut() -> F) -> Result<T, E>
where
    E: Transient,
    F: Future<Output = Result<T, E>>,
{
    retry_knowing(|_may_be_kept| work()).await
}

/// The same, for work that cannot see from the data whether it is done already: it is told whether an attempt
/// before this one may have been kept. Such an attempt came as far as its commit, so it was permitted.
///
/// # Errors
/// As [`retry`].
pub async fn retry_knowing<T, E, F>(mut work: impl FnMut(bool) -> F) -> Result<T, E>
where
    E: Transient,
    F: Future<Output = Result<T, E>>,
{
    let start = Instant::now();
    let (mut attempt, mut may_be_kept) = (1, false);
    loop {
        let error = match work(may_be_kept).await {
            Ok(done) => return Ok(done),
            Err(error) => error,
        };
        if !error.is_transient() || attempt == ATTEMPTS || start.elapsed() >= PATIENCE {
            return Err(error);
        }
        may_be_kept |= error.may_be_kept();
        pause(pause_after(attempt, next_draw())).await;
        attempt += 1;
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "rivals are to be spread over time; no event does it"
)]
async fn pause(length: Duration) {
    tokio::time::sleep(length).await;
}

/// Between half and the whole of a pause that doubles with each attempt.
fn pause_after(attempt: u32, draw: u64) -> Duration {
    let whole = FIRST_PAUSE.saturating_mul(1 << attempt.min(ATTEMPTS));
    let permille = u32::try_from(500 + draw % 501).unwrap_or(1000);
    whole.saturating_mul(permille) / 1000
}

/// A number that rivals, also those in other processes, are unlikely to share. Only the spread of
/// pauses rests on it, so a counter through a mixing function (`SplitMix64`) will do; the process id
/// keeps nodes that start together apart.
fn next_draw() -> u64 {
    static DRAWS: AtomicU64 = AtomicU64::new(0);
    let count = DRAWS.fetch_add(1, Ordering::Relaxed) ^ (u64::from(std::process::id()) << 32);
    let mixed = count.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use std::future::ready;

    use super::*;

    async fn attempts_until(error: fn() -> StoreError, success_at: u32) -> (u32, bool) {
        let mut made = 0;
        let work = || {
            made += 1;
            ready((made >= success_at).then_some(()).ok_or_else(error))
        };
        let outcome = retry(work).await;
        (made, outcome.is_ok())
    }

    #[tokio::test]
    async fn what_is_transient_is_tried_again_until_it_works() {
        assert_eq!(attempts_until(|| StoreError::Busy, 3).await, (3, true));
        assert_eq!(
            attempts_until(|| StoreError::commit_unknown("cut"), 2).await,
            (2, true)
        );
    }

    #[tokio::test]
    async fn only_after_a_commit_without_an_answer_may_something_have_been_kept() {
        let mut told = Vec::new();
        let outcome = retry_knowing(|may_be_kept| {
            told.push(may_be_kept);
            ready(match told.len() {
                2 => Err(StoreError::commit_unknown("cut")),
                1 | 3 => Err(StoreError::Busy),
                _fourth => Ok(()),
            })
        });
        assert!(outcome.await.is_ok());
        assert_eq!(told, [false, false, true, true]);
    }

    #[tokio::test]
    async fn the_eighth_failure_is_the_last() {
        assert_eq!(attempts_until(|| StoreError::Busy, 9).await, (8, false));
    }

    #[tokio::test]
    async fn what_is_final_is_not_tried_again() {
        assert_eq!(
            attempts_until(|| StoreError::unavailable("gone"), 2).await,
            (1, false)
        );
        assert_eq!(
            attempts_until(|| StoreError::corrupt("odd"), 2).await,
            (1, false)
        );
    }

    #[test]
    fn pauses_double_and_are_spread_over_their_upper_half() {
        for attempt in 1..ATTEMPTS {
            let whole = FIRST_PAUSE * (1 << attempt);
            assert_eq!(pause_after(attempt, 0), whole / 2);
            assert_eq!(pause_after(attempt, 500), whole);
        }
    }

    #[test]
    fn draws_differ() {
        let draws: std::collections::HashSet<u64> = (0..1000).map(|_| next_draw()).collect();
        assert_eq!(draws.len(), 1000);
    }
}
