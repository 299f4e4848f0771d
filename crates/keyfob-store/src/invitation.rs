//! Invitations. The secret in a link is not here, only its SHA-256.
//!
//! A row is an invitation that waits, or waited in vain; one that ended otherwise is deleted. The audit log
//! tells of each by its id, its organization and its roles, and never of whom it was sent to.

use std::time::Duration;

use keyfob_core::event::{Action, Actor, Fact};
use keyfob_core::id::{InvitationId, OrgId, UserId};
use keyfob_core::member::Roles;
use keyfob_core::name::Email;
use keyfob_core::time::Timestamp;

use crate::StoreError;
use crate::db::{RowRef, Tx, Value, args, statements};
use crate::event::audit_append_all;

/// How long one that waited in vain is still shown.
const KEPT: Duration = Duration::from_hours(30 * 24);

macro_rules! invitation_where {
    ($condition:literal) => {
        concat!(
            "SELECT i.id, i.tree, i.email, i.inviter, u.full_name, i.created_at, i.expires_at, i.mailed_at,
                g.organization_id, g.roles
            FROM invitation i
            JOIN users u ON u.id = i.inviter
            JOIN invitation_grant g ON g.invitation = i.id
            JOIN living_organization o ON o.id = g.organization_id
            WHERE ",
            $condition,
            " ORDER BY i.id DESC, o.depth, g.organization_id"
        )
    };
}

statements! {
    INVITATION_INSERT = "INSERT INTO invitation (id, tree, email, email_key, inviter, hash, created_at, expires_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    INVITATION_GRANT_INSERT = "INSERT INTO invitation_grant (invitation, organization_id, roles) VALUES ($1, $2, $3)";
    INVITATION_BY_HASH = invitation_where!("i.hash = $1");
    INVITATION_OF_ORGANIZATION = invitation_where!(
        "i.id IN (SELECT invitation FROM invitation_grant WHERE organization_id = $1)"
    );
    INVITATION_TO = invitation_where!(
        "i.email_key = $2 AND i.id IN (SELECT invitation FROM invitation_grant WHERE organization_id = $1)"
    );
    // Those that wait for somebody's answer, and those that somebody answers for.
    INVITATION_ABOUT = invitation_where!("(i.inviter = $1 OR i.email_key = $2)");
    INVITATION_COUNT_WAITING = "SELECT COUNT(*) FROM invitation_grant g JOIN invitation i ON i.id = g.invitation
        WHERE g.organization_id = $1 AND i.expires_at > $2";
    INVITATION_RENEW = "UPDATE invitation SET inviter = $2, hash = $3, expires_at = $4, mailed_at = NULL WHERE id = $1";
    INVITATION_MAILED = "UPDATE invitation SET mailed_at = $2 WHERE hash = $1";
    INVITATION_GRANT_DELETE = "DELETE FROM invitation_grant WHERE invitation = $1 AND organization_id = $2";
    INVITATION_GRANT_DELETE_ALL = "DELETE FROM invitation_grant WHERE invitation = $1";
    INVITATION_GRANT_DELETE_OVER = "DELETE FROM invitation_grant
        WHERE invitation IN (SELECT id FROM invitation WHERE expires_at <= $1)";
    INVITATION_GRANT_DELETE_BELOW = "DELETE FROM invitation_grant
        WHERE organization_id IN (SELECT organization FROM organization_ancestor WHERE ancestor = $1)";
    INVITATION_DELETE_EMPTY = "DELETE FROM invitation
        WHERE NOT EXISTS (SELECT 1 FROM invitation_grant g WHERE g.invitation = invitation.id)";
}

/// What an invitation promises at one organization.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Promise {
    /// Where.
    pub organization: OrgId,
    /// Which roles.
    pub roles: Roles,
}

/// An invitation that was not accepted or withdrawn; whether it is over is the rules' to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invitation {
    /// Which.
    pub id: InvitationId,
    /// The root of the organizations' tree.
    pub tree: OrgId,
    /// To which address, as written.
    pub email: String,
    /// Who answers for it.
    pub inviter: UserId,
    /// Their name.
    pub inviter_name: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
    /// When the link that counts was mailed to the address.
    pub mailed_at: Option<Timestamp>,
    /// What it promises at living organizations, the highest first.
    pub promises: Vec<Promise>,
}

