//! What `ipaddr` can be asked about one address or network.

use crate::template::fault::{Fault, Outcome};
use crate::template::net::{Address, Network, is_global, is_link_local, is_loopback, is_multicast, is_reachable};
use crate::value::Value;

/// A text or number read as an address or network.
#[derive(Clone)]
pub(super) struct Subject {
    pub(super) network: Network,
    /// Whether a length was given with it.
    pub(super) with_prefix: bool,
    /// It as it was given.
    pub(super) text: String,
}

impl Subject {
    /// Reads a value; nothing if it is neither an address nor a network.
    pub(super) fn read(value: &Value, version: Option<u8>) -> Option<Self> {
        let text = match value {
            Value::Str(text) => text.to_string(),
            Value::Int(number) if *number != 0 => number.to_string(),
            _ => return None,
        };
        if !text.is_empty() && text.chars().all(|c| c.is_ascii_digit()) {
            let number = text.parse().ok()?;
            let ip = Address { v6: version == Some(6) || number > u128::from(u32::MAX), value: number };
            let network = Network { ip, prefix: ip.width() };
            return Some(Self { network, with_prefix: false, text: network.to_string() });
        }
        if let Some(network) = Network::parse(&text) {
            return Some(Self { network, with_prefix: text.contains('/'), text });
        }
        let (number, prefix) = text.split_once('/')?;
        let (number, prefix) = (number.parse().ok()?, prefix.parse().ok()?);
        let v6 = number > u128::from(u32::MAX) || prefix > 32;
        let network = Network { ip: Address { v6, value: number }, prefix };
        (prefix <= network.ip.width()).then(|| Self { network, with_prefix: true, text: network.to_string() })
    }
}

/// A number that may be greater than values hold.
pub(super) fn number(number: u128) -> Outcome<Value> {
    i128::try_from(number).map(Value::Int).map_err(|_| Fault::new("the number has more than 127 bits"))
}

#[expect(clippy::needless_pass_by_value, reason = "most are made for it")]
fn text(text: impl ToString) -> Value {
    Value::data(text.to_string())
}

fn some(address: Option<Address>) -> Value {
    address.map_or(Value::Null, text)
}

/// All questions that have a name, for help.
const QUERIES: &[&str] = &[
    "6to4",
    "address",
    "address/prefix",
    "bool",
    "broadcast",
    "cidr",
    "first_usable",
    "gateway",
    "gw",
    "host",
    "host/prefix",
    "hostmask",
    "hostnet",
    "int",
    "ip",
    "ip/prefix",
    "ip_netmask",
    "ipv4",
    "ipv6",
    "last_usable",
    "link-local",
    "lo",
    "loopback",
    "multicast",
    "net",
    "netmask",
    "network",
    "network/prefix",
    "network_id",
    "network_netmask",
    "network_wildcard",
    "next_usable",
    "peer",
    "prefix",
    "previous_usable",
    "private",
    "public",
    "range_usable",
    "revdns",
    "router",
    "size",
    "size_usable",
    "subnet",
    "type",
    "unicast",
    "v4",
    "v6",
    "version",
    "wildcard",
    "wrap",
];

