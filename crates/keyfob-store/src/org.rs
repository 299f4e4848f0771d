//! Organizations and their tree. The path of every living organization to its root lies in
//! `organization_ancestor`, kept by the functions here; the hot read joins it and nothing recurses.

pub mod listed;
pub mod search;
pub mod seen;

use std::collections::BTreeMap;

use keyfob_core::event::{Action, Actor, Fact};
use keyfob_core::id::{OrgId, PatId, UserId};
use keyfob_core::name::Name;
use keyfob_core::org::{ChildPermit, Lineage, MovePermit};
use keyfob_core::pat::RevokedBecause;
use keyfob_core::time::Timestamp;

use crate::StoreError;
use crate::db::{RowRef, Tx, Value, args, statements};
use crate::epoch::{tree_epoch_ensure, tree_epoch_raise};
use crate::event::{audit_append, audit_append_all};
use crate::invitation::invitation_void_below;
use crate::pat::pat_revoked_fact;

statements! {
    ORG_INSERT = "INSERT INTO organization (id, root_id, parent_id, depth, external_id, name, name_key, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    ANCESTOR_INSERT = "INSERT INTO organization_ancestor (organization, depth, ancestor) VALUES ($1, $2, $3)";
    ORG_FIND = "SELECT id, root_id, parent_id, depth, external_id, name, created_at FROM living_organization WHERE id = $1";
    ORG_FIND_BY_EXTERNAL = "SELECT id, root_id, parent_id, depth, external_id, name, created_at
        FROM living_organization WHERE external_id = $1";
    ORG_ROOTS_NAMED = "SELECT id, root_id, parent_id, depth, external_id, name, created_at
        FROM living_organization WHERE name_key = $1 AND depth = 1 ORDER BY id";
    ORG_NAMED_IN_TREE = "SELECT id, root_id, parent_id, depth, external_id, name, created_at
        FROM living_organization WHERE root_id = $1 AND name_key = $2";
    ORG_LINEAGE = "SELECT a.depth, a.ancestor FROM organization_ancestor a
        JOIN living_organization o ON o.id = a.organization WHERE a.organization = $1 ORDER BY a.depth";
    ORG_BELOW = "SELECT a.organization FROM organization_ancestor a
        JOIN living_organization o ON o.id = a.organization WHERE a.ancestor = $1 ORDER BY a.organization";
    ORG_IS_BELOW = "SELECT EXISTS (SELECT 1 FROM organization_ancestor a
        WHERE a.organization = $1 AND a.ancestor = $2)";
    ORG_SUBTREE_PATHS = "SELECT p.organization, p.depth, p.ancestor
        FROM organization_ancestor s JOIN organization_ancestor p ON p.organization = s.organization
        WHERE s.ancestor = $1 ORDER BY p.organization, p.depth";
    ORG_SUBTREE_FORGET = "DELETE FROM organization_ancestor WHERE organization IN
        (SELECT s.organization FROM organization_ancestor s WHERE s.ancestor = $1)";
    ORG_SUBTREE_SHIFT = "UPDATE organization SET depth = depth + $2 WHERE id IN
        (SELECT s.organization FROM organization_ancestor s WHERE s.ancestor = $1)";
    ORG_RENAME = "UPDATE organization SET name = $2, name_key = $3
        WHERE id = $1 AND deleted_at IS NULL AND name <> $2 RETURNING id";
    ORG_SET_PARENT = "UPDATE organization SET parent_id = $2 WHERE id = $1";
    ORG_SUBTREE_DELETE = "UPDATE organization SET deleted_at = $2 WHERE deleted_at IS NULL AND id IN
        (SELECT s.organization FROM organization_ancestor s WHERE s.ancestor = $1)";
    ORG_SUBTREE_END_MEMBERS = "UPDATE membership SET ended_at = $2 WHERE ended_at IS NULL AND organization_id IN
        (SELECT s.organization FROM organization_ancestor s WHERE s.ancestor = $1)";
    ORG_SUBTREE_REVOKE = "UPDATE pat SET revoked_at = $2, revoked_because = $3, revoked_by = $4
        WHERE revoked_at IS NULL AND organization_id IN
            (SELECT s.organization FROM organization_ancestor s WHERE s.ancestor = $1)
        RETURNING id, organization_id";
    ORG_LIST_OF_USER = "SELECT o.id, o.name, o.root_id, r.name, o.parent_id, o.depth, o.created_at, o.external_id,
            EXISTS (SELECT 1 FROM living_membership d
                WHERE d.user_id = $1 AND d.organization_id = o.id AND d.suspended_at IS NULL),
            CAST((SELECT COUNT(*) FROM living_membership c WHERE c.organization_id = o.id) AS BIGINT)
        FROM living_organization o JOIN organization r ON r.id = o.root_id
        WHERE o.id IN (SELECT a.organization FROM organization_ancestor a
            JOIN living_membership m ON m.organization_id = a.ancestor
            WHERE m.user_id = $1 AND m.suspended_at IS NULL)";
    ORG_LIST_BELOW = "SELECT o.id, o.name, o.root_id, r.name, o.parent_id, o.depth, o.created_at, o.external_id,
            EXISTS (SELECT 1 FROM living_membership d
                WHERE d.user_id = $1 AND d.organization_id = o.id AND d.suspended_at IS NULL),
            CAST((SELECT COUNT(*) FROM living_membership c WHERE c.organization_id = o.id) AS BIGINT)
        FROM living_organization o JOIN organization r ON r.id = o.root_id
        WHERE o.id IN (SELECT a.organization FROM organization_ancestor a WHERE a.ancestor = $2)";
    ORG_LISTED = "SELECT o.id, o.name, o.root_id, r.name, o.parent_id, o.depth, o.created_at, o.external_id,
            EXISTS (SELECT 1 FROM living_membership d
                WHERE d.user_id = $1 AND d.organization_id = o.id AND d.suspended_at IS NULL),
            CAST((SELECT COUNT(*) FROM living_membership c WHERE c.organization_id = o.id) AS BIGINT)
        FROM living_organization o JOIN organization r ON r.id = o.root_id WHERE o.id = $2";
}

