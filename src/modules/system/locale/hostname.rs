//! `hostname`.

use std::path::Path;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::modules::context::Ctx;
use crate::modules::error::ModuleError;
use crate::modules::managed::{Applied, Managed};
use crate::modules::outcome::Diff;
use crate::modules::system::config_file::{ConfigFile, text_diff};
use crate::value::{Map, Value};

/// How names are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Strategy {
    /// `/etc/hostname`.
    Alpine,
    /// `/etc/hostname`.
    Debian,
    /// Only the running kernel's name.
    Generic,
    /// `/etc/conf.d/hostname`.
    Openrc,
    /// `/etc/sysconfig/network`.
    Redhat,
    /// `/etc/HOSTNAME`.
    Sles,
    /// `hostnamectl`.
    Systemd,
    /// Not supported.
    Freebsd,
    /// Not supported.
    Macos,
    /// Not supported.
    Macosx,
    /// Not supported.
    Darwin,
    /// Not supported.
    Openbsd,
    /// Not supported.
    Solaris,
}

/// Sets the host's name, in the running kernel and for the next boot. `/etc/hosts` is left alone.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Hostname {
    /// The name.
    name: String,
    /// How names are kept on this host. Found out where not given.
    #[serde(rename = "use")]
    strategy: Option<Strategy>,
}

/// The name now and after a boot.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct HostnameState {
    running: String,
    permanent: String,
}

fn running() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

impl Hostname {
    fn strategy(&self, ctx: &Ctx) -> Result<Strategy, ModuleError> {
        use Strategy::{Darwin, Freebsd, Macos, Macosx, Openbsd, Solaris};

        let systemd = Path::new("/run/systemd/system").exists() && ctx.find_tool("hostnamectl").is_some();
        let found = match self.strategy {
            Some(strategy) => strategy,
            None if systemd => Strategy::Systemd,
            None if Path::new("/etc/conf.d/hostname").exists() => Strategy::Openrc,
            None if Path::new("/etc/sysconfig/network").exists() => Strategy::Redhat,
            None => Strategy::Debian,
        };
        if matches!(found, Freebsd | Macos | Macosx | Darwin | Openbsd | Solaris) {
            return Err(ModuleError::new(format!("strategy {found:?} is not for this system, which is Linux")));
        }
        Ok(found)
    }

    /// The file that has the name, and the word before it there.
    fn file(strategy: Strategy) -> (&'static str, &'static str) {
        match strategy {
            Strategy::Openrc => ("/etc/conf.d/hostname", "hostname="),
            Strategy::Redhat => ("/etc/sysconfig/network", "HOSTNAME="),
            Strategy::Sles => ("/etc/HOSTNAME", ""),
            _ => ("/etc/hostname", ""),
        }
    }

    fn permanent(strategy: Strategy, ctx: &Ctx) -> Result<String, ModuleError> {
        match strategy {
            Strategy::Generic => Ok(running()),
            Strategy::Systemd => {
                let asked = ctx.run_tool("hostnamectl", ["--static", "status"])?.success("hostnamectl")?;
                Ok(asked.out().trim().to_owned())
            }
            other => {
                let (path, key) = Self::file(other);
                let text = ConfigFile::at(path).text(ctx)?.unwrap_or_default();
                let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
                let value = lines.find_map(|line| line.strip_prefix(key)).unwrap_or_default();
                Ok(value.trim_matches(['"', '\'', ' ']).to_owned())
            }
        }
    }

    fn write(&self, strategy: Strategy, ctx: &mut Ctx) -> Result<(), ModuleError> {
        let (path, key) = Self::file(strategy);
        let file = ConfigFile::at(path);
        let quote = if strategy == Strategy::Openrc { "\"" } else { "" };
        let line = format!("{key}{quote}{}{quote}", self.name);
        let old = file.text(ctx)?.unwrap_or_default();
        let text = if key.is_empty() {
            format!("{line}\n")
        } else {
            let mut lines: Vec<&str> = old.lines().filter(|old| !old.trim_start().starts_with(key)).collect();
            lines.push(&line);
            lines.join("\n") + "\n"
        };
        file.write(Some(&text), ctx)?;
        Ok(())
    }
}

impl Managed for Hostname {
    type State = HostnameState;

    fn validate(&self) -> Result<(), ModuleError> {
        if self.name.is_empty() || self.name.len() > 255 || self.name.contains(char::is_whitespace) {
            return Err(ModuleError::new(format!("`{}` is no name for a host", self.name)));
        }
        Ok(())
    }

    fn read(&self, ctx: &mut Ctx) -> Result<HostnameState, ModuleError> {
        let strategy = self.strategy(ctx)?;
        Ok(HostnameState { running: running(), permanent: Self::permanent(strategy, ctx)? })
    }

    fn desired(&self, _: &HostnameState, _: &mut Ctx) -> Result<HostnameState, ModuleError> {
        Ok(HostnameState { running: self.name.clone(), permanent: self.name.clone() })
    }

    fn apply(&self, current: &HostnameState, desired: &HostnameState, ctx: &mut Ctx) -> Result<Applied, ModuleError> {
        let strategy = self.strategy(ctx)?;
        if current.permanent != desired.permanent {
            match strategy {
                Strategy::Generic => {}
                Strategy::Systemd => {
                    for which in ["--pretty", "--static"] {
                        ctx.run_tool("hostnamectl", [which, "set-hostname", &self.name])?.success("hostnamectl")?;
                    }
                }
                other => self.write(other, ctx)?,
            }
        }
        if running() != desired.running {
            if strategy == Strategy::Systemd {
                let words = ["--transient", "set-hostname", &self.name];
                ctx.run_tool("hostnamectl", words)?.success("hostnamectl")?;
            } else {
                ctx.run_tool("hostname", [&self.name])?.success("hostname")?;
            }
        }
        Ok(Applied::default())
    }

    fn report(&self, _: &HostnameState, ctx: &mut Ctx) -> Result<Map, ModuleError> {
        let node = if ctx.mode.check { running() } else { self.name.clone() };
        // the resolver's answer, as `hostname -f` has it; the name itself where it has none
        let asked = ctx.run_tool("getent", ["hosts", &node]).ok().map(|output| output.out()).unwrap_or_default();
        let known =
            asked.lines().next().and_then(|line| line.split_whitespace().nth(1)).filter(|name| name.contains('.'));
        let full = known.unwrap_or(&node).to_owned();
        let domain = full.split_once('.').map_or("", |(_, domain)| domain).to_owned();
        let short = node.split('.').next().unwrap_or_default().to_owned();
        let facts = Map::from([
            ("ansible_hostname".into(), Value::from(short)),
            ("ansible_nodename".into(), Value::from(node)),
            ("ansible_fqdn".into(), Value::from(full)),
            ("ansible_domain".into(), Value::from(domain)),
        ]);
        Ok(Map::from([("name".into(), Value::from(self.name.as_str())), ("ansible_facts".into(), Value::map(facts))]))
    }

    fn diff(&self, current: &HostnameState, desired: &HostnameState) -> Result<Vec<Diff>, ModuleError> {
        let text = |name: &str| format!("hostname = {name}\n");
        let old = if current.permanent == desired.permanent { &current.running } else { &current.permanent };
        Ok(vec![text_diff("hostname", Some(&text(old)), Some(&text(&desired.permanent)))])
    }

    fn title(&self) -> String {
        "hostname".to_owned()
    }
}
