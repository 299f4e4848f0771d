//! Failures, counted by where they came from over a sliding window: who failed too often waits.
//!
//! Only a failure comes here, so what succeeds pays nothing. The memory is bounded whatever is sent: a
//! source has as many moments as its limit, and of sources there are two generations. The younger one
//! takes every source that fails; it becomes the older one after a window, when nothing in that one
//! counts any longer, or when it is full. So a source is forgotten early only while more than
//! [`SOURCES_MAX`] others fail within one window, who may fail that often anyway, each up to its limit.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;
use std::mem;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use keyfob_core::time::Timestamp;

/// Most sources of one generation.
pub const SOURCES_MAX: usize = 16_384;

/// Where a request comes from, as far as failures are counted: an IPv4 address, or the /64 of an IPv6
/// one, which is what one household has to choose addresses from. Requests without a known address are
/// one source together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Source(Option<IpAddr>);

impl Source {
    /// That of an address in its canonical form.
    pub fn of(address: Option<IpAddr>) -> Self {
        Self(address.map(|address| match address {
            IpAddr::V4(_) => address,
            IpAddr::V6(address) => {
                let network = address.to_bits() & !u128::from(u64::MAX);
                IpAddr::V6(Ipv6Addr::from_bits(network))
            }
        }))
    }
}

/// That there were too many failures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many failures; the next attempt is in {seconds} s")]
pub struct Limited {
    /// After how many seconds there are few enough again: 1 at least.
    pub seconds: u32,
}

/// Counts the failures of each `K` within the last `window`.
#[derive(Debug)]
pub struct Throttle<K> {
    limit: usize,
    window: Duration,
    kept: Mutex<Generations<K>>,
}

#[derive(Debug)]
struct Generations<K> {
    /// When the younger one began.
    since: Timestamp,
    young: HashMap<K, VecDeque<Timestamp>>,
    old: HashMap<K, VecDeque<Timestamp>>,
}

impl<K: Copy + Eq + Hash> Throttle<K> {
    /// A throttle that refuses where more than `limit` failures lie within the last `window`.
    pub fn new(limit: u32, window: Duration) -> Self {
        Self {
            limit: usize::try_from(limit).unwrap_or(usize::MAX),
            window,
            kept: Mutex::new(Generations {
                since: Timestamp::from_millis(0),
                young: HashMap::new(),
                old: HashMap::new(),
            }),
        }
    }

    /// Whether there were too many failures, without counting one.
    pub fn check(&self, key: &K, now: Timestamp) -> Result<(), Limited> {
        let kept = self.kept();
        let moments = kept.young.get(key).or_else(|| kept.old.get(key));
        moments.map_or(Ok(()), |moments| self.judge(moments, now))
    }

    /// Counts a failure, unless there were too many already: what is refused here does not count.
    pub fn failed(&self, key: K, now: Timestamp) -> Result<(), Limited> {
        let mut kept = self.kept();
        let is_over = now.since(kept.since) >= self.window;
        let is_full = kept.young.len() >= SOURCES_MAX && !kept.young.contains_key(&key);
        // Freed after the lock: there may be a million moments in it.
        let _forgotten = (is_over || is_full).then(|| kept.turn(now));
        let before = kept.old.remove(&key);
        let moments = kept
            .young
            .entry(key)
            .or_insert_with(|| before.unwrap_or_default());
        while moments.front().is_some_and(|at| !self.counts(*at, now)) {
            moments.pop_front();
        }
        self.judge(moments, now)?;
        moments.push_back(now);
        drop(kept);
        Ok(())
    }

    fn kept(&self) -> MutexGuard<'_, Generations<K>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn counts(&self, at: Timestamp, now: Timestamp) -> bool {
        now.since(at) < self.window
    }

    /// More than the limit are too many, until the oldest but the last `limit` no longer counts.
    fn judge(&self, moments: &VecDeque<Timestamp>, now: Timestamp) -> Result<(), Limited> {
        let excess = moments.len().checked_sub(self.limit + 1);
        let decisive = excess.and_then(|place| moments.get(place));
        match decisive {
            Some(at) if self.counts(*at, now) => {
                let left = self.window.saturating_sub(now.since(*at));
                let seconds = left.as_millis().div_ceil(1_000).max(1);
                Err(Limited {
                    seconds: u32::try_from(seconds).unwrap_or(u32::MAX),
                })
            }
            _few_enough => Ok(()),
        }
    }
}

