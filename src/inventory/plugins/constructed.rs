//! The plug-in `constructed`: variables and groups computed from what hosts have already.

use super::options::{check_names, entries, items, switch, text, wrong};
use super::{PluginContext, Result};
use crate::diag::Diagnostic;
use crate::inventory::name::HostName;
use crate::template::MapScope;
use crate::value::{Key, Map, Value, python_str};
use crate::yaml::Node;

const OPTIONS: &[&str] = &[
    "plugin",
    "strict",
    "groups",
    "compose",
    "keyed_groups",
    "leading_separator",
    "use_extra_vars",
    "use_vars_plugins",
];

/// Does what the file says for every host that is known so far.
pub(super) fn run(root: &Node, context: PluginContext<'_>) -> Result<()> {
    check_names(root, "the inventory plug-in `constructed`", OPTIONS)?;
    let mut plugin = Constructed {
        strict: switch(root, "strict", false)?,
        leading_separator: switch(root, "leading_separator", true)?,
        extra: switch(root, "use_extra_vars", false)?,
        files: switch(root, "use_vars_plugins", false)?,
        context,
    };
    plugin.context.inventory.reconcile();
    let hosts: Vec<HostName> = plugin.context.inventory.hosts().map(|host| host.name.clone()).collect();
    for host in hosts {
        plugin.compose(&host, root)?;
        let vars = plugin.vars(&host)?;
        plugin.groups(&host, root, &vars)?;
        for keyed in items(root, "keyed_groups")? {
            plugin.keyed(&host, keyed, &vars)?;
        }
    }
    Ok(())
}

struct Constructed<'c> {
    strict: bool,
    leading_separator: bool,
    extra: bool,
    files: bool,
    context: PluginContext<'c>,
}