/// The answer: nothing or `false` where the address does not have what is asked for.
pub(super) fn ask(subject: &Subject, query: &str) -> Outcome<Value> {
    let Subject { network: v, with_prefix, .. } = *subject;
    let (size, ip, prefix) = (v.size(), v.ip, v.prefix);
    let single = size == 1;
    let at_network = ip == v.network();
    let itself = || Value::data(subject.text.as_str());
    let if_so = |holds: bool| if holds { itself() } else { Value::Null };
    let needs_network = || {
        if with_prefix { Ok(()) } else { Err(Fault::new(format!("`{query}` needs a network, and there is no prefix"))) }
    };
    Ok(match query {
        "" if with_prefix => text(v),
        "" => text(ip),
        "6to4" => six_to_four(subject),
        "address" | "ip" => if_then(single || !at_network || ip.v6 || v.broadcast().is_none(), ip),
        "address/prefix" | "gateway" | "gw" | "host/prefix" | "hostnet" | "router" => {
            if size > 2 && (at_network || Some(ip) == v.broadcast()) { Value::Bool(false) } else { text(v) }
        }
        "bool" => Value::Bool(true),
        "broadcast" => if_then(size > 2, v.last()),
        "cidr" => text(v),
        "first_usable" => {
            needs_network()?;
            some(v.usable().map(|(first, _)| first))
        }
        "last_usable" => {
            needs_network()?;
            some(v.usable().map(|(_, last)| last))
        }
        "range_usable" => {
            needs_network()?;
            v.usable().map_or(Value::Null, |(first, last)| text(format!("{first}-{last}")))
        }
        "next_usable" | "previous_usable" => {
            needs_network()?;
            let next = ip.plus(if query == "next_usable" { 1 } else { -1 });
            some(v.usable().and_then(|(first, last)| next.filter(|next| *next >= first && *next <= last)))
        }
        "host" => if_then(single || !at_network || v.broadcast().is_none(), v),
        "hostmask" | "wildcard" => text(v.hostmask()),
        "int" if with_prefix => text(format!("{}/{prefix}", ip.value)),
        "int" => number(ip.value)?,
        "ip/prefix" => if_then(size == 2 || (!single && !at_network), v),
        "ip_netmask" => if_then(size == 2 || (!single && !at_network), format!("{ip} {}", v.netmask())),
        "ipv4" | "v4" if ip.v6 => version_4(v).map_or(Value::Bool(false), text),
        "ipv6" | "v6" if !ip.v6 => {
            let mapped = Address { v6: true, value: 0xffff_0000_0000 + ip.value };
            text(Network { ip: mapped, prefix: prefix + 96 })
        }
        "link-local" => if_so(is_link_local(ip)),
        "lo" | "loopback" => if_so(is_loopback(ip)),
        "multicast" => if_so(is_multicast(ip)),
        "unicast" => if_so(!is_multicast(ip)),
        "private" => if_so(!is_global(ip)),
        "public" => if_so(is_reachable(ip)),
        "net" => if_then(!single && at_network, v),
        "netmask" => text(v.netmask()),
        "network" | "network_id" => text(v.network()),
        "network/prefix" | "subnet" => text(v.cidr()),
        "network_netmask" => text(format!("{} {}", v.network(), v.netmask())),
        "network_wildcard" => text(format!("{} {}", v.network(), v.hostmask())),
        "peer" => {
            needs_network()?;
            peer(v)?
        }
        "prefix" => Value::Int(prefix.into()),
        "revdns" => text(ip.reverse_name()),
        "size" => number(size)?,
        "size_usable" => number(if size > 2 { size - 2 } else { u128::from(size == 2) * 2 })?,
        "type" => text(if single || !at_network { "address" } else { "network" }),
        "version" => Value::Int(ip.version().into()),
        "wrap" if ip.v6 && with_prefix => text(format!("[{ip}]/{prefix}")),
        "wrap" if ip.v6 => text(format!("[{ip}]")),
        "wrap" | "ipv4" | "v4" | "ipv6" | "v6" => itself(),
        _ => return within_or_nth(subject, query),
    })
}

fn if_then(holds: bool, what: impl ToString) -> Value {
    if holds { text(what) } else { Value::Null }
}

/// A network to lie in, or the number of an address.
fn within_or_nth(subject: &Subject, query: &str) -> Outcome<Value> {
    let v = subject.network;
    let number = !query.is_empty() && query.chars().all(|c| c.is_ascii_digit());
    if let Some(wanted) = Subject::read(&Value::data(query), None).filter(|_| !number) {
        let holds = wanted.network.contains(v);
        return Ok(if holds { Value::data(subject.text.as_str()) } else { Value::Null });
    }
    if query.trim().parse::<f64>().is_err() {
        let help = crate::diag::did_you_mean(query, QUERIES.iter().copied());
        return Err(Fault::new(format!("unknown filter type: {query}")).help(help));
    }
    Ok(match v.size() {
        1 if subject.with_prefix => text(v),
        1 => text(v.ip),
        _ => match query.trim().parse().ok().and_then(|index| v.nth(index)) {
            Some(ip) => text(Network { ip, prefix: v.prefix }),
            None => Value::Bool(false),
        },
    })
}

fn six_to_four(subject: &Subject) -> Value {
    let v = subject.network;
    let host = v.size() == 1 || v.ip != v.network();
    let inside = Network::parse("2002::/16").is_some_and(|range| range.contains(Network { ip: v.ip, prefix: 128 }));
    match v.ip.v6 {
        false if host && (is_reachable(v.ip) || !is_global(v.ip)) => {
            let [a, b, c, d] = v.ip.bytes();
            text(format!("2002:{a:02x}{b:02x}:{c:02x}{d:02x}::1/48"))
        }
        true if inside && (!subject.with_prefix || v.ip != v.network()) => Value::data(subject.text.as_str()),
        _ => Value::Bool(false),
    }
}

/// An address of version 4 in one of version 6.
fn version_4(v: Network) -> Option<Network> {
    let value = match v.ip.value {
        value if value <= u128::from(u32::MAX) => value,
        value if value <= 0xffff_ffff_ffff => value.checked_sub(0xffff_0000_0000)?,
        _ => return None,
    };
    Some(Network { ip: Address { v6: false, value }, prefix: v.prefix.checked_sub(96)? })
}

/// The other end of a link.
fn peer(v: Network) -> Outcome<Value> {
    let other = match (v.size(), v.ip.value % 4) {
        (2, _) => v.ip.value ^ 1,
        (4, 0) => return Err(Fault::new("the network address of a /30 has no peer")),
        (4, 3) => return Err(Fault::new("the broadcast address of a /30 has no peer")),
        (4, _) => v.ip.value ^ 3,
        _ => return Err(Fault::new("it is not a point-to-point network")),
    };
    Ok(text(Address { value: other, ..v.ip }))
}
