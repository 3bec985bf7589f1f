//! One IP address of either version as a number.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

/// An IP address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Address {
    pub(crate) v6: bool,
    pub(crate) value: u128,
}

impl Address {
    /// Reads an address in its usual form.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        if let Ok(address) = text.parse::<Ipv4Addr>() {
            return Some(Self { v6: false, value: u128::from(u32::from(address)) });
        }
        text.parse::<Ipv6Addr>().ok().map(|address| Self { v6: true, value: u128::from(address) })
    }

    /// How many bits it has.
    pub(crate) fn width(self) -> u32 {
        if self.v6 { 128 } else { 32 }
    }

    /// The number of its version.
    pub(crate) fn version(self) -> u8 {
        if self.v6 { 6 } else { 4 }
    }

    /// The greatest number of its version.
    pub(crate) fn greatest(self) -> u128 {
        if self.v6 { u128::MAX } else { u128::from(u32::MAX) }
    }

    /// Another address of the same version, if the version has it.
    pub(crate) fn with(self, value: u128) -> Option<Self> {
        (value <= self.greatest()).then_some(Self { value, ..self })
    }

    /// The address so many further on.
    pub(crate) fn plus(self, amount: i128) -> Option<Self> {
        self.value.checked_add_signed(amount).and_then(|value| self.with(value))
    }

    /// Its groups of 16 bits, for version 6.
    pub(crate) fn groups(self) -> [u16; 8] {
        Ipv6Addr::from(self.value).segments()
    }

    /// Its bytes, for version 4.
    pub(crate) fn bytes(self) -> [u8; 4] {
        u32::try_from(self.value).unwrap_or(u32::MAX).to_be_bytes()
    }

    /// The shortest form of version 6 without dots, as Python's `ipaddress` writes it.
    pub(crate) fn compressed(self) -> String {
        if !self.v6 {
            return self.to_string();
        }
        let groups = self.groups();
        let (start, length) = longest_zeros(groups);
        let hex = |groups: &[u16]| groups.iter().map(|group| format!("{group:x}")).collect::<Vec<_>>().join(":");
        if length < 2 {
            return hex(&groups);
        }
        let (before, after) = (groups.get(..start).unwrap_or(&[]), groups.get(start + length..).unwrap_or(&[]));
        format!("{}::{}", hex(before), hex(after))
    }

    /// The form with all zeros.
    pub(crate) fn exploded(self) -> String {
        if !self.v6 {
            return self.to_string();
        }
        self.groups().iter().map(|group| format!("{group:04x}")).collect::<Vec<_>>().join(":")
    }

    /// The name under which its own name is looked up.
    pub(crate) fn reverse_name(self) -> String {
        if self.v6 {
            let digits: Vec<String> = format!("{:032x}", self.value).chars().rev().map(String::from).collect();
            format!("{}.ip6.arpa.", digits.join("."))
        } else {
            let [a, b, c, d] = self.bytes();
            format!("{d}.{c}.{b}.{a}.in-addr.arpa.")
        }
    }
}

/// Where the longest run of zero groups starts, the first of several, and how long it is.
fn longest_zeros(groups: [u16; 8]) -> (usize, usize) {
    let (mut best, mut run) = ((0, 0), 0);
    for (index, group) in groups.iter().enumerate() {
        run = if *group == 0 { run + 1 } else { 0 };
        if run > best.1 {
            best = (index + 1 - run, run);
        }
    }
    best
}

/// As the C library writes addresses: those that hold one of version 4 end with its dots.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let dotted = Ipv4Addr::from(u32::try_from(self.value & u128::from(u32::MAX)).unwrap_or_default());
        if !self.v6 {
            return dotted.fmt(f);
        }
        match longest_zeros(self.groups()) {
            (0, 6) => write!(f, "::{dotted}"),
            (0, 5) if self.value >> 32 == 0xffff => write!(f, "::ffff:{dotted}"),
            _ => f.write_str(&self.compressed()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_written_as_the_c_library_does() {
        for text in ["::", "::1", "1::", "2001:db8::1", "::ffff:1.2.3.4", "::1.2.3.4", "1:0:2::3", "1.2.3.4"] {
            assert_eq!(Address::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(Address::parse("1:2:3:4:5:6:0:8").unwrap().to_string(), "1:2:3:4:5:6:0:8");
        assert!(Address::parse("10.1").is_none() && Address::parse("01.2.3.4").is_none());
    }
}
