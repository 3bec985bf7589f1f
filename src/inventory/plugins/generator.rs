//! The plug-in `generator`: a host for each combination of the values of some layers.

use super::options::{check_names, entries, items, wrong};
use super::{PluginContext, Result};
use crate::diag::Diagnostic;
use crate::template::MapScope;
use crate::value::{Key, Map, Value, python_str};
use crate::yaml::Node;

/// Makes the hosts.
pub(super) fn run(root: &Node, mut context: PluginContext<'_>) -> Result<()> {
    check_names(root, "the inventory plug-in `generator`", &["plugin", "hosts", "layers"])?;
    let hosts = root.get("hosts").ok_or_else(|| wrong(root, "generator", "a template `hosts`"))?;
    let mut combinations = vec![Map::new()];
    for layer in entries(root, "layers")? {
        let key = Key::from(layer.key.as_str().unwrap_or_default());
        let values = layer.value.to_value();
        let values = values.as_list().ok_or_else(|| wrong(&layer.value, "layers", "lists of values"))?;
        combinations = combinations
            .into_iter()
            .flat_map(|known| {
                let with = |value: &Value| {
                    let mut all = known.clone();
                    all.insert(key.clone(), value.clone());
                    all
                };
                values.iter().map(with).collect::<Vec<_>>()
            })
            .collect();
    }
    for vars in &combinations {
        let name = rendered(&context, hosts, vars)?;
        let path = context.path;
        let host = context.inventory.ensure_host(&name, None, Some(path));
        for parent in items(hosts, "parents")? {
            let group = group(&mut context, parent, vars)?;
            context.inventory.put_host(group, host);
        }
    }
    Ok(())
}

/// A group with its variables and the groups above it; its position.
fn group(context: &mut PluginContext<'_>, node: &Node, vars: &Map) -> Result<usize> {
    check_names(node, "a parent", &["name", "parents", "vars"])?;
    let name = rendered(context, node, vars)?;
    let index = context.inventory.ensure_group(&name, None);
    for entry in entries(node, "vars")? {
        let value = render(context, &entry.value, vars)?;
        if let (Some(key), Some(group)) = (entry.key.to_key(), context.inventory.group_at_mut(index)) {
            group.vars.insert(key, value);
        }
    }
    for parent in items(node, "parents")? {
        let above = group(context, parent, vars)?;
        if context.inventory.try_link(above, index).is_err() {
            return Err(wrong(parent, "parents", "groups that are not below themselves"));
        }
    }
    Ok(index)
}

fn rendered(context: &PluginContext<'_>, node: &Node, vars: &Map) -> Result<String> {
    let name = node.get("name").ok_or_else(|| wrong(node, "name", "a template"))?;
    Ok(python_str(&render(context, name, vars)?))
}

fn render(context: &PluginContext<'_>, node: &Node, vars: &Map) -> Result<Value> {
    context.templar.render(&node.to_value(), &MapScope(vars)).map_err(|error| {
        Box::new(Diagnostic::error("inventory-plugin", format!("the template fails: {error}")).at(node.span))
    })
}