/// A living organization.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Org {
    /// Which.
    pub id: OrgId,
    /// The root of its tree; itself for a root.
    pub root: OrgId,
    /// Its parent; none for a root.
    pub parent: Option<OrgId>,
    /// Its level, 1 for a root.
    pub depth: i64,
    /// Its id in another system.
    pub external_id: Option<String>,
    /// Its name.
    pub name: String,
    /// When it was made.
    pub created_at: Timestamp,
}

/// An organization to make.
#[derive(Debug)]
pub struct NewOrg<'a> {
    /// Its id.
    pub id: OrgId,
    /// Its id in another system.
    pub external_id: Option<&'a str>,
    /// Its name.
    pub name: &'a Name,
}

/// Makes a root when there is no parent, a sub-organization otherwise.
pub async fn org_insert(
    tx: &mut Tx,
    new: &NewOrg<'_>,
    parent: Option<ChildPermit>,
    actor: &Actor,
    now: Timestamp,
) -> Result<(), StoreError> {
    let mut path: Vec<OrgId> = parent
        .iter()
        .flat_map(|permit| permit.parent().downward())
        .collect();
    let above = path.last().copied();
    path.push(new.id);
    let root = path.first().copied().unwrap_or(new.id);
    let depth = level(path.len());
    let (name, key) = (new.name.as_str(), new.name.key());
    tx.execute(
        &ORG_INSERT,
        args![new.id, root, above, depth, new.external_id, name, &key, now],
    )
    .await?;
    let rows: Vec<_> = path
        .iter()
        .enumerate()
        .map(|(index, id)| ancestor_row(new.id, index, *id))
        .collect();
    tx.execute_many(&ANCESTOR_INSERT, &rows).await?;
    tree_epoch_ensure(tx, root).await?;
    audit_append(
        tx,
        actor,
        about(Action::OrganizationCreated, root, new.id),
        now,
    )
    .await
}

fn ancestor_row(organization: OrgId, index: usize, ancestor: OrgId) -> Vec<Value<'static>> {
    vec![
        Value::from(organization),
        Value::from(level(index + 1)),
        Value::from(ancestor),
    ]
}

/// A level as a number of the database; trees have 16 of them.
fn level(depth: usize) -> i64 {
    i64::try_from(depth).unwrap_or(i64::MAX)
}

/// Finds a living organization.
pub async fn org_find(tx: &mut Tx, id: OrgId) -> Result<Option<Org>, StoreError> {
    tx.optional(&ORG_FIND, args![id], read).await
}

