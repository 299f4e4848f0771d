//! Making, renaming, moving and deleting organizations.

use keyfob_core::event::Via;
use keyfob_core::id::OrgId;
use keyfob_core::manage::{MayNotManage, may_delete, may_manage, may_move_it};
use keyfob_core::member::Roles;
use keyfob_core::name::Name;
use keyfob_core::org::{BadLineage, BadMove, may_have_child, may_move};
use keyfob_core::policy::RootCreation;
use keyfob_store::member::{MemberAt, member_has_owner, member_put};
use keyfob_store::org::{
    ListedOrg, NewOrg, Org, org_delete, org_find, org_height, org_insert, org_listed, org_move,
    org_named_in_tree, org_rename,
};
use keyfob_store::session::session_stands;
use keyfob_store::{StoreError, Transient, Tx, retry, retry_knowing};

use crate::app::Outage;
use crate::app::access::{Caller, NotForThem};
use crate::app::authority::Authority;
use crate::context::Ctx;
use crate::state::App;

/// Why the tree stays as it is.
#[derive(Debug, thiserror::Error)]
pub enum OrganizationError {
    /// The organization does not exist, or is none of theirs.
    #[error(transparent)]
    NotForThem(#[from] NotForThem),
    /// The rules say no.
    #[error(transparent)]
    Refused(#[from] MayNotManage),
    /// Another organization of the tree has that name.
    #[error("the name is taken")]
    NameTaken,
    /// There is no room below.
    #[error(transparent)]
    TooDeep(#[from] BadLineage),
    /// It cannot be moved there.
    #[error(transparent)]
    BadMove(#[from] BadMove),
    /// What was typed to confirm is not its name.
    #[error("not its name")]
    NotItsName,
    /// Roots are made by the operator.
    #[error("root organizations are made by the operator")]
    ByOperator,
    /// Only a person can do this, by themselves.
    #[error("a session is needed")]
    NeedsPerson,
    /// Nothing could be decided.
    #[error(transparent)]
    Outage(#[from] Outage),
}

impl From<StoreError> for OrganizationError {
    fn from(error: StoreError) -> Self {
        Self::Outage(error.into())
    }
}

impl Transient for OrganizationError {
    fn store_error(&self) -> Option<&StoreError> {
        if let Self::Outage(Outage::Store(error)) = self {
            Some(error)
        } else {
            None
        }
    }
}

/// Shows one organization.
pub async fn show(
    app: &App,
    ctx: &Ctx,
    caller: &Caller,
    organization: OrgId,
) -> Result<ListedOrg, OrganizationError> {
    let mut tx = app.store.read().await?;
    let authority = Authority::find(app, &mut tx, ctx, caller, organization).await??;
    listed(&mut tx, &authority).await
}

async fn listed(tx: &mut Tx, authority: &Authority) -> Result<ListedOrg, OrganizationError> {
    let organization = authority.place.lineage.organization();
    let found = org_listed(tx, authority.user, organization).await?;
    found.ok_or(NotForThem.into())
}

/// Makes a root, the beginning of a tree, where policy lets everybody; who makes it owns it. The id was drawn
/// for it: with the same id once more it is the same.
pub async fn create_root(
    app: &App,
    ctx: &Ctx,
    caller: &Caller,
    (name, id): (&Name, OrgId),
) -> Result<ListedOrg, OrganizationError> {
    let Caller::Session(who) = caller else {
        return Err(OrganizationError::NeedsPerson);
    };
    if app.policy.root_creation == RootCreation::Operators {
        return Err(OrganizationError::ByOperator);
    }
    let user = who.user.id;
    let actor = &ctx.actor(Via::Session, Some(user));
    let made = retry(|| async move {
        let mut tx = app.store.write().await?;
        if !session_stands(&mut tx, who.session.id).await? {
            return Err(NotForThem.into());
        }
        if org_find(&mut tx, id).await?.is_none() {
            let new = NewOrg {
                id,
                external_id: None,
                name,
            };
            org_insert(&mut tx, &new, None, actor, ctx.now).await?;
            let at = MemberAt {
                user,
                organization: id,
                tree: id,
            };
            member_put(&mut tx, at, &Roles::owner(), actor, ctx.now).await?;
        }
        let made = org_listed(&mut tx, user, id).await?;
        tx.commit().await?;
        made.ok_or(OrganizationError::NotForThem(NotForThem))
    })
    .await?;
    tracing::info!(organization.id = %id, "root organization made");
    Ok(made)
}

/// Makes an organization below another one, under an id that was drawn for it: with the same id once more
/// it is the same. Whoever makes it has there what they have above.
pub async fn create_below(
    app: &App,
    ctx: &Ctx,
    caller: &Caller,
    parent: OrgId,
    (name, id): (&Name, OrgId),
) -> Result<ListedOrg, OrganizationError> {
    let made = retry(|| async move {
        let mut tx = app.store.write().await?;
        let authority = Authority::find(app, &mut tx, ctx, caller, parent).await??;
        may_manage(&authority.manager())?;
        let root = authority.place.lineage.root();
        if let Some(other) = org_named_in_tree(&mut tx, root, name).await? {
            // This very request may have been committed without our hearing of it.
            return if other.id == id {
                org_listed(&mut tx, authority.user, id)
                    .await?
                    .ok_or(NotForThem.into())
            } else {
                Err(OrganizationError::NameTaken)
            };
        }
        let permit = may_have_child(authority.place.lineage.clone())?;
        let new = NewOrg {
            id,
            external_id: None,
            name,
        };
        let actor = authority.actor(ctx);
        match org_insert(&mut tx, &new, Some(permit), &actor, ctx.now).await {
            // Its id was used for one of another name, or for one that is deleted.
            Err(StoreError::Conflict(_)) => return Err(OrganizationError::NameTaken),
            inserted => inserted?,
        }
        let made = org_listed(&mut tx, authority.user, id).await?;
        tx.commit().await?;
        made.ok_or(NotForThem.into())
    })
    .await?;
    tracing::info!(organization.id = %id, "organization made");
    Ok(made)
}

/// Gives an organization another name.
pub async fn rename(
    app: &App,
    ctx: &Ctx,
    caller: &Caller,
    organization: OrgId,
    name: &Name,
) -> Result<ListedOrg, OrganizationError> {
    retry(|| async move {
        let mut tx = app.store.write().await?;
        let authority = Authority::find(app, &mut tx, ctx, caller, organization).await??;
        may_manage(&authority.manager())?;
        let lineage = &authority.place.lineage;
        let other = org_named_in_tree(&mut tx, lineage.root(), name).await?;
        if other.is_some_and(|other| other.id != organization) {
            return Err(OrganizationError::NameTaken);
        }
        org_rename(&mut tx, lineage, name, &authority.actor(ctx), ctx.now).await?;
        let renamed = listed(&mut tx, &authority).await?;
        tx.commit().await?;
        Ok(renamed)
    })
    .await
}

/// Moves an organization, with all below it, to another parent in its tree.
pub async fn move_below(
    app: &App,
    ctx: &Ctx,
    caller: &Caller,
    organization: OrgId,
    parent: OrgId,
) -> Result<ListedOrg, OrganizationError> {
    if matches!(caller, Caller::Token(_)) {
        return needs_person(app, ctx, caller, organization).await;
    }
    let moved = retry_knowing(|may_be_kept| {
        place_below(app, ctx, caller, organization, (parent, may_be_kept))
    })
    .await?;
    tracing::info!(organization.id = %organization, parent.id = %parent, "organization moved");
    Ok(moved)
}

async fn place_below(
    app: &App,
    ctx: &Ctx,
    caller: &Caller,
    organization: OrgId,
    (parent, may_be_kept): (OrgId, bool),
) -> Result<ListedOrg, OrganizationError> {
    let mut tx = app.store.write().await?;
    let moved = Authority::find(app, &mut tx, ctx, caller, organization).await??;
    let above = moved.place.lineage.upward().nth(1);
    if may_be_kept && above == Some(parent) {
        // An attempt before this one was committed without our hearing of it. Who owned it from above its old
        // parent only manages it now.
        may_manage(&moved.manager())?;
        return listed(&mut tx, &moved).await;
    }
    // What is asked of the parents is told to nobody who may not move it at all.
    may_delete(&moved.manager())?;
    let above = above.ok_or(BadMove::Root)?;
    let from = Authority::find(app, &mut tx, ctx, caller, above).await?;
    let from = from.map_err(|_not_theirs| MayNotManage::NotAManager)?;
    let to = Authority::find(app, &mut tx, ctx, caller, parent).await??;
    may_move_it(&moved.manager(), &from.manager(), &to.manager())?;
    let height = org_height(&mut tx, organization).await?;
    if above != parent {
        let permit = may_move(
            moved.place.lineage.clone(),
            to.place.lineage.clone(),
            height,
        )?;
        org_move(&mut tx, permit, &moved.actor(ctx), ctx.now).await?;
        // Its owner can be one above the old parent, and those above the new one be suspended.
        if !member_has_owner(&mut tx, organization).await? {
            return Err(MayNotManage::LastOwner.into());
        }
    }
    let listed = listed(&mut tx, &moved).await?;
    tx.commit().await?;
    Ok(listed)
}

/// Deletes an organization with all below it, their memberships and tokens, once its exact name was given.
pub async fn delete(
    app: &App,
    ctx: &Ctx,
    caller: &Caller,
    organization: OrgId,
    confirm: &str,
) -> Result<(), OrganizationError> {
    if matches!(caller, Caller::Token(_)) {
        return needs_person(app, ctx, caller, organization).await;
    }
    retry_knowing(|may_be_kept| async move {
        match end(app, ctx, caller, organization, confirm).await {
            // An attempt before this one was committed without our hearing of it.
            Err(OrganizationError::NotForThem(_)) if may_be_kept => Ok(()),
            outcome => outcome,
        }
    })
    .await?;
    tracing::info!(organization.id = %organization, "organization deleted");
    Ok(())
}

async fn end(
    app: &App,
    ctx: &Ctx,
    caller: &Caller,
    organization: OrgId,
    confirm: &str,
) -> Result<(), OrganizationError> {
    let mut tx = app.store.write().await?;
    let authority = Authority::find(app, &mut tx, ctx, caller, organization).await??;
    may_delete(&authority.manager())?;
    let found: Org = org_find(&mut tx, organization).await?.ok_or(NotForThem)?;
    if found.name != confirm {
        return Err(OrganizationError::NotItsName);
    }
    let lineage = &authority.place.lineage;
    org_delete(&mut tx, lineage, &authority.actor(ctx), ctx.now).await?;
    tx.commit().await?;
    Ok(())
}

/// A program learns that a person is needed only of an organization that it reaches.
async fn needs_person<T>(
    app: &App,
    ctx: &Ctx,
    caller: &Caller,
    organization: OrgId,
) -> Result<T, OrganizationError> {
    let mut tx = app.store.read().await?;
    Authority::find(app, &mut tx, ctx, caller, organization).await??;
    Err(OrganizationError::NeedsPerson)
}
