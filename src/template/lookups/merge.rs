//! Variables of many names as one.

use std::sync::Arc;

use super::call::Request;
use crate::template::eval::Machine;
use crate::template::fault::{Fault, Outcome};
use crate::template::regex::{Flags, Regex};
use crate::value::{Map, Value, python_str};

/// `community.general.merge_variables`: the lists or dictionaries in all variables whose names match.
pub(super) fn merge_variables(request: &mut Request<'_, '_>) -> Outcome<Vec<Value>> {
    let kind = request.text_option("pattern_type")?.unwrap_or_else(|| "regex".to_owned());
    if !matches!(kind.as_str(), "prefix" | "suffix" | "regex") {
        return Err(Fault::new(format!("pattern_type: `{kind}` is none of prefix, suffix, regex")));
    }
    let over = request.text_option("override")?.unwrap_or_else(|| "error".to_owned());
    if !matches!(over.as_str(), "error" | "warn" | "ignore") {
        return Err(Fault::new(format!("override: `{over}` is none of error, warn, ignore")));
    }
    let strict = over == "error";
    let initial = request.option("initial_value");
    let groups: Option<Vec<String>> =
        request.option("groups").and_then(|groups| Some(groups.as_list()?.iter().map(python_str).collect()));
    let machine = request.machine;
    let mut out = Vec::new();
    for pattern in request.texts()? {
        let mut result = initial.clone();
        let wish = Wish { kind: &kind, pattern: &pattern, strict };
        match &groups {
            None => result = wish.merged(machine, result)?,
            Some(groups) => {
                for host in machine.scope.hosts() {
                    let Some(scope) = machine.scope.host(&host) else { continue };
                    let machine = machine.nested(&*scope);
                    let own = machine.variable("group_names")?.map(|names| machine.plain(&names)).transpose()?;
                    let member = own.as_ref().and_then(Value::as_list).is_some_and(|own| {
                        own.iter()
                            .any(|name| name.as_str().is_some_and(|name| groups.iter().any(|group| group == name)))
                    });
                    if member || groups.iter().any(|group| group == "all") {
                        result = wish.merged(&machine, result)?;
                    }
                }
            }
        }
        out.push(result.unwrap_or(Value::Null));
    }
    Ok(out)
}

struct Wish<'w> {
    kind: &'w str,
    pattern: &'w str,
    strict: bool,
}

impl Wish<'_> {
    fn merged(&self, machine: &Machine<'_>, initial: Option<Value>) -> Outcome<Option<Value>> {
        let regex = Regex::new(self.pattern, Flags::default())?;
        let mut names = machine.scope.names();
        names.sort();
        let mut result = initial;
        for name in names {
            let fits = match self.kind {
                "prefix" => name.starts_with(self.pattern),
                "suffix" => name.ends_with(self.pattern),
                _ => regex.is_match(&name)?,
            };
            if !fits {
                continue;
            }
            let Some(item) = machine.variable(&name)? else { continue };
            let value = machine.plain(&item)?;
            result = Some(match (result, value) {
                (None, value @ (Value::List(_) | Value::Map(_))) => value,
                (Some(Value::List(mut all)), Value::List(more)) => {
                    Arc::make_mut(&mut all).extend(more.iter().cloned());
                    Value::List(all)
                }
                (Some(Value::Map(mut all)), Value::Map(more)) => {
                    self.put(Arc::make_mut(&mut all), &more, &name)?;
                    Value::Map(all)
                }
                (_, Value::List(_) | Value::Map(_)) => {
                    return Err(Fault::new(format!("the variable `{name}` is not of the type of the others")));
                }
                (_, other) => {
                    return Err(Fault::new(format!(
                        "the variable `{name}` is neither list nor dictionary but '{}'",
                        other.type_name()
                    )));
                }
            });
        }
        Ok(result)
    }

    /// Puts entries into a dictionary, those within with those within.
    fn put(&self, into: &mut Map, from: &Map, path: &str) -> Outcome<()> {
        for (key, value) in from {
            match (into.get_mut(key), value) {
                (Some(Value::Map(inner)), Value::Map(more)) => {
                    self.put(Arc::make_mut(inner), more, &format!("{path}.{key}"))?;
                }
                (Some(Value::List(inner)), Value::List(more)) => Arc::make_mut(inner).extend(more.iter().cloned()),
                (Some(known), value) => {
                    if known != value && self.strict {
                        return Err(Fault::new(format!("`{path}.{key}` would be overwritten"))
                            .help(Some("`override='ignore'` lets later variables win".to_owned())));
                    }
                    *known = value.clone();
                }
                (None, value) => {
                    into.insert(key.clone(), value.clone());
                }
            }
        }
        Ok(())
    }
}
