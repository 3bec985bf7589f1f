//! Which plug-in a file is for.

use std::path::Path;
use std::sync::Arc;

use super::{constructed, generator};
use crate::diag::{Diagnostic, Diagnostics, did_you_mean};
use crate::inventory::model::Inventory;
use crate::template::Templar;
use crate::value::Map;
use crate::yaml::Node;

pub(super) type Result<T> = std::result::Result<T, Box<Diagnostic>>;

/// What a plug-in works with.
pub(in crate::inventory) struct PluginContext<'c> {
    pub(in crate::inventory) inventory: &'c mut Inventory,
    pub(in crate::inventory) templar: &'c Templar,
    pub(in crate::inventory) extra_vars: &'c Map,
    pub(in crate::inventory) path: &'c Arc<Path>,
    pub(in crate::inventory) diagnostics: &'c mut Diagnostics,
}

/// Does what a plug-in's file says.
pub(in crate::inventory) fn run(plugin: &Node, root: &Node, context: PluginContext<'_>) -> Result<()> {
    let name = plugin.as_str().unwrap_or_default();
    match name.strip_prefix("ansible.builtin.").unwrap_or(name) {
        "constructed" => constructed::run(root, context),
        "generator" => generator::run(root, context),
        other => Err(Box::new(
            Diagnostic::error("inventory-plugin", format!("there is no inventory plug-in `{name}` here"))
                .at(plugin.span)
                .help_opt(did_you_mean(other, ["constructed", "generator"]))
                .help("write its hosts into a file: `ansible-inventory --list --yaml`, run where Ansible is"),
        )),
    }
}
