//! What happens to the things of a world. The rules are asked as the product asks them; a change that
//! finds nothing to change says `false`.

use keyfob_core::id::{OrgId, UserId};
use keyfob_core::member::Roles;
use keyfob_core::org::{BadMove, may_move};
use keyfob_core::pat::{Revoker, may_revoke};
use keyfob_store::member::{member_reactivate, member_remove, member_set_roles, member_suspend};
use keyfob_store::org::{org_delete, org_height, org_lineage, org_move};
use keyfob_store::pat::{Revoked, pat_revoke};
use keyfob_store::user::{user_reactivate, user_suspend};

use super::{World, WorldPat};

/// One transaction around one call of the store.
macro_rules! commit {
    ($world:expr, |$tx:ident| $call:expr) => {{
        let mut $tx = $world.write().await;
        let said = $call.await.expect("a change");
        $tx.commit().await.expect("a commit");
        said
    }};
}

impl World {
    /// Ends a membership.
    pub async fn remove(&self, user: UserId, organization: OrgId) -> bool {
        let at = self.at(user, organization).await;
        commit!(self, |tx| member_remove(
            &mut tx,
            at,
            &self.actor,
            self.now()
        ))
    }

    /// Suspends a membership.
    pub async fn suspend_member(&self, user: UserId, organization: OrgId) -> bool {
        let at = self.at(user, organization).await;
        commit!(self, |tx| member_suspend(
            &mut tx,
            at,
            &self.actor,
            self.now()
        ))
    }

    /// Reactivates a membership.
    pub async fn reactivate_member(&self, user: UserId, organization: OrgId) -> bool {
        let at = self.at(user, organization).await;
        commit!(self, |tx| member_reactivate(
            &mut tx,
            at,
            &self.actor,
            self.now()
        ))
    }

    /// Replaces the roles of a membership.
    pub async fn set_roles(&self, user: UserId, organization: OrgId, roles: &[&str]) -> bool {
        let at = self.at(user, organization).await;
        let roles = Roles::new(roles.iter().copied()).expect("roles");
        commit!(self, |tx| member_set_roles(
            &mut tx,
            at,
            &roles,
            &self.actor,
            self.now()
        ))
    }

    /// Suspends a user.
    pub async fn suspend_user(&self, user: UserId) -> bool {
        commit!(self, |tx| user_suspend(
            &mut tx,
            user,
            &self.actor,
            self.now()
        ))
    }

    /// Reactivates a user.
    pub async fn reactivate_user(&self, user: UserId) -> bool {
        commit!(self, |tx| user_reactivate(
            &mut tx,
            user,
            &self.actor,
            self.now()
        ))
    }

    /// Revokes a token, as somebody who may.
    pub async fn revoke(&self, pat: &WorldPat, revoker: Revoker) -> Revoked {
        let permit = may_revoke(revoker, pat.id, pat.user).expect("a permit");
        commit!(self, |tx| pat_revoke(
            &mut tx,
            &permit,
            &self.actor,
            self.now()
        ))
    }

    /// Deletes a living organization with everything below it.
    pub async fn delete_org(&self, id: OrgId) {
        let lineage = self.lineage(id).await.expect("an organization");
        commit!(self, |tx| org_delete(
            &mut tx,
            &lineage,
            &self.actor,
            self.now()
        ));
    }

    /// Moves an organization if the rules allow it, in one transaction as the product does.
    pub async fn move_org(&self, id: OrgId, parent: OrgId) -> Result<(), BadMove> {
        let mut tx = self.write().await;
        let from = org_lineage(&mut tx, id).await.expect("a read");
        let to = org_lineage(&mut tx, parent).await.expect("a read");
        let height = org_height(&mut tx, id).await.expect("a read");
        let permit = may_move(
            from.expect("an organization"),
            to.expect("a parent"),
            height,
        )?;
        org_move(&mut tx, permit, &self.actor, self.now())
            .await
            .expect("a move");
        tx.commit().await.expect("a commit");
        Ok(())
    }
}
