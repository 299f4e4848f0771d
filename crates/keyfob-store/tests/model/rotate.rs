//! Rotations in the model (P10).

use keyfob_core::pat::RevokedBecause;

use super::super::step::{Wanted, WantedOverlap};
use super::{Model, Pat, Rotated, Said};

/// For how many hours a request can be repeated.
const REPEATABLE: u32 = 24;

impl Model {
    /// A successor with the same bounds and no expiry; of a repeated request another one, while the first
    /// lives, was neither used nor rotated, and ends with it.
    pub(super) fn rotate(&mut self, pat: usize, want: WantedOverlap) -> Said {
        let (old, successor) = (&self.pats[pat], self.pats.len());
        if let Some(refused) = self.no_direct_member(old.user, old.org) {
            return refused;
        }
        let new = Pat {
            want: Wanted {
                days: None,
                ..old.want
            },
            end: None,
            revoked: None,
            is_used: false,
            rotated: None,
            ..*old
        };
        match old.rotated {
            Some(rotated) if self.is_repeated(rotated, want) => {
                self.revoke(rotated.successor, RevokedBecause::UnseenSuccessor);
                self.pats[pat].rotated = Some(Rotated {
                    successor,
                    ..rotated
                });
            }
            Some(_rotated) => return Said::AlreadyRotated,
            None if self.is_over(old) => return Said::Over,
            None => {
                self.begin_overlap(pat, want.hours);
                self.pats[pat].rotated = Some(Rotated {
                    successor,
                    want,
                    hour: self.hour,
                });
            }
        }
        self.pats.push(new);
        Said::Done
    }

    fn is_repeated(&self, rotated: Rotated, want: WantedOverlap) -> bool {
        let successor = &self.pats[rotated.successor];
        let is_same = want.is_repeatable && want == rotated.want;
        let is_unseen = !successor.is_used && successor.rotated.is_none();
        let is_in_time = self.hour < rotated.hour + REPEATABLE;
        is_same && is_in_time && is_unseen && !self.is_over(successor)
    }

    /// The old token ends at once, or after that many hours unless it would have ended before.
    fn begin_overlap(&mut self, pat: usize, hours: u32) {
        let end = self.hour + hours;
        let old = &mut self.pats[pat];
        match hours {
            0 => old.revoked = Some(RevokedBecause::Rotated),
            _some => old.end = Some(old.end.map_or(end, |own| own.min(end))),
        }
    }

    /// Whether a token ended, by itself or by somebody.
    pub(super) fn is_over(&self, pat: &Pat) -> bool {
        pat.revoked.is_some() || pat.end.is_some_and(|end| end <= self.hour)
    }

    /// Why somebody cannot make a token, unless they are a direct member.
    pub(super) fn no_direct_member(&self, user: usize, org: usize) -> Option<Said> {
        if self.is_active(user, org) {
            return None;
        }
        let mut above = self.upward(org).into_iter().skip(1);
        let is_inherited = above.any(|above| self.is_active(user, above));
        Some(if is_inherited {
            Said::Inherited
        } else {
            Said::Stranger
        })
    }
}
