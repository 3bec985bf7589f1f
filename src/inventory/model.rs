//! The inventory: hosts, groups and what they are to each other.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use indexmap::IndexMap;

use super::group_order;
use super::name::HostName;
use super::vars_folder::VarsFolder;
use crate::diag::Span;
use crate::value::{Key, Map, Value};

/// The group that every host is in.
pub(super) const ALL: &str = "all";
/// The group of hosts that are in no other.
pub(super) const UNGROUPED: &str = "ungrouped";

/// A host.
#[derive(Clone, Debug)]
pub struct Host {
    /// Its name.
    pub name: HostName,
    /// Its variables from inventory files, as written.
    pub vars: Map,
    /// The file that first named it (`inventory_file`), or a list of hosts from the command line.
    pub source: Option<Arc<Path>>,
    /// Where it is first named.
    pub span: Option<Span>,
    /// Whether nobody named it: Ansible makes up `localhost` where a play asks for it.
    pub implicit: bool,
    /// The groups it was put into directly, by position.
    pub(super) groups: Vec<usize>,
}

/// A group.
#[derive(Clone, Debug)]
pub struct Group {
    /// Its name.
    pub name: Arc<str>,
    /// Its variables from inventory files, as written.
    pub vars: Map,
    /// Where it is first named.
    pub span: Option<Span>,
    /// The longest way from `all` down to it: variables of deeper groups win.
    pub depth: usize,
    /// `ansible_group_priority`: among groups of one depth, variables of the higher priority win.
    pub priority: i64,
    pub(super) hosts: Vec<usize>,
    pub(super) members: HashSet<usize>,
    pub(super) children: Vec<usize>,
    pub(super) parents: Vec<usize>,
}

impl Group {
    pub(super) fn new(name: &str, span: Option<Span>) -> Self {
        Self {
            name: name.into(),
            vars: Map::new(),
            span,
            depth: 0,
            priority: 1,
            hosts: Vec::new(),
            members: HashSet::new(),
            children: Vec::new(),
            parents: Vec::new(),
        }
    }
}

/// Hosts, groups and their variables.
#[derive(Clone, Debug)]
pub struct Inventory {
    pub(super) hosts: IndexMap<HostName, Host>,
    pub(super) groups: IndexMap<Arc<str>, Group>,
    /// The host that Ansible makes up for `localhost`.
    pub(super) implicit: OnceLock<Box<Host>>,
    /// `group_vars` and `host_vars` beside the inventory's sources, in the order of the sources.
    pub(super) folders: Vec<Arc<VarsFolder>>,
    /// The magic variable `groups`, made when first asked for.
    pub(super) groups_value: OnceLock<Value>,
}

impl Default for Inventory {
    fn default() -> Self {
        let mut inventory = Self {
            hosts: IndexMap::new(),
            groups: IndexMap::new(),
            implicit: OnceLock::new(),
            folders: Vec::new(),
            groups_value: OnceLock::new(),
        };
        let all = inventory.ensure_group(ALL, None);
        let ungrouped = inventory.ensure_group(UNGROUPED, None);
        inventory.link(all, ungrouped);
        inventory
    }
}

impl Inventory {
    /// An inventory without hosts.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// All hosts that sources or tasks named, in the order of their first mention.
    pub fn hosts(&self) -> impl Iterator<Item = &Host> {
        self.hosts.values()
    }

    /// The names of all hosts, in the order that `hosts: all` works on them.
    #[must_use]
    pub fn all_hosts(&self) -> Vec<HostName> {
        self.hosts_of(ALL)
    }

    /// A host; also the made-up `localhost`.
    #[must_use]
    pub fn host(&self, name: &str) -> Option<&Host> {
        self.hosts.get(name).or_else(|| self.implicit.get().map(Box::as_ref).filter(|host| &*host.name == name))
    }

    /// All groups, in the order of their first mention.
    pub fn groups(&self) -> impl Iterator<Item = &Group> {
        self.groups.values()
    }

    /// A group.
    #[must_use]
    pub fn group(&self, name: &str) -> Option<&Group> {
        self.groups.get(name)
    }

