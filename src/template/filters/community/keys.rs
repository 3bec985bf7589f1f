//! Keys at any depth: `ansible.utils`' `keep_keys`, `remove_keys` and `replace_keys`.

use super::keep::{Match, any, pairs, targets};
use crate::template::eval::{Args, Run, required};
use crate::template::fault::{Fault, Outcome};
use crate::template::item::Item;
use crate::value::{Key, Map, Value};

fn bound(run: &Run<'_, '_>, item: &Item, args: Args) -> Outcome<(Value, Value, String)> {
    let [target, how] = args.bind(["target", "matching_parameter"])?;
    let target = run.plain(&required(target, "target")?)?;
    let how = match how {
        Some(how) if !how.is_null() => run.display(&how)?,
        _ => "equality".to_owned(),
    };
    match run.plain(item)? {
        data @ (Value::List(_) | Value::Map(_)) => Ok((data, target, how)),
        other => Err(Fault::new(format!("it takes a list or dictionary, not '{}'", other.type_name()))),
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::List(items) => items.is_empty(),
        Value::Map(map) => map.is_empty(),
        _ => false,
    }
}

/// What of a value has to be kept. A list or dictionary under a key goes with it only where the key is the target itself.
fn keep(value: &Value, targets: &[(String, Match)]) -> Outcome<Value> {
    match value {
        Value::List(items) => Ok(Value::list(items.iter().map(|item| keep(item, targets)).collect::<Outcome<_>>()?)),
        Value::Map(map) => {
            let mut out = Map::new();
            for (key, inner) in map.iter() {
                let name = key.as_str().unwrap_or("");
                let nested = matches!(inner, Value::List(_) | Value::Map(_));
                if !nested {
                    for (exact, wanted) in targets {
                        if name == exact || wanted.fits(name)? {
                            out.insert(key.clone(), inner.clone());
                            break;
                        }
                    }
                    continue;
                }
                // the last target decides, as the collection has it
                let mut found = false;
                for (exact, _) in targets {
                    if name == exact {
                        out.insert(key.clone(), inner.clone());
                        found = true;
                        continue;
                    }
                    let kept = match keep(inner, targets)? {
                        Value::List(items) => {
                            Value::list(items.iter().filter(|item| !is_empty(item)).cloned().collect())
                        }
                        other => other,
                    };
                    if !is_empty(&kept) {
                        out.insert(key.clone(), kept);
                        found = true;
                    }
                }
                if !found {
                    let kept = keep(inner, targets)?;
                    if !is_empty(&kept) {
                        out.insert(key.clone(), kept);
                    }
                }
            }
            Ok(Value::map(out))
        }
        other => Ok(other.clone()),
    }
}

/// `ansible.utils.keep_keys(target, matching_parameter)`: those keys alone, at any depth.
pub(crate) fn keep_deep(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    let (data, target, how) = bound(run, item, args)?;
    let targets = targets(&target)?
        .into_iter()
        .map(|target| Match::new(&how, &target).map(|wanted| (target, wanted)))
        .collect::<Outcome<Vec<_>>>()?;
    keep(&data, &targets).map(Item::Value)
}

/// A value without the keys; what is empty in a list goes too.
fn remove(value: &Value, matches: &[Match]) -> Outcome<Value> {
    match value {
        Value::List(items) => {
            let mut out = Vec::with_capacity(items.len());
            for item in items.iter() {
                let item = remove(item, matches)?;
                if crate::value::is_truthy(&item) {
                    out.push(item);
                }
            }
            Ok(Value::list(out))
        }
        Value::Map(map) => {
            let mut out = Map::with_capacity(map.len());
            for (key, inner) in map.iter() {
                if !any(matches, key.as_str().unwrap_or(""))? {
                    out.insert(key.clone(), remove(inner, matches)?);
                }
            }
            Ok(Value::map(out))
        }
        other => Ok(other.clone()),
    }
}

/// `ansible.utils.remove_keys(target, matching_parameter)`: all but those keys, at any depth.
pub(crate) fn remove_deep(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    let (data, target, how) = bound(run, item, args)?;
    let matches = targets(&target)?.iter().map(|target| Match::new(&how, target)).collect::<Outcome<Vec<_>>>()?;
    remove(&data, &matches).map(Item::Value)
}

/// A value with keys renamed; a renamed key moves to the end.
fn replace(value: &Value, pairs: &[(Match, Key)]) -> Outcome<Value> {
    match value {
        Value::List(items) => Ok(Value::list(items.iter().map(|item| replace(item, pairs)).collect::<Outcome<_>>()?)),
        Value::Map(map) => {
            let mut out: Map = Map::with_capacity(map.len());
            for (key, inner) in map.iter() {
                out.insert(key.clone(), replace(inner, pairs)?);
            }
            for (wanted, after) in pairs {
                let names: Vec<Key> = out.keys().cloned().collect();
                for name in names {
                    if wanted.fits(name.as_str().unwrap_or(""))?
                        && let Some(inner) = out.shift_remove(&name)
                    {
                        out.insert(after.clone(), inner);
                    }
                }
            }
            Ok(Value::map(out))
        }
        other => Ok(other.clone()),
    }
}

/// `ansible.utils.replace_keys(target, matching_parameter)`: other names for keys, at any depth.
pub(crate) fn replace_deep(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    let (data, target, how) = bound(run, item, args)?;
    replace(&data, &pairs(&target, &how)?).map(Item::Value)
}
