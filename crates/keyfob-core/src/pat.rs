//! The life of a personal API token: who may generate one, what it is bound to, who may end it.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::catalogue::Catalogue;
use crate::id::{OrgId, PatId, UserId};
use crate::member::Standing;
use crate::network::Networks;
use crate::policy::{ExpiryPolicy, Policy};
use crate::reach::{REACH_MAX, Reach};
use crate::session::is_recent;
use crate::time::{Lifetime, Timestamp};

pub mod rotation;

/// Most permissions in a ceiling.
pub const CEILING_MAX: usize = 200;

/// The permissions a PAT is limited to, by name. What roles gain later is not in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ceiling(String);

impl Ceiling {
    /// Takes the names that a person chose.
    ///
    /// # Errors
    /// [`Refusal::Ceiling`] when there are none, too many, or one that the catalogue does not know.
    pub fn choose<'n>(
        names: impl IntoIterator<Item = &'n str>,
        catalogue: &Catalogue,
    ) -> Result<Self, Refusal> {
        let chosen: BTreeSet<&str> = names.into_iter().collect();
        let known = chosen
            .iter()
            .all(|name| catalogue.permission(name).is_some());
        if chosen.is_empty() || chosen.len() > CEILING_MAX || !known {
            return Err(Refusal::Ceiling);
        }
        Ok(Self(chosen.into_iter().collect::<Vec<_>>().join(" ")))
    }

    /// Takes what the store holds.
    pub fn from_stored(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// The names, sorted.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.split_ascii_whitespace()
    }

    /// The stored form: names separated by spaces.
    pub fn as_text(&self) -> &str {
        &self.0
    }
}

/// The expiry that a person asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum WantedExpiry {
    /// Nothing was said: the policy's default.
    #[default]
    Default,
    /// That many days from now.
    InDays(u32),
    /// At that moment.
    At(Timestamp),
}

/// What a person chose on generating; [`WantedPat::default`] is the one click with no choice made.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WantedPat {
    /// When it ends.
    pub expiry: WantedExpiry,
    /// What it is limited to.
    pub ceiling: Option<Ceiling>,
    /// How far it goes.
    pub reach: Reach,
    /// From where it works; none: from anywhere.
    pub networks: Option<Networks>,
}

/// What counts for generating, as seen inside one transaction.
#[derive(Debug, Clone)]
pub struct GenerateFacts {
    /// Who wants it.
    pub user: UserId,
    /// Where.
    pub organization: OrgId,
    /// The root of its tree.
    pub tree: OrgId,
    /// How they stand there.
    pub standing: Standing,
    /// When they last proved who they are in this session.
    pub authenticated_at: Timestamp,
    /// How many PATs they hold there that are neither revoked nor expired.
    pub live: u32,
    /// Of the organizations that the wanted reach names, those that lie below.
    pub named_below: BTreeSet<OrgId>,
}

/// Why a PAT is not generated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The person has nothing to do with the organization.
    #[error("not a member")]
    Stranger,
    /// Only members of the organization itself can generate here (P1).
    #[error("inherited from an ancestor, not a direct member")]
    Inherited {
        /// The ancestor where the person is a member.
        from: OrgId,
    },
    /// The sign-in is too long ago (P13).
    #[error("the sign-in is too long ago")]
    Reauthenticate,
    /// The limit is reached (P7).
    #[error("the limit of {limit} tokens is reached")]
    LimitReached {
        /// The policy's limit.
        limit: u32,
    },
    /// The expiry is not in the future.
    #[error("the expiry is not in the future")]
    ExpiryPast,
    /// The expiry is later than policy allows.
    #[error("the expiry is later than policy allows")]
    ExpiryTooLate {
        /// The latest moment allowed.
        latest: Timestamp,
    },
    /// The ceiling is empty, too long, or names what the catalogue does not know.
    #[error("a ceiling is 1 to {CEILING_MAX} permissions of the catalogue")]
    Ceiling,
    /// The reach names nothing, too much, or what does not lie below.
    #[error("a reach names 1 to {REACH_MAX} organizations below this one")]
    Reach,
}

/// Evidence that a person may have this PAT, as seen inside one transaction. Only the rule makes one.
#[derive(Debug)]
pub struct GeneratePermit {
    user: UserId,
    organization: OrgId,
    tree: OrgId,
    lifetime: Lifetime,
    want: WantedPat,
}

impl GeneratePermit {
    /// Whose it will be.
    pub fn user(&self) -> UserId {
        self.user
    }

    /// Where.
    pub fn organization(&self) -> OrgId {
        self.organization
    }

    /// The root of its tree.
    pub fn tree(&self) -> OrgId {
        self.tree
    }

    /// From now to its expiry.
    pub fn lifetime(&self) -> Lifetime {
        self.lifetime
    }

    /// Ceiling, reach and networks as chosen.
    pub fn want(&self) -> &WantedPat {
        &self.want
    }
}

/// Decides whether a person may generate a PAT (P1, P7, P8, P13).
///
/// # Errors
/// [`Refusal`]: who is refused for what they are learns that before anything about their choices.
pub fn may_generate(
    facts: &GenerateFacts,
    want: WantedPat,
    policy: &Policy,
    now: Timestamp,
) -> Result<GeneratePermit, Refusal> {
    check_person(facts.standing, facts.authenticated_at, policy, now)?;
    let end = expiry(want.expiry, &policy.pat_expiry, now)?;
    if let Reach::Named(named) = &want.reach
        && (named.is_empty() || named.len() > REACH_MAX || !named.is_subset(&facts.named_below))
    {
        return Err(Refusal::Reach);
    }
    if facts.live >= policy.pat_limit {
        return Err(Refusal::LimitReached {
            limit: policy.pat_limit,
        });
    }
    Ok(GeneratePermit {
        user: facts.user,
        organization: facts.organization,
        tree: facts.tree,
        lifetime: Lifetime { start: now, end },
        want,
    })
}

