//! The first account and its organization, by the link that the operator is shown (D8). There is no
//! default password and no open sign-up: while there is no account, a link works once, for 15 minutes.

use std::sync::Arc;
use std::time::Duration;

use keyfob_core::event::Via;
use keyfob_core::id::{OrgId, UserId};
use keyfob_core::member::Roles;
use keyfob_core::name::{Email, Name};
use keyfob_core::time::{Entropy, Purpose, Timestamp};
use keyfob_store::member::{MemberAt, member_put};
use keyfob_store::org::{NewOrg, org_insert};
use keyfob_store::setup_link::{setup_link_delete_all, setup_link_exists, setup_link_insert};
use keyfob_store::user::{NewUser, user_exists, user_insert};
use keyfob_store::{Store, StoreError, Tx, retry};

use crate::app::Outage;
use crate::app::link::Link;
use crate::app::password::{BadPassword, Crowded, check_chosen};
use crate::app::sign_in::{Beginning, CookieValue, hash};
use crate::context::Ctx;
use crate::secret::SecretText;
use crate::state::App;
use crate::throttle::{Limited, Source};

/// How long a link works.
pub const LINK_LIFE: Duration = Duration::from_mins(15);
/// Makes a link, unless there is an account.
pub async fn offer(
    store: &Store,
    entropy: &dyn Entropy,
    now: Timestamp,
) -> Result<Option<Link>, StoreError> {
    let mut tx = store.read_single().await?;
    if user_exists(&mut tx).await? {
        return Ok(None);
    }
    drop(tx);
    let link = Link::draw(entropy, Purpose::SetupLink, "/setup");
    let hash = &link.hash();
    let is_offered = retry(|| async move {
        let mut tx = store.write().await?;
        if user_exists(&mut tx).await? {
            return Ok(false);
        }
        if !setup_link_exists(&mut tx, hash, now).await? {
            setup_link_insert(&mut tx, hash, now.plus(LINK_LIFE), now).await?;
        }
        tx.commit().await?;
        Ok::<_, StoreError>(true)
    });
    Ok(is_offered.await?.then_some(link))
}

/// What the first account and its organization are made of.
#[derive(Debug)]
pub struct First {
    /// Who.
    pub full_name: Name,
    /// With what they sign in.
    pub email: Email,
    /// Their password.
    pub password: SecretText,
    /// The organization at the top of the tree.
    pub organization: Name,
}

/// Why no account was made.
#[derive(Debug, thiserror::Error)]
pub enum SetUpError {
    /// The link is unknown, over, or there is an account already: which of these is not told.
    #[error("the set-up link has ended")]
    LinkEnded,
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

impl From<StoreError> for SetUpError {
    fn from(error: StoreError) -> Self {
        Self::Outage(error.into())
    }
}

impl From<Crowded> for SetUpError {
    fn from(crowded: Crowded) -> Self {
        match crowded {
            Crowded::ByOne => Limited { seconds: 1 }.into(),
            Crowded::ByMany => Outage::from(crowded).into(),
        }
    }
}

/// Whether a link works now. Looking does not use it up: browsers and mail programs look ahead.
pub async fn is_open(app: &App, ctx: &Ctx, secret: &SecretText) -> Result<bool, Outage> {
    let mut tx = app.store.read().await?;
    Ok(counts(&mut tx, &hash(secret.expose()), ctx.now).await?)
}

async fn counts(tx: &mut Tx, hash: &[u8], now: Timestamp) -> Result<bool, StoreError> {
    Ok(setup_link_exists(tx, hash, now).await? && !user_exists(tx).await?)
}

/// Makes the first account and its organization, and signs in. Of two that come at once one wins.
pub async fn set_up(
    app: &App,
    ctx: &Ctx,
    secret: &SecretText,
    first: &First,
) -> Result<(OrgId, CookieValue), SetUpError> {
    check_chosen(first.password.expose())?;
    // Before the work of hashing: that is for who has a link.
    if !is_open(app, ctx, secret).await? {
        return Err(SetUpError::LinkEnded);
    }
    let place = app.passwords.enter(Source::of(ctx.peer))?;
    let password_hash = place.hash(first.password.expose(), Arc::clone(&app.entropy));
    let draft = Draft {
        app,
        ctx,
        first,
        link: hash(secret.expose()),
        password_hash: password_hash.await?,
        user: UserId::new(ctx.now, app.id_random()),
        organization: OrgId::new(ctx.now, app.id_random()),
        beginning: Beginning::draw(app, ctx),
    };
    if !retry(|| draft.keep()).await? {
        return Err(SetUpError::LinkEnded);
    }
    let organization = draft.organization;
    tracing::info!(user.id = %draft.user, organization.id = %organization, "the first account was made");
    Ok((organization, draft.beginning.into_cookie()))
}

/// Everything drawn and chosen; [`Draft::keep`] can be repeated.
struct Draft<'a> {
    app: &'a App,
    ctx: &'a Ctx,
    first: &'a First,
    link: Vec<u8>,
    password_hash: String,
    user: UserId,
    organization: OrgId,
    beginning: Beginning,
}

impl Draft<'_> {
    /// Says whether the link counted.
    async fn keep(&self) -> Result<bool, StoreError> {
        let (ctx, now) = (self.ctx, self.ctx.now);
        let mut tx = self.app.store.write().await?;
        if self.beginning.is_kept(&mut tx).await? {
            return Ok(true);
        }
        if !counts(&mut tx, &self.link, now).await? {
            return Ok(false);
        }
        setup_link_delete_all(&mut tx).await?;
        // The link is the operator's word; whoever opens it is nobody yet.
        let actor = ctx.actor(Via::Operator, None);
        let user = NewUser {
            id: self.user,
            external_id: None,
            email: &self.first.email,
            full_name: &self.first.full_name,
            password_hash: Some(&self.password_hash),
        };
        user_insert(&mut tx, &user, &actor, now).await?;
        let organization = NewOrg {
            id: self.organization,
            external_id: None,
            name: &self.first.organization,
        };
        org_insert(&mut tx, &organization, None, &actor, now).await?;
        let at = MemberAt {
            user: self.user,
            organization: self.organization,
            tree: self.organization,
        };
        member_put(&mut tx, at, &Roles::owner(), &actor, now).await?;
        self.beginning.keep(&mut tx, ctx, self.user).await?;
        tx.commit().await?;
        Ok(true)
    }
}
