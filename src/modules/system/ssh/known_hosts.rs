//! `known_hosts`.

use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha1::Sha1;

use crate::modules::context::Ctx;
use crate::modules::error::ModuleError;
use crate::modules::managed::{Applied, Managed};
use crate::modules::outcome::Diff;
use crate::modules::system::config_file::{ConfigFile, text_diff};
use crate::modules::system::presence::Presence;
use crate::value::{Map, Value};

/// Adds a host's key to a `known_hosts` file, or removes the keys of a host.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct KnownHosts {
    /// The host, as in `key`; with a port as `[host]:port`.
    #[serde(alias = "host")]
    #[schemars(extend("x-aliases" = ["host"]))]
    name: String,
    /// The line for the file: host names, kind of key, key. Needed with `state: present`; without it, all keys of the host
    /// are removed.
    key: Option<String>,
    /// The file.
    #[serde(default = "usual_file")]
    path: String,
    /// Write the host's name as a hash.
    #[serde(default)]
    hash_host: bool,
    /// Whether the key shall be there.
    #[serde(default)]
    state: Presence,
}

fn usual_file() -> String {
    "~/.ssh/known_hosts".to_owned()
}

/// The file's text.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct KnownHostsState {
    #[serde(skip)]
    path: PathBuf,
    /// `None` where there is no file.
    text: Option<String>,
}

/// A line that holds a key.
struct Entry<'l> {
    marker: Option<&'l str>,
    hosts: &'l str,
    kind: &'l str,
    key: &'l str,
}

impl<'l> Entry<'l> {
    fn parse(line: &'l str) -> Option<Self> {
        let mut words = line.split_whitespace().peekable();
        if words.peek()?.starts_with('#') {
            return None;
        }
        let marker = words.next_if(|word| word.starts_with('@'));
        Some(Self { marker, hosts: words.next()?, kind: words.next()?, key: words.next()? })
    }

    fn is_hashed(&self) -> bool {
        self.hosts.starts_with("|1|")
    }

    /// Whether the line is about a host.
    fn names(&self, host: &str) -> bool {
        if let Some(rest) = self.hosts.strip_prefix("|1|") {
            let Some((salt, hash)) = rest.split_once('|') else { return false };
            return STANDARD.decode(salt).ok().and_then(|salt| digest(&salt, host)).as_deref() == Some(hash);
        }
        self.hosts.split(',').any(|name| name.eq_ignore_ascii_case(host))
    }
}

/// The entry of a line that is about a host.
fn about<'l>(line: &'l str, host: &str) -> Option<Entry<'l>> {
    Entry::parse(line).filter(|found| found.names(host))
}

/// The hash of a host's name with a salt.
fn digest(salt: &[u8], host: &str) -> Option<String> {
    let mut mac = Hmac::<Sha1>::new_from_slice(salt).ok()?;
    mac.update(host.as_bytes());
    Some(STANDARD.encode(mac.finalize().into_bytes()))
}

impl KnownHosts {
    fn host(&self) -> String {
        self.name.to_lowercase()
    }

    /// The line to write. The salt is made from host and key, so that it is the same in each run.
    fn line(&self) -> Option<String> {
        let key = self.key.as_deref()?.trim();
        if !self.hash_host {
            return Some(key.to_owned());
        }
        let entry = Entry::parse(key)?;
        if entry.is_hashed() {
            return Some(key.to_owned());
        }
        let salt = STANDARD.decode(digest(entry.key.as_bytes(), &self.host())?).ok()?;
        let hash = digest(&salt, &self.host())?;
        let marker = entry.marker.map_or_else(String::new, |marker| format!("{marker} "));
        Some(format!("{marker}|1|{}|{hash} {} {}", STANDARD.encode(&salt), entry.kind, entry.key))
    }

    fn edited(&self, text: &str) -> String {
        let host = self.host();
        let asked = self.key.as_deref().and_then(Entry::parse);
        let same_kind = |found: &Entry<'_>| {
            asked.as_ref().is_some_and(|asked| (asked.kind, asked.marker) == (found.kind, found.marker))
        };
        let same_key =
            |found: &Entry<'_>| same_kind(found) && asked.as_ref().is_some_and(|asked| asked.key == found.key);
        let mut lines: Vec<&str> = text.lines().collect();
        let new = self.line().unwrap_or_default();
        match self.state {
            Presence::Absent if asked.is_none() => lines.retain(|line| about(line, &host).is_none()),
            Presence::Absent => lines.retain(|line| !about(line, &host).is_some_and(|found| same_key(&found))),
            Presence::Present => {
                let right = |line: &&str| {
                    about(line, &host).is_some_and(|found| same_key(&found) && found.is_hashed() == self.hash_host)
                };
                if lines.iter().any(right) {
                    return text.to_owned();
                }
                // another key of the same kind is out of date
                lines.retain(|line| !about(line, &host).is_some_and(|found| same_kind(&found)));
                lines.push(&new);
            }
        }
        lines.iter().fold(String::new(), |text, line| text + line + "\n")
    }
}