/// Finds a living organization by its id in another system.
pub async fn org_find_by_external(
    tx: &mut Tx,
    external_id: &str,
) -> Result<Option<Org>, StoreError> {
    tx.optional(&ORG_FIND_BY_EXTERNAL, args![external_id], read)
        .await
}

/// Finds the roots with a name: names are unique within a tree, not among roots.
pub async fn org_roots_named(tx: &mut Tx, name: &Name) -> Result<Vec<Org>, StoreError> {
    tx.all(&ORG_ROOTS_NAMED, args![&name.key()], read).await
}

/// Finds the organization with a name in a tree.
pub async fn org_named_in_tree(
    tx: &mut Tx,
    root: OrgId,
    name: &Name,
) -> Result<Option<Org>, StoreError> {
    tx.optional(&ORG_NAMED_IN_TREE, args![root, &name.key()], read)
        .await
}

/// Reads the path of a living organization.
pub async fn org_lineage(tx: &mut Tx, id: OrgId) -> Result<Option<Lineage>, StoreError> {
    let path: Vec<OrgId> = tx.all(&ORG_LINEAGE, args![id], |row| row.get(1)).await?;
    if path.is_empty() {
        return Ok(None);
    }
    let bad = |cause| StoreError::corrupt_by("a path that is none", cause);
    Lineage::new(path).map(Some).map_err(bad)
}

/// Lists an organization and everything below it.
pub async fn org_below(tx: &mut Tx, id: OrgId) -> Result<Vec<OrgId>, StoreError> {
    tx.all(&ORG_BELOW, args![id], |row| row.get(0)).await
}

/// Whether an organization is another one or lies below it.
pub async fn org_is_below(
    tx: &mut Tx,
    organization: OrgId,
    top: OrgId,
) -> Result<bool, StoreError> {
    let is_below = tx
        .optional(&ORG_IS_BELOW, args![organization, top], |row| {
            row.get::<bool>(0)
        })
        .await?;
    Ok(is_below.unwrap_or_default())
}

/// How many levels an organization and what lies below it have.
pub async fn org_height(tx: &mut Tx, id: OrgId) -> Result<usize, StoreError> {
    let paths = subtree_paths(tx, id).await?;
    let deepest = paths.values().map(Vec::len).max().unwrap_or_default();
    let own = paths.get(&id).map(Vec::len).unwrap_or_default();
    Ok(deepest.saturating_sub(own) + 1)
}

async fn subtree_paths(tx: &mut Tx, id: OrgId) -> Result<BTreeMap<OrgId, Vec<OrgId>>, StoreError> {
    let mut paths: BTreeMap<OrgId, Vec<OrgId>> = BTreeMap::new();
    let rows = tx
        .all(&ORG_SUBTREE_PATHS, args![id], |row| {
            Ok((row.get::<OrgId>(0)?, row.get::<OrgId>(2)?))
        })
        .await?;
    for (organization, ancestor) in rows {
        paths.entry(organization).or_default().push(ancestor);
    }
    Ok(paths)
}

/// Gives an organization another name. Says whether anything changed; the names themselves are in no
/// record, because they may be those of people.
pub async fn org_rename(
    tx: &mut Tx,
    lineage: &Lineage,
    name: &Name,
    actor: &Actor,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let id = lineage.organization();
    let key = name.key();
    let changed = tx
        .optional(&ORG_RENAME, args![id, name.as_str(), &key], |row| {
            row.get::<OrgId>(0)
        })
        .await?;
    if changed.is_none() {
        return Ok(false);
    }
    let fact = about(Action::OrganizationRenamed, lineage.root(), id);
    audit_append(tx, actor, fact, now).await?;
    Ok(true)
}

