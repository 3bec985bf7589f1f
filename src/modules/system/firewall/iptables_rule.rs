//! The words of a rule, from the options of `iptables`.

use super::iptables::{Iptables, Syn};

/// A rule's words in the making.
#[derive(Default)]
struct Words(Vec<String>);

impl Words {
    /// An option with a value; `!` in front of the value goes before the option.
    fn add(&mut self, flag: &str, value: Option<&String>) {
        let Some(value) = value else { return };
        let value = match value.strip_prefix('!') {
            Some(rest) => {
                self.0.push("!".to_owned());
                rest.trim()
            }
            None => value,
        };
        self.0.extend([flag.to_owned(), value.to_owned()]);
    }

    fn list(&mut self, flag: &str, values: &[String]) {
        if !values.is_empty() {
            self.0.extend([flag.to_owned(), values.join(",")]);
        }
    }

    /// Names an extension where something needs it.
    fn module(&mut self, name: &str, needed: bool) {
        if needed {
            self.0.extend(["-m".to_owned(), name.to_owned()]);
        }
    }
}

impl Iptables {
    /// The rule; empty where the options describe none.
    pub(super) fn rule(&self) -> Vec<String> {
        let mut words = Words::default();
        let given = |name: &str| self.matches.iter().any(|given| given == name);
        words.add("-p", self.protocol.as_ref());
        words.add("-s", self.source.as_ref());
        words.add("-d", self.destination.as_ref());
        for name in &self.matches {
            words.add("-m", Some(name));
        }
        if let Some(flags) = &self.tcp_flags {
            words.0.extend(["--tcp-flags".to_owned(), flags.flags.join(","), flags.flags_set.join(",")]);
        }
        let logs = self.log_prefix.is_some() || self.log_level.is_some();
        let log = "LOG".to_owned();
        words.add("-j", self.jump.as_ref().or(logs.then_some(&log)));
        if self.jump.as_ref().is_some_and(|jump| jump.eq_ignore_ascii_case("tee")) {
            words.add("--gateway", self.gateway.as_ref());
        }
        words.add("--log-prefix", self.log_prefix.as_ref());
        words.add("--log-level", self.log_level.as_ref());
        words.add("--to-destination", self.to_destination.as_ref());
        words.module("multiport", !self.destination_ports.is_empty());
        words.list("--dports", &self.destination_ports);
        words.add("--to-source", self.to_source.as_ref());
        words.add("-g", self.goto.as_ref());
        words.add("-i", self.in_interface.as_ref());
        words.add("-o", self.out_interface.as_ref());
        words.add("-f", self.fragment.as_ref());
        words.add("-c", self.set_counters.as_ref());
        words.add("--source-port", self.source_port.as_ref());
        words.add("--destination-port", self.destination_port.as_ref());
        words.add("--to-ports", self.to_ports.as_ref());
        let mark = "DSCP".to_owned();
        let marks = self.jump.is_none() && (self.set_dscp_mark.is_some() || self.set_dscp_mark_class.is_some());
        words.add("-j", marks.then_some(&mark));
        words.add("--set-dscp", self.set_dscp_mark.as_ref());
        words.add("--set-dscp-class", self.set_dscp_mark_class.as_ref());
        match self.syn {
            Syn::Ignore => {}
            Syn::Match => words.0.push("--syn".to_owned()),
            Syn::Negate => words.0.extend(["!".to_owned(), "--syn".to_owned()]),
        }
        if given("state") && !given("conntrack") {
            words.list("--state", &self.ctstate);
        } else {
            words.module("conntrack", !self.ctstate.is_empty() && !given("conntrack"));
            words.list("--ctstate", &self.ctstate);
        }
        words.module("iprange", (self.src_range.is_some() || self.dst_range.is_some()) && !given("iprange"));
        words.add("--src-range", self.src_range.as_ref());
        words.add("--dst-range", self.dst_range.as_ref());
        words.module("set", self.match_set.is_some() && !given("set"));
        words.add("--match-set", self.match_set.as_ref());
        words.0.extend(self.match_set_flags.clone());
        words.module("limit", self.limit.is_some() || self.limit_burst.is_some());
        words.add("--limit", self.limit.as_ref());
        words.add("--limit-burst", self.limit_burst.as_ref());
        words.module("owner", self.uid_owner.is_some() || self.gid_owner.is_some());
        words.add("--uid-owner", self.uid_owner.as_ref());
        words.add("--gid-owner", self.gid_owner.as_ref());
        let reject = "REJECT".to_owned();
        words.add("-j", (self.jump.is_none() && self.reject_with.is_some()).then_some(&reject));
        words.add("--reject-with", self.reject_with.as_ref());
        let icmp = if self.ip_version.is_six() { "--icmpv6-type" } else { "--icmp-type" };
        words.add(icmp, self.icmp_type.as_ref());
        words.module("comment", self.comment.is_some());
        // a comment may begin with an exclamation mark
        words.0.extend(self.comment.iter().flat_map(|text| ["--comment".to_owned(), text.clone()]));
        words.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::{from_json, from_value};

    #[test]
    fn options_become_words() {
        let rule = |options: serde_json::Value| {
            let module: Iptables = from_value(&from_json(options)).unwrap();
            module.rule().join(" ")
        };
        let options = serde_json::json!({"chain": "INPUT", "protocol": "tcp", "destination_port": 22, "source": "! 10.0.0.0/8",
            "ctstate": "NEW,ESTABLISHED", "syn": "match", "jump": "ACCEPT", "comment": "ssh only"});
        let expected = "-p tcp ! -s 10.0.0.0/8 -j ACCEPT --destination-port 22 --syn -m conntrack --ctstate \
                        NEW,ESTABLISHED -m comment --comment ssh only";
        assert_eq!(rule(options), expected);
        let log = rule(serde_json::json!({"chain": "INPUT", "log_prefix": "x: "}));
        assert_eq!(log, "-j LOG --log-prefix x: ");
        assert_eq!(rule(serde_json::json!({"chain": "INPUT", "policy": "DROP"})), "");
    }
}
