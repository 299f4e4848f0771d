//! Our JSON extractor: its refusals are problems that name the place and never the value.

use axum::extract::{FromRequest, Request};
use axum::response::{IntoResponse, Response};
use http::HeaderValue;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::body::{self, Unread};
use super::problem::{Code, Problem};
use crate::document::{Fault, FaultKind, Node};

/// Most bytes of a JSON body.
pub const JSON_MAX: usize = 16 * 1024;

/// A JSON body, read or to be written. Unknown members are refused when `T` denies them, as every type
/// of ours does but those of the routes that older clients call.
#[derive(Debug, Clone, Copy)]
pub struct Json<T>(pub T);

impl<T: DeserializeOwned, S: Sync> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _state: &S) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        if !body::is_media_type(&parts.headers, "application/json") {
            return Err(Code::UnsupportedMediaType.into());
        }
        let bytes = body::read(&parts.headers, body, JSON_MAX)
            .await
            .map_err(unread)?;
        let node = Node::from_json(&bytes).map_err(|cause| {
            Problem::new(
                Code::InvalidJson,
                format!("The body cannot be read as JSON: {cause}."),
            )
        })?;
        node.read().map(Self).map_err(|fault| misfit(&fault))
    }
}

fn unread(unread: Unread) -> Problem {
    match unread {
        Unread::TooLarge => Problem::new(Code::PayloadTooLarge, "The body is larger than 16 KiB."),
        Unread::TooSlow => Problem::new(
            Code::InvalidRequest,
            "The body did not arrive within 10 seconds.",
        ),
        Unread::Broken => Problem::new(Code::InvalidRequest, "The body broke off."),
    }
}

fn misfit(fault: &Fault) -> Problem {
    let code = match fault.kind() {
        FaultKind::Unknown { .. } => Code::Unprocessable,
        FaultKind::Missing | FaultKind::Expected(_) => Code::InvalidRequest,
    };
    Problem::new(code, format!("In the body {fault}."))
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        match serde_json::to_vec(&self.0) {
            Ok(bytes) => {
                let media_type = HeaderValue::from_static("application/json");
                ([(http::header::CONTENT_TYPE, media_type)], bytes).into_response()
            }
            Err(cause) => Problem::internal(cause).into_response(),
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct NewOrganization {
        name: String,
    }

    async fn read(media_type: &str, body: String) -> Result<String, (u16, String)> {
        let request = Request::builder()
            .header("content-type", media_type)
            .body(Body::from(body))
            .expect("a request");
        let read = Json::<NewOrganization>::from_request(request, &()).await;
        read.map(|Json(new)| new.name).map_err(|problem| {
            (
                problem.code().status().as_u16(),
                problem.detail().to_owned(),
            )
        })
    }

    #[tokio::test]
    async fn a_body_that_fits_is_read() {
        let read = read(
            "application/json; charset=utf-8",
            r#"{"name":"Acme"}"#.to_owned(),
        )
        .await;
        assert_eq!(read, Ok("Acme".to_owned()));
    }

    #[tokio::test]
    async fn every_refusal_has_its_status_and_names_the_place() {
        let refused = async |media_type: &str, body: &str| {
            read(media_type, body.to_owned())
                .await
                .expect_err("refused")
        };
        let json = "application/json";
        assert_eq!(refused("text/json", "{}").await.0, 415);
        assert_eq!(refused(json, &" ".repeat(JSON_MAX + 1)).await.0, 413);
        let (status, detail) = refused(json, "{\"name\":\"Acme\"").await;
        assert_eq!(status, 400);
        assert!(
            detail.starts_with("The body cannot be read as JSON: EOF"),
            "{detail}"
        );
        let twice = r#"{"name":"Acme","name":"Evil"}"#;
        assert_eq!(refused(json, twice).await.0, 400);
        assert_eq!(
            refused(json, r#"{"name":12345}"#).await,
            (400, "In the body `name` must be a text.".to_owned())
        );
        assert_eq!(
            refused(json, "{}").await,
            (400, "In the body `name` is missing.".to_owned())
        );
        let unknown = "In the body `parent` is not known; known here: name.";
        assert_eq!(
            refused(json, r#"{"name":"Acme","parent":"x"}"#).await,
            (422, unknown.to_owned())
        );
    }
}
