//! The operator's knobs, as values that are within their bounds once they exist.

use std::time::Duration;

const MINUTE: u64 = 60;
const DAY: u64 = 24 * 60 * MINUTE;

/// The longest that an access token can live, whatever is configured (guarantee 6).
pub const ACCESS_TOKEN_MAX: Duration = Duration::from_secs(DAY);

/// A value outside its bounds.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{knob} must be {bounds}")]
pub struct OutOfBounds {
    /// Which knob.
    pub knob: &'static str,
    /// What is allowed, in words.
    pub bounds: &'static str,
}

/// What the policy says of the expiry of PATs (P8).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ExpiryPolicy {
    /// What a PAT gets when nothing is chosen.
    pub default: Option<Duration>,
    /// The longest that can be chosen.
    pub max: Option<Duration>,
    /// Whether a PAT must have an expiry.
    pub required: bool,
}

/// Who makes roots, each the beginning of a tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RootCreation {
    /// The operator, by a command.
    #[default]
    Operators,
    /// Every person who is signed in.
    Anyone,
}

/// The instance's policy. Its fields are read by the rules; [`Policy::checked`] keeps them in bounds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// How many live PATs a member can have in one organization (P7): 1 to 100.
    pub pat_limit: u32,
    /// Expiry of PATs: each 1 hour to 10 years.
    pub pat_expiry: ExpiryPolicy,
    /// How long a rotated PAT lives on beside its successor when nothing is chosen (P10): 0 to 30 days.
    pub pat_rotation_overlap: Duration,
    /// The longest overlap that can be chosen: 0 to 30 days.
    pub pat_rotation_overlap_max: Duration,
    /// How long ago the person may have signed in for making a credential (P13): 1 to 60 minutes.
    pub reauthentication: Duration,
    /// How long a session lasts without use: 5 minutes to 24 hours.
    pub session_idle: Duration,
    /// How long a session lasts at most: 15 minutes to 7 days.
    pub session_max: Duration,
    /// How long one key signs access tokens before another follows: 1 day to 10 years; none: until the
    /// operator rotates it.
    pub key_rotation: Option<Duration>,
    /// Who makes root organizations.
    pub root_creation: RootCreation,
    /// How many exchanges from one address may be refused with 401 in a minute before further ones are
    /// answered 429 (X6): 10 to 1,000.
    pub exchange_failures: u32,
    /// How many sign-ins to one account may fail from one address in 15 minutes before further ones are
    /// answered 429 (T-04): 3 to 100.
    pub sign_in_failures: u32,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            pat_limit: 10,
            pat_expiry: ExpiryPolicy::default(),
            pat_rotation_overlap: Duration::from_secs(DAY),
            pat_rotation_overlap_max: Duration::from_secs(7 * DAY),
            reauthentication: Duration::from_secs(15 * MINUTE),
            session_idle: Duration::from_secs(30 * MINUTE),
            session_max: Duration::from_secs(DAY / 2),
            key_rotation: Some(Duration::from_secs(90 * DAY)),
            root_creation: RootCreation::default(),
            exchange_failures: 60,
            sign_in_failures: 10,
        }
    }
}

impl Policy {
    /// Checks every bound.
    ///
    /// # Errors
    /// [`OutOfBounds`] names the first knob that is outside, and what is allowed.
    pub fn checked(self) -> Result<Self, OutOfBounds> {
        let minutes = |from: u64, to: u64| {
            Duration::from_secs(from * MINUTE)..=Duration::from_secs(to * MINUTE)
        };
        let expiry = minutes(60, 3_653 * 24 * 60);
        let within = |value: Option<Duration>| value.is_none_or(|value| expiry.contains(&value));
        let ExpiryPolicy {
            default,
            max,
            required: _,
        } = self.pat_expiry;
        let checks = [
            (
                within(default),
                "policy.pat_expiry_default",
                "1 hour to 10 years",
            ),
            (within(max), "policy.pat_expiry_max", "1 hour to 10 years"),
            (
                default.is_none_or(|default| max.is_none_or(|max| default <= max)),
                "policy.pat_expiry_default",
                "at most policy.pat_expiry_max",
            ),
            (
                minutes(1, 60).contains(&self.reauthentication),
                "policy.reauthentication",
                "1 to 60 minutes",
            ),
            (
                minutes(5, 24 * 60).contains(&self.session_idle),
                "policy.session_idle",
                "5 minutes to 24 hours",
            ),
            (
                minutes(15, 7 * 24 * 60).contains(&self.session_max),
                "policy.session_max",
                "15 minutes to 7 days",
            ),
            (
                self.key_rotation
                    .is_none_or(|after| minutes(24 * 60, 3_653 * 24 * 60).contains(&after)),
                "policy.key_rotation",
                "1 day to 10 years",
            ),
        ];
        let counts = self.counts().into_iter();
        let mut all = counts.chain(self.overlaps()).chain(checks);
        match all.find(|(good, _knob, _bounds)| !good) {
            Some((_good, knob, bounds)) => Err(OutOfBounds { knob, bounds }),
            None => Ok(self),
        }
    }

