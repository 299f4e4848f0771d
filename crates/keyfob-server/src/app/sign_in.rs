//! Signing in with a password, and the sessions that it makes.

use aws_lc_rs::digest;
use data_encoding::BASE64URL_NOPAD;
use keyfob_core::event::{Actor, Via};
use keyfob_core::id::{SessionId, UserId};
use keyfob_core::name::Email;
use keyfob_core::session::SessionTimes;
use keyfob_core::time::{Purpose, Timestamp};
use keyfob_store::session::{
    NewSession, Session, session_end, session_end_others, session_find, session_insert,
    session_list,
};
use keyfob_store::user::{User, user_find, user_find_by_email};
use keyfob_store::{StoreError, Tx, retry};
use zeroize::Zeroizing;

use crate::app::Outage;
use crate::app::password::Crowded;
use crate::context::Ctx;
use crate::hold::{self, Hold};
use crate::metrics::SignInOutcome;
use crate::state::App;
use crate::throttle::{Limited, Source};

/// Bytes of a session's cookie.
const COOKIE_LENGTH: usize = 32;

/// The value of a session's cookie: shown to the browser once, stored as a hash only.
pub struct CookieValue(Zeroizing<String>);

impl CookieValue {
    /// The text, for the one header that sets it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for CookieValue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CookieValue(…)")
    }
}

/// A signed-in person.
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// The session.
    pub session: Session,
    /// The account.
    pub user: User,
}

