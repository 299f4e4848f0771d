//! Who belongs to an organization, themselves or from above, and what they may do there.

use std::collections::BTreeMap;

use keyfob_core::catalogue::{Catalogue, ORGANIZATION_MANAGE};
use keyfob_core::id::{OrgId, UserId};
use keyfob_core::member::{Membership, Standing};
use keyfob_core::org::Lineage;
use keyfob_core::permission::{PermissionSet, resolve};
use keyfob_store::member::{member_along, member_people};
use keyfob_store::user::user_find;
use keyfob_store::{StoreError, Tx};

use crate::app::access::Caller;
use crate::app::authority::Authority;
use crate::app::manage_members::{ManageError, may_see_members};
use crate::context::Ctx;
use crate::state::App;

/// Somebody with a membership at an organization or above it.
#[derive(Debug, Clone)]
pub struct Colleague {
    /// Who.
    pub user: UserId,
    /// Their name.
    pub name: String,
    /// Their address.
    pub email: String,
    /// Whether their account is suspended.
    pub is_suspended: bool,
    /// Their memberships along the path, the root's first.
    pub memberships: Vec<Membership>,
}

impl Colleague {
    /// How they stand there.
    pub fn standing(&self, lineage: &Lineage) -> Standing {
        Standing::of(lineage, &self.memberships)
    }

    /// What they may do there now; nothing while their account is suspended.
    pub fn live(&self, catalogue: &Catalogue, lineage: &Lineage) -> PermissionSet {
        if self.is_suspended {
            return PermissionSet::EMPTY;
        }
        resolve(catalogue, lineage, &self.memberships).permissions
    }

    /// Where the nearest membership is by which they manage the organization, and whether as an owner.
    pub fn manages_at(&self, catalogue: &Catalogue, lineage: &Lineage) -> Option<(OrgId, bool)> {
        lineage.upward().find_map(|organization| {
            let mut held = self.memberships.iter();
            let held = held.find(|held| held.organization == organization)?;
            manages(catalogue, held).then(|| (organization, held.roles.has_owner()))
        })
    }
}

/// Whether a membership gives the management of its organization and of what lies below.
pub(super) fn manages(catalogue: &Catalogue, membership: &Membership) -> bool {
    let mut gives = membership
        .roles
        .iter()
        .filter_map(|role| catalogue.role(role));
    membership.is_active() && gives.any(|gives| catalogue.holds(&gives, ORGANIZATION_MANAGE))
}

/// Lists who belongs to an organization for somebody who may see them, and says where it lies.
pub async fn members(
    app: &App,
    ctx: &Ctx,
    caller: &Caller,
    organization: OrgId,
) -> Result<(Lineage, Vec<Colleague>), ManageError> {
    let mut tx = app.store.read().await?;
    let authority = Authority::find(app, &mut tx, ctx, caller, organization).await??;
    may_see_members(&authority)?;
    let people = by_name(&mut tx, organization).await?;
    Ok((authority.place.lineage, people))
}

/// Lists who belongs to an organization, by name.
pub async fn colleagues(app: &App, organization: OrgId) -> Result<Vec<Colleague>, StoreError> {
    let mut tx = app.store.read_single().await?;
    by_name(&mut tx, organization).await
}

/// Finds one who belongs to an organization.
pub async fn colleague(
    app: &App,
    organization: OrgId,
    user: UserId,
) -> Result<Option<Colleague>, StoreError> {
    let mut tx = app.store.read().await?;
    let memberships = member_along(&mut tx, user, organization).await?;
    let found = user_find(&mut tx, user).await?;
    let found = found.filter(|_user| !memberships.is_empty());
    Ok(found.map(|found| Colleague {
        user,
        name: found.full_name,
        email: found.email,
        is_suspended: found.suspended_at.is_some(),
        memberships,
    }))
}

async fn by_name(tx: &mut Tx, organization: OrgId) -> Result<Vec<Colleague>, StoreError> {
    let rows = member_people(tx, organization).await?;
    let mut people: BTreeMap<UserId, Colleague> = BTreeMap::new();
    for row in rows {
        let colleague = people.entry(row.user).or_insert_with(|| Colleague {
            user: row.user,
            name: row.full_name,
            email: row.email,
            is_suspended: row.is_suspended,
            memberships: Vec::new(),
        });
        colleague.memberships.push(row.membership);
    }
    let mut people: Vec<Colleague> = people.into_values().collect();
    people.sort_by_cached_key(|colleague| (colleague.name.to_lowercase(), colleague.user));
    Ok(people)
}
