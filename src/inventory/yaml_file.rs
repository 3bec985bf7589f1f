//! Inventories in YAML form.

use std::path::Path;
use std::sync::Arc;

use super::ini::{host_names, not_linked, set_priority};
use super::model::Inventory;
use crate::diag::{Diagnostic, Diagnostics, did_you_mean};
use crate::value::{Key, Value};
use crate::yaml::{Entry, Node, NodeKind};

const CODE: &str = "inventory";
const KEYS: [&str; 3] = ["hosts", "vars", "children"];

/// Deeper nesting of groups is refused.
const MAX_DEPTH: usize = 60;

/// Adds the hosts, groups and variables of a document. All its errors are found, not only the first.
pub(super) fn read(inventory: &mut Inventory, root: &Node, path: &Arc<Path>, diagnostics: &mut Diagnostics) {
    let Some(entries) = root.as_mapping() else {
        if !root.is_null() {
            diagnostics.push(
                Diagnostic::error(CODE, "an inventory in YAML is a mapping of groups")
                    .at(root.span)
                    .help("start with `all:` and put `hosts:`, `vars:` and `children:` below it"),
            );
        }
        return;
    };
    let mut reader = Reader { inventory, path, diagnostics, depth: 0 };
    for entry in entries {
        reader.group(entry);
    }
}

struct Reader<'i> {
    inventory: &'i mut Inventory,
    path: &'i Arc<Path>,
    diagnostics: &'i mut Diagnostics,
    depth: usize,
}

impl Reader<'_> {
    fn error(&mut self, node: &Node, message: impl Into<String>) {
        self.diagnostics.push(Diagnostic::error(CODE, message).at(node.span));
    }

    fn warn(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }

    /// Adds a group; its position, unless its name is none.
    fn group(&mut self, entry: &Entry) -> Option<usize> {
        let Some(name) = entry.key.as_str().filter(|name| !name.is_empty()) else {
            self.error(&entry.key, "the name of a group is a text");
            return None;
        };
        let group = self.inventory.ensure_group(name, Some(entry.key.span));
        if entry.value.is_null() {
            return Some(group);
        }
        let Some(sections) = entry.value.as_mapping() else {
            self.warn(
                Diagnostic::warning(CODE, format!("`{name}` is not a group: it has no `hosts`, `vars` or `children`"))
                    .at(entry.value.span),
            );
            return Some(group);
        };
        if self.depth >= MAX_DEPTH {
            self.error(&entry.key, format!("groups are nested more than {MAX_DEPTH} levels deep"));
            return Some(group);
        }
        self.depth += 1;
        for section in sections {
            self.section(group, name, section);
        }
        self.depth -= 1;
        Some(group)
    }

    fn section(&mut self, group: usize, name: &str, section: &Entry) {
        let key = section.key.as_str().unwrap_or_default();
        if !KEYS.contains(&key) {
            self.warn(
                Diagnostic::warning(CODE, format!("`{key}` means nothing in the group `{name}` and is passed over"))
                    .at(section.key.span)
                    .help_opt(did_you_mean(key, KEYS))
                    .help("a group has `hosts`, `vars` and `children`; variables stand below `vars`"),
            );
            return;
        }
        let entries: Vec<Entry> = match &section.value.kind {
            NodeKind::Mapping(entries) => entries.clone(),
            NodeKind::Scalar(Value::Null) => return,
            // a single name is short for a mapping with that key
            NodeKind::Scalar(Value::Str(_)) => {
                let nothing = Node { span: section.value.span, kind: NodeKind::Scalar(Value::Null) };
                vec![Entry { key: section.value.clone(), value: nothing }]
            }
            _ => {
                self.diagnostics.push(
                    Diagnostic::error(CODE, format!("`{key}` of the group `{name}` is a mapping"))
                        .at(section.value.span)
                        .help(match key {
                            "vars" => "write `name: value` lines below it",
                            _ => "write each name with a colon behind it, as `name:`, not as an item of a list",
                        }),
                );
                return;
            }
        };
        for entry in &entries {
            match key {
                "vars" => self.variable(group, entry),
                "children" => {
                    if let Some(child) = self.group(entry)
                        && let Err(error) = self.inventory.try_link(group, child)
                    {
                        self.diagnostics.push(not_linked(error, entry.key.span));
                    }
                }
                _ => self.host(group, entry),
            }
        }
    }

    fn variable(&mut self, group: usize, entry: &Entry) {
        let Some(key) = entry.key.to_key() else { return };
        let value = entry.value.to_value();
        if key.as_str() == Some("ansible_group_priority") {
            if let Err(error) = set_priority(self.inventory, group, &value, entry.value.span) {
                self.diagnostics.push(*error);
            }
        } else if let Some(group) = self.inventory.group_at_mut(group) {
            group.vars.insert(key, value);
        }
    }

    fn host(&mut self, group: usize, entry: &Entry) {
        let Some(pattern) = entry.key.as_str() else {
            self.diagnostics.push(
                Diagnostic::error(CODE, "a host name is a text")
                    .at(entry.key.span)
                    .help("put it in quotes, else YAML reads a number"),
            );
            return;
        };
        let vars = match &entry.value.kind {
            NodeKind::Mapping(entries) => entries.as_slice(),
            NodeKind::Scalar(value) if !crate::value::is_truthy(value) => &[],
            _ => {
                self.error(&entry.value, format!("the variables of the host `{pattern}` are a mapping"));
                return;
            }
        };
        let (names, port) = match host_names(pattern, entry.key.span, self.inventory) {
            Ok(found) => found,
            Err(error) => {
                self.diagnostics.push(*error);
                return;
            }
        };
        for name in names {
            let known = self.inventory.hosts.len();
            let host = self.inventory.ensure_host(&name, Some(entry.key.span), Some(self.path));
            let is_new = self.inventory.hosts.len() > known;
            if let Some(host) = self.inventory.host_at_mut(host) {
                if let Some(port) = port.filter(|_| is_new) {
                    host.vars.insert(Key::from("ansible_port"), Value::Int(port.into()));
                }
                host.vars.extend(vars.iter().filter_map(|var| Some((var.key.to_key()?, var.value.to_value()))));
            }
            self.inventory.put_host(group, host);
        }
    }
}
