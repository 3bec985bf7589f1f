//! `iptables`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::modules::context::Ctx;
use crate::modules::error::ModuleError;
use crate::modules::host::Output;
use crate::modules::managed::{Applied, Managed};
use crate::modules::system::presence::Presence;
use crate::value::{Map, Value};

/// Where a new rule goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Action {
    /// To the end.
    #[default]
    Append,
    /// To the beginning, or to `rule_num`.
    Insert,
}

/// Which version of IP.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum IpVersion {
    /// Both.
    Both,
    /// Version 4.
    #[default]
    Ipv4,
    /// Version 6.
    Ipv6,
}

impl IpVersion {
    pub(super) fn is_six(self) -> bool {
        self == Self::Ipv6
    }

    fn tools(self) -> &'static [&'static str] {
        match self {
            Self::Ipv4 => &["iptables"],
            Self::Ipv6 => &["ip6tables"],
            Self::Both => &["iptables", "ip6tables"],
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Ipv4 => "ipv4",
            Self::Ipv6 => "ipv6",
            Self::Both => "both",
        }
    }
}

/// What to do with the flag that opens a connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum Syn {
    /// Nothing.
    #[default]
    Ignore,
    /// Only packets that open a connection.
    Match,
    /// Only other packets.
    Negate,
}

/// A table of the packet filter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Table {
    #[default]
    Filter,
    Mangle,
    Nat,
    Raw,
    Security,
}

impl Table {
    fn word(self) -> &'static str {
        match self {
            Self::Filter => "filter",
            Self::Mangle => "mangle",
            Self::Nat => "nat",
            Self::Raw => "raw",
            Self::Security => "security",
        }
    }
}

/// Flags of TCP.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct TcpFlags {
    /// The flags to look at.
    #[serde(default)]
    pub(super) flags: Vec<String>,
    /// Those of them that must be set.
    #[serde(default)]
    pub(super) flags_set: Vec<String>,
}

/// Keeps a rule of the running packet filter, a chain, or a chain's policy. Nothing is saved for the next boot.
///
/// A `!` in front of a value turns its meaning round.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Iptables {
    /// The table.
    #[serde(default)]
    table: Table,
    /// Whether the rule, or the chain, shall be there.
    #[serde(default)]
    state: Presence,
    /// Where a new rule goes. One that is there stays where it is.
    #[serde(default)]
    action: Action,
    /// The number that an inserted rule gets.
    rule_num: Option<u32>,
    /// Which version of IP.
    #[serde(default)]
    pub(super) ip_version: IpVersion,
    /// The chain.
    chain: Option<String>,
    /// Make the chain where it is missing; with `state: absent` and no rule, remove it.
    #[serde(default)]
    chain_management: bool,
    /// The protocol.
    pub(super) protocol: Option<String>,
    /// Address or network that packets come from.
    pub(super) source: Option<String>,
    /// Address or network that packets go to.
    pub(super) destination: Option<String>,
    /// Flags of TCP.
    pub(super) tcp_flags: Option<TcpFlags>,
    /// Extensions to match with.
    #[serde(default, rename = "match")]
    pub(super) matches: Vec<String>,
    /// What happens to a packet.
    pub(super) jump: Option<String>,
    /// Where copies of packets go with `jump: TEE`.
    pub(super) gateway: Option<String>,
    /// Text in front of log entries.
    pub(super) log_prefix: Option<String>,
    /// Level of log entries.
    pub(super) log_level: Option<String>,
    /// The chain to go on in.
    pub(super) goto: Option<String>,
    /// The interface that packets come in by.
    pub(super) in_interface: Option<String>,
    /// The interface that packets go out by.
    pub(super) out_interface: Option<String>,
    /// Only further fragments.
    pub(super) fragment: Option<String>,
    /// Packet and byte counters that a new rule starts with.
    pub(super) set_counters: Option<String>,
    /// The port that packets come from.
    pub(super) source_port: Option<String>,
    /// The port that packets go to.
    pub(super) destination_port: Option<String>,
    /// Several ports that packets go to.
    #[serde(default)]
    pub(super) destination_ports: Vec<String>,
    /// The port to send packets to instead.
    pub(super) to_ports: Option<String>,
    /// The address to send packets to instead.
    pub(super) to_destination: Option<String>,
    /// The address to give as sender instead.
    pub(super) to_source: Option<String>,
    /// What to do with the flag that opens a connection.
    #[serde(default)]
    pub(super) syn: Syn,
    /// The mark to set.
    pub(super) set_dscp_mark: Option<String>,
    /// The class of mark to set.
    pub(super) set_dscp_mark_class: Option<String>,
    /// A comment.
    pub(super) comment: Option<String>,
    /// States of the connection.
    #[serde(default)]
    pub(super) ctstate: Vec<String>,
    /// Addresses that packets come from, as `first-last`.
    pub(super) src_range: Option<String>,
    /// Addresses that packets go to, as `first-last`.
    pub(super) dst_range: Option<String>,
    /// A set made by `ipset`. Needs `match_set_flags`.
    pub(super) match_set: Option<String>,
    /// What of a packet is looked up in the set: `src`, `dst`, or two of them with a comma.
    pub(super) match_set_flags: Option<String>,
    /// How often at most, such as `5/minute`.
    pub(super) limit: Option<String>,
    /// How many at once before `limit` counts.
    pub(super) limit_burst: Option<String>,
    /// The user whose process sends packets.
    pub(super) uid_owner: Option<String>,
    /// The group whose process sends packets.
    pub(super) gid_owner: Option<String>,
    /// What a refused sender is told. Means `jump: REJECT`.
    pub(super) reject_with: Option<String>,
    /// The type of ICMP message.
    pub(super) icmp_type: Option<String>,
    /// Remove all rules of the chain, or of the table. Everything else is left aside.
    #[serde(default)]
    flush: bool,
    /// What happens to packets that no rule of the chain decides on. Everything else is left aside.
    policy: Option<String>,
    /// Seconds to wait for other calls of the tool.
    wait: Option<String>,
    /// List without looking up names.
    #[serde(default)]
    numeric: bool,
}

