//! Where somebody stands who looks at an organization's pages, and what they see of the tree.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use keyfob_core::id::{OrgId, UserId};
use keyfob_core::manage::Manager;
use keyfob_core::member::Standing;
use keyfob_core::permission::resolve;
use keyfob_store::org::seen::{
    SeenOrg, org_count_below, org_highest, org_seen, org_seen_below, org_seen_children,
    org_seen_one, org_seen_path,
};
use keyfob_store::{StoreError, Tx};

use crate::app::Outage;
use crate::app::access::{NotForThem, Place, place};
use crate::app::manage::manages;
use crate::app::sign_in::SignedIn;
use crate::context::Ctx;
use crate::state::{App, Loaded};

/// Up to so many organizations the switch shows whole; every page of a larger tree would be slow.
pub const SEEN_MAX: usize = 200;

/// What a page needs to know before anything of its own.
#[derive(Debug)]
pub struct Visit {
    /// How they stand there.
    pub place: Place,
    /// The organizations that they see, the roots first, then level by level. When there are too many
    /// only the path to this one and its children.
    pub organizations: Vec<SeenOrg>,
    /// Whether they see more than these.
    pub is_cut: bool,
    /// The catalogue in force when it was read.
    pub loaded: Arc<Loaded>,
    user: UserId,
    /// Others that a page names.
    named: Vec<SeenOrg>,
    below: Vec<SeenOrg>,
    below_count: usize,
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
    /// What they may change there, by themselves.
    pub fn manager(&self) -> Manager<'_> {
        let catalogue = &self.loaded.catalogue;
        let live = resolve(catalogue, &self.place.lineage, &self.place.memberships);
        Manager::person(catalogue, &live)
    }

    /// The organization itself. None when its membership is suspended: then it is known of, and not seen.
    pub fn here(&self) -> Option<&SeenOrg> {
        self.seen(self.place.lineage.organization())
    }

    /// An organization among those that they see and that were read.
    pub fn seen(&self, organization: OrgId) -> Option<&SeenOrg> {
        let known = self.organizations.iter().chain(&self.below);
        let mut known = known.chain(&self.named);
        known.find(|seen| seen.org.id == organization)
    }

    /// What lies below it, level by level, up to [`SEEN_MAX`]. In a large tree it is not known before
    /// [`look_below`](Self::look_below), and not of more than that before
    /// [`look_at_the_first_below`](Self::look_at_the_first_below).
    pub fn below(&self) -> Vec<&SeenOrg> {
        self.below.iter().collect()
    }

    /// How many lie below it, likewise.
    pub fn below_count(&self) -> usize {
        self.below_count
    }

    /// What lies below an organization, as far as they see it and it was read.
    pub fn below_of(&self, organization: OrgId) -> Vec<&SeenOrg> {
        let known = self.organizations.iter().chain(&self.below);
        let known = known.chain(&self.named);
        let known: BTreeMap<_, _> = known.map(|seen| (order(seen), seen)).collect();
        below_of(organization, known.into_values())
    }

    /// Counts what lies below, where it is not known yet, and reads it unless it is too much.
    pub async fn look_below(&mut self, app: &App) -> Result<(), Outage> {
        if !self.is_cut || self.place.standing == Standing::Stranger {
            return Ok(());
        }
        let mut tx = app.store.read().await?;
        self.count_below(&mut tx).await?;
        if self.below_count <= SEEN_MAX {
            self.read_below(&mut tx).await?;
        }
        Ok(())
    }

    /// Counts what lies below, and reads the first of it: for pages on which one of them is chosen.
    pub async fn look_at_the_first_below(&mut self, app: &App) -> Result<(), Outage> {
        if !self.is_cut || self.place.standing == Standing::Stranger {
            return Ok(());
        }
        let mut tx = app.store.read().await?;
        self.count_below(&mut tx).await?;
        self.read_below(&mut tx).await?;
        Ok(())
    }

    async fn count_below(&mut self, tx: &mut Tx) -> Result<(), StoreError> {
        let here = self.place.lineage.organization();
        let count = org_count_below(tx, here).await?;
        self.below_count = usize::try_from(count).unwrap_or(usize::MAX);
        Ok(())
    }

    async fn read_below(&mut self, tx: &mut Tx) -> Result<(), StoreError> {
        let here = self.place.lineage.organization();
        self.below = org_seen_below(tx, self.user, here, limit(SEEN_MAX)).await?;
        self.below.sort_by_cached_key(order);
        Ok(())
    }

    /// Reads what they see around other organizations: the paths to them, and their children.
    pub async fn learn_around(
        &mut self,
        app: &App,
        wanted: impl IntoIterator<Item = OrgId>,
    ) -> Result<(), Outage> {
        if !self.is_cut {
            return Ok(());
        }
        let wanted: BTreeSet<OrgId> = wanted.into_iter().collect();
        let mut tx = app.store.read().await?;
        for organization in wanted {
            let path = org_seen_path(&mut tx, self.user, organization).await?;
            if path.iter().any(|seen| seen.org.id == organization) {
                let limit = limit(SEEN_MAX);
                let children = org_seen_children(&mut tx, self.user, organization, limit).await?;
                self.named.extend(children);
            }
            self.named.extend(path);
        }
        Ok(())
    }

    /// Reads more organizations that a page names, if they see them.
    pub async fn learn(
        &mut self,
        app: &App,
        wanted: impl IntoIterator<Item = OrgId>,
    ) -> Result<(), Outage> {
        if !self.is_cut {
            return Ok(());
        }
        let wanted: BTreeSet<OrgId> = wanted.into_iter().collect();
        let mut tx = app.store.read().await?;
        for organization in wanted {
            if self.seen(organization).is_none() {
                let found = org_seen_one(&mut tx, self.user, organization).await?;
                self.named.extend(found);
            }
        }
        Ok(())
    }

    /// Whether they hold `owner` there, directly or from above.
    pub fn is_owner(&self) -> bool {
        let held = self.place.memberships.iter();
        held.filter(|held| held.is_active())
            .any(|held| held.roles.has_owner())
    }

    /// Whether they manage the organization above it, too.
    pub fn manages_above(&self) -> bool {
        let here = self.place.lineage.organization();
        let held = self.place.memberships.iter();
        let mut above = held.filter(|held| held.organization != here);
        above.any(|held| manages(&self.loaded.catalogue, held))
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
    let user = who.user.id;
    let mut tx = app.store.read().await?;
    let loaded = app
        .loaded_in(&mut tx, ctx.now)
        .await
        .map_err(Outage::from)?;
    let place = place(&mut tx, user, organization).await??;
    let mut organizations = org_seen(&mut tx, user, limit(SEEN_MAX + 1)).await?;
    let is_cut = organizations.len() > SEEN_MAX;
    if is_cut {
        organizations = around(&mut tx, user, &place).await?;
    }
    organizations.sort_by_cached_key(order);
    let mut below = Vec::new();
    if !is_cut {
        let known = below_of(organization, organizations.iter());
        below = known.into_iter().cloned().collect();
    }
    Ok(Visit {
        place,
        is_cut,
        loaded,
        user,
        named: Vec::new(),
        below_count: below.len(),
        below,
        organizations,
    })
}

