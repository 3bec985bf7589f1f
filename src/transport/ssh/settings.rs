//! How to reach a host over SSH: the specification, the words of `ansible_ssh_common_args` and OpenSSH's configuration as
//! one set of settings.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::super::error::TransportError;
use super::super::spec::{ConnectionSpec, HostKeyChecking};
use super::super::user::local_user;
use super::arguments;
use super::config::{self, Entry, Files, Options, Source, Subject};
use super::pump::KeepAlive;
use super::words::expand;
use crate::value::Secret;

/// What goes between this machine and the host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Proxy {
    Direct,
    /// A command whose standard input and output are the connection.
    Command(String),
    /// Hosts to go through, nearest first.
    Jump(Vec<Hop>),
}

/// One host of `ProxyJump`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Hop {
    pub(super) user: Option<String>,
    pub(super) host: String,
    pub(super) port: Option<u16>,
}

/// A file with a private key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct IdentityFile {
    pub(super) path: PathBuf,
    /// It was asked for, not one of those that are tried anyway: that it cannot be used is worth telling.
    pub(super) named: bool,
}

/// Which Internet protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Family {
    Any,
    V4,
    V6,
}

/// Lists of algorithms as the configuration has them, with their `+`, `-`, `^`.
#[derive(Clone, Debug, Default)]
pub(super) struct Algorithms {
    pub(super) ciphers: Option<String>,
    pub(super) macs: Option<String>,
    pub(super) key_exchange: Option<String>,
    pub(super) host_key: Option<String>,
}

/// Everything that is decided before a connection is tried.
#[derive(Clone, Debug)]
pub(in super::super) struct Settings {
    /// The host's name in the inventory, for messages.
    pub(super) name: String,
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) user: String,
    pub(super) home: Option<PathBuf>,
    pub(super) identity_files: Vec<IdentityFile>,
    pub(super) certificate_files: Vec<PathBuf>,
    pub(super) identities_only: bool,
    pub(super) agent: Option<PathBuf>,
    pub(super) password: Option<Secret>,
    pub(super) passphrase: Option<Secret>,
    /// `publickey`, `keyboard-interactive`, `password`, in the order to try.
    pub(super) methods: Vec<&'static str>,
    pub(super) checking: HostKeyChecking,
    pub(super) known_hosts: Vec<PathBuf>,
    /// The file that takes new keys.
    pub(super) new_keys: Option<PathBuf>,
    pub(super) hash_known_hosts: bool,
    /// Under which name and port the host stands in them.
    pub(super) known_name: String,
    pub(super) timeout: Duration,
    pub(super) keep_alive: KeepAlive,
    pub(super) compression: bool,
    pub(super) family: Family,
    pub(super) proxy: Proxy,
    pub(super) algorithms: Algorithms,
    pub(super) options: Options,
}

const DEFAULT_KEYS: [&str; 3] = [".ssh/id_rsa", ".ssh/id_ecdsa", ".ssh/id_ed25519"];
const METHODS: [&str; 3] = ["publickey", "keyboard-interactive", "password"];
/// Without another wish, a host that says nothing for this long is asked whether it is there.
const ASK_AFTER: Duration = Duration::from_secs(30);

impl Settings {
    /// Reads the configuration.
    pub(in super::super) fn of(spec: &ConnectionSpec) -> Result<Self, TransportError> {
        let mut options = Options::default();
        // Ansible puts what it knows before the words of the user, and the first value counts
        let mut given = |key: &str, value: Option<String>| {
            if let Some(value) = value {
                options.set(key, &value, Source::Given);
            }
        };
        match spec.host_key_checking {
            HostKeyChecking::Strict => {}
            HostKeyChecking::AcceptNew => given("stricthostkeychecking", Some("accept-new".to_owned())),
            HostKeyChecking::Off => given("stricthostkeychecking", Some("no".to_owned())),
        }
        given("port", spec.port.map(|port| port.to_string()));
        given("user", spec.user.clone());
        given("identityfile", spec.private_key_file.as_ref().map(|path| quoted(path)));
        given("connecttimeout", (!spec.timeout.is_zero()).then(|| spec.timeout.as_secs().max(1).to_string()));
        let named = arguments::read(&spec.ssh_args, &mut options)?;
        let local_user = local_user();
        let address = spec.address.trim_start_matches('[').trim_end_matches(']');
        let user_file = spec.home.as_ref().map(|home| home.join(".ssh/config"));
        let files = match named.as_deref() {
            Some("none") => Files { user: None, system: None, named: false },
            Some(file) => Files { user: Some(tilde(file, spec.home.as_deref())), system: None, named: true },
            None => Files { user: user_file, system: Some("/etc/ssh/ssh_config".into()), named: false },
        };
        let subject = Subject { host: address, local_user: &local_user, home: spec.home.as_deref() };
        config::read(&mut options, &subject, &files)?;
        Builder { spec, address, local_user: &local_user, options: &options }.build()
    }

