//! `firewalld`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::modules::context::Ctx;
use crate::modules::error::ModuleError;
use crate::modules::host::Output;
use crate::modules::managed::{Applied, Managed};
use crate::value::{Map, Value};

/// What is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum State {
    /// No such zone; or with `target`, the default target.
    Absent,
    /// The setting is off.
    Disabled,
    /// The setting is on.
    Enabled,
    /// There is such a zone.
    Present,
}

/// A port that leads elsewhere.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct PortForward {
    /// The port.
    port: String,
    /// The protocol.
    proto: String,
    /// The port that it leads to.
    toport: String,
    /// The address that it leads to.
    toaddr: Option<String>,
}

/// Switches settings of a zone of firewalld on or off, by `firewall-cmd`. One setting at a time.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Firewalld {
    /// What is wanted.
    state: State,
    /// The zone. The default zone where not given.
    zone: Option<String>,
    /// Change the permanent configuration.
    #[serde(default)]
    permanent: bool,
    /// Change the running configuration; without `permanent` that is what is changed anyway.
    #[serde(default)]
    immediate: bool,
    /// Leave `immediate` aside where firewalld does not run.
    #[serde(default)]
    offline: bool,
    /// Seconds until a setting of the running configuration goes away by itself.
    #[serde(default)]
    timeout: u64,
    /// A service, by firewalld's name for it.
    service: Option<String>,
    /// A protocol.
    protocol: Option<String>,
    /// A port or range of ports with its protocol, such as `8080/tcp`.
    port: Option<String>,
    /// Ports that lead elsewhere.
    port_forward: Option<Vec<PortForward>>,
    /// A rule in firewalld's rich language.
    rich_rule: Option<String>,
    /// An address or network that belongs to the zone.
    source: Option<String>,
    /// A network interface that belongs to the zone.
    interface: Option<String>,
    /// A type of ICMP message to block.
    icmp_block: Option<String>,
    /// Block all types of ICMP messages but those named.
    icmp_block_inversion: Option<bool>,
    /// Masquerading.
    masquerade: Option<bool>,
    /// Forwarding within the zone.
    forward: Option<bool>,
    /// What happens to packets that nothing else decides on: `default`, `ACCEPT`, `DROP` or `%%REJECT%%`.
    target: Option<String>,
}

/// Whether the setting is on, where the task cares.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FirewalldState {
    #[serde(skip_serializing_if = "Option::is_none")]
    permanent: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    running: Option<String>,
}

/// One thing of a zone, as `--query-…`, `--add-…` and `--remove-…` name it.
struct Setting {
    name: &'static str,
    value: Option<String>,
    /// Whether `enabled` means on.
    on: bool,
}

impl Setting {
    fn word(&self, verb: &str) -> String {
        let value = self.value.as_ref().map_or_else(String::new, |value| format!("={value}"));
        format!("--{verb}-{}{value}", self.name)
    }
}

/// What a task is about.
enum Subject {
    Setting(Setting),
    Target(String),
    Zone,
}

impl Firewalld {
    fn subject(&self) -> Result<Subject, ModuleError> {
        let mut found = Vec::new();
        let mut add = |name: &'static str, value: Option<String>, on: bool| found.push(Setting { name, value, on });
        for (name, value) in [
            ("service", &self.service),
            ("protocol", &self.protocol),
            ("port", &self.port),
            ("rich-rule", &self.rich_rule),
            ("source", &self.source),
            ("interface", &self.interface),
            ("icmp-block", &self.icmp_block),
        ] {
            if let Some(value) = value {
                add(name, Some(value.clone()), true);
            }
        }
        for (name, value) in [
            ("icmp-block-inversion", self.icmp_block_inversion),
            ("masquerade", self.masquerade),
            ("forward", self.forward),
        ] {
            if let Some(on) = value {
                add(name, None, on);
            }
        }
        match self.port_forward.as_deref() {
            None | Some([]) => {}
            Some([forward]) => {
                let to = forward.toaddr.as_ref().map_or_else(String::new, |address| format!(":toaddr={address}"));
                let PortForward { port, proto, toport, .. } = forward;
                add("forward-port", Some(format!("port={port}:proto={proto}:toport={toport}{to}")), true);
            }
            Some(_) => return Err(ModuleError::new("Only one port forward supported at a time")),
        }
        let several = || {
            ModuleError::new(
                "can only operate on port, service, rich_rule, protocol, masquerade, icmp_block, icmp_block_inversion, \
                 interface, forward or source at once",
            )
        };
        let mut found = found.into_iter();
        let zone_word = matches!(self.state, State::Present | State::Absent);
        match (found.next(), found.next(), &self.target) {
            (Some(_), Some(_), _) | (Some(_), _, Some(_)) => Err(several()),
            (Some(_), None, None) if zone_word => {
                Err(ModuleError::new("absent and present state can only be used in zone level operations"))
            }
            (Some(setting), None, None) => Ok(Subject::Setting(setting)),
            (None, _, Some(target)) => Ok(Subject::Target(target.clone())),
            (None, _, None) if zone_word && self.zone.is_some() => Ok(Subject::Zone),
            (None, ..) => Err(ModuleError::new("there is nothing to switch: give a service, a port, a zone …")),
        }
    }

