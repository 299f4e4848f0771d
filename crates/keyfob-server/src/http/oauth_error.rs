//! Errors of the token doors: one flat JSON object of strings (contract X6; RFC 6749 §5.2).
//!
//! `error_description` and `message` are equal, because existing clients print different ones. The
//! request's id is in no body here, so that answers that must not differ are equal byte for byte. The
//! sentences are fixed texts: nothing that a client sent can be repeated.

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;

use super::problem::{CHALLENGE, Cause, RETRY_AFTER};

/// The challenge for who authenticates as a client: the scheme that is meant for that (RFC 6749 §5.2).
const CLIENT_CHALLENGE: HeaderValue = HeaderValue::from_static("Basic realm=\"keyfob\"");

macro_rules! words {
    ($($name:ident = $word:literal, $status:ident, $meaning:literal;)+) => {
        /// Every word that a token door's `error` member can have.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum OAuthCode {
            $(#[doc = $meaning] $name,)+
        }

        impl OAuthCode {
            /// All of them, by their usual status.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// The word on the wire.
            pub const fn word(self) -> &'static str {
                match self { $(Self::$name => $word),+ }
            }

            /// The HTTP status, unless a constructor says otherwise.
            pub const fn status(self) -> StatusCode {
                match self { $(Self::$name => StatusCode::$status),+ }
            }

            /// When it is answered.
            pub const fn meaning(self) -> &'static str {
                match self { $(Self::$name => $meaning),+ }
            }
        }
    };
}

words! {
    InvalidRequest = "invalid_request", BAD_REQUEST,
        "A field is missing, malformed, repeated or contradicts another. Also with status 405, 413, 415 and 431.";
    InvalidScope = "invalid_scope", BAD_REQUEST,
        "A scope is malformed or unknown, or a permission is not held there.";
    InvalidTarget = "invalid_target", BAD_REQUEST,
        "At /oauth/token: the organization or resource server is not one that the token can be exchanged for (RFC 8693 section 2.2.2).";
    UnsupportedGrantType = "unsupported_grant_type", BAD_REQUEST,
        "At /oauth/token: the grant type is not token exchange.";
    InvalidGrant = "invalid_grant", UNAUTHORIZED,
        "The personal API token is not one that can be exchanged from here; the answer does not say why.";
    InvalidClient = "invalid_client", UNAUTHORIZED,
        "At /oauth/token: the request authenticates as a client, and there are no registered clients.";
    AccessDenied = "access_denied", FORBIDDEN,
        "The personal API token is good, but not for that organization.";
    NotFound = "not_found", NOT_FOUND,
        "There is nothing at this address.";
    TooManyRequests = "too_many_requests", TOO_MANY_REQUESTS,
        "Too many wrong tokens came from this address within the last minute; wait for Retry-After.";
    ServerError = "server_error", INTERNAL_SERVER_ERROR,
        "The server failed; the log names the cause under the answer's X-Request-Id.";
    TemporarilyUnavailable = "temporarily_unavailable", SERVICE_UNAVAILABLE,
        "It cannot be decided now; try again after Retry-After.";
}

/// An error on its way to a client of a token door.
#[derive(Debug, Clone)]
pub struct OAuthError {
    code: OAuthCode,
    status: StatusCode,
    description: &'static str,
    retry_after: Option<HeaderValue>,
    cause: Option<Cause>,
}

impl OAuthError {
    /// An error with its usual status. The description keeps to the letters of RFC 6749 §5.2: ASCII
    /// without quotation mark and backslash.
    pub fn new(code: OAuthCode, description: &'static str) -> Self {
        Self {
            code,
            status: code.status(),
            description,
            retry_after: None,
            cause: None,
        }
    }

    /// 400: a field is missing, malformed, repeated or contradicts another.
    pub fn invalid_request(description: &'static str) -> Self {
        Self::new(OAuthCode::InvalidRequest, description)
    }

    /// 401: the one answer for every PAT that cannot be exchanged.
    pub fn invalid_grant() -> Self {
        Self::new(
            OAuthCode::InvalidGrant,
            "The personal API token is not valid.",
        )
    }

    /// 401 at `/oauth/token`: somebody authenticates as a client (RFC 6749 §5.2).
    pub fn invalid_client() -> Self {
        Self::new(
            OAuthCode::InvalidClient,
            "There are no registered clients. Send no Authorization, client_secret or client_assertion.",
        )
    }

    /// 403: the one answer for every target that is refused.
    pub fn access_denied() -> Self {
        Self::new(
            OAuthCode::AccessDenied,
            "The personal API token does not give access to that organization.",
        )
    }

    /// 405; the edge or the router adds `Allow`.
    pub fn method_not_allowed() -> Self {
        Self::invalid_request("Use POST.").with_status(StatusCode::METHOD_NOT_ALLOWED)
    }

