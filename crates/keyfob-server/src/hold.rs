//! Refusals that must be alike leave alike in time too (X6, T-05): none before a moment that is fixed as
//! soon as the request is read, and by which the work is done whatever was found.
//!
//! An unknown token costs one probe of an index, a revoked one a handful of rows and a note; without
//! this the difference can be measured. The moment lies well behind the work of each, so that the answer
//! waits for it, and not for what was found. It costs no work, and slows down who guesses.

use std::time::{Duration, Instant};

use tokio::time::sleep_until;

/// For a refused exchange: two hundred times its work.
pub(crate) const EXCHANGE: Duration = Duration::from_millis(20);
/// For a refused sign-in: ten times the work of a hash that is made here, and more than that of usual
/// imported ones, which may take longer or shorter than the one that is checked when there is no account.
pub(crate) const SIGN_IN: Duration = Duration::from_millis(250);

/// The moment before which no refusal leaves.
#[derive(Debug, Clone, Copy)]
#[must_use = "a refusal waits for its end"]
pub(crate) struct Hold(Instant);

impl Hold {
    /// Begins now, which is to be when everything that the client sent is there: the client chooses how
    /// long that takes, and must not be able to use the time up.
    pub(crate) fn begin(lasting: Duration) -> Self {
        Self(Instant::now() + lasting)
    }

    /// Waits for its end, unless that has passed.
    pub(crate) async fn end(self) {
        sleep_until(self.0.into()).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn t_05_nothing_leaves_before_the_moment() {
        let began = Instant::now();
        let hold = Hold::begin(EXCHANGE);
        hold.end().await;
        assert!(began.elapsed() >= EXCHANGE);
        let passed = Hold(began);
        passed.end().await;
    }
}