    fn call(words: &[&str], permanent: bool, ctx: &Ctx) -> Result<Output, ModuleError> {
        // without the daemon, its configuration is changed by another tool
        if permanent && !is_running(ctx)? {
            return ctx.run_tool("firewall-offline-cmd", words);
        }
        let permanent = permanent.then_some("--permanent");
        ctx.run_tool("firewall-cmd", permanent.into_iter().chain(words.iter().copied()))
    }

    /// The option that names the zone.
    fn zone(&self, ctx: &Ctx) -> Result<String, ModuleError> {
        let name = if let Some(zone) = &self.zone {
            zone.clone()
        } else {
            let tool = if is_running(ctx)? { "firewall-cmd" } else { "firewall-offline-cmd" };
            ctx.run_tool(tool, ["--get-default-zone"])?.success(tool)?.out().trim().to_owned()
        };
        Ok(format!("--zone={name}"))
    }

    /// Which configurations the task is about: permanent, running.
    fn places(&self, ctx: &Ctx) -> Result<(bool, bool), ModuleError> {
        let immediate = self.immediate || !self.permanent;
        if immediate && !is_running(ctx)? {
            if self.permanent && self.offline {
                return Ok((true, false));
            }
            return Err(ModuleError::new(
                "firewall is not currently running, unable to perform immediate actions without a running firewall daemon",
            ));
        }
        Ok((self.permanent, immediate))
    }

    fn now(&self, subject: &Subject, permanent: bool, ctx: &Ctx) -> Result<String, ModuleError> {
        let word = |on: bool| if on { "enabled" } else { "disabled" }.to_owned();
        match subject {
            Subject::Setting(setting) => {
                let asked = Self::call(&[&self.zone(ctx)?, &setting.word("query")], permanent, ctx)?;
                match asked.rc {
                    0 | 1 => Ok(word((asked.rc == 0) == setting.on)),
                    _ => Err(failed(&asked)),
                }
            }
            Subject::Target(_) => {
                let asked = Self::call(&[&self.zone(ctx)?, "--get-target"], permanent, ctx)?;
                if asked.rc == 0 { Ok(asked.out().trim().to_owned()) } else { Err(failed(&asked)) }
            }
            Subject::Zone => {
                let asked = Self::call(&["--get-zones"], permanent, ctx)?;
                let name = self.zone.as_deref().unwrap_or_default();
                let there = asked.out().split_whitespace().any(|zone| zone == name);
                Ok(if there { "present" } else { "absent" }.to_owned())
            }
        }
    }

    fn wanted(&self, subject: &Subject) -> String {
        match (subject, self.state) {
            (Subject::Target(_), State::Absent | State::Disabled) => "default".to_owned(),
            (Subject::Target(target), _) => target.clone(),
            (_, State::Absent) => "absent".to_owned(),
            (_, State::Disabled) => "disabled".to_owned(),
            (_, State::Enabled) => "enabled".to_owned(),
            (_, State::Present) => "present".to_owned(),
        }
    }

