//! The hosts of a run: the inventory, what tasks add to it, and the variables of each host.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use super::facts::FactPolicy;
use super::host::{HostVars, Membership};
use crate::diag::{Diagnostic, Diagnostics, SourceMap};
use crate::inventory::{Entity, Group, Host, HostName, Inventory, Limit, VarsFolder};
use crate::value::{Map, Value};
use crate::vault::VaultSecrets;

/// All hosts of a run. Tasks look at them while others add to them.
#[derive(Debug)]
pub struct Hosts {
    state: RwLock<State>,
    sources: SourceMap,
    secrets: VaultSecrets,
    /// What was noticed while variables were read, to be told with [`Hosts::take_warnings`].
    warnings: Mutex<Diagnostics>,
}

#[derive(Debug)]
struct State {
    inventory: Inventory,
    hosts: HashMap<Arc<str>, Arc<HostVars>>,
    policy: Arc<FactPolicy>,
    /// `group_vars` and `host_vars` beside the playbook that is running.
    beside: Vec<Arc<VarsFolder>>,
    /// Hosts that a later reading of the inventory no longer had. Their facts are known should they come back.
    gone: HashMap<Arc<str>, Arc<HostVars>>,
    /// What tasks have added to the inventory, in order.
    added: Vec<Added>,
    /// Variables of groups and hosts from inventory files, shared by all lookups. Emptied when the inventory changes.
    shared: HashMap<(Entity, Arc<str>), Arc<Map>>,
}

/// Something that a task added to the inventory.
#[derive(Debug)]
enum Added {
    Host { name: String, groups: Vec<String>, vars: Map },
    Member { name: String, group: String, parents: Vec<String> },
}

impl Added {
    /// Adds it; whether anything changed.
    fn to(&self, inventory: &mut Inventory) -> bool {
        match self {
            Self::Host { name, groups, vars } => inventory.add_host(name, groups, vars.clone()),
            Self::Member { name, group, parents } => inventory.add_group_member(name, group, parents),
        }
    }
}

impl Hosts {
    /// The hosts of an inventory. Files of variables are registered in `sources` and opened with `secrets`.
    #[must_use]
    pub fn new(inventory: Inventory, sources: SourceMap, secrets: VaultSecrets) -> Self {
        let state = State {
            inventory,
            hosts: HashMap::new(),
            policy: Arc::default(),
            beside: Vec::new(),
            gone: HashMap::new(),
            added: Vec::new(),
            shared: HashMap::new(),
        };
        Self { state: RwLock::new(state), sources, secrets, warnings: Mutex::default() }
    }

    /// Says what is done with facts.
    #[must_use]
    pub fn with_facts(self, policy: FactPolicy) -> Self {
        self.write().policy = Arc::new(policy);
        self
    }

    /// The names of all hosts of the inventory.
    #[must_use]
    pub fn names(&self) -> Vec<Arc<str>> {
        self.read().inventory.hosts().map(|host| host.name.shared()).collect()
    }

    /// A host with its variables; `None` where the inventory does not have it.
    ///
    /// # Errors
    /// Where a file of its variables is not valid.
    pub fn find(&self, name: &str) -> Result<Option<Arc<HostVars>>, Box<Diagnostic>> {
        if let Some(host) = self.read().hosts.get(name) {
            return Ok(Some(Arc::clone(host)));
        }
        let mut state = self.write();
        if state.inventory.host(name).is_none() {
            return Ok(None);
        }
        state.placed(name, &mut self.noticed()).map(Some)
    }

    /// A host to delegate to: one of the inventory, else one made for the purpose, without variables.
    ///
    /// # Errors
    /// Where a file of its variables is not valid.
    pub fn named(&self, name: &str) -> Result<Arc<HostVars>, Box<Diagnostic>> {
        if let Some(host) = self.find(name)? {
            return Ok(host);
        }
        let mut state = self.write();
        if let Some(local) = state.inventory.local_host(name).filter(|local| local.as_str() == name) {
            return state.placed(local.as_str(), &mut self.noticed());
        }
        let name: Arc<str> = name.into();
        let State { hosts, policy, .. } = &mut *state;
        let made = || Arc::new(HostVars::with_policy(Arc::clone(&name), Arc::clone(policy)));
        Ok(Arc::clone(hosts.entry(Arc::clone(&name)).or_insert_with(made)))
    }

