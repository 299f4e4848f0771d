//! Errors of everything but the token doors: problem details (RFC 9457).
//!
//! The members are `type title status detail instance error message` (contract section 5): `error` is
//! the code, `message` repeats `detail`, `instance` names the request. A handler returns a [`Problem`]
//! and knows nothing of the request's id; the edge completes the body and logs the cause.

use std::borrow::Cow;
use std::sync::Arc;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use keyfob_core::id::RequestId;
use serde::Serialize;

use crate::web::{Setting, error_page};

mod code;
pub mod registry;

pub use self::code::Code;

/// The media type of a problem (RFC 9457 §3).
pub const MEDIA_TYPE: HeaderValue = HeaderValue::from_static("application/problem+json");
/// The challenge of every 401: how to authenticate, and no hint why it failed (RFC 6750 §3).
pub(crate) const CHALLENGE: HeaderValue = HeaderValue::from_static("Bearer realm=\"keyfob\"");
/// Seconds after which a client may try again when the store is away.
pub(crate) const RETRY_AFTER: HeaderValue = HeaderValue::from_static("5");

/// An error on its way to the client. Small, because it is the `Err` of every handler.
#[derive(Debug, Clone)]
pub struct Problem(Box<Inner>);

#[derive(Debug, Clone)]
struct Inner {
    code: Code,
    detail: Cow<'static, str>,
    headers: HeaderMap,
    needs: Option<&'static str>,
    cause: Option<Cause>,
}

/// Why it came to a 5xx answer: for the log, never for the wire.
#[derive(Debug, Clone)]
pub struct Cause(Arc<anyhow::Error>);

impl Cause {
    /// Keeps an error with everything that led to it.
    pub fn new(error: impl Into<anyhow::Error>) -> Self {
        Self(Arc::new(error.into()))
    }

    /// The error and everything that led to it, in one line.
    pub fn chain(&self) -> String {
        format!("{:#}", self.0)
    }
}

impl Problem {
    /// An error with a sentence for the person who reads it; nothing secret may be in the sentence.
    pub fn new(code: Code, detail: impl Into<Cow<'static, str>>) -> Self {
        Self(Box::new(Inner {
            code,
            detail: detail.into(),
            headers: HeaderMap::new(),
            needs: None,
            cause: None,
        }))
    }

    /// A failure of ours: the client learns nothing, the log gets the whole chain.
    pub fn internal(cause: impl Into<anyhow::Error>) -> Self {
        Self::from(Code::Internal).caused_by(cause)
    }

    /// The store or something else we need is away (503 with `Retry-After`).
    pub fn unavailable(cause: impl Into<anyhow::Error>) -> Self {
        Self::from(Code::TemporarilyUnavailable).caused_by(cause)
    }

    /// Adds what led to it, for the log.
    #[must_use]
    pub fn caused_by(mut self, cause: impl Into<anyhow::Error>) -> Self {
        self.0.cause = Some(Cause::new(cause));
        self
    }

    /// Adds or replaces a header of the answer.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.0.headers.insert(name, value);
        self
    }

    /// Names the permission that a program would need: it is challenged to bring it (RFC 6750 §3.1).
    #[must_use]
    pub fn needing(mut self, permission: &'static str) -> Self {
        self.0.needs = Some(permission);
        self
    }

    /// The permission that a program would need.
    pub fn needs(&self) -> Option<&'static str> {
        self.0.needs
    }

    /// The code.
    pub fn code(&self) -> Code {
        self.0.code
    }

    /// The sentence.
    pub fn detail(&self) -> &str {
        &self.0.detail
    }

    /// The body, with the request's id once that is known.
    fn body(&self, request: Option<RequestId>) -> Body {
        let written = serde_json::to_vec(&Written {
            type_uri: format!("/errors#{}", self.0.code.word()),
            title: self.0.code.title(),
            status: self.0.code.status().as_u16(),
            detail: &self.0.detail,
            instance: request.map(|id| format!("urn:uuid:{id}")),
            error: self.0.code.word(),
            message: &self.0.detail,
        });
        // Texts and a number always become JSON.
        written.map_or_else(|_impossible| Body::empty(), Body::from)
    }
}