/// Who makes a token is a direct member (P1) who has proved lately who they are (P13).
fn check_person(
    standing: Standing,
    authenticated_at: Timestamp,
    policy: &Policy,
    now: Timestamp,
) -> Result<(), Refusal> {
    match standing {
        Standing::Direct => {}
        Standing::Inherited { from } => return Err(Refusal::Inherited { from }),
        Standing::Stranger => return Err(Refusal::Stranger),
    }
    if !is_recent(authenticated_at, now, policy) {
        return Err(Refusal::Reauthenticate);
    }
    Ok(())
}

fn expiry(
    want: WantedExpiry,
    policy: &ExpiryPolicy,
    now: Timestamp,
) -> Result<Option<Timestamp>, Refusal> {
    let latest = policy.max.map(|max| now.plus(max));
    let end = match want {
        WantedExpiry::At(end) => Some(end),
        WantedExpiry::InDays(days) => Some(now.plus(Duration::from_hours(u64::from(days) * 24))),
        WantedExpiry::Default => {
            let default = policy.default.map(|default| now.plus(default));
            // Where policy bounds the life of every PAT, one click still works: it gets the bound.
            default
                .or(latest)
                .or_else(|| policy.required.then(|| now.plus(ONE_YEAR)))
        }
    };
    match (end, latest) {
        (Some(end), _) if end <= now => Err(Refusal::ExpiryPast),
        (Some(end), Some(latest)) if end > latest => Err(Refusal::ExpiryTooLate { latest }),
        (end, _) => Ok(end),
    }
}

/// What a PAT gets where policy requires an expiry and names none.
const ONE_YEAR: Duration = Duration::from_hours(365 * 24);

/// Who wants to end a PAT.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Revoker {
    /// A signed-in person.
    Person {
        /// Who.
        user: UserId,
        /// Whether they hold `organization:manage` at the PAT's organization now.
        manages: bool,
    },
    /// A program with an access token of this PAT.
    Token {
        /// The PAT behind the access token.
        pat: PatId,
        /// Its user.
        user: UserId,
    },
    /// Somebody with a shell on the host.
    Operator,
}

/// Why a PAT ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RevokedBecause {
    /// Its holder revoked it, or a program with an access token made from it.
    User,
    /// Somebody who manages the organization did.
    Manager,
    /// The operator did.
    Operator,
    /// The holder's direct membership ended (P9).
    MembershipEnded,
    /// Its organization, or one above, was deleted (P9).
    OrganizationDeleted,
    /// Its holder rotated it without an overlap (P10).
    Rotated,
    /// It was a successor that nobody had used when the rotation was asked for again (P10).
    UnseenSuccessor,
    /// The address of its holder was proved, whose account somebody else may have made (contract 5).
    AddressProved,
}

impl RevokedBecause {
    /// All reasons.
    pub const ALL: [Self; 8] = [
        Self::User,
        Self::Manager,
        Self::Operator,
        Self::MembershipEnded,
        Self::OrganizationDeleted,
        Self::Rotated,
        Self::UnseenSuccessor,
        Self::AddressProved,
    ];

    /// The stored word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Manager => "manager",
            Self::Operator => "operator",
            Self::MembershipEnded => "membership_ended",
            Self::OrganizationDeleted => "organization_deleted",
            Self::Rotated => "rotated",
            Self::UnseenSuccessor => "unseen_successor",
            Self::AddressProved => "address_proved",
        }
    }

    /// The reason with that word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|because| because.word() == word)
    }
}

/// Evidence that a PAT may be ended. Only the rule makes one.
#[derive(Debug)]
pub struct RevokePermit {
    pat: PatId,
    because: RevokedBecause,
    by: Option<UserId>,
}

impl RevokePermit {
    /// Which.
    pub fn pat(&self) -> PatId {
        self.pat
    }

    /// Why.
    pub fn because(&self) -> RevokedBecause {
        self.because
    }

    /// By whom; none for the operator.
    pub fn by(&self) -> Option<UserId> {
        self.by
    }
}

/// That somebody has no right to end a PAT.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("only its holder, and who manages the organization, can revoke a token")]
pub struct MayNotRevoke;

/// Decides whether somebody may end a PAT: its holder always, whatever became of their rights.
///
/// # Errors
/// [`MayNotRevoke`].
pub fn may_revoke(
    revoker: Revoker,
    pat: PatId,
    holder: UserId,
) -> Result<RevokePermit, MayNotRevoke> {
    let (because, by) = match revoker {
        Revoker::Person { user, .. } if user == holder => (RevokedBecause::User, Some(user)),
        Revoker::Person {
            user,
            manages: true,
        } => (RevokedBecause::Manager, Some(user)),
        Revoker::Token { pat: own, user } if own == pat => (RevokedBecause::User, Some(user)),
        Revoker::Operator => (RevokedBecause::Operator, None),
        Revoker::Person { .. } | Revoker::Token { .. } => return Err(MayNotRevoke),
    };
    Ok(RevokePermit { pat, because, by })
}

/// A signed-in person who asks about tokens of an organization.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Viewer {
    /// Who.
    pub user: UserId,
    /// Whether they hold `organization:manage` there now.
    pub manages: bool,
}

impl Viewer {
    /// Whether they are shown what happened to a token of `holder`, such as its refusals (P16).
    pub fn is_shown_tokens_of(self, holder: UserId) -> bool {
        self.manages || self.user == holder
    }
}

#[cfg(test)]
#[path = "pat_tests.rs"]
mod tests;
