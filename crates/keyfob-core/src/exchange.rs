//! The exchange decision: from facts of one snapshot to what an access token carries, or to a denial.
//!
//! The same decision stands behind an access token that comes back ([`admit`]): an access token is
//! worth no more than the PAT, the person and the memberships behind it are worth now.

use std::net::IpAddr;
use std::time::Duration;

use crate::catalogue::Catalogue;
use crate::id::{OrgId, PatId, UserId};
use crate::member::{Membership, Standing};
use crate::network::Networks;
use crate::org::Lineage;
use crate::pat::{Ceiling, RevokedBecause};
use crate::permission::{Live, PermissionSet, resolve};
use crate::reach::Reach;
use crate::scope::Scopes;
use crate::time::{Lifetime, Timestamp};

/// The counters that kill access tokens made before they rose (guarantee 2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Epochs {
    /// Of the user in the tree.
    pub user: i64,
    /// Of the tree.
    pub tree: i64,
    /// Of the instance.
    pub instance: i64,
}

/// The PAT as it stands.
#[derive(Debug, Clone)]
pub struct PatFacts {
    /// Which.
    pub id: PatId,
    /// The organization it belongs to.
    pub organization: OrgId,
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

/// Its user as they stand.
#[derive(Debug, Clone)]
pub struct UserFacts {
    /// Who.
    pub id: UserId,
    /// Since when the account is suspended.
    pub suspended_at: Option<Timestamp>,
    /// The address.
    pub email: String,
    /// Since when the address is proved.
    pub email_verified_at: Option<Timestamp>,
    /// The name.
    pub full_name: String,
}

/// Everything that counts, read in one snapshot of the primary store (X9).
#[derive(Debug, Clone)]
pub struct ExchangeFacts {
    /// The token.
    pub pat: PatFacts,
    /// Its user.
    pub user: UserFacts,
    /// The user's membership at the PAT's own organization, if there is one.
    pub home: Option<Membership>,
    /// The path to the target; none when there is no such living organization.
    pub target: Option<Lineage>,
    /// The user's memberships along that path.
    pub memberships: Vec<Membership>,
    /// The epochs.
    pub epochs: Epochs,
}

/// What a program asks for.
#[derive(Debug, Clone, Copy)]
pub struct ExchangeRequest<'w> {
    /// From where it comes, as far as that is known.
    pub address: Option<IpAddr>,
    /// The claims it wants.
    pub scopes: Scopes,
    /// The permissions that it names, to carry only those; none: all there are.
    pub named: &'w [&'w str],
    /// How long an access token lives at the resource server asked for.
    pub lifetime: Duration,
}

/// Why there is no access token. The reason is for logs, metrics and the owner, never for the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Denial {
    /// The PAT was revoked.
    #[error("revoked ({})", .0.word())]
    Revoked(RevokedBecause),
    /// The PAT expired, or does within the second.
    #[error("expired")]
    Expired,
    /// The account is suspended.
    #[error("user suspended")]
    UserSuspended,
    /// The membership at the PAT's organization is suspended.
    #[error("membership suspended")]
    MembershipSuspended,
    /// The user is no longer a direct member of the PAT's organization.
    #[error("no longer a direct member")]
    NotAMember,
    /// The request comes from a network that is not allowed.
    #[error("network not allowed")]
    Network,
    /// The target does not exist, or is above, beside or in another tree.
    #[error("target not at or below the token's organization")]
    Target,
    /// The target lies below, but outside the PAT's reach.
    #[error("target outside the token's reach")]
    Reach,
    /// The user has no standing at the target.
    #[error("no standing at the target")]
    NoStanding,
    /// A permission that was named is not in the catalogue, or not granted at the target.
    #[error("a named permission is not held at the target")]
    Scope,
}

impl Denial {
    /// Whether the PAT itself is good and only the target is refused (403 instead of 401, X6).
    pub fn is_of_the_target(self) -> bool {
        matches!(self, Self::Target | Self::Reach | Self::NoStanding)
    }

    /// A short word for logs and metrics.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Revoked(_) => "revoked",
            Self::Expired => "expired",
            Self::UserSuspended => "user_suspended",
            Self::MembershipSuspended => "membership_suspended",
            Self::NotAMember => "not_a_member",
            Self::Network => "network",
            Self::Target => "target",
            Self::Reach => "reach",
            Self::NoStanding => "no_standing",
            Self::Scope => "scope",
        }
    }

    /// The reason with that word; `revoked` needs why the PAT was ended, which its own row tells.
    pub fn from_word(word: &str, because: Option<RevokedBecause>) -> Option<Self> {
        let others = [
            Self::Expired,
            Self::UserSuspended,
            Self::MembershipSuspended,
            Self::NotAMember,
            Self::Network,
            Self::Target,
            Self::Reach,
            Self::NoStanding,
            Self::Scope,
        ];
        let revoked = because.map(Self::Revoked);
        others
            .into_iter()
            .chain(revoked)
            .find(|denial| denial.word() == word)
    }
}

