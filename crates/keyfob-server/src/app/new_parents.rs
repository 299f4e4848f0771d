//! Where an organization can be moved to, among what somebody is shown of the tree.

use std::collections::BTreeSet;

use keyfob_core::catalogue::Catalogue;
use keyfob_core::id::OrgId;
use keyfob_core::member::Membership;
use keyfob_core::org::DEPTH_MAX;
use keyfob_store::StoreError;
use keyfob_store::member::member_of_user;
use keyfob_store::org::seen::SeenOrg;

use crate::app::manage::manages;
use crate::app::sign_in::SignedIn;
use crate::app::visit::Visit;
use crate::state::App;

/// Lists the new parents that an organization can have: of its tree, managed by whoever moves it, not below
/// itself, not where it is, and with room for all that is below it.
pub async fn new_parents<'v>(
    app: &App,
    who: &SignedIn,
    visit: &'v Visit,
) -> Result<Vec<&'v SeenOrg>, StoreError> {
    let lineage = &visit.place.lineage;
    let (here, present) = (lineage.organization(), lineage.upward().nth(1));
    let mut tx = app.store.read_single().await?;
    let held = member_of_user(&mut tx, who.user.id).await?;
    drop(tx);
    let managed = managed(&visit.loaded.catalogue, &held, &visit.organizations);
    let below = visit.below();
    let deepest = below.iter().map(|seen| seen.org.depth).max();
    let own_depth = visit.here().map_or(1, |here| here.org.depth);
    let height = deepest.map_or(0, |deepest| deepest - own_depth) + 1;
    let most = i64::try_from(DEPTH_MAX).unwrap_or(i64::MAX);
    let below: BTreeSet<OrgId> = below.iter().map(|seen| seen.org.id).collect();
    let parents = visit.organizations.iter().filter(|seen| {
        let org = &seen.org;
        org.root == lineage.root()
            && org.id != here
            && Some(org.id) != present
            && managed.contains(&org.id)
            && !below.contains(&org.id)
            && org.depth + height <= most
    });
    Ok(parents.collect())
}

/// Those that are managed by what is held at them or above, of a list that goes level by level.
fn managed(catalogue: &Catalogue, held: &[Membership], seen: &[SeenOrg]) -> BTreeSet<OrgId> {
    let gives = |membership: &&Membership| manages(catalogue, membership);
    let tops = held.iter().filter(gives).map(|held| held.organization);
    let mut managed: BTreeSet<OrgId> = tops.collect();
    for seen in seen {
        if seen
            .org
            .parent
            .is_some_and(|parent| managed.contains(&parent))
        {
            managed.insert(seen.org.id);
        }
    }
    managed
}
