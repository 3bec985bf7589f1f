//! A module's options, rendered.

use std::sync::Arc;

use super::one::One;
use crate::diag::Diagnostic;
use crate::engine::problem::{Problem, span_of};
use crate::modules::{ModuleDef, table};
use crate::value::{Key, Map, Value};

impl One {
    /// The options of the task's module: `module_defaults` under what the task gives, everything rendered, omitted ones gone.
    pub(super) fn args(&self, module: &'static ModuleDef, written: &Value) -> Result<Value, Problem> {
        let defaults = self.module_defaults(module)?;
        match written {
            Value::Map(own) if defaults.is_empty() => self.render(&Value::Map(Arc::clone(own))),
            Value::Map(own) => {
                let mut all = defaults;
                all.extend(own.iter().map(|(key, value)| (key.clone(), value.clone())));
                self.render(&Value::map(all))
            }
            Value::Null => self.render(&Value::map(defaults)),
            template => match self.render(template)? {
                Value::Map(own) => {
                    let mut all = match self.render(&Value::map(defaults))? {
                        Value::Map(map) => Arc::unwrap_or_clone(map),
                        _ => Map::new(),
                    };
                    all.extend(own.iter().map(|(key, value)| (key.clone(), value.clone())));
                    Ok(Value::map(all))
                }
                other => {
                    let diagnostic = Diagnostic::error(
                        "module-options",
                        format!("the options of `{}` are a mapping, and this is a {}", module.name, other.type_name()),
                    )
                    .at(span_of(template).unwrap_or(self.action_span()));
                    Err(Problem::from_diagnostic(&diagnostic, &self.env.sources))
                }
            },
        }
    }

    /// What `module_defaults` around the task give for this module, not rendered yet: those of its groups, and over them its
    /// own. What an inner level says of the same name replaces what an outer one says, as in Ansible.
    fn module_defaults(&self, module: &'static ModuleDef) -> Result<Map, Problem> {
        let mut own: Option<Value> = None;
        let mut by_group: Vec<Option<Value>> = vec![None; module.groups.len()];
        for value in &self.prepared.keywords.module_defaults {
            let Value::Map(by_name) = (if value.as_map().is_some() { value.clone() } else { self.render(value)? })
            else {
                continue;
            };
            for (name, defaults) in by_name.iter().filter_map(|(name, defaults)| Some((name.as_str()?, defaults))) {
                if let Some(group) = name.strip_prefix("group/") {
                    let at = module.groups.iter().position(|known| *known == group);
                    if let Some(slot) = at.and_then(|at| by_group.get_mut(at)) {
                        *slot = Some(defaults.clone());
                    }
                } else if table::find(name).is_some_and(|found| std::ptr::eq(found, module)) {
                    own = Some(defaults.clone());
                }
            }
        }
        let mut out = Map::new();
        for defaults in by_group.into_iter().chain([own]).flatten() {
            let defaults = if defaults.as_map().is_some() { defaults } else { self.render(&defaults)? };
            if let Value::Map(defaults) = defaults {
                out.extend(defaults.iter().map(|(key, value): (&Key, &Value)| (key.clone(), value.clone())));
            }
        }
        Ok(out)
    }
}
