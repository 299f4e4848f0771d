//! For the properties of parsers only (`keyfob-properties`): the private ones of this folder, as they
//! are.
//!
//! Hidden, and no part of what this crate offers.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::extract::{FromRequest as _, Request};
use http::{HeaderMap, Uri};
use keyfob_core::time::Timestamp;
use tokio::io::AsyncReadExt as _;

use super::json::Json;
use super::path::{self, Dialect};
use super::pats::Chosen;
use super::problem::Problem;
use super::server::first_bytes::FirstBytes;
use super::server::limits::Limits;
use super::session::Credentials;
use super::{authenticate, body};
use crate::app::generate::Choices;
use crate::date;

/// The address that is meant, as the edge finds it.
pub fn meant(uri: &Uri) -> Option<Uri> {
    path::meant(uri)
}

/// Whether errors under a path are flat JSON.
pub fn is_token_door(path: &str) -> bool {
    Dialect::of(path) == Dialect::OAuth
}

/// What the header `Authorization` brings.
pub fn bearer(headers: &HeaderMap) -> Result<Option<&str>, Problem> {
    authenticate::bearer(headers)
}

/// The one cookie of that name.
pub fn one_cookie<'h>(name: &str, headers: &'h HeaderMap) -> Result<Option<&'h str>, Problem> {
    authenticate::one_cookie(name, headers)
}

/// What a connection hands on when its bytes come in pieces of that size, and whether it is HTTP/2.
pub async fn spoken(mut bytes: &[u8], piece: usize) -> (Vec<u8>, bool) {
    let is_http_2 = Arc::new(AtomicBool::new(false));
    let within = Limits::default().header;
    let mut stream = FirstBytes::new(&mut bytes, within, Arc::clone(&is_http_2));
    let mut heard = Vec::new();
    let mut buffer = vec![0; piece];
    while let Ok(read @ 1..) = stream.read(&mut buffer).await {
        heard.extend(buffer.iter().take(read));
    }
    (heard, is_http_2.load(Ordering::Relaxed))
}

/// Whether the header `Content-Type` is that media type.
pub fn is_media_type(headers: &HeaderMap, wanted: &str) -> bool {
    body::is_media_type(headers, wanted)
}

/// What a request to generate a token chooses.
pub async fn choices(request: Request) -> Result<Choices, Problem> {
    let Json(chosen) = Json::<Chosen>::from_request(request, &()).await?;
    chosen.read()
}

/// The address with which a request signs in.
pub async fn credentials(request: Request) -> Result<String, Problem> {
    let Json(Credentials { email, password }) = Json::from_request(request, &()).await?;
    drop(password);
    Ok(email)
}

/// Reads a moment.
pub fn moment(text: &str) -> Option<Timestamp> {
    date::parse_rfc3339(text)
}

/// Writes a moment.
pub fn rfc3339(at: Timestamp) -> String {
    date::rfc3339(at)
}
