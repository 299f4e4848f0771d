//! Which path a request means (contract X2).

use http::Uri;
use keyfob_server::http::probe::{is_token_door, meant};

const LENIENT: [&[&str]; 5] = [
    &["auth", "v1"],
    &["auth", "v2"],
    &["auth", "v3"],
    &["auth", "realms"],
    &["identity", "v1"],
];

/// A path is served as it was sent or, where the contract is lenient, with its slashes made one; what
/// two programs could read differently leads nowhere; meant once more it is the same.
pub fn holds(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let Ok(uri) = text.parse::<Uri>() else { return };
    let segments: Vec<&str> = uri.path().split('/').filter(|it| !it.is_empty()).collect();
    let plain = format!("/{}", segments.join("/"));
    let is_lenient = LENIENT.iter().any(|area| segments.starts_with(area));
    let is_good = uri.path().starts_with('/')
        && !segments.iter().any(|segment| is_evasive(segment))
        && (is_lenient || plain == uri.path());
    let Some(served) = meant(&uri) else {
        assert!(!is_good, "{text} leads nowhere");
        return;
    };
    assert!(is_good, "{text} is served as {served}");
    assert_eq!(served.path(), plain);
    assert_eq!(served.query(), uri.query());
    assert_eq!((served.scheme(), served.authority()), (None, None));
    assert_eq!(meant(&served), Some(served.clone()));
    let segments: Vec<&str> = served.path().split('/').collect();
    let is_door = matches!(
        segments.as_slice(),
        ["", "auth", "v1" | "v2" | "v3", ..] | ["", "oauth", "token", ..]
    );
    assert_eq!(is_token_door(served.path()), is_door);
}

/// Whether a segment, decoded, is another path than it looks.
fn is_evasive(segment: &str) -> bool {
    let mut decoded = String::new();
    let mut rest = segment;
    while let Some(letter) = rest.chars().next() {
        let code = rest.get(1..3).filter(|_| letter == '%');
        match code.and_then(|code| u8::from_str_radix(code, 16).ok()) {
            // A sign is no digit.
            Some(byte) if !rest[1..3].starts_with('+') => {
                decoded.push(char::from(byte));
                rest = &rest[3..];
            }
            _plain => {
                decoded.push(letter);
                rest = &rest[letter.len_utf8()..];
            }
        }
    }
    matches!(decoded.as_str(), "." | "..") || decoded.contains(['/', '\\'])
}
