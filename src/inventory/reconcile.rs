//! Changes to the inventory, and the rules that hold after them.

use std::path::Path;
use std::sync::{Arc, OnceLock};

use super::group_order;
use super::model::{ALL, Group, Host, Inventory, UNGROUPED};
use super::name::{HostName, LOCAL_NAMES, is_local};
use crate::diag::Span;
use crate::value::{Key, Map, Value};

/// Why a group cannot be put below another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LinkError {
    /// The parent is already below the child.
    Loop,
    /// They are the same group.
    Itself,
}

impl Inventory {
    /// Adds a host to this run, or puts a known one into further groups and gives it further variables, as `add_host` does.
    /// Groups that do not exist are made. Returns whether anything changed.
    pub fn add_host(&mut self, name: &str, groups: &[String], vars: Map) -> bool {
        let known = self.hosts.len();
        let host = self.ensure_host(name, None, None);
        let mut changed = self.hosts.len() > known;
        if changed {
            let all = self.ensure_group(ALL, None);
            self.put_host(all, host);
        }
        if let Some(host) = self.host_at_mut(host) {
            for (key, value) in vars {
                changed |= host.vars.get(&key) != Some(&value);
                host.vars.insert(key, value);
            }
        }
        for group in groups {
            let group = self.ensure_group(group, None);
            changed |= self.put_host(group, host);
        }
        if changed {
            self.reconcile();
        }
        changed
    }

    /// Puts a host into a group and the group below others, as `group_by` does. Groups that do not exist are made. Returns
    /// whether anything changed; a loop of groups is refused.
    pub fn add_group_member(&mut self, host: &str, group: &str, parents: &[String]) -> bool {
        let known = self.groups.len();
        let group = self.ensure_group(group, None);
        let mut changed = false;
        for parent in parents {
            let parent = self.ensure_group(parent, None);
            changed |= self.try_link(parent, group) == Ok(true);
        }
        if let Some(host) = self.hosts.get_index_of(host) {
            changed |= self.put_host(group, host);
        }
        changed |= self.groups.len() > known;
        if changed {
            self.reconcile();
        }
        changed
    }

    /// The host that a name of this machine means: the inventory's own one, else one that is made up as Ansible does.
    pub fn local_host(&self, name: &str) -> Option<HostName> {
        if let Some((known, _)) = self.hosts.get_key_value(name) {
            return Some(known.clone());
        }
        if !is_local(name) {
            return None;
        }
        // any local name that the inventory has stands for the others
        let named = LOCAL_NAMES.iter().filter_map(|name| self.hosts.get_full(*name)).min_by_key(|(index, ..)| *index);
        if let Some((_, known, _)) = named {
            return Some(known.clone());
        }
        let host = self.implicit.get_or_init(|| {
            let mut vars = Map::new();
            vars.insert(Key::from("ansible_connection"), Value::data("local"));
            Box::new(Host {
                name: HostName::from(name),
                vars,
                source: None,
                span: None,
                implicit: true,
                groups: Vec::new(),
            })
        });
        Some(host.name.clone())
    }

    /// The position of a group, made where it does not exist.
    pub(super) fn ensure_group(&mut self, name: &str, span: Option<Span>) -> usize {
        match self.groups.get_index_of(name) {
            Some(index) => index,
            None => self.groups.insert_full(name.into(), Group::new(name, span)).0,
        }
    }

    /// The position of a host, made where it does not exist.
    pub(super) fn ensure_host(&mut self, name: &str, span: Option<Span>, source: Option<&Arc<Path>>) -> usize {
        if let Some(index) = self.hosts.get_index_of(name) {
            return index;
        }
        let name = HostName::from(name);
        let host = Host {
            name: name.clone(),
            vars: Map::new(),
            source: source.map(Arc::clone),
            span,
            implicit: false,
            groups: Vec::new(),
        };
        self.hosts.insert_full(name, host).0
    }

    /// Puts a host into a group; false where it was there.
    pub(super) fn put_host(&mut self, group: usize, host: usize) -> bool {
        let Some(target) = self.group_at_mut(group) else { return false };
        if !target.members.insert(host) {
            return false;
        }
        target.hosts.push(host);
        if let Some(host) = self.host_at_mut(host) {
            host.groups.push(group);
        }
        true
    }

    /// Puts a group below another; `Ok(false)` where it was there.
    pub(super) fn try_link(&mut self, parent: usize, child: usize) -> Result<bool, LinkError> {
        if parent == child {
            return Err(LinkError::Itself);
        }
        if self.group_at(parent).is_some_and(|group| group.children.contains(&child)) {
            return Ok(false);
        }
        if group_order::ascend(self, std::iter::once(parent)).contains(&child) {
            return Err(LinkError::Loop);
        }
        self.link(parent, child);
        Ok(true)
    }

    pub(super) fn link(&mut self, parent: usize, child: usize) {
        if let Some(group) = self.group_at_mut(parent) {
            group.children.push(child);
        }
        if let Some(group) = self.group_at_mut(child) {
            group.parents.push(parent);
        }
    }

    /// Restores the rules after changes: every group is below `all`, `ungrouped` holds exactly the hosts that are in no
    /// other group, depths are right, and what was computed from the old state is forgotten.
    pub(super) fn reconcile(&mut self) {
        let all = self.ensure_group(ALL, None);
        let ungrouped = self.ensure_group(UNGROUPED, None);
        for index in 0..self.groups.len() {
            if index != all && self.group_at(index).is_some_and(|group| group.parents.is_empty()) {
                self.link(all, index);
            }
        }
        let mut leaving = vec![false; self.hosts.len()];
        let mut joining = Vec::new();
        for ((index, host), leaving) in self.hosts.values_mut().enumerate().zip(&mut leaving) {
            let grouped = host.groups.iter().any(|group| *group != all && *group != ungrouped);
            if grouped && host.groups.contains(&ungrouped) {
                host.groups.retain(|group| *group != ungrouped);
                *leaving = true;
            } else if !grouped {
                joining.push(index);
            }
        }
        if let Some(group) = self.group_at_mut(ungrouped) {
            let stays = |host: &usize| leaving.get(*host) != Some(&true);
            group.hosts.retain(stays);
            group.members.retain(stays);
        }
        for host in joining {
            self.put_host(ungrouped, host);
        }
        group_order::set_depths(self);
        self.groups_value = OnceLock::new();
    }
}
