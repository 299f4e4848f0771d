//! A successor for a personal API token (contract P10): drawn here, shown once by the answer, in the place
//! of the old one, which lives on for a while. (`rotate.rs` is about keys.)
//!
//! When the answer is lost the client asks again under the same key, and gets another successor. What is
//! known of the first is whether it was ever exchanged; `exchange.rs` sees to it that this is true.

use std::time::Duration;

use keyfob_core::event::{Actor, Via};
use keyfob_core::id::{OrgId, PatId};
use keyfob_core::name::Name;
use keyfob_core::pat::rotation::{
    NotRotated, RotateFacts, RotateStep, WantedRotation, may_end_overlap, may_rotate,
};
use keyfob_core::policy::ACCESS_TOKEN_MAX;
use keyfob_core::secret::PatSecret;
use keyfob_core::time::{Purpose, Timestamp};
use keyfob_store::instance::instance_freeze_prefix;
use keyfob_store::pat::{NewPat, Pat, Revoked, pat_find, pat_revoke};
use keyfob_store::rotation::{EndedOverlap, pat_rotate, rotation_ended, rotation_find};
use keyfob_store::session::session_stands;
use keyfob_store::{StoreError, Transient, Tx, retry};

use crate::app::Outage;
use crate::app::access::{NotForThem, place};
use crate::app::generate::{Generated, just_kept, mac};
use crate::app::sign_in::SignedIn;
use crate::context::Ctx;
use crate::state::App;

/// How often it is looked for overlaps that are over.
pub const END_EVERY: Duration = Duration::from_secs(2);
/// How long after its end an overlap is still looked for: by then every access token made from the old
/// token is over by itself.
const END_WITHIN: Duration = ACCESS_TOKEN_MAX.saturating_mul(2);
/// Most overlaps ended at one time: others want to write too.
const END_BATCH: i64 = 100;

/// A token, by where it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PatAt {
    /// Its organization.
    pub organization: OrgId,
    /// Which.
    pub pat: PatId,
}

