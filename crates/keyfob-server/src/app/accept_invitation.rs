//! Accepting an invitation, by its link and the signed-in address. What it promised is decided anew: what
//! its inviter could not grant now is void.

use std::sync::Arc;

use keyfob_core::event::Via;
use keyfob_core::id::{OrgId, UserId};
use keyfob_core::invitation::may_invite;
use keyfob_core::manage::Manager;
use keyfob_core::name::{Email, Name};
use keyfob_core::permission::resolve;
use keyfob_store::invitation::{Invitation, Promise, invitation_accept, invitation_by_hash};
use keyfob_store::member::{MemberAt, member_put};
use keyfob_store::org::org_find;
use keyfob_store::session::session_stands;
use keyfob_store::user::{
    NewUser, user_find, user_find_by_email, user_hand_over, user_insert, user_prove_address,
};
use keyfob_store::{StoreError, Transient, Tx, retry, retry_knowing};

use crate::app::Outage;
use crate::app::access::place;
use crate::app::invited::NamedPromise;
use crate::app::password::{BadPassword, Crowded, check_chosen};
use crate::app::sign_in::{Beginning, CookieValue, SignedIn, hash};
use crate::context::Ctx;
use crate::secret::SecretText;
use crate::state::App;
use crate::throttle::{Limited, Source};

/// What somebody is offered by a link.
#[derive(Debug)]
pub struct Offer {
    /// To which address.
    pub email: String,
    /// By whom.
    pub inviter: String,
    /// What they would get.
    pub promises: Vec<NamedPromise>,
    /// Whether there is an account of that address.
    pub has_account: bool,
}

impl Offer {
    /// Whether it is for that address.
    pub fn is_for(&self, email: &str) -> bool {
        is_same_address(&self.email, email)
    }
}

