//! Lookups of variables.

use super::call::Request;
use crate::template::fault::{Fault, Outcome};
use crate::template::item::Item;
use crate::template::regex::{Flags, Regex};
use crate::value::Value;

/// `vars`: variables by their names; `default` stands for one that does not exist.
pub(super) fn vars(request: &mut Request<'_, '_>) -> Outcome<Vec<Value>> {
    let default = request.option("default");
    let names = request.texts()?;
    names
        .iter()
        .map(|name| match (request.machine.variable(name)?, &default) {
            (Some(Item::Missing(_)) | None, Some(default)) => Ok(default.clone()),
            (Some(item), _) => request.machine.plain(&item),
            (None, None) => Err(Fault::undefined(format!("no variable named '{name}' was found")).unknown(name)),
        })
        .collect()
}

/// `varnames`: the names of variables that match a pattern.
pub(super) fn varnames(request: &mut Request<'_, '_>) -> Outcome<Vec<Value>> {
    let names = request.machine.scope.names();
    let mut out = Vec::new();
    for pattern in request.texts()? {
        let regex = Regex::new(&pattern, Flags::default())?;
        for name in &names {
            if regex.is_match(name)? {
                out.push(Value::data(name.as_str()));
            }
        }
    }
    Ok(out)
}

/// `env`: environment variables of the controller; one that is not set is empty, or `default`.
pub(super) fn env(request: &mut Request<'_, '_>) -> Outcome<Vec<Value>> {
    let default = request.option("default");
    let names = request.texts()?;
    Ok(names
        .iter()
        .map(|name| {
            // a term may be `NAME=ignored`, as it always could
            let name = name.split_whitespace().next().unwrap_or("");
            match (request.machine.engine.environment.get(name), &default) {
                (Some(value), _) => Value::data(value.as_str()),
                (None, Some(default)) => default.clone(),
                (None, None) => Value::data(""),
            }
        })
        .collect())
}