    /// How long connecting may take.
    pub(in super::super) fn timeout(&self) -> Duration {
        self.timeout
    }

    /// What to do about unknown keys.
    pub(in super::super) fn host_key_checking(&self) -> HostKeyChecking {
        self.checking
    }

    /// How often a silent server is asked, and how often in vain.
    pub(in super::super) fn questions(&self) -> Option<(Duration, u32)> {
        self.keep_alive.interval.map(|interval| (interval, self.keep_alive.count))
    }

    /// `web1 (root@10.0.0.9:22)`.
    pub(in super::super) fn describe(&self) -> String {
        let address = format!("{}@{}:{}", self.user, self.host, self.port);
        if self.name.is_empty() { address } else { format!("{} ({address})", self.name) }
    }

    /// The settings for the last hop of a jump, which is reached through those before it.
    pub(super) fn hop(&self, hops: &[Hop]) -> Result<Option<Self>, TransportError> {
        let Some((last, before)) = hops.split_last() else { return Ok(None) };
        let mut spec = ConnectionSpec {
            name: format!("jump host {}", last.host),
            address: last.host.clone(),
            port: last.port,
            user: last.user.clone(),
            home: self.home.clone(),
            agent_socket: self.agent.clone(),
            private_key_passphrase: self.passphrase.clone(),
            host_key_checking: HostKeyChecking::Strict,
            timeout: self.timeout,
            ..ConnectionSpec::default()
        };
        // as OpenSSH, which gives its jumps no more of its command line than the file
        if let Some(file) = self.options.get(arguments::CONFIG_FILE) {
            spec.ssh_args = vec!["-F".to_owned(), file.to_owned()];
        }
        let mut settings = Self::of(&spec)?;
        if !before.is_empty() {
            settings.proxy = Proxy::Jump(before.to_vec());
        }
        Ok(Some(settings))
    }
}

struct Builder<'a> {
    spec: &'a ConnectionSpec,
    address: &'a str,
    local_user: &'a str,
    options: &'a Options,
}