/// The packet filter of each version of IP, as far as the task cares.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct IptablesState(Vec<Filter>);

#[derive(Clone, Debug, PartialEq, Serialize)]
struct Filter {
    tool: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    chain: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    policy: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    flushed: Option<bool>,
}

impl Iptables {
    fn call(&self, tool: &str, words: &[&str], rule: &[String], ctx: &Ctx) -> Result<Output, ModuleError> {
        let mut all = vec!["-t", self.table.word()];
        if let Some(wait) = &self.wait {
            all.extend(["-w", wait]);
        }
        all.extend(words);
        all.extend(rule.iter().map(String::as_str));
        ctx.run_tool(tool, all)
    }

    fn chain(&self) -> &str {
        self.chain.as_deref().unwrap_or_default()
    }

    fn list(&self, tool: &str, ctx: &Ctx) -> Result<Output, ModuleError> {
        let words = ["-L", self.chain(), "-n"];
        self.call(tool, if self.numeric { &words } else { words.get(..2).unwrap_or_default() }, &[], ctx)
    }

    fn read_one(&self, tool: &'static str, ctx: &Ctx) -> Result<Filter, ModuleError> {
        let mut found = Filter { tool, rule: None, chain: None, policy: None, flushed: None };
        if self.flush {
            found.flushed = Some(false);
        } else if self.policy.is_some() {
            let shown = self.list(tool, ctx)?.success(tool)?.out();
            let head = shown.lines().next().unwrap_or_default();
            let policy = head.split_once("(policy ").and_then(|(_, rest)| rest.split([')', ' ']).next());
            found.policy = Some(policy.unwrap_or_default().to_owned());
        } else {
            let rule = self.rule();
            if !rule.is_empty() {
                // whatever is wrong with a rule is told when it is to be added
                found.rule = Some(self.call(tool, &["-C", self.chain()], &rule, ctx)?.rc == 0);
            }
            if self.chain_management {
                found.chain = Some(found.rule == Some(true) || self.list(tool, ctx)?.rc == 0);
            }
        }
        Ok(found)
    }

