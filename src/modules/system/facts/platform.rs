//! Kernel, names of the host, boot parameters, load.

use std::path::Path;

use rustix::system::uname;

use super::{Facts, read};
use crate::value::{Key, Map, Value};

pub(super) fn platform(facts: &mut Facts) {
    let name = uname();
    let text = |part: &std::ffi::CStr| part.to_string_lossy().into_owned();
    let node = text(name.nodename());
    let machine = text(name.machine());
    facts.set("system", text(name.sysname()));
    facts.set("kernel", text(name.release()));
    facts.set("kernel_version", text(name.version()));
    facts.set("machine", machine.as_str());
    // a 32-bit program on a 64-bit kernel is told by how wide this one is
    facts.set("userspace_bits", if cfg!(target_pointer_width = "64") { "64" } else { "32" });
    facts.set("userspace_architecture", std::env::consts::ARCH);
    facts.set("architecture", if machine == "i686" { "i386".to_owned() } else { machine });
    facts.set("hostname", node.split('.').next().unwrap_or_default());
    let full = full_name(&node, &read::file("/etc/hosts").unwrap_or_default());
    facts.set("domain", full.split_once('.').map_or("", |(_, domain)| domain));
    facts.set("fqdn", full);
    facts.set("nodename", node);
    let id = read::file("/var/lib/dbus/machine-id").or_else(|| read::file("/etc/machine-id"));
    if let Some(id) = id {
        facts.set("machine_id", id.lines().next().unwrap_or_default());
    }
}

/// The host's full name by the hosts file: of all names of its address the first one with a dot, else the canonical one.
fn full_name(node: &str, hosts: &str) -> String {
    let lines: Vec<Vec<&str>> = hosts
        .lines()
        .map(|line| line.split('#').next().unwrap_or_default().split_whitespace().collect::<Vec<_>>())
        .filter(|words| words.len() > 1)
        .collect();
    let own = lines.iter().find(|words| words.iter().skip(1).any(|name| *name == node));
    // the name leads to an address, and the address to the first line that has it
    let line = own.and_then(|own| lines.iter().find(|words| words.first() == own.first()));
    let names = line.and_then(|words| words.get(1..)).unwrap_or_default();
    let full = names.iter().find(|name| name.contains('.')).or(names.first());
    full.map_or_else(|| node.to_owned(), |name| (*name).to_owned())
}

pub(super) fn cmdline(facts: &mut Facts) {
    let Some(text) = read::file("/proc/cmdline") else { return };
    let (mut last, mut all) = (Map::new(), Map::new());
    for piece in pieces(&text) {
        let Some((key, value)) = piece.split_once('=') else {
            last.insert(Key::from(piece.as_str()), Value::Bool(true));
            all.insert(Key::from(piece.as_str()), Value::Bool(true));
            continue;
        };
        let value = Value::from(value);
        last.insert(Key::from(key), value.clone());
        let joined = match all.get(key) {
            Some(Value::List(items)) => Value::list(items.iter().cloned().chain([value]).collect()),
            Some(first) => Value::list(vec![first.clone(), value]),
            None => value,
        };
        all.insert(Key::from(key), joined);
    }
    facts.set("cmdline", last);
    facts.set("proc_cmdline", all);
}

/// Words that keep their quotation marks; blanks between marks do not part.
fn pieces(text: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quote = None;
    for c in text.chars() {
        match quote {
            None if c.is_whitespace() => {
                words.push(String::new());
                continue;
            }
            None if c == '"' || c == '\'' => quote = Some(c),
            Some(open) if c == open => quote = None,
            _ => {}
        }
        if let Some(word) = words.last_mut() {
            word.push(c);
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

pub(super) fn loadavg(facts: &mut Facts) {
    let Some(text) = read::file("/proc/loadavg") else { return };
    let mut numbers = text.split(' ').filter_map(|word| word.parse::<f64>().ok());
    let load: Map = ["1m", "5m", "15m"]
        .into_iter()
        .filter_map(|name| Some((Key::from(name), Value::Float(numbers.next()?))))
        .collect();
    facts.set("loadavg", load);
}

pub(super) fn ssh_pub_keys(facts: &mut Facts) {
    // the first folder that has any is the one in use
    for folder in ["/etc/ssh", "/etc/openssh", "/etc"] {
        let mut found = false;
        for kind in ["dsa", "rsa", "ecdsa", "ed25519"] {
            let path = Path::new(folder).join(format!("ssh_host_{kind}_key.pub"));
            let Some(text) = read::file(&path.to_string_lossy()) else { continue };
            let mut words = text.split_whitespace();
            if let (Some(algorithm), Some(key)) = (words.next(), words.next()) {
                facts.set(&format!("ssh_host_key_{kind}_public"), key);
                facts.set(&format!("ssh_host_key_{kind}_public_keytype"), algorithm);
                found = true;
            }
        }
        if found {
            break;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn full_names_follow_the_hosts_file() {
        let hosts = "127.0.0.1 localhost\n127.0.1.1 web1.example.org web1 # me\n";
        assert_eq!(full_name("web1", hosts), "web1.example.org");
        assert_eq!(full_name("vm", "127.0.0.1 localhost vm"), "localhost");
        assert_eq!(full_name("alone", hosts), "alone");
    }

    #[test]
    fn quoted_boot_parameters_stay_whole() {
        assert_eq!(pieces("quiet a=\"b c\"  ro"), ["quiet", "a=\"b c\"", "ro"]);
    }
}
