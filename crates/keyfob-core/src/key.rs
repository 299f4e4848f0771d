//! The life of signing keys: from when each is listed, signs, and is no longer believed (guarantee 10).
//!
//! A key is listed in the JWKS long enough before it signs for every verifier to have fetched it, and
//! long enough after for everything it signed to have ended. All nodes act on the times in the record,
//! so that none has to be told anything at the moment of a change. Making and sealing keys is not here.

use std::time::Duration;

use crate::id::KeyId;
use crate::policy::ACCESS_TOKEN_MAX;
use crate::time::Timestamp;

/// How long others may keep the JWKS.
pub const JWKS_MAX_AGE: Duration = Duration::from_mins(5);
/// How long a new key is listed before it signs: twice as long as an old list may be kept.
pub const ANNOUNCED: Duration = Duration::from_mins(10);
/// How long a key stays listed after the last token it can have signed was made: the longest life of
/// an access token, the tolerance of verifiers, and the age of a list.
pub const OUTLIVED: Duration = ACCESS_TOKEN_MAX
    .saturating_add(Duration::from_secs(30))
    .saturating_add(JWKS_MAX_AGE);

/// The times in a key's record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyTimes {
    /// From when the JWKS lists it.
    pub publish_from: Timestamp,
    /// From when it may sign; never before it was listed long enough, except for the first of its kind.
    pub sign_from: Timestamp,
    /// From when it is neither listed nor believed; none while nothing is to follow it.
    pub retire_at: Option<Timestamp>,
    /// Since when nothing that it ever signed counts.
    pub dropped_at: Option<Timestamp>,
}

/// What a key does at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyState {
    /// Its record is there, and nobody sees it yet.
    Waiting,
    /// It is listed and does not sign yet.
    Announced,
    /// It may sign: of several the one that may since latest does.
    Signing,
    /// It ended: what it signed is over.
    Retired,
    /// It was dropped: what it signed is refused.
    Dropped,
}

impl KeyTimes {
    /// Those of a key that is listed and may sign at once.
    pub const fn at_once(now: Timestamp) -> Self {
        Self {
            publish_from: now,
            sign_from: now,
            retire_at: None,
            dropped_at: None,
        }
    }

    fn announced_at(now: Timestamp) -> Self {
        Self {
            sign_from: now.plus(ANNOUNCED),
            ..Self::at_once(now)
        }
    }

    /// What it does at a moment.
    pub fn state_at(&self, now: Timestamp) -> KeyState {
        if self.dropped_at.is_some() {
            KeyState::Dropped
        } else if self.retire_at.is_some_and(|at| at <= now) {
            KeyState::Retired
        } else if self.sign_from <= now {
            KeyState::Signing
        } else if self.publish_from <= now {
            KeyState::Announced
        } else {
            KeyState::Waiting
        }
    }

    /// Whether the JWKS lists it.
    pub fn is_listed_at(&self, now: Timestamp) -> bool {
        matches!(self.state_at(now), KeyState::Announced | KeyState::Signing)
    }

    /// Whether what it signed is over, or refused.
    pub fn is_over_at(&self, now: Timestamp) -> bool {
        matches!(self.state_at(now), KeyState::Retired | KeyState::Dropped)
    }
}

/// What is wanted of the keys of one algorithm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// One that signs; with a time, another one once it is that old.
    Kept {
        /// How long one key signs; none: for ever.
        rotate_after: Option<Duration>,
    },
    /// Another one, as soon as everybody can have fetched it.
    Rotated,
    /// Another one at once, and nothing that the others signed counts any more.
    Replaced,
    /// None: no resource server uses the algorithm any more.
    GivenUp,
}

/// What is to be done about the keys of one algorithm.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Plan {
    /// The times of a key to make.
    pub make: Option<KeyTimes>,
    /// Keys that retire, and when.
    pub retire: Vec<(KeyId, Timestamp)>,
    /// Keys to drop now.
    pub drop: Vec<KeyId>,
}

