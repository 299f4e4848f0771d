//! The form of a token door (contract X1), read in the order in which the contract checks it.
//!
//! `+`, `%XX` and raw text decode alike, a malformed `%` stays as it is (WHATWG URL, section 5.1).
//! Fields that nobody here knows are ignored, even when repeated; a known one may stand once. What the
//! fields mean, and which of them a door takes, is the door's business.

use std::collections::BTreeMap;

use axum::body::Body;
use http::HeaderMap;

use super::body::{self, Unread};
use super::oauth_error::OAuthError;
use crate::secret::SecretText;

/// Most bytes of a form (X1).
pub const FORM_MAX: usize = 8 * 1024;

macro_rules! fields {
    ($($(#[$doc:meta])+ $name:ident = $word:literal;)+) => {
        /// A field that some token door reads.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Field {
            $($(#[$doc])+ $name,)+
        }

        impl Field {
            /// Its name on the wire; upper and lower case differ.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => $word),+ }
            }

            pub(super) fn of(name: &str) -> Option<Self> {
                match name {
                    $($word => Some(Self::$name),)+
                    _ => None,
                }
            }
        }
    };
}

fields! {
    /// The secret on v1 and v2.
    Pat = "pat";
    /// The secret on v1, by another name.
    DashedPersonalAccessKey = "personal-access-key";
    /// The secret on v3.
    PersonalAccessKey = "personalAccessKey";
    /// The secret at `/oauth/token` (RFC 8693 §2.1).
    SubjectToken = "subject_token";
    /// What kind of token the secret is (RFC 8693 §2.1).
    SubjectTokenType = "subject_token_type";
    /// What kind of token is wanted (RFC 8693 §2.1).
    RequestedTokenType = "requested_token_type";
    /// On whose behalf somebody else acts (RFC 8693 §2.1); we know no actors.
    ActorToken = "actor_token";
    /// What kind of token that is.
    ActorTokenType = "actor_token_type";
    /// The grant (RFC 6749 §4.5).
    GrantType = "grant_type";
    /// What proves a client (RFC 6749 §2.3.1); there are none.
    ClientSecret = "client_secret";
    /// The same, signed (RFC 7521 §4.2).
    ClientAssertion = "client_assertion";
    /// The target organization on v2 and v3.
    SubOrganization = "subOrganization";
    /// The target organization on v2 and v3, by another name.
    SubOrganizationId = "subOrganizationId";
    /// The target organization at `/oauth/token`.
    Organization = "organization";
    /// The claims wanted.
    Scope = "scope";
    /// The resource server wanted.
    Audience = "audience";
    /// The resource server wanted, as a URI (RFC 8707 §2).
    Resource = "resource";
}

impl Field {
    /// Whether its value is a credential.
    pub const fn is_secret(self) -> bool {
        matches!(
            self,
            Self::Pat
                | Self::DashedPersonalAccessKey
                | Self::PersonalAccessKey
                | Self::SubjectToken
                | Self::ActorToken
                | Self::ClientSecret
                | Self::ClientAssertion
        )
    }
}

/// The known fields that were sent with a value; an empty one counts as not sent (RFC 6749 §3.2).
/// Every value is treated as a secret, because a client may confuse the names.
#[derive(Debug, Default)]
pub struct Fields(BTreeMap<Field, SecretText>);

impl Fields {
    /// The value of a field that is no secret.
    pub fn text(&self, field: Field) -> Option<&str> {
        debug_assert!(!field.is_secret(), "take it with `take_secret`");
        self.0.get(&field).map(SecretText::expose)
    }

    /// Whether a field was sent with a value.
    pub fn has(&self, field: Field) -> bool {
        self.0.contains_key(&field)
    }

    /// Takes the value of a field out.
    pub fn take_secret(&mut self, field: Field) -> Option<SecretText> {
        self.0.remove(&field)
    }
}

/// Reads the form of a token door, after the method was found good.
///
/// # Errors
/// In this order: a secret in the query 400, media type 415, size 413, a known field twice 400.
pub async fn token_form(
    headers: &HeaderMap,
    query: Option<&str>,
    body: Body,
) -> Result<Fields, OAuthError> {
    let query = query.unwrap_or_default();
    let in_query = || known(query.as_bytes()).map(|(field, _value)| field);
    if in_query().any(Field::is_secret) {
        return Err(OAuthError::invalid_request(
            "A secret was sent in the query string, where logs keep it. Send it in the body, and revoke this one.",
        ));
    }
    if !body::is_media_type(headers, "application/x-www-form-urlencoded") {
        return Err(OAuthError::media_type());
    }
    let body = body::read(headers, body, FORM_MAX)
        .await
        .map_err(|unread| match unread {
            Unread::TooLarge => OAuthError::too_large(),
            Unread::TooSlow => {
                OAuthError::invalid_request("The body did not arrive within 10 seconds.")
            }
            Unread::Broken => OAuthError::invalid_request("The body broke off."),
        })?;
    // A parameter of the query repeats the one of the body (RFC 6749 §3.2: not more than once).
    let mut seen: Vec<Field> = in_query().collect();
    let mut fields = Fields::default();
    for (field, value) in known(&body) {
        if seen.contains(&field) {
            return Err(OAuthError::invalid_request("A field was sent twice."));
        }
        seen.push(field);
        if !value.is_empty() {
            fields.0.insert(field, value);
        }
    }
    Ok(fields)
}

fn known(encoded: &[u8]) -> impl Iterator<Item = (Field, SecretText)> {
    form_urlencoded::parse(encoded)
        .filter_map(|(name, value)| Some((Field::of(&name)?, SecretText::new(value.into_owned()))))
}

#[cfg(test)]
mod tests {
    use http::{HeaderValue, StatusCode, header};

    use super::*;

    fn form() -> HeaderMap {
        let value = HeaderValue::from_static("Application/X-WWW-Form-Urlencoded; charset=utf-8");
        HeaderMap::from_iter([(header::CONTENT_TYPE, value)])
    }

    async fn read(body: &'static str) -> Result<Fields, OAuthError> {
        token_form(&form(), None, Body::from(body)).await
    }

    async fn secret(body: &'static str) -> String {
        let mut fields = read(body).await.expect("a good form");
        let secret = fields.take_secret(Field::Pat).expect("a secret");
        secret.expose().to_owned()
    }

    #[tokio::test]
    async fn x1_plus_percent_and_raw_text_decode_alike() {
        assert_eq!(secret("pat=a_b-c.d~e&x=1").await, "a_b-c.d~e");
        assert_eq!(secret("p%61t=a%5Fb%2dc%2Ed%7Ee").await, "a_b-c.d~e");
        assert_eq!(secret("pat=+a%20b+").await, " a b ");
        assert_eq!(secret("pat=%zz%4%").await, "%zz%4%", "a malformed % stays");
        assert_eq!(
            secret("pat=a\n").await,
            "a\n",
            "white space is dropped where it is recognised"
        );
        assert_eq!(secret("pat=%C3%BC").await, "ü");
    }

    #[tokio::test]
    async fn x1_checks_come_in_the_order_of_the_contract() {
        let status = async |headers: HeaderMap, query: Option<&'static str>, body: String| {
            let read = token_form(&headers, query, Body::from(body)).await;
            read.map(|_fields| ()).expect_err("refused").status()
        };
        let large = || format!("pat=1&pat=2&pad={}", "x".repeat(FORM_MAX));
        let (none, secret) = (HeaderMap::new, Some("a=1&%70at=x"));
        assert_eq!(
            status(none(), secret, large()).await,
            StatusCode::BAD_REQUEST
        );
        assert_eq!(
            status(none(), None, large()).await,
            StatusCode::UNSUPPORTED_MEDIA_TYPE
        );
        assert_eq!(
            status(form(), None, large()).await,
            StatusCode::PAYLOAD_TOO_LARGE
        );
        let twice = "pat=1&pat=2".to_owned();
        assert_eq!(status(form(), None, twice).await, StatusCode::BAD_REQUEST);
    }

    #[tokio::test]
    async fn x1_every_name_of_the_secret_is_refused_in_the_query() {
        for query in [
            "pat=x",
            "pat=",
            "personal-access-key=x",
            "personal%2Daccess%2Dkey=x",
            "personalAccessKey=x",
            "scope=a&subject_token=x",
        ] {
            let read = token_form(&form(), Some(query), Body::from("pat=y")).await;
            let error = read.map(|_fields| ()).expect_err(query);
            assert_eq!(error.status(), StatusCode::BAD_REQUEST, "{query}");
        }
        let other = token_form(&form(), Some("Pat=x&v=1"), Body::from("pat=y")).await;
        assert!(other.is_ok(), "names differ by case");
    }

    #[tokio::test]
    async fn x4_a_known_field_stands_once_and_an_unknown_one_as_often_as_it_likes() {
        for body in [
            "scope=a&pat=x&scope=a",
            "pat=&pat=x",
            "pat=x&sc%6Fpe=a&scope=",
        ] {
            let error = read(body).await.map(|_fields| ()).expect_err(body);
            assert_eq!(error.description(), "A field was sent twice.", "{body}");
        }
        assert!(read("pat=x&foo=1&foo=2&Pat=3").await.is_ok());
        let both = token_form(&form(), Some("scope=a"), Body::from("pat=x&scope=a")).await;
        assert!(
            both.is_err(),
            "once in the query and once in the body is twice"
        );
    }

    #[tokio::test]
    async fn x4_an_empty_field_counts_as_not_sent() {
        let fields = read("pat=x&subOrganization=&scope=email")
            .await
            .expect("a good form");
        assert!(!fields.has(Field::SubOrganization));
        assert_eq!(fields.text(Field::SubOrganization), None);
        assert_eq!(fields.text(Field::Scope), Some("email"));
    }

    #[tokio::test]
    async fn no_value_is_printed() {
        let fields = read("pat=hunter2&scope=hunter2")
            .await
            .expect("a good form");
        assert!(!format!("{fields:?}").contains("hunter2"));
    }
}
