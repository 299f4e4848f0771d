//! From a grant to a signed access token (RFC 9068). The only place that signs.

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
    if unsigned.len() + SIGNATURE_LENGTH > ACCESS_TOKEN_MAX {
        claims.entitlements = None;
        claims.roles = None;
        claims.entitlements_ref = Some(INTROSPECT.to_owned());
        unsigned = encode_unsigned(key.header(), &claims);
    }
    let signature = key.sign(unsigned.as_bytes())?;
    Ok(append_signature(unsigned, signature.as_ref()))
}

/// Characters that an ES256 signature and its dot add.
const SIGNATURE_LENGTH: usize = 87;

fn claims(issue: &Issue<'_>, grant: &Grant<'_>, catalogue: &Catalogue) -> AccessClaims {
    let (user, pat) = (&grant.facts.user, &grant.facts.pat);
    let epochs = grant.facts.epochs;
    let owned = |words: Vec<&str>| words.into_iter().map(str::to_owned).collect();
    // Roles would say more than a narrowed token may do; an API decides by `entitlements`.
    let roles = pat.ceiling.is_none().then(|| owned(grant.live.roles()));
    let email = grant.scopes.has_email();
    AccessClaims {
        iss: issue.issuer.to_owned(),
        sub: user.id.uuid(),
        aud: issue.audience.to_owned(),
        exp: grant.expires_at,
        iat: grant.issued_at,
        jti: issue.jti,
        client_id: CLIENT_ID.to_owned(),
        scope: grant.scopes.to_string(),
        current_organization_id: grant.organization.uuid(),
        root_organization_id: grant.root.uuid(),
        pid: pat.id.uuid(),
        ep: Epochs {
            user: epochs.user,
            tree: epochs.tree,
            instance: epochs.instance,
        },
        entitlements: Some(owned(catalogue.names(grant.permissions))),
        entitlements_ref: None,
        roles,
        email: email.then(|| user.email.clone()),
        email_verified: email.then_some(user.email_verified_at.is_some()),
        name: grant.scopes.has_profile().then(|| user.full_name.clone()),
        auth_time: pat.lifetime.start.seconds(),
    }
}
