//! From a grant to a signed access token (RFC 9068). The only place that signs.

use data_encoding::BASE64URL_NOPAD;
use keyfob_core::catalogue::Catalogue;
use keyfob_core::exchange::Grant;
use keyfob_verify::{AccessClaims, Epochs, append_signature, encode_unsigned};
use uuid::Uuid;

use crate::keys::{BadKeys, SigningKey};

/// The `client_id` of every exchange: there is no client to register (RFC 9068 §2.2).
pub(crate) const CLIENT_ID: &str = "pat-exchange";
/// The longest access token in bytes: proxies in front of APIs cut longer headers off.
pub(crate) const ACCESS_TOKEN_MAX: usize = 6 * 1024;
/// What stands in `entitlements_ref` of a token whose permissions do not fit.
const INTROSPECT: &str = "introspect";

/// For whom a token is signed, beside the grant.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Issue<'a> {
    /// The issuer.
    pub(crate) issuer: &'a str,
    /// The one resource server that it is for.
    pub(crate) audience: &'a str,
    /// The token's own id.
    pub(crate) jti: Uuid,
    /// The scope granted, separated by spaces.
    pub(crate) scope: &'a str,
}

/// Makes and signs the access token of a grant.
pub(crate) fn sign(
    key: &SigningKey,
    issue: &Issue<'_>,
    grant: &Grant<'_>,
    catalogue: &Catalogue,
) -> Result<String, BadKeys> {
    let mut claims = claims(issue, grant, catalogue);
    let mut unsigned = encode_unsigned(key.header(), &claims);
    let signature_letters = BASE64URL_NOPAD.encode_len(key.signature_length());
    if unsigned.len() + 1 + signature_letters > ACCESS_TOKEN_MAX {
        claims.entitlements = None;
        claims.roles = None;
        claims.entitlements_ref = Some(INTROSPECT);
        unsigned = encode_unsigned(key.header(), &claims);
    }
    let signature = key.sign(unsigned.as_bytes())?;
    Ok(append_signature(unsigned, &signature))
}

fn claims<'a>(
    issue: &Issue<'a>,
    grant: &'a Grant<'_>,
    catalogue: &'a Catalogue,
) -> AccessClaims<&'a str> {
    let (user, pat) = (&grant.facts.user, &grant.facts.pat);
    let epochs = grant.facts.epochs;
    // Roles would say more than a narrowed token may do; an API decides by `entitlements`.
    let roles = (!grant.is_narrowed()).then(|| grant.live.roles());
    let email = grant.scopes.has_email();
    AccessClaims {
        iss: issue.issuer,
        sub: user.id.uuid(),
        aud: issue.audience,
        exp: grant.expires_at,
        iat: grant.issued_at,
        jti: issue.jti,
        client_id: CLIENT_ID,
        scope: issue.scope,
        current_organization_id: grant.organization.uuid(),
        root_organization_id: grant.root.uuid(),
        pid: pat.id.uuid(),
        ep: Epochs {
            user: epochs.user,
            tree: epochs.tree,
            instance: epochs.instance,
        },
        entitlements: Some(catalogue.names(grant.permissions)),
        entitlements_ref: None,
        roles,
        email: email.then_some(user.email.as_str()),
        email_verified: email.then_some(user.email_verified_at.is_some()),
        name: grant
            .scopes
            .has_profile()
            .then_some(user.full_name.as_str()),
        auth_time: pat.lifetime.start.seconds(),
    }
}
