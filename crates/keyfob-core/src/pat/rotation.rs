//! Rotation: a successor in the place of a token, which lives on beside it for a while (contract P10).
//!
//! The answer that holds the successor's secret can be lost. Whoever asks again, under the same
//! `Idempotency-Key`, gets *another* successor, because no secret is shown twice; the one that nobody saw
//! ends. That it was not seen is known from its never having been exchanged, so its first exchange must be
//! in the store before it is answered ([`Unused`], ADR 21).

use std::fmt;
use std::time::Duration;

use aws_lc_rs::digest;

use super::{
    Ceiling, GeneratePermit, Refusal, RevokePermit, RevokedBecause, WantedExpiry, WantedPat,
    check_person, expiry,
};
use crate::id::{OrgId, PatId, UserId};
use crate::member::Standing;
use crate::network::Networks;
use crate::policy::Policy;
use crate::reach::Reach;
use crate::time::{Lifetime, Timestamp};

/// Most characters of an `Idempotency-Key`.
pub const IDEMPOTENCY_KEY_MAX: usize = 255;
/// How long a rotation can be asked for again under its key.
pub const REPEATABLE: Duration = Duration::from_hours(24);
/// Bytes of what is kept of a request.
pub const ATTEMPT_LENGTH: usize = 32;

/// What a client calls one rotation, so that asking again is known for asking again.
#[derive(Clone, PartialEq, Eq)]
pub struct IdempotencyKey(String);

/// That a text is no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a key is 1 to {IDEMPOTENCY_KEY_MAX} visible ASCII characters without spaces")]
pub struct BadIdempotencyKey;

impl IdempotencyKey {
    /// Reads a key; it is compared as it is written, quotation marks included.
    ///
    /// # Errors
    /// [`BadIdempotencyKey`] when it is empty, too long, or holds anything but visible ASCII.
    pub fn parse(bytes: &[u8]) -> Result<Self, BadIdempotencyKey> {
        let is_visible = bytes.iter().all(u8::is_ascii_graphic);
        if bytes.is_empty() || bytes.len() > IDEMPOTENCY_KEY_MAX || !is_visible {
            return Err(BadIdempotencyKey);
        }
        let text = std::str::from_utf8(bytes).map_err(|_no_ascii| BadIdempotencyKey)?;
        Ok(Self(text.to_owned()))
    }
}

/// It may be guessable, and whoever knows it could repeat a rotation: it is told nowhere.
impl fmt::Debug for IdempotencyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IdempotencyKey(…)")
    }
}

/// What a person chose on rotating.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WantedRotation {
    /// How long the old token lives on; none: the policy's default.
    pub overlap: Option<Duration>,
    /// What makes the request repeatable.
    pub key: Option<IdempotencyKey>,
}

/// A request as it is remembered: whose, of which token, under which key, with which choice. Only the
/// digest is kept, so a key is in no dump.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attempt {
    /// SHA-256 over all of it.
    pub digest: [u8; ATTEMPT_LENGTH],
    /// Until when it counts.
    pub until: Timestamp,
}

/// The token that is to be replaced, as it stands.
#[derive(Debug, Clone)]
pub struct OldPat {
    /// Which.
    pub id: PatId,
    /// Whose.
    pub holder: UserId,
    /// Where.
    pub organization: OrgId,
    /// The root of its tree.
    pub tree: OrgId,
    /// From its making to its expiry.
    pub lifetime: Lifetime,
    /// Why it was ended, if it was.
    pub revoked: Option<RevokedBecause>,
    /// What it is limited to.
    pub ceiling: Option<Ceiling>,
    /// How far it goes.
    pub reach: Reach,
    /// From where it works.
    pub networks: Option<Networks>,
}

/// The rotation that a token has behind it.
#[derive(Debug, Clone)]
pub struct Rotated {
    /// What replaced it.
    pub successor: PatId,
    /// The successor's life.
    pub lifetime: Lifetime,
    /// Why the successor was ended, if it was.
    pub revoked: Option<RevokedBecause>,
    /// What replaced the successor in its turn.
    pub next: Option<PatId>,
    /// When the successor was first exchanged.
    pub first_used_at: Option<Timestamp>,
    /// The request, if it can be repeated.
    pub attempt: Option<Attempt>,
}