impl<K> Generations<K> {
    /// Makes the younger generation the older one; what that was is given back.
    fn turn(&mut self, now: Timestamp) -> HashMap<K, VecDeque<Timestamp>> {
        self.since = now;
        let young = mem::take(&mut self.young);
        mem::replace(&mut self.old, young)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_mins(1);

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(1_800_000_000_000 + millis)
    }

    fn source(text: &str) -> Source {
        Source::of(Some(text.parse().expect("an address")))
    }

    #[test]
    fn x6_more_failures_than_the_limit_in_the_last_minute_are_too_many() {
        let throttle = Throttle::new(60, MINUTE);
        let key = source("192.0.2.1");
        for failure in 0..61 {
            assert_eq!(throttle.failed(key, at(failure * 100)), Ok(()), "{failure}");
        }
        let refused = Err(Limited { seconds: 54 });
        assert_eq!(throttle.failed(key, at(6_100)), refused);
        assert_eq!(throttle.check(&key, at(6_100)), refused, "and not counted");
        assert_eq!(throttle.check(&source("192.0.2.2"), at(6_100)), Ok(()));
        // The first of them leaves the minute: one more may fail, and then none until the next leaves.
        let last = Err(Limited { seconds: 1 });
        assert_eq!(throttle.failed(key, at(59_999)), last);
        assert_eq!(throttle.failed(key, at(60_000)), Ok(()));
        assert_eq!(throttle.failed(key, at(60_099)), last);
        assert_eq!(throttle.failed(key, at(60_100)), Ok(()));
    }

    #[test]
    fn x6_of_ipv6_a_64_is_one_source() {
        let one = source("2001:db8:1:2::1");
        assert_eq!(source("2001:db8:1:2:ffff::"), one);
        assert_ne!(source("2001:db8:1:3::1"), one);
        assert_ne!(source("192.0.2.1"), source("192.0.2.2"));
        assert_ne!(Source::of(None), one);
    }

    #[test]
    fn a_source_keeps_its_failures_when_the_generation_turns() {
        let throttle = Throttle::new(3, MINUTE);
        for failure in 0..4 {
            assert_eq!(throttle.failed(1, at(58_000 + failure)), Ok(()));
        }
        // A minute after the first failure of all the younger generation becomes the older one.
        assert_eq!(throttle.failed(2, at(118_001)), Ok(()));
        assert_eq!(throttle.check(&1, at(118_000)), Ok(()), "out of the minute");
        assert!(throttle.check(&1, at(117_999)).is_err());
        assert!(throttle.failed(1, at(117_999)).is_err());
    }

    #[test]
    fn t_04_the_memory_is_bounded_whatever_comes() {
        let throttle = Throttle::new(10, MINUTE);
        for key in 0..200_000_u32 {
            assert_eq!(throttle.failed(key, at(i64::from(key) / 100)), Ok(()));
        }
        for _again in 0..50 {
            let _limited_or_not = throttle.failed(7, at(2_000)).is_ok();
        }
        let kept = throttle.kept();
        assert!(kept.young.len() <= SOURCES_MAX && kept.old.len() <= SOURCES_MAX);
        assert_eq!(kept.young.get(&7).map(VecDeque::len), Some(11));
        assert_eq!(kept.young.get(&1), None, "the oldest are forgotten");
    }

    #[test]
    fn x6_a_limited_source_is_not_forgotten_while_few_others_fail() {
        let throttle = Throttle::new(10, MINUTE);
        while throttle.failed(0, at(0)).is_ok() {}
        for key in 1..u32::try_from(SOURCES_MAX).expect("it fits") {
            assert_eq!(throttle.failed(key, at(10)), Ok(()));
        }
        assert!(throttle.check(&0, at(20)).is_err());
    }
}
