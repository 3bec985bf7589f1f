//! What manages packages, services and access on the host.

use std::path::Path;

use super::{Facts, read};
use crate::value::{Map, Value};

pub(super) fn selinux(facts: &mut Facts) {
    let mut map = Map::new();
    let mut add = |key: &str, value: &str| {
        map.insert(key.into(), Value::from(value));
    };
    match read::file("/sys/fs/selinux/enforce") {
        None => add("status", "disabled"),
        Some(enforce) => {
            let config = read::file("/etc/selinux/config").unwrap_or_default();
            let said = |key: &str| read::assignment(&config, key).unwrap_or_else(|| "unknown".to_owned());
            add("status", "enabled");
            add("mode", if enforce == "1" { "enforcing" } else { "permissive" });
            add("config_mode", &said("SELINUX"));
            add("type", &said("SELINUXTYPE"));
            if let Some(version) = read::file("/sys/fs/selinux/policyvers") {
                match version.parse::<i64>() {
                    Ok(number) => map.insert("policyvers".into(), Value::from(number)),
                    Err(_) => map.insert("policyvers".into(), Value::from("unknown")),
                };
            }
        }
    }
    facts.set("selinux", map);
}

pub(super) fn apparmor(facts: &mut Facts) {
    let status = if Path::new("/sys/kernel/security/apparmor").exists() { "enabled" } else { "disabled" };
    facts.set("apparmor", Map::from([("status".into(), Value::from(status))]));
}

pub(super) fn chroot(facts: &mut Facts) {
    use std::os::unix::fs::MetadataExt as _;
    let own = std::fs::metadata("/").map(|root| (root.dev(), root.ino()));
    let first = std::fs::metadata("/proc/1/root/.").map(|root| (root.dev(), root.ino()));
    let is_chroot = match (own, first) {
        (Ok(own), Ok(first)) => own != first,
        // without a look at the first process the number of the root folder tells, as on most file systems
        (Ok((_, number)), Err(_)) => !matches!(number, 2 | 128 | 256),
        (Err(_), _) => false,
    };
    facts.set("is_chroot", is_chroot);
}

pub(super) fn fips(facts: &mut Facts) {
    facts.set("fips", read::file("/proc/sys/crypto/fips_enabled").as_deref() == Some("1"));
}

/// Programs by package manager; of several that are there the last one counts.
const MANAGERS: &[(&str, &str)] = &[
    ("/usr/bin/rpm-ostree", "atomic_container"),
    ("/usr/bin/yum", "dnf"),
    ("/usr/bin/dnf-3", "dnf"),
    ("/usr/bin/dnf5", "dnf5"),
    ("/usr/bin/apt-get", "apt"),
    ("/usr/bin/zypper", "zypper"),
    ("/usr/sbin/urpmi", "urpmi"),
    ("/usr/bin/pacman", "pacman"),
    ("/bin/opkg", "opkg"),
    ("/usr/local/bin/brew", "homebrew"),
    ("/sbin/apk", "apk"),
    ("/usr/bin/emerge", "portage"),
    ("/usr/bin/xbps-install", "xbps"),
    ("/usr/bin/swupd", "swupd"),
    ("/usr/sbin/sorcery", "sorcery"),
];

pub(super) fn pkg_mgr(facts: &mut Facts) {
    let there = |path: &str| Path::new(path).exists();
    let found = MANAGERS.iter().rev().find(|(path, _)| there(path)).map_or("unknown", |(_, name)| name);
    let name = match facts.text("os_family") {
        "RedHat" if there("/run/ostree-booted") => "atomic_container",
        "RedHat" => {
            let program = ["/usr/bin/dnf", "/usr/bin/microdnf"].into_iter().find(|path| there(path));
            match program.map(|path| Path::new(path).canonicalize()) {
                Some(Ok(real)) if real == Path::new("/usr/bin/dnf5") => "dnf5",
                Some(_) => "dnf",
                None => "unknown",
            }
        }
        // other managers can be installed there, but the system's own is this one
        "Debian" => "apt",
        "Altlinux" => "apt_rpm",
        _ => found,
    };
    facts.set("pkg_mgr", name);
}

pub(super) fn service_mgr(facts: &mut Facts) {
    let there = |path: &str| Path::new(path).exists();
    let first = read::file("/proc/1/comm").filter(|name| name != "COMMAND");
    let first = first.or_else(|| std::fs::read_link("/sbin/init").ok().map(|path| read::name(&path)));
    // `init` can be anything, and a shell is the first process of many a container
    let first = first.filter(|name| name != "init" && !name.ends_with("sh"));
    let name = match first.as_deref() {
        Some("procd") => "openwrt_init".to_owned(),
        Some("runit-init") => "runit".to_owned(),
        Some("svscan") => "svc".to_owned(),
        Some("openrc-init") => "openrc".to_owned(),
        Some(name) => name.to_owned(),
        None => {
            let running = ["/run/systemd/system/", "/dev/.run/systemd/", "/dev/.systemd/"].into_iter().any(there);
            let offline = std::fs::read_link("/sbin/init").is_ok_and(|path| read::name(&path) == "systemd");
            let guess = if running {
                "systemd"
            } else if there("/sbin/initctl") && there("/etc/init/") {
                "upstart"
            } else if there("/sbin/openrc") {
                "openrc"
            } else if offline {
                "systemd"
            } else if there("/etc/init.d/") {
                "sysvinit"
            } else if there("/etc/dinit.d/") {
                "dinit"
            } else {
                "service"
            };
            guess.to_owned()
        }
    };
    facts.set("service_mgr", name);
}
