//! Magic variables: what the engine says about the run, the play and the host.

use std::sync::Arc;

use super::host::HostVars;
use super::role::RoleFrame;
use super::scope::TaskScope;
use crate::playbook::Role;
use crate::template::Scope as _;
use crate::tree::absolute;
use crate::value::{Key, Map, Value};

/// Names that [`magic`] may answer, for listings. `hostvars` and `vars` are made by the template layer from the scope itself.
pub(super) const NAMES: &[&str] = &[
    "ansible_check_mode",
    "ansible_config_file",
    "ansible_delegated_vars",
    "ansible_dependent_role_names",
    "ansible_diff_mode",
    "ansible_forks",
    "ansible_inventory_sources",
    "ansible_limit",
    "ansible_play_batch",
    "ansible_play_hosts",
    "ansible_play_hosts_all",
    "ansible_play_name",
    "ansible_play_role_names",
    "ansible_role_name",
    "ansible_role_names",
    "ansible_run_tags",
    "ansible_search_path",
    "ansible_skip_tags",
    "ansible_verbosity",
    "ansible_version",
    "group_names",
    "groups",
    "inventory_dir",
    "inventory_file",
    "inventory_hostname",
    "inventory_hostname_short",
    "play_hosts",
    "playbook_dir",
    "role_name",
    "role_names",
    "role_path",
];

/// The value of a magic variable, where it exists in this scope.
pub(super) fn magic(scope: &TaskScope, name: &str) -> Option<Value> {
    // all of them begin in one of a few ways, and most names asked for do not
    if !matches!(name.as_bytes().first(), Some(b'a' | b'g' | b'i' | b'p' | b'r' | b'e')) {
        return None;
    }
    match name {
        "groups" => return Some(scope.run.hosts.groups()),
        "ansible_search_path" => {
            let bases = scope.task.bases(scope.playbook_dir());
            return Some(Value::list(bases.iter().map(|base| Value::data(base.display().to_string())).collect()));
        }
        "environment" => return Some(Value::list(scope.task.environment.clone())),
        "ansible_delegated_vars" => return scope.delegate.as_ref().map(|delegate| delegated(scope, delegate)),
        _ => {}
    }
    host(scope, name)
        .or_else(|| role(scope, name))
        .or_else(|| scope.play.as_ref().and_then(|play| play.magic(name)))
        .or_else(|| scope.run.settings.magic(name))
}

fn host(scope: &TaskScope, name: &str) -> Option<Value> {
    let host = scope.host.as_ref()?;
    Some(match name {
        "inventory_hostname" => Value::data(Arc::clone(host.name())),
        "inventory_hostname_short" => Value::data(short(host.name())),
        "group_names" => host.group_names(),
        "inventory_file" => host.inventory_file().map_or(Value::Null, |path| Value::data(path.display().to_string())),
        "inventory_dir" => host.inventory_dir().map_or(Value::Null, |path| Value::data(path.display().to_string())),
        _ => return None,
    })
}

/// The variables of the host that a task is delegated to, under its name.
fn delegated(scope: &TaskScope, delegate: &Arc<HostVars>) -> Value {
    let mut vars = everything(&scope.seen_from(delegate));
    if let Some(host) = &scope.host {
        vars.insert(Key::from("inventory_hostname"), Value::data(Arc::clone(host.name())));
    }
    let defaults = [("ansible_host", Value::data(Arc::clone(delegate.name())))];
    for (name, value) in defaults.into_iter().chain([("ansible_port", Value::Null), ("ansible_user", Value::Null)]) {
        vars.entry(Key::from(name)).or_insert(value);
    }
    Value::map([(Key::from(&**delegate.name()), Value::map(vars))].into_iter().collect())
}

fn role(scope: &TaskScope, name: &str) -> Option<Value> {
    let frame = scope.task.role.as_ref()?;
    let role = frame.role();
    Some(match name {
        "role_name" => Value::data(Arc::clone(&role.short_name)),
        "ansible_role_name" => Value::data(Arc::clone(&role.name)),
        "role_path" => folder(role),
        "ansible_collection_name" => Value::data(role.name.rsplit_once('.')?.0),
        "ansible_parent_role_names" => {
            Value::list(includers(frame)?.iter().map(|role| Value::data(Arc::clone(&role.name))).collect())
        }
        "ansible_parent_role_paths" => Value::list(includers(frame)?.into_iter().map(|role| folder(role)).collect()),
        _ => return None,
    })
}

/// A role's folder, whole: a task may use it after it changed its own.
fn folder(role: &Role) -> Value {
    Value::data(absolute(&role.path).display().to_string())
}

/// The roles of which a task imports or includes this one, the nearest first. A role that only depends on it is none.
fn includers(frame: &RoleFrame) -> Option<Vec<&Arc<Role>>> {
    let chain: Vec<_> = frame.chain().collect();
    let depends = |outer: &Role, inner| outer.dependencies.iter().any(|role| Arc::ptr_eq(role, inner));
    let around = chain.iter().zip(chain.iter().skip(1));
    let found: Vec<_> = around.filter(|(inner, outer)| !depends(outer, inner)).map(|(_, outer)| *outer).collect();
    (!found.is_empty()).then_some(found)
}

/// A host's name up to its first dot; an address stays whole.
fn short(name: &str) -> &str {
    if name.parse::<std::net::IpAddr>().is_ok() {
        return name;
    }
    name.split('.').next().unwrap_or(name)
}

/// All variables of a scope as one mapping, unrendered.
pub(super) fn everything(scope: &TaskScope) -> Map {
    scope.names().into_iter().filter_map(|name| Some((Key::from(name.as_str()), scope.get(&name)?))).collect()
}
