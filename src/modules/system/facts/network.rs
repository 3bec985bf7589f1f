//! Network interfaces, addresses, default routes, name servers.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, UdpSocket};
use std::path::Path;

use super::netlink::{Address, addresses};
use super::{Facts, read};
use crate::modules::error::ModuleError;
use crate::value::{Map, Value};

/// Kinds of interfaces by their number.
const KINDS: &[(&str, &str)] =
    &[("1", "ether"), ("32", "infiniband"), ("512", "ppp"), ("772", "loopback"), ("65534", "tunnel")];

pub(super) fn network(facts: &mut Facts) -> Result<(), ModuleError> {
    let addresses = addresses().map_err(|error| ModuleError::because("cannot list the network's addresses", error))?;
    let mut names = Vec::new();
    let (mut all4, mut all6) = (Vec::new(), Vec::new());
    let routes = [default_route4(), default_route6()];
    let mut defaults = routes.map(|route| route.map(Route::into_map).unwrap_or_default());
    for path in read::folder("/sys/class/net").into_iter().filter(|path| path.is_dir()) {
        let name = read::name(&path);
        let index = read::number(&path.join("ifindex"));
        let mut map = device(&path, &name);
        for address in addresses.iter().filter(|address| Some(i64::from(address.index)) == index) {
            match address.ip {
                IpAddr::V4(ip) => {
                    let about = about_v4(ip, address);
                    if default_is(&defaults[0], &name, &ip.to_string()) {
                        complete(&mut defaults[0], &about, &map);
                        let label = address.label.clone().unwrap_or_else(|| name.clone());
                        defaults[0].insert("alias".into(), Value::from(label));
                    }
                    if !ip.is_loopback() {
                        all4.push(Value::from(ip.to_string()));
                    }
                    if address.secondary || map.contains_key("ipv4") {
                        push(&mut map, "ipv4_secondaries", Value::map(about));
                    } else {
                        map.insert("ipv4".into(), Value::map(about));
                    }
                }
                IpAddr::V6(ip) => {
                    let about = about_v6(ip, address);
                    if default_is(&defaults[1], &name, &ip.to_string()) {
                        complete(&mut defaults[1], &about, &map);
                    }
                    if !ip.is_loopback() {
                        all6.push(Value::from(ip.to_string()));
                    }
                    push(&mut map, "ipv6", Value::map(about));
                }
            }
        }
        facts.set(&name.replace([':', '-'], "_"), map);
        names.push(Value::from(name));
    }
    let [v4, v6] = defaults;
    facts.set("interfaces", Value::list(names));
    facts.set("default_ipv4", v4);
    facts.set("default_ipv6", v6);
    facts.set("all_ipv4_addresses", Value::list(all4));
    facts.set("all_ipv6_addresses", Value::list(all6));
    Ok(())
}

fn device(path: &Path, name: &str) -> Map {
    let text = |file: &str| read::file(&path.join(file).to_string_lossy());
    let mut map = Map::new();
    let mut add = |key: &str, value: Value| {
        map.insert(key.into(), value);
    };
    add("device", Value::from(name));
    if let Some(mac) = text("address").filter(|mac| mac != "00:00:00:00:00:00") {
        add("macaddress", mac.into());
    }
    if let Some(mtu) = read::number(&path.join("mtu")) {
        add("mtu", mtu.into());
    }
    if let Some(state) = text("operstate") {
        add("active", Value::Bool(state != "down"));
    }
    if let Ok(module) = path.join("device/driver/module").canonicalize() {
        add("module", read::name(&module).into());
    }
    if let Some(number) = text("type") {
        let kind = KINDS.iter().find(|(known, _)| *known == number).map_or("unknown", |(_, kind)| kind);
        add("type", kind.into());
    }
    if path.join("bridge").exists() {
        add("type", "bridge".into());
        let parts = read::folder(&path.join("brif").to_string_lossy());
        add("interfaces", Value::list(parts.iter().map(|part| Value::from(read::name(part))).collect()));
        if let Some(id) = text("bridge/bridge_id") {
            add("id", id.into());
        }
        if let Some(state) = text("bridge/stp_state") {
            add("stp", Value::Bool(state == "1"));
        }
    }
    if path.join("bonding").exists() {
        add("type", "bonding".into());
        let first = |file: &str| {
            Value::from(text(file).and_then(|t| t.split(' ').next().map(str::to_owned)).unwrap_or_default())
        };
        let slaves = text("bonding/slaves").unwrap_or_default();
        add("slaves", Value::list(slaves.split_whitespace().map(Value::from).collect()));
        add("mode", first("bonding/mode"));
        add("miimon", first("bonding/miimon"));
        add("lacp_rate", first("bonding/lacp_rate"));
    }
    if let Ok(target) = path.join("device").read_link() {
        add("pciid", read::name(&target).into());
    }
    if let Some(speed) = read::number(&path.join("speed")) {
        add("speed", speed.into());
    }
    if let Some(flags) = text("flags").and_then(|text| i64::from_str_radix(text.trim_start_matches("0x"), 16).ok()) {
        add("promisc", Value::Bool(flags & 0x100 != 0));
    }
    map
}

