//! The header `Authorization` (RFC 6750 §2.1), bare tokens included.

use http::{HeaderMap, HeaderValue, StatusCode, header};
use keyfob_server::http::probe::bearer;

use crate::http_request::headers;
use crate::secret::{is_told, planted};

/// A token is a part of the one header, without its scheme; refusals tell nothing of it.
pub fn holds(data: &[u8]) {
    let Some(text) = planted(data) else { return };
    let sent = headers(&header::AUTHORIZATION, text.as_bytes());
    let values: Vec<_> = sent.get_all(header::AUTHORIZATION).iter().collect();
    match bearer(&sent) {
        Ok(None) => assert!(values.is_empty()),
        Ok(Some(token)) => {
            assert_eq!(values.len(), 1);
            let whole = values[0].to_str().expect("only ASCII is read").trim();
            assert_eq!(token.trim(), token);
            let scheme = whole.strip_suffix(token).expect("the end of the header");
            assert!(scheme.is_empty() || scheme.trim().eq_ignore_ascii_case("bearer"));
            assert_eq!(scheme.is_empty(), !whole.contains(' '));
            read_back(token);
        }
        Err(problem) => {
            let status = problem.code().status();
            assert!([StatusCode::BAD_REQUEST, StatusCode::UNAUTHORIZED].contains(&status));
            assert!(!is_told(problem.detail()) && !is_told(&format!("{problem:?}")));
        }
    }
}

/// With the scheme before it, in any case, a token is the same token.
fn read_back(token: &str) {
    for scheme in ["Bearer ", "bEARER  "] {
        let value = HeaderValue::try_from(format!("{scheme}{token}")).expect("ASCII");
        let again = HeaderMap::from_iter([(header::AUTHORIZATION, value)]);
        let read = bearer(&again).expect("what was read once");
        // Of an empty one the scheme is all that there is, and stands for itself.
        let expected = if token.is_empty() { scheme.trim() } else { token };
        assert_eq!(read, Some(expected));
    }
}
