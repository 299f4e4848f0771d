//! The notes themselves: of each token and session the last use, of each token and reason how often it
//! was refused and the latest of that. So their number is that of tokens and sessions, not of requests.

use std::collections::{BTreeMap, VecDeque};

use keyfob_core::exchange::Denial;
use keyfob_core::id::{PatId, SessionId};
use keyfob_core::time::Timestamp;
use keyfob_store::pat::LastUse;
use keyfob_store::refusal::{NewRefusals, REFUSALS_KEPT, Refusal};

/// Most notes of a kind. When there are as many, because the store is away, only what is noted already
/// is kept up to date.
const NOTES_MAX: usize = 100_000;
/// The same for refusals, each of which holds several requests.
const REFUSALS_MAX: usize = 10_000;

/// What is not written yet.
#[derive(Debug, Default)]
pub(super) struct Notes {
    pats: BTreeMap<PatId, LastUse>,
    first_uses: BTreeMap<PatId, Timestamp>,
    sessions: BTreeMap<SessionId, Timestamp>,
    refusals: BTreeMap<(PatId, &'static str), Refusals>,
}

/// Of one token and one reason.
#[derive(Debug)]
struct Refusals {
    reason: Denial,
    times: u32,
    /// The oldest first, at most as many as the store keeps.
    latest: VecDeque<Refusal>,
}

/// The notes as rows.
#[derive(Debug)]
pub(super) struct Rows {
    pub(super) pats: Vec<(PatId, LastUse)>,
    pub(super) first_uses: Vec<(PatId, Timestamp)>,
    pub(super) sessions: Vec<(SessionId, Timestamp)>,
    pub(super) refusals: Vec<NewRefusals>,
}

impl Notes {
    pub(super) fn used(&mut self, pat: PatId, last: LastUse) {
        if has_room(&self.pats, &pat, NOTES_MAX) {
            self.pats.insert(pat, last);
        }
    }

    /// Notes a use that came before those noted already.
    pub(super) fn used_before(&mut self, pat: PatId, last: LastUse) {
        if has_room(&self.pats, &pat, NOTES_MAX) {
            self.pats.entry(pat).or_insert(last);
        }
    }

    /// Of several first uses the earliest is the one, in whatever order they come.
    pub(super) fn first_used(&mut self, successor: PatId, at: Timestamp) {
        if has_room(&self.first_uses, &successor, NOTES_MAX) {
            let first = self.first_uses.entry(successor).or_insert(at);
            *first = at.min(*first);
        }
    }

    pub(super) fn seen(&mut self, session: SessionId, at: Timestamp) {
        if has_room(&self.sessions, &session, NOTES_MAX) {
            self.sessions.insert(session, at);
        }
    }

    /// Notes a use that came before those noted already.
    pub(super) fn seen_before(&mut self, session: SessionId, at: Timestamp) {
        if has_room(&self.sessions, &session, NOTES_MAX) {
            self.sessions.entry(session).or_insert(at);
        }
    }

    pub(super) fn refused(&mut self, pat: PatId, reason: Denial, refusal: Refusal) {
        let Some(of) = self.refusals_of(pat, reason) else {
            return;
        };
        of.times = of.times.saturating_add(1);
        of.latest.push_back(refusal);
        if of.latest.len() > REFUSALS_KEPT {
            of.latest.pop_front();
        }
    }

    /// Notes refusals that came before those noted already.
    pub(super) fn refused_before(&mut self, before: NewRefusals) {
        let Some(of) = self.refusals_of(before.pat, before.reason) else {
            return;
        };
        of.times = of.times.saturating_add(before.times);
        let room = REFUSALS_KEPT - of.latest.len();
        for refusal in before.latest.into_iter().rev().take(room) {
            of.latest.push_front(refusal);
        }
    }

    fn refusals_of(&mut self, pat: PatId, reason: Denial) -> Option<&mut Refusals> {
        let key = (pat, reason.word());
        has_room(&self.refusals, &key, REFUSALS_MAX).then(|| {
            self.refusals.entry(key).or_insert_with(|| Refusals {
                reason,
                times: 0,
                latest: VecDeque::new(),
            })
        })
    }

