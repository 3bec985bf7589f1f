//! Paths in nested values, and places in lists.

use std::sync::Arc;

use crate::template::checks;
use crate::template::eval::{Args, Run, required};
use crate::template::fault::{Fault, Outcome};
use crate::template::item::Item;
use crate::template::scope::MapScope;
use crate::value::{Key, Map, Value};

fn wanted_list(run: &Run<'_, '_>, item: Option<Item>) -> Outcome<bool> {
    item.map(|item| run.truthy(&item)).transpose().map(Option::unwrap_or_default)
}

fn maybe_list(value: Value, wantlist: bool) -> Item {
    Item::Value(if wantlist { Value::list(vec![value]) } else { value })
}

/// `ansible.utils.get_path(path, wantlist=false)`: the value at a path such as `a.b[0]`.
pub(crate) fn get_path(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    let [path, wantlist] = args.bind(["path", "wantlist"])?;
    let path = run.display(&required(path, "path")?)?;
    let wantlist = wanted_list(run, wantlist)?;
    let Value::Map(map) = run.plain(item)? else {
        return Err(Fault::new(format!("it takes a dictionary, not '{}'", item.type_name())));
    };
    let scope = MapScope(&map);
    let machine = run.nested(&scope);
    let program = machine.engine.expression(&path)?;
    let found = machine.run(&program)?.present()?;
    Ok(maybe_list(machine.plain(&found)?, wantlist))
}

/// `ansible.utils.to_paths(prepend=None, wantlist=false)`: a dictionary of paths and what is at their ends.
pub(crate) fn to_paths(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    let [prepend, wantlist] = args.bind(["prepend", "wantlist"])?;
    let wantlist = wanted_list(run, wantlist)?;
    let mut value = run.plain(item)?;
    if let Some(prepend) = prepend.filter(|item| !item.is_null()) {
        value = Value::map(Map::from([(run.key(&prepend)?, value)]));
    }
    if !matches!(value, Value::Map(_) | Value::List(_)) {
        return Err(Fault::new(format!("it takes a list or dictionary, not '{}'", value.type_name())));
    }
    let mut out = Map::new();
    flatten(&value, "", &mut out);
    Ok(maybe_list(Value::map(out), wantlist))
}

fn flatten(value: &Value, path: &str, out: &mut Map) {
    match value {
        Value::Map(map) if !map.is_empty() => {
            for (key, inner) in map.iter() {
                let name = key.to_string();
                let plain = name.chars().next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
                    && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
                let path = match (path, plain) {
                    ("", _) => name,
                    (path, true) => format!("{path}.{name}"),
                    (path, false) => format!("{path}['{name}']"),
                };
                flatten(inner, &path, out);
            }
        }
        Value::List(items) if !items.is_empty() => {
            for (index, inner) in items.iter().enumerate() {
                flatten(inner, &format!("{path}[{index}]"), out);
            }
        }
        Value::Map(_) | Value::List(_) if path.is_empty() => {}
        end => {
            out.insert(Key::from(path), end.clone());
        }
    }
}

/// `ansible.utils.index_of(test, value=None, key=None, wantlist=false, fail_on_missing=false)`: at which places of a list a
/// test holds.
pub(crate) fn index_of(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    let [test, value, key, wantlist, fail] = args.bind(["test", "value", "key", "wantlist", "fail_on_missing"])?;
    let (wantlist, fail) = (wanted_list(run, wantlist)?, wanted_list(run, fail)?);
    let name = run.display(&required(test, "test")?)?;
    let (name, inverted) = match (name.strip_prefix('!'), name.strip_prefix("not ")) {
        (Some("="), _) => ("==", true),
        (Some(name), _) | (None, Some(name)) => (name, true),
        (None, None) => (name.as_str(), false),
    };
    let check = checks::find(name).ok_or_else(|| {
        Fault::new(format!("there is no test `{name}`")).help(crate::diag::did_you_mean(name, checks::names()))
    })?;
    let value = value.filter(|value| !value.is_null());
    let value = match value {
        Some(value) if name == "in" && (value.as_str().is_some() || run.iterate(&value).is_err()) => {
            Some(Item::list(vec![value]))
        }
        value => value,
    };
    let key: Option<Arc<str>> =
        key.filter(|key| !key.is_null()).map(|key| run.display(&key).map(Into::into)).transpose()?;
    let mut places = Vec::new();
    for (index, entry) in run.iterate(item)?.into_iter().enumerate() {
        let subject = match &key {
            None => entry,
            Some(key) => {
                if run.entries(&entry)?.is_none() {
                    return Err(Fault::new("where a key is given, all items must be dictionaries"));
                }
                match run.attr(&entry, key)? {
                    Item::Missing(_) if fail => {
                        return Err(Fault::new(format!("item {index} of the list has no key '{key}'")));
                    }
                    Item::Missing(_) => continue,
                    subject => subject,
                }
            }
        };
        let args = Args { positional: value.clone().into_iter().collect(), ..Args::default() };
        let holds = run.check(check, subject, args)?;
        if run.truthy(&holds)? != inverted {
            places.push(Item::int(index as u64));
        }
    }
    Ok(match <[Item; 1]>::try_from(places) {
        Ok([one]) if !wantlist => one,
        Ok(one) => Item::list(one.to_vec()),
        Err(places) => Item::list(places),
    })
}
