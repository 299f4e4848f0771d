//! Client networks: the addresses from which a PAT may be exchanged.

use std::net::IpAddr;

use ipnet::IpNet;

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
            let network = match text.trim().parse::<IpNet>() {
                Ok(network) => network,
                Err(_not_cidr) => text
                    .trim()
                    .parse::<IpAddr>()
                    .map(IpNet::from)
                    .map_err(|_no_address| BadNetworks::NotANetwork(number))?,
            };
            if network.trunc() != network {
                return Err(BadNetworks::HostBits(number));
            }
            networks.push(network);
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
        let many = vec!["10.0.0.1"; NETWORKS_MAX + 1];
        assert_eq!(Networks::parse(many), Err(BadNetworks::Count));
    }
}