/// Why an invitation was not accepted.
#[derive(Debug, thiserror::Error)]
pub enum AcceptError {
    /// It is unknown, over, withdrawn, accepted or void: which of these is not told.
    #[error("the invitation has ended")]
    Ended,
    /// It is for another address.
    #[error("the invitation is for another address")]
    OtherAddress,
    /// Somebody of that address has an account, and is to sign in.
    #[error("there is an account of that address")]
    HasAccount,
    /// The password is none that can be set.
    #[error(transparent)]
    Password(#[from] BadPassword),
    /// Too many passwords from that address are under way.
    #[error(transparent)]
    Limited(#[from] Limited),
    /// Nothing could be decided.
    #[error(transparent)]
    Outage(#[from] Outage),
}

impl From<StoreError> for AcceptError {
    fn from(error: StoreError) -> Self {
        Self::Outage(error.into())
    }
}

impl From<Crowded> for AcceptError {
    fn from(crowded: Crowded) -> Self {
        match crowded {
            Crowded::ByOne => Limited { seconds: 1 }.into(),
            Crowded::ByMany => Outage::from(crowded).into(),
        }
    }
}

impl Transient for AcceptError {
    fn store_error(&self) -> Option<&StoreError> {
        if let Self::Outage(Outage::Store(error)) = self {
            Some(error)
        } else {
            None
        }
    }
}

/// Shows what a link offers. Looking does not use it up: browsers and mail programs look ahead.
pub async fn offered(app: &App, ctx: &Ctx, secret: &SecretText) -> Result<Option<Offer>, Outage> {
    let mut tx = app.store.read().await?;
    let Some((invitation, kept)) = standing(app, ctx, &mut tx, &hash(secret.expose())).await?
    else {
        return Ok(None);
    };
    let mut promises = Vec::new();
    for promise in kept {
        if let Some(found) = org_find(&mut tx, promise.organization).await? {
            promises.push(NamedPromise {
                organization: promise.organization,
                name: found.name,
                roles: promise.roles,
            });
        }
    }
    let account = match Email::parse(&invitation.email) {
        Ok(email) => user_find_by_email(&mut tx, &email).await?,
        Err(_no_address) => None,
    };
    Ok(Some(Offer {
        email: invitation.email,
        inviter: invitation.inviter_name,
        promises,
        has_account: account.is_some(),
    }))
}

/// An invitation, and what of its promises the inviter could grant now. None when nothing is left.
async fn standing(
    app: &App,
    ctx: &Ctx,
    tx: &mut Tx,
    hash: &[u8],
) -> Result<Option<(Invitation, Vec<Promise>)>, Outage> {
    let found = invitation_by_hash(tx, hash).await?;
    let Some(invitation) = found.filter(|found| ctx.now < found.expires_at) else {
        return Ok(None);
    };
    let inviter = user_find(tx, invitation.inviter).await?;
    if inviter.is_none_or(|inviter| inviter.suspended_at.is_some()) {
        return Ok(None);
    }
    let loaded = app.loaded_in(tx, ctx.now).await?;
    let mut kept = Vec::new();
    for promise in &invitation.promises {
        let Ok(place) = place(tx, invitation.inviter, promise.organization).await? else {
            continue;
        };
        let live = resolve(&loaded.catalogue, &place.lineage, &place.memberships);
        let manager = Manager::person(&loaded.catalogue, &live);
        if may_invite(&manager, &promise.roles).is_ok() {
            kept.push(promise.clone());
        }
    }
    Ok((!kept.is_empty()).then_some((invitation, kept)))
}

/// Accepts as somebody who is signed in; says which organization comes first. A direct member keeps the
/// roles that they have. A cookie is there when the sessions so far ended, because the address was proved
/// only now.
pub async fn accept(
    app: &App,
    ctx: &Ctx,
    who: &SignedIn,
    secret: &SecretText,
) -> Result<(OrgId, Option<CookieValue>), AcceptError> {
    let hash = &hash(secret.expose());
    let beginning = Beginning::draw(app, ctx);
    let new = &beginning;
    let before = first_of(app, ctx, hash).await?;
    let (first, is_new) = retry_knowing(|may_be_kept| async move {
        let mut tx = app.store.write().await?;
        let user = user_find(&mut tx, who.user.id).await?;
        let user = user.ok_or(AcceptError::Ended)?;
        if new.is_kept(&mut tx).await? {
            return Ok((before, true));
        }
        let Some((invitation, kept)) = standing(app, ctx, &mut tx, hash).await? else {
            // An attempt before this one may have been committed without our hearing of it.
            return if may_be_kept {
                Ok((before, false))
            } else {
                Err(AcceptError::Ended)
            };
        };
        if !is_same_address(&user.email, &invitation.email) {
            return Err(AcceptError::OtherAddress);
        }
        if !session_stands(&mut tx, who.session.id).await? {
            return Err(AcceptError::Ended);
        }
        take(&mut tx, ctx, (&invitation, &kept), user.id).await?;
        if invitation.mailed_at.is_some() {
            let actor = ctx.actor(Via::Session, Some(user.id));
            user_prove_address(&mut tx, user.id, &actor, ctx.now).await?;
        }
        let is_over = !session_stands(&mut tx, who.session.id).await?;
        if is_over {
            new.keep(&mut tx, ctx, user.id).await?;
        }
        tx.commit().await?;
        Ok::<_, AcceptError>((first(&kept), is_over))
    })
    .await?;
    tracing::info!(user.id = %who.user.id, "an invitation was accepted");
    Ok((
        first.ok_or(AcceptError::Ended)?,
        is_new.then(|| beginning.into_cookie()),
    ))
}

async fn first_of(app: &App, ctx: &Ctx, hash: &[u8]) -> Result<Option<OrgId>, Outage> {
    let mut tx = app.store.read().await?;
    let found = standing(app, ctx, &mut tx, hash).await?;
    Ok(found.and_then(|(_invitation, kept)| first(&kept)))
}

fn first(kept: &[Promise]) -> Option<OrgId> {
    kept.first().map(|promise| promise.organization)
}

fn is_same_address(one: &str, other: &str) -> bool {
    match (Email::parse(one), Email::parse(other)) {
        (Ok(one), Ok(other)) => one.key() == other.key(),
        _no_address => false,
    }
}

/// Makes the memberships and ends the invitation.
async fn take(
    tx: &mut Tx,
    ctx: &Ctx,
    (invitation, kept): (&Invitation, &[Promise]),
    user: UserId,
) -> Result<(), StoreError> {
    let actor = ctx.actor(Via::Session, Some(user));
    for promise in kept {
        let at = MemberAt {
            user,
            organization: promise.organization,
            tree: invitation.tree,
        };
        member_put(tx, at, &promise.roles, &actor, ctx.now).await?;
    }
    invitation_accept(tx, invitation, kept, &actor, ctx.now).await
}

/// Makes an account of the invited address, accepts, and signs in.
pub async fn sign_up(
    app: &App,
    ctx: &Ctx,
    secret: &SecretText,
    (full_name, password): (&Name, &SecretText),
) -> Result<(OrgId, CookieValue), AcceptError> {
    check_chosen(password.expose())?;
    let hash = hash(secret.expose());
    // Before the work of hashing: that is for who has a link.
    let before = first_of(app, ctx, &hash).await?.ok_or(AcceptError::Ended)?;
    let place = app.passwords.enter(Source::of(ctx.peer))?;
    let password_hash = place.hash(password.expose(), Arc::clone(&app.entropy));
    let draft = Draft {
        app,
        ctx,
        full_name,
        hash,
        password_hash: password_hash.await?,
        user: UserId::new(ctx.now, app.id_random()),
        beginning: Beginning::draw(app, ctx),
    };
    let first = retry(|| draft.keep()).await?;
    tracing::info!(user.id = %draft.user, "an account was made by an invitation");
    Ok((first.unwrap_or(before), draft.beginning.into_cookie()))
}

/// Everything drawn and chosen; [`Draft::keep`] can be repeated.
struct Draft<'a> {
    app: &'a App,
    ctx: &'a Ctx,
    full_name: &'a Name,
    hash: Vec<u8>,
    password_hash: String,
    user: UserId,
    beginning: Beginning,
}

impl Draft<'_> {
    async fn keep(&self) -> Result<Option<OrgId>, AcceptError> {
        let (ctx, now) = (self.ctx, self.ctx.now);
        let mut tx = self.app.store.write().await?;
        if self.beginning.is_kept(&mut tx).await? {
            return Ok(None);
        }
        let found = standing(self.app, ctx, &mut tx, &self.hash).await?;
        let (invitation, kept) = found.ok_or(AcceptError::Ended)?;
        let email = Email::parse(&invitation.email).map_err(|_no_address| AcceptError::Ended)?;
        let actor = ctx.actor(Via::Session, Some(self.user));
        let user = NewUser {
            id: self.user,
            external_id: None,
            email: &email,
            full_name: self.full_name,
            password_hash: Some(&self.password_hash),
        };
        match user_insert(&mut tx, &user, &actor, now).await {
            Err(StoreError::Conflict(_taken)) => return Err(AcceptError::HasAccount),
            inserted => inserted?,
        }
        if invitation.mailed_at.is_some() {
            user_prove_address(&mut tx, self.user, &actor, now).await?;
        } else {
            user_hand_over(&mut tx, self.user, now).await?;
        }
        take(&mut tx, ctx, (&invitation, &kept), self.user).await?;
        self.beginning.keep(&mut tx, ctx, self.user).await?;
        tx.commit().await?;
        Ok(first(&kept))
    }
}
