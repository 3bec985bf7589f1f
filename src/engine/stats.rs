//! Counts for the recap, and what `set_stats` gathers.

use std::collections::BTreeMap;
use std::sync::Arc;

use indexmap::IndexMap;

use crate::event::HostStats;
use crate::value::{Key, Map, Value, to_json_redacted};

/// The counts of a run.
#[derive(Debug, Default)]
pub(super) struct Stats {
    hosts: IndexMap<Arc<str>, HostStats>,
    /// By host; `_run` for what belongs to the whole run.
    custom: IndexMap<Arc<str>, Map>,
}

/// The name under which Ansible keeps statistics of the whole run.
const WHOLE_RUN: &str = "_run";

impl Stats {
    /// A host's counts, to add to.
    pub(super) fn host(&mut self, name: &Arc<str>) -> &mut HostStats {
        self.hosts.entry(Arc::clone(name)).or_default()
    }

    /// Sets custom statistics; with `aggregate` numbers are added, lists joined and mappings merged with what is there.
    pub(super) fn set(&mut self, host: Option<&Arc<str>>, data: &Map, aggregate: bool) {
        let name = host.cloned().unwrap_or_else(|| WHOLE_RUN.into());
        let known = self.custom.entry(name).or_default();
        for (key, value) in data {
            let joined = known.get(key).filter(|_| aggregate).and_then(|old| join(old, value));
            known.insert(key.clone(), joined.unwrap_or_else(|| value.clone()));
        }
    }

    /// All counts, by host.
    pub(super) fn counts(&self) -> BTreeMap<String, HostStats> {
        self.hosts.iter().map(|(name, stats)| (name.to_string(), *stats)).collect()
    }

    /// The custom statistics for the last event: null where there are none.
    pub(super) fn custom(&self) -> serde_json::Value {
        if self.custom.is_empty() {
            return serde_json::Value::Null;
        }
        let hosts = self.custom.iter().map(|(name, data)| (Key::Str(Arc::clone(name)), Value::map(data.clone())));
        to_json_redacted(&Value::map(hosts.collect()))
    }
}

/// Two values of one kind together; `None` where they do not go together.
fn join(old: &Value, new: &Value) -> Option<Value> {
    Some(match (old, new) {
        (Value::Int(a), Value::Int(b)) => Value::Int(a.checked_add(*b)?),
        (Value::Float(a), Value::Float(b)) => Value::Float(a + b),
        (Value::List(a), Value::List(b)) => Value::list(a.iter().chain(b.iter()).cloned().collect()),
        (Value::Map(a), Value::Map(b)) => {
            let mut both = a.as_ref().clone();
            both.extend(b.iter().map(|(k, v)| (k.clone(), v.clone())));
            Value::map(both)
        }
        (Value::Str(a), Value::Str(b)) => Value::data(format!("{}{}", a.as_str(), b.as_str())),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn custom_statistics_add_up_only_where_asked() {
        let mut stats = Stats::default();
        let data = |n: i64| [(Key::from("n"), Value::from(n))].into_iter().collect::<Map>();
        stats.set(None, &data(1), true);
        stats.set(None, &data(2), true);
        assert_eq!(stats.custom(), serde_json::json!({"_run": {"n": 3}}));
        stats.set(None, &data(5), false);
        assert_eq!(stats.custom(), serde_json::json!({"_run": {"n": 5}}));
    }
}
