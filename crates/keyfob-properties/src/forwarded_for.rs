//! The header `X-Forwarded-For`: which address is the client's (ADR 18).

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use http::{HeaderMap, HeaderName, HeaderValue};
use keyfob_server::proxies::TrustedProxies;

use crate::http_request::headers;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const PROXIES: [&str; 3] = ["10.0.0.0/8", "2001:db8:1::/48", "192.0.2.9"];

/// The client is the peer or what a proxy wrote, as a second reading from the right finds it, and what a
/// client puts further left changes nothing. The first line of the input is the peer, if it is an address.
pub fn holds(data: &[u8]) {
    let end = data.iter().position(|byte| *byte == b'\n');
    let (first, rest) = data.split_at(end.unwrap_or(data.len()));
    let peer = std::str::from_utf8(first).ok();
    let peer: Option<IpAddr> = peer.and_then(|text| text.parse().ok());
    let (peer, lines) = match peer {
        Some(peer) => (peer, rest.strip_prefix(b"\n").unwrap_or_default()),
        None => (Ipv4Addr::new(10, 0, 0, 1).into(), data),
    };
    let proxies = TrustedProxies::parse(PROXIES).expect("networks");
    let sent = headers(&X_FORWARDED_FOR, lines);
    let client = proxies.client(peer, &sent);
    assert_eq!(client, client.to_canonical());
    assert_eq!(client, read(&proxies, peer, &sent));
    assert_eq!(TrustedProxies::default().client(peer, &sent), peer.to_canonical());
    if !proxies.contain(client) {
        let forged = further_left("203.0.113.99", &sent);
        assert_eq!(proxies.client(peer, &forged), client, "a client chose its address");
    }
    let nothing = further_left("unknown", &sent);
    assert_eq!(proxies.client(peer, &nothing), client);
}

/// The same header behind a line that came before.
fn further_left(line: &'static str, sent: &HeaderMap) -> HeaderMap {
    let mut headers = HeaderMap::from_iter([(X_FORWARDED_FOR, HeaderValue::from_static(line))]);
    for value in sent.get_all(X_FORWARDED_FOR) {
        headers.append(X_FORWARDED_FOR, value.clone());
    }
    headers
}

/// A second reading: all lines as one list, each entry taken off its end.
fn read(proxies: &TrustedProxies, peer: IpAddr, sent: &HeaderMap) -> IpAddr {
    let mut list = Vec::new();
    for value in sent.get_all(X_FORWARDED_FOR) {
        list.extend(value.as_bytes().split(|byte| *byte == b','));
    }
    let mut client = peer.to_canonical();
    while let Some(entry) = list.pop().filter(|_| proxies.contain(client)) {
        match address(&String::from_utf8_lossy(entry)) {
            Some(address) => client = address,
            None => break,
        }
    }
    client
}

fn address(entry: &str) -> Option<IpAddr> {
    let entry = entry.trim_matches(|letter| letter == ' ' || letter == '\t');
    let without_brackets = entry.replacen('[', "", 1).replacen(']', "", 1);
    let is_bracketed = format!("[{without_brackets}]") == entry;
    let address: Option<IpAddr> = if is_bracketed {
        without_brackets.parse().ok().filter(IpAddr::is_ipv6)
    } else if let Ok(with_port) = entry.parse::<SocketAddr>() {
        Some(with_port.ip())
    } else {
        entry.parse().ok()
    };
    address.map(|address| address.to_canonical())
}