impl Builder<'_> {
    fn build(&self) -> Result<Settings, TransportError> {
        let (spec, options) = (self.spec, self.options);
        let host = match options.entry("hostname") {
            Some(entry) => expanded(entry, &entry.text, |token| (token == 'h').then(|| self.address.to_owned()))?,
            None => self.address.to_owned(),
        };
        let port = self.number("port")?.unwrap_or(22);
        let user = options.get("user").unwrap_or(self.local_user).to_owned();
        let path = |entry: &Entry, text: &str| {
            let expanded = expanded(entry, text, |name| self.token(name, &host, port, &user))?;
            Ok::<_, TransportError>(tilde(&expanded, spec.home.as_deref()))
        };
        let mut identity_files = Vec::new();
        for entry in options.all("identityfile") {
            let text = entry.words.first().map_or("", String::as_str);
            if text != "none" {
                identity_files.push(IdentityFile { path: path(entry, text)?, named: true });
            }
        }
        if options.all("identityfile").is_empty()
            && let Some(home) = &spec.home
        {
            let defaults = DEFAULT_KEYS.iter().map(|name| IdentityFile { path: home.join(name), named: false });
            identity_files.extend(defaults);
        }
        let mut certificate_files = Vec::new();
        for entry in options.all("certificatefile") {
            certificate_files.push(path(entry, entry.words.first().map_or("", String::as_str))?);
        }
        let mut user_files = Vec::new();
        match options.entry("userknownhostsfile") {
            Some(entry) if entry.words.first().is_some_and(|word| word == "none") => {}
            Some(entry) => {
                for word in &entry.words {
                    user_files.push(path(entry, word)?);
                }
            }
            None => {
                let names = [".ssh/known_hosts", ".ssh/known_hosts2"];
                user_files.extend(spec.home.iter().flat_map(|home| names.map(|name| home.join(name))));
            }
        }
        let new_keys = user_files.first().cloned();
        let mut known_hosts = user_files;
        match options.entry("globalknownhostsfile") {
            Some(entry) => known_hosts.extend(entry.words.iter().filter(|word| *word != "none").map(PathBuf::from)),
            None => known_hosts.extend(["/etc/ssh/ssh_known_hosts", "/etc/ssh/ssh_known_hosts2"].map(PathBuf::from)),
        }
        let known_name = match options.get("hostkeyalias") {
            Some(alias) => alias.to_ascii_lowercase(),
            None => super::known_hosts::name(&host, port),
        };
        let timeout = self.number("connecttimeout")?.map_or(Duration::from_secs(30), Duration::from_secs);
        Ok(Settings {
            name: spec.name.clone(),
            home: spec.home.clone(),
            identity_files,
            certificate_files,
            identities_only: self.flag("identitiesonly"),
            agent: self.agent(path)?,
            password: spec.password.clone(),
            passphrase: spec.private_key_passphrase.clone(),
            methods: self.methods(),
            checking: self.checking()?,
            known_hosts,
            new_keys,
            hash_known_hosts: self.flag("hashknownhosts"),
            known_name,
            timeout,
            keep_alive: self.keep_alive()?,
            compression: self.flag("compression"),
            family: self.family()?,
            proxy: self.proxy(&host, port, &user)?,
            algorithms: Algorithms {
                ciphers: options.get("ciphers").map(str::to_owned),
                macs: options.get("macs").map(str::to_owned),
                key_exchange: options.get("kexalgorithms").map(str::to_owned),
                host_key: options.get("hostkeyalgorithms").map(str::to_owned),
            },
            options: options.clone(),
            host,
            port,
            user,
        })
    }

    fn flag(&self, key: &str) -> bool {
        self.options.get(key).is_some_and(|value| matches!(value.to_ascii_lowercase().as_str(), "yes" | "true"))
    }

    fn number<T: std::str::FromStr>(&self, key: &str) -> Result<Option<T>, TransportError> {
        let Some(entry) = self.options.entry(key) else { return Ok(None) };
        let word = entry.words.first().map_or("", String::as_str);
        word.parse().map(Some).map_err(|_| wrong(entry, &format!("`{word}` is no value for {key}")))
    }

    fn token(&self, name: char, host: &str, port: u16, user: &str) -> Option<String> {
        match name {
            'h' => Some(host.to_owned()),
            'k' => Some(self.options.get("hostkeyalias").unwrap_or(self.address).to_owned()),
            'n' => Some(self.address.to_owned()),
            'p' => Some(port.to_string()),
            'r' => Some(user.to_owned()),
            'u' => Some(self.local_user.to_owned()),
            'd' => self.spec.home.as_ref().map(|home| home.display().to_string()),
            'i' => Some(rustix::process::getuid().as_raw().to_string()),
            'l' => Some(node_name()),
            'L' => Some(node_name().split('.').next().unwrap_or_default().to_owned()),
            _ => None,
        }
    }

    fn agent(
        &self,
        path: impl Fn(&Entry, &str) -> Result<PathBuf, TransportError>,
    ) -> Result<Option<PathBuf>, TransportError> {
        let Some(entry) = self.options.entry("identityagent") else { return Ok(self.spec.agent_socket.clone()) };
        match entry.words.first().map_or("", String::as_str) {
            "none" => Ok(None),
            "SSH_AUTH_SOCK" => Ok(self.spec.agent_socket.clone()),
            text => path(entry, text).map(Some),
        }
    }

    fn methods(&self) -> Vec<&'static str> {
        let off = |key: &str| self.options.get(key).is_some_and(|value| value.eq_ignore_ascii_case("no"));
        let wanted = self.options.get("preferredauthentications");
        let mut methods: Vec<&'static str> = match wanted {
            Some(list) => list.split(',').filter_map(|name| METHODS.into_iter().find(|own| *own == name)).collect(),
            None => METHODS.to_vec(),
        };
        methods.retain(|method| match *method {
            "publickey" => !off("pubkeyauthentication"),
            "password" => !off("passwordauthentication"),
            _ => !off("kbdinteractiveauthentication") && !off("challengeresponseauthentication"),
        });
        methods
    }

    fn checking(&self) -> Result<HostKeyChecking, TransportError> {
        let Some(entry) = self.options.entry("stricthostkeychecking") else { return Ok(HostKeyChecking::Strict) };
        match entry.words.first().map_or("", String::as_str).to_ascii_lowercase().as_str() {
            // nobody is there to be asked
            "yes" | "true" | "ask" => Ok(HostKeyChecking::Strict),
            "accept-new" => Ok(HostKeyChecking::AcceptNew),
            "no" | "off" | "false" => Ok(HostKeyChecking::Off),
            other => Err(wrong(entry, &format!("`{other}` is no value for StrictHostKeyChecking"))),
        }
    }

    fn keep_alive(&self) -> Result<KeepAlive, TransportError> {
        let count = self.number("serveralivecountmax")?;
        Ok(match self.number("serveraliveinterval")? {
            Some(0) => KeepAlive { interval: None, count: 0 },
            Some(seconds) => KeepAlive { interval: Some(Duration::from_secs(seconds)), count: count.unwrap_or(3) },
            None => KeepAlive { interval: Some(ASK_AFTER), count: count.unwrap_or(4) },
        })
    }

    fn family(&self) -> Result<Family, TransportError> {
        let Some(entry) = self.options.entry("addressfamily") else { return Ok(Family::Any) };
        match entry.words.first().map_or("", String::as_str) {
            "any" => Ok(Family::Any),
            "inet" => Ok(Family::V4),
            "inet6" => Ok(Family::V6),
            other => Err(wrong(entry, &format!("`{other}` is no value for AddressFamily"))),
        }
    }

    fn proxy(&self, host: &str, port: u16, user: &str) -> Result<Proxy, TransportError> {
        let jump = self.options.entry("proxyjump").filter(|entry| entry.text != "none");
        if let Some(entry) = jump {
            let hops: Option<Vec<Hop>> = entry.text.split(',').map(hop).collect();
            return hops.map(Proxy::Jump).ok_or_else(|| wrong(entry, "ProxyJump takes [user@]host[:port]"));
        }
        match self.options.entry("proxycommand").filter(|entry| entry.text != "none") {
            Some(entry) => {
                let command = expanded(entry, &entry.text, |name| self.token(name, host, port, user))?;
                Ok(Proxy::Command(command))
            }
            None => Ok(Proxy::Direct),
        }
    }
}