/// Why somebody is not signed in.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// Unknown address, wrong password, or a suspended account: one answer for all.
    #[error("e-mail or password is wrong")]
    Credentials,
    /// Too many sign-ins to that account failed from that address, or too many from there are under way.
    #[error(transparent)]
    Limited(#[from] Limited),
    /// Nothing could be decided.
    #[error(transparent)]
    Outage(#[from] Outage),
}

impl From<StoreError> for SignInError {
    fn from(error: StoreError) -> Self {
        Self::Outage(error.into())
    }
}

/// What was given as an account's address, whether or not there is such an account: the beginning of
/// its hash, so that what failed sign-ins leave in memory is short and names nobody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Account([u8; 16]);

impl Account {
    /// That of what was typed.
    pub(crate) fn of(given: &str) -> Self {
        let key = Email::parse(given).map_or_else(
            |_no_address| given.to_owned(),
            |address| address.key().to_owned(),
        );
        let mut beginning = [0; 16];
        for (place, byte) in beginning.iter_mut().zip(hash(&key)) {
            *place = byte;
        }
        Self(beginning)
    }
}

/// Signs in. With a session of the same user this proves anew who they are: that session ends, and its
/// cookie is dead.
pub async fn sign_in(
    app: &App,
    ctx: &Ctx,
    email: &str,
    password: &str,
    current: Option<&SignedIn>,
) -> Result<(SignedIn, CookieValue), SignInError> {
    let hold = Hold::begin(hold::SIGN_IN);
    let begun = try_sign_in(app, ctx, email, password, current).await;
    app.metrics.signed_in(match &begun {
        Ok(_begun) => SignInOutcome::SignedIn,
        Err(SignInError::Credentials) => SignInOutcome::Refused,
        Err(SignInError::Limited(_limited)) => SignInOutcome::Limited,
        Err(SignInError::Outage(_outage)) => SignInOutcome::Failed,
    });
    if matches!(begun, Err(SignInError::Credentials)) {
        hold.end().await;
    }
    begun
}

/// Who may try at all is settled by what was typed and where it comes from: nothing before the check of
/// the password depends on whether there is such an account.
async fn try_sign_in(
    app: &App,
    ctx: &Ctx,
    email: &str,
    password: &str,
    current: Option<&SignedIn>,
) -> Result<(SignedIn, CookieValue), SignInError> {
    let source = Source::of(ctx.peer);
    let attempt = (Account::of(email), source);
    app.sign_in_failures.check(&attempt, ctx.now)?;
    let place = app.passwords.enter(source)?;
    let user = find(app, email).await?;
    let stored = user.as_ref().and_then(|user| user.password_hash.as_deref());
    let fits = place.fits(password, stored).await?;
    let Some(user) = user.filter(|user| fits && user.suspended_at.is_none()) else {
        app.sign_in_failures.failed(attempt, ctx.now)?;
        return Err(SignInError::Credentials);
    };
    let old = current
        .filter(|current| current.user.id == user.id)
        .map(|current| current.session.id);
    begin(app, ctx, user, old).await
}

impl From<Crowded> for SignInError {
    /// Whoever fills the places is to slow down; whom others keep out is told that it is not their fault.
    fn from(crowded: Crowded) -> Self {
        match crowded {
            Crowded::ByOne => Limited { seconds: 1 }.into(),
            Crowded::ByMany => Outage::from(crowded).into(),
        }
    }
}

async fn find(app: &App, email: &str) -> Result<Option<User>, SignInError> {
    // What is no address belongs to nobody; it is answered as an unknown one is.
    let Ok(email) = Email::parse(email) else {
        return Ok(None);
    };
    let mut tx = app.store.read_single().await?;
    Ok(user_find_by_email(&mut tx, &email).await?)
}

/// A session that is to begin: drawn outside of what `retry` repeats.
pub(crate) struct Beginning {
    id: SessionId,
    hash: Vec<u8>,
    expires_at: Timestamp,
    cookie: CookieValue,
}

impl Beginning {
    /// Draws the cookie and the id.
    pub(crate) fn draw(app: &App, ctx: &Ctx) -> Self {
        let mut bytes = Zeroizing::new([0; COOKIE_LENGTH]);
        app.entropy.fill(Purpose::Session, bytes.as_mut());
        let cookie = CookieValue(Zeroizing::new(BASE64URL_NOPAD.encode(bytes.as_ref())));
        Self {
            id: SessionId::new(ctx.now, app.id_random()),
            hash: hash(cookie.expose()),
            expires_at: ctx.now.plus(app.policy.session_max),
            cookie,
        }
    }

    /// Whether it has begun: a commit without an answer may have kept it.
    pub(crate) async fn is_kept(&self, tx: &mut Tx) -> Result<bool, StoreError> {
        Ok(session_find(tx, &self.hash).await?.is_some())
    }

    /// Whose it is, if it has begun.
    pub(crate) async fn holder(&self, tx: &mut Tx) -> Result<Option<UserId>, StoreError> {
        let begun = session_find(tx, &self.hash).await?;
        Ok(begun.map(|session| session.user))
    }

    /// Keeps the session.
    pub(crate) async fn keep(
        &self,
        tx: &mut Tx,
        ctx: &Ctx,
        user: UserId,
    ) -> Result<(), StoreError> {
        let new = NewSession {
            id: self.id,
            hash: &self.hash,
            user,
            expires_at: self.expires_at,
        };
        let actor = ctx.actor(Via::Session, Some(user));
        session_insert(tx, &new, &actor, ctx.now).await
    }

    /// The cookie, for the answer that sets it.
    pub(crate) fn into_cookie(self) -> CookieValue {
        self.cookie
    }
}

/// Begins a session for somebody who has proved who they are, and ends an old one of theirs.
pub(crate) async fn begin(
    app: &App,
    ctx: &Ctx,
    user: User,
    old: Option<SessionId>,
) -> Result<(SignedIn, CookieValue), SignInError> {
    let beginning = Beginning::draw(app, ctx);
    let (new, who) = (&beginning, user.id);
    let began = retry(|| async move {
        let mut tx = app.store.write().await?;
        // The account as it is now: a suspension that came while the password was checked counts.
        let living = user_find(&mut tx, who)
            .await?
            .filter(|user| user.suspended_at.is_none());
        if living.is_none() {
            return Ok(false);
        }
        if !new.is_kept(&mut tx).await? {
            new.keep(&mut tx, ctx, who).await?;
        }
        if let Some(old) = old {
            let actor = &ctx.actor(Via::Session, Some(who));
            session_end(&mut tx, old, who, actor, ctx.now).await?;
        }
        tx.commit().await?;
        Ok::<_, StoreError>(true)
    })
    .await?;
    if !began {
        return Err(SignInError::Credentials);
    }
    let session = Session {
        id: beginning.id,
        user: user.id,
        created_at: ctx.now,
        authenticated_at: ctx.now,
        seen_at: ctx.now,
        expires_at: beginning.expires_at,
        address: ctx.peer.map(|address| address.to_string()),
        client: ctx.client.clone(),
    };
    Ok((SignedIn { session, user }, beginning.into_cookie()))
}

/// Finds who a cookie belongs to; none when it is unknown, ended, idle for too long or too old.
pub async fn signed_in(app: &App, ctx: &Ctx, cookie: &str) -> Result<Option<SignedIn>, Outage> {
    let mut tx = app.store.read().await?;
    let Some(session) = session_find(&mut tx, &hash(cookie)).await? else {
        return Ok(None);
    };
    let times = SessionTimes {
        seen_at: session.seen_at,
        expires_at: session.expires_at,
    };
    if times.are_over_at(ctx.now, &app.policy) {
        return Ok(None);
    }
    let user = user_find(&mut tx, session.user).await?;
    app.activity.seen(session.id, ctx.now);
    Ok(user.map(|user| SignedIn { session, user }))
}

/// Ends the session itself.
pub async fn sign_out(app: &App, ctx: &Ctx, who: &SignedIn) -> Result<(), Outage> {
    end(app, ctx, who.user.id, who.session.id)
        .await
        .map(|_changed| ())
}

/// Ends one session of the user; says whether there was one.
pub async fn end(app: &App, ctx: &Ctx, user: UserId, session: SessionId) -> Result<bool, Outage> {
    let actor = &ctx.actor(Via::Session, Some(user));
    let ended = retry(|| async move {
        let mut tx = app.store.write().await?;
        let ended = session_end(&mut tx, session, user, actor, ctx.now).await?;
        tx.commit().await?;
        Ok::<_, StoreError>(ended)
    })
    .await?;
    Ok(ended)
}

/// Ends every other session of the user.
pub async fn end_others(app: &App, ctx: &Ctx, who: &SignedIn) -> Result<(), Outage> {
    let actor = &ctx.actor(Via::Session, Some(who.user.id));
    let ended = retry(|| async move {
        let mut tx = app.store.write().await?;
        session_end_others(&mut tx, who.user.id, who.session.id, actor, ctx.now).await?;
        tx.commit().await
    });
    Ok(ended.await?)
}

/// Lists the user's sessions that still hold, the oldest first.
pub async fn sessions(app: &App, ctx: &Ctx, user: UserId) -> Result<Vec<Session>, Outage> {
    let mut tx = app.store.read_single().await?;
    let mut sessions = session_list(&mut tx, user).await?;
    sessions.retain(|session| {
        let times = SessionTimes {
            seen_at: session.seen_at,
            expires_at: session.expires_at,
        };
        !times.are_over_at(ctx.now, &app.policy)
    });
    Ok(sessions)
}

/// What is kept of a secret with 256 bits of chance in it, and compared in its place.
pub(crate) fn hash(secret: &str) -> Vec<u8> {
    digest::digest(&digest::SHA256, secret.as_bytes())
        .as_ref()
        .to_vec()
}

/// Who acts in a request, for its audit records.
impl Ctx {
    /// The actor of this request.
    pub fn actor(&self, via: Via, person: Option<UserId>) -> Actor {
        Actor {
            via,
            person,
            request: Some(self.request_id),
            address: self.peer,
            client: self.client.clone(),
        }
    }
}
