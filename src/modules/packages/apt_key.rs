//! `apt_key`, through the host's `apt-key`.

use std::fs;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::gpg::{fingerprints, fingerprints_of};
use super::state::State;
use crate::modules::context::Ctx;
use crate::modules::error::ModuleError;
use crate::modules::managed::{Applied, Managed};
use crate::modules::net::download;
use crate::value::{Map, Value};

/// Keeps a key that apt trusts, through `apt-key`.
///
/// Debian 13 and later have no `apt-key`; there and better anywhere, `deb822_repository` keeps a source with its key.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AptKey {
    /// Identifier or fingerprint of the key. Needed to remove one, and with `keyserver`.
    id: Option<String>,
    /// The key itself, armored.
    data: Option<String>,
    /// The key as a file of the host.
    file: Option<String>,
    /// The key at a URL.
    url: Option<String>,
    /// Server to ask for the key.
    keyserver: Option<String>,
    /// Keyring to keep it in.
    keyring: Option<String>,
    /// Whether apt shall have it.
    #[serde(default)]
    state: State,
    /// Refuse a server whose certificate is not valid.
    #[serde(default = "yes")]
    validate_certs: bool,
}

fn yes() -> bool {
    true
}

/// The fingerprints of the keys that apt has.
#[derive(Clone, PartialEq, Serialize)]
pub struct Keys {
    keys: Vec<String>,
    #[serde(skip)]
    source: Source,
}

/// Where a key comes from, and what was there before.
#[derive(Clone, Default)]
struct Source {
    bytes: Option<Arc<[u8]>>,
    fingerprint: Option<String>,
    before: Vec<String>,
}

impl PartialEq for Source {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl AptKey {
    fn argv(&self, rest: &[&str]) -> Vec<String> {
        let mut argv = vec!["apt-key".to_owned()];
        if let Some(keyring) = &self.keyring {
            argv.extend(["--keyring".to_owned(), keyring.clone()]);
        }
        argv.extend(rest.iter().map(|word| (*word).to_owned()));
        argv
    }

    /// The identifier as fingerprints end with it.
    fn id(&self) -> Option<String> {
        self.id.as_ref().map(|id| {
            let id = id.replace(' ', "").to_uppercase();
            id.strip_prefix("0X").map_or(id.clone(), str::to_owned)
        })
    }

    fn bytes(&self, ctx: &Ctx) -> Result<Option<Vec<u8>>, ModuleError> {
        if let Some(data) = &self.data {
            return Ok(Some(data.as_bytes().to_vec()));
        }
        if let Some(file) = &self.file {
            let path = ctx.resolve(file);
            let cannot = |error| ModuleError::because(format!("cannot read `{}`", path.display()), error);
            return fs::read(&path).map(Some).map_err(cannot);
        }
        let Some(url) = &self.url else { return Ok(None) };
        let kept = download(url, self.validate_certs, ctx)?;
        let cannot = |error| ModuleError::because("cannot read the key that was downloaded", error);
        fs::read(&kept).map(Some).map_err(cannot)
    }
}

impl Managed for AptKey {
    type State = Keys;

    fn validate(&self) -> Result<(), ModuleError> {
        let given = [self.data.is_some(), self.file.is_some(), self.url.is_some(), self.keyserver.is_some()];
        if given.iter().filter(|given| **given).count() > 1 {
            return Err(ModuleError::new("only one of `data`, `file`, `url` and `keyserver` can be given"));
        }
        if self.id.is_none() && (self.state == State::Absent || self.keyserver.is_some()) {
            return Err(ModuleError::new("option `id` is needed to remove a key, and with `keyserver`"));
        }
        if let Some(id) = self.id()
            && !(id.len() >= 8 && id.chars().all(|c| c.is_ascii_hexdigit()))
        {
            return Err(ModuleError::new("Invalid key_id").with("id", id));
        }
        Ok(())
    }

