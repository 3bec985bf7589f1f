//! Which algorithms are offered: libssh2's, as the configuration narrows and orders them.

use ssh2::{MethodType, Session};

use super::super::error::TransportError;
use super::connect::{Failure, Preferences};
use super::known_hosts::KnownHost;
use super::settings::Settings;
use super::words::fits;

/// Host keys whose signatures still count; libssh2 checks no certificates of hosts, so it must get plain keys.
const HOST_KEYS: [&str; 6] = [
    "ssh-ed25519",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "rsa-sha2-512",
    "rsa-sha2-256",
];

/// What to set before the handshake.
pub(super) fn preferences(session: &Session, settings: &Settings) -> Result<Preferences, Failure> {
    let wanted = &settings.algorithms;
    let mut preferences = Preferences::new();
    for (method, other, list) in [
        (MethodType::CryptCs, Some(MethodType::CryptSc), &wanted.ciphers),
        (MethodType::MacCs, Some(MethodType::MacSc), &wanted.macs),
        (MethodType::Kex, None, &wanted.key_exchange),
    ] {
        let Some(list) = list else { continue };
        let supported = session.supported_algs(method).unwrap_or_default();
        let chosen = narrow(&supported, list);
        if chosen.is_empty() {
            return Err(Failure::NeedsOpenSsh(format!("libssh2 has none of the algorithms `{list}`")));
        }
        let chosen = chosen.join(",");
        preferences.extend(other.map(|other| (other, chosen.clone())));
        preferences.push((method, chosen));
    }
    let keys = match &wanted.host_key {
        Some(list) => narrow(&HOST_KEYS, list),
        None => known_first(settings)?,
    };
    if keys.is_empty() {
        return Err(Failure::NeedsOpenSsh("libssh2 has none of the wanted HostKeyAlgorithms".to_owned()));
    }
    preferences.push((MethodType::HostKey, keys.join(",")));
    Ok(preferences)
}

/// A server with several keys is asked for one that is known.
fn known_first(settings: &Settings) -> Result<Vec<&'static str>, TransportError> {
    let known = KnownHost::read(&settings.known_hosts, &settings.known_name)
        .map_err(|(path, error)| TransportError::File { path: path.display().to_string(), source: error.into() })?;
    let kinds = known.kinds();
    let is_known =
        |name: &&str| kinds.iter().any(|kind| kind == name || (*kind == "ssh-rsa" && name.starts_with("rsa-")));
    let (mut first, rest): (Vec<&str>, Vec<&str>) = HOST_KEYS.iter().copied().partition(is_known);
    first.extend(rest);
    Ok(first)
}

/// A list of OpenSSH's configuration applied to what there is: `a,b`, `+a`, `-a*`, `^a`.
fn narrow<'a>(supported: &[&'a str], list: &str) -> Vec<&'a str> {
    let named = |list: &str| {
        let found = list.split(',').flat_map(|pattern| supported.iter().filter(move |name| fits(pattern, name)));
        let mut unique: Vec<&str> = Vec::new();
        for name in found.copied() {
            if !unique.contains(&name) {
                unique.push(name);
            }
        }
        unique
    };
    match list.split_at_checked(1) {
        Some(("+", _)) => supported.to_vec(),
        Some(("-", rest)) => {
            let without = named(rest);
            supported.iter().copied().filter(|name| !without.contains(name)).collect()
        }
        Some(("^", rest)) => {
            let mut first = named(rest);
            let others: Vec<&str> = supported.iter().copied().filter(|name| !first.contains(name)).collect();
            first.extend(others);
            first
        }
        _ => named(list),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_narrow_and_order() {
        let all = ["a", "b1", "b2", "c"];
        assert_eq!(narrow(&all, "c,a,x"), ["c", "a"]);
        assert_eq!(narrow(&all, "+x"), all);
        assert_eq!(narrow(&all, "-b*"), ["a", "c"]);
        assert_eq!(narrow(&all, "^c"), ["c", "a", "b1", "b2"]);
        assert!(narrow(&all, "x").is_empty());
    }
}
