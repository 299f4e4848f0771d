//! What an access token says: the wire contract between Keyfob and the APIs that accept its tokens.
//!
//! The form is RFC 9068's with members of Keyfob's own. Unknown members are ignored, so that the
//! issuer can add some; known ones must have their exact type, because a claim that is read as
//! absent when it is merely wrong is a check that does not take place (RFC 8725 §3.10).

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::json;

/// The longest time from `iat` to `exp`, in seconds: 24 hours, whatever the issuer's configuration.
///
/// What is remembered of revocations is kept a little longer than that, so a token beyond it is
/// refused.
pub const MAX_LIFETIME_SECONDS: i64 = 86_400;

/// The claims of an access token (RFC 9068 §2.2, and Keyfob's own).
///
/// They come from [`Verifier::verify`](crate::Verifier::verify); a value read from JSON by other
/// means is only text somebody wrote. Ids are written hyphenated and in lower case, times in whole
/// seconds since 1970 (RFC 7519 §2). With `email` and `name` it may hold personal data: do not log
/// it as a whole.
///
/// `T` is how its texts are held: owned once they are read; an issuer that writes them may borrow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(bound(deserialize = "T: Deserialize<'de>"))]
pub struct AccessClaims<T = String> {
    /// The issuer: the public address of the Keyfob installation.
    pub iss: T,
    /// The user's id; never reassigned.
    #[serde(deserialize_with = "json::id")]
    pub sub: Uuid,
    /// The one resource server that it is for. A list, as RFC 7519 §4.1.3 would allow, is refused.
    pub aud: T,
    /// When it ends, in seconds since 1970, half-open; never after the personal API token behind it.
    #[serde(deserialize_with = "json::whole")]
    pub exp: i64,
    /// When it was made, in seconds since 1970.
    #[serde(deserialize_with = "json::whole")]
    pub iat: i64,
    /// Its own id. Name a token in logs by it: one token may have several signatures.
    #[serde(deserialize_with = "json::id")]
    pub jti: Uuid,
    /// How it was obtained: `pat-exchange`, because there are no registered clients (RFC 8693 §4.3).
    pub client_id: T,
    /// The scopes granted, separated by spaces (RFC 8693 §4.2).
    pub scope: T,
    /// The organization that it acts in: the target of the exchange.
    #[serde(rename = "currentOrganizationId", deserialize_with = "json::id")]
    pub current_organization_id: Uuid,
    /// The root of that organization's tree.
    #[serde(rename = "rootOrganizationId", deserialize_with = "json::id")]
    pub root_organization_id: Uuid,
    /// The public id of the personal API token it was made from. When that one is revoked, this is
    /// what the issuer's feed names.
    #[serde(deserialize_with = "json::id")]
    pub pid: Uuid,
    /// The epochs it was made under: it dies when one of them rises.
    #[serde(deserialize_with = "json::object")]
    pub ep: Epochs,
    /// The permissions it carries, sorted, perhaps none (RFC 9068 §2.2.3.1). Absent only where
    /// [`Self::entitlements_ref`] is; [`Self::holds`] knows both.
    #[serde(
        default,
        deserialize_with = "json::present",
        skip_serializing_if = "Option::is_none"
    )]
    pub entitlements: Option<Vec<T>>,
    /// Stands where the permissions do not fit: how to learn them. `introspect`: ask the issuer.
    #[serde(
        default,
        deserialize_with = "json::present",
        skip_serializing_if = "Option::is_none"
    )]
    pub entitlements_ref: Option<T>,
    /// The roles in effect, to show and not to decide by; absent when the token was narrowed.
    #[serde(
        default,
        deserialize_with = "json::present",
        skip_serializing_if = "Option::is_none"
    )]
    pub roles: Option<Vec<T>>,
    /// The user's address, with scope `email`. Not an identity: that is `sub`.
    #[serde(
        default,
        deserialize_with = "json::present",
        skip_serializing_if = "Option::is_none"
    )]
    pub email: Option<T>,
    /// Whether the address is proved, with scope `email`.
    #[serde(
        default,
        deserialize_with = "json::present",
        skip_serializing_if = "Option::is_none"
    )]
    pub email_verified: Option<bool>,
    /// The user's name, with scope `profile`.
    #[serde(
        default,
        deserialize_with = "json::present",
        skip_serializing_if = "Option::is_none"
    )]
    pub name: Option<T>,
    /// When the personal API token was generated, in seconds since 1970: exchanging proves nothing
    /// anew (RFC 9068 §2.2.1).
    #[serde(deserialize_with = "json::whole")]
    pub auth_time: i64,
}

/// Counters that rise when something is taken away from their holder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Epochs {
    /// Of the user in the tree: a role lost, a membership ended, an account suspended.
    #[serde(deserialize_with = "json::whole")]
    pub user: i64,
    /// Of the tree: an organization moved or deleted.
    #[serde(deserialize_with = "json::whole")]
    pub tree: i64,
    /// Of the whole installation: another role catalogue, or everything older ended.
    #[serde(deserialize_with = "json::whole")]
    pub instance: i64,
}

/// Whether a token holds a permission.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holds {
    /// It does.
    Yes,
    /// It does not.
    No,
    /// The token does not say, because its permissions did not fit: introspect it (RFC 7662).
    AskIssuer,
}