    fn set(&self, subject: &Subject, wanted: &str, permanent: bool, ctx: &Ctx) -> Result<(), ModuleError> {
        let done = match subject {
            Subject::Setting(setting) => {
                let on = (wanted == "enabled") == setting.on;
                // an interface or address that another zone has is to leave it
                let moves = on && matches!(setting.name, "interface" | "source");
                let verb = if moves {
                    "change"
                } else if on {
                    "add"
                } else {
                    "remove"
                };
                let (zone, word) = (self.zone(ctx)?, setting.word(verb));
                let timeout = format!("--timeout={}", self.timeout);
                let mut words = vec![zone.as_str(), word.as_str()];
                if on && !permanent && self.timeout > 0 {
                    words.push(&timeout);
                }
                Self::call(&words, permanent, ctx)?
            }
            Subject::Target(_) => Self::call(&[&self.zone(ctx)?, &format!("--set-target={wanted}")], permanent, ctx)?,
            Subject::Zone => {
                let verb = if wanted == "present" { "new" } else { "delete" };
                let word = format!("--{verb}-zone={}", self.zone.as_deref().unwrap_or_default());
                Self::call(&[&word], permanent, ctx)?
            }
        };
        if done.rc == 0 { Ok(()) } else { Err(failed(&done)) }
    }
}

fn is_running(ctx: &Ctx) -> Result<bool, ModuleError> {
    Ok(ctx.run_tool("firewall-cmd", ["--state"])?.rc == 0)
}

fn failed(output: &Output) -> ModuleError {
    let why = format!("{}{}", output.out(), output.err());
    ModuleError::new(format!("firewalld refuses: {}", why.trim())).with("rc", i64::from(output.rc))
}

impl Managed for Firewalld {
    type State = FirewalldState;

    fn validate(&self) -> Result<(), ModuleError> {
        let subject = self.subject()?;
        if matches!(subject, Subject::Zone | Subject::Target(_)) && !self.permanent {
            let text = "Zones and their targets can only be changed permanently (permanent: true)";
            return Err(ModuleError::new(text));
        }
        if self.permanent && !self.immediate && self.timeout > 0 {
            return Err(ModuleError::new("timeout is for the running configuration, not for the permanent one"));
        }
        Ok(())
    }

    fn read(&self, ctx: &mut Ctx) -> Result<FirewalldState, ModuleError> {
        let subject = self.subject()?;
        let (permanent, running) = self.places(ctx)?;
        // the running daemon takes zones and targets over when it is told to reload
        let running = running && matches!(subject, Subject::Setting(_));
        let look = |there: bool, permanent: bool| -> Result<Option<String>, ModuleError> {
            if there { self.now(&subject, permanent, ctx).map(Some) } else { Ok(None) }
        };
        Ok(FirewalldState { permanent: look(permanent, true)?, running: look(running, false)? })
    }

    fn desired(&self, current: &FirewalldState, _: &mut Ctx) -> Result<FirewalldState, ModuleError> {
        let wanted = self.wanted(&self.subject()?);
        Ok(FirewalldState {
            permanent: current.permanent.as_ref().map(|_| wanted.clone()),
            running: current.running.as_ref().map(|_| wanted),
        })
    }

    fn apply(&self, current: &FirewalldState, desired: &FirewalldState, ctx: &mut Ctx) -> Result<Applied, ModuleError> {
        let subject = self.subject()?;
        for (now, wanted, permanent) in
            [(&current.permanent, &desired.permanent, true), (&current.running, &desired.running, false)]
        {
            if let Some(wanted) = wanted.as_ref().filter(|_| now != wanted) {
                self.set(&subject, wanted, permanent, ctx)?;
            }
        }
        Ok(Applied::default())
    }

    fn values(&self, state: &FirewalldState) -> Map {
        let places = match (&state.permanent, &state.running) {
            (Some(_), Some(_)) => "Permanent and Non-Permanent(immediate) operation",
            (Some(_), None) => "Permanent operation",
            _ => "Non-permanent operation",
        };
        Map::from([("msg".into(), Value::from(places))])
    }

    fn title(&self) -> String {
        format!("zone {}", self.zone.as_deref().unwrap_or("(default)"))
    }
}
