//! Inviting people: what is promised to an address, and sending it again.
//!
//! Whoever invites, or sends again, answers for all that is promised: it is decided by what they may do,
//! now and once more when it is accepted.

use std::collections::BTreeSet;

use keyfob_core::id::{InvitationId, OrgId};
use keyfob_core::invitation::{WAITING_MAX, lifetime, may_invite};
use keyfob_core::manage::{MayNotManage, may_manage};
use keyfob_core::name::Email;
use keyfob_core::session::is_recent;
use keyfob_core::time::{Purpose, Timestamp};
use keyfob_store::invitation::{
    NewInvitation, Promise, invitation_by_hash, invitation_count_waiting, invitation_insert,
    invitation_mailed, invitation_renew, invitation_to, invitation_withdraw,
};
use keyfob_store::member::member_find;
use keyfob_store::user::user_find_by_email;
use keyfob_store::{StoreError, Transient, Tx, retry};

use crate::app::Outage;
use crate::app::access::{Caller, NotForThem};
use crate::app::authority::Authority;
use crate::app::invited::{Listed, Seen};
use crate::app::link::Link;
use crate::app::sign_in::{Account, SignedIn};
use crate::context::Ctx;
use crate::mail::{Letter, MailError};
use crate::secret::SecretText;
use crate::state::App;
use crate::throttle::Limited;

/// Most organizations of one invitation.
pub const PROMISES_MAX: usize = 50;
/// The page that an invitation's link leads to.
pub const PAGE: &str = "/invitation";

