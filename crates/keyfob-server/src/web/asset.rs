//! The files that pages need, from the binary itself.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, header};

use crate::brand::Brand;
use crate::http::problem::{Code, Problem};
use crate::state::App;

const CSS: &str = "text/css; charset=utf-8";
const LOGO: &[u8] = include_bytes!("../../assets/logo.svg");
/// The files change with the binary only.
const A_DAY: HeaderValue = HeaderValue::from_static("public, max-age=86400");

/// The operator's own change with the server's configuration.
const SOON: HeaderValue = HeaderValue::from_static("public, max-age=300");

/// Answers `GET /assets/{file}`.
pub(super) async fn asset(
    State(app): State<Arc<App>>,
    Path(file): Path<String>,
) -> Result<Response, Problem> {
    let (media_type, bytes): (&'static str, &'static [u8]) = match file.as_str() {
        "logo" | "brand.css" => return branded(&app.brand, &file),
        "keyfob.css" => (CSS, include_bytes!("../../assets/keyfob.css")),
        "keyfob.js" => (
            "text/javascript; charset=utf-8",
            include_bytes!("../../assets/keyfob.js"),
        ),
        "icons.svg" => ("image/svg+xml", include_bytes!("../../assets/icons.svg")),
        _other => return Err(Code::NotFound.into()),
    };
    Ok(sent(media_type, A_DAY, Body::from(bytes)))
}

/// The operator's logo, or ours; and their accent colour.
fn branded(brand: &Brand, file: &str) -> Result<Response, Problem> {
    if file == "brand.css" {
        let accent = brand.accent.as_ref().ok_or(Code::NotFound)?;
        return Ok(sent(CSS, SOON, Body::from(accent.stylesheet())));
    }
    Ok(match &brand.logo {
        Some(logo) => sent(logo.media_type, SOON, Body::from(logo.bytes.to_vec())),
        None => sent("image/svg+xml", SOON, Body::from(LOGO)),
    })
}

fn sent(media_type: &'static str, kept: HeaderValue, body: Body) -> Response {
    let media_type = HeaderValue::from_static(media_type);
    let headers = [
        (header::CONTENT_TYPE, media_type),
        (header::CACHE_CONTROL, kept),
    ];
    (headers, body).into_response()
}
