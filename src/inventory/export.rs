//! The inventory as `ansible-inventory` shows it: as JSON, and as a tree of groups.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::sync::Arc;

use serde_json::{Map as JsonMap, Value as Json, json};

use super::model::{ALL, Group, Inventory};
use super::name::HostName;
use super::vars_folder::{Entity, VarsFolder};
use crate::diag::{Diagnostic, Diagnostics};
use crate::value::{Key, Map, REDACTED, Trust, Value, python_str, to_json_redacted};

/// What an export holds beside hosts and groups.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExportVars {
    /// All variables of each host, those of its groups among them.
    Flattened,
    /// The variables of hosts and groups apart, so that the output can be used as an inventory.
    Separate,
}

/// Reads variables for an export.
pub struct Exporter<'a> {
    inventory: &'a Inventory,
    playbooks: &'a [Arc<VarsFolder>],
    vars: ExportVars,
    warnings: &'a mut Diagnostics,
}

type Result<T> = std::result::Result<T, Box<Diagnostic>>;

impl<'a> Exporter<'a> {
    /// An exporter of an inventory, with the variables beside playbooks where there are any.
    pub fn new(
        inventory: &'a Inventory,
        playbooks: &'a [Arc<VarsFolder>],
        vars: ExportVars,
        warnings: &'a mut Diagnostics,
    ) -> Self {
        Self { inventory, playbooks, vars, warnings }
    }

    /// `--list`: groups with their hosts and children, and the variables of the hosts.
    pub fn list(&mut self, hosts: &[HostName]) -> Result<Json> {
        let available: HashSet<&str> = hosts.iter().map(HostName::as_str).collect();
        let mut out = JsonMap::new();
        let mut seen = HashSet::new();
        if let Some(all) = self.inventory.group(ALL) {
            self.list_group(all, &available, &mut seen, &mut out)?;
        }
        let mut hostvars = JsonMap::new();
        for host in hosts {
            let vars = self.host(host)?;
            if vars.as_object().is_some_and(|vars| !vars.is_empty()) {
                hostvars.insert(host.to_string(), vars);
            }
        }
        out.insert("_meta".to_owned(), json!({ "hostvars": hostvars }));
        Ok(sorted(Json::Object(out)))
    }

    /// `--list --yaml`: the groups below `all` as a YAML inventory; each host has its variables where it first appears.
    pub fn tree(&mut self, hosts: &[HostName]) -> Result<Value> {
        let available: HashSet<&str> = hosts.iter().map(HostName::as_str).collect();
        let (mut seen_groups, mut seen_hosts) = (HashSet::new(), HashSet::new());
        let mut out = Map::new();
        if let Some(all) = self.inventory.group(ALL) {
            self.tree_group(all, &available, &mut seen_groups, &mut seen_hosts, &mut out)?;
        }
        Ok(Value::map(out))
    }

    /// `--list --toml`: each group by itself; each host has its variables where it first appears.
    pub fn tables(&mut self, hosts: &[HostName]) -> Result<Json> {
        let available: HashSet<&str> = hosts.iter().map(HostName::as_str).collect();
        let (mut seen, mut out) = (HashSet::new(), JsonMap::new());
        if let Some(all) = self.inventory.group(ALL) {
            self.table(all, &available, &mut seen, &mut out)?;
        }
        out.retain(|_, entry| entry.as_object().is_some_and(|entry| !entry.is_empty()));
        Ok(Json::Object(out))
    }

    /// `--host`: the variables of one host.
    pub fn host(&mut self, host: &str) -> Result<Json> {
        Ok(sorted(vars_to_json(&self.host_vars(host)?)))
    }

    /// `--host --yaml`: the variables of one host, secrets blanked out.
    pub fn host_values(&mut self, host: &str) -> Result<Value> {
        Ok(redacted(&Value::map(self.host_vars(host)?)))
    }

    /// `--graph`: the groups below one and their hosts as a tree, with variables where they are wanted.
    pub fn graph(&mut self, group: &Group, with_vars: bool) -> Result<String> {
        let mut out = String::new();
        self.graph_group(group, 0, with_vars, &mut out)?;
        Ok(out)
    }

