//! Which addresses are for what, by the registries of IANA.

use super::address::Address;
use super::network::Network;

fn any(address: Address, ranges: &[&str]) -> bool {
    let address = Network { ip: address, prefix: address.width() };
    ranges.iter().filter_map(|range| Network::parse(range)).any(|range| range.contains(address))
}

/// Not to be forwarded beyond its network, on the whole Internet.
const UNREACHABLE: &[&str] = &[
    "0.0.0.0/8",
    "10.0.0.0/8",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.0.2.0/24",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "240.0.0.0/4",
    "::1/128",
    "::/128",
    "::ffff:0:0/96",
    "64:ff9b:1::/48",
    "100::/64",
    "2001::/23",
    "2001:db8::/32",
    "2002::/16",
    "fc00::/7",
    "fe80::/10",
];

/// Parts of those that are forwarded all the same.
const REACHABLE: &[&str] = &[
    "192.0.0.9/32",
    "192.0.0.10/32",
    "2001:1::1/128",
    "2001:1::2/128",
    "2001:3::/32",
    "2001:4:112::/48",
    "2001:20::/28",
    "2001:30::/28",
];

/// Addresses that providers share among their customers: neither private nor global.
const SHARED: &[&str] = &["100.64.0.0/10"];

const RESERVED: &[&str] = &[
    "240.0.0.0/4",
    "::/8",
    "100::/8",
    "200::/7",
    "400::/6",
    "800::/5",
    "1000::/4",
    "4000::/3",
    "6000::/3",
    "8000::/3",
    "a000::/3",
    "c000::/3",
    "e000::/4",
    "f000::/5",
    "f800::/6",
    "fe00::/9",
];

/// Whether an address is of a range for private or special use.
pub(crate) fn is_private(address: Address) -> bool {
    any(address, UNREACHABLE) && !any(address, REACHABLE)
}

/// Whether an address can be reached from everywhere.
pub(crate) fn is_global(address: Address) -> bool {
    !is_private(address) && !any(address, SHARED)
}

/// Whether one host can be reached at it from everywhere, and it is no mask that looks like an address.
pub(crate) fn is_reachable(address: Address) -> bool {
    use super::network::{is_hostmask, is_netmask};
    is_global(address) && !is_multicast(address) && !is_netmask(address) && !is_hostmask(address)
}

pub(crate) fn is_loopback(address: Address) -> bool {
    any(address, &["127.0.0.0/8", "::1/128"])
}

pub(crate) fn is_link_local(address: Address) -> bool {
    any(address, &["169.254.0.0/16", "fe80::/10"])
}

pub(crate) fn is_multicast(address: Address) -> bool {
    any(address, &["224.0.0.0/4", "ff00::/8"])
}

pub(crate) fn is_reserved(address: Address) -> bool {
    any(address, RESERVED)
}
