//! A forgotten password: a link by mail to the account's address, and another password by that link.
//!
//! Who asks learns nothing: neither the answer nor its time depends on whether there is such an account.

use std::sync::Arc;
use std::time::Duration;

use keyfob_core::event::Via;
use keyfob_core::id::UserId;
use keyfob_core::name::Email;
use keyfob_core::time::Purpose;
use keyfob_store::password_reset::{
    password_reset_delete, password_reset_find, password_reset_put,
};
use keyfob_store::user::{user_find_by_email, user_prove_address, user_set_password};
use keyfob_store::{StoreError, Transient, retry};

use crate::app::Outage;
use crate::app::link::Link;
use crate::app::password::{BadPassword, Crowded, check_chosen};
use crate::app::sign_in::{Account, Beginning, CookieValue, hash};
use crate::context::Ctx;
use crate::mail::Letter;
use crate::secret::SecretText;
use crate::state::App;
use crate::throttle::{Limited, Source};

/// How long a link works.
pub const LINK_LIFE: Duration = Duration::from_mins(15);
/// The page that it leads to.
pub const PAGE: &str = "/reset";

/// Why the password stays as it is.
#[derive(Debug, thiserror::Error)]
pub enum ResetError {
    /// The link is unknown, over or used, or its user is suspended: which of these is not told.
    #[error("the link has ended")]
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

impl From<StoreError> for ResetError {
    fn from(error: StoreError) -> Self {
        Self::Outage(error.into())
    }
}

impl From<Crowded> for ResetError {
    fn from(crowded: Crowded) -> Self {
        match crowded {
            Crowded::ByOne => Limited { seconds: 1 }.into(),
            Crowded::ByMany => Outage::from(crowded).into(),
        }
    }
}

impl Transient for ResetError {
    fn store_error(&self) -> Option<&StoreError> {
        if let Self::Outage(Outage::Store(error)) = self {
            Some(error)
        } else {
            None
        }
    }
}

/// Sends a link to an address if it is that of an account. It runs behind the answer; what goes wrong is in
/// the log.
pub async fn send_link(
    app: Arc<App>,
    ctx: Ctx,
    email: Email,
    letter: impl FnOnce(&App, &Link, &Email) -> Result<Letter, anyhow::Error>,
) {
    let sent = try_send(&app, &ctx, &email, letter).await;
    if let Err(cause) = sent {
        tracing::warn!(request.id = %ctx.request_id, error = %format!("{cause:#}"), "no link for another password was mailed");
    }
}

async fn try_send(
    app: &App,
    ctx: &Ctx,
    email: &Email,
    letter: impl FnOnce(&App, &Link, &Email) -> Result<Letter, anyhow::Error>,
) -> Result<(), anyhow::Error> {
    let Some(mailer) = &app.mailer else {
        return Ok(());
    };
    let mut tx = app.store.read_single().await?;
    let user = user_find_by_email(&mut tx, email).await?;
    drop(tx);
    let Some(user) = user.filter(|user| user.suspended_at.is_none()) else {
        return Ok(());
    };
    app.mails.failed(Account::of(email.as_str()), ctx.now)?;
    let link = Link::draw(&*app.entropy, Purpose::PasswordReset, PAGE);
    let (hash, end) = (&link.hash(), ctx.now.plus(LINK_LIFE));
    let actor = &ctx.actor(Via::Session, None);
    retry(|| async move {
        let mut tx = app.store.write().await?;
        password_reset_put(&mut tx, user.id, (hash, end), actor, ctx.now).await?;
        tx.commit().await
    })
    .await?;
    mailer.send(letter(app, &link, email)?).await?;
    tracing::info!(user.id = %user.id, "a link for another password was mailed");
    Ok(())
}

/// Whether a link works now.
pub async fn is_open(app: &App, ctx: &Ctx, secret: &SecretText) -> Result<bool, Outage> {
    let mut tx = app.store.read_single().await?;
    let found = password_reset_find(&mut tx, &hash(secret.expose()), ctx.now).await?;
    Ok(found.is_some())
}

/// Sets another password by a link. Every session ends, and the cookie is that of a new one; the address is
/// proved by it.
pub async fn reset(
    app: &App,
    ctx: &Ctx,
    secret: &SecretText,
    new: &SecretText,
) -> Result<CookieValue, ResetError> {
    check_chosen(new.expose())?;
    // Before the work of hashing: that is for who has a link.
    if !is_open(app, ctx, secret).await? {
        return Err(ResetError::LinkEnded);
    }
    let place = app.passwords.enter(Source::of(ctx.peer))?;
    let password_hash = place.hash(new.expose(), Arc::clone(&app.entropy));
    let password_hash = &password_hash.await?;
    let (hash, beginning) = (&hash(secret.expose()), Beginning::draw(app, ctx));
    let begin = &beginning;
    let user: UserId = retry(|| async move {
        let mut tx = app.store.write().await?;
        let found = password_reset_find(&mut tx, hash, ctx.now).await?;
        let Some(user) = found else {
            return match begin.holder(&mut tx).await? {
                Some(user) => Ok(user),
                None => Err(ResetError::LinkEnded),
            };
        };
        password_reset_delete(&mut tx, user).await?;
        let actor = &ctx.actor(Via::Session, Some(user));
        user_set_password(&mut tx, user, password_hash, actor, ctx.now).await?;
        user_prove_address(&mut tx, user, actor, ctx.now).await?;
        begin.keep(&mut tx, ctx, user).await?;
        tx.commit().await?;
        Ok::<_, ResetError>(user)
    })
    .await?;
    tracing::info!(user.id = %user, "a forgotten password was replaced");
    Ok(beginning.into_cookie())
}
