//! A token in the list, as words.

use keyfob_core::reach::Reach;
use keyfob_core::time::Timestamp;
use keyfob_store::pat::Pat;
use keyfob_store::refusal::Refused;

use crate::app::visit::Visit;
use crate::web::{client, say, when};

const DAY: i64 = 24 * 60 * 60 * 1_000;
/// From when on a token is said to end soon.
const SOON: i64 = 14 * DAY;

/// A word about a token's state.
#[derive(Debug)]
pub(crate) struct Badge {
    /// `ok`, `warn` or `danger`.
    pub(crate) kind: &'static str,
    pub(crate) icon: &'static str,
    pub(crate) word: &'static str,
}

/// Of a token that lives on beside its successor.
const ROTATED: Badge = Badge {
    kind: "warn",
    icon: "rotate",
    word: say::ROTATED,
};

/// A token that works.
#[derive(Debug)]
pub(crate) struct LiveToken {
    pub(crate) name: String,
    pub(crate) hint: String,
    pub(crate) badge: Option<Badge>,
    /// The address below which its own pages are.
    pub(crate) path: String,
    pub(crate) created: String,
    pub(crate) created_ago: String,
    pub(crate) expires: String,
    pub(crate) expires_soon: Option<String>,
    pub(crate) permissions: String,
    pub(crate) networks: String,
    /// How far it goes, when that is less than everything below.
    pub(crate) reach: Option<String>,
    pub(crate) last_use: String,
    /// Whether it can be rotated: once, and not after that.
    pub(crate) can_rotate: bool,
    /// That it was used after its successor was (P10).
    pub(crate) still_used: Option<String>,
    pub(crate) refusals: Vec<String>,
}

/// A token that ended.
#[derive(Debug)]
pub(crate) struct EndedToken {
    pub(crate) name: String,
    pub(crate) hint: String,
    pub(crate) end: String,
    pub(crate) refusals: Vec<String>,
}

/// What the words about a token are made from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Told<'a> {
    pub(crate) visit: &'a Visit,
    pub(crate) refusals: &'a [Refused],
    pub(crate) now: Timestamp,
}

impl Told<'_> {
    /// A token that works.
    pub(crate) fn live(&self, pat: &Pat, path: String) -> LiveToken {
        let end = pat.lifetime.end;
        LiveToken {
            name: pat.name.clone(),
            hint: hint(pat),
            badge: match (pat.successor, end) {
                (Some(_by), _) => Some(ROTATED),
                (None, end) => end.and_then(|end| badge(end, self.now)),
            },
            path,
            created: when::day(pat.lifetime.start),
            created_ago: when::ago(pat.lifetime.start, self.now),
            expires: end.map_or_else(|| say::NEVER.to_owned(), when::day),
            expires_soon: end.map(|end| when::soon(end, self.now)),
            permissions: match &pat.ceiling {
                None => say::ALL_YOU_HAVE.to_owned(),
                Some(ceiling) => ceiling.iter().collect::<Vec<_>>().join(", "),
            },
            networks: match &pat.networks {
                None => say::ANY.to_owned(),
                Some(networks) => networks.iter().collect::<Vec<_>>().join(", "),
            },
            reach: self.reach(&pat.reach),
            last_use: self.last_use(pat),
            can_rotate: pat.successor.is_none(),
            still_used: pat
                .used_after_rotation()
                .map(|at| say::used_after_rotation(&when::past(at, self.now).words)),
            refusals: self.refusals(pat),
        }
    }

    /// A token that ended.
    pub(crate) fn ended(&self, pat: &Pat) -> EndedToken {
        let end = match (pat.revoked, pat.lifetime.end) {
            (Some((at, because)), _) => say::revoked(&when::day(at), because),
            (None, Some(end)) => say::expired(&when::day(end)),
            (None, None) => String::new(),
        };
        EndedToken {
            name: pat.name.clone(),
            hint: hint(pat),
            end,
            refusals: self.refusals(pat),
        }
    }

    fn reach(&self, reach: &Reach) -> Option<String> {
        match reach {
            Reach::Subtree => None,
            Reach::Organization => Some(say::REACH_ORGANIZATION.to_owned()),
            Reach::Named(named) => {
                let names = named.iter().filter_map(|id| self.visit.seen(*id));
                let names: Vec<&str> = names.map(|listed| listed.org.name.as_str()).collect();
                Some(say::reach_named(&names))
            }
        }
    }

    fn last_use(&self, pat: &Pat) -> String {
        let Some(last) = &pat.last_used else {
            return say::NEVER_USED.to_owned();
        };
        let when = when::past(last.at, self.now).words;
        let place = self.visit.seen(last.organization);
        let place = place.map(|listed| say::for_organization(&listed.org.name));
        let client = client::words(last.client.as_deref());
        let parts = [
            Some(when.as_str()),
            last.address.as_deref(),
            client.as_deref(),
            place.as_deref(),
        ];
        say::joined(&parts.into_iter().flatten().collect::<Vec<_>>())
    }

    /// Why it was refused, how often and when last (P16).
    fn refusals(&self, pat: &Pat) -> Vec<String> {
        let mut of_this: Vec<&Refused> = self
            .refusals
            .iter()
            .filter(|refused| refused.pat == pat.id)
            .collect();
        of_this.sort_by_key(|refused| std::cmp::Reverse(refused.refusal.at));
        let told = |refused: &Refused| {
            let times = say::times(refused.times);
            let when = when::past(refused.refusal.at, self.now).words;
            let client = client::words(refused.refusal.client.as_deref());
            let parts = [
                Some(say::denial(refused.reason)),
                Some(times.as_str()),
                Some(when.as_str()),
                refused.refusal.address.as_deref(),
                client.as_deref(),
            ];
            say::joined(&parts.into_iter().flatten().collect::<Vec<_>>())
        };
        of_this.into_iter().map(told).collect()
    }
}

/// The end of its text; of an imported one nobody here knows it.
pub(crate) fn hint(pat: &Pat) -> String {
    pat.hint.clone().unwrap_or_else(|| say::NO_HINT.to_owned())
}

/// That it ends soon, in its last two weeks.
pub(crate) fn badge(end: Timestamp, now: Timestamp) -> Option<Badge> {
    let left = end.millis() - now.millis();
    if left < DAY {
        Some(Badge {
            kind: "danger",
            icon: "warn",
            word: say::EXPIRES_TODAY,
        })
    } else if left < SOON {
        Some(Badge {
            kind: "warn",
            icon: "clock",
            word: say::EXPIRES_SOON,
        })
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_warns_in_its_last_two_weeks_and_again_on_its_last_day() {
        let now = Timestamp::from_millis(1_800_000_000_000);
        let word = |left: i64| {
            let end = Timestamp::from_millis(now.millis() + left);
            badge(end, now).map(|badge| badge.kind)
        };
        assert_eq!(word(SOON), None);
        assert_eq!(word(SOON - 1), Some("warn"));
        assert_eq!(word(DAY), Some("warn"));
        assert_eq!(word(DAY - 1), Some("danger"));
    }
}
