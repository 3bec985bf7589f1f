//! Whether libssh2 can do what the configuration asks for. If not, the system's `ssh` does it.

use super::super::error::TransportError;
use super::super::spec::{ConnectionSpec, Kind};
use super::arguments::UNKNOWN_WORD;
use super::config::Source;
use super::keys;
use super::known_hosts::KnownHost;
use super::settings::Settings;

/// Keywords that [`Settings`] has taken.
const TAKEN: [&str; 34] = [
    "-f",
    "-F",
    "addressfamily",
    "certificatefile",
    "challengeresponseauthentication",
    "ciphers",
    "compression",
    "connecttimeout",
    "globalknownhostsfile",
    "hashknownhosts",
    "hostkeyalgorithms",
    "hostkeyalias",
    "hostname",
    "identitiesonly",
    "identityagent",
    "identityfile",
    "kbdinteractiveauthentication",
    "kexalgorithms",
    "macs",
    "passwordauthentication",
    "port",
    "preferredauthentications",
    "proxycommand",
    "proxyjump",
    "pubkeyauthentication",
    "serveralivecountmax",
    "serveraliveinterval",
    "stricthostkeychecking",
    "tcpkeepalive",
    "user",
    "userknownhostsfile",
    "batchmode",
    "numberofpasswordprompts",
    "connectionattempts",
];

/// Keywords that change nothing for a program that runs commands without a terminal: multiplexing is our own, and the
/// rest is about prompts, logs, terminals and what the server is allowed to ask for.
const WITHOUT_EFFECT: [&str; 44] = [
    "addkeystoagent",
    "casignaturealgorithms",
    "channeltimeout",
    "checkhostip",
    "controlmaster",
    "controlpath",
    "controlpersist",
    "enableescapecommandline",
    "enablesshkeysign",
    "escapechar",
    "exitonforwardfailure",
    "fingerprinthash",
    "forwardx11timeout",
    "gssapiclientidentity",
    "gssapidelegatecredentials",
    "gssapikexalgorithms",
    "gssapikeyexchange",
    "gssapirenewalforcesrekey",
    "gssapiserveridentity",
    "gssapitrustdns",
    "hostbasedacceptedalgorithms",
    "hostbasedkeytypes",
    "ignoreunknown",
    "ipqos",
    "kbdinteractivedevices",
    "localcommand",
    "loglevel",
    "logverbose",
    "nohostauthenticationforlocalhost",
    "obscurekeystroketiming",
    "pubkeyacceptedalgorithms",
    "pubkeyacceptedkeytypes",
    "rekeylimit",
    "requesttty",
    "requiredrsasize",
    "sendenv",
    "streamlocalbindmask",
    "streamlocalbindunlink",
    "syslogfacility",
    "tag",
    "updatehostkeys",
    "usekeychain",
    "visualhostkey",
    "xauthlocation",
];

/// Keywords that distributions set for everybody: they count only where the user wrote them.
const ONLY_OF_THE_USER: [&str; 3] = ["gssapiauthentication", "forwardx11trusted", "verifyhostkeydns"];

/// [`Kind::Ssh`], or [`Kind::OpenSsh`] with the reason.
pub(super) fn choose(spec: &ConnectionSpec, settings: &Settings) -> Result<(Kind, Option<String>), TransportError> {
    if spec.kind == Kind::OpenSsh {
        return Ok((Kind::OpenSsh, None));
    }
    Ok(match unable(settings)? {
        Some(reason) => (Kind::OpenSsh, Some(reason)),
        None => (Kind::Ssh, None),
    })
}

/// What libssh2 cannot do of it.
pub(super) fn unable(settings: &Settings) -> Result<Option<String>, TransportError> {
    match unknown_option(settings).or_else(|| hardware_key(settings)) {
        Some(reason) => Ok(Some(reason)),
        None => authority(settings),
    }
}

