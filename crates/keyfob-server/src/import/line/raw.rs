//! The members of each kind of line, as they are written.

use serde::Deserialize;

use crate::import::reference::{RawReach, RawRef};
use crate::secret::SecretText;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct RawOrganization {
    pub(super) id: Option<String>,
    pub(super) external_id: Option<String>,
    pub(super) name: String,
    pub(super) parent: Option<RawRef>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct RawUser {
    pub(super) id: Option<String>,
    pub(super) external_id: Option<String>,
    pub(super) email: String,
    pub(super) full_name: String,
    pub(super) password: Option<SecretText>,
    pub(super) password_hash: Option<SecretText>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct RawMembership {
    pub(super) user: String,
    pub(super) organization: RawRef,
    pub(super) roles: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct RawToken {
    pub(super) user: String,
    pub(super) organization: RawRef,
    pub(super) name: String,
    pub(super) hash: RawHash,
    pub(super) expires_date: Option<String>,
    pub(super) ceiling: Option<Vec<String>>,
    pub(super) reach: Option<RawReach>,
    pub(super) format: Option<String>,
}

/// Exactly one of them; hexadecimal digits. Not secret by itself, but nobody else's business.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct RawHash {
    pub(super) sha256: Option<SecretText>,
    pub(super) sha512: Option<SecretText>,
}