    pub(super) fn into_rows(self) -> Rows {
        let refusals = self
            .refusals
            .into_iter()
            .map(|((pat, _word), of)| NewRefusals {
                pat,
                reason: of.reason,
                times: of.times,
                latest: of.latest.into(),
            });
        Rows {
            pats: self.pats.into_iter().collect(),
            first_uses: self.first_uses.into_iter().collect(),
            sessions: self.sessions.into_iter().collect(),
            refusals: refusals.collect(),
        }
    }
}

fn has_room<K: Ord, V>(notes: &BTreeMap<K, V>, key: &K, most: usize) -> bool {
    notes.len() < most || notes.contains_key(key)
}

#[cfg(test)]
mod tests {
    use keyfob_core::id::{OrgId, RequestId};
    use uuid::Uuid;

    use super::*;

    fn pat(number: usize) -> PatId {
        PatId::from_uuid(Uuid::from_u128(number.try_into().expect("it fits")))
    }

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    fn last_use(millis: i64) -> LastUse {
        LastUse {
            at: at(millis),
            address: None,
            client: None,
            organization: OrgId::from_uuid(Uuid::from_u128(1)),
        }
    }

    fn refusal(number: u128) -> Refusal {
        Refusal {
            request: RequestId::from_uuid(Uuid::from_u128(number)),
            at: at(0),
            address: None,
            client: None,
            organization: OrgId::from_uuid(Uuid::from_u128(1)),
        }
    }

    #[test]
    fn p14_of_each_token_the_last_use_is_noted_and_an_earlier_one_put_back_changes_nothing() {
        let mut notes = Notes::default();
        notes.used(pat(1), last_use(1));
        notes.used(pat(1), last_use(2));
        notes.used_before(pat(1), last_use(1));
        notes.used_before(pat(2), last_use(1));
        let session = SessionId::from_uuid(Uuid::from_u128(3));
        notes.seen(session, at(5));
        notes.seen_before(session, at(4));
        let rows = notes.into_rows();
        assert_eq!(rows.pats, [(pat(1), last_use(2)), (pat(2), last_use(1))]);
        assert_eq!(rows.sessions, [(session, at(5))]);
    }

    #[test]
    fn p10_of_each_successor_the_earliest_use_is_noted() {
        let mut notes = Notes::default();
        for (number, millis) in [(1, 5), (2, 7), (1, 4), (2, 8)] {
            notes.first_used(pat(number), at(millis));
        }
        let first_uses = notes.into_rows().first_uses;
        assert_eq!(first_uses, [(pat(1), at(4)), (pat(2), at(7))]);
    }

    #[test]
    fn p14_the_notes_are_bounded_and_what_is_noted_is_kept_up_to_date() {
        let mut notes = Notes::default();
        for number in 0..=NOTES_MAX {
            notes.used(pat(number), last_use(1));
            notes.first_used(pat(number), at(1));
            notes.refused(pat(number), Denial::Expired, refusal(1));
        }
        notes.used(pat(0), last_use(2));
        notes.refused(pat(0), Denial::Expired, refusal(2));
        notes.refused(pat(0), Denial::Network, refusal(3));
        let rows = notes.into_rows();
        assert_eq!(rows.pats.len(), NOTES_MAX);
        assert_eq!(rows.first_uses.len(), NOTES_MAX);
        assert_eq!(rows.pats.first(), Some(&(pat(0), last_use(2))));
        assert_eq!(rows.refusals.len(), REFUSALS_MAX);
        assert_eq!(rows.refusals.first().map(|of| of.times), Some(2));
    }

    #[test]
    fn p16_refusals_are_counted_by_reason_and_the_latest_are_kept() {
        let mut notes = Notes::default();
        for number in 100..125 {
            notes.refused(pat(1), Denial::Expired, refusal(number));
        }
        notes.refused(pat(1), Denial::Network, refusal(7));
        let first = notes.into_rows().refusals;
        let times: Vec<u32> = first.iter().map(|of| of.times).collect();
        assert_eq!(times, [25, 1]);
        let expired = first.first().expect("expired").latest.clone();
        let latest: Vec<Refusal> = (115..125).map(refusal).collect();
        assert_eq!(expired, latest);
        // Put back beside newer ones: the count is the sum, and the newest are kept.
        let mut later = Notes::default();
        later.refused(pat(1), Denial::Expired, refusal(200));
        for of in first {
            later.refused_before(of);
        }
        let both = later.into_rows().refusals;
        let expired = both.first().expect("expired");
        assert_eq!((both.len(), expired.times), (2, 26));
        let latest: Vec<Refusal> = (116..125).chain([200]).map(refusal).collect();
        assert_eq!(expired.latest, latest);
    }
}
