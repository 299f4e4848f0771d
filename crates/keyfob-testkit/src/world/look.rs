//! What a test wants to know of a world.

use std::collections::BTreeSet;
use std::time::Duration;

use keyfob_core::catalogue::Catalogue;
use keyfob_core::event::FeedItem;
use keyfob_core::exchange::{Denial, Epochs, ExchangeRequest, decide};
use keyfob_core::id::{OrgId, PatId};
use keyfob_core::org::Lineage;
use keyfob_core::scope::Scopes;
use keyfob_core::secret::PatSecret;
use keyfob_store::event::{AuditRecord, audit_list, feed_after};
use keyfob_store::exchange::{ExchangeSnapshot, exchange_facts};
use keyfob_store::org::org_lineage;
use keyfob_store::pat::{Pat, pat_find};

use super::World;

/// What an access token of a world would carry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Granted {
    /// The organization it is for.
    pub organization: OrgId,
    /// Names of its permissions.
    pub permissions: BTreeSet<String>,
    /// The epochs it was decided on.
    pub epochs: Epochs,
}

/// What every exchange of a world asks for: from nowhere known, for an hour.
pub const REQUEST: ExchangeRequest<'static> = ExchangeRequest {
    address: None,
    scopes: Scopes::DEFAULT,
    named: &[],
    lifetime: Duration::from_hours(1),
};

impl World {
    /// The path of an organization; none when it does not live.
    pub async fn lineage(&self, id: OrgId) -> Option<Lineage> {
        let mut tx = self.store.read_single().await.expect("a transaction");
        org_lineage(&mut tx, id).await.expect("a read")
    }

    /// A token as its holder sees it.
    pub async fn find_pat(&self, organization: OrgId, id: PatId) -> Option<Pat> {
        let mut tx = self.store.read_single().await.expect("a transaction");
        pat_find(&mut tx, organization, id).await.expect("a read")
    }

    /// The facts of an exchange.
    pub async fn facts(
        &self,
        secret: &PatSecret,
        target: Option<OrgId>,
    ) -> Option<ExchangeSnapshot> {
        let mut tx = self.store.read_single().await.expect("a transaction");
        exchange_facts(&mut tx, &self.mac(secret), target)
            .await
            .expect("facts")
    }

    /// The decision on an exchange; none when the secret is unknown.
    pub async fn exchange(
        &self,
        secret: &PatSecret,
        target: Option<OrgId>,
        catalogue: &Catalogue,
    ) -> Option<Result<Granted, Denial>> {
        let snapshot = self.facts(secret, target).await?;
        let decided = decide(&snapshot.facts, &REQUEST, catalogue, self.now());
        Some(decided.map(|grant| {
            let names = catalogue.names(grant.permissions);
            Granted {
                organization: grant.organization,
                permissions: names.into_iter().map(str::to_owned).collect(),
                epochs: grant.facts.epochs,
            }
        }))
    }

    /// The feed after a number, with the items' own numbers.
    pub async fn feed_after(&self, after: i64) -> Vec<(i64, FeedItem)> {
        let mut tx = self.store.read_single().await.expect("a transaction");
        feed_after(&mut tx, after, i64::MAX).await.expect("a feed")
    }

    /// The audit chain of a tree; none: the instance's.
    pub async fn audit(&self, tree: Option<OrgId>) -> Vec<AuditRecord> {
        let mut tx = self.store.read_single().await.expect("a transaction");
        audit_list(&mut tx, tree).await.expect("an audit log")
    }
}