/// The members in the order of the contract.
#[derive(Serialize)]
struct Written<'a> {
    /// A relative reference to the entry in our own registry (RFC 9457 §3.1.1).
    #[serde(rename = "type")]
    type_uri: String,
    title: &'static str,
    status: u16,
    detail: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    instance: Option<String>,
    error: &'static str,
    message: &'a str,
}

impl From<Code> for Problem {
    /// An error that says no more than its code does.
    fn from(code: Code) -> Self {
        Self::new(code, code.meaning())
    }
}

impl IntoResponse for Problem {
    fn into_response(mut self) -> Response {
        let mut response = Response::new(self.body(None));
        *response.status_mut() = self.0.code.status();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, MEDIA_TYPE);
        if self.0.code.status() == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, CHALLENGE);
        }
        if self.0.code.status() == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(header::RETRY_AFTER, RETRY_AFTER);
        }
        headers.extend(std::mem::take(&mut self.0.headers));
        if let Some(cause) = self.0.cause.take() {
            response.extensions_mut().insert(cause);
        }
        response.extensions_mut().insert(self);
        response
    }
}

/// In which form an answer is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Accepts {
    /// A program's.
    Json,
    /// A browser's.
    Page,
}

impl Accepts {
    /// As the header `Accept` says; a browser names `text/html`, and programs do not.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let mut values = headers.get_all(header::ACCEPT).iter();
        let is_page = values.any(|value| {
            let value = value.as_bytes();
            value
                .windows(9)
                .any(|part| part.eq_ignore_ascii_case(b"text/html"))
        });
        if is_page { Self::Page } else { Self::Json }
    }
}

/// Writes the request's id into an answer that is a problem; where a page is wanted, the problem becomes
/// one.
pub(crate) fn complete(response: &mut Response, request: RequestId, page: Option<Setting>) {
    if let Some(problem) = response.extensions_mut().remove::<Problem>() {
        if let Some(page) = page.and_then(|setting| error_page(&problem, request, &setting)) {
            let (parts, body) = page.into_parts();
            *response.body_mut() = body;
            response.headers_mut().remove(header::CONTENT_LENGTH);
            response.headers_mut().extend(parts.headers);
            return;
        }
        *response.body_mut() = problem.body(Some(request));
        // The router has already announced the length of the body without the id.
        response.headers_mut().remove(header::CONTENT_LENGTH);
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;
    use keyfob_core::time::Timestamp;

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
    async fn a_problem_has_the_members_of_the_contract_in_their_order() {
        let problem = Problem::new(Code::NameTaken, "An organization of that name exists.");
        let mut response = problem.into_response();
        complete(
            &mut response,
            RequestId::new(Timestamp::from_millis(0), [0; 10]),
            None,
        );
        assert_eq!(response.status(), StatusCode::CONFLICT);
        assert_eq!(
            response.headers()["content-type"],
            "application/problem+json"
        );
        insta::assert_snapshot!(text(response).await, @r#"{"type":"/errors#name_taken","title":"Name taken","status":409,"detail":"An organization of that name exists.","instance":"urn:uuid:00000000-0000-7000-8000-000000000000","error":"name_taken","message":"An organization of that name exists."}"#);
    }

    #[tokio::test]
    async fn what_led_to_a_failure_is_for_the_log_alone() {
        let cause = anyhow::anyhow!("disk full").context("cannot commit");
        let mut response = Problem::internal(cause).into_response();
        let kept = response
            .extensions_mut()
            .remove::<Cause>()
            .map(|cause| cause.chain());
        assert_eq!(kept.as_deref(), Some("cannot commit: disk full"));
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert!(!text(response).await.contains("disk"));
    }

    #[test]
    fn a_401_challenges_and_a_503_says_when_to_come_back() {
        let refused = Problem::from(Code::InvalidToken).into_response();
        assert_eq!(
            refused.headers()["www-authenticate"],
            "Bearer realm=\"keyfob\""
        );
        let away = Problem::unavailable(anyhow::anyhow!("away")).into_response();
        assert_eq!(away.headers()["retry-after"], "5");
        let later = HeaderValue::from_static("60");
        let limited = Problem::from(Code::TooManyRequests)
            .with_header(header::RETRY_AFTER, later)
            .into_response();
        assert_eq!(limited.headers()["retry-after"], "60");
    }
}