/// `[user@]host[:port]`, also as `ssh://…` and with an IPv6 address in brackets.
fn hop(text: &str) -> Option<Hop> {
    let text = text.trim();
    let text = text.strip_prefix("ssh://").unwrap_or(text).trim_end_matches('/');
    let (user, rest) = match text.rsplit_once('@') {
        Some((user, rest)) => (Some(user.to_owned()), rest),
        None => (None, text),
    };
    let (host, port) = match rest.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((host, port)) => (host, port.strip_prefix(':')),
        None => match rest.split_once(':') {
            // several colons are an IPv6 address
            Some((host, port)) if !port.contains(':') => (host, Some(port)),
            _ => (rest, None),
        },
    };
    let port = port.map(str::parse).transpose().ok()?;
    (!host.is_empty()).then(|| Hop { user, host: host.to_owned(), port })
}

fn expanded(entry: &Entry, text: &str, token: impl Fn(char) -> Option<String>) -> Result<String, TransportError> {
    expand(text, token).map_err(|unknown| wrong(entry, &format!("`{text}`: what `{unknown}` means is not known")))
}

fn node_name() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

fn quoted(path: &Path) -> String {
    format!("\"{}\"", path.display().to_string().replace('\\', "\\\\").replace('"', "\\\"").replace('%', "%%"))
}

fn tilde(text: &str, home: Option<&Path>) -> PathBuf {
    match (text.strip_prefix("~/"), home) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => PathBuf::from(text),
    }
}

fn wrong(entry: &Entry, what: &str) -> TransportError {
    TransportError::File { path: entry.source.to_string(), source: io::Error::other(what.to_owned()).into() }
}

#[cfg(test)]
pub(super) mod tests {
    use std::fs;

    use super::*;

    /// A home folder with this `~/.ssh/config`.
    pub(in super::super) fn home(config: &str) -> tempfile::TempDir {
        let home = tempfile::tempdir().unwrap();
        fs::create_dir(home.path().join(".ssh")).unwrap();
        fs::write(home.path().join(".ssh/config"), config).unwrap();
        home
    }

