//! Rotations in a world. The rules are asked as the product asks them.

use std::time::Duration;

use keyfob_core::id::PatId;
use keyfob_core::member::Standing;
use keyfob_core::name::Name;
use keyfob_core::pat::rotation::{
    IdempotencyKey, NotRotated, RotateFacts, WantedRotation, may_rotate,
};
use keyfob_core::policy::Policy;
use keyfob_store::member::member_along;
use keyfob_store::org::org_lineage;
use keyfob_store::pat::{NewPat, pat_find};
use keyfob_store::rotation::{FirstUse, pat_rotate, rotation_find, successor_settle};
use keyfob_store::{StoreError, Tx};

use super::{World, WorldPat};

impl World {
    /// Rotates a token that was not rotated before.
    pub async fn rotate(&self, pat: &WorldPat, overlap: Duration) -> WorldPat {
        let want = WantedRotation {
            overlap: Some(overlap),
            key: None,
        };
        self.try_rotate(pat, &want).await.expect("a permit")
    }

    /// Rotates a token if the rules allow it to its holder, in one transaction as the product does.
    pub async fn try_rotate(
        &self,
        pat: &WorldPat,
        want: &WantedRotation,
    ) -> Result<WorldPat, NotRotated> {
        let mut tx = self.write().await;
        let successor = self.rotate_in(&mut tx, pat, want).await?;
        tx.commit().await.expect("a commit");
        Ok(successor)
    }

    /// Rotates a token in a transaction that does other things too.
    pub async fn rotate_in(
        &self,
        tx: &mut Tx,
        pat: &WorldPat,
        want: &WantedRotation,
    ) -> Result<WorldPat, NotRotated> {
        let secret = self.secret();
        let id = PatId::new(self.now(), self.id_random());
        let facts = rotate_facts(self, tx, pat).await.expect("facts");
        let permit = may_rotate(facts, want, &Policy::default(), self.now())?;
        let mac = self.mac(&secret);
        let name = Name::parse("made by a rotation").expect("a name");
        let new = NewPat {
            id,
            name: &name,
            mac: &mac,
            pepper: self.pepper_id,
            hint: &secret.hint(),
        };
        pat_rotate(tx, &permit, &new, &self.actor, self.now())
            .await
            .expect("a rotation");
        Ok(WorldPat { id, secret, ..*pat })
    }

    /// Settles the first use of a successor.
    pub async fn settle(&self, successor: PatId) -> FirstUse {
        let mut tx = self.write().await;
        let settled = successor_settle(&mut tx, successor, self.now()).await;
        tx.commit().await.expect("a commit");
        settled.expect("a change")
    }
}

/// A request that can be repeated under a key, with the policy's overlap.
pub fn keyed(key: &str) -> WantedRotation {
    WantedRotation {
        overlap: None,
        key: Some(IdempotencyKey::parse(key.as_bytes()).expect("a key")),
    }
}

/// What counts for rotating, of a holder who has just signed in.
async fn rotate_facts(
    world: &World,
    tx: &mut Tx,
    pat: &WorldPat,
) -> Result<RotateFacts, StoreError> {
    let lineage = org_lineage(tx, pat.organization)
        .await?
        .expect("an organization");
    let memberships = member_along(tx, pat.user, pat.organization).await?;
    let found = pat_find(tx, pat.organization, pat.id)
        .await?
        .expect("a token");
    Ok(RotateFacts {
        user: pat.user,
        standing: Standing::of(&lineage, &memberships),
        authenticated_at: world.now(),
        old: found.to_rotate(),
        rotated: rotation_find(tx, pat.id).await?,
    })
}
