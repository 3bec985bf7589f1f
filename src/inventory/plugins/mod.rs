//! Inventory plug-ins: YAML files that say with `plugin:` which of them they are for.

mod constructed;
mod generator;
mod options;

use std::path::Path;
use std::sync::Arc;

use super::model::Inventory;
use crate::diag::{Diagnostic, Diagnostics, did_you_mean};
use crate::template::Templar;
use crate::value::Map;
use crate::yaml::Node;

type Result<T> = std::result::Result<T, Box<Diagnostic>>;

/// What a plug-in works with.
pub(super) struct PluginContext<'c> {
    pub(super) inventory: &'c mut Inventory,
    pub(super) templar: &'c Templar,
    pub(super) extra_vars: &'c Map,
    pub(super) path: &'c Arc<Path>,
    pub(super) diagnostics: &'c mut Diagnostics,
}

/// Does what a plug-in's file says.
pub(super) fn run(plugin: &Node, root: &Node, context: PluginContext<'_>) -> Result<()> {
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
