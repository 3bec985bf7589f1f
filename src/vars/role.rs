//! What a role brings into the scope of its tasks.

use std::sync::Arc;

use crate::playbook::Role;
use crate::value::{Key, Map, Value};

/// A role with the roles around it: those that depend on it, or that include it from one of their tasks.
#[derive(Debug)]
pub struct RoleFrame {
    role: Arc<Role>,
    parent: Option<Arc<RoleFrame>>,
}

impl RoleFrame {
    /// A role inside others.
    #[must_use]
    pub fn new(role: Arc<Role>, parent: Option<Arc<RoleFrame>>) -> Self {
        Self { role, parent }
    }

    /// The role itself.
    #[must_use]
    pub fn role(&self) -> &Arc<Role> {
        &self.role
    }

    /// The role around it.
    #[must_use]
    pub fn parent(&self) -> Option<&Arc<RoleFrame>> {
        self.parent.as_ref()
    }

    /// From this role outwards.
    pub fn chain(&self) -> impl Iterator<Item = &Arc<Role>> {
        std::iter::successors(Some(self), |frame| frame.parent.as_deref()).map(|frame| &frame.role)
    }

    /// Role parameters: its own, then those of the roles around it.
    pub(super) fn param(&self, name: &str) -> Option<&Value> {
        self.chain().find_map(|role| role.params.get(name))
    }

    /// Role variables: its own, those of its dependencies, then those of the roles around it.
    pub(super) fn var(&self, name: &str) -> Option<&Value> {
        exported(&self.role, name).or_else(|| self.outer().find_map(|role| role.vars.get(name)))
    }

    /// Role defaults: its own, those of the roles around it, then those of its dependencies.
    pub(super) fn default(&self, name: &str) -> Option<&Value> {
        self.chain().find_map(|role| role.defaults.get(name)).or_else(|| dependency_default(&self.role, name))
    }

    /// Adds all names that the role brings.
    pub(super) fn names(&self, out: &mut Vec<String>) {
        for role in self.chain() {
            names(role, out);
        }
    }

    fn outer(&self) -> impl Iterator<Item = &Arc<Role>> {
        self.chain().skip(1)
    }
}

/// A variable that a role exports: of `vars/main`, else of its dependencies, the last of which wins.
pub(super) fn exported<'r>(role: &'r Role, name: &str) -> Option<&'r Value> {
    role.vars.get(name).or_else(|| role.dependencies.iter().rev().find_map(|dependency| exported(dependency, name)))
}

/// A default that a role exports, likewise.
pub(super) fn exported_default<'r>(role: &'r Role, name: &str) -> Option<&'r Value> {
    role.defaults.get(name).or_else(|| dependency_default(role, name))
}

fn dependency_default<'r>(role: &'r Role, name: &str) -> Option<&'r Value> {
    role.dependencies.iter().rev().find_map(|dependency| exported_default(dependency, name))
}

/// Adds all names that a role and its dependencies bring.
pub(super) fn names(role: &Role, out: &mut Vec<String>) {
    for map in [&role.params, &role.vars, &role.defaults] {
        extend(out, map);
    }
    for dependency in &role.dependencies {
        names(dependency, out);
    }
}

/// Adds a mapping's names.
pub(super) fn extend(out: &mut Vec<String>, map: &Map) {
    out.extend(map.keys().filter_map(Key::as_str).map(str::to_owned));
}