/// What they see of the path to an organization, and its children.
async fn around(tx: &mut Tx, user: UserId, place: &Place) -> Result<Vec<SeenOrg>, StoreError> {
    let here = place.lineage.organization();
    let mut around = org_seen_path(tx, user, here).await?;
    if place.standing != Standing::Stranger {
        around.extend(org_seen_children(tx, user, here, limit(SEEN_MAX)).await?);
    }
    Ok(around)
}

/// Level by level, those of one level by name.
fn order(seen: &SeenOrg) -> (i64, String, OrgId) {
    (seen.org.depth, seen.org.name.to_lowercase(), seen.org.id)
}

/// What lies below, of a list that goes level by level: a parent comes before its children.
fn below_of<'s>(top: OrgId, organizations: impl Iterator<Item = &'s SeenOrg>) -> Vec<&'s SeenOrg> {
    let mut inside = BTreeSet::from([top]);
    let mut below = Vec::new();
    for seen in organizations {
        let parent = seen.org.parent;
        if parent.is_some_and(|parent| inside.contains(&parent)) {
            inside.insert(seen.org.id);
            below.push(seen);
        }
    }
    below
}

fn limit(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// The organization whose pages somebody sees first: of those where they are a member the highest.
pub async fn first(app: &App, who: &SignedIn) -> Result<Option<OrgId>, StoreError> {
    let mut tx = app.store.read_single().await?;
    org_highest(&mut tx, who.user.id).await
}

/// A visit to the organization that somebody came from, or else to the one they see first; none for who
/// is in no organization. For pages that are about no single one.
pub async fn visit_somewhere(
    app: &App,
    ctx: &Ctx,
    who: &SignedIn,
    from: Option<OrgId>,
) -> Result<Option<Visit>, Outage> {
    let highest = first(app, who).await?;
    for organization in from.into_iter().chain(highest) {
        match visit(app, ctx, who, organization).await {
            Ok(visit) => return Ok(Some(visit)),
            Err(VisitError::NotForThem(_)) => {}
            Err(VisitError::Outage(outage)) => return Err(outage),
        }
    }
    Ok(None)
}
