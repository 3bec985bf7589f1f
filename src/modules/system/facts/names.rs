//! Which facts are gathered: `gather_subset`.

use thiserror::Error;

/// A subset that does not exist.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("Bad subset '{name}' given to Ansible. gather_subset options allowed: all, {known}")]
pub(in crate::modules::system) struct BadSubset {
    name: String,
    known: String,
}

/// Gathered unless `!min` is asked for.
const MINIMAL: &[&str] = &[
    "apparmor",
    "caps",
    "chroot",
    "cmdline",
    "date_time",
    "distribution",
    "dns",
    "env",
    "fips",
    "loadavg",
    "local",
    "lsb",
    "pkg_mgr",
    "platform",
    "python",
    "selinux",
    "service_mgr",
    "ssh_pub_keys",
    "systemd",
    "user",
];

const FURTHER: &[&str] = &["hardware", "network", "virtual"];

/// Names that mean a part of a collector, or the same; the whole collector runs for them.
const WITHIN: &[(&str, &str)] = &[
    ("all_ipv4_addresses", "network"),
    ("all_ipv6_addresses", "network"),
    ("default_ipv4", "network"),
    ("default_ipv6", "network"),
    ("interfaces", "network"),
    ("fibre_channel_wwn", "network"),
    ("iscsi", "network"),
    ("nvme", "network"),
    ("devices", "hardware"),
    ("dmi", "hardware"),
    ("mounts", "hardware"),
    ("processor", "hardware"),
    ("processor_cores", "hardware"),
    ("processor_count", "hardware"),
    ("virtualization_role", "virtual"),
    ("virtualization_tech_guest", "virtual"),
    ("virtualization_tech_host", "virtual"),
    ("virtualization_type", "virtual"),
    ("architecture", "platform"),
    ("machine", "platform"),
    ("machine_id", "platform"),
    ("system", "platform"),
    ("kernel", "platform"),
    ("kernel_version", "platform"),
    ("distribution_major_version", "distribution"),
    ("distribution_release", "distribution"),
    ("distribution_version", "distribution"),
    ("os_family", "distribution"),
    ("system_capabilities", "caps"),
    ("system_capabilities_enforced", "caps"),
    ("is_chroot", "chroot"),
    ("effective_group_id", "user"),
    ("effective_user_id", "user"),
];

/// The collectors that a `gather_subset` asks for, by Ansible's rules: what it starts from, without what has a `!`, and in
/// any case what is named by itself.
pub(in crate::modules::system) fn chosen(subsets: &[String]) -> Result<Vec<&'static str>, BadSubset> {
    let every = || MINIMAL.iter().chain(FURTHER).copied();
    let mut wanted: Vec<&'static str> = MINIMAL.to_vec();
    let mut unwanted: Vec<&'static str> = Vec::new();
    let mut named: Vec<&'static str> = Vec::new();
    for subset in subsets.iter().map(|subset| subset.trim()) {
        match subset {
            "min" => wanted.extend(MINIMAL),
            "all" => wanted.extend(every()),
            "!min" => unwanted.extend(MINIMAL),
            "!all" => unwanted.extend(FURTHER),
            _ => match (subset.strip_prefix('!'), find(subset.trim_start_matches('!'))) {
                (Some(_), Some(collector)) => unwanted.push(collector),
                // what does not exist is not gathered
                (Some(_), None) => {}
                (None, Some(collector)) => named.push(collector),
                (None, None) => {
                    return Err(BadSubset {
                        name: subset.to_owned(),
                        known: every().chain(WITHIN.iter().map(|(name, _)| *name)).collect::<Vec<_>>().join(", "),
                    });
                }
            },
        }
    }
    wanted.retain(|name| !unwanted.contains(name));
    wanted.extend(named);
    wanted.sort_unstable();
    wanted.dedup();
    Ok(wanted)
}

fn find(name: &str) -> Option<&'static str> {
    let own = MINIMAL.iter().chain(FURTHER).copied().find(|collector| *collector == name);
    own.or_else(|| WITHIN.iter().find(|(within, _)| *within == name).map(|(_, collector)| *collector))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subsets_are_added_and_left_out() {
        let of = |text: &str| chosen(&text.split(',').map(str::to_owned).collect::<Vec<_>>());
        let all = of("all").unwrap();
        assert!(all.contains(&"network") && all.contains(&"env"));
        assert_eq!(of("!all").unwrap(), {
            let mut minimal = MINIMAL.to_vec();
            minimal.sort_unstable();
            minimal
        });
        assert_eq!(of("!all,!min,network").unwrap(), ["network"]);
        assert!(!of("all,!hardware").unwrap().contains(&"hardware"));
        assert!(of("!all,!any,min,mounts").unwrap().contains(&"hardware"));
        assert!(of("nonsense").unwrap_err().to_string().starts_with("Bad subset 'nonsense'"));
    }
}