    /// 413.
    pub fn too_large() -> Self {
        Self::invalid_request("The body is larger than 8 KiB.")
            .with_status(StatusCode::PAYLOAD_TOO_LARGE)
    }

    /// 415.
    pub fn media_type() -> Self {
        Self::invalid_request("Send the fields as application/x-www-form-urlencoded.")
            .with_status(StatusCode::UNSUPPORTED_MEDIA_TYPE)
    }

    /// 431.
    pub fn too_many_headers() -> Self {
        Self::invalid_request("The request has more than 64 headers.")
            .with_status(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE)
    }

    /// 404 below a token door.
    pub fn not_found() -> Self {
        Self::new(OAuthCode::NotFound, "There is nothing at this address.")
    }

    /// 429, with the seconds to wait.
    pub fn too_many_requests(seconds: u32) -> Self {
        let mut error = Self::new(
            OAuthCode::TooManyRequests,
            "Too many wrong tokens came from this address.",
        );
        error.retry_after = Some(HeaderValue::from(seconds));
        error
    }

    /// 500: a failure of ours. The client learns nothing, the log gets the whole chain.
    pub fn server_error(cause: impl Into<anyhow::Error>) -> Self {
        let error = Self::new(OAuthCode::ServerError, "The server failed.");
        error.caused_by(cause)
    }

    /// 503 with `Retry-After`: it cannot be decided now.
    pub fn temporarily_unavailable(cause: impl Into<anyhow::Error>) -> Self {
        let mut error = Self::new(
            OAuthCode::TemporarilyUnavailable,
            "The request cannot be decided now.",
        );
        error.retry_after = Some(RETRY_AFTER);
        error.caused_by(cause)
    }

    /// The word of the `error` member.
    pub fn code(&self) -> OAuthCode {
        self.code
    }

    /// The HTTP status.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The sentence.
    pub fn description(&self) -> &'static str {
        self.description
    }

    fn with_status(mut self, status: StatusCode) -> Self {
        self.status = status;
        self
    }

    fn caused_by(mut self, cause: impl Into<anyhow::Error>) -> Self {
        self.cause = Some(Cause::new(cause));
        self
    }
}

#[derive(Serialize)]
struct Written {
    error: &'static str,
    error_description: &'static str,
    message: &'static str,
}

impl IntoResponse for OAuthError {
    fn into_response(self) -> Response {
        let written = serde_json::to_vec(&Written {
            error: self.code.word(),
            error_description: self.description,
            message: self.description,
        });
        // Texts always become JSON.
        let mut response =
            Response::new(written.map_or_else(|_impossible| Body::empty(), Body::from));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/json"),
        );
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
        if self.status == StatusCode::UNAUTHORIZED {
            let is_client = self.code == OAuthCode::InvalidClient;
            let challenge = if is_client {
                CLIENT_CHALLENGE
            } else {
                CHALLENGE
            };
            headers.insert(header::WWW_AUTHENTICATE, challenge);
        }
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, seconds);
        }
        if let Some(cause) = self.cause {
            response.extensions_mut().insert(cause);
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;

    use super::*;

    async fn text(response: Response) -> String {
        let bytes = response
            .into_body()
            .collect()
            .await
            .expect("a body")
            .to_bytes();
        String::from_utf8(bytes.to_vec()).expect("text")
    }

    #[tokio::test]
    async fn x6_an_error_is_one_flat_object_of_strings() {
        let response = OAuthError::invalid_grant().into_response();
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
        let headers = response.headers();
        assert_eq!(headers["content-type"], "application/json");
        assert_eq!(headers["cache-control"], "no-store");
        assert_eq!(headers["pragma"], "no-cache");
        assert_eq!(headers["www-authenticate"], "Bearer realm=\"keyfob\"");
        insta::assert_snapshot!(text(response).await, @r#"{"error":"invalid_grant","error_description":"The personal API token is not valid.","message":"The personal API token is not valid."}"#);
    }

    #[tokio::test]
    async fn x6_a_503_says_when_to_come_back_and_not_why() {
        let response = OAuthError::temporarily_unavailable(anyhow::anyhow!("disk")).into_response();
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(response.headers()["retry-after"], "5");
        assert!(response.extensions().get::<Cause>().is_some());
        assert!(!text(response).await.contains("disk"));
    }

    #[test]
    fn statuses_beside_the_usual_ones_keep_the_word() {
        let errors = [
            OAuthError::method_not_allowed(),
            OAuthError::too_large(),
            OAuthError::media_type(),
        ];
        let statuses = errors.map(|error| (error.status().as_u16(), error.code().word()));
        let word = "invalid_request";
        assert_eq!(statuses, [(405, word), (413, word), (415, word)]);
        let limited = OAuthError::too_many_requests(17).into_response();
        assert_eq!(limited.headers()["retry-after"], "17");
    }
}
