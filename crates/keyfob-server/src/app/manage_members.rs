//! Changing who belongs to an organization, and with which roles.

use keyfob_core::id::{OrgId, UserId};
use keyfob_core::manage::{
    MayNotManage, MembershipChange, may_change_membership, may_leave, may_manage,
};
use keyfob_core::member::{Membership, Roles};
use keyfob_core::org::Lineage;
use keyfob_store::member::{
    MemberAt, member_along, member_find, member_has_another_owner, member_reactivate,
    member_remove, member_set_roles, member_suspend,
};
use keyfob_store::pat::Pat;
use keyfob_store::pat::everywhere::pat_live_everywhere;
use keyfob_store::{StoreError, Transient, Tx, retry, retry_knowing};

use crate::app::Outage;
use crate::app::access::{Caller, NotForThem};
use crate::app::authority::Authority;
use crate::context::Ctx;
use crate::state::App;

/// Living tokens of one person that are looked at, at most.
const TOKENS_MAX: i64 = 500;

/// Why a membership stays as it is.
#[derive(Debug, thiserror::Error)]
pub enum ManageError {
    /// The organization does not exist, or is none of theirs.
    #[error(transparent)]
    NotForThem(#[from] NotForThem),
    /// The rules say no.
    #[error(transparent)]
    Refused(#[from] MayNotManage),
    /// The person is no direct member.
    #[error("not a direct member")]
    NotAMember,
    /// Only a person can do this, by themselves.
    #[error("a session is needed")]
    NeedsPerson,
    /// Nothing could be decided.
    #[error(transparent)]
    Outage(#[from] Outage),
}

impl From<StoreError> for ManageError {
    fn from(error: StoreError) -> Self {
        Self::Outage(error.into())
    }
}

impl Transient for ManageError {
    fn store_error(&self) -> Option<&StoreError> {
        if let Self::Outage(Outage::Store(error)) = self {
            Some(error)
        } else {
            None
        }
    }
}

/// Somebody's memberships at an organization and above, the root's first.
#[derive(Debug)]
pub struct Held {
    /// At which organization that is.
    pub organization: OrgId,
    /// The memberships.
    pub memberships: Vec<Membership>,
}

impl Held {
    /// The roles of the direct membership, sorted.
    pub fn direct(&self) -> Vec<String> {
        self.roles(|at| at == self.organization)
    }

    /// The roles that come from above, sorted, each once.
    pub fn inherited(&self) -> Vec<String> {
        self.roles(|at| at != self.organization)
    }

    fn roles(&self, is_meant: impl Fn(OrgId) -> bool) -> Vec<String> {
        let held = self.memberships.iter();
        let held = held.filter(|held| is_meant(held.organization) && held.is_active());
        let mut roles: Vec<String> = held
            .flat_map(|held| held.roles.iter())
            .map(str::to_owned)
            .collect();
        roles.sort_unstable();
        roles.dedup();
        roles
    }
}

/// Reads the roles of somebody who belongs to an organization, directly or from above.
pub async fn roles_of(
    app: &App,
    ctx: &Ctx,
    caller: &Caller,
    organization: OrgId,
    user: UserId,
) -> Result<Held, ManageError> {
    let mut tx = app.store.read().await?;
    let authority = Authority::find(app, &mut tx, ctx, caller, organization).await??;
    may_see_members(&authority)?;
    held(&mut tx, organization, user).await
}

/// Whether they are shown who belongs to an organization.
pub fn may_see_members(authority: &Authority) -> Result<(), MayNotManage> {
    keyfob_core::manage::may_see_members(&authority.manager(), authority.place.standing)
}

async fn held(tx: &mut Tx, organization: OrgId, user: UserId) -> Result<Held, ManageError> {
    let memberships = member_along(tx, user, organization).await?;
    if memberships.is_empty() {
        return Err(ManageError::NotAMember);
    }
    Ok(Held {
        organization,
        memberships,
    })
}

/// Replaces the roles of a direct member, and says what they hold then.
pub async fn set_roles(
    app: &App,
    ctx: &Ctx,
    caller: &Caller,
    (organization, user): (OrgId, UserId),
    roles: &Roles,
) -> Result<Held, ManageError> {
    let held = retry_knowing(|may_be_kept| async move {
        let mut tx = app.store.write().await?;
        let authority = Authority::find(app, &mut tx, ctx, caller, organization).await??;
        let at = authority.member(user);
        // Whoever gave up the right to do it: an attempt before this one was committed without our hearing of it.
        let is_done =
            may_be_kept && user == authority.user && direct(&mut tx, at).await?.roles == *roles;
        if !is_done {
            let before = decide(&mut tx, &authority, at, Some(roles)).await?;
            let _changed = before.roles != *roles
                && member_set_roles(&mut tx, at, roles, &authority.actor(ctx), ctx.now).await?;
        }
        let held = held(&mut tx, organization, user).await?;
        tx.commit().await?;
        Ok::<_, ManageError>(held)
    })
    .await?;
    tracing::info!(user.id = %user, organization.id = %organization, "roles replaced");
    Ok(held)
}

/// Ends a direct membership, and the tokens held there. Anybody may end their own, by themselves.
pub async fn remove(
    app: &App,
    ctx: &Ctx,
    caller: &Caller,
    (organization, user): (OrgId, UserId),
) -> Result<(), ManageError> {
    retry_knowing(|may_be_kept| async move {
        match end(app, ctx, caller, (organization, user)).await {
            // An attempt before this one was committed without our hearing of it; whoever left may not even see
            // the organization any more.
            Err(ManageError::NotAMember | ManageError::NotForThem(_)) if may_be_kept => Ok(()),
            outcome => outcome,
        }
    })
    .await?;
    tracing::info!(user.id = %user, organization.id = %organization, "membership ended");
    Ok(())
}

/// What becomes of somebody's tokens when their membership at an organization ends.
#[derive(Debug, Default)]
pub struct TokensOf {
    /// Held there: they are revoked.
    pub ended: Vec<Pat>,
    /// Held above: they still reach it as far as something is inherited.
    pub left: Vec<Pat>,
}

/// Finds the living tokens of somebody that have to do with an organization.
pub async fn tokens_of(
    app: &App,
    ctx: &Ctx,
    user: UserId,
    lineage: &Lineage,
) -> Result<TokensOf, StoreError> {
    let mut tx = app.store.read_single().await?;
    let here = lineage.organization();
    let mut found = TokensOf::default();
    for somewhere in pat_live_everywhere(&mut tx, user, ctx.now, TOKENS_MAX).await? {
        let pat = somewhere.pat;
        if pat.organization == here {
            found.ended.push(pat);
        } else if lineage.contains(pat.organization) && pat.reach.covers(pat.organization, here) {
            found.left.push(pat);
        }
    }
    Ok(found)
}

async fn end(
    app: &App,
    ctx: &Ctx,
    caller: &Caller,
    (organization, user): (OrgId, UserId),
) -> Result<(), ManageError> {
    let mut tx = app.store.write().await?;
    let authority = Authority::find(app, &mut tx, ctx, caller, organization).await??;
    let at = authority.member(user);
    if authority.user == user {
        leave(&mut tx, &authority, at).await?;
    } else {
        decide(&mut tx, &authority, at, None).await?;
    }
    member_remove(&mut tx, at, &authority.actor(ctx), ctx.now).await?;
    tx.commit().await?;
    Ok(())
}

/// Suspends a direct membership. One that is suspended stays so.
pub async fn suspend(
    app: &App,
    ctx: &Ctx,
    caller: &Caller,
    (organization, user): (OrgId, UserId),
) -> Result<(), ManageError> {
    retry_knowing(|may_be_kept| async move {
        let mut tx = app.store.write().await?;
        let authority = Authority::find(app, &mut tx, ctx, caller, organization).await??;
        let at = authority.member(user);
        // Whoever suspended themselves: as above.
        let is_done =
            may_be_kept && user == authority.user && !direct(&mut tx, at).await?.is_active();
        if !is_done {
            decide(&mut tx, &authority, at, None).await?;
            member_suspend(&mut tx, at, &authority.actor(ctx), ctx.now).await?;
        }
        tx.commit().await?;
        Ok::<_, ManageError>(())
    })
    .await?;
    tracing::info!(user.id = %user, organization.id = %organization, "membership suspended");
    Ok(())
}

/// Lets a suspended member in again, with all their roles: that is a grant of each.
pub async fn reactivate(
    app: &App,
    ctx: &Ctx,
    caller: &Caller,
    (organization, user): (OrgId, UserId),
) -> Result<(), ManageError> {
    retry(|| async move {
        let mut tx = app.store.write().await?;
        let authority = Authority::find(app, &mut tx, ctx, caller, organization).await??;
        may_manage(&authority.manager())?;
        let at = authority.member(user);
        let held = direct(&mut tx, at).await?;
        let change = MembershipChange {
            before: None,
            after: Some(&held.roles),
            has_another_owner: true,
        };
        may_change_membership(&authority.manager(), &change)?;
        member_reactivate(&mut tx, at, &authority.actor(ctx), ctx.now).await?;
        tx.commit().await?;
        Ok::<_, ManageError>(())
    })
    .await?;
    tracing::info!(user.id = %user, organization.id = %organization, "membership reactivated");
    Ok(())
}

/// Decides what becomes of a direct membership, and says how it is.
async fn decide(
    tx: &mut Tx,
    authority: &Authority,
    at: MemberAt,
    after: Option<&Roles>,
) -> Result<Membership, ManageError> {
    // Who may not manage learns nothing of who is a member.
    may_manage(&authority.manager())?;
    let held = direct(tx, at).await?;
    let change = MembershipChange {
        before: Some(&held.roles),
        after,
        has_another_owner: member_has_another_owner(tx, at).await?,
    };
    may_change_membership(&authority.manager(), &change)?;
    Ok(held)
}

async fn leave(tx: &mut Tx, authority: &Authority, at: MemberAt) -> Result<(), ManageError> {
    if !authority.is_person() {
        return Err(ManageError::NeedsPerson);
    }
    let held = direct(tx, at).await?;
    let change = MembershipChange {
        before: Some(&held.roles),
        after: None,
        has_another_owner: member_has_another_owner(tx, at).await?,
    };
    may_leave(&change)?;
    Ok(())
}

async fn direct(tx: &mut Tx, at: MemberAt) -> Result<Membership, ManageError> {
    let found = member_find(tx, at.user, at.organization).await?;
    found.ok_or(ManageError::NotAMember)
}
