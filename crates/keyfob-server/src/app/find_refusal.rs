//! Why a request was refused, found by its id: for the token's owner, and for who manages the
//! organization (contract P16). What the program that sent it was told is the same for every reason.

use keyfob_core::id::{OrgId, RequestId};
use keyfob_core::pat::Viewer;
use keyfob_core::time::Timestamp;
use keyfob_store::StoreError;
use keyfob_store::refusal::{Refused, refusal_find};

use crate::app::Outage;
use crate::app::access::{NotForThem, place};
use crate::app::sign_in::SignedIn;
use crate::state::App;

/// Why a refusal is not shown.
#[derive(Debug, thiserror::Error)]
pub enum FindRefusalError {
    /// There is no such organization or refusal, or none of theirs.
    #[error(transparent)]
    NotForThem(#[from] NotForThem),
    /// It was somebody else's token.
    #[error("only its owner, and who manages the organization, is told of a token's refusals")]
    NotShown,
    /// Nothing could be decided.
    #[error(transparent)]
    Outage(#[from] Outage),
}

impl From<StoreError> for FindRefusalError {
    fn from(error: StoreError) -> Self {
        Self::Outage(error.into())
    }
}

/// Finds the refusal of a token of the organization by the request that was refused.
pub async fn find_refusal(
    app: &App,
    who: &SignedIn,
    organization: OrgId,
    request: RequestId,
    now: Timestamp,
) -> Result<Refused, FindRefusalError> {
    let mut tx = app.store.read().await?;
    let loaded = app.loaded_in(&mut tx, now).await.map_err(Outage::from)?;
    let here = place(&mut tx, who.user.id, organization).await??;
    let found = refusal_find(&mut tx, organization, request).await?;
    let refused = found.ok_or(NotForThem)?;
    let viewer = Viewer {
        user: who.user.id,
        manages: here.is_managed(&loaded),
    };
    if viewer.is_shown_tokens_of(refused.user) {
        Ok(refused)
    } else {
        Err(FindRefusalError::NotShown)
    }
}