    /// Makes `group_vars` and `host_vars` beside a playbook in this folder count, in place of those of another one.
    ///
    /// # Errors
    /// Where one of the files of variables is not valid.
    pub fn enter(&self, dir: &Path) -> Result<(), Box<Diagnostic>> {
        let mut state = self.write();
        if state.beside.first().is_some_and(|folder| folder.path() == dir) {
            return Ok(());
        }
        // beside the inventory means the same folder here, and is read already
        let known = state.inventory.vars_folders().iter().any(|folder| same_folder(folder.path(), dir));
        let before = std::mem::take(&mut state.beside);
        if !known {
            state.beside.push(Arc::new(VarsFolder::new(dir, &self.sources, &self.secrets)));
        }
        if known && before.is_empty() { Ok(()) } else { state.place_again(&mut self.noticed()) }
    }

    /// The hosts that patterns name, in the inventory's order, cut down to those within `limit`.
    ///
    /// # Errors
    /// A pattern that is not valid, or a file of variables that is not.
    pub fn matching(&self, patterns: &[String], limit: &Limit) -> Result<Vec<Arc<HostVars>>, Box<Diagnostic>> {
        let mut state = self.write();
        let mut warnings = self.noticed();
        let names = state.inventory.hosts_matching_any(patterns, &mut warnings)?;
        let names = state.inventory.limited(names, limit, &mut warnings)?;
        names.iter().map(|name: &HostName| state.placed(name.as_str(), &mut warnings)).collect()
    }

    /// The value of `groups`.
    #[must_use]
    pub fn groups(&self) -> Value {
        self.read().inventory.groups_value()
    }

    /// Adds a host, or lays groups and variables over a known one; whether anything changed.
    ///
    /// # Errors
    /// Where a file of its variables is not valid.
    pub fn add_host(&self, name: &str, groups: &[String], vars: &Map) -> Result<bool, Box<Diagnostic>> {
        let mut state = self.write();
        let host = Added::Host { name: name.to_owned(), groups: groups.to_vec(), vars: vars.clone() };
        if !state.add(host) {
            return Ok(false);
        }
        state.place_again(&mut self.noticed()).map(|()| true)
    }

    /// Puts a host into groups, which become children of `parents`; whether anything changed.
    ///
    /// # Errors
    /// Where a file of the groups' variables is not valid.
    pub fn group_by(&self, name: &str, groups: &[String], parents: &[String]) -> Result<bool, Box<Diagnostic>> {
        let mut state = self.write();
        let mut changed = false;
        for group in groups {
            let member = Added::Member { name: name.to_owned(), group: group.clone(), parents: parents.to_vec() };
            changed |= state.add(member);
        }
        if changed {
            state.place_again(&mut self.noticed())?;
        }
        Ok(changed)
    }

    /// Takes the inventory as it has been read anew, with what tasks have added since the run began. Hosts that it does not
    /// have any more are gone, but what is known of them is kept.
    ///
    /// # Errors
    /// Where a file of variables is not valid.
    pub fn replace(&self, inventory: Inventory) -> Result<(), Box<Diagnostic>> {
        let mut state = self.write();
        let before = std::mem::replace(&mut state.inventory, inventory);
        let State { inventory, added, hosts, gone, .. } = &mut *state;
        for added in added.iter() {
            added.to(inventory);
        }
        gone.extend(hosts.extract_if(|name, _| before.host(name).is_some() && inventory.host(name).is_none()));
        state.shared.clear();
        state.place_again(&mut self.noticed())
    }

    /// What was noticed since the last call.
    #[must_use]
    pub fn take_warnings(&self) -> Diagnostics {
        let mut warnings = std::mem::take(&mut *self.noticed());
        if let Some(cache) = &self.read().policy.cache {
            warnings.extend(cache.take_warnings());
        }
        warnings
    }

