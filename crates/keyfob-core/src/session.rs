//! How long a signed-in session holds.

use crate::policy::Policy;
use crate::time::Timestamp;

/// The times of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionTimes {
    /// When it was last used.
    pub seen_at: Timestamp,
    /// When it ends at the latest.
    pub expires_at: Timestamp,
}

impl SessionTimes {
    /// Whether it is over: too long without use, or too old (contract 5).
    pub fn are_over_at(self, now: Timestamp, policy: &Policy) -> bool {
        self.expires_at <= now || self.seen_at.plus(policy.session_idle) <= now
    }
}

/// Whether somebody proved lately enough who they are for making or seeing a credential (P13).
pub fn is_recent(authenticated_at: Timestamp, now: Timestamp, policy: &Policy) -> bool {
    now.since(authenticated_at) <= policy.reauthentication
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p13_a_proof_is_recent_up_to_the_policys_window() {
        let policy = Policy::default();
        let then = Timestamp::from_millis(1_000);
        let last = then.plus(policy.reauthentication);
        assert!(is_recent(then, last, &policy));
        let over = Timestamp::from_millis(last.millis() + 1);
        assert!(!is_recent(then, over, &policy));
    }

    #[test]
    fn a_session_ends_when_idle_and_when_old() {
        let policy = Policy::default();
        let start = Timestamp::from_millis(1_000);
        let times = SessionTimes {
            seen_at: start,
            expires_at: start.plus(policy.session_max),
        };
        let just_before = |at: Timestamp| Timestamp::from_millis(at.millis() - 1);
        let idle = start.plus(policy.session_idle);
        assert!(!times.are_over_at(just_before(idle), &policy));
        assert!(times.are_over_at(idle, &policy));
        let used = SessionTimes {
            seen_at: just_before(times.expires_at),
            ..times
        };
        assert!(!used.are_over_at(just_before(times.expires_at), &policy));
        assert!(used.are_over_at(times.expires_at, &policy));
    }
}
