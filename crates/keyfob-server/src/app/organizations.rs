//! The organizations that a caller may see.

use keyfob_store::StoreError;
use keyfob_store::org::{ListedOrg, org_list_below, org_list_of_user};

use crate::app::access::Caller;
use crate::state::App;

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
