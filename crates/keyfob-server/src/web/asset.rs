//! The files that pages need, from the binary itself.

use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, header};

use crate::http::problem::{Code, Problem};

/// The files change with the binary only.
const A_DAY: HeaderValue = HeaderValue::from_static("public, max-age=86400");

/// Answers `GET /assets/{file}`.
pub(super) async fn asset(Path(file): Path<String>) -> Result<Response, Problem> {
    let (media_type, bytes): (&'static str, &'static [u8]) = match file.as_str() {
        "keyfob.css" => (
            "text/css; charset=utf-8",
            include_bytes!("../../assets/keyfob.css"),
        ),
        "keyfob.js" => (
            "text/javascript; charset=utf-8",
            include_bytes!("../../assets/keyfob.js"),
        ),
        "icons.svg" => ("image/svg+xml", include_bytes!("../../assets/icons.svg")),
        "logo.svg" => ("image/svg+xml", include_bytes!("../../assets/logo.svg")),
        _other => return Err(Code::NotFound.into()),
    };
    let media_type = HeaderValue::from_static(media_type);
    Ok((
        [
            (header::CONTENT_TYPE, media_type),
            (header::CACHE_CONTROL, A_DAY),
        ],
        bytes,
    )
        .into_response())
}
