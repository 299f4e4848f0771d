//! Ending a personal API token for good, and listing what there is to end.

use keyfob_core::event::Via;
use keyfob_core::id::{OrgId, PatId};
use keyfob_core::pat::{MayNotRevoke, Revoker, may_revoke};
use keyfob_store::pat::{Pat, Revoked, pat_find, pat_list, pat_revoke};
use keyfob_store::refusal::{Refused, refusal_list};
use keyfob_store::{StoreError, Transient, Tx, retry_knowing};

use crate::app::Outage;
use crate::app::access::{Caller, NotForThem, Place, covers, place, still_stands};
use crate::app::sign_in::SignedIn;
use crate::context::Ctx;
use crate::state::App;

/// Why a token is not ended.
#[derive(Debug, thiserror::Error)]
pub enum RevokeError {
    /// The organization or the token does not exist, or is none of theirs.
    #[error(transparent)]
    NotForThem(#[from] NotForThem),
    /// The rules say no.
    #[error(transparent)]
    Refused(#[from] MayNotRevoke),
    /// Nothing could be decided.
    #[error(transparent)]
    Outage(#[from] Outage),
}

impl From<StoreError> for RevokeError {
    fn from(error: StoreError) -> Self {
        Self::Outage(error.into())
    }
}

impl Transient for RevokeError {
    fn store_error(&self) -> Option<&StoreError> {
        if let Self::Outage(Outage::Store(error)) = self {
            Some(error)
        } else {
            None
        }
    }
}

/// Ends a token of an organization. Ending an ended one is success, and changes nothing.
pub async fn revoke(
    app: &App,
    ctx: &Ctx,
    caller: &Caller,
    organization: OrgId,
    pat: PatId,
) -> Result<Revoked, RevokeError> {
    let revoked =
        retry_knowing(|may_be_kept| end(app, ctx, caller, organization, (pat, may_be_kept)))
            .await?;
    if revoked == Revoked::Now {
        app.metrics.pats_revoked(1);
        tracing::info!(pat.id = %pat, organization.id = %organization, "token revoked");
    }
    Ok(revoked)
}

async fn end(
    app: &App,
    ctx: &Ctx,
    caller: &Caller,
    organization: OrgId,
    (pat, may_be_kept): (PatId, bool),
) -> Result<Revoked, RevokeError> {
    let mut tx = app.store.write().await?;
    let (user, via) = match caller {
        Caller::Session(who) => (who.user.id, Via::Session),
        Caller::Token(token) => (token.user(), Via::Token),
    };
    let loaded = app
        .loaded_in(&mut tx, ctx.now)
        .await
        .map_err(Outage::from)?;
    let found = pat_find(&mut tx, organization, pat).await?;
    if !still_stands(&mut tx, caller, &loaded.catalogue, ctx.now).await? {
        let is_own = matches!(caller, Caller::Token(token) if token.pat == pat);
        let is_ended = found.is_some_and(|found| found.revoked.is_some());
        // An attempt before this one was committed without our hearing of it, and so the caller ended.
        return if may_be_kept && is_own && is_ended {
            Ok(Revoked::Now)
        } else {
            Err(NotForThem.into())
        };
    }
    let here = place(&mut tx, user, organization).await??;
    let found = found.ok_or(NotForThem)?;
    let revoker = match caller {
        Caller::Session(_who) => Revoker::Person {
            user,
            manages: here.is_managed(&loaded),
        },
        Caller::Token(token) => {
            covers(token, &here.lineage).map_err(|_denial| NotForThem)?;
            Revoker::Token {
                pat: token.pat,
                user,
            }
        }
    };
    let permit = may_revoke(revoker, found.id, found.user)?;
    let revoked = pat_revoke(&mut tx, &permit, &ctx.actor(via, Some(user)), ctx.now).await?;
    tx.commit().await?;
    Ok(revoked)
}

/// A person's tokens in an organization.
#[derive(Debug)]
pub struct Listed {
    /// How they stand there.
    pub here: Place,
    /// The tokens, the newest first, ended ones included.
    pub pats: Vec<Pat>,
    /// Their refusals: of each token and reason the last one.
    pub refusals: Vec<Refused>,
}

/// Lists a person's tokens in an organization.
pub async fn list(app: &App, who: &SignedIn, organization: OrgId) -> Result<Listed, RevokeError> {
    let mut tx: Tx = app.store.read().await?;
    let here = place(&mut tx, who.user.id, organization).await??;
    let pats = pat_list(&mut tx, organization, who.user.id).await?;
    let refusals = refusal_list(&mut tx, organization, who.user.id).await?;
    Ok(Listed {
        here,
        pats,
        refusals,
    })
}