    pub(in super::super) fn spec(home: &tempfile::TempDir, address: &str, args: &[&str]) -> ConnectionSpec {
        ConnectionSpec {
            name: "web1".to_owned(),
            address: address.to_owned(),
            home: Some(home.path().to_owned()),
            ssh_args: args.iter().map(|word| (*word).to_owned()).collect(),
            ..ConnectionSpec::default()
        }
    }

    fn settings(config: &str, address: &str, args: &[&str]) -> Settings {
        let home = home(config);
        Settings::of(&spec(&home, address, args)).unwrap()
    }

    #[test]
    fn an_alias_with_tokens() {
        let settings = settings(
            "Host web\n HostName %h.example.org\n Port 2222\n User deploy\n IdentityFile ~/keys/%r@%n\n \
             UserKnownHostsFile ~/kh1 /kh2\n StrictHostKeyChecking accept-new\n ServerAliveInterval 5\n",
            "web",
            &[],
        );
        let home = settings.home.clone().unwrap();
        assert_eq!(settings.describe(), "web1 (deploy@web.example.org:2222)");
        assert_eq!(settings.identity_files, [IdentityFile { path: home.join("keys/deploy@web"), named: true }]);
        assert_eq!(settings.known_hosts[..2], [home.join("kh1"), "/kh2".into()]);
        assert_eq!(settings.known_name, "[web.example.org]:2222");
        assert_eq!(settings.checking, HostKeyChecking::AcceptNew);
        assert_eq!((settings.keep_alive.interval, settings.keep_alive.count), (Some(Duration::from_secs(5)), 3));
    }

    #[test]
    fn variables_come_before_arguments_and_these_before_files() {
        let home = home("Host *\n User file\n Port 1\n Compression yes\n");
        let mut spec = spec(&home, "web", &["-o", "User=word", "-p2", "-oCompression=no", "-4", "-J", "me@a:22,b"]);
        assert_eq!(Settings::of(&spec).unwrap().user, "word");
        spec.user = Some("variable".to_owned());
        let settings = Settings::of(&spec).unwrap();
        assert_eq!((settings.user.as_str(), settings.port, settings.compression), ("variable", 2, false));
        assert_eq!(settings.family, Family::V4);
        let Proxy::Jump(hops) = &settings.proxy else { panic!("{:?}", settings.proxy) };
        assert_eq!(hops[0], Hop { user: Some("me".to_owned()), host: "a".to_owned(), port: Some(22) });
        let near = settings.hop(hops).unwrap().unwrap();
        assert_eq!((near.host.as_str(), near.user.as_str(), near.port), ("b", "file", 1));
        assert!(matches!(&near.proxy, Proxy::Jump(before) if before.len() == 1));
    }

    #[test]
    fn hops_of_every_form() {
        let hop = |text| hop(text).map(|hop| (hop.user, hop.host, hop.port));
        assert_eq!(hop("a"), Some((None, "a".to_owned(), None)));
        assert_eq!(hop("u@[::1]:22"), Some((Some("u".to_owned()), "::1".to_owned(), Some(22))));
        assert_eq!(hop("fe80::1"), Some((None, "fe80::1".to_owned(), None)));
        assert_eq!(hop("ssh://u@a:9/"), Some((Some("u".to_owned()), "a".to_owned(), Some(9))));
        assert_eq!(hop("a:b"), None);
    }

    #[test]
    fn a_wrong_value_is_told_with_its_place() {
        let home = home("Host *\n Port many\n");
        let error = Settings::of(&spec(&home, "web", &[])).unwrap_err();
        assert!(error.to_string().ends_with(".ssh/config:2`"), "{error}");
        let home = super::tests::home("");
        let error = Settings::of(&spec(&home, "web", &["-o", "IdentityFile=~/%q"])).unwrap_err();
        assert!(format!("{error:?}").contains("%q"), "{error:?}");
    }

    #[test]
    fn methods_in_the_wanted_order() {
        let methods = |config| settings(config, "web", &[]).methods;
        assert_eq!(methods(""), METHODS);
        assert_eq!(methods("PreferredAuthentications password,gssapi-with-mic,publickey"), ["password", "publickey"]);
        assert_eq!(methods("PasswordAuthentication no\nKbdInteractiveAuthentication no"), ["publickey"]);
    }
}