    fn noticed(&self) -> std::sync::MutexGuard<'_, Diagnostics> {
        self.warnings.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Lays something over the inventory, and remembers it for when the inventory is read anew; whether anything changed.
    fn add(&mut self, added: Added) -> bool {
        let changed = added.to(&mut self.inventory);
        if changed {
            self.shared.clear();
            self.added.push(added);
        }
        changed
    }

    /// A host of the inventory with its variables in place.
    fn placed(&mut self, name: &str, warnings: &mut Diagnostics) -> Result<Arc<HostVars>, Box<Diagnostic>> {
        if let Some(host) = self.hosts.get(name) {
            return Ok(Arc::clone(host));
        }
        let membership = self.membership(name, warnings)?;
        let name: Arc<str> = name.into();
        let known = self.gone.remove(&name);
        let host =
            known.unwrap_or_else(|| Arc::new(HostVars::with_policy(Arc::clone(&name), Arc::clone(&self.policy))));
        host.place(membership);
        self.hosts.insert(name, Arc::clone(&host));
        Ok(host)
    }

    fn place_again(&mut self, warnings: &mut Diagnostics) -> Result<(), Box<Diagnostic>> {
        let known: Vec<Arc<HostVars>> = self.hosts.values().cloned().collect();
        for host in known {
            let membership = self.membership(host.name(), warnings)?;
            host.place(membership);
        }
        Ok(())
    }

    /// What the inventory and the folders of variables say of a host. From the weakest to the strongest: groups from inventory
    /// files; `group_vars/all`; `group_vars` of other groups; the host from inventory files; `host_vars`. Of two folders that
    /// beside the playbook wins.
    fn membership(&mut self, name: &str, warnings: &mut Diagnostics) -> Result<Membership, Box<Diagnostic>> {
        let Self { inventory, beside, shared, .. } = self;
        let folders = || inventory.vars_folders().iter().chain(beside.iter());
        let mut layers: Vec<Arc<Map>> = Vec::new();
        let groups = inventory.groups_of(name);
        for group in &groups {
            layers.push(kept(shared, Entity::Group, &group.name, &group.vars));
        }
        let (all, others): (Vec<&Group>, Vec<&Group>) = groups.into_iter().partition(|group| &*group.name == "all");
        for part in [all, others] {
            for folder in folders() {
                for group in &part {
                    layers.push(folder.variables(Entity::Group, &group.name, warnings)?);
                }
            }
        }
        let host: Option<&Host> = inventory.host(name);
        if let Some(host) = host {
            layers.push(kept(shared, Entity::Host, &host.name.shared(), &host.vars));
        }
        for folder in folders() {
            layers.push(folder.variables(Entity::Host, name, warnings)?);
        }
        layers.retain(|layer| !layer.is_empty());
        layers.reverse();
        let groups = if host.is_some() { inventory.group_names(name) } else { Vec::new() };
        Ok(Membership {
            layers,
            groups: groups.into_iter().map(Value::data).collect(),
            file: host.and_then(|host| host.source.as_deref()).map(Path::to_path_buf),
            dir: host.and_then(|host| inventory.folder_of(host)),
        })
    }
}

/// A group's or host's variables, copied once.
fn kept(shared: &mut HashMap<(Entity, Arc<str>), Arc<Map>>, entity: Entity, name: &Arc<str>, vars: &Map) -> Arc<Map> {
    Arc::clone(shared.entry((entity, Arc::clone(name))).or_insert_with(|| Arc::new(vars.clone())))
}

fn same_folder(a: &Path, b: &Path) -> bool {
    match (std::path::absolute(a), std::path::absolute(b)) {
        (Ok(a), Ok(b)) => crate::tree::clean(&a) == crate::tree::clean(&b),
        _ => false,
    }
}

/// Names that mean this machine.
#[must_use]
pub fn is_local_name(name: &str) -> bool {
    matches!(name, "localhost" | "127.0.0.1" | "::1")
}