fn about_v4(ip: Ipv4Addr, address: &Address) -> Map {
    let mask = u32::MAX.checked_shl(32 - u32::from(address.prefix.min(32))).unwrap_or(0);
    let broadcast = address.broadcast.map(|ip| ip.to_string()).unwrap_or_default();
    Map::from([
        ("address".into(), Value::from(ip.to_string())),
        ("broadcast".into(), Value::from(broadcast)),
        ("netmask".into(), Value::from(Ipv4Addr::from(mask).to_string())),
        ("network".into(), Value::from(Ipv4Addr::from(u32::from(ip) & mask).to_string())),
        ("prefix".into(), Value::from(address.prefix.to_string())),
    ])
}

fn about_v6(ip: Ipv6Addr, address: &Address) -> Map {
    Map::from([
        ("address".into(), Value::from(ip.to_string())),
        ("prefix".into(), Value::from(address.prefix.to_string())),
        ("scope".into(), Value::from(address.scope)),
    ])
}

fn push(map: &mut Map, key: &str, value: Value) {
    let list = match map.get(key) {
        Some(Value::List(items)) => items.iter().cloned().chain([value]).collect(),
        _ => vec![value],
    };
    map.insert(key.into(), Value::list(list));
}

fn default_is(default: &Map, interface: &str, address: &str) -> bool {
    default.get("interface").and_then(Value::as_str) == Some(interface)
        && default.get("address").and_then(Value::as_str) == Some(address)
}

fn complete(default: &mut Map, about: &Map, device: &Map) {
    for (key, value) in about {
        default.insert(key.clone(), value.clone());
    }
    for key in ["macaddress", "mtu", "type"] {
        if let Some(value) = device.get(key) {
            default.insert(key.into(), value.clone());
        }
    }
}

/// The way out.
struct Route {
    interface: String,
    gateway: String,
    address: Option<IpAddr>,
}

impl Route {
    fn into_map(self) -> Map {
        let mut map = Map::from([
            ("gateway".into(), Value::from(self.gateway)),
            ("interface".into(), Value::from(self.interface)),
        ]);
        if let Some(address) = self.address {
            map.insert("address".into(), Value::from(address.to_string()));
        }
        map
    }
}

/// The own address that the kernel would take to reach another; nothing is sent.
fn source_for(bind: &str, other: &str) -> Option<IpAddr> {
    let socket = UdpSocket::bind(bind).ok()?;
    socket.connect(other).ok()?;
    socket.local_addr().ok().map(|address| address.ip())
}

fn default_route4() -> Option<Route> {
    let text = read::file("/proc/net/route")?;
    let line = text.lines().skip(1).map(|line| line.split_whitespace().collect::<Vec<_>>()).find(|fields| {
        matches!(fields.as_slice(), [_, destination, _, flags, _, _, _, mask, ..]
            if *destination == "00000000" && *mask == "00000000" && u32::from_str_radix(flags, 16).is_ok_and(|f| f & 2 != 0))
    })?;
    let gateway = u32::from_str_radix(line.get(2)?, 16).ok()?;
    Some(Route {
        interface: (*line.first()?).to_owned(),
        gateway: Ipv4Addr::from(gateway.to_ne_bytes()).to_string(),
        address: source_for("0.0.0.0:0", "8.8.8.8:53"),
    })
}

fn default_route6() -> Option<Route> {
    let text = read::file("/proc/net/ipv6_route")?;
    let line = text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>()).find(|fields| {
        matches!(fields.as_slice(), [destination, prefix, _, _, gateway, _, _, _, _, _]
            if destination.bytes().all(|b| b == b'0') && *prefix == "00" && gateway.bytes().any(|b| b != b'0'))
    })?;
    let gateway = u128::from_str_radix(line.get(4)?, 16).ok()?;
    Some(Route {
        interface: (*line.get(9)?).to_owned(),
        gateway: Ipv6Addr::from(gateway).to_string(),
        address: source_for("[::]:0", "[2404:6800:400a:800::1012]:53"),
    })
}

pub(super) fn dns(facts: &mut Facts) {
    let mut map = Map::new();
    for line in read::file("/etc/resolv.conf").unwrap_or_default().lines() {
        let mut words = line.split_whitespace().filter(|_| !line.starts_with(['#', ';']));
        let Some(key) = words.next() else { continue };
        match key {
            "nameserver" => {
                for server in words {
                    push(&mut map, "nameservers", Value::from(server));
                }
            }
            "domain" => {
                if let Some(domain) = words.next() {
                    map.insert("domain".into(), Value::from(domain));
                }
            }
            "search" | "sortlist" => {
                map.insert(key.into(), Value::list(words.map(Value::from).collect()));
            }
            "options" => {
                let options = words.map(|option| match option.split_once(':') {
                    Some((name, value)) => (name.into(), Value::from(value)),
                    None => (option.into(), Value::Bool(true)),
                });
                map.insert("options".into(), Value::map(options.collect()));
            }
            _ => {}
        }
    }
    facts.set("dns", map);
}