/// What counts for rotating, as seen inside one transaction.
#[derive(Debug, Clone)]
pub struct RotateFacts {
    /// Who wants it.
    pub user: UserId,
    /// How they stand at the token's organization.
    pub standing: Standing,
    /// When they last proved who they are in this session.
    pub authenticated_at: Timestamp,
    /// The token.
    pub old: OldPat,
    /// Its rotation, if it had one.
    pub rotated: Option<Rotated>,
}

/// Why a token is not rotated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotRotated {
    /// It is somebody else's. Who manages the organization may end it, not have it.
    #[error("only its holder can rotate a token")]
    NotTheHolder,
    /// The person could not generate a token here either.
    #[error(transparent)]
    Person(#[from] Refusal),
    /// It has a successor, and this is no request that could be repeated.
    #[error("already rotated")]
    AlreadyRotated,
    /// It was revoked.
    #[error("revoked")]
    Revoked,
    /// It expired.
    #[error("expired")]
    Expired,
    /// The overlap is longer than policy allows.
    #[error("the overlap is longer than policy allows")]
    OverlapTooLong {
        /// The longest allowed.
        longest: Duration,
    },
}

/// What a rotation does beside making the successor.
#[derive(Debug)]
pub enum RotateStep {
    /// The old token lives on until then, which is never later than it would have.
    Overlap(Timestamp),
    /// The old token ends at once.
    AtOnce(RevokePermit),
    /// The request was repeated: the successor that nobody used ends.
    Again(RevokePermit),
}

/// Evidence that a token may be replaced, as seen inside one transaction. Only the rule makes one.
#[derive(Debug)]
pub struct RotatePermit {
    pat: PatId,
    successor: GeneratePermit,
    step: RotateStep,
    attempt: Option<Attempt>,
}

impl RotatePermit {
    /// Which is replaced.
    pub fn pat(&self) -> PatId {
        self.pat
    }

    /// The successor, with the bounds of the old one.
    pub fn successor(&self) -> &GeneratePermit {
        &self.successor
    }

    /// What becomes of the old one, or of a successor that nobody saw.
    pub fn step(&self) -> &RotateStep {
        &self.step
    }

    /// The request to remember, if it can be repeated.
    pub fn attempt(&self) -> Option<&Attempt> {
        self.attempt.as_ref()
    }
}

/// Decides whether a person may rotate a token. It takes the old one's place under the limit (P7), so
/// there is always room.
///
/// # Errors
/// [`NotRotated`]: who is refused for what they are learns that before anything about the token.
pub fn may_rotate(
    facts: RotateFacts,
    want: &WantedRotation,
    policy: &Policy,
    now: Timestamp,
) -> Result<RotatePermit, NotRotated> {
    let old = facts.old;
    if facts.user != old.holder {
        return Err(NotRotated::NotTheHolder);
    }
    check_person(facts.standing, facts.authenticated_at, policy, now)?;
    let attempt = attempt(want, &old, now);
    let step = match &facts.rotated {
        Some(rotated) => RotateStep::Again(may_repeat(rotated, attempt.as_ref(), old.holder, now)?),
        None => first_step(&old, want.overlap, policy, now)?,
    };
    Ok(RotatePermit {
        pat: old.id,
        successor: GeneratePermit {
            user: old.holder,
            organization: old.organization,
            tree: old.tree,
            lifetime: Lifetime {
                start: now,
                end: expiry(WantedExpiry::Default, &policy.pat_expiry, now)?,
            },
            want: WantedPat {
                expiry: WantedExpiry::Default,
                ceiling: old.ceiling,
                reach: old.reach,
                networks: old.networks,
            },
        },
        step,
        attempt,
    })
}