/// Why a token is not rotated.
#[derive(Debug, thiserror::Error)]
pub enum RotatePatError {
    /// The organization or the token does not exist, or is none of theirs.
    #[error(transparent)]
    NotForThem(#[from] NotForThem),
    /// The rules say no.
    #[error(transparent)]
    Refused(#[from] NotRotated),
    /// Nothing could be decided.
    #[error(transparent)]
    Outage(#[from] Outage),
}

impl From<StoreError> for RotatePatError {
    fn from(error: StoreError) -> Self {
        Self::Outage(error.into())
    }
}

impl Transient for RotatePatError {
    fn store_error(&self) -> Option<&StoreError> {
        if let Self::Outage(Outage::Store(error)) = self {
            Some(error)
        } else {
            None
        }
    }
}

/// Rotates a token: what comes back is its successor.
pub async fn rotate(
    app: &App,
    ctx: &Ctx,
    who: &SignedIn,
    at: PatAt,
    want: &WantedRotation,
) -> Result<Generated, RotatePatError> {
    let secret = PatSecret::generate(&app.forms.prefix, |out| app.entropy.fill(Purpose::Pat, out));
    let id = PatId::new(ctx.now, app.id_random());
    let draft = &Draft {
        app,
        ctx,
        who,
        at,
        want,
        secret: &secret,
        id,
    };
    let Kept { successor, ended } = retry(|| draft.keep()).await?;
    app.metrics.pat_rotated();
    app.metrics.pats_revoked(ended);
    tracing::info!(pat.id = %at.pat, successor.id = %id, organization.id = %at.organization, "token rotated");
    Ok(Generated {
        pat: successor,
        secret,
    })
}

/// Everything drawn and chosen; [`Draft::keep`] can be repeated.
struct Draft<'a> {
    app: &'a App,
    ctx: &'a Ctx,
    who: &'a SignedIn,
    at: PatAt,
    want: &'a WantedRotation,
    secret: &'a PatSecret,
    id: PatId,
}

/// The successor, and how many tokens ended for it.
struct Kept {
    successor: Pat,
    ended: u64,
}

impl Draft<'_> {
    async fn keep(&self) -> Result<Kept, RotatePatError> {
        let mut tx = self.app.store.write().await?;
        // A commit without an answer may have kept it: then this is the same successor, not another one.
        if let Some(successor) = pat_find(&mut tx, self.at.organization, self.id).await? {
            tx.commit().await?;
            return Ok(Kept {
                successor,
                ended: 0,
            });
        }
        let loaded = self
            .app
            .loaded_in(&mut tx, self.ctx.now)
            .await
            .map_err(Outage::from)?;
        let (name, facts) = self.facts(&mut tx).await?;
        let permit = may_rotate(facts, self.want, &self.app.policy, self.ctx.now)?;
        let (mac, pepper) = mac(self.secret, &loaded)?;
        let new = NewPat {
            id: self.id,
            name: &name,
            mac: &mac,
            pepper,
            hint: &self.secret.hint(),
        };
        let actor = self.ctx.actor(Via::Session, Some(self.who.user.id));
        // The old one can be a foreign token, and this the first native one.
        instance_freeze_prefix(&mut tx, self.app.forms.prefix.as_str()).await?;
        pat_rotate(&mut tx, &permit, &new, &actor, self.ctx.now).await?;
        let successor = just_kept(&mut tx, self.at.organization, self.id).await?;
        tx.commit().await?;
        let ended = match permit.step() {
            RotateStep::Overlap(_end) => 0,
            RotateStep::AtOnce(_) | RotateStep::Again(_) => 1,
        };
        Ok(Kept { successor, ended })
    }

    /// The name that the successor takes over, and what decides.
    async fn facts(&self, tx: &mut Tx) -> Result<(Name, RotateFacts), RotatePatError> {
        let user = self.who.user.id;
        // It can have ended since they were let in.
        if !session_stands(tx, self.who.session.id).await? {
            return Err(NotForThem.into());
        }
        let here = place(tx, user, self.at.organization).await??;
        let old = pat_find(tx, self.at.organization, self.at.pat).await?;
        let old = old.ok_or(NotForThem)?;
        let facts = RotateFacts {
            user,
            standing: here.standing,
            authenticated_at: self.who.session.authenticated_at,
            old: old.to_rotate(),
            rotated: rotation_find(tx, old.id).await?,
        };
        Ok((Name::from_stored(&old.name), facts))
    }
}

/// Revokes rotated tokens whose overlap is over; says how many. Nobody can exchange them any more; this
/// tells whoever still takes an access token that was made from one.
pub async fn end_overlaps(app: &App, now: Timestamp) -> Result<u64, StoreError> {
    let mut tx = app.store.read_single().await?;
    let over = rotation_ended(&mut tx, now.minus(END_WITHIN), now, END_BATCH).await?;
    drop(tx);
    if over.is_empty() {
        return Ok(0);
    }
    let ended = retry(|| end_all(app, &over, now)).await?;
    app.metrics.pats_revoked(ended);
    tracing::info!(
        pats = ended,
        "rotated tokens reached the end of their overlap"
    );
    Ok(ended)
}

/// Another node may have been here first: what is revoked already is not told again.
async fn end_all(app: &App, over: &[EndedOverlap], now: Timestamp) -> Result<u64, StoreError> {
    let mut tx = app.store.write().await?;
    let mut ended = 0;
    for old in over {
        let Some(permit) = may_end_overlap(old.pat, old.holder, old.ended_at, now) else {
            continue;
        };
        if pat_revoke(&mut tx, &permit, &Actor::OPERATOR, now).await? == Revoked::Now {
            ended += 1;
        }
    }
    tx.commit().await?;
    Ok(ended)
}
