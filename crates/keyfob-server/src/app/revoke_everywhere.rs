//! A person's tokens in every organization, and ending all of them at once: for a stolen laptop.

use std::collections::BTreeSet;

use keyfob_core::event::Via;
use keyfob_core::id::PatId;
use keyfob_core::pat::{Revoker, may_revoke};
use keyfob_store::pat::everywhere::{PatSomewhere, pat_ended_everywhere, pat_live_everywhere};
use keyfob_store::pat::{Revoked, pat_revoke};
use keyfob_store::{StoreError, retry};

use crate::app::revoke::RevokeError;
use crate::app::sign_in::SignedIn;
use crate::context::Ctx;
use crate::state::App;

/// Most tokens that are listed, and ended by one press; a form can carry so many.
pub const LISTED_MAX: usize = 500;
/// Most ended tokens that are listed.
const ENDED_MAX: usize = 50;
/// Tokens ended in one transaction: others wait while it writes.
const BATCH: usize = 50;

/// A person's tokens everywhere.
#[derive(Debug)]
pub struct Everywhere {
    /// Those neither revoked nor expired, the newest first.
    pub live: Vec<PatSomewhere>,
    /// The newest of the others.
    pub ended: Vec<PatSomewhere>,
}

/// Lists a person's tokens in every organization.
pub async fn everywhere(app: &App, ctx: &Ctx, who: &SignedIn) -> Result<Everywhere, StoreError> {
    let (user, now) = (who.user.id, ctx.now);
    let mut tx = app.store.read().await?;
    Ok(Everywhere {
        live: pat_live_everywhere(&mut tx, user, now, limit(LISTED_MAX)).await?,
        ended: pat_ended_everywhere(&mut tx, user, now, limit(ENDED_MAX)).await?,
    })
}

/// Ends those of a person's tokens that they chose, wherever they are; what is not theirs, or over, is
/// passed by. Says how many ended. A failure in between leaves the rest as it was, and can be repeated.
pub async fn revoke_everywhere(
    app: &App,
    ctx: &Ctx,
    who: &SignedIn,
    chosen: &BTreeSet<PatId>,
) -> Result<usize, RevokeError> {
    let mut ended = 0;
    loop {
        let batch = retry(|| revoke_batch(app, ctx, who, chosen)).await?;
        if batch == 0 {
            tracing::info!(pat.count = ended, "tokens revoked by their holder");
            return Ok(ended);
        }
        app.metrics
            .pats_revoked(u64::try_from(batch).unwrap_or(u64::MAX));
        ended += batch;
    }
}

async fn revoke_batch(
    app: &App,
    ctx: &Ctx,
    who: &SignedIn,
    chosen: &BTreeSet<PatId>,
) -> Result<usize, RevokeError> {
    let user = who.user.id;
    let actor = ctx.actor(Via::Session, Some(user));
    let mut tx = app.store.write().await?;
    let live = pat_live_everywhere(&mut tx, user, ctx.now, limit(LISTED_MAX)).await?;
    let pats = live.into_iter().map(|somewhere| somewhere.pat);
    let mut ended = 0;
    for pat in pats.filter(|pat| chosen.contains(&pat.id)).take(BATCH) {
        let revoker = Revoker::Person {
            user,
            manages: false,
        };
        let permit = may_revoke(revoker, pat.id, pat.user)?;
        if pat_revoke(&mut tx, &permit, &actor, ctx.now).await? == Revoked::Now {
            ended += 1;
        }
    }
    tx.commit().await?;
    Ok(ended)
}

fn limit(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
