//! Who is calling the management API, and what they may do at an organization.
//!
//! A session speaks for its user. An access token speaks for its PAT, and only at the organization it
//! was made for and below; what it may do there is read from the store and never from its claims.

use std::sync::Arc;

use keyfob_core::catalogue::{Catalogue, ORGANIZATION_MANAGE};
use keyfob_core::exchange::{Denial, Epochs, ExchangeFacts, NotAdmitted, UserFacts, admit};
use keyfob_core::id::{OrgId, PatId, UserId};
use keyfob_core::member::{Membership, Standing};
use keyfob_core::org::Lineage;
use keyfob_core::pat::Ceiling;
use keyfob_core::permission::resolve;
use keyfob_core::reach::Reach;
use keyfob_core::time::Timestamp;
use keyfob_store::exchange::exchange_facts_of;
use keyfob_store::member::member_along;
use keyfob_store::org::org_lineage;
use keyfob_store::session::session_stands;
use keyfob_store::{StoreError, Tx};
use keyfob_verify::AccessClaims;

use crate::app::Outage;
use crate::app::sign_in::SignedIn;
use crate::context::Ctx;
use crate::state::{App, Loaded};

/// Who is calling.
#[derive(Debug)]
pub enum Caller {
    /// A signed-in person.
    Session(Box<SignedIn>),
    /// A program with an access token.
    Token(Box<TokenCaller>),
}

/// An access token that stands now.
#[derive(Debug)]
pub struct TokenCaller {
    /// Its claims: who and where, never what it may do.
    pub claims: AccessClaims,
    /// The PAT behind it.
    pub pat: PatId,
    /// The PAT's own organization.
    pub home: OrgId,
    /// The PAT's reach.
    pub reach: Reach,
    /// What the PAT is limited to.
    pub ceiling: Option<Ceiling>,
    /// Its user, as they are now.
    pub person: UserFacts,
}

impl TokenCaller {
    /// The organization that it was made for.
    pub fn organization(&self) -> OrgId {
        OrgId::from_uuid(self.claims.current_organization_id)
    }

    /// Its user.
    pub fn user(&self) -> UserId {
        UserId::from_uuid(self.claims.sub)
    }
}

