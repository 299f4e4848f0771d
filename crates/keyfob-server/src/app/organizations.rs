//! The organizations that a caller may see.

use keyfob_core::reach::Reach;
use keyfob_store::StoreError;
use keyfob_store::org::listed::{Part, org_part_below, org_part_of_user};
use keyfob_store::org::{ListedOrg, org_list_below, org_list_of_user};

use crate::app::access::Caller;
use crate::state::App;

/// Some of the organizations.
#[derive(Debug)]
pub struct OrganizationsPage {
    /// Those of the page.
    pub organizations: Vec<ListedOrg>,
    /// Whether more come after it.
    pub has_more: bool,
}

/// Lists organizations: with a session those of all memberships and what lies below them, with an
/// access token its current one and what lies below, as far as the token's reach goes. The roots come
/// first, then level by level, older ones first.
pub async fn organizations(app: &App, caller: &Caller) -> Result<Vec<ListedOrg>, StoreError> {
    let mut tx = app.store.read_single().await?;
    let mut listed = match caller {
        Caller::Session(who) => org_list_of_user(&mut tx, who.user.id).await?,
        Caller::Token(token) => {
            let below = org_list_below(&mut tx, token.user(), token.organization()).await?;
            below
                .into_iter()
                .filter(|listed| token.reach.covers(token.home, listed.org.id))
                .collect()
        }
    };
    listed.sort_by_key(|listed| (listed.org.depth, listed.org.id));
    Ok(listed)
}

/// Lists so many of them after others, in the same order.
pub async fn organizations_page(
    app: &App,
    caller: &Caller,
    skip: usize,
    take: usize,
) -> Result<OrganizationsPage, StoreError> {
    let number = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
    // One more tells whether there are more.
    let part = Part {
        skip: number(skip),
        take: number(take.saturating_add(1)),
    };
    let mut organizations = match caller {
        Caller::Session(who) => {
            let mut tx = app.store.read_single().await?;
            org_part_of_user(&mut tx, who.user.id, part).await?
        }
        Caller::Token(token) if token.reach == Reach::Subtree => {
            let mut tx = app.store.read_single().await?;
            org_part_below(&mut tx, token.user(), token.organization(), part).await?
        }
        // One that reaches some only: which ones is not the store's to say.
        Caller::Token(_) => {
            let all = organizations(app, caller).await?.into_iter();
            all.skip(skip).take(take.saturating_add(1)).collect()
        }
    };
    let has_more = organizations.len() > take;
    organizations.truncate(take);
    Ok(OrganizationsPage {
        organizations,
        has_more,
    })
}
