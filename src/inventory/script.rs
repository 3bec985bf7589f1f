//! Inventory scripts: programs that print hosts and groups as JSON.

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use indexmap::IndexSet;

use super::model::Inventory;
use crate::diag::{Diagnostic, Diagnostics, SourceMap};
use crate::value::{Key, Map};
use crate::yaml::{self, Node};

const CODE: &str = "inventory-script";

type Result<T> = std::result::Result<T, Box<Diagnostic>>;

/// Runs a script and adds what it names.
pub(super) fn read(
    inventory: &mut Inventory,
    path: &Arc<Path>,
    sources: &SourceMap,
    diagnostics: &mut Diagnostics,
) -> Result<()> {
    let listed = run(path, &["--list"], sources, diagnostics)?;
    let Some(groups) = listed.as_mapping() else {
        return Err(Box::new(
            Diagnostic::error(CODE, format!("the script `{}` printed no mapping of groups", path.display()))
                .at(listed.span),
        ));
    };
    let hostvars = listed.get("_meta").map(|meta| meta.get("hostvars").cloned());
    let mut named = IndexSet::new();
    for entry in groups {
        let Some(name) = entry.key.as_str().filter(|name| *name != "_meta") else { continue };
        group(inventory, name, &entry.value, path, &mut named)?;
    }
    for host in named {
        let vars = match &hostvars {
            Some(known) => known.as_ref().and_then(|known| known.get(&host)).cloned(),
            // without `_meta` each host is asked for by itself
            None => Some(run(path, &["--host", &host], sources, diagnostics)?),
        };
        let Some(vars) = vars.filter(|vars| !vars.is_null()) else { continue };
        let vars = mapping(&vars, &format!("the variables of the host `{host}`"))?;
        if let Some(host) = inventory.hosts.get_mut(host.as_str()) {
            host.vars.extend(vars);
        }
    }
    Ok(())
}

/// One group: a mapping with `hosts`, `vars` and `children`, or a list of hosts.
fn group(
    inventory: &mut Inventory,
    name: &str,
    data: &Node,
    path: &Arc<Path>,
    named: &mut IndexSet<String>,
) -> Result<()> {
    let index = inventory.ensure_group(name, None);
    let mut hosts = |inventory: &mut Inventory, node: &Node| -> Result<()> {
        for host in texts(node, &format!("the hosts of the group `{name}`"))? {
            let host_index = inventory.ensure_host(&host, None, Some(path));
            inventory.put_host(index, host_index);
            named.insert(host);
        }
        Ok(())
    };
    if data.as_mapping().is_none() {
        return hosts(inventory, data);
    }
    if ["hosts", "vars", "children"].iter().all(|key| data.get(key).is_none()) {
        // such a mapping is a host of the group's name, with its variables
        let host = inventory.ensure_host(name, None, Some(path));
        inventory.put_host(index, host);
        let vars = mapping(data, &format!("the group `{name}`"))?;
        if let Some(group) = inventory.group_at_mut(index) {
            group.vars.extend(vars);
        }
        return Ok(());
    }
    if let Some(node) = data.get("hosts") {
        hosts(inventory, node)?;
    }
    if let Some(node) = data.get("vars") {
        let vars = mapping(node, &format!("the variables of the group `{name}`"))?;
        if let Some(group) = inventory.group_at_mut(index) {
            group.vars.extend(vars);
        }
    }
    if let Some(node) = data.get("children") {
        for child in texts(node, &format!("the children of the group `{name}`"))? {
            let child = inventory.ensure_group(&child, None);
            if inventory.try_link(index, child).is_err() {
                return Err(Box::new(
                    Diagnostic::error(CODE, format!("the group `{name}` would be below itself")).at(node.span),
                ));
            }
        }
    }
    Ok(())
}

fn mapping(node: &Node, what: &str) -> Result<Map> {
    let entries = node
        .as_mapping()
        .ok_or_else(|| Box::new(Diagnostic::error(CODE, format!("{what} are no mapping")).at(node.span)))?;
    let vars = entries.iter().filter_map(|entry| Some((entry.key.to_key()?, entry.value.to_value())));
    Ok(vars.collect::<Vec<(Key, _)>>().into_iter().collect())
}

fn texts(node: &Node, what: &str) -> Result<Vec<String>> {
    let wrong = || Box::new(Diagnostic::error(CODE, format!("{what} are no list of names")).at(node.span));
    let value = node.to_value();
    let items = value.as_list().ok_or_else(wrong)?;
    items.iter().map(|item| item.as_str().map(str::to_owned).ok_or_else(wrong)).collect()
}

/// What a script prints.
fn run(path: &Path, arguments: &[&str], sources: &SourceMap, diagnostics: &mut Diagnostics) -> Result<Node> {
    let name = format!("{} {}", path.display(), arguments.join(" "));
    let failed = |reason: &str| Box::new(Diagnostic::error(CODE, format!("the inventory script `{name}` {reason}")));
    let output = Command::new(path)
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .map_err(|error| failed(&format!("cannot be started: {error}")))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        let problem = failed(&format!("failed: {}", output.status));
        return Err(if said.is_empty() { problem } else { Box::new(problem.help(format!("it said: {said}"))) });
    }
    let json: serde_json::Value = serde_json::from_slice(&output.stdout)
        .map_err(|error| failed(&format!("printed something that is not JSON: {error}")))?;
    // read as YAML, so that its texts are templates with a place, as those of other inventories are
    let text = format!("{json:#}");
    let id = sources.add(&name, text);
    yaml::parse_one(sources, id, diagnostics)
}
