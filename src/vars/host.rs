//! What belongs to one host for the whole run.

use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};

use super::facts::{FactPolicy, Facts, GATHERED, LOCAL_FACTS};
use crate::value::{Key, Map, Value, is_truthy};

/// One host with its variables. Shared by all tasks; what changes during the run is behind one lock.
#[derive(Debug)]
pub struct HostVars {
    name: Arc<str>,
    policy: Arc<FactPolicy>,
    state: RwLock<State>,
}

/// What the inventory says of a host.
#[derive(Clone, Debug, Default)]
pub struct Membership {
    /// Variables from the inventory and from `host_vars` and `group_vars`, highest first.
    pub layers: Vec<Arc<Map>>,
    /// Names of its groups, sorted, without `all`.
    pub groups: Vec<Value>,
    /// The inventory file that it comes from.
    pub file: Option<PathBuf>,
    /// The folder of that file.
    pub dir: Option<PathBuf>,
}

#[derive(Debug, Default)]
struct State {
    layers: Vec<Arc<Map>>,
    groups: Arc<Vec<Value>>,
    file: Option<PathBuf>,
    dir: Option<PathBuf>,
    facts: Facts,
    included: Map,
    set: Map,
}

impl HostVars {
    /// A host without variables yet.
    #[must_use]
    pub fn new(name: impl Into<Arc<str>>) -> Self {
        Self { name: name.into(), policy: Arc::default(), state: RwLock::default() }
    }

    /// A host with the facts that an earlier run kept of it.
    pub(super) fn with_policy(name: Arc<str>, policy: Arc<FactPolicy>) -> Self {
        let mut state = State::default();
        if let Some(kept) = policy.cache.as_ref().and_then(|cache| cache.load(&name)) {
            state.facts.extend(&kept);
        }
        Self { name, policy, state: RwLock::new(state) }
    }

    /// Its name in the inventory.
    #[must_use]
    pub fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// Lays new facts over the known ones.
    pub fn set_facts(&self, facts: &Map) {
        self.write(|state| {
            state.facts.extend(facts);
            if let Some(cache) = &self.policy.cache {
                cache.store(&self.name, &state.facts.as_set());
            }
        });
    }

    /// Whether facts are variables by themselves too, and not only in `ansible_facts`.
    #[must_use]
    pub fn shows_facts_as_vars(&self) -> bool {
        self.policy.as_vars
    }

    /// Whether its facts have been gathered, in this run or, where they are kept, in an earlier one.
    #[must_use]
    pub fn has_gathered(&self) -> bool {
        self.read(|state| state.facts.get(GATHERED).is_some_and(is_truthy))
    }

    /// Forgets all facts.
    pub fn clear_facts(&self) {
        self.write(|state| {
            state.facts.clear();
            if let Some(cache) = &self.policy.cache {
                cache.forget(&self.name);
            }
        });
    }

    /// Sets variables as `set_fact` and `register` do.
    pub fn set(&self, vars: impl IntoIterator<Item = (Key, Value)>) {
        self.write(|state| state.set.extend(vars));
    }

    /// Sets variables as `include_vars` does.
    pub fn include(&self, vars: impl IntoIterator<Item = (Key, Value)>) {
        self.write(|state| state.included.extend(vars));
    }

    /// Says what the inventory has for it, in place of what was said before.
    pub fn place(&self, membership: Membership) {
        self.write(|state| {
            state.layers = membership.layers;
            state.groups = Arc::new(membership.groups);
            state.file = membership.file;
            state.dir = membership.dir;
        });
    }

    /// The value of `group_names`.
    #[must_use]
    pub fn group_names(&self) -> Value {
        self.read(|state| Value::List(Arc::clone(&state.groups)))
    }

    /// The inventory file that it comes from.
    #[must_use]
    pub fn inventory_file(&self) -> Option<PathBuf> {
        self.read(|state| state.file.clone())
    }

    /// The folder of that file.
    #[must_use]
    pub fn inventory_dir(&self) -> Option<PathBuf> {
        self.read(|state| state.dir.clone())
    }

    /// A registered result or a `set_fact` variable.
    #[must_use]
    pub fn get_set(&self, name: &str) -> Option<Value> {
        self.read(|state| state.set.get(name).cloned())
    }

    /// A variable of `include_vars`.
    #[must_use]
    pub fn get_included(&self, name: &str) -> Option<Value> {
        self.read(|state| state.included.get(name).cloned())
    }

    /// Both of the layers above the tasks' own variables in one look: [`HostVars::get_set`], else [`HostVars::get_included`].
    #[must_use]
    pub fn get_high(&self, name: &str) -> Option<Value> {
        self.read(|state| state.set.get(name).or_else(|| state.included.get(name)).cloned())
    }

    /// The layers below the play's variables: facts, else the inventory's variables.
    #[must_use]
    pub fn get_low(&self, name: &str) -> Option<Value> {
        self.read(|state| {
            if name == "ansible_facts" {
                return Some(state.facts.all());
            }
            let fact = match self.policy.as_vars {
                true => state.facts.top_level(name),
                // local facts are a variable all the same, even where there are none
                false if name == LOCAL_FACTS => state.facts.local(),
                false => None,
            };
            fact.or_else(|| state.layers.iter().find_map(|layer| layer.get(name)).cloned())
        })
    }

    /// A variable of the inventory alone, facts and all else left aside.
    #[must_use]
    pub fn get_inventory(&self, name: &str) -> Option<Value> {
        self.read(|state| state.layers.iter().find_map(|layer| layer.get(name)).cloned())
    }

    /// Adds all names to a list.
    pub fn names(&self, out: &mut Vec<String>) {
        self.read(|state| {
            out.extend(state.facts.names().filter(|name| self.policy.as_vars || name == LOCAL_FACTS));
            for layer in state.layers.iter().map(AsRef::as_ref).chain([&state.included, &state.set]) {
                out.extend(layer.keys().filter_map(|key| key.as_str().map(str::to_owned)));
            }
        });
    }

    fn read<T>(&self, look: impl FnOnce(&State) -> T) -> T {
        look(&self.state.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn write(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.state.write().unwrap_or_else(PoisonError::into_inner));
    }
}
