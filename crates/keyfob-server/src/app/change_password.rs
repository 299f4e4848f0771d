//! A new password, by who knows the present one. Guessing the present one is as slow as signing in, and
//! counts as that.

use std::sync::Arc;

use keyfob_core::event::Via;
use keyfob_store::user::{user_find, user_set_password};
use keyfob_store::{StoreError, retry};

use crate::app::password::{BadPassword, check_chosen};
use crate::app::sign_in::{Account, Beginning, CookieValue, SignInError, SignedIn};
use crate::context::Ctx;
use crate::hold::{self, Hold};
use crate::state::App;
use crate::throttle::Source;

/// Why the password stays as it is.
#[derive(Debug, thiserror::Error)]
pub enum ChangePasswordError {
    /// The new one is none that can be set.
    #[error(transparent)]
    Bad(#[from] BadPassword),
    /// They did not prove who they are.
    #[error(transparent)]
    NotProved(#[from] SignInError),
}

/// Changes the password of somebody who is signed in. Every session ends, this one too; the cookie is
/// that of a new one.
pub async fn change_password(
    app: &App,
    ctx: &Ctx,
    who: &SignedIn,
    present: &str,
    new: &str,
) -> Result<CookieValue, ChangePasswordError> {
    check_chosen(new)?;
    let hold = Hold::begin(hold::SIGN_IN);
    let changed = try_change(app, ctx, who, present, new).await;
    if matches!(changed, Err(SignInError::Credentials)) {
        hold.end().await;
    }
    Ok(changed?)
}

async fn try_change(
    app: &App,
    ctx: &Ctx,
    who: &SignedIn,
    present: &str,
    new: &str,
) -> Result<CookieValue, SignInError> {
    let source = Source::of(ctx.peer);
    let attempt = (Account::of(&who.user.email), source);
    app.sign_in_failures.check(&attempt, ctx.now)?;
    let place = app.passwords.enter(source)?;
    let stored = who.user.password_hash.as_deref();
    if !place.fits(present, stored).await? {
        app.sign_in_failures.failed(attempt, ctx.now)?;
        return Err(SignInError::Credentials);
    }
    let place = app.passwords.enter(source)?;
    let hash = place.hash(new, Arc::clone(&app.entropy)).await?;
    keep(app, ctx, who, &hash).await
}

async fn keep(
    app: &App,
    ctx: &Ctx,
    who: &SignedIn,
    hash: &str,
) -> Result<CookieValue, SignInError> {
    let beginning = Beginning::draw(app, ctx);
    let new = &beginning;
    let user = who.user.id;
    let actor = &ctx.actor(Via::Session, Some(user));
    let kept = retry(|| async move {
        let mut tx = app.store.write().await?;
        if new.is_kept(&mut tx).await? {
            return Ok(true);
        }
        // What was proved is the password as it was then: one that was changed meanwhile counts.
        let is_as_proved = user_find(&mut tx, user).await?.is_some_and(|now| {
            now.suspended_at.is_none() && now.password_hash == who.user.password_hash
        });
        if !is_as_proved {
            return Ok(false);
        }
        user_set_password(&mut tx, user, hash, actor, ctx.now).await?;
        new.keep(&mut tx, ctx, user).await?;
        tx.commit().await?;
        Ok::<_, StoreError>(true)
    })
    .await?;
    if kept {
        tracing::info!(user.id = %user, "a password was changed");
        Ok(beginning.into_cookie())
    } else {
        Err(SignInError::Credentials)
    }
}
