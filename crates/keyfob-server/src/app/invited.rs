//! Who is invited: shown to who manages the organization, and withdrawn by them.

use std::collections::BTreeMap;

use keyfob_core::id::OrgId;
use keyfob_core::manage::may_manage;
use keyfob_core::member::Roles;
use keyfob_core::name::Email;
use keyfob_core::time::Timestamp;
use keyfob_store::invitation::{
    Invitation, invitation_of_organization, invitation_to, invitation_withdraw,
};
use keyfob_store::org::org_find;
use keyfob_store::{Tx, retry_knowing};

use crate::app::Outage;
use crate::app::access::{Caller, NotForThem};
use crate::app::authority::Authority;
use crate::app::invite::InviteError;
use crate::context::Ctx;
use crate::state::App;

/// What is promised at an organization, and its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedPromise {
    /// Where.
    pub organization: OrgId,
    /// What it is called.
    pub name: String,
    /// Which roles.
    pub roles: Roles,
}

/// An invitation, as who manages the organization sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// To which address.
    pub email: String,
    /// Who answers for it.
    pub inviter: String,
    /// When it ends, or ended.
    pub expires_at: Timestamp,
    /// Whether it waited in vain.
    pub is_over: bool,
    /// What it promises, where they see it.
    pub promises: Vec<NamedPromise>,
}

/// How somebody stands who manages an organization, and so may invite to it.
pub async fn inviter_at(
    app: &App,
    ctx: &Ctx,
    caller: &Caller,
    organization: OrgId,
) -> Result<Authority, InviteError> {
    let mut tx = app.store.read().await?;
    let authority = Authority::find(app, &mut tx, ctx, caller, organization).await??;
    may_manage(&authority.manager())?;
    Ok(authority)
}

/// Withdraws what was promised to an address at an organization, and at the others of the same invitation
/// that the caller manages.
pub async fn withdraw(
    app: &App,
    ctx: &Ctx,
    caller: &Caller,
    organization: OrgId,
    email: &Email,
) -> Result<(), InviteError> {
    retry_knowing(|may_be_kept| async move {
        match end_promises(app, ctx, caller, organization, email).await {
            // An attempt before this one was committed without our hearing of it.
            Err(InviteError::NotInvited) if may_be_kept => Ok(()),
            outcome => outcome,
        }
    })
    .await
}

async fn end_promises(
    app: &App,
    ctx: &Ctx,
    caller: &Caller,
    organization: OrgId,
    email: &Email,
) -> Result<(), InviteError> {
    let mut tx = app.store.write().await?;
    let by = Authority::find(app, &mut tx, ctx, caller, organization).await??;
    may_manage(&by.manager())?;
    let found = invitation_to(&mut tx, organization, email).await?;
    let found = found.ok_or(InviteError::NotInvited)?;
    let mut managed = Vec::new();
    for promise in &found.promises {
        let there = Authority::find(app, &mut tx, ctx, caller, promise.organization).await?;
        if there.is_ok_and(|there| may_manage(&there.manager()).is_ok()) {
            managed.push(promise.clone());
        }
    }
    invitation_withdraw(&mut tx, &found, &managed, &by.actor(ctx), ctx.now).await?;
    tx.commit().await?;
    tracing::info!(invitation.id = %found.id, "an invitation was withdrawn");
    Ok(())
}

/// Lists who is invited to an organization, the latest first, to who manages it.
pub async fn list(
    app: &App,
    ctx: &Ctx,
    caller: &Caller,
    organization: OrgId,
) -> Result<Vec<Listed>, InviteError> {
    let mut tx = app.store.read().await?;
    let authority = Authority::find(app, &mut tx, ctx, caller, organization).await??;
    may_manage(&authority.manager())?;
    let mut seen = Seen::new(app, ctx, caller);
    let mut listed = Vec::new();
    for invitation in invitation_of_organization(&mut tx, organization).await? {
        listed.push(seen.listed(&mut tx, invitation).await?);
    }
    Ok(listed)
}

/// The names of organizations, each asked for once; none of those that the caller does not see.
pub(super) struct Seen<'a> {
    app: &'a App,
    ctx: &'a Ctx,
    caller: &'a Caller,
    names: BTreeMap<OrgId, Option<String>>,
}

impl<'a> Seen<'a> {
    pub(super) fn new(app: &'a App, ctx: &'a Ctx, caller: &'a Caller) -> Self {
        Self {
            app,
            ctx,
            caller,
            names: BTreeMap::new(),
        }
    }

    async fn name(&mut self, tx: &mut Tx, at: OrgId) -> Result<Option<String>, Outage> {
        if let Some(known) = self.names.get(&at) {
            return Ok(known.clone());
        }
        let found = Authority::find(self.app, tx, self.ctx, self.caller, at).await?;
        let name = match found {
            Ok(_seen) => org_find(tx, at).await?.map(|org| org.name),
            Err(NotForThem) => None,
        };
        self.names.insert(at, name.clone());
        Ok(name)
    }

    pub(super) async fn listed(
        &mut self,
        tx: &mut Tx,
        invitation: Invitation,
    ) -> Result<Listed, Outage> {
        let mut promises = Vec::new();
        for promise in invitation.promises {
            if let Some(name) = self.name(tx, promise.organization).await? {
                promises.push(NamedPromise {
                    organization: promise.organization,
                    name,
                    roles: promise.roles,
                });
            }
        }
        Ok(Listed {
            email: invitation.email,
            inviter: invitation.inviter_name,
            expires_at: invitation.expires_at,
            is_over: invitation.expires_at <= self.ctx.now,
            promises,
        })
    }
}
