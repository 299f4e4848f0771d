//! Whose word about a client's address is believed.
//!
//! The address of a client bounds where a PAT may be used from and is shown with its last use, so a
//! client must never be able to choose it. Only what the operator's own proxies wrote counts: the
//! rightmost address in `X-Forwarded-For` that is none of theirs (ADR 18).

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use http::{HeaderMap, HeaderName};
use keyfob_core::network::{BadNetworks, Networks};

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Why a list of proxies was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadProxies {
    /// One of them is no network.
    #[error(transparent)]
    Networks(#[from] BadNetworks),
    /// One of them, counted from 1, holds every address.
    #[error("network {0} is everybody: any client could then choose its address")]
    Everybody(usize),
}

/// The operator's own proxies; none by default.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TrustedProxies(Option<Arc<Networks>>);

impl TrustedProxies {
    /// Reads networks in CIDR notation; a bare address is a network of one.
    ///
    /// # Errors
    /// [`BadProxies`], naming the first wrong one.
    pub fn parse<'t>(texts: impl IntoIterator<Item = &'t str>) -> Result<Self, BadProxies> {
        let texts: Vec<&str> = texts.into_iter().collect();
        if texts.is_empty() {
            return Ok(Self::default());
        }
        let networks = Networks::parse(texts)?;
        let everybody = networks.iter().position(|network| network.ends_with("/0"));
        match everybody {
            Some(index) => Err(BadProxies::Everybody(index + 1)),
            None => Ok(Self(Some(Arc::new(networks)))),
        }
    }

    /// Whether an address is a proxy's.
    pub fn contain(&self, address: IpAddr) -> bool {
        let networks = self.0.as_deref();
        networks.is_some_and(|networks| networks.contain(address))
    }

    /// The networks in CIDR notation.
    pub fn iter(&self) -> impl Iterator<Item = String> + '_ {
        self.0.iter().flat_map(|networks| networks.iter())
    }

    /// The address of the client behind a connection from `peer`.
    ///
    /// From right to left, each proxy is believed about who spoke to it, and the first address that is
    /// no proxy's is the client's. An entry that is no address ends the search: the client is then the
    /// last one that was found, a proxy, and never what somebody wrote further left.
    pub fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        // Canonical: on a dual-stack socket an IPv4 client has an IPv6 address (RFC 4291 §2.5.5.2).
        let mut client = peer.to_canonical();
        // Several headers of one name are one list in their order (RFC 9110 §5.3).
        let lines = headers.get_all(X_FORWARDED_FOR).iter();
        let lines: Vec<&[u8]> = lines.map(http::HeaderValue::as_bytes).collect();
        let mut entries = lines
            .into_iter()
            .rev()
            .flat_map(|line| line.rsplit(|byte| *byte == b','));
        while self.contain(client) {
            let Some(address) = entries.next().and_then(address) else {
                break;
            };
            client = address.to_canonical();
        }
        client
    }
}