    /// The groups below a group.
    pub fn children_of(&self, group: &Group) -> impl Iterator<Item = &Group> {
        group.children.iter().filter_map(|index| self.group_at(*index))
    }

    /// The hosts that are in a group directly, in their order.
    pub fn direct_hosts_of(&self, group: &Group) -> impl Iterator<Item = &Host> {
        group.hosts.iter().filter_map(|index| self.host_at(*index))
    }

    /// The names of the hosts in a group and the groups below it, in Ansible's order: its own, then level by level.
    #[must_use]
    pub fn hosts_of(&self, group: &str) -> Vec<HostName> {
        let Some(start) = self.groups.get_index_of(group) else { return Vec::new() };
        let mut seen = vec![false; self.hosts.len()];
        let mut out = Vec::new();
        for index in group_order::descend(self, start) {
            for host in self.group_at(index).map(|group| group.hosts.as_slice()).unwrap_or_default() {
                if let Some(seen) = seen.get_mut(*host)
                    && !std::mem::replace(seen, true)
                {
                    out.extend(self.host_at(*host).map(|host| host.name.clone()));
                }
            }
        }
        out
    }

    /// The groups that a host is in, directly and through others, `all` included, in the order in which their variables are
    /// laid over each other: by depth, priority, name.
    #[must_use]
    pub fn groups_of(&self, host: &str) -> Vec<&Group> {
        let direct = self.host(host).map(|host| host.groups.as_slice()).unwrap_or_default();
        let all = self.groups.get_index_of(ALL);
        let mut groups: Vec<&Group> = group_order::ascend(self, direct.iter().copied().chain(all))
            .into_iter()
            .filter_map(|index| self.group_at(index))
            .collect();
        groups.sort_by(|a, b| (a.depth, a.priority, &a.name).cmp(&(b.depth, b.priority, &b.name)));
        groups
    }

    /// The magic variable `group_names` of a host: its groups but `all`, sorted.
    #[must_use]
    pub fn group_names(&self, host: &str) -> Vec<Arc<str>> {
        let mut names: Vec<Arc<str>> = self
            .groups_of(host)
            .into_iter()
            .map(|group| Arc::clone(&group.name))
            .filter(|name| &**name != ALL)
            .collect();
        names.sort_unstable();
        names
    }

    /// The magic variable `groups`: the names of the hosts of each group.
    #[must_use]
    pub fn groups_value(&self) -> Value {
        self.groups_value
            .get_or_init(|| {
                let names =
                    |group: &Group| self.hosts_of(&group.name).iter().map(|name| Value::data(name.shared())).collect();
                Value::map(
                    self.groups
                        .values()
                        .map(|group| (Key::Str(Arc::clone(&group.name)), Value::list(names(group))))
                        .collect(),
                )
            })
            .clone()
    }

    /// `group_vars` and `host_vars` beside the inventory's sources, in the order of the sources.
    #[must_use]
    pub fn vars_folders(&self) -> &[Arc<VarsFolder>] {
        &self.folders
    }

    /// The folder of the file that first named a host (`inventory_dir`).
    #[must_use]
    pub fn folder_of(&self, host: &Host) -> Option<PathBuf> {
        let source = host.source.as_deref()?;
        if source.is_dir() {
            Some(source.to_owned())
        } else {
            source.is_file().then(|| source.parent().map(Path::to_owned))?
        }
    }

    pub(super) fn group_at(&self, index: usize) -> Option<&Group> {
        self.groups.get_index(index).map(|(_, group)| group)
    }

    pub(super) fn group_at_mut(&mut self, index: usize) -> Option<&mut Group> {
        self.groups.get_index_mut(index).map(|(_, group)| group)
    }

    pub(super) fn host_at(&self, index: usize) -> Option<&Host> {
        self.hosts.get_index(index).map(|(_, host)| host)
    }

    pub(super) fn host_at_mut(&mut self, index: usize) -> Option<&mut Host> {
        self.hosts.get_index_mut(index).map(|(_, host)| host)
    }
}