    fn host_vars(&mut self, host: &str) -> Result<Map> {
        match self.vars {
            ExportVars::Flattened => self.inventory.host_variables(host, self.playbooks, self.warnings),
            ExportVars::Separate => {
                let own = self.inventory.host(host).map(|host| host.vars.clone()).unwrap_or_default();
                self.with_files(own, Entity::Host, host)
            }
        }
    }

    fn group_vars(&mut self, group: &Group) -> Result<Map> {
        let mut vars = self.with_files(group.vars.clone(), Entity::Group, &group.name)?;
        if group.priority != 1 {
            vars.insert(Key::from("ansible_group_priority"), Value::Int(group.priority.into()));
        }
        Ok(vars)
    }

    fn with_files(&mut self, mut vars: Map, entity: Entity, name: &str) -> Result<Map> {
        for folder in self.inventory.vars_folders().iter().chain(self.playbooks) {
            let found = folder.variables(entity, name, self.warnings)?;
            vars.extend(found.iter().map(|(key, value)| (key.clone(), value.clone())));
        }
        Ok(vars)
    }

    fn list_group(
        &mut self,
        group: &Group,
        available: &HashSet<&str>,
        seen: &mut HashSet<Arc<str>>,
        out: &mut JsonMap<String, Json>,
    ) -> Result<()> {
        let mut entry = JsonMap::new();
        if &*group.name != ALL {
            let hosts: Vec<&str> = self
                .inventory
                .direct_hosts_of(group)
                .map(|host| host.name.as_str())
                .filter(|name| available.contains(name))
                .collect();
            if !hosts.is_empty() {
                entry.insert("hosts".to_owned(), json!(hosts));
            }
        }
        let mut children = Vec::new();
        for child in self.inventory.children_of(group) {
            children.push(child.name.to_string());
            if seen.insert(Arc::clone(&child.name)) {
                self.list_group(child, available, seen, out)?;
            }
        }
        if !children.is_empty() {
            entry.insert("children".to_owned(), json!(children));
        }
        if self.vars == ExportVars::Separate {
            let vars = self.group_vars(group)?;
            if !vars.is_empty() {
                entry.insert("vars".to_owned(), vars_to_json(&vars));
            }
        }
        if !entry.is_empty() {
            out.insert(group.name.to_string(), Json::Object(entry));
        }
        Ok(())
    }

    fn tree_group(
        &mut self,
        group: &Group,
        available: &HashSet<&str>,
        seen_groups: &mut HashSet<Arc<str>>,
        seen_hosts: &mut HashSet<HostName>,
        out: &mut Map,
    ) -> Result<()> {
        let mut children = Map::new();
        for child in self.inventory.children_of(group) {
            if seen_groups.insert(Arc::clone(&child.name)) {
                self.tree_group(child, available, seen_groups, seen_hosts, &mut children)?;
            } else {
                children.insert(Key::Str(Arc::clone(&child.name)), Value::empty_map());
            }
        }
        let mut hosts = Map::new();
        if &*group.name != ALL {
            for host in self.inventory.direct_hosts_of(group).filter(|host| available.contains(host.name.as_str())) {
                let vars = if seen_hosts.insert(host.name.clone()) {
                    self.host_values(&host.name)?
                } else {
                    Value::empty_map()
                };
                hosts.insert(Key::Str(host.name.shared()), vars);
            }
        }
        let vars = if self.vars == ExportVars::Separate { self.group_vars(group)? } else { Map::new() };
        let mut entry = Map::new();
        for (key, part) in [("children", children), ("hosts", hosts), ("vars", vars)] {
            if !part.is_empty() {
                entry.insert(Key::from(key), redacted(&Value::map(part)));
            }
        }
        if !entry.is_empty() {
            out.insert(Key::Str(Arc::clone(&group.name)), Value::map(entry));
        }
        Ok(())
    }