/// Why an access token is not taken.
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    /// Its signature, form, issuer, audience or time is wrong.
    #[error("not a valid access token")]
    Invalid(#[from] keyfob_verify::Refused),
    /// What stands behind it no longer does.
    #[error("no longer stands: {0}")]
    NotAdmitted(#[from] NotAdmitted),
    /// Its PAT is gone.
    #[error("its token is unknown")]
    Unknown,
    /// Nothing could be decided.
    #[error(transparent)]
    Outage(#[from] Outage),
}

impl From<StoreError> for AccessError {
    fn from(error: StoreError) -> Self {
        Self::Outage(error.into())
    }
}

/// Checks an access token: signature and claims first, then, in one snapshot, all that it rests on.
pub async fn admit_token(app: &App, ctx: &Ctx, token: &str) -> Result<TokenCaller, AccessError> {
    let (claims, checked_by) = verify(app, ctx, token).await?;
    let pat = PatId::from_uuid(claims.pid);
    let target = OrgId::from_uuid(claims.current_organization_id);
    let mut tx = app.store.read_single().await?;
    let snapshot = exchange_facts_of(&mut tx, pat, target)
        .await?
        .ok_or(AccessError::Unknown)?;
    drop(tx);
    let current = app
        .loaded_at(snapshot.catalogue, snapshot.key_set, ctx.now)
        .await
        .map_err(Outage::from)?;
    let loaded = current.ok_or(Outage::Unsettled)?;
    if !Arc::ptr_eq(&loaded, &checked_by) {
        // The keys changed meanwhile; one that was dropped is not among these any more.
        loaded.verifier.verify(token, ctx.now.seconds())?;
    }
    if snapshot.facts.user.id.uuid() != claims.sub {
        return Err(AccessError::Unknown);
    }
    admit(&snapshot.facts, epochs(&claims), &loaded.catalogue, ctx.now)?;
    let ExchangeFacts {
        pat: facts,
        user: person,
        ..
    } = snapshot.facts;
    Ok(TokenCaller {
        claims,
        pat,
        home: facts.organization,
        reach: facts.reach,
        ceiling: facts.ceiling,
        person,
    })
}

fn epochs(claims: &AccessClaims) -> Epochs {
    Epochs {
        user: claims.ep.user,
        tree: claims.ep.tree,
        instance: claims.ep.instance,
    }
}

/// Whether a caller who was let in is so still, in the transaction of what they do.
pub async fn still_stands(
    tx: &mut Tx,
    caller: &Caller,
    catalogue: &Catalogue,
    now: Timestamp,
) -> Result<bool, StoreError> {
    match caller {
        Caller::Session(who) => session_stands(tx, who.session.id).await,
        Caller::Token(token) => {
            let found = exchange_facts_of(tx, token.pat, token.organization()).await?;
            Ok(found.is_some_and(|snapshot| {
                admit(&snapshot.facts, epochs(&token.claims), catalogue, now).is_ok()
            }))
        }
    }
}

/// Checks signature and claims; with an unknown key it is looked whether the keys have changed, because
/// another node may have made one.
async fn verify(
    app: &App,
    ctx: &Ctx,
    token: &str,
) -> Result<(AccessClaims, Arc<Loaded>), AccessError> {
    let loaded = app.loaded();
    match loaded.verifier.verify(token, ctx.now.seconds()) {
        Err(keyfob_verify::Refused::UnknownKey) => {
            let loaded = app.current(ctx.now).await.map_err(Outage::from)?;
            let claims = loaded.verifier.verify(token, ctx.now.seconds())?;
            Ok((claims, loaded))
        }
        checked => Ok((checked?, loaded)),
    }
}

/// An organization as a caller stands to it.
#[derive(Debug)]
pub struct Place {
    /// The path to it.
    pub lineage: Lineage,
    /// The user's memberships along the path.
    pub memberships: Vec<Membership>,
    /// How the user stands there.
    pub standing: Standing,
}

impl Place {
    /// Whether the user manages the organization now.
    pub fn is_managed(&self, loaded: &Loaded) -> bool {
        let live = resolve(&loaded.catalogue, &self.lineage, &self.memberships);
        loaded
            .catalogue
            .holds(&live.permissions, ORGANIZATION_MANAGE)
    }
}

/// That a caller may not know of an organization: it does not exist, or it is none of theirs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not found")]
pub struct NotForThem;

/// Finds how a user stands to an organization, in the caller's transaction. Somebody whose membership
/// is suspended still knows of it; what they may do there is another question.
pub async fn place(
    tx: &mut Tx,
    user: UserId,
    organization: OrgId,
) -> Result<Result<Place, NotForThem>, StoreError> {
    let Some(lineage) = org_lineage(tx, organization).await? else {
        return Ok(Err(NotForThem));
    };
    let memberships = member_along(tx, user, organization).await?;
    if memberships.is_empty() {
        return Ok(Err(NotForThem));
    }
    let standing = Standing::of(&lineage, &memberships);
    Ok(Ok(Place {
        lineage,
        memberships,
        standing,
    }))
}

/// Whether an access token reaches an organization: the one it was made for, or below it.
pub fn covers(token: &TokenCaller, lineage: &Lineage) -> Result<(), Denial> {
    if !lineage.contains(token.organization()) {
        return Err(Denial::Target);
    }
    if !token.reach.covers(token.home, lineage.organization()) {
        return Err(Denial::Reach);
    }
    Ok(())
}

/// Whether an access token reaches a living organization.
pub async fn is_covered(
    app: &App,
    token: &TokenCaller,
    organization: OrgId,
) -> Result<bool, Outage> {
    let mut tx = app.store.read_single().await?;
    let lineage = org_lineage(&mut tx, organization).await?;
    Ok(lineage.is_some_and(|lineage| covers(token, &lineage).is_ok()))
}
