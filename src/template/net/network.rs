//! An address with the length of its network.

use std::fmt;

use super::address::Address;

/// An address within a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Network {
    pub(crate) ip: Address,
    pub(crate) prefix: u32,
}

impl Network {
    /// Reads `address`, `address/24`, `address/255.255.255.0` or `address/0.0.0.255`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let ip = Address::parse(address)?;
        let Some(prefix) = prefix else { return Some(Self { ip, prefix: ip.width() }) };
        if let Ok(prefix) = prefix.trim().parse::<u32>() {
            return (prefix <= ip.width()).then_some(Self { ip, prefix });
        }
        let mask = Address::parse(prefix).filter(|mask| mask.v6 == ip.v6)?;
        let found = if is_netmask(mask) {
            ip.width() - mask.value.trailing_zeros().min(ip.width())
        } else if is_hostmask(mask) {
            ip.width() - mask.value.trailing_ones()
        } else {
            return None;
        };
        Some(Self { ip, prefix: found })
    }

    /// The same without bits of a host.
    pub(crate) fn is_strict(self) -> bool {
        self.ip == self.network()
    }

    /// The bits that tell hosts apart.
    pub(crate) fn hostmask(self) -> Address {
        let bits = self.ip.width() - self.prefix;
        Address { v6: self.ip.v6, value: if bits == 128 { u128::MAX } else { (1_u128 << bits) - 1 } }
    }

    pub(crate) fn netmask(self) -> Address {
        Address { v6: self.ip.v6, value: self.ip.greatest() ^ self.hostmask().value }
    }

    /// The first address.
    pub(crate) fn network(self) -> Address {
        Address { v6: self.ip.v6, value: self.ip.value & self.netmask().value }
    }

    /// The last address.
    pub(crate) fn last(self) -> Address {
        Address { v6: self.ip.v6, value: self.ip.value | self.hostmask().value }
    }

    /// The last address, where it is one for all; the two addresses of a link have none.
    pub(crate) fn broadcast(self) -> Option<Address> {
        (self.ip.width() - self.prefix > 1).then(|| self.last())
    }

    /// The network alone.
    pub(crate) fn cidr(self) -> Self {
        Self { ip: self.network(), prefix: self.prefix }
    }

    /// How many addresses it has; one that has all of version 6 counts one less.
    pub(crate) fn size(self) -> u128 {
        self.hostmask().value.saturating_add(1)
    }

    /// The first and the last address that a host may have, in a network of more than one.
    pub(crate) fn usable(self) -> Option<(Address, Address)> {
        match self.size() {
            1 => None,
            2 => Some((self.network(), self.last())),
            _ => Some((self.network().plus(1)?, self.last().plus(-1)?)),
        }
    }

    /// Whether another lies in it.
    pub(crate) fn contains(self, other: Self) -> bool {
        self.ip.v6 == other.ip.v6
            && self.prefix <= other.prefix
            && self.network().value == other.ip.value & self.netmask().value
    }

    /// The address at a place, counted from the end where it is negative.
    pub(crate) fn nth(self, index: i128) -> Option<Address> {
        let size = i128::try_from(self.size()).unwrap_or(i128::MAX);
        match index {
            0.. if index < size => self.network().plus(index),
            _ if index < 0 && index >= -size => self.last().plus(index + 1),
            _ => None,
        }
    }
}

/// Whether a number is ones and then zeros.
pub(super) fn is_netmask(mask: Address) -> bool {
    is_hostmask(Address { value: mask.value ^ mask.greatest(), ..mask })
}

/// Whether a number is zeros and then ones.
pub(super) fn is_hostmask(mask: Address) -> bool {
    mask.value & mask.value.wrapping_add(1) == 0
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.ip, self.prefix)
    }
}

/// The fewest networks that hold the same addresses, in order.
pub(crate) fn merge(networks: &[Network]) -> Vec<Network> {
    let mut sorted: Vec<Network> = networks.iter().map(|network| network.cidr()).collect();
    sorted.sort_by_key(|network| (network.ip, network.prefix));
    let mut out: Vec<Network> = Vec::new();
    for network in sorted {
        if out.last().is_some_and(|last| last.contains(network)) {
            continue;
        }
        out.push(network);
        // two halves make a whole, which may be a half in its turn
        while let [.., a, b] = &out[..] {
            let whole = Network { ip: a.ip, prefix: a.prefix.saturating_sub(1) };
            let halves =
                a.prefix == b.prefix && a.prefix > 0 && a.ip.v6 == b.ip.v6 && whole.is_strict() && whole.contains(*b);
            if !halves {
                break;
            }
            out.truncate(out.len() - 2);
            out.push(whole);
        }
    }
    out
}

/// The smallest network that holds all; nothing if their versions differ.
pub(crate) fn span(networks: &[Network]) -> Option<Network> {
    let first = networks.iter().map(|network| network.network()).min()?;
    let last = networks.iter().map(|network| network.last()).max()?;
    if first.v6 != last.v6 {
        return None;
    }
    let different = 128 - (first.value ^ last.value).leading_zeros();
    Some(Network { ip: first, prefix: first.width() - different }.cidr())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(texts: &[&str]) -> Vec<Network> {
        texts.iter().map(|text| Network::parse(text).unwrap()).collect()
    }

    #[test]
    fn networks_merge_and_span() {
        let merged = merge(&read(&["10.0.0.0/24", "10.0.1.0/24", "10.0.3.0/24", "10.0.1.7", "10.0.2.0/24"]));
        assert_eq!(merged.iter().map(ToString::to_string).collect::<Vec<_>>(), ["10.0.0.0/22"]);
        assert_eq!(span(&read(&["10.0.0.1", "10.0.2.9"])).unwrap().to_string(), "10.0.0.0/22");
        assert!(span(&read(&["10.0.0.1", "::1"])).is_none());
        assert_eq!(merge(&read(&["0.0.0.0/1", "128.0.0.0/1", "::/0"])).len(), 2);
    }

    #[test]
    fn masks_are_prefixes() {
        for (text, prefix) in
            [("10.0.0.0/255.255.0.0", 16), ("10.0.0.0/0.0.0.255", 24), ("1.2.3.4/0.0.0.0", 0), ("::/ffff::", 16)]
        {
            assert_eq!(Network::parse(text).unwrap().prefix, prefix, "{text}");
        }
        assert!(Network::parse("10.0.0.0/255.0.255.0").is_none() && Network::parse("10.0.0.0/33").is_none());
    }
}