impl Constructed<'_> {
    /// What expressions see of a host.
    fn vars(&mut self, name: &HostName) -> Result<Map> {
        let inventory = &*self.context.inventory;
        let mut vars = Map::new();
        if self.files {
            vars = inventory.host_variables(name, &[], self.context.diagnostics)?;
        } else {
            for group in inventory.groups_of(name) {
                vars.extend(group.vars.clone());
            }
            vars.extend(inventory.host(name).map(|host| host.vars.clone()).unwrap_or_default());
        }
        let names = inventory.group_names(name).into_iter().map(Value::data).collect();
        vars.insert(Key::from("inventory_hostname"), Value::data(name.as_str()));
        let short = name.as_str().split('.').next().unwrap_or_default();
        vars.insert(Key::from("inventory_hostname_short"), Value::data(short));
        vars.insert(Key::from("group_names"), Value::list(names));
        if self.extra {
            vars.extend(self.context.extra_vars.clone());
        }
        Ok(vars)
    }

    /// The value of an expression; `None` where it fails and that does not matter.
    fn value(&self, node: &Node, vars: &Map) -> Result<Option<Value>> {
        let value = node.to_value();
        let Some(expression) = value.as_str() else { return Ok(Some(value)) };
        match self.context.templar.evaluate(expression, Some(node.span), &MapScope(vars)) {
            Ok(value) => Ok(Some(value)),
            Err(error) => self.passed_over(node, &error.to_string()),
        }
    }

    fn passed_over<T>(&self, node: &Node, reason: &str) -> Result<Option<T>> {
        if !self.strict {
            return Ok(None);
        }
        Err(Box::new(Diagnostic::error("inventory-plugin", format!("the expression fails: {reason}")).at(node.span)))
    }

    fn compose(&mut self, name: &HostName, root: &Node) -> Result<()> {
        for entry in entries(root, "compose")? {
            let vars = self.vars(name)?;
            let (Some(key), Some(value)) = (entry.key.to_key(), self.value(&entry.value, &vars)?) else { continue };
            if let Some(host) = self.context.inventory.hosts.get_mut(name.as_str()) {
                host.vars.insert(key, value.into_data());
            }
        }
        Ok(())
    }

    fn groups(&mut self, name: &HostName, root: &Node, vars: &Map) -> Result<()> {
        for entry in entries(root, "groups")? {
            let holds = match self.context.templar.condition(&entry.value.to_value(), &MapScope(vars)) {
                Ok(holds) => holds,
                Err(error) => self.passed_over(&entry.value, &error.to_string())?.unwrap_or(false),
            };
            if holds {
                let group = safe(&python_str(&entry.key.to_value()));
                self.put(name, &group);
            }
        }
        Ok(())
    }

    fn keyed(&mut self, name: &HostName, keyed: &Node, vars: &Map) -> Result<()> {
        check_names(
            keyed,
            "an item of `keyed_groups`",
            &["key", "prefix", "separator", "parent_group", "default_value", "trailing_separator"],
        )?;
        let key = keyed.get("key").ok_or_else(|| wrong(keyed, "keyed_groups", "items with a `key`"))?;
        let default = text(keyed, "default_value");
        let trailing = switch(keyed, "trailing_separator", true)?;
        if default.is_some() && !trailing {
            return Err(wrong(keyed, "keyed_groups", "one of `default_value` and `trailing_separator`, not both"));
        }
        let Some(value) = self.value(key, vars)? else { return Ok(()) };
        let prefix = text(keyed, "prefix").unwrap_or_default();
        let separator = text(keyed, "separator").unwrap_or_else(|| "_".to_owned());
        let or_default = |text: &str| match &default {
            Some(default) if text.is_empty() => default.clone(),
            _ => text.to_owned(),
        };
        let names: Vec<String> = match &value {
            Value::Null => default.clone().into_iter().collect(),
            Value::Str(text) => Some(or_default(text)).filter(|text| !text.is_empty()).into_iter().collect(),
            Value::List(items) => items.iter().map(|item| or_default(&python_str(item))).collect(),
            Value::Map(map) => map
                .iter()
                .map(|(key, item)| {
                    let item = if *item == Value::Null { String::new() } else { python_str(item) };
                    match or_default(&item) {
                        item if item.is_empty() && !trailing => key.to_string(),
                        item => format!("{key}{separator}{item}"),
                    }
                })
                .collect(),
            other => {
                let message = format!(
                    "a group's name is a text, or a list or mapping of such; the key is a {}",
                    other.type_name()
                );
                return Err(Box::new(Diagnostic::error("inventory-plugin", message).at(key.span)));
            }
        };
        if names.is_empty() && self.strict {
            return self.passed_over::<()>(key, "it is empty").map(|_| ());
        }
        let leading = if prefix.is_empty() && !self.leading_separator { "" } else { separator.as_str() };
        for bare in names {
            let group = safe(&format!("{prefix}{leading}{bare}"));
            self.put(name, &group);
            let Some(parent) = keyed.get("parent_group") else { continue };
            let parent = match self.context.templar.render(&parent.to_value(), &MapScope(vars)) {
                Ok(parent) => safe(&python_str(&parent)),
                Err(error) => {
                    self.passed_over::<()>(parent, &error.to_string())?;
                    continue;
                }
            };
            let inventory = &mut *self.context.inventory;
            let (parent, group) = (inventory.ensure_group(&parent, None), inventory.ensure_group(&group, None));
            if inventory.try_link(parent, group).is_err() {
                return Err(wrong(keyed, "parent_group", "a group that is not below its own children"));
            }
        }
        Ok(())
    }

    fn put(&mut self, host: &HostName, group: &str) {
        let inventory = &mut *self.context.inventory;
        let group = inventory.ensure_group(group, None);
        if let Some(host) = inventory.hosts.get_index_of(host.as_str()) {
            inventory.put_host(group, host);
        }
    }
}

/// A group's name with everything that no variable may be called replaced.
fn safe(name: &str) -> String {
    let letter = |c: char| if c.is_alphanumeric() || c == '_' { c } else { '_' };
    let name: String = name.chars().map(letter).collect();
    if name.starts_with(|c: char| c.is_ascii_digit()) {
        format!("_{}", name.get(1..).unwrap_or_default())
    } else {
        name
    }
}