    /// The same of the overlaps of rotations.
    fn overlaps(&self) -> [(bool, &'static str, &'static str); 3] {
        let (default, max) = (self.pat_rotation_overlap, self.pat_rotation_overlap_max);
        let longest = Duration::from_secs(30 * DAY);
        [
            (
                default <= longest,
                "policy.pat_rotation_overlap",
                "0 seconds to 30 days",
            ),
            (
                max <= longest,
                "policy.pat_rotation_overlap_max",
                "0 seconds to 30 days",
            ),
            (
                default <= max,
                "policy.pat_rotation_overlap",
                "at most policy.pat_rotation_overlap_max",
            ),
        ]
    }

    /// Of each knob that is a number: whether it is within its bounds, its name, and what is allowed.
    fn counts(&self) -> [(bool, &'static str, &'static str); 3] {
        [
            (
                (1..=100).contains(&self.pat_limit),
                "policy.pat_limit",
                "1 to 100",
            ),
            (
                (10..=1_000).contains(&self.exchange_failures),
                "policy.exchange_failures",
                "10 to 1000",
            ),
            (
                (3..=100).contains(&self.sign_in_failures),
                "policy.sign_in_failures",
                "3 to 100",
            ),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_is_within_its_bounds() {
        assert_eq!(Policy::default().checked(), Ok(Policy::default()));
    }

    #[test]
    fn a_value_outside_its_bounds_is_named() {
        let knob = |policy: Policy| policy.checked().expect_err("refused").knob;
        let hours = |hours: u64| Duration::from_secs(hours * 60 * MINUTE);
        assert_eq!(
            knob(Policy {
                pat_limit: 0,
                ..Policy::default()
            }),
            "policy.pat_limit"
        );
        assert_eq!(
            knob(Policy {
                pat_limit: 101,
                ..Policy::default()
            }),
            "policy.pat_limit"
        );
        assert_eq!(
            knob(Policy {
                key_rotation: Some(hours(23)),
                ..Policy::default()
            }),
            "policy.key_rotation"
        );
        assert_eq!(
            knob(Policy {
                session_idle: hours(25),
                ..Policy::default()
            }),
            "policy.session_idle"
        );
        assert_eq!(
            knob(Policy {
                session_max: Duration::ZERO,
                ..Policy::default()
            }),
            "policy.session_max"
        );
        assert_eq!(
            knob(Policy {
                reauthentication: hours(2),
                ..Policy::default()
            }),
            "policy.reauthentication"
        );
        let pat_expiry = ExpiryPolicy {
            default: Some(hours(48)),
            max: Some(hours(24)),
            required: false,
        };
        assert_eq!(
            knob(Policy {
                pat_expiry,
                ..Policy::default()
            }),
            "policy.pat_expiry_default"
        );
    }

    #[test]
    fn p10_the_overlap_has_bounds_and_its_default_is_within_its_maximum() {
        let days = |days: u64| Duration::from_secs(days * DAY);
        let refused = |default, max| {
            let policy = Policy {
                pat_rotation_overlap: default,
                pat_rotation_overlap_max: max,
                ..Policy::default()
            };
            policy
                .checked()
                .err()
                .map(|outside| (outside.knob, outside.bounds))
        };
        assert_eq!(refused(days(0), days(0)), None);
        assert_eq!(refused(days(30), days(30)), None);
        let bounds = "0 seconds to 30 days";
        assert_eq!(
            refused(days(31), days(31)),
            Some(("policy.pat_rotation_overlap", bounds))
        );
        assert_eq!(
            refused(days(1), days(31)),
            Some(("policy.pat_rotation_overlap_max", bounds))
        );
        let too_much = (
            "policy.pat_rotation_overlap",
            "at most policy.pat_rotation_overlap_max",
        );
        assert_eq!(refused(days(2), days(1)), Some(too_much));
    }

    #[test]
    fn x6_t_04_the_limits_of_failures_have_bounds() {
        let knob = |policy: Policy| policy.checked().map(drop).map_err(|outside| outside.knob);
        for (exchange_failures, is_good) in [(9, false), (10, true), (1_000, true), (1_001, false)]
        {
            let policy = Policy {
                exchange_failures,
                ..Policy::default()
            };
            let refused = Err("policy.exchange_failures");
            assert_eq!(knob(policy), if is_good { Ok(()) } else { refused });
        }
        for (sign_in_failures, is_good) in [(2, false), (3, true), (100, true), (101, false)] {
            let policy = Policy {
                sign_in_failures,
                ..Policy::default()
            };
            let refused = Err("policy.sign_in_failures");
            assert_eq!(knob(policy), if is_good { Ok(()) } else { refused });
        }
    }
}