/// What an access token will carry, and why.
#[derive(Debug, Clone)]
pub struct Grant<'f> {
    /// The facts it was decided on.
    pub facts: &'f ExchangeFacts,
    /// The organization it is for.
    pub organization: OrgId,
    /// The root of its tree.
    pub root: OrgId,
    /// Ceiling ∩ live permissions at the target ∩ named ones, if any were (X8).
    pub permissions: PermissionSet,
    /// The live permissions before the ceiling, with their reasons.
    pub live: Live<'f>,
    /// The claims asked for.
    pub scopes: Scopes,
    /// The permissions asked for by name.
    pub named: &'f [&'f str],
    /// When it begins, in seconds since 1970.
    pub issued_at: i64,
    /// When it ends, in seconds since 1970: never after the PAT (X8).
    pub expires_at: i64,
}

impl Grant<'_> {
    /// Whether it carries less than the person may do at the target.
    pub fn is_narrowed(&self) -> bool {
        self.facts.pat.ceiling.is_some() || !self.named.is_empty()
    }

    /// The scope granted: claims, then permissions by name, separated by spaces (RFC 6749 §3.3).
    pub fn scope(&self) -> String {
        let mut scope = self.scopes.to_string();
        for name in self.named {
            if !scope.is_empty() {
                scope.push(' ');
            }
            scope.push_str(name);
        }
        scope
    }
}

/// Decides an exchange.
///
/// # Errors
/// [`Denial`]; what is wrong with the PAT comes before what is wrong with the target.
pub fn decide<'f>(
    facts: &'f ExchangeFacts,
    want: &ExchangeRequest<'f>,
    catalogue: &Catalogue,
    now: Timestamp,
) -> Result<Grant<'f>, Denial> {
    check_pat(facts, now)?;
    if let Some(networks) = &facts.pat.networks {
        // An unknown address is no address of an allowed network.
        if !want
            .address
            .is_some_and(|address| networks.contain(address))
        {
            return Err(Denial::Network);
        }
    }
    let issued_at = now.seconds();
    let wanted_end = now.plus(want.lifetime).seconds();
    let expires_at = facts
        .pat
        .lifetime
        .end
        .map_or(wanted_end, |end| wanted_end.min(end.seconds()));
    if expires_at <= issued_at {
        // A JWT counts in seconds: in the PAT's last one there is no token that would not outlive it.
        return Err(Denial::Expired);
    }
    let (target, live, held) = check_target(facts, catalogue)?;
    let permissions = narrow(held, want.named, catalogue)?;
    Ok(Grant {
        facts,
        organization: target.organization(),
        root: target.root(),
        permissions,
        live,
        scopes: want.scopes,
        named: want.named,
        issued_at,
        expires_at,
    })
}

/// Why an access token with a good signature is not admitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotAdmitted {
    /// What it was made from is no longer good.
    #[error("{0}")]
    Denied(#[from] Denial),
    /// An epoch rose since it was made: something was taken away.
    #[error("older than the last loss of rights")]
    Epoch,
}

/// Decides whether an access token still stands, by the store and never by its claims (G1).
/// `facts` are those of its PAT, with the organization it is used at as target.
///
/// # Errors
/// [`NotAdmitted`].
pub fn admit<'f>(
    facts: &'f ExchangeFacts,
    epochs: Epochs,
    catalogue: &Catalogue,
    now: Timestamp,
) -> Result<(Live<'f>, PermissionSet), NotAdmitted> {
    check_pat(facts, now)?;
    if facts.epochs != epochs {
        return Err(NotAdmitted::Epoch);
    }
    let (_target, live, permissions) = check_target(facts, catalogue)?;
    Ok((live, permissions))
}

fn check_pat(facts: &ExchangeFacts, now: Timestamp) -> Result<(), Denial> {
    if let Some(because) = facts.pat.revoked {
        return Err(Denial::Revoked(because));
    }
    if facts.pat.lifetime.is_over_at(now) {
        return Err(Denial::Expired);
    }
    if facts.user.suspended_at.is_some() {
        return Err(Denial::UserSuspended);
    }
    match &facts.home {
        None => Err(Denial::NotAMember),
        Some(home) if !home.is_active() => Err(Denial::MembershipSuspended),
        Some(_member) => Ok(()),
    }
}

/// What is named, if anything is; all of it must be held, because a restriction that is ignored in part
/// is none (X3).
fn narrow(
    held: PermissionSet,
    named: &[&str],
    catalogue: &Catalogue,
) -> Result<PermissionSet, Denial> {
    if named.is_empty() {
        return Ok(held);
    }
    let all_held = named.iter().all(|name| catalogue.holds(&held, name));
    if !all_held {
        return Err(Denial::Scope);
    }
    Ok(catalogue.set_of(named.iter().copied()))
}

type Target<'f> = (&'f Lineage, Live<'f>, PermissionSet);

fn check_target<'f>(facts: &'f ExchangeFacts, catalogue: &Catalogue) -> Result<Target<'f>, Denial> {
    let home = facts.pat.organization;
    let target = facts
        .target
        .as_ref()
        .filter(|target| target.contains(home))
        .ok_or(Denial::Target)?;
    if !facts.pat.reach.covers(home, target.organization()) {
        return Err(Denial::Reach);
    }
    if Standing::of(target, &facts.memberships) == Standing::Stranger {
        return Err(Denial::NoStanding);
    }
    let live = resolve(catalogue, target, &facts.memberships);
    let permissions = match &facts.pat.ceiling {
        Some(ceiling) => live
            .permissions
            .intersection(catalogue.set_of(ceiling.iter())),
        None => live.permissions,
    };
    Ok((target, live, permissions))
}

#[cfg(test)]
#[path = "exchange_tests.rs"]
mod tests;
