//! Finding organizations by a part of their name, among those that a person sees.

use keyfob_core::id::UserId;
use keyfob_core::member::Roles;
use keyfob_core::name::fold;

use super::seen::SeenOrg;
use super::{Org, read};
use crate::StoreError;
use crate::db::{RowRef, Tx, args, statements};

statements! {
    // What is told of each is asked for those only that are shown.
    ORG_SEARCH = "SELECT o.id, o.root_id, o.parent_id, o.depth, o.external_id, o.name, o.created_at, d.roles,
            CAST((SELECT COUNT(*) FROM living_membership c WHERE c.organization_id = o.id) AS BIGINT),
            u.name,
            (SELECT n.name FROM organization_ancestor p JOIN living_membership x ON x.organization_id = p.ancestor
                JOIN organization n ON n.id = p.ancestor
                WHERE p.organization = o.id AND x.user_id = $1 AND x.suspended_at IS NULL ORDER BY p.depth DESC LIMIT 1)
        FROM (SELECT f.id AS found, m.organization_id AS top
                FROM living_membership m JOIN organization_ancestor a ON a.ancestor = m.organization_id
                JOIN living_organization f ON f.id = a.organization
                WHERE m.user_id = $1 AND m.suspended_at IS NULL AND f.name_key LIKE $2 ESCAPE '!' AND NOT EXISTS
                    (SELECT 1 FROM organization_ancestor b JOIN living_membership y ON y.organization_id = b.ancestor
                        WHERE b.organization = m.organization_id AND b.ancestor <> m.organization_id
                        AND y.user_id = $1 AND y.suspended_at IS NULL)
                ORDER BY f.depth, f.id LIMIT $3) k
        JOIN organization o ON o.id = k.found
        LEFT JOIN organization u ON u.id = o.parent_id AND o.id <> k.top
        LEFT JOIN living_membership d ON d.user_id = $1 AND d.organization_id = o.id AND d.suspended_at IS NULL
        ORDER BY o.depth, o.id";
}

/// An organization that was found, and how the person stands there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundOrg {
    /// The organization.
    pub org: Org,
    /// The roles held there itself; none for who is inherited.
    pub roles: Option<Roles>,
    /// How many direct members it has.
    pub member_count: i64,
    /// The name of its parent, if the person sees that.
    pub parent_name: Option<String>,
    /// Where the nearest membership is that counts there: itself, or an ancestor.
    pub through: String,
}

impl FoundOrg {
    /// As it is seen.
    pub fn seen(&self) -> SeenOrg {
        SeenOrg {
            org: self.org.clone(),
            is_direct: self.roles.is_some(),
        }
    }
}

/// Lists the organizations with a text in their name, compared as names are, that a user sees: the
/// highest first, and of one level the older ones, at most `limit`. An empty text is in every name.
pub async fn org_search(
    tx: &mut Tx,
    user: UserId,
    text: &str,
    limit: i64,
) -> Result<Vec<FoundOrg>, StoreError> {
    let pattern = pattern(text);
    tx.all(&ORG_SEARCH, args![user, &pattern, limit], read_found)
        .await
}

/// A text anywhere in a folded name; its own `%`, `_` and `!` stand for themselves.
fn pattern(text: &str) -> String {
    let mut pattern = "%".to_owned();
    for letter in fold(text.trim()).chars() {
        if matches!(letter, '%' | '_' | '!') {
            pattern.push('!');
        }
        pattern.push(letter);
    }
    pattern.push('%');
    pattern
}

fn read_found(row: &RowRef<'_>) -> Result<FoundOrg, StoreError> {
    Ok(FoundOrg {
        org: read(row)?,
        roles: row.text_opt(7)?.map(Roles::from_stored),
        member_count: row.get(8)?,
        parent_name: row.get(9)?,
        through: row.get(10)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_finds_a_folded_text_anywhere_and_has_no_wildcard_of_its_own() {
        assert_eq!(pattern(""), "%%");
        assert_eq!(pattern(" Mobile "), "%mobile%");
        assert_eq!(pattern("IŞIK 100%_!"), "%işik 100!%!_!!%");
    }
}