    fn apply_one(&self, current: &Filter, desired: &Filter, ctx: &Ctx) -> Result<(), ModuleError> {
        let tool = current.tool;
        let call = |words: &[&str], rule: &[String]| -> Result<(), ModuleError> {
            self.call(tool, words, rule, ctx)?.success(tool)?;
            Ok(())
        };
        if desired.flushed == Some(true) {
            let mut words = vec!["-F"];
            words.extend(self.chain.as_deref());
            return call(&words, &[]);
        }
        if let Some(policy) = desired.policy.as_deref().filter(|_| current.policy != desired.policy) {
            return call(&["-P", self.chain(), policy], &[]);
        }
        if current.chain == Some(false) && desired.chain == Some(true) {
            call(&["-N", self.chain()], &[])?;
        }
        if current.rule != desired.rule {
            let number = self.rule_num.map(|number| number.to_string());
            let mut words = match (desired.rule, self.action) {
                (Some(false), _) => vec!["-D", self.chain()],
                (_, Action::Append) => vec!["-A", self.chain()],
                (_, Action::Insert) => vec!["-I", self.chain()],
            };
            if words.first() == Some(&"-I") {
                words.extend(number.as_deref());
            }
            call(&words, &self.rule())?;
        }
        if current.chain == Some(true) && desired.chain == Some(false) {
            call(&["-X", self.chain()], &[])?;
        }
        Ok(())
    }
}

impl Managed for Iptables {
    type State = IptablesState;

    fn validate(&self) -> Result<(), ModuleError> {
        if !self.flush && self.chain.is_none() {
            return Err(ModuleError::new("Either chain or flush parameter must be specified."));
        }
        if self.match_set.is_some() != self.match_set_flags.is_some() {
            return Err(ModuleError::new("parameters are required together: match_set, match_set_flags"));
        }
        if self.set_dscp_mark.is_some() && self.set_dscp_mark_class.is_some() {
            let text = "parameters are mutually exclusive: set_dscp_mark|set_dscp_mark_class";
            return Err(ModuleError::new(text));
        }
        let logs = self.log_prefix.is_some() || self.log_level.is_some();
        if logs && self.jump.as_ref().is_some_and(|jump| jump != "LOG") {
            return Err(ModuleError::new("Logging options can only be used with the LOG jump target."));
        }
        Ok(())
    }

    fn read(&self, ctx: &mut Ctx) -> Result<IptablesState, ModuleError> {
        let tools = self.ip_version.tools().iter();
        tools.map(|tool| self.read_one(tool, ctx)).collect::<Result<_, _>>().map(IptablesState)
    }

    fn desired(&self, current: &IptablesState, _: &mut Ctx) -> Result<IptablesState, ModuleError> {
        let present = self.state == Presence::Present;
        let one = |now: &Filter| Filter {
            tool: now.tool,
            rule: now.rule.map(|_| present),
            // the chain goes only where no rule is spoken of
            chain: now.chain.map(|there| if present { true } else { there && now.rule.is_some() }),
            policy: now.policy.as_ref().and(self.policy.clone()),
            flushed: now.flushed.map(|_| true),
        };
        Ok(IptablesState(current.0.iter().map(one).collect()))
    }

    fn apply(&self, current: &IptablesState, desired: &IptablesState, ctx: &mut Ctx) -> Result<Applied, ModuleError> {
        for (now, wanted) in current.0.iter().zip(&desired.0).filter(|(now, wanted)| now != wanted) {
            self.apply_one(now, wanted, ctx)?;
        }
        Ok(Applied::default())
    }

    fn values(&self, _: &IptablesState) -> Map {
        let text = |text: &Option<String>| text.as_deref().map_or(Value::Null, Value::from);
        Map::from([
            ("ip_version".into(), Value::from(self.ip_version.word())),
            ("table".into(), Value::from(self.table.word())),
            ("chain".into(), text(&self.chain)),
            ("flush".into(), Value::from(self.flush)),
            ("rule".into(), Value::from(self.rule().join(" "))),
            ("state".into(), Value::from(self.state.word())),
            ("chain_management".into(), Value::from(self.chain_management)),
            ("wait".into(), text(&self.wait)),
        ])
    }

    fn title(&self) -> String {
        format!("packet filter, chain {}", self.chain())
    }
}