/// Why nobody was invited.
#[derive(Debug, thiserror::Error)]
pub enum InviteError {
    /// An organization does not exist, or is none of theirs.
    #[error(transparent)]
    NotForThem(#[from] NotForThem),
    /// The rules say no.
    #[error(transparent)]
    Refused(#[from] MayNotManage),
    /// None, too many, or one twice.
    #[error("an invitation is for 1 to {PROMISES_MAX} organizations, each once")]
    Organizations,
    /// They are not all of one tree.
    #[error("an invitation is for organizations of one tree")]
    SeveralTrees,
    /// The address belongs to a member of each of them already.
    #[error("a member already")]
    AlreadyMember,
    /// Nobody of that address is invited there.
    #[error("not invited")]
    NotInvited,
    /// Too many wait already.
    #[error("an organization has at most {WAITING_MAX} invitations that wait")]
    TooMany,
    /// Too many mails to one address.
    #[error(transparent)]
    Limited(#[from] Limited),
    /// Nothing could be decided.
    #[error(transparent)]
    Outage(#[from] Outage),
}

impl From<StoreError> for InviteError {
    fn from(error: StoreError) -> Self {
        Self::Outage(error.into())
    }
}

impl Transient for InviteError {
    fn store_error(&self) -> Option<&StoreError> {
        if let Self::Outage(Outage::Store(error)) = self {
            Some(error)
        } else {
            None
        }
    }
}

/// An invitation that was just made or sent again. Its link is for whom it is sent to.
#[derive(Debug)]
pub struct Made {
    /// The invitation.
    pub invitation: Listed,
    /// The link, which nobody has yet.
    pub link: Link,
}

/// Invites an address, from an organization that the caller manages. A promise at the same organization to the same address that still waits is replaced.
pub async fn invite(
    app: &App,
    ctx: &Ctx,
    caller: &Caller,
    from: OrgId,
    (email, promises): (&Email, &[Promise]),
) -> Result<Made, InviteError> {
    let places: BTreeSet<OrgId> = promises.iter().map(|it| it.organization).collect();
    if places.len() != promises.len() || !(1..=PROMISES_MAX).contains(&promises.len()) {
        return Err(InviteError::Organizations);
    }
    let link = Link::draw(&*app.entropy, Purpose::Invitation, PAGE);
    let draft = Draft {
        app,
        ctx,
        caller,
        email,
        hash: link.hash(),
        id: InvitationId::new(ctx.now, app.id_random()),
    };
    let invitation = retry(|| draft.keep(from, promises)).await?;
    tracing::info!(invitation.id = %draft.id, "somebody was invited");
    Ok(Made { invitation, link })
}

/// Sends an invitation again, under another link: the one before no longer works. Whoever does it answers
/// for it from now on.
pub async fn invite_again(
    app: &App,
    ctx: &Ctx,
    caller: &Caller,
    organization: OrgId,
    email: &Email,
) -> Result<Made, InviteError> {
    let link = Link::draw(&*app.entropy, Purpose::Invitation, PAGE);
    let draft = Draft {
        app,
        ctx,
        caller,
        email,
        hash: link.hash(),
        id: InvitationId::new(ctx.now, app.id_random()),
    };
    let invitation = retry(|| draft.renew(organization)).await?;
    Ok(Made { invitation, link })
}

/// Everything drawn and chosen; it can be kept again and again.
struct Draft<'a> {
    app: &'a App,
    ctx: &'a Ctx,
    caller: &'a Caller,
    email: &'a Email,
    hash: Vec<u8>,
    id: InvitationId,
}

impl Draft<'_> {
    async fn authority(&self, tx: &mut Tx, at: OrgId) -> Result<Authority, InviteError> {
        let found = Authority::find(self.app, tx, self.ctx, self.caller, at).await??;
        Ok(found)
    }

    async fn keep(&self, from: OrgId, promises: &[Promise]) -> Result<Listed, InviteError> {
        let now = self.ctx.now;
        let mut tx = self.app.store.write().await?;
        let by = self.authority(&mut tx, from).await?;
        may_manage(&by.manager())?;
        for promise in promises {
            let there = self.authority(&mut tx, promise.organization).await?;
            if there.place.lineage.root() != by.place.lineage.root() {
                return Err(InviteError::SeveralTrees);
            }
            may_invite(&there.manager(), &promise.roles)?;
        }
        let kept = invitation_by_hash(&mut tx, &self.hash).await?;
        if kept.is_none() {
            self.is_wanted(&mut tx, promises).await?;
            let actor = by.actor(self.ctx);
            self.replace(&mut tx, promises, &by).await?;
            let new = NewInvitation {
                id: self.id,
                tree: by.place.lineage.root(),
                email: self.email,
                inviter: by.user,
                hash: &self.hash,
                expires_at: end(now),
                promises,
            };
            invitation_insert(&mut tx, &new, &actor, now).await?;
        }
        let listed = self.listed(&mut tx).await?;
        self.may_be_mailed()?;
        tx.commit().await?;
        Ok(listed)
    }

    /// Whether it says anything new, and there is room for it.
    async fn is_wanted(&self, tx: &mut Tx, promises: &[Promise]) -> Result<(), InviteError> {
        let account = user_find_by_email(tx, self.email).await?;
        let mut is_member_everywhere = true;
        for promise in promises {
            let at = promise.organization;
            let member = match &account {
                Some(account) => member_find(tx, account.id, at).await?,
                None => None,
            };
            is_member_everywhere &= member.is_some();
            if invitation_count_waiting(tx, at, self.ctx.now).await? >= WAITING_MAX {
                return Err(InviteError::TooMany);
            }
        }
        if is_member_everywhere {
            return Err(InviteError::AlreadyMember);
        }
        Ok(())
    }

    async fn replace(
        &self,
        tx: &mut Tx,
        promises: &[Promise],
        by: &Authority,
    ) -> Result<(), InviteError> {
        for promise in promises {
            let before = invitation_to(tx, promise.organization, self.email).await?;
            let Some(before) = before else {
                continue;
            };
            let same = before.promises.iter();
            let same = same.filter(|it| it.organization == promise.organization);
            let same: Vec<Promise> = same.cloned().collect();
            let actor = by.actor(self.ctx);
            invitation_withdraw(tx, &before, &same, &actor, self.ctx.now).await?;
        }
        Ok(())
    }

    async fn renew(&self, organization: OrgId) -> Result<Listed, InviteError> {
        let now = self.ctx.now;
        let mut tx = self.app.store.write().await?;
        let by = self.authority(&mut tx, organization).await?;
        may_manage(&by.manager())?;
        let found = invitation_to(&mut tx, organization, self.email).await?;
        let found = found.ok_or(InviteError::NotInvited)?;
        for promise in &found.promises {
            let there = Authority::find(
                self.app,
                &mut tx,
                self.ctx,
                self.caller,
                promise.organization,
            );
            // Of an organization that they do not see they learn only that they do not manage all of it.
            let there = there.await?.map_err(|_unseen| MayNotManage::NotAManager)?;
            may_invite(&there.manager(), &promise.roles)?;
        }
        let life = (by.user, &self.hash[..], end(now));
        let actor = by.actor(self.ctx);
        invitation_renew(&mut tx, &found, life, &actor, now).await?;
        let listed = self.listed(&mut tx).await?;
        self.may_be_mailed()?;
        tx.commit().await?;
        tracing::info!(invitation.id = %found.id, "an invitation was sent again");
        Ok(listed)
    }

    async fn listed(&self, tx: &mut Tx) -> Result<Listed, InviteError> {
        let found = invitation_by_hash(tx, &self.hash).await?;
        let found = found.ok_or(InviteError::NotInvited)?;
        let mut seen = Seen::new(self.app, self.ctx, self.caller);
        Ok(seen.listed(tx, found).await?)
    }

    /// Counts a mail to the address; too many of them would be a nuisance to whoever has it.
    fn may_be_mailed(&self) -> Result<(), Limited> {
        match &self.app.mailer {
            Some(_mailer) => {
                let account = Account::of(self.email.as_str());
                self.app.mails.failed(account, self.ctx.now)
            }
            None => Ok(()),
        }
    }
}

/// How an invitation went out.
#[derive(Debug)]
pub enum Delivery {
    /// It was mailed.
    Mailed,
    /// The mail server did not take it: it waits, and can be sent again.
    NotMailed(MailError),
    /// No mail is set up: the inviter passes the link on.
    ByHand,
}

/// Mails an invitation, where mail is set up.
pub async fn deliver(
    app: &App,
    ctx: &Ctx,
    made: &Made,
    letter: Letter,
) -> Result<Delivery, Outage> {
    let Some(mailer) = &app.mailer else {
        return Ok(Delivery::ByHand);
    };
    if let Err(cause) = mailer.send(letter).await {
        tracing::warn!(error = %cause, "an invitation was not mailed");
        return Ok(Delivery::NotMailed(cause));
    }
    let hash = &made.link.hash();
    retry(|| async move {
        let mut tx = app.store.write().await?;
        invitation_mailed(&mut tx, hash, ctx.now).await?;
        tx.commit().await
    })
    .await?;
    Ok(Delivery::Mailed)
}

/// The link of an invitation for its inviter's eyes, to pass on. Only for a person who proved lately who
/// they are, and only where no mail is set up (P13).
pub fn link_to_pass_on(app: &App, ctx: &Ctx, who: &SignedIn, made: &Made) -> Option<SecretText> {
    let may = app.mailer.is_none() && may_see_links(app, ctx, who);
    may.then(|| SecretText::new(made.link.url(&app.issuer)))
}

/// Whether a person proved lately enough who they are.
pub fn may_see_links(app: &App, ctx: &Ctx, who: &SignedIn) -> bool {
    is_recent(who.session.authenticated_at, ctx.now, &app.policy)
}

fn end(now: Timestamp) -> Timestamp {
    lifetime(now).end.unwrap_or(now)
}
