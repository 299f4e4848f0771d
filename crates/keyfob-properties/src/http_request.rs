//! Requests made of bytes, and running what reads them.

use std::convert::Infallible;

use axum::body::Body;
use axum::extract::Request;
use futures_util::stream;
use http::{HeaderMap, HeaderName, HeaderValue, header};

/// A body that arrives in pieces of that many bytes.
pub(crate) fn body(bytes: &[u8], piece: usize) -> Body {
    let pieces: Vec<Result<Vec<u8>, Infallible>> = bytes
        .chunks(piece.max(1))
        .map(|piece| Ok(piece.to_vec()))
        .collect();
    Body::from_stream(stream::iter(pieces))
}

/// A request whose body says that it is JSON.
pub(crate) fn json(body: Body) -> Request {
    let mut request = Request::new(body);
    let media_type = HeaderValue::from_static("application/json");
    request
        .headers_mut()
        .insert(header::CONTENT_TYPE, media_type);
    request
}

/// A header with one value for each line of the input that can be one.
pub(crate) fn headers(name: &HeaderName, data: &[u8]) -> HeaderMap {
    let lines = data.split(|byte| *byte == b'\n');
    let values = lines.filter_map(|line| HeaderValue::from_bytes(line).ok());
    let mut headers = HeaderMap::new();
    for value in values {
        headers.append(name, value);
    }
    headers
}

/// Runs what waits for nothing but its own bytes.
pub(crate) fn run<F: Future>(future: F) -> F::Output {
    thread_local! {
        static RUNTIME: tokio::runtime::Runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .expect("a runtime without threads");
    }
    RUNTIME.with(|runtime| runtime.block_on(future))
}
