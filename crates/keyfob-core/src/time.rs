//! Time and chance as values.
//!
//! A [`Timestamp`] is read once at the door of a request and handed down. The traits [`Clock`] and
//! [`Entropy`] are named here so that everybody means the same, but no rule ever calls them.

use std::fmt;
use std::time::Duration;

/// A moment: UTC milliseconds since 1970, the resolution of the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The moment that many milliseconds after 1970-01-01T00:00:00Z.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// Milliseconds since 1970.
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// Whole seconds since 1970, rounded down, as a JWT `NumericDate` (RFC 7519 §2) counts them.
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(1_000)
    }

    /// The moment `after` later; the end of time when it does not fit.
    #[must_use]
    pub fn plus(self, after: Duration) -> Self {
        Self(self.0.saturating_add(millis_of(after)))
    }

    /// The moment `before` earlier.
    #[must_use]
    pub fn minus(self, before: Duration) -> Self {
        Self(self.0.saturating_sub(millis_of(before)))
    }

    /// How long ago `earlier` was; nothing when it is not earlier.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }
}

fn millis_of(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// From when to when something holds: half-open, so it is over *at* its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lifetime {
    /// The first moment at which it holds.
    pub start: Timestamp,
    /// The first moment at which it no longer holds; none: it does not end by itself.
    pub end: Option<Timestamp>,
}

impl Lifetime {
    /// Whether the end has come. The one expiry test there is.
    pub fn is_over_at(&self, now: Timestamp) -> bool {
        self.end.is_some_and(|end| end <= now)
    }
}

/// A source of the present moment. `now` never runs backwards within a process (guarantee 12).
pub trait Clock: Send + Sync + fmt::Debug {
    /// The present moment.
    fn now(&self) -> Timestamp;
}

/// What random bytes are for; tests keep one stream for each, so that one extra draw shifts nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Purpose {
    /// Parts of ids: not secret.
    Id,
    /// Bodies of personal API tokens.
    Pat,
    /// Session cookies.
    Session,
    /// Root keys, peppers and signing keys.
    Key,
    /// Passwords drawn for the demo.
    Password,
    /// Links with which the first account is made.
    SetupLink,
    /// Links with which an invitation is accepted.
    Invitation,
    /// Links with which another password is chosen.
    PasswordReset,
}

/// A source of random bytes, good enough for keys.
pub trait Entropy: Send + Sync + fmt::Debug {
    /// Fills `out` with random bytes.
    fn fill(&self, purpose: Purpose, out: &mut [u8]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lifetime_is_over_at_its_end_and_not_a_millisecond_before() {
        let life = Lifetime {
            start: Timestamp::from_millis(0),
            end: Some(Timestamp::from_millis(10)),
        };
        assert!(!life.is_over_at(Timestamp::from_millis(9)));
        assert!(life.is_over_at(Timestamp::from_millis(10)));
    }

    #[test]
    fn seconds_round_down_before_1970_too() {
        assert_eq!(Timestamp::from_millis(1_999).seconds(), 1);
        assert_eq!(Timestamp::from_millis(-1).seconds(), -1);
    }

    #[test]
    fn sums_that_do_not_fit_stay_at_the_end_of_time() {
        let end = Timestamp::from_millis(i64::MAX);
        assert_eq!(end.plus(Duration::MAX), end);
        assert_eq!(end.since(end.plus(Duration::from_secs(1))), Duration::ZERO);
    }
}