/// An invitation to make.
#[derive(Debug)]
pub struct NewInvitation<'a> {
    /// Its id.
    pub id: InvitationId,
    /// The root of the organizations' tree.
    pub tree: OrgId,
    /// To which address.
    pub email: &'a Email,
    /// Who answers for it.
    pub inviter: UserId,
    /// SHA-256 of its secret.
    pub hash: &'a [u8],
    /// When it ends.
    pub expires_at: Timestamp,
    /// What it promises.
    pub promises: &'a [Promise],
}

/// Makes an invitation, and forgets those that waited in vain long ago.
pub async fn invitation_insert(
    tx: &mut Tx,
    new: &NewInvitation<'_>,
    actor: &Actor,
    now: Timestamp,
) -> Result<(), StoreError> {
    let over = args![now.minus(KEPT)];
    tx.execute(&INVITATION_GRANT_DELETE_OVER, over).await?;
    tx.execute(&INVITATION_DELETE_EMPTY, args![]).await?;
    let values = args![
        new.id,
        new.tree,
        new.email.as_str(),
        new.email.key(),
        new.inviter,
        new.hash,
        now,
        new.expires_at
    ];
    tx.execute(&INVITATION_INSERT, values).await?;
    let rows = new.promises.iter().map(|promise| {
        let values: &[Value<'_>] = args![new.id, promise.organization, promise.roles.as_text()];
        values.to_vec()
    });
    let rows: Vec<Vec<Value<'_>>> = rows.collect();
    tx.execute_many(&INVITATION_GRANT_INSERT, &rows).await?;
    let facts = facts(Action::InvitationMade, new.tree, new.id, new.promises);
    audit_append_all(tx, actor, &facts, now).await
}

/// Finds an invitation by its secret's hash.
pub async fn invitation_by_hash(
    tx: &mut Tx,
    hash: &[u8],
) -> Result<Option<Invitation>, StoreError> {
    let found = all(tx.all(&INVITATION_BY_HASH, args![hash], read).await?);
    Ok(found.into_iter().next())
}

/// Lists the invitations with a promise at an organization, the newest first.
pub async fn invitation_of_organization(
    tx: &mut Tx,
    organization: OrgId,
) -> Result<Vec<Invitation>, StoreError> {
    let values = args![organization];
    let rows = tx.all(&INVITATION_OF_ORGANIZATION, values, read).await?;
    Ok(all(rows))
}

/// Finds the invitation of an address with a promise at an organization.
pub async fn invitation_to(
    tx: &mut Tx,
    organization: OrgId,
    email: &Email,
) -> Result<Option<Invitation>, StoreError> {
    let values = args![organization, email.key()];
    let rows = tx.all(&INVITATION_TO, values, read).await?;
    Ok(all(rows).into_iter().next())
}

/// Counts the promises at an organization that still wait.
pub async fn invitation_count_waiting(
    tx: &mut Tx,
    organization: OrgId,
    now: Timestamp,
) -> Result<usize, StoreError> {
    let count: Option<i64> = tx
        .optional(&INVITATION_COUNT_WAITING, args![organization, now], |row| {
            row.get(0)
        })
        .await?;
    Ok(usize::try_from(count.unwrap_or_default()).unwrap_or(usize::MAX))
}

/// Gives an invitation another link and a new life; somebody answers for it anew.
pub async fn invitation_renew(
    tx: &mut Tx,
    invitation: &Invitation,
    (inviter, hash, expires_at): (UserId, &[u8], Timestamp),
    actor: &Actor,
    now: Timestamp,
) -> Result<(), StoreError> {
    let values = args![invitation.id, inviter, hash, expires_at];
    tx.execute(&INVITATION_RENEW, values).await?;
    let action = Action::InvitationSentAgain;
    let facts = facts(action, invitation.tree, invitation.id, &invitation.promises);
    audit_append_all(tx, actor, &facts, now).await
}

/// Notes that a link was mailed; one that was replaced meanwhile is left alone.
pub async fn invitation_mailed(tx: &mut Tx, hash: &[u8], now: Timestamp) -> Result<(), StoreError> {
    tx.execute(&INVITATION_MAILED, args![hash, now])
        .await
        .map(|_rows| ())
}

/// Withdraws promises of an invitation, and it itself with the last one.
pub async fn invitation_withdraw(
    tx: &mut Tx,
    invitation: &Invitation,
    promises: &[Promise],
    actor: &Actor,
    now: Timestamp,
) -> Result<(), StoreError> {
    for promise in promises {
        let values = args![invitation.id, promise.organization];
        tx.execute(&INVITATION_GRANT_DELETE, values).await?;
    }
    tx.execute(&INVITATION_DELETE_EMPTY, args![]).await?;
    let action = Action::InvitationWithdrawn;
    let facts = facts(action, invitation.tree, invitation.id, promises);
    audit_append_all(tx, actor, &facts, now).await
}

/// Ends an invitation that is accepted; the memberships are made apart.
pub async fn invitation_accept(
    tx: &mut Tx,
    invitation: &Invitation,
    kept: &[Promise],
    actor: &Actor,
    now: Timestamp,
) -> Result<(), StoreError> {
    tx.execute(&INVITATION_GRANT_DELETE_ALL, args![invitation.id])
        .await?;
    tx.execute(&INVITATION_DELETE_EMPTY, args![]).await?;
    let action = Action::InvitationAccepted;
    let facts = facts(action, invitation.tree, invitation.id, kept);
    audit_append_all(tx, actor, &facts, now).await
}

/// Withdraws every invitation to the address of a user, and every one that they answer for: it is void
/// without them.
pub(crate) async fn invitation_withdraw_all_about(
    tx: &mut Tx,
    user: UserId,
    email_key: &str,
    actor: &Actor,
    now: Timestamp,
) -> Result<(), StoreError> {
    let values = args![user, email_key];
    let rows = tx.all(&INVITATION_ABOUT, values, read).await?;
    for invitation in all(rows) {
        invitation_withdraw(tx, &invitation, &invitation.promises, actor, now).await?;
    }
    Ok(())
}

/// Ends what is promised at an organization that is deleted, and at those below it; the caller writes its
/// own record.
pub(crate) async fn invitation_void_below(
    tx: &mut Tx,
    organization: OrgId,
) -> Result<(), StoreError> {
    tx.execute(&INVITATION_GRANT_DELETE_BELOW, args![organization])
        .await?;
    tx.execute(&INVITATION_DELETE_EMPTY, args![])
        .await
        .map(|_rows| ())
}

fn facts(action: Action, tree: OrgId, id: InvitationId, promises: &[Promise]) -> Vec<Fact> {
    let facts = promises.iter().map(|promise| Fact {
        tree: Some(tree),
        action,
        organization: Some(promise.organization),
        subject: Some(id.uuid()),
        detail: promise.roles.as_text().to_owned(),
    });
    facts.collect()
}

/// One row for each promise; those of one invitation stand together.
fn all(rows: Vec<Invitation>) -> Vec<Invitation> {
    let mut invitations: Vec<Invitation> = Vec::new();
    for row in rows {
        match invitations.last_mut() {
            Some(last) if last.id == row.id => last.promises.extend(row.promises),
            _another => invitations.push(row),
        }
    }
    invitations
}

fn read(row: &RowRef<'_>) -> Result<Invitation, StoreError> {
    Ok(Invitation {
        id: row.get(0)?,
        tree: row.get(1)?,
        email: row.get(2)?,
        inviter: row.get(3)?,
        inviter_name: row.get(4)?,
        created_at: row.get(5)?,
        expires_at: row.get(6)?,
        mailed_at: row.get(7)?,
        promises: vec![Promise {
            organization: row.get(8)?,
            roles: Roles::from_stored(row.text(9)?),
        }],
    })
}
