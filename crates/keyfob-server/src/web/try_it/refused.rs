//! A refused exchange in words: what the API says, and to the token's owner why, as far as they may see.

use keyfob_core::exchange::Denial;
use keyfob_core::id::OrgId;
use keyfob_core::reach::Reach;
use keyfob_store::pat::Pat;

use super::called;
use crate::app::explain_exchange::{Explanation, Rested};
use crate::app::visit::Visit;
use crate::context::Ctx;
use crate::http::oauth_error::OAuthError;
use crate::web::{say, when};

/// A refusal.
#[derive(Debug)]
pub(super) struct Refused {
    /// Status and code.
    pub(super) heading: String,
    /// What the API says.
    pub(super) sentence: String,
    /// Why, for the owner.
    pub(super) why: Option<String>,
    /// Who sees what.
    pub(super) hint: Option<&'static str>,
}

impl Refused {
    /// What the API says, and no more: the same for a token that is unknown and for somebody else's.
    pub(super) fn new(error: &OAuthError) -> Self {
        Self {
            heading: format!("{} {}", error.status().as_u16(), error.code().word()),
            sentence: error.description().to_owned(),
            why: None,
            hint: Some(say::MORE_FOR_THE_OWNER),
        }
    }

    /// For a form that the door would not read.
    pub(super) fn malformed(error: &OAuthError) -> Self {
        Self {
            hint: None,
            ..Self::new(error)
        }
    }

    /// With the reason, for the token's owner.
    pub(super) fn because(
        self,
        ctx: &Ctx,
        visit: &Visit,
        target: Option<OrgId>,
        explanation: &Explanation,
    ) -> Self {
        let Rested::Denied(denial) = explanation.rested else {
            return self;
        };
        let pat = &explanation.pat;
        let target = target.unwrap_or(pat.organization);
        Self {
            why: Some(reason(ctx, visit, pat, target, denial)),
            hint: Some(say::MORE_THAN_A_CLIENT),
            ..self
        }
    }
}

fn reason(ctx: &Ctx, visit: &Visit, pat: &Pat, target: OrgId, denial: Denial) -> String {
    let home = called(visit, pat.organization);
    let to = called(visit, target);
    match denial {
        Denial::Revoked(because) => {
            let day = pat.revoked.map(|(at, _because)| when::minute(at));
            say::token_revoked(&day.unwrap_or_default(), because)
        }
        Denial::Expired => {
            let end = pat.lifetime.end.map(when::minute);
            say::token_expired(&end.unwrap_or_default())
        }
        Denial::UserSuspended => say::ACCOUNT_IS_SUSPENDED.to_owned(),
        Denial::MembershipSuspended => say::membership_is_suspended(&home),
        Denial::NotAMember => say::no_member_any_more(&home),
        Denial::Network => {
            let networks = pat.networks.as_ref();
            let networks = networks.map(|all| all.iter().collect::<Vec<_>>().join(", "));
            let from = ctx.peer.map(|address| address.to_string());
            say::from_other_networks(&networks.unwrap_or_default(), from.as_deref())
        }
        Denial::Target => {
            let works = say::works_below(&home, &below(visit, pat.organization));
            say::sentences(&works, &relation(visit, pat.organization, target, &to))
        }
        Denial::Reach => {
            let reach = match &pat.reach {
                Reach::Subtree => say::works_below(&home, &below(visit, pat.organization)),
                Reach::Organization => say::works_only_in(&home),
                Reach::Named(named) => {
                    let names: Vec<String> = named.iter().map(|id| called(visit, *id)).collect();
                    say::works_only_in_some(&home, &names)
                }
            };
            say::sentences(&reach, &say::not_among(&to))
        }
        Denial::NoStanding => say::no_standing(&to),
        Denial::Scope => say::denial(denial).to_owned(),
    }
}

/// Some of what lies below an organization that the reader sees: one more than is named, if there is.
fn below(visit: &Visit, home: OrgId) -> Vec<String> {
    let mut below = visit.below_of(home);
    below.sort_by_cached_key(|listed| (listed.org.depth, listed.org.name.to_lowercase()));
    let names = below.into_iter().map(|listed| listed.org.name.clone());
    names.take(say::NAMED_MAX + 1).collect()
}

/// What lies above an organization, as far as the reader sees it.
fn parents(visit: &Visit, organization: OrgId) -> impl Iterator<Item = OrgId> {
    let parent = |id: OrgId| visit.seen(id).and_then(|listed| listed.org.parent);
    std::iter::successors(parent(organization), move |above| parent(*above))
}

/// How the target lies to the token's organization; of one that the reader does not know, nothing.
fn relation(visit: &Visit, home: OrgId, target: OrgId, name: &str) -> String {
    let Some(seen) = visit.seen(target) else {
        return say::unknown_organization(name);
    };
    let is_above = parents(visit, home).any(|above| above == target);
    let root = visit.seen(home).map(|listed| listed.org.root);
    if is_above {
        say::is_above(name)
    } else if root == Some(seen.org.root) {
        say::is_beside(name)
    } else {
        say::is_in_another_tree(name)
    }
}
