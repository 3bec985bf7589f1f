//! Facts under both of their names: `ansible_facts.distribution` and `ansible_distribution`.

use std::sync::Arc;

use super::fact_cache::FactCache;
use crate::value::{Key, Map, Value};

/// What the names of gathered facts begin with at the top level.
pub const FACT_PREFIX: &str = "ansible_";

/// The fact that tells that the facts of a host have been gathered, and not only single ones set.
pub const GATHERED: &str = "_ansible_facts_gathered";

/// The fact that is a variable whatever the configuration says.
pub(super) const LOCAL_FACTS: &str = "ansible_local";

/// What is done with facts.
#[derive(Clone, Debug)]
pub struct FactPolicy {
    /// Where they are kept for later runs.
    pub cache: Option<Arc<FactCache>>,
    /// Whether they are variables by themselves too, and not only in `ansible_facts`.
    pub as_vars: bool,
}

impl Default for FactPolicy {
    fn default() -> Self {
        Self { cache: None, as_vars: true }
    }
}

/// Names that a fact never takes at the top level: they say how a host is reached or belong to the engine.
const PROTECTED: &[&str] = &[
    "ansible_connection",
    "ansible_host",
    "ansible_port",
    "ansible_user",
    "ansible_password",
    "ansible_ssh_private_key_file",
    "ansible_shell_type",
    "ansible_shell_executable",
    "ansible_facts",
    "ansible_check_mode",
    "ansible_diff_mode",
    "ansible_verbosity",
    "ansible_version",
    "ansible_play_hosts",
    "ansible_play_batch",
    "hostvars",
    "groups",
    "group_names",
    "inventory_hostname",
    "vars",
];

/// The facts of one host.
#[derive(Clone, Debug, Default)]
pub(super) struct Facts {
    /// As `ansible_facts` shows them.
    namespaced: Arc<Map>,
    /// Names that had no prefix when they were set, so that they are top-level variables without one.
    bare: Vec<Arc<str>>,
}

impl Facts {
    /// The fact of a name as `ansible_facts` shows it.
    pub(super) fn get(&self, name: &str) -> Option<&Value> {
        self.namespaced.get(name)
    }

    /// All of them under the names that they were set by.
    pub(super) fn as_set(&self) -> Map {
        let named = self.namespaced.iter().filter_map(|(key, value)| Some((self.name(key.as_str()?), value.clone())));
        named.map(|(name, value)| (Key::from(name), value)).collect()
    }

    /// The value of `ansible_facts`.
    pub(super) fn all(&self) -> Value {
        Value::Map(Arc::clone(&self.namespaced))
    }

    /// A fact as a top-level variable.
    pub(super) fn top_level(&self, name: &str) -> Option<Value> {
        if PROTECTED.contains(&name) || name.starts_with("ansible_become") {
            return None;
        }
        if let Some(short) = name.strip_prefix(FACT_PREFIX)
            && let Some(value) = self.namespaced.get(short)
            && !self.is_bare(short)
        {
            return Some(value.clone());
        }
        if self.is_bare(name) || name == LOCAL_FACTS { self.namespaced.get(name).cloned() } else { None }
    }

    /// The local facts, empty where only others are known.
    pub(super) fn local(&self) -> Option<Value> {
        let empty = || (!self.namespaced.is_empty()).then(Value::empty_map);
        self.namespaced.get(LOCAL_FACTS).cloned().or_else(empty)
    }

    /// All top-level names.
    pub(super) fn names(&self) -> impl Iterator<Item = String> {
        self.namespaced.keys().filter_map(|key| {
            // what begins with an underscore is the engine's own
            Some(self.name(key.as_str()?)).filter(|name| !name.starts_with('_'))
        })
    }

    /// The name that a fact was set by.
    fn name(&self, namespaced: &str) -> String {
        if self.is_bare(namespaced) || namespaced == LOCAL_FACTS {
            namespaced.to_owned()
        } else {
            format!("{FACT_PREFIX}{namespaced}")
        }
    }

    /// Lays new facts over the known ones.
    pub(super) fn extend(&mut self, new: &Map) {
        let known = Arc::make_mut(&mut self.namespaced);
        for (key, value) in new {
            let Some(name) = key.as_str() else { continue };
            if let Some(short) = short(name) {
                self.bare.retain(|bare| &**bare != short);
                known.insert(Key::from(short), value.clone());
                continue;
            }
            if name != LOCAL_FACTS && !self.bare.iter().any(|bare| &**bare == name) {
                self.bare.push(name.into());
            }
            known.insert(key.clone(), value.clone());
        }
    }

    /// Forgets everything.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    fn is_bare(&self, name: &str) -> bool {
        self.bare.iter().any(|bare| &**bare == name)
    }
}

/// Facts as `ansible_facts` shows them: without the prefix.
#[must_use]
pub fn namespaced(facts: &Map) -> Map {
    facts
        .iter()
        .map(|(key, value)| {
            let key = key.as_str().and_then(short).map_or_else(|| key.clone(), Key::from);
            (key, value.clone())
        })
        .collect()
}

/// The name without its prefix; `ansible_local` keeps it.
fn short(name: &str) -> Option<&str> {
    name.strip_prefix(FACT_PREFIX).filter(|short| *short != "local" && !short.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_have_two_names_and_cannot_take_the_engines() {
        let mut facts = Facts::default();
        let set = [("ansible_os", "x"), ("ansible_host", "evil"), ("mine", "y"), ("ansible_local", "z")];
        facts.extend(&set.into_iter().map(|(k, v)| (Key::from(k), Value::data(v))).collect());
        assert_eq!(facts.all().get("os"), Some(&Value::data("x")));
        assert_eq!(facts.all().get("local"), None);
        assert_eq!(facts.top_level("ansible_os"), Some(Value::data("x")));
        assert_eq!(facts.top_level("ansible_local"), Some(Value::data("z")));
        assert_eq!(facts.top_level("mine"), Some(Value::data("y")));
        assert_eq!(facts.top_level("ansible_mine"), None);
        assert_eq!(facts.top_level("ansible_host"), None);
        assert_eq!(facts.top_level("os"), None);
    }
}