    fn read(&self, ctx: &mut Ctx) -> Result<Keys, ModuleError> {
        let argv = self.argv(&["adv", "--list-public-keys", "--with-colons", "--fingerprint"]);
        let output = ctx.command(argv).env("LC_ALL", "C").env("APT_KEY_DONT_WARN_ON_DANGEROUS_USAGE", "1").run();
        let output = output.map_err(|error| {
            ModuleError::because("this host has no `apt-key`: use deb822_repository with `signed_by`", error)
        })?;
        // a keyring that is not there yet has no keys
        let keys = fingerprints(&output.out());
        if output.rc != 0 && keys.is_empty() && self.keyring.is_none() {
            return Err(output
                .success("listing the keys")
                .err()
                .unwrap_or_else(|| ModuleError::new("listing the keys")));
        }
        Ok(Keys { source: Source { before: keys.clone(), ..Source::default() }, keys })
    }

    fn desired(&self, current: &Keys, ctx: &mut Ctx) -> Result<Keys, ModuleError> {
        let mut wanted = current.clone();
        let id = self.id();
        let has = |keys: &[String], id: &str| keys.iter().any(|key| key.ends_with(id));
        if self.state == State::Absent {
            wanted.keys.retain(|key| !id.as_deref().is_some_and(|id| key.ends_with(id)));
            return Ok(wanted);
        }
        if let Some(id) = &id
            && has(&current.keys, id)
        {
            wanted.source.fingerprint = current.keys.iter().find(|key| key.ends_with(id.as_str())).cloned();
            return Ok(wanted);
        }
        let new = match self.bytes(ctx)? {
            None => match (&self.keyserver, id) {
                (Some(_), Some(id)) => vec![id],
                _ => return Err(ModuleError::new("Missing a source for the key: data, file, url or keyserver")),
            },
            Some(bytes) => {
                let found = fingerprints_of(&bytes, ctx)?;
                if let Some(id) = id.filter(|id| !has(&found, id)) {
                    return Err(ModuleError::new(format!("the key does not have the id {id}")));
                }
                wanted.source.bytes = Some(bytes.into());
                found
            }
        };
        wanted.source.fingerprint = new.first().cloned();
        for key in new {
            if !has(&wanted.keys, &key) {
                wanted.keys.push(key);
            }
        }
        Ok(wanted)
    }

    fn apply(&self, _: &Keys, desired: &Keys, ctx: &mut Ctx) -> Result<Applied, ModuleError> {
        let id = self.id().unwrap_or_default();
        let (argv, input) = match (self.state, &desired.source.bytes, &self.keyserver) {
            (State::Absent, ..) => (self.argv(&["del", &id]), None),
            (State::Present, Some(bytes), _) => (self.argv(&["add", "-"]), Some(bytes.to_vec())),
            (State::Present, None, server) => {
                let server = server.as_deref().unwrap_or_default();
                (self.argv(&["adv", "--no-tty", "--keyserver", server, "--recv", &id]), None)
            }
        };
        let mut process = ctx.command(argv).env("LC_ALL", "C").env("APT_KEY_DONT_WARN_ON_DANGEROUS_USAGE", "1");
        if let Some(input) = input {
            process = process.stdin(input);
        }
        process.run()?.success("apt-key")?;
        Ok(Applied::default())
    }

    fn values(&self, state: &Keys) -> Map {
        let list = |keys: &[String]| Value::list(keys.iter().map(|key| Value::from(key.as_str())).collect());
        let full = state.source.fingerprint.clone().or_else(|| self.id()).unwrap_or_default();
        let end = |length: usize| full.get(full.len().saturating_sub(length)..).unwrap_or_default().to_owned();
        [
            ("before".into(), list(&state.source.before)),
            ("after".into(), list(&state.keys)),
            ("fp".into(), Value::from(full.as_str())),
            ("id".into(), Value::from(self.id.as_deref().unwrap_or(&full))),
            ("key_id".into(), Value::from(end(16))),
            ("short_id".into(), Value::from(end(8))),
        ]
        .into()
    }

    fn title(&self) -> String {
        "keys of apt".to_owned()
    }
}
