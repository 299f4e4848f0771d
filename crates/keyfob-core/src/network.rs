//! Client networks: the addresses from which a PAT may be exchanged.

use std::net::IpAddr;

use ipnet::{IpNet, Ipv4Net};

/// Most networks that one PAT can name.
pub const NETWORKS_MAX: usize = 50;

/// Why a list of networks was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadNetworks {
    /// None, or more than [`NETWORKS_MAX`].
    #[error("1 to {NETWORKS_MAX} networks can be given")]
    Count,
    /// One of them, counted from 1, is not in CIDR notation (RFC 4632 §3.1).
    #[error("network {0} is not in CIDR notation, such as 203.0.113.0/24")]
    NotANetwork(usize),
    /// One of them, counted from 1, has bits set behind its prefix: probably a slip.
    #[error("network {0} has address bits after its prefix")]
    HostBits(usize),
}

/// One or more networks in CIDR notation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Networks(Vec<IpNet>);

impl Networks {
    /// Reads networks; a bare address is a network of one.
    ///
    /// # Errors
    /// [`BadNetworks`], naming the first wrong one.
    pub fn parse<'t>(texts: impl IntoIterator<Item = &'t str>) -> Result<Self, BadNetworks> {
        let mut networks = Vec::new();
        for (index, text) in texts.into_iter().enumerate() {
            let number = index + 1;
            let network = read(text.trim()).ok_or(BadNetworks::NotANetwork(number))?;
            if network.trunc() != network {
                return Err(BadNetworks::HostBits(number));
            }
            networks.push(canonical(network));
        }
        if networks.is_empty() || networks.len() > NETWORKS_MAX {
            return Err(BadNetworks::Count);
        }
        Ok(Self(networks))
    }

    /// Whether an address lies in one of them. An IPv4 address inside IPv6 counts as IPv4.
    pub fn contain(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }

    /// The networks in CIDR notation.
    pub fn iter(&self) -> impl Iterator<Item = String> + '_ {
        self.0.iter().map(ToString::to_string)
    }

    /// The networks separated by spaces, as stored.
    pub fn to_text(&self) -> String {
        self.iter().collect::<Vec<_>>().join(" ")
    }
}

/// Reads an address with or without a prefix. By hand, because the parser of `ipnet` takes `010.0.0.0/8`,
/// which others read as octal digits: another network.
fn read(text: &str) -> Option<IpNet> {
    let Some((address, prefix)) = text.split_once('/') else {
        return text.parse::<IpAddr>().ok().map(IpNet::from);
    };
    let is_number = prefix.bytes().all(|digit| digit.is_ascii_digit());
    let prefix = prefix.parse().ok().filter(|_prefix| is_number)?;
    IpNet::new(address.parse().ok()?, prefix).ok()
}

/// A network of IPv4 addresses inside IPv6 (RFC 4291 §2.5.5.2) is that IPv4 network: no address would
/// ever be found in it as written.
fn canonical(network: IpNet) -> IpNet {
    let IpNet::V6(inside) = network else {
        return network;
    };
    let address = inside.addr().to_ipv4_mapped();
    let prefix = inside.prefix_len().checked_sub(96);
    let v4 = address
        .zip(prefix)
        .and_then(|(address, prefix)| Ipv4Net::new(address, prefix).ok());
    v4.map_or(network, IpNet::V4)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_inside_up_to_the_last_one() {
        let networks = Networks::parse(["203.0.113.0/24", "2001:db8::/32"]).expect("good networks");
        for (address, inside) in [
            ("203.0.113.0", true),
            ("203.0.113.255", true),
            ("203.0.114.0", false),
            ("::ffff:203.0.113.9", true),
            ("2001:db8:ffff::1", true),
            ("2001:db9::", false),
        ] {
            assert_eq!(
                networks.contain(address.parse().expect("an address")),
                inside,
                "{address}"
            );
        }
        assert_eq!(networks.to_text(), "203.0.113.0/24 2001:db8::/32");
    }

    #[test]
    fn a_network_written_as_ipv4_inside_ipv6_is_that_ipv4_network() {
        let networks = Networks::parse(["::ffff:203.0.113.0/120", "::ffff:10.0.0.1"]);
        let networks = networks.expect("good networks");
        assert_eq!(networks.to_text(), "203.0.113.0/24 10.0.0.1/32");
        assert!(networks.contain("203.0.113.9".parse().expect("an address")));
        assert!(networks.contain("::ffff:10.0.0.1".parse().expect("an address")));
        let wider = Networks::parse(["::fffe:0:0/95"]).expect("a good network");
        assert_eq!(wider.to_text(), "::fffe:0:0/95");
    }

    #[test]
    fn wrong_networks_are_named_by_their_number() {
        assert_eq!(Networks::parse([]), Err(BadNetworks::Count));
        assert_eq!(
            Networks::parse(["10.0.0.0/8", "10.20.0.0/33"]),
            Err(BadNetworks::NotANetwork(2))
        );
        assert_eq!(
            Networks::parse(["10.20.0.1/16"]),
            Err(BadNetworks::HostBits(1))
        );
        for text in [
            "",
            "/8",
            "10.0.0.0/",
            "10.0.0.0/+8",
            "10.0.0.0/8/8",
            "010.0.0.0/8",
            "::/129",
        ] {
            assert_eq!(
                Networks::parse([text]),
                Err(BadNetworks::NotANetwork(1)),
                "{text}"
            );
        }
        let many = vec!["10.0.0.1"; NETWORKS_MAX + 1];
        assert_eq!(Networks::parse(many), Err(BadNetworks::Count));
    }
}
