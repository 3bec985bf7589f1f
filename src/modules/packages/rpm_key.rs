//! `rpm_key`.

use std::fs;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::gpg::fingerprints_of;
use super::state::State;
use crate::modules::context::Ctx;
use crate::modules::error::ModuleError;
use crate::modules::managed::{Applied, Managed};
use crate::modules::net::download;

/// Keeps a key in rpm's database.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RpmKey {
    /// The key: a file of the host, a URL, or the identifier of a key that is there.
    key: String,
    /// Whether rpm shall have it.
    #[serde(default)]
    state: State,
    /// Fingerprints of which the key must have one.
    #[serde(default)]
    fingerprint: Vec<String>,
    /// Refuse a server whose certificate is not valid.
    #[serde(default = "yes")]
    validate_certs: bool,
}

fn yes() -> bool {
    true
}

/// The short identifiers of the keys that rpm has.
#[derive(Clone, PartialEq, Serialize)]
pub struct RpmKeys {
    keys: Vec<String>,
    #[serde(skip)]
    bytes: Bytes,
}

/// The key that is to be brought in; it is no part of the state.
#[derive(Clone, Default)]
struct Bytes(Option<Arc<[u8]>>);

impl PartialEq for Bytes {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl RpmKey {
    /// The identifiers that rpm knows the key by, and the key where it was given as such.
    fn wanted(&self, ctx: &Ctx) -> Result<(Vec<String>, Option<Vec<u8>>), ModuleError> {
        let id = self.key.trim_start_matches("0x").trim_start_matches("0X").replace(' ', "").to_lowercase();
        if id.len() >= 8 && id.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Ok((vec![short(&id)], None));
        }
        let bytes = if self.key.contains("://") {
            let kept = download(&self.key, self.validate_certs, ctx)?;
            fs::read(&kept).map_err(|error| ModuleError::because("cannot read the key that was downloaded", error))?
        } else {
            let path = ctx.resolve(&self.key);
            if !path.is_file() {
                return Err(ModuleError::new(format!("Not a valid key {}", self.key)));
            }
            fs::read(&path).map_err(|error| ModuleError::because(format!("cannot read `{}`", path.display()), error))?
        };
        let found = fingerprints_of(&bytes, ctx)?;
        let plain = |text: &String| text.replace(' ', "").to_uppercase();
        if !self.fingerprint.is_empty() && !self.fingerprint.iter().map(plain).any(|wanted| found.contains(&wanted)) {
            return Err(ModuleError::new(format!(
                "The specified fingerprint, '{}', does not match any key fingerprints in '{}'",
                self.fingerprint.join(", "),
                found.join(", ")
            )));
        }
        Ok((found.iter().map(|key| short(&key.to_lowercase())).collect(), Some(bytes)))
    }
}

/// The part of a fingerprint that rpm names packages of keys by.
fn short(fingerprint: &str) -> String {
    fingerprint.get(fingerprint.len().saturating_sub(8)..).unwrap_or(fingerprint).to_owned()
}

impl Managed for RpmKey {
    type State = RpmKeys;

    fn read(&self, ctx: &mut Ctx) -> Result<RpmKeys, ModuleError> {
        let argv = ["rpm", "-q", "gpg-pubkey", "--queryformat", "%{VERSION}\\n"];
        let output = ctx.command(argv).env("LC_ALL", "C").run()?;
        let text = output.out();
        // without any key rpm says so, and fails
        let keys =
            if output.rc == 0 { text.lines().map(|key| short(&key.to_lowercase())).collect() } else { Vec::new() };
        Ok(RpmKeys { keys, bytes: Bytes::default() })
    }

    fn desired(&self, current: &RpmKeys, ctx: &mut Ctx) -> Result<RpmKeys, ModuleError> {
        let (ids, bytes) = self.wanted(ctx)?;
        let mut wanted = current.clone();
        if self.state == State::Absent {
            wanted.keys.retain(|key| !ids.contains(key));
            return Ok(wanted);
        }
        for id in ids {
            if !wanted.keys.contains(&id) {
                wanted.keys.push(id);
            }
        }
        if wanted.keys != current.keys && bytes.is_none() {
            return Err(ModuleError::new("When importing a key, a valid file must be given"));
        }
        wanted.bytes = Bytes(bytes.map(Into::into));
        Ok(wanted)
    }

    fn apply(&self, current: &RpmKeys, desired: &RpmKeys, ctx: &mut Ctx) -> Result<Applied, ModuleError> {
        if let Some(bytes) = desired.bytes.0.as_ref().filter(|_| self.state == State::Present) {
            let cannot = |error| ModuleError::because("cannot write the key to a temporary file", error);
            let file = tempfile::Builder::new().prefix("rpm_key.").tempfile_in(ctx.temporary()).map_err(cannot)?;
            fs::write(file.path(), bytes).map_err(cannot)?;
            let argv = ["rpm".into(), "--import".into(), file.path().as_os_str().to_owned()];
            ctx.command(argv).run()?.success("rpm --import")?;
        }
        for key in current.keys.iter().filter(|key| !desired.keys.contains(key)) {
            ctx.command(["rpm", "--erase", "--allmatches", &format!("gpg-pubkey-{key}")])
                .run()?
                .success("rpm --erase")?;
        }
        Ok(Applied::default())
    }

    fn title(&self) -> String {
        "keys of rpm".to_owned()
    }
}
