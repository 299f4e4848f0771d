//! An exchange of one's own token, with what its decision rested on (D5). It is the exchange of the
//! doors: throttled, counted and noted as there. Of somebody else's token nothing more is told than the
//! door tells.

use std::collections::BTreeMap;

use keyfob_core::catalogue::Catalogue;
use keyfob_core::exchange::{Denial, ExchangeFacts, Grant};
use keyfob_core::id::{OrgId, PatId, UserId};
use keyfob_core::permission::{Live, PermissionSet};
use keyfob_store::StoreError;
use keyfob_store::pat::{Pat, pat_find};

use crate::app::exchange::{ExchangeError, Exchanged, Wanted, Witness, exchange_before};
use crate::app::sign_in::SignedIn;
use crate::context::Ctx;
use crate::state::App;

/// A role that gives a permission, and where it is held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The role.
    pub role: String,
    /// The organization of the membership.
    pub organization: OrgId,
}

/// Permissions by name, each with where it comes from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Held(pub BTreeMap<String, Vec<Source>>);

/// What a decision rested on.
#[derive(Debug)]
pub enum Rested {
    /// It was granted.
    Granted {
        /// What the access token may do.
        held: Held,
        /// What its person may do there, and it may not.
        kept_out: Held,
    },
    /// It was denied.
    Denied(Denial),
}

/// What the owner of a token is told beside the door's answer.
#[derive(Debug)]
pub struct Explanation {
    /// The token.
    pub pat: Pat,
    /// What the decision rested on.
    pub rested: Rested,
}

/// An exchange that somebody tried.
#[derive(Debug)]
pub struct Explained {
    /// What the door answers.
    pub outcome: Result<Exchanged, ExchangeError>,
    /// More, when the token is theirs.
    pub explanation: Option<Explanation>,
}

/// Exchanges a token, and explains the decision to its owner.
pub async fn explain_exchange(
    app: &App,
    ctx: &Ctx,
    who: &SignedIn,
    want: &Wanted<'_>,
) -> Result<Explained, StoreError> {
    let mut owner = Owner {
        user: who.user.id,
        seen: None,
    };
    let outcome = exchange_before(app, ctx, want, &mut owner).await;
    let explanation = match owner.seen {
        None => None,
        Some(seen) => {
            let mut tx = app.store.read_single().await?;
            let pat = pat_find(&mut tx, seen.organization, seen.pat).await?;
            let rested = seen.rested;
            pat.map(|pat| Explanation { pat, rested })
        }
    };
    Ok(Explained {
        outcome,
        explanation,
    })
}

/// Looks only at decisions about their own tokens.
struct Owner {
    user: UserId,
    seen: Option<Seen>,
}

struct Seen {
    pat: PatId,
    organization: OrgId,
    rested: Rested,
}

impl Witness for Owner {
    fn decided(
        &mut self,
        facts: &ExchangeFacts,
        catalogue: &Catalogue,
        decision: Result<&Grant<'_>, Denial>,
    ) {
        if facts.user.id != self.user {
            return;
        }
        let rested = match decision {
            Err(denial) => Rested::Denied(denial),
            Ok(grant) => {
                let kept_out = grant.live.permissions.difference(grant.permissions);
                Rested::Granted {
                    held: held(&grant.live, grant.permissions, catalogue),
                    kept_out: held(&grant.live, kept_out, catalogue),
                }
            }
        };
        self.seen = Some(Seen {
            pat: facts.pat.id,
            organization: facts.pat.organization,
            rested,
        });
    }
}

fn held(live: &Live<'_>, permissions: PermissionSet, catalogue: &Catalogue) -> Held {
    let names = catalogue.names(permissions).into_iter();
    let with_index = names.filter_map(|name| Some((name, catalogue.permission(name)?)));
    let with_sources = with_index.map(|(name, index)| {
        let sources = live.because(index).map(|reason| Source {
            role: reason.role.to_owned(),
            organization: reason.organization,
        });
        (name.to_owned(), sources.collect())
    });
    Held(with_sources.collect())
}
