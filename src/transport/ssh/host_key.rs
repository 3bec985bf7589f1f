//! Whether the server is the one that is meant.

use ssh2::Session;

use super::super::error::TransportError;
use super::super::spec::HostKeyChecking;
use super::known_hosts::{Hashed, KnownHost, Verdict, fingerprint, kind_of, remember};
use super::settings::Settings;

/// How far the server is trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trust {
    Full,
    /// Its key has changed and nobody wanted to know: it gets no password, which OpenSSH withholds too.
    NoPasswords,
}

/// Compares the key that the server proved to have with those that are known.
pub(super) fn check(session: &Session, settings: &Settings) -> Result<Trust, TransportError> {
    let distrusted = |reason| TransportError::HostKey { host: settings.describe(), reason };
    let Some((key, _)) = session.host_key() else { return Err(distrusted("it showed none".to_owned())) };
    let known = KnownHost::read(&settings.known_hosts, &settings.known_name)
        .map_err(|(path, error)| TransportError::File { path: path.display().to_string(), source: error.into() })?;
    let shown = format!("{} {}", kind_of(key), fingerprint(key));
    match (known.check(key), settings.checking) {
        (Verdict::Revoked(place), _) => Err(distrusted(format!("{place} revokes {shown}"))),
        (Verdict::Known, _) | (Verdict::Unknown, HostKeyChecking::Off) => Ok(Trust::Full),
        (Verdict::Changed(_), HostKeyChecking::Off) => Ok(Trust::NoPasswords),
        (Verdict::Changed(place), _) => Err(distrusted(format!(
            "it shows {shown}, but {place} has another key of it: either somebody is in between, or the host was \
             installed anew; if so, remove the old key with `ssh-keygen -R '{}'{}`",
            settings.known_name,
            named_file(settings, &place)
        ))),
        (Verdict::Unknown, HostKeyChecking::AcceptNew) => {
            let Some(path) = &settings.new_keys else { return Ok(Trust::Full) };
            let hashed = if settings.hash_known_hosts { Hashed::Yes } else { Hashed::No };
            remember(path, &settings.known_name, key, hashed)
                .map_err(|error| TransportError::File { path: path.display().to_string(), source: error.into() })?;
            Ok(Trust::Full)
        }
        (Verdict::Unknown, HostKeyChecking::Strict) => Err(distrusted(format!(
            "it shows {shown}, and no key of {} is known{}; if that is its fingerprint, connect once with `ssh` and \
             accept it, or set `ansible_ssh_common_args: -o StrictHostKeyChecking=accept-new`",
            settings.known_name,
            settings.new_keys.as_ref().map_or_else(String::new, |path| format!(" in {}", path.display())),
        ))),
    }
}

/// The option of `ssh-keygen` where the key does not stand in the usual file.
fn named_file(settings: &Settings, place: &str) -> String {
    let file = place.rsplit_once(':').map_or(place, |(file, _)| file);
    let usual = settings.home.as_ref().map(|home| home.join(".ssh/known_hosts").display().to_string());
    if usual.as_deref() == Some(file) { String::new() } else { format!(" -f '{file}'") }
}