impl Plan {
    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Plans the keys of one algorithm. What was carried out already is not planned again, so it can be
/// asked as often as one likes, and by several nodes.
pub fn plan(keys: &[(KeyId, KeyTimes)], wanted: Wanted, now: Timestamp) -> Plan {
    let living = keys.iter().filter(|(_id, times)| !times.is_over_at(now));
    let latest = |key: &&(KeyId, KeyTimes)| key.1.sign_from;
    let last = living.clone().max_by_key(latest);
    // The last of the line; when that one is already to retire, none is left to go on with.
    let head = last.filter(|(_id, times)| times.retire_at.is_none());
    match wanted {
        Wanted::Kept { rotate_after } => match head {
            Some((_id, times)) if !is_due(times, rotate_after, now) => Plan::default(),
            _due_or_none => follow(last, now),
        },
        Wanted::Rotated => match head {
            // Its successor is on its way.
            Some((_id, times)) if times.sign_from > now => Plan::default(),
            _signing_or_none => follow(last, now),
        },
        Wanted::Replaced => Plan {
            make: Some(KeyTimes::at_once(now)),
            retire: Vec::new(),
            drop: living.map(|(id, _times)| *id).collect(),
        },
        Wanted::GivenUp => {
            let end = now.plus(OUTLIVED);
            let endless = living.filter(|(_id, times)| times.retire_at.is_none());
            Plan {
                retire: endless
                    .map(|(id, times)| (*id, end.max(times.sign_from.plus(OUTLIVED))))
                    .collect(),
                ..Plan::default()
            }
        }
    }
}

fn is_due(times: &KeyTimes, rotate_after: Option<Duration>, now: Timestamp) -> bool {
    rotate_after.is_some_and(|after| times.sign_from.plus(after) <= now.plus(ANNOUNCED))
}

/// A successor. The one before signs until then, so its end is moved behind everything it can sign.
fn follow(last: Option<&(KeyId, KeyTimes)>, now: Timestamp) -> Plan {
    let Some((id, before)) = last else {
        // Nobody can have fetched a list with a key of this algorithm that signs: there is none to wait for.
        return Plan {
            make: Some(KeyTimes::at_once(now)),
            ..Plan::default()
        };
    };
    let next = KeyTimes::announced_at(now.max(before.sign_from));
    let end = next.sign_from.plus(OUTLIVED);
    Plan {
        make: Some(KeyTimes {
            publish_from: now,
            ..next
        }),
        retire: vec![(*id, before.retire_at.map_or(end, |at| at.max(end)))],
        drop: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);
    const DAY: Duration = Duration::from_hours(24);
    const KEEP: Wanted = Wanted::Kept { rotate_after: None };
    const ROTATE_DAILY: Wanted = Wanted::Kept {
        rotate_after: Some(DAY),
    };

    fn id(number: u128) -> KeyId {
        KeyId::from_uuid(Uuid::from_u128(number))
    }

    /// Does what a plan says; a new key gets the next number.
    fn carry_out(keys: &mut Vec<(KeyId, KeyTimes)>, plan: &Plan, now: Timestamp) {
        for (of, at) in &plan.retire {
            let key = keys.iter_mut().find(|(id, _times)| id == of);
            key.expect("a key").1.retire_at = Some(*at);
        }
        for of in &plan.drop {
            let key = keys.iter_mut().find(|(id, _times)| id == of);
            key.expect("a key").1.dropped_at = Some(now);
        }
        let next = id(u128::try_from(keys.len()).expect("few") + 1);
        keys.extend(plan.make.map(|times| (next, times)));
    }

    fn signer(keys: &[(KeyId, KeyTimes)], now: Timestamp) -> Option<KeyId> {
        let signing = keys
            .iter()
            .filter(|(_id, times)| times.state_at(now) == KeyState::Signing);
        signing
            .max_by_key(|(_id, times)| times.sign_from)
            .map(|(id, _times)| *id)
    }

    #[test]
    fn the_first_key_of_an_algorithm_signs_at_once_and_is_made_once() {
        let mut keys = Vec::new();
        let first = plan(&keys, KEEP, NOW);
        assert_eq!(first.make, Some(KeyTimes::at_once(NOW)));
        carry_out(&mut keys, &first, NOW);
        assert!(plan(&keys, ROTATE_DAILY, NOW).is_empty());
    }

    #[test]
    fn a_successor_is_listed_for_ten_minutes_before_it_signs_and_the_old_key_for_a_day_after() {
        let mut keys = vec![(id(1), KeyTimes::at_once(NOW))];
        let due = NOW.plus(DAY).minus(ANNOUNCED);
        let just_before = Timestamp::from_millis(due.millis() - 1);
        assert!(plan(&keys, ROTATE_DAILY, just_before).is_empty());
        let rotation = plan(&keys, ROTATE_DAILY, due);
        carry_out(&mut keys, &rotation, due);
        assert!(plan(&keys, ROTATE_DAILY, due).is_empty(), "it is under way");
        let change = due.plus(ANNOUNCED);
        assert_eq!(keys[1].1.publish_from, due);
        assert_eq!(keys[1].1.sign_from, change);
        assert_eq!(
            signer(&keys, Timestamp::from_millis(change.millis() - 1)),
            Some(id(1))
        );
        assert_eq!(signer(&keys, change), Some(id(2)));
        let last_token_of_the_old_key_is_over = change.plus(ACCESS_TOKEN_MAX);
        assert!(
            keys[0]
                .1
                .is_listed_at(last_token_of_the_old_key_is_over.plus(Duration::from_secs(30)))
        );
        assert!(!keys[0].1.is_listed_at(change.plus(OUTLIVED)));
    }

    #[test]
    fn rotating_again_while_the_successor_is_announced_changes_nothing() {
        let mut keys = vec![(id(1), KeyTimes::at_once(NOW))];
        let now = NOW.plus(Duration::from_mins(1));
        let rotation = plan(&keys, Wanted::Rotated, now);
        carry_out(&mut keys, &rotation, now);
        assert!(plan(&keys, Wanted::Rotated, now.plus(Duration::from_mins(9))).is_empty());
        assert!(!plan(&keys, Wanted::Rotated, now.plus(ANNOUNCED)).is_empty());
    }

    #[test]
    fn in_an_emergency_the_next_signs_at_once_and_all_others_are_dropped() {
        let mut keys = vec![(id(1), KeyTimes::at_once(NOW))];
        let rotation = plan(&keys, Wanted::Rotated, NOW.plus(DAY));
        carry_out(&mut keys, &rotation, NOW.plus(DAY));
        let now = NOW.plus(DAY).plus(Duration::from_mins(5));
        let emergency = plan(&keys, Wanted::Replaced, now);
        assert_eq!(emergency.drop, [id(1), id(2)]);
        carry_out(&mut keys, &emergency, now);
        assert_eq!(signer(&keys, now), Some(id(3)));
        assert_eq!(keys[0].1.state_at(now), KeyState::Dropped);
        let listed = keys.iter().filter(|(_id, times)| times.is_listed_at(now));
        assert_eq!(listed.count(), 1);
    }

    #[test]
    fn an_algorithm_that_comes_back_gets_a_new_key_and_the_old_one_outlives_what_it_signs_meanwhile()
     {
        let mut keys = vec![(id(1), KeyTimes::at_once(NOW))];
        let given_up = plan(&keys, Wanted::GivenUp, NOW);
        assert_eq!(given_up.retire, [(id(1), NOW.plus(OUTLIVED))]);
        carry_out(&mut keys, &given_up, NOW);
        assert!(plan(&keys, Wanted::GivenUp, NOW).is_empty());
        let back = NOW.plus(Duration::from_hours(20));
        let again = plan(&keys, KEEP, back);
        carry_out(&mut keys, &again, back);
        assert_eq!(
            signer(&keys, back),
            Some(id(1)),
            "until the new one is known"
        );
        assert_eq!(signer(&keys, back.plus(ANNOUNCED)), Some(id(2)));
        assert_eq!(
            keys[0].1.retire_at,
            Some(back.plus(ANNOUNCED).plus(OUTLIVED))
        );
        let much_later = NOW.plus(DAY * 9);
        keys[1].1.retire_at = Some(much_later);
        let anew = plan(&keys, KEEP, much_later);
        assert_eq!(
            anew.make,
            Some(KeyTimes::at_once(much_later)),
            "nothing is left to wait for"
        );
    }
}
