//! `getent`.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::modules::action::Action;
use crate::modules::context::Ctx;
use crate::modules::error::ModuleError;
use crate::modules::outcome::Outcome;
use crate::value::{Key, Map, Value};

/// Asks a database of the system (`passwd`, `hosts`, `services` …) and keeps the answer as a fact `getent_DATABASE`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Getent {
    /// The database.
    database: String,
    /// The entry to ask for. All of them where not given.
    key: Option<String>,
    /// Fail where the entry is not there; otherwise it is returned as null.
    #[serde(default = "yes")]
    fail_key: bool,
    /// What separates the fields. A colon for the databases of accounts, blanks for others where not given.
    split: Option<String>,
    /// Ask this service instead of those that the system's configuration names.
    service: Option<String>,
}

fn yes() -> bool {
    true
}

impl Getent {
    /// The entries by name; those that share a name become a list of lists.
    fn entries(&self, text: &str) -> Map {
        let colon = matches!(self.database.as_str(), "passwd" | "shadow" | "group" | "gshadow").then_some(":");
        let separator = self.split.as_deref().or(colon).filter(|separator| !separator.is_empty());
        let mut entries: Map = Map::new();
        let mut several: Vec<String> = Vec::new();
        for line in text.lines() {
            let mut fields = match separator {
                Some(separator) => line.split(separator).map(str::to_owned).collect::<Vec<_>>(),
                None => line.split_whitespace().map(str::to_owned).collect(),
            }
            .into_iter();
            let Some(name) = fields.next() else { continue };
            let rest = Value::list(fields.map(Value::from).collect());
            let Some(before) = entries.get(name.as_str()).cloned() else {
                entries.insert(Key::from(name), rest);
                continue;
            };
            let mut list = if several.contains(&name) {
                before.as_list().unwrap_or_default().to_vec()
            } else {
                several.push(name.clone());
                vec![before]
            };
            list.push(rest);
            entries.insert(Key::from(name), Value::list(list));
        }
        entries
    }
}

/// What is said of a key that the database has not.
const NOT_FOUND: &str = "One or more supplied key could not be found in the database.";

impl Action for Getent {
    fn run(&self, ctx: &mut Ctx) -> Result<Outcome, ModuleError> {
        let mut words = vec![self.database.as_str()];
        words.extend(self.key.as_deref());
        if let Some(service) = &self.service {
            words.extend(["-s", service]);
        }
        let output = ctx.run_tool("getent", &words)?;
        let mut msg = None;
        let entries = match (output.rc, &self.key) {
            (0, _) => self.entries(&output.out()),
            (2, Some(key)) if !self.fail_key => {
                msg = Some(NOT_FOUND.to_owned());
                Map::from([(Key::from(key.as_str()), Value::Null)])
            }
            (rc, _) => {
                let why = match rc {
                    1 => "Missing arguments, or database unknown.",
                    2 => NOT_FOUND,
                    3 => "Enumeration not supported on this database.",
                    _ => "Unexpected failure!",
                };
                return Err(ModuleError::new(why));
            }
        };
        let fact = format!("getent_{}", self.database);
        Ok(Outcome { facts: Some(Map::from([(Key::from(fact), Value::map(entries))])), msg, ..Outcome::ok() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::{from_json, from_value};

    fn entries(options: serde_json::Value, text: &str) -> serde_json::Value {
        let module: Getent = from_value(&from_json(options)).unwrap();
        crate::value::to_json(&Value::map(module.entries(text)))
    }

    #[test]
    fn fields_are_split_as_the_database_has_them() {
        let group = entries(serde_json::json!({"database": "group"}), "root:x:0:\nadm:x:4:a,b\n");
        assert_eq!(group, serde_json::json!({"root": ["x", "0", ""], "adm": ["x", "4", "a,b"]}));
        let services =
            entries(serde_json::json!({"database": "services"}), "http  80/tcp www\nftp 21/tcp\nftp 21/udp\n");
        assert_eq!(services, serde_json::json!({"http": ["80/tcp", "www"], "ftp": [["21/tcp"], ["21/udp"]]}));
    }
}
