//! `add_host`.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde::de::{Deserializer, Error as _};

use crate::modules::controller::{ControllerAction, ControllerCtx, Effect};
use crate::modules::error::ModuleError;
use crate::modules::outcome::Outcome;
use crate::value::{Map, Value, from_value, python_str};

/// A host to add.
pub struct AddHost {
    name: String,
    groups: Vec<String>,
    vars: Map,
}

const NAMES: &[&str] = &["name", "hostname", "host"];
const GROUPS: &[&str] = &["groups", "groupname", "group"];

impl<'de> Deserialize<'de> for AddHost {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Value::Map(map) = Value::deserialize(deserializer)? else {
            return Err(D::Error::custom("expected a mapping"));
        };
        let mut vars = (*map).clone();
        let mut take = |keys: &[&str]| {
            let given: Vec<Value> = keys.iter().filter_map(|key| vars.shift_remove(*key)).collect();
            given.into_iter().find(|value| !matches!(value, Value::Null))
        };
        let name = take(NAMES).ok_or_else(|| D::Error::missing_field("name"))?;
        let groups: Vec<String> = match take(GROUPS) {
            Some(groups) => {
                from_value(&groups).map_err(|error| D::Error::custom(format!("option `groups`: {error}")))?
            }
            None => Vec::new(),
        };
        Ok(Self { name: python_str(&name), groups, vars })
    }
}

impl JsonSchema for AddHost {
    fn schema_name() -> Cow<'static, str> {
        "AddHost".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "object",
            "description": "Adds a host, and groups where needed, to the inventory for the rest of the run.\n\nEvery further \
                            option is a variable of the host. Runs once for all hosts of the play.",
            "properties": {
                "name": {
                    "type": "string",
                    "x-aliases": ["hostname", "host"],
                    "description": "The host's name; `name:port` also sets the port."
                },
                "groups": {
                    "type": "array",
                    "items": { "type": "string" },
                    "x-aliases": ["groupname", "group"],
                    "description": "Groups to put the host into."
                }
            },
            "required": ["name"],
            "additionalProperties": true
        })
    }
}

impl ControllerAction for AddHost {
    fn run(&self, _: &mut ControllerCtx<'_>) -> Result<(Outcome, Vec<Effect>), ModuleError> {
        let mut vars = self.vars.clone();
        let (name, port) = split_port(&self.name);
        if let Some(port) = port {
            vars.insert("ansible_ssh_port".into(), Value::from(i64::from(port)));
        }
        let mut groups: Vec<String> = Vec::new();
        for group in self.groups.iter().map(|group| group.trim()).filter(|group| !group.is_empty()) {
            if !groups.iter().any(|known| known == group) {
                groups.push(group.to_owned());
            }
        }
        let shown: Map = [
            ("groups".into(), Value::list(groups.iter().map(|group| Value::from(group.as_str())).collect())),
            ("host_name".into(), Value::from(name)),
            ("host_vars".into(), Value::map(vars.clone())),
        ]
        .into();
        let effect = Effect::AddHost { name: name.to_owned(), groups, vars };
        Ok((Outcome::ok().with("add_host", shown), vec![effect]))
    }
}

/// `host:22` and `[::1]:22` in their parts; an IPv6 address without brackets has no port.
fn split_port(name: &str) -> (&str, Option<u16>) {
    let Some((host, port)) = name.rsplit_once(':') else { return (name, None) };
    let Ok(port) = port.parse() else { return (name, None) };
    if let Some(inner) = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        return (inner, Some(port));
    }
    if host.contains(':') { (name, None) } else { (host, Some(port)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_split_off() {
        assert_eq!(split_port("web1:2222"), ("web1", Some(2222)));
        assert_eq!(split_port("[::1]:22"), ("::1", Some(22)));
        assert_eq!(split_port("fe80::1"), ("fe80::1", None));
        assert_eq!(split_port("web1"), ("web1", None));
    }
}