fn unknown_option(settings: &Settings) -> Option<String> {
    let options = &settings.options;
    if let Some(reason) = options.undecided.first() {
        return Some(reason.clone());
    }
    options.given().find_map(|(key, entry)| {
        if TAKEN.contains(&key) || WITHOUT_EFFECT.contains(&key) {
            return None;
        }
        if key == UNKNOWN_WORD {
            return Some(format!("{} in the SSH arguments", entry.text.trim_matches('`')));
        }
        // whatever it is, it is off
        if matches!(entry.text.to_ascii_lowercase().as_str(), "no" | "none" | "false") {
            return None;
        }
        if ONLY_OF_THE_USER.contains(&key) && matches!(entry.source, Source::System(..)) {
            return None;
        }
        Some(format!("`{key} {}` ({})", entry.text, entry.source))
    })
}

/// A key that a piece of hardware holds, if it was named.
fn hardware_key(settings: &Settings) -> Option<String> {
    let named = settings.identity_files.iter().filter(|file| file.named);
    named.filter_map(|file| Some((file, keys::public_of(&file.path)?))).find_map(|(file, public)| {
        let kind = super::known_hosts::kind_of(&public);
        kind.starts_with("sk-").then(|| format!("the hardware key {}", file.path.display()))
    })
}

/// A host that is known only by an authority: libssh2 checks no certificates of hosts.
fn authority(settings: &Settings) -> Result<Option<String>, TransportError> {
    let known = KnownHost::read(&settings.known_hosts, &settings.known_name)
        .map_err(|(path, error)| TransportError::File { path: path.display().to_string(), source: error.into() })?;
    Ok(known.only_authority().map(|place| format!("`@cert-authority` ({place})")))
}

#[cfg(test)]
mod tests {
    use super::super::settings::tests::{home, spec};
    use super::*;

    fn reason(config: &str, args: &[&str]) -> Option<String> {
        let home = home(config);
        let spec = spec(&home, "web", args);
        let (kind, reason) = choose(&spec, &Settings::of(&spec).unwrap()).unwrap();
        assert_eq!(kind == Kind::OpenSsh, reason.is_some());
        reason.map(|text| text.replace(&home.path().display().to_string(), "~"))
    }

    #[test]
    fn what_libssh2_can_do() {
        assert_eq!(reason("", &[]), None);
        assert_eq!(
            reason(
                "ForwardAgent no\nControlPath ~/x\nSendEnv LANG\nTunnel no\nCompression yes\nHost db\nPKCS11Provider x",
                &["-C"]
            ),
            None
        );
        assert_eq!(reason("", &["-o", "ControlMaster=auto", "-o", "ControlPersist=60s", "-vv", "-Ccaes128-ctr"]), None);
    }

    #[test]
    fn what_only_openssh_can_do() {
        let cases = [
            ("PKCS11Provider /x.so", &[][..], "`pkcs11provider /x.so` (~/.ssh/config:1)"),
            ("\nGSSAPIAuthentication yes", &[], "`gssapiauthentication yes` (~/.ssh/config:2)"),
            ("Match exec true\nPort 1", &[], "`Match exec` (~/.ssh/config:1)"),
            ("", &["-A"], "-A in the SSH arguments"),
            ("", &["-o", "Frobnicate=yes"], "`frobnicate yes` (the SSH arguments)"),
        ];
        for (config, args, expected) in cases {
            assert_eq!(reason(config, args).as_deref(), Some(expected));
        }
    }

    #[test]
    fn a_host_known_by_its_authority() {
        let home = home("");
        let known = home.path().join(".ssh/known_hosts");
        let authority =
            "@cert-authority web ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIWK5DWoa47Ny/1PJRp2OtDXMIbyoXX9OrSw6u7gYv6u\n";
        std::fs::write(&known, authority).unwrap();
        let spec = spec(&home, "web", &[]);
        let settings = Settings::of(&spec).unwrap();
        assert_eq!(choose(&spec, &settings).unwrap().0, Kind::OpenSsh);
        std::fs::write(&known, format!("{authority}{}", authority.replace("@cert-authority ", ""))).unwrap();
        assert_eq!(choose(&spec, &settings).unwrap().0, Kind::Ssh);
    }
}
