//! Client networks (RFC 4632 §3.1, RFC 4291 §2.3).

use std::net::{IpAddr, Ipv6Addr};
use std::ops::RangeInclusive;

use keyfob_core::network::{BadNetworks, NETWORKS_MAX, Networks};

/// Networks are read as plain arithmetic reads them, hold their own first and last address and no
/// other, and are printed as they are read.
pub fn holds(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let texts: Vec<&str> = text.lines().collect();
    let ranges: Vec<_> = texts.iter().map(|text| read(text)).collect();
    match Networks::parse(texts.iter().copied()) {
        Ok(networks) => {
            assert!((1..=NETWORKS_MAX).contains(&texts.len()));
            let printed: Vec<String> = networks.iter().collect();
            let again = Networks::parse(printed.iter().map(String::as_str));
            assert_eq!(again.as_ref(), Ok(&networks));
            assert_eq!(networks.to_text().split(' ').count(), texts.len());
            let ranges: Vec<_> = ranges
                .into_iter()
                .map(|reading| match reading {
                    Reading::Network(range) => range,
                    Reading::NotANetwork | Reading::HostBits => panic!("taken all the same"),
                })
                .collect();
            contain_what_they_say(&networks, &ranges);
        }
        Err(BadNetworks::Count) => {
            assert!(texts.is_empty() || texts.len() > NETWORKS_MAX);
        }
        Err(BadNetworks::NotANetwork(number)) => {
            assert_eq!(ranges[number - 1], Reading::NotANetwork, "{}", texts[number - 1]);
        }
        Err(BadNetworks::HostBits(number)) => {
            assert_eq!(ranges[number - 1], Reading::HostBits, "{}", texts[number - 1]);
        }
    }
}

fn contain_what_they_say(networks: &Networks, ranges: &[RangeInclusive<u128>]) {
    let edges = ranges.iter().flat_map(|range| {
        [
            *range.start(),
            *range.end(),
            range.start().wrapping_sub(1),
            range.end().wrapping_add(1),
        ]
    });
    for number in edges {
        let address = Ipv6Addr::from_bits(number);
        // A client's IPv4 address counts as IPv4, so a wide IPv6 network does not hold it.
        let is_v4 = address.to_ipv4_mapped().is_some();
        let inside = ranges
            .iter()
            .any(|range| range.contains(&number) && is_v4 == is_mapped(range));
        assert_eq!(networks.contain(IpAddr::V6(address)), inside, "{address}");
        let canonical = address.to_canonical();
        assert_eq!(networks.contain(canonical), inside, "{canonical}");
    }
}

/// A second reading of one text.
#[derive(Debug, PartialEq, Eq)]
enum Reading {
    NotANetwork,
    /// There are bits behind the prefix.
    HostBits,
    /// Its addresses as numbers, IPv4 mapped into IPv6 (RFC 4291 §2.5.5.2).
    Network(RangeInclusive<u128>),
}

fn read(text: &str) -> Reading {
    match numbers(text) {
        None => Reading::NotANetwork,
        Some((number, behind)) if number & behind != 0 => Reading::HostBits,
        Some((number, behind)) => Reading::Network(number..=number | behind),
    }
}

/// The address as a number, and the bits behind the prefix.
fn numbers(text: &str) -> Option<(u128, u128)> {
    let text = text.trim();
    let (address, prefix) = match text.split_once('/') {
        Some((address, prefix)) => (address, Some(prefix)),
        None => (text, None),
    };
    let address: IpAddr = address.parse().ok()?;
    let (number, width) = match address {
        IpAddr::V4(address) => (address.to_ipv6_mapped().to_bits(), 32),
        IpAddr::V6(address) => (address.to_bits(), 128),
    };
    let prefix = match prefix {
        Some(prefix) => {
            let is_number = prefix.chars().all(|digit| digit.is_ascii_digit());
            let prefix: u32 = prefix.parse().ok().filter(|_| is_number)?;
            width - Some(prefix).filter(|prefix| *prefix <= width)?
        }
        None => 0,
    };
    let behind = u128::MAX.checked_shr(128 - prefix).unwrap_or(0);
    Some((number, behind))
}

fn is_mapped(range: &RangeInclusive<u128>) -> bool {
    let mapped = |number: &u128| Ipv6Addr::from_bits(*number).to_ipv4_mapped().is_some();
    mapped(range.start()) && mapped(range.end())
}