impl Managed for KnownHosts {
    type State = KnownHostsState;

    fn validate(&self) -> Result<(), ModuleError> {
        let Some(key) = &self.key else {
            if self.state == Presence::Present {
                return Err(ModuleError::new("No key specified when adding a host"));
            }
            return Ok(());
        };
        if key.trim().contains('\n') {
            return Err(ModuleError::new("Only one key may be given at a time"));
        }
        let Some(entry) = Entry::parse(key) else {
            return Err(ModuleError::new("key is no line of a known_hosts file: it needs host, kind of key and key"));
        };
        if !entry.names(&self.host()) {
            let what = if entry.is_hashed() {
                "Host parameter does not match hashed host field in supplied key"
            } else {
                "Host parameter does not match the host names in supplied key"
            };
            return Err(ModuleError::new(what));
        }
        Ok(())
    }

    fn read(&self, ctx: &mut Ctx) -> Result<KnownHostsState, ModuleError> {
        let path = ctx.resolve(&self.path);
        let text = ConfigFile::at(&path).text(ctx)?;
        Ok(KnownHostsState { path, text })
    }

    fn desired(&self, current: &KnownHostsState, _: &mut Ctx) -> Result<KnownHostsState, ModuleError> {
        let old = current.text.as_deref().unwrap_or_default();
        let new = self.edited(old);
        let same = old.trim_end() == new.trim_end();
        let text = if same { current.text.clone() } else { Some(new) };
        Ok(KnownHostsState { text, ..current.clone() })
    }

    fn apply(&self, _: &KnownHostsState, desired: &KnownHostsState, ctx: &mut Ctx) -> Result<Applied, ModuleError> {
        if desired.path.parent().is_some_and(|folder| !folder.exists()) {
            return Err(ModuleError::new(format!("the folder of `{}` does not exist", desired.path.display())));
        }
        ConfigFile::at(&desired.path).write(desired.text.as_deref(), ctx)?;
        Ok(Applied::default())
    }

    fn report(&self, state: &KnownHostsState, ctx: &mut Ctx) -> Result<Map, ModuleError> {
        let mut values = Map::from([
            ("name".into(), Value::from(self.name.as_str())),
            ("key".into(), self.key.as_deref().map_or(Value::Null, Value::from)),
            ("hash_host".into(), Value::from(self.hash_host)),
        ]);
        values.extend(ctx.path_info(&state.path)?);
        values.insert("path".into(), Value::from(state.path.display().to_string()));
        Ok(values)
    }

    fn diff(&self, current: &KnownHostsState, desired: &KnownHostsState) -> Result<Vec<Diff>, ModuleError> {
        let path = current.path.display().to_string();
        Ok(vec![text_diff(&path, current.text.as_deref(), desired.text.as_deref())])
    }

    fn title(&self) -> String {
        format!("keys of host {}", self.name)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::modules::testing::{prove, run, with_ctx};

    #[test]
    fn a_hash_that_ssh_keygen_made_is_understood() {
        let line = "|1|Mkxl7OJw/jUMxeczoB3O74Ma29Y=|B0UPYd8kGCdQT/0u4CIXz9eSVEo= ssh-ed25519 AAAA";
        let entry = Entry::parse(line).unwrap();
        assert!(entry.names("foo.example") && !entry.names("bar.example"));
    }

    #[test]
    fn keys_of_hosts() {
        with_ctx(|ctx| {
            let dir = tempfile::tempdir().unwrap();
            let path = dir.path().join("known");
            let mut keep = |mut args: serde_json::Value| {
                args["path"] = json!(path);
                prove(ctx, dir.path(), "known_hosts", &args);
                std::fs::read_to_string(&path).unwrap()
            };
            let text = keep(json!({"name": "a.example", "key": "a.example,10.0.0.1 ssh-rsa AAAA"}));
            assert_eq!(text, "a.example,10.0.0.1 ssh-rsa AAAA\n");
            keep(json!({"name": "b", "key": "b ssh-rsa AAAA"}));
            let text = keep(json!({"name": "A.example", "key": "a.example ssh-rsa BBBB", "hash_host": true}));
            assert!(text.starts_with("b ssh-rsa AAAA\n|1|") && text.ends_with("= ssh-rsa BBBB\n"), "{text}");
            let text = keep(json!({"name": "a.example", "state": "absent"}));
            assert_eq!(text, "b ssh-rsa AAAA\n");
            let wrong = run(ctx, "known_hosts", json!({"name": "c", "key": "b ssh-rsa AAAA", "path": path}));
            assert!(wrong.is_err());
        });
    }
}
