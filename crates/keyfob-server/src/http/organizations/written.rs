//! An organization on the wire.

use keyfob_store::org::ListedOrg;
use serde::Serialize;
use utoipa::ToSchema;

use crate::date::rfc3339;

/// One organization. A root leaves `rootOrganizationId` out (wire).
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Organization {
    #[schema(format = Uuid)]
    id: String,
    name: String,
    /// The highest organization of its tree; a root leaves it out.
    #[schema(format = Uuid)]
    #[serde(skip_serializing_if = "Option::is_none")]
    root_organization_id: Option<String>,
    root_organization_name: String,
    /// The organization that it is below.
    #[schema(format = Uuid)]
    #[serde(skip_serializing_if = "Option::is_none")]
    parent_organization_id: Option<String>,
    membership: Membership,
    /// How many belong to it directly.
    member_count: i64,
    #[schema(format = DateTime)]
    created_date: String,
    disabled: bool,
    /// What an import called it.
    #[serde(skip_serializing_if = "Option::is_none")]
    external_id: Option<String>,
}

/// How somebody belongs to an organization: to itself, or to one above.
#[derive(Serialize, ToSchema)]
pub(in crate::http) enum Membership {
    Member,
    Inherited,
}

impl Organization {
    pub(super) fn of(listed: ListedOrg) -> Self {
        let org = listed.org;
        Self {
            id: org.id.to_string(),
            name: org.name,
            root_organization_id: (org.root != org.id).then(|| org.root.to_string()),
            root_organization_name: listed.root_name,
            parent_organization_id: org.parent.map(|parent| parent.to_string()),
            membership: if listed.is_direct {
                Membership::Member
            } else {
                Membership::Inherited
            },
            member_count: listed.member_count,
            created_date: rfc3339(org.created_at),
            // Nothing disables an organization yet; existing clients read the member.
            disabled: false,
            external_id: org.external_id,
        }
    }
}

/// Organizations, or a page of them.
#[derive(Serialize, ToSchema)]
pub(super) struct Organizations {
    pub(super) data: Vec<Organization>,
    /// The next page, while there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) next: Option<usize>,
}
