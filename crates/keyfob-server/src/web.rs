//! The page at `/`, and the files it needs. It shows what to paste; signing in on pages comes with the
//! dashboard.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, header};

use crate::http::problem::{Code, Problem};
use crate::state::App;

/// What a page may load: files of ours, nothing inline.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'none'; base-uri 'none'; \
     frame-ancestors 'none'",
);
const HTML: HeaderValue = HeaderValue::from_static("text/html; charset=utf-8");
/// The files change with the binary only.
const A_DAY: HeaderValue = HeaderValue::from_static("public, max-age=86400");

/// Every sentence of the page.
struct Messages {
    ask: &'static str,
    below: &'static str,
    organizations: &'static str,
}

const MESSAGES: Messages = Messages {
    ask: "Run both lines; paste the token when the first one waits, and press Enter. So the token stays \
          out of your shell history and of the process list.",
    below: "A token also works for every organization below its own. Name the one you want:",
    organizations: "Which organizations an access token sees:",
};

#[derive(Template)]
#[template(path = "home.html")]
struct Home<'a> {
    issuer: &'a str,
    version: &'static str,
    messages: &'static Messages,
}

/// Answers `GET /`.
pub(crate) async fn home(State(app): State<Arc<App>>) -> Result<Response, Problem> {
    let page = Home {
        issuer: &app.issuer,
        version: env!("CARGO_PKG_VERSION"),
        messages: &MESSAGES,
    };
    let html = page.render().map_err(Problem::internal)?;
    Ok((
        [
            (header::CONTENT_TYPE, HTML),
            (header::CONTENT_SECURITY_POLICY, POLICY),
        ],
        html,
    )
        .into_response())
}

/// Answers `GET /assets/{file}`.
pub(crate) async fn asset(Path(file): Path<String>) -> Result<Response, Problem> {
    let (media_type, bytes): (&'static str, &'static [u8]) = match file.as_str() {
        "keyfob.css" => (
            "text/css; charset=utf-8",
            include_bytes!("../assets/keyfob.css"),
        ),
        "logo.svg" => ("image/svg+xml", include_bytes!("../assets/logo.svg")),
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