/// What becomes of a token that is rotated for the first time.
fn first_step(
    old: &OldPat,
    overlap: Option<Duration>,
    policy: &Policy,
    now: Timestamp,
) -> Result<RotateStep, NotRotated> {
    if old.revoked.is_some() {
        return Err(NotRotated::Revoked);
    }
    if old.lifetime.is_over_at(now) {
        return Err(NotRotated::Expired);
    }
    let longest = policy.pat_rotation_overlap_max;
    let overlap = overlap.unwrap_or(policy.pat_rotation_overlap);
    if overlap > longest {
        return Err(NotRotated::OverlapTooLong { longest });
    }
    if overlap.is_zero() {
        return Ok(RotateStep::AtOnce(RevokePermit {
            pat: old.id,
            because: RevokedBecause::Rotated,
            by: Some(old.holder),
        }));
    }
    let end = now.plus(overlap);
    let end = old.lifetime.end.map_or(end, |own| own.min(end));
    Ok(RotateStep::Overlap(end))
}

/// A request is repeated when it is the same one, in time, and its successor lives and was never used. A
/// successor that somebody ended or rotated was dealt with: a late repetition brings no other, which would
/// take a place under the limit.
fn may_repeat(
    rotated: &Rotated,
    attempt: Option<&Attempt>,
    holder: UserId,
    now: Timestamp,
) -> Result<RevokePermit, NotRotated> {
    let is_same = match (&rotated.attempt, attempt) {
        (Some(kept), Some(asked)) => kept.digest == asked.digest && now < kept.until,
        (None, _) | (_, None) => false,
    };
    let lives = rotated.revoked.is_none() && !rotated.lifetime.is_over_at(now);
    if !is_same || !lives || rotated.next.is_some() || rotated.first_used_at.is_some() {
        return Err(NotRotated::AlreadyRotated);
    }
    Ok(RevokePermit {
        pat: rotated.successor,
        because: RevokedBecause::UnseenSuccessor,
        by: Some(holder),
    })
}

fn attempt(want: &WantedRotation, old: &OldPat, now: Timestamp) -> Option<Attempt> {
    let key = want.key.as_ref()?;
    let overlap = want.overlap.map_or_else(
        || "default".to_owned(),
        |overlap| overlap.as_millis().to_string(),
    );
    let mut context = digest::Context::new(&digest::SHA256);
    context.update(b"keyfob rotation 1");
    context.update(old.holder.uuid().as_bytes());
    context.update(old.id.uuid().as_bytes());
    context.update(overlap.as_bytes());
    // Neither of the two that vary in length holds the byte between them.
    context.update(b"\0");
    context.update(key.0.as_bytes());
    let mut digest = [0; ATTEMPT_LENGTH];
    for (to, from) in digest.iter_mut().zip(context.finish().as_ref()) {
        *to = *from;
    }
    Some(Attempt {
        digest,
        until: now.plus(REPEATABLE),
    })
}

/// Decides whether a rotated token is to be revoked: once its overlap is over. It is refused from that very
/// moment as expired; revoking it tells the feed, so that access tokens made from it end too.
pub fn may_end_overlap(
    old: PatId,
    holder: UserId,
    ends_at: Timestamp,
    now: Timestamp,
) -> Option<RevokePermit> {
    let life = Lifetime {
        start: ends_at,
        end: Some(ends_at),
    };
    life.is_over_at(now).then_some(RevokePermit {
        pat: old,
        because: RevokedBecause::Rotated,
        by: Some(holder),
    })
}

/// A successor that was never exchanged, as its first exchange finds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unused {
    /// A repeated request could end it: its first use has to be in the store before it is answered.
    Replaceable,
    /// Nothing could: its first use is noted behind the exchange, as last uses are (P14).
    Kept,
}

/// When a token was used last, if that was after its successor was first used: somebody still works with
/// what was replaced.
pub fn used_after_rotation(
    successor_first_used: Option<Timestamp>,
    last_used: Option<Timestamp>,
) -> Option<Timestamp> {
    let first = successor_first_used?;
    last_used.filter(|last| *last > first)
}

#[cfg(test)]
#[path = "rotation_tests.rs"]
mod tests;
