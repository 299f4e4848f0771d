//! Where somebody stands who looks at an organization's pages, and what they see of the tree.

use std::collections::BTreeSet;
use std::sync::Arc;

use keyfob_core::id::OrgId;
use keyfob_core::permission::resolve;
use keyfob_store::StoreError;
use keyfob_store::org::{ListedOrg, org_list_of_user};

use crate::app::Outage;
use crate::app::access::{NotForThem, Place, place};
use crate::app::sign_in::SignedIn;
use crate::context::Ctx;
use crate::state::{App, Loaded};

/// What a page needs to know before anything of its own.
#[derive(Debug)]
pub struct Visit {
    /// How they stand there.
    pub place: Place,
    /// The organizations that they see, the roots first, then level by level.
    pub organizations: Vec<ListedOrg>,
    /// The catalogue in force when it was read.
    pub loaded: Arc<Loaded>,
}

/// Why a page is not shown.
#[derive(Debug, thiserror::Error)]
pub enum VisitError {
    /// The organization does not exist, or is none of theirs.
    #[error(transparent)]
    NotForThem(#[from] NotForThem),
    /// It could not be found out.
    #[error(transparent)]
    Outage(#[from] Outage),
}

impl From<StoreError> for VisitError {
    fn from(error: StoreError) -> Self {
        Self::Outage(error.into())
    }
}

impl Visit {
    /// The organization itself. None when its membership is suspended: then it is known of, and not seen.
    pub fn here(&self) -> Option<&ListedOrg> {
        self.seen(self.place.lineage.organization())
    }

    /// An organization among those that they see.
    pub fn seen(&self, organization: OrgId) -> Option<&ListedOrg> {
        self.organizations
            .iter()
            .find(|listed| listed.org.id == organization)
    }

    /// What lies below it.
    pub fn below(&self) -> Vec<&ListedOrg> {
        self.below_of(self.place.lineage.organization())
    }

    /// What lies below an organization, as far as they see it.
    pub fn below_of(&self, organization: OrgId) -> Vec<&ListedOrg> {
        let mut inside = BTreeSet::from([organization]);
        let mut below = Vec::new();
        // Level by level, so a parent comes before its children.
        for listed in &self.organizations {
            if listed
                .org
                .parent
                .is_some_and(|parent| inside.contains(&parent))
            {
                inside.insert(listed.org.id);
                below.push(listed);
            }
        }
        below
    }

    /// Whether they hold `owner` there, directly or from above.
    pub fn is_owner(&self) -> bool {
        let held = self.place.memberships.iter();
        held.filter(|held| held.is_active())
            .any(|held| held.roles.has_owner())
    }

    /// Whether they manage it now.
    pub fn manages(&self) -> bool {
        self.place.is_managed(&self.loaded)
    }

    /// The names of the permissions that they hold there now, sorted.
    pub fn permissions(&self) -> Vec<&str> {
        let catalogue = &self.loaded.catalogue;
        let live = resolve(catalogue, &self.place.lineage, &self.place.memberships);
        catalogue.names(live.permissions)
    }
}

/// Finds where somebody stands, and what they see.
pub async fn visit(
    app: &App,
    ctx: &Ctx,
    who: &SignedIn,
    organization: OrgId,
) -> Result<Visit, VisitError> {
    let mut tx = app.store.read().await?;
    let loaded = app
        .loaded_in(&mut tx, ctx.now)
        .await
        .map_err(Outage::from)?;
    let place = place(&mut tx, who.user.id, organization).await??;
    let mut organizations = org_list_of_user(&mut tx, who.user.id).await?;
    organizations.sort_by_key(|listed| (listed.org.depth, listed.org.id));
    Ok(Visit {
        place,
        organizations,
        loaded,
    })
}

/// The organization whose pages somebody sees first: of those where they are a member the highest.
pub async fn first(app: &App, who: &SignedIn) -> Result<Option<OrgId>, StoreError> {
    let mut tx = app.store.read_single().await?;
    let mut seen = org_list_of_user(&mut tx, who.user.id).await?;
    seen.sort_by_key(|listed| (!listed.is_direct, listed.org.depth, listed.org.id));
    Ok(seen.first().map(|listed| listed.org.id))
}
