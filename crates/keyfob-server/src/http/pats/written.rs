//! A PAT as its holder sees it, on the wire.

use keyfob_core::reach::Reach;
use keyfob_core::time::Timestamp;
use keyfob_store::pat::Pat;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::date::rfc3339;
use crate::http::openapi::shapes::ReachWord;
use crate::http::refusals;

/// A PAT as its holder sees it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = PersonalApiToken)]
pub(in crate::http) struct Written {
    #[schema(format = Uuid)]
    id: String,
    name: String,
    /// Its beginning and its end, to recognise it by.
    hint: String,
    #[schema(format = Uuid)]
    organization_id: String,
    status: Status,
    #[schema(format = DateTime)]
    created_date: String,
    #[schema(format = DateTime)]
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_date: Option<String>,
    #[schema(format = DateTime)]
    #[serde(skip_serializing_if = "Option::is_none")]
    revoked_date: Option<String>,
    reach: ReachForm,
    #[serde(skip_serializing_if = "Option::is_none")]
    ceiling: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    networks: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_used: Option<WrittenUse>,
    /// The token that it replaced.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = Uuid)]
    replaces: Option<String>,
    /// Its successor; `expires_date` is then the end of the overlap at the latest.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = Uuid)]
    replaced_by: Option<String>,
    /// When it was used last, if its successor was in use by then: somebody still has to change over.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    used_after_rotation_date: Option<String>,
    /// By reason, the latest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) refusals: Vec<refusals::Counted>,
    /// The secret, in the one answer that shows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) token: Option<String>,
}

/// When it was exchanged last, and for where.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = LastUse)]
struct WrittenUse {
    #[schema(format = DateTime)]
    date: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_agent: Option<String>,
    #[schema(format = Uuid)]
    organization_id: String,
}

/// What can become of a token.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = TokenStatus)]
enum Status {
    Active,
    Expired,
    Revoked,
    Suspended,
}

/// For where it can be exchanged: `"subtree"`, its organization and all below; `"organization"`, that alone;
/// or a list of organizations below.
#[derive(Serialize, Deserialize, ToSchema)]
#[schema(as = Reach)]
#[serde(untagged)]
pub(super) enum ReachForm {
    #[schema(value_type = ReachWord)]
    Word(String),
    #[schema(value_type = Vec<uuid::Uuid>)]
    Named(Vec<String>),
}

impl Written {
    pub(in crate::http) fn of(pat: &Pat, is_suspended: Suspension, now: Timestamp) -> Self {
        let status = match (&pat.revoked, pat.lifetime.is_over_at(now), is_suspended) {
            (Some(_revoked), _, _) => Status::Revoked,
            (None, true, _) => Status::Expired,
            (None, false, Suspension::Suspended) => Status::Suspended,
            (None, false, Suspension::Active) => Status::Active,
        };
        Self {
            id: pat.id.to_string(),
            name: pat.name.clone(),
            hint: pat.hint.clone().unwrap_or_else(|| "…".to_owned()),
            organization_id: pat.organization.to_string(),
            status,
            created_date: rfc3339(pat.lifetime.start),
            expires_date: pat.lifetime.end.map(rfc3339),
            revoked_date: pat.revoked.map(|(at, _because)| rfc3339(at)),
            reach: match &pat.reach {
                Reach::Named(named) => {
                    ReachForm::Named(named.iter().map(ToString::to_string).collect())
                }
                word @ (Reach::Subtree | Reach::Organization) => ReachForm::Word(word.to_text()),
            },
            ceiling: pat
                .ceiling
                .as_ref()
                .map(|ceiling| ceiling.iter().map(str::to_owned).collect()),
            networks: pat
                .networks
                .as_ref()
                .map(|networks| networks.iter().collect()),
            last_used: pat.last_used.as_ref().map(|last| WrittenUse {
                date: rfc3339(last.at),
                address: last.address.clone(),
                user_agent: last.client.clone(),
                organization_id: last.organization.to_string(),
            }),
            replaces: pat.replaces.map(|old| old.to_string()),
            replaced_by: pat.successor.map(|by| by.pat.to_string()),
            used_after_rotation_date: pat.used_after_rotation().map(rfc3339),
            refusals: Vec::new(),
            token: None,
        }
    }
}

/// Whether the membership that a PAT hangs on is suspended.
#[derive(Clone, Copy)]
pub(in crate::http) enum Suspension {
    Active,
    Suspended,
}