impl<T: AsRef<str>> AccessClaims<T> {
    /// Answers whether the token holds a permission, by its exact name.
    ///
    /// ```
    /// # use keyfob_verify::{Holds, Jwks, Verifier};
    /// # let keys = Jwks::parse(include_bytes!("../vectors/jwks.json"))?;
    /// # let verifier = Verifier::new("https://id.example.com", "https://api.example.com", keys);
    /// # let token = include_str!("../vectors/example.jwt").trim_end();
    /// # let claims = verifier.verify(token, 1_800_000_060)?;
    /// assert_eq!(claims.holds("build:operate"), Holds::Yes);
    /// assert_eq!(claims.holds("build"), Holds::No);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn holds(&self, permission: &str) -> Holds {
        match &self.entitlements {
            Some(held) if held.iter().any(|name| name.as_ref() == permission) => Holds::Yes,
            Some(_) => Holds::No,
            None => Holds::AskIssuer,
        }
    }

    /// Whether what must hold between claims does: permissions or their reference, and a lifetime
    /// that ends after it begins and keeps the limit.
    pub(crate) fn are_consistent(&self) -> bool {
        self.entitlements.is_some() != self.entitlements_ref.is_some()
            && (1..=MAX_LIFETIME_SECONDS).contains(&self.exp.saturating_sub(self.iat))
    }
}

/// The one registered time that Keyfob never writes, and that counts when it is there all the same
/// (RFC 7519 §4.1.5).
#[derive(Deserialize)]
pub(crate) struct NotBefore {
    #[serde(default, deserialize_with = "json::present_whole")]
    pub(crate) nbf: Option<i64>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Strict;

    fn claims() -> AccessClaims {
        AccessClaims {
            iss: "https://id.example.com".to_owned(),
            sub: Uuid::from_u128(1),
            aud: "https://api.example.com".to_owned(),
            exp: 1_800_003_600,
            iat: 1_800_000_000,
            jti: Uuid::from_u128(2),
            client_id: "pat-exchange".to_owned(),
            scope: "openid".to_owned(),
            current_organization_id: Uuid::from_u128(3),
            root_organization_id: Uuid::from_u128(4),
            pid: Uuid::from_u128(5),
            ep: Epochs {
                user: 6,
                tree: 7,
                instance: 8,
            },
            entitlements: Some(vec!["build:view".to_owned()]),
            entitlements_ref: None,
            roles: None,
            email: None,
            email_verified: None,
            name: None,
            auth_time: 1_700_000_000,
        }
    }

    fn elsewhere() -> AccessClaims {
        AccessClaims {
            entitlements: None,
            entitlements_ref: Some("introspect".to_owned()),
            ..claims()
        }
    }

    fn read(text: &[u8]) -> Option<AccessClaims> {
        Strict::new(text).and_then(Strict::read)
    }

    #[test]
    fn the_wire_form_is_exactly_this() {
        let expected = concat!(
            r#"{"iss":"https://id.example.com","sub":"00000000-0000-0000-0000-000000000001","#,
            r#""aud":"https://api.example.com","exp":1800003600,"iat":1800000000,"#,
            r#""jti":"00000000-0000-0000-0000-000000000002","client_id":"pat-exchange","#,
            r#""scope":"openid","#,
            r#""currentOrganizationId":"00000000-0000-0000-0000-000000000003","#,
            r#""rootOrganizationId":"00000000-0000-0000-0000-000000000004","#,
            r#""pid":"00000000-0000-0000-0000-000000000005","#,
            r#""ep":{"user":6,"tree":7,"instance":8},"entitlements":["build:view"],"#,
            r#""auth_time":1700000000}"#,
        );
        assert_eq!(
            serde_json::to_string(&claims()).expect("serialises"),
            expected
        );
        assert_eq!(read(expected.as_bytes()), Some(claims()));
    }

    #[test]
    fn optional_members_come_back_as_they_were() {
        let full = AccessClaims {
            roles: Some(vec![]),
            email: Some("ana@example.com".to_owned()),
            email_verified: Some(false),
            name: Some("Ana".to_owned()),
            ..elsewhere()
        };
        let text = serde_json::to_vec(&full).expect("serialises");
        assert_eq!(read(&text), Some(full));
    }

    #[test]
    fn a_lifetime_is_at_least_a_second_and_at_most_a_day() {
        for (lifetime, expected) in [
            (-1, false),
            (0, false),
            (1, true),
            (86_400, true),
            (86_401, false),
        ] {
            let claims = AccessClaims {
                exp: 1_800_000_000 + lifetime,
                ..claims()
            };
            assert_eq!(claims.are_consistent(), expected, "{lifetime}");
        }
    }

    #[test]
    fn the_farthest_times_do_not_overflow() {
        assert!(
            !AccessClaims {
                exp: i64::MAX,
                iat: i64::MIN,
                ..claims()
            }
            .are_consistent()
        );
        assert!(
            !AccessClaims {
                exp: i64::MIN,
                iat: i64::MAX,
                ..claims()
            }
            .are_consistent()
        );
    }

    #[test]
    fn permissions_that_are_elsewhere_are_not_read_as_none() {
        assert_eq!(elsewhere().holds("build:view"), Holds::AskIssuer);
        assert_eq!(claims().holds("build:view"), Holds::Yes);
        assert_eq!(claims().holds("build:"), Holds::No);
    }
}
