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

    /// What `module_defaults` around the task give for this module, not rendered yet; the inner ones win.
    fn module_defaults(&self, module: &'static ModuleDef) -> Result<Map, Problem> {
        let mut out = Map::new();
        for value in &self.prepared.keywords.module_defaults {
            let Value::Map(by_module) = (if value.as_map().is_some() { value.clone() } else { self.render(value)? })
            else {
                continue;
            };
            for (name, defaults) in by_module.iter() {
                let meant = name.as_str().and_then(table::find).is_some_and(|found| std::ptr::eq(found, module));
                if !meant {
                    continue;
                }
                let defaults = if defaults.as_map().is_some() { defaults.clone() } else { self.render(defaults)? };
                if let Value::Map(defaults) = defaults {
                    out.extend(defaults.iter().map(|(key, value): (&Key, &Value)| (key.clone(), value.clone())));
                }
            }
        }
        Ok(out)
    }
}
