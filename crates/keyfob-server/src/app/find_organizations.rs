//! Finding organizations by name, among those that somebody sees.

use keyfob_store::StoreError;
use keyfob_store::org::search::{FoundOrg, org_search};

use crate::app::sign_in::SignedIn;
use crate::app::visit::SEEN_MAX;
use crate::state::App;

/// What was found.
#[derive(Debug)]
pub struct FoundOrganizations {
    /// The organizations, the highest first.
    pub organizations: Vec<FoundOrg>,
    /// Whether there are more.
    pub is_cut: bool,
}

/// Finds the organizations with a text in their name, without regard to case; all for an empty one.
pub async fn find_organizations(
    app: &App,
    who: &SignedIn,
    text: &str,
) -> Result<FoundOrganizations, StoreError> {
    let mut tx = app.store.read_single().await?;
    let limit = i64::try_from(SEEN_MAX + 1).unwrap_or(i64::MAX);
    let mut organizations = org_search(&mut tx, who.user.id, text, limit).await?;
    let is_cut = organizations.len() > SEEN_MAX;
    organizations.truncate(SEEN_MAX);
    Ok(FoundOrganizations {
        organizations,
        is_cut,
    })
}
