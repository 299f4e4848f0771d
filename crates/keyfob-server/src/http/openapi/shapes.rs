//! What is read or written by hand, as types: for the document only. Nobody makes a value of them, so a test
//! compares the names of the fields of forms with those that the doors read.

#![expect(dead_code, reason = "types that describe, and are never made")]

use utoipa::{IntoParams, ToSchema};

/// A name: characters that can be seen, no control or direction-changing ones, and one at least that is no space.
#[derive(ToSchema)]
#[schema(min_length = 1, max_length = 100, format = "visible-name")]
pub(in crate::http) struct VisibleName(String);

/// An organization in a form; an empty text counts as none.
#[derive(ToSchema)]
#[schema(pattern = "^([0-9A-Fa-f]{8}-([0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12})?$")]
pub(in crate::http) struct OrganizationField(String);

/// What a personal API token is exchanged for.
#[derive(ToSchema)]
pub(in crate::http) struct AccessToken {
    /// A JWT by RFC 9068, for one resource server and one organization.
    #[schema(rename = "access_token")]
    jwt: String,
    #[schema(pattern = "^Bearer$")]
    token_type: String,
    /// In how many seconds it ends.
    #[schema(minimum = 1)]
    expires_in: u32,
    /// The scopes that it has, with spaces between.
    scope: String,
    /// At `/oauth/token` only (RFC 8693 section 2.2.1).
    #[schema(pattern = "^urn:ietf:params:oauth:token-type:access_token$")]
    issued_token_type: Option<String>,
}

/// One secret in one of the two fields.
#[derive(ToSchema)]
#[schema(example = json!({"pat": "kfpat_example"}))]
pub(in crate::http) struct V1Form {
    /// The personal API token.
    pat: Option<String>,
    /// The same, by the name that older clients send.
    #[schema(rename = "personal-access-key")]
    dashed_personal_access_key: Option<String>,
    /// The claims wanted, with spaces or commas between; no permission.
    #[schema(pattern = "^[^:]*$", example = "openid email")]
    scope: Option<String>,
    /// The resource server that the access token is to be for.
    audience: Option<String>,
}

/// The secret, and for where.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[schema(example = json!({"pat": "kfpat_example", "subOrganization": "0198c0de-0000-7000-8000-000000000001"}))]
pub(in crate::http) struct V2Form {
    /// The personal API token.
    #[schema(min_length = 1, pattern = "\\S")]
    pat: String,
    /// The organization that the access token is to be for; without it, that of the personal API token.
    sub_organization: Option<OrganizationField>,
    /// The same, by another name: send one of them.
    sub_organization_id: Option<OrganizationField>,
    /// The claims wanted, with spaces or commas between; no permission.
    #[schema(pattern = "^[^:]*$", example = "openid email")]
    scope: Option<String>,
    /// The resource server that the access token is to be for.
    audience: Option<String>,
}

/// As v2, but for the name of the secret.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[schema(example = json!({"personalAccessKey": "kfpat_example"}))]
pub(in crate::http) struct V3Form {
    /// The personal API token.
    #[schema(min_length = 1, pattern = "\\S")]
    personal_access_key: String,
    /// The organization that the access token is to be for; without it, that of the personal API token.
    sub_organization: Option<OrganizationField>,
    /// The same, by another name: send one of them.
    sub_organization_id: Option<OrganizationField>,
    /// The claims wanted, with spaces or commas between; no permission.
    #[schema(pattern = "^[^:]*$", example = "openid email")]
    scope: Option<String>,
    /// The resource server that the access token is to be for.
    audience: Option<String>,
}

/// The form of RFC 8693 section 2.1.
#[derive(ToSchema)]
#[schema(example = json!({
    "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
    "subject_token_type": "urn:keyfob:token-type:pat",
    "subject_token": "kfpat_example"
}))]
pub(in crate::http) struct ExchangeForm {
    #[schema(pattern = "^urn:ietf:params:oauth:grant-type:token-exchange$")]
    grant_type: String,
    /// The personal API token.
    #[schema(min_length = 1, pattern = "\\S")]
    subject_token: String,
    #[schema(pattern = "^urn:keyfob:token-type:pat$")]
    subject_token_type: String,
    #[schema(pattern = "^(urn:ietf:params:oauth:token-type:access_token)?$")]
    requested_token_type: Option<String>,
    /// The organization that the access token is to be for; without it, that of the personal API token.
    organization: Option<OrganizationField>,
    /// The same, by another name: send one of them.
    #[schema(rename = "subOrganization")]
    sub_organization: Option<OrganizationField>,
    /// The claims wanted, and permissions: then the access token has only those of them that are held.
    #[schema(example = "openid email")]
    scope: Option<String>,
    /// The resource server that the access token is to be for.
    audience: Option<String>,
    /// The same, as a URI (RFC 8707).
    resource: Option<String>,
}

/// Keys that verify (RFC 7517 section 5).
#[derive(ToSchema)]
pub(in crate::http) struct KeySet {
    keys: Vec<Key>,
}

/// A public key (RFC 7517 section 4). Which members it has depends on its kind.
#[derive(ToSchema)]
struct Key {
    #[schema(pattern = "^(EC|RSA|OKP)$")]
    kty: String,
    kid: String,
    alg: String,
    #[schema(rename = "use", pattern = "^sig$")]
    purpose: String,
}

/// An error (RFC 9457). Its `error` is one of the [registry](/errors).
#[derive(ToSchema)]
pub(super) struct Problem {
    /// Its entry in the registry.
    #[schema(rename = "type", format = "uri-reference")]
    type_uri: String,
    title: String,
    #[schema(minimum = 400, maximum = 599)]
    status: u16,
    /// A sentence for the person who reads it.
    detail: String,
    /// The request, by its id.
    #[schema(format = "uri")]
    instance: String,
    /// The code, which does not change.
    error: String,
    /// The same as `detail`.
    message: String,
}

/// An error of a token door (RFC 6749 section 5.2).
#[derive(ToSchema)]
pub(super) struct OAuthError {
    /// The code, which does not change.
    error: String,
    error_description: String,
    /// The same as `error_description`.
    message: String,
}

/// What is to be deleted.
#[derive(IntoParams)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
pub(in crate::http) struct Doom {
    /// The exact name of the organization: it goes, and all below it.
    #[param(example = "Mobile")]
    confirm: Option<String>,
    /// Ends a membership instead (older clients).
    #[param(pattern = "^remove$")]
    action: Option<String>,
    /// Whose.
    #[param(format = Uuid)]
    user_id: Option<String>,
}

/// A key of the role catalogue, or `owner`.
#[derive(ToSchema)]
#[schema(pattern = "^[a-z0-9-]{1,80}$")]
pub(in crate::http) struct RoleKey(String);

/// The words that a reach can be.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(in crate::http) enum ReachWord {
    Subtree,
    Organization,
}

/// The one word that `others` can be.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(in crate::http) enum AllOthers {
    True,
}
