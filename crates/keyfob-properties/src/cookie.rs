//! The header `Cookie` (RFC 6265 §4.2): the one cookie of ours.

use http::{HeaderMap, HeaderValue, StatusCode, header};
use keyfob_server::http::probe::one_cookie;

use crate::http_request::headers;
use crate::secret::{is_told, planted};

const NAME: &str = "__Host-keyfob_session";

/// One cookie of the name is found wherever it stands, none is invented, two are refused.
pub fn holds(data: &[u8]) {
    let Some(text) = planted(data) else { return };
    let sent = headers(&header::COOKIE, text.as_bytes());
    let ours = ours(&sent);
    match (one_cookie(NAME, &sent), ours.as_slice()) {
        (Ok(None), [] | [""]) => {}
        (Ok(Some(value)), [only]) => {
            assert_eq!(value, *only);
            assert!(!value.is_empty() && !value.contains(';'));
            let alone = HeaderValue::try_from(format!("a=b; {NAME}={value};c")).expect("ASCII");
            let again = HeaderMap::from_iter([(header::COOKIE, alone)]);
            assert_eq!(one_cookie(NAME, &again).expect("one"), Some(value));
        }
        (Err(problem), [_, _, ..]) => {
            assert_eq!(problem.code().status(), StatusCode::BAD_REQUEST);
            assert!(!is_told(problem.detail()) && !is_told(&format!("{problem:?}")));
        }
        (read, ours) => unreachable!("{read:?} of {} cookies", ours.len()),
    }
}

/// The values of our name, letter by letter; a header that is not ASCII is nobody's.
fn ours(headers: &HeaderMap) -> Vec<&str> {
    let mut found = Vec::new();
    for text in headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
    {
        let mut rest = text;
        while !rest.is_empty() {
            let end = rest.find(';').unwrap_or(rest.len());
            let (pair, after) = rest.split_at(end);
            rest = after.strip_prefix(';').unwrap_or(after);
            let value = pair.trim().strip_prefix(NAME);
            found.extend(value.and_then(|value| value.strip_prefix('=')));
        }
    }
    found
}