/// Moves an organization with everything below it. What held above it no longer holds: the tree's
/// epoch rises, so access tokens made before are dead.
pub async fn org_move(
    tx: &mut Tx,
    permit: MovePermit,
    actor: &Actor,
    now: Timestamp,
) -> Result<(), StoreError> {
    let (moved, parent) = (permit.from().organization(), permit.parent());
    let old_depth = permit.from().depth();
    let shift = level(parent.depth() + 1) - level(old_depth);
    let paths = subtree_paths(tx, moved).await?;
    tx.execute(&ORG_SUBTREE_SHIFT, args![moved, shift]).await?;
    tx.execute(&ORG_SUBTREE_FORGET, args![moved]).await?;
    let mut rows = Vec::new();
    for (organization, path) in &paths {
        let kept = path.iter().copied().skip(old_depth - 1);
        let path = parent.downward().chain(kept).enumerate();
        rows.extend(path.map(|(index, ancestor)| ancestor_row(*organization, index, ancestor)));
    }
    tx.execute_many(&ANCESTOR_INSERT, &rows).await?;
    tx.execute(&ORG_SET_PARENT, args![moved, parent.organization()])
        .await?;
    tree_epoch_raise(tx, parent.root(), now).await?;
    let fact = Fact {
        detail: format!("to {}", parent.organization()),
        ..about(Action::OrganizationMoved, parent.root(), moved)
    };
    audit_append(tx, actor, fact, now).await
}

/// Deletes an organization and everything below it, with its tokens and memberships (P9), and voids what
/// is promised there.
pub async fn org_delete(
    tx: &mut Tx,
    lineage: &Lineage,
    actor: &Actor,
    now: Timestamp,
) -> Result<(), StoreError> {
    let (id, tree) = (lineage.organization(), lineage.root());
    let because = RevokedBecause::OrganizationDeleted;
    let revoked: Vec<(PatId, OrgId)> = tx
        .all(
            &ORG_SUBTREE_REVOKE,
            args![id, now, because.word(), actor.person],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .await?;
    tx.execute(&ORG_SUBTREE_END_MEMBERS, args![id, now]).await?;
    tx.execute(&ORG_SUBTREE_DELETE, args![id, now]).await?;
    invitation_void_below(tx, id).await?;
    tx.execute(&ORG_SUBTREE_FORGET, args![id]).await?;
    // One item for the tree kills every access token made before; items for each PAT would add nothing.
    tree_epoch_raise(tx, tree, now).await?;
    let mut facts = vec![about(Action::OrganizationDeleted, tree, id)];
    facts.extend(
        revoked
            .into_iter()
            .map(|(pat, home)| pat_revoked_fact(tree, home, pat, because)),
    );
    audit_append_all(tx, actor, &facts, now).await
}

/// An organization as somebody sees it in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedOrg {
    /// The organization.
    pub org: Org,
    /// The name of its root.
    pub root_name: String,
    /// Whether the person is a direct member, not suspended.
    pub is_direct: bool,
    /// How many direct members it has.
    pub member_count: i64,
}

/// Lists the organizations of all a user's memberships and what lies below them.
pub async fn org_list_of_user(tx: &mut Tx, user: UserId) -> Result<Vec<ListedOrg>, StoreError> {
    tx.all(&ORG_LIST_OF_USER, args![user], read_listed).await
}

/// Lists an organization and what lies below it, as a user sees it.
pub async fn org_list_below(
    tx: &mut Tx,
    user: UserId,
    top: OrgId,
) -> Result<Vec<ListedOrg>, StoreError> {
    tx.all(&ORG_LIST_BELOW, args![user, top], read_listed).await
}

/// Finds one organization as it stands in a user's list.
pub async fn org_listed(
    tx: &mut Tx,
    user: UserId,
    id: OrgId,
) -> Result<Option<ListedOrg>, StoreError> {
    tx.optional(&ORG_LISTED, args![user, id], read_listed).await
}

fn about(action: Action, tree: OrgId, organization: OrgId) -> Fact {
    Fact {
        tree: Some(tree),
        action,
        organization: Some(organization),
        subject: Some(organization.uuid()),
        detail: String::new(),
    }
}

fn read(row: &RowRef<'_>) -> Result<Org, StoreError> {
    Ok(Org {
        id: row.get(0)?,
        root: row.get(1)?,
        parent: row.get(2)?,
        depth: row.get(3)?,
        external_id: row.get(4)?,
        name: row.get(5)?,
        created_at: row.get(6)?,
    })
}

fn read_listed(row: &RowRef<'_>) -> Result<ListedOrg, StoreError> {
    Ok(ListedOrg {
        org: Org {
            id: row.get(0)?,
            root: row.get(2)?,
            parent: row.get(4)?,
            depth: row.get(5)?,
            external_id: row.get(7)?,
            name: row.get(1)?,
            created_at: row.get(6)?,
        },
        root_name: row.get(3)?,
        is_direct: row.get(8)?,
        member_count: row.get(9)?,
    })
}
