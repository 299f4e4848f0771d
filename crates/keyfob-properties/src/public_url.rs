//! The public URL, which is the issuer and what browsers send as `Origin` (RFC 6454 §6.2).

use std::net::IpAddr;

use keyfob_server::config::PublicUrl;
use url::Url;

/// A public URL is scheme, host and port in their one form; printed and read again it is the same.
pub fn holds(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let Ok(url) = PublicUrl::parse(&text) else {
        return;
    };
    let shown = url.as_str();
    assert_eq!(PublicUrl::parse(shown).as_ref(), Ok(&url));
    assert_eq!(PublicUrl::parse(&format!("{shown}/")).as_ref(), Ok(&url));
    let (scheme, place) = shown.split_once("://").expect("a URL");
    assert_eq!(url.is_https(), scheme == "https");
    assert!(["http", "https"].contains(&scheme));
    assert!(place.is_ascii() && !place.contains(['/', '?', '#', '@', '\\', ' ']));
    let theirs = Url::parse(shown).expect("a URL");
    assert_eq!(theirs.origin().ascii_serialization(), shown);
    let host = theirs.host_str().expect("a host");
    assert!(!host.is_empty());
    let address = host.trim_matches(['[', ']']).parse::<IpAddr>();
    let is_local = host == "localhost" || host.ends_with(".localhost");
    assert_eq!(
        url.is_loopback(),
        is_local || address.is_ok_and(|address| address.is_loopback())
    );
}
