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
    names
        .iter()
        .map(|name| {
            // a term may be `NAME=ignored`, as it always could
            let name = name.split_whitespace().next().unwrap_or("");
            match (request.machine.engine.environment.get(name), &default) {
                (Some(value), _) => Ok(Value::data(value.as_str())),
                (None, Some(default)) => Ok(default.clone()),
                (None, None) if request.missing_default.is_some() => {
                    Err(Fault::undefined(format!("the environment variable '{name}' is not set")))
                }
                (None, None) => Ok(Value::data("")),
            }
        })
        .collect()
}

/// `inventory_hostnames`: the hosts of a pattern of groups and names: `web:db:&staging:!old`.
pub(super) fn inventory_hostnames(request: &mut Request<'_, '_>) -> Outcome<Vec<Value>> {
    let groups = match request.machine.variable("groups")? {
        Some(groups) => request.machine.plain(&groups)?,
        None => Value::empty_map(),
    };
    let members = |part: &str| -> Outcome<Vec<Value>> {
        let matcher = globset::Glob::new(part).map_err(|error| Fault::new(error.to_string()))?.compile_matcher();
        let mut out: Vec<Value> = Vec::new();
        for (group, hosts) in groups.as_map().into_iter().flatten() {
            let whole = group.as_str().is_some_and(|name| matcher.is_match(name));
            for host in hosts.as_list().unwrap_or(&[]) {
                let wanted = whole || host.as_str().is_some_and(|name| matcher.is_match(name));
                if wanted && !out.contains(host) {
                    out.push(host.clone());
                }
            }
        }
        Ok(out)
    };
    let mut out: Vec<Value> = Vec::new();
    for term in request.texts()? {
        for part in term.split([',', ':']).map(str::trim).filter(|part| !part.is_empty()) {
            if let Some(part) = part.strip_prefix('!') {
                let without = members(part)?;
                out.retain(|host| !without.contains(host));
            } else if let Some(part) = part.strip_prefix('&') {
                let with = members(part)?;
                out.retain(|host| with.contains(host));
            } else {
                let more = members(part)?;
                out.extend(more.into_iter().filter(|host| !out.contains(host)).collect::<Vec<_>>());
            }
        }
    }
    Ok(out)
}