    fn table(
        &mut self,
        group: &Group,
        available: &HashSet<&str>,
        seen: &mut HashSet<HostName>,
        out: &mut JsonMap<String, Json>,
    ) -> Result<()> {
        if out.contains_key(&*group.name) {
            return Ok(());
        }
        // the group stands before its children, but a host's variables stand with the innermost group
        out.insert(group.name.to_string(), json!({}));
        let mut children = Vec::new();
        for child in self.inventory.children_of(group) {
            children.push(child.name.to_string());
            self.table(child, available, seen, out)?;
        }
        let is_all = &*group.name == ALL;
        let mut hosts = JsonMap::new();
        let direct = self.inventory.direct_hosts_of(group).filter(|host| available.contains(host.name.as_str()));
        for host in direct.filter(|_| !is_all) {
            let vars = if seen.insert(host.name.clone()) { self.host_vars(&host.name)? } else { Map::new() };
            hosts.insert(host.name.to_string(), vars_to_json(&vars));
        }
        let vars = if self.vars == ExportVars::Separate { self.group_vars(group)? } else { Map::new() };
        let mut entry = JsonMap::new();
        if !is_all && !children.is_empty() {
            entry.insert("children".to_owned(), json!(children));
        }
        for (key, part) in [("hosts", Json::Object(hosts)), ("vars", vars_to_json(&vars))] {
            if part.as_object().is_some_and(|part| !part.is_empty()) {
                entry.insert(key.to_owned(), part);
            }
        }
        out.insert(group.name.to_string(), Json::Object(entry));
        Ok(())
    }

    fn graph_group(&mut self, group: &Group, depth: usize, with_vars: bool, out: &mut String) -> Result<()> {
        graph_line(out, depth, &format!("@{}:", group.name));
        for child in self.inventory.children_of(group) {
            self.graph_group(child, depth + 1, with_vars, out)?;
        }
        if &*group.name != ALL {
            for host in self.inventory.direct_hosts_of(group) {
                graph_line(out, depth + 1, &host.name);
                if with_vars {
                    graph_vars(out, depth + 2, self.host_vars(&host.name)?);
                }
            }
        }
        if with_vars {
            graph_vars(out, depth + 1, self.group_vars(group)?);
        }
        Ok(())
    }
}

fn graph_line(out: &mut String, depth: usize, text: &str) {
    if depth > 0 {
        out.push_str(&"  |".repeat(depth));
        out.push_str("--");
    }
    out.push_str(text);
    out.push('\n');
}

fn graph_vars(out: &mut String, depth: usize, mut vars: Map) {
    vars.sort_by(|a, _, b, _| a.to_string().cmp(&b.to_string()));
    for (key, value) in vars {
        let mut text = String::new();
        let _ = write!(text, "{{{key} = {}}}", python_str(&crate::value::from_json(to_json_redacted(&value))));
        graph_line(out, depth, &text);
    }
}

/// The value with its secret texts blanked out; a closed Vault value stays as it is.
fn redacted(value: &Value) -> Value {
    match value {
        Value::Str(text) if text.is_secret() => Value::data(REDACTED),
        Value::List(items) => Value::list(items.iter().map(redacted).collect()),
        Value::Map(map) => Value::map(map.iter().map(|(key, item)| (key.clone(), redacted(item))).collect()),
        other => other.clone(),
    }
}

/// Variables as JSON; secrets are blanked out, and a closed Vault value is its envelope.
fn vars_to_json(vars: &Map) -> Json {
    Json::Object(vars.iter().map(|(key, value)| (key.to_string(), value_to_json(value))).collect())
}

fn value_to_json(value: &Value) -> Json {
    match value {
        Value::Encrypted(closed) => json!({ "__ansible_vault": &*closed.envelope }),
        Value::Str(text) if text.origin().trust == Trust::Data => {
            json!({ "__ansible_unsafe": to_json_redacted(value) })
        }
        Value::List(items) => Json::Array(items.iter().map(value_to_json).collect()),
        Value::Map(map) => vars_to_json(map),
        other => to_json_redacted(other),
    }
}

fn sorted(value: Json) -> Json {
    match value {
        Json::Object(map) => {
            let mut entries: Vec<(String, Json)> = map.into_iter().collect();
            entries.sort_by(|(a, _), (b, _)| a.cmp(b));
            Json::Object(entries.into_iter().map(|(key, value)| (key, sorted(value))).collect())
        }
        Json::Array(items) => Json::Array(items.into_iter().map(sorted).collect()),
        other => other,
    }
}
