//! Reading a request's body: a limit, a deadline, and nothing kept longer than needed.

use std::time::Duration;

use axum::body::Body;
use http::{HeaderMap, header};
use http_body_util::BodyExt;
use zeroize::Zeroizing;

/// How long a body may take to arrive (threat T-27: a client that sends a byte now and then).
pub(crate) const DEADLINE: Duration = Duration::from_secs(10);

/// Why a body was not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unread {
    /// It is larger than the limit.
    TooLarge,
    /// It did not arrive within the [`DEADLINE`].
    TooSlow,
    /// The connection broke, or the framing is wrong.
    Broken,
}

/// Reads a body of at most `limit` bytes. A larger one is refused by its announced length, or else as
/// soon as the limit is passed: it is never held whole.
pub(crate) async fn read(
    headers: &HeaderMap,
    body: Body,
    limit: usize,
) -> Result<Zeroizing<Vec<u8>>, Unread> {
    let announced = headers.get(header::CONTENT_LENGTH);
    let announced = announced.and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| usize::try_from(length).is_ok_and(|length| length > limit)) {
        return Err(Unread::TooLarge);
    }
    // Reserved at once, because growing would leave copies of a secret behind; and no more than announced,
    // because all of it is cleared in the end.
    let reserved = announced
        .and_then(|length| usize::try_from(length).ok())
        .unwrap_or(limit);
    let collected = tokio::time::timeout(DEADLINE, collect(body, limit, reserved)).await;
    collected.unwrap_or(Err(Unread::TooSlow))
}

async fn collect(
    mut body: Body,
    limit: usize,
    reserved: usize,
) -> Result<Zeroizing<Vec<u8>>, Unread> {
    let mut collected = Zeroizing::new(Vec::with_capacity(reserved));
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_broken| Unread::Broken)?;
        let Ok(data) = frame.into_data() else {
            continue;
        };
        if data.len() > limit.saturating_sub(collected.len()) {
            return Err(Unread::TooLarge);
        }
        if data.len() > collected.capacity() - collected.len() {
            // More than announced: hyper refuses that, so it is a body made in process.
            let mut larger = Zeroizing::new(Vec::with_capacity(limit));
            larger.extend_from_slice(&collected);
            collected = larger;
        }
        collected.extend_from_slice(&data);
    }
    Ok(collected)
}

/// Whether the `Content-Type` is that media type, whatever its letters' case and parameters
/// (RFC 9110 §8.3.1).
pub(crate) fn is_media_type(headers: &HeaderMap, wanted: &str) -> bool {
    let mut values = headers.get_all(header::CONTENT_TYPE).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return false;
    };
    value.to_str().is_ok_and(|value| {
        let media_type = value.split(';').next().unwrap_or_default();
        media_type.trim().eq_ignore_ascii_case(wanted)
    })
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use futures_util::stream;

    use super::*;

    fn announcing(length: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(
            header::CONTENT_LENGTH,
            http::HeaderValue::from_static(length),
        )])
    }

    #[tokio::test]
    async fn a_body_may_fill_the_limit_and_not_a_byte_more() {
        let none = HeaderMap::new();
        assert_eq!(
            read(&none, Body::from("12345"), 5).await.map(|it| it.len()),
            Ok(5)
        );
        assert_eq!(
            read(&none, Body::from("123456"), 5).await,
            Err(Unread::TooLarge)
        );
        assert_eq!(
            read(&announcing("6"), Body::from("1"), 5).await,
            Err(Unread::TooLarge)
        );
        let huge = announcing("99999999999999999999999");
        assert_eq!(
            read(&huge, Body::from("123456"), 5).await,
            Err(Unread::TooLarge)
        );
    }

    #[tokio::test]
    async fn a_body_without_end_is_left_at_the_limit() {
        let endless = stream::repeat_with(|| Ok::<_, std::io::Error>(Bytes::from_static(b"xxxx")));
        let body = Body::from_stream(endless);
        assert_eq!(
            read(&HeaderMap::new(), body, 10).await,
            Err(Unread::TooLarge)
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_does_not_arrive_is_given_up() {
        let body = Body::from_stream(stream::pending::<Result<Bytes, std::io::Error>>());
        assert_eq!(
            read(&HeaderMap::new(), body, 10).await,
            Err(Unread::TooSlow)
        );
    }

    #[tokio::test]
    async fn a_broken_body_is_no_body() {
        let error = std::io::Error::other("reset");
        let body = Body::from_stream(stream::iter([Err::<Bytes, _>(error)]));
        assert_eq!(read(&HeaderMap::new(), body, 10).await, Err(Unread::Broken));
    }

    #[test]
    fn a_media_type_has_any_case_and_parameters_and_stands_once() {
        let is_json = |values: &[&'static str]| {
            let value = |text: &&'static str| http::HeaderValue::from_static(text);
            let pair = |text| (header::CONTENT_TYPE, value(text));
            let mut headers = HeaderMap::new();
            for (name, value) in values.iter().map(pair) {
                headers.append(name, value);
            }
            is_media_type(&headers, "application/json")
        };
        assert!(is_json(&["application/json"]));
        assert!(is_json(&["Application/JSON ; charset=utf-8"]));
        assert!(!is_json(&[]));
        assert!(!is_json(&["application/jsonx"]));
        assert!(!is_json(&["text/plain; application/json"]));
        assert!(!is_json(&["application/json", "application/json"]));
    }
}