/// An entry: an address, as some proxies write it with the port, and IPv6 perhaps in brackets.
fn address(entry: &[u8]) -> Option<IpAddr> {
    let entry = std::str::from_utf8(entry).ok()?;
    let entry = entry.trim_matches([' ', '\t']);
    let bare = entry.strip_prefix('[').and_then(|it| it.strip_suffix(']'));
    if let Some(bracketed) = bare {
        return bracketed.parse().map(IpAddr::V6).ok();
    }
    let with_port = || entry.parse().map(|with_port: SocketAddr| with_port.ip());
    entry.parse().or_else(|_no_address| with_port()).ok()
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn proxies() -> TrustedProxies {
        TrustedProxies::parse(["10.0.0.0/8", "2001:db8:1::/48", "192.0.2.9"]).expect("networks")
    }

    /// The client behind a peer that sent these header lines.
    fn client(peer: &str, lines: &[&[u8]]) -> String {
        let mut headers = HeaderMap::new();
        for line in lines {
            let line = HeaderValue::from_bytes(line).expect("a value");
            headers.append(X_FORWARDED_FOR, line);
        }
        let peer = peer.parse().expect("an address");
        proxies().client(peer, &headers).to_string()
    }

    #[test]
    fn e_50_the_client_is_the_rightmost_address_that_is_no_proxys() {
        for (peer, lines, wanted) in [
            ("10.0.0.1", &[][..], "10.0.0.1"),
            ("10.0.0.1", &[&b"203.0.113.5"[..]], "203.0.113.5"),
            ("10.0.0.1", &[b"1.1.1.1, 203.0.113.5"], "203.0.113.5"),
            (
                "10.0.0.1",
                &[b"1.1.1.1,203.0.113.5,10.2.3.4"],
                "203.0.113.5",
            ),
            // Repeated headers are one list.
            (
                "10.0.0.1",
                &[b"1.1.1.1", b"203.0.113.5", b"10.9.9.9"],
                "203.0.113.5",
            ),
            (
                "10.0.0.1",
                &[b"203.0.113.5", b"10.1.1.1, 192.0.2.9"],
                "203.0.113.5",
            ),
            // A request that one of the proxies made itself.
            ("10.0.0.1", &[b"10.0.0.2, 10.0.0.3"], "10.0.0.2"),
            ("::ffff:10.0.0.1", &[b"::ffff:203.0.113.5"], "203.0.113.5"),
            ("2001:db8:1::1", &[b"2001:db8:2::1"], "2001:db8:2::1"),
            ("10.0.0.1", &[b"203.0.113.5:4711"], "203.0.113.5"),
            ("10.0.0.1", &[b"[2001:db8:2::1]:443"], "2001:db8:2::1"),
            ("10.0.0.1", &[b"\t[2001:db8:2::1] "], "2001:db8:2::1"),
        ] {
            assert_eq!(client(peer, lines), wanted, "{peer} {lines:?}");
        }
    }

    #[test]
    fn e_50_nobody_else_is_believed() {
        for peer in ["203.0.113.5", "192.0.2.8", "::1"] {
            assert_eq!(client(peer, &[b"10.0.0.7"]), peer);
        }
        let headers =
            HeaderMap::from_iter([(X_FORWARDED_FOR, HeaderValue::from_static("1.1.1.1"))]);
        let peer = "127.0.0.1".parse().expect("an address");
        let by_default = TrustedProxies::default().client(peer, &headers);
        assert_eq!(by_default, peer, "by default nobody is");
    }

    #[test]
    fn e_50_an_entry_that_is_no_address_ends_the_search() {
        for entry in [
            &b"1.1.1.1, unknown"[..],
            b"1.1.1.1, ",
            b"1.1.1.1, _hidden",
            b"1.1.1.1, 203.0.113.5:http",
            b"1.1.1.1, 203.0.113.5.",
            b"1.1.1.1, 203.0.113.0/24",
            b"1.1.1.1, fe80::1%eth0",
            b"1.1.1.1, [203.0.113.5]",
            b"1.1.1.1, \xff",
            b"1.1.1.1, 0x0a.1",
        ] {
            assert_eq!(client("10.0.0.1", &[entry]), "10.0.0.1", "{entry:?}");
            let further_right = [entry, b", 10.3.3.3"].concat();
            assert_eq!(client("10.0.0.1", &[&further_right]), "10.3.3.3");
        }
    }

    #[test]
    fn a_list_of_proxies_names_networks_and_never_everybody() {
        assert_eq!(TrustedProxies::parse([]), Ok(TrustedProxies::default()));
        let wrong = BadProxies::Networks(BadNetworks::NotANetwork(2));
        assert_eq!(TrustedProxies::parse(["10.0.0.1", "proxy"]), Err(wrong));
        for everybody in ["0.0.0.0/0", "::/0"] {
            let refused = TrustedProxies::parse(["10.0.0.1", everybody]);
            assert_eq!(refused, Err(BadProxies::Everybody(2)), "{everybody}");
        }
        let shown: Vec<String> = proxies().iter().collect();
        assert_eq!(shown, ["10.0.0.0/8", "2001:db8:1::/48", "192.0.2.9/32"]);
    }
}
