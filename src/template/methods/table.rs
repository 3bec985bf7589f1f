//! Which types have which methods.

use std::rc::Rc;

use super::{datetime, strings};
use crate::template::eval::{Args, Machine, equal, from_key, required};
use crate::template::fault::{Fault, Outcome};
use crate::template::item::{Item, Object};
use crate::value::Value;

const LIST: &[&str] = &["copy", "count", "index"];
const DICT: &[&str] = &["copy", "get", "items", "keys", "values"];
const BYTES: &[&str] = &["decode", "hex"];
const CYCLER: &[&str] = &["next", "reset"];

/// Whether an item has a method that changes nothing (those that do are the evaluator's own).
pub(crate) fn exists(item: &Item, name: &str) -> bool {
    let names = match item {
        Item::Value(Value::Str(_)) => strings::METHODS,
        Item::Value(Value::List(_)) | Item::List(_) | Item::Tuple(_) => LIST,
        Item::Value(Value::Map(_)) | Item::Map(_) => DICT,
        Item::Object(object) => match &**object {
            Object::DateTime(_) => datetime::METHODS,
            Object::Delta(_) => &["total_seconds"],
            Object::Bytes(_) => BYTES,
            Object::Cycler(_) => CYCLER,
            Object::Vars | Object::HostVars | Object::Host(_) => DICT,
            _ => return false,
        },
        _ => return false,
    };
    names.contains(&name)
}

/// Calls a method.
pub(crate) fn call(m: &Machine<'_>, item: &Item, name: &str, args: Args) -> Outcome {
    let result = match item {
        Item::Value(Value::Str(text)) => strings::call(m, text, name, args),
        Item::Value(Value::List(_)) | Item::List(_) | Item::Tuple(_) => list(m, item, name, args),
        Item::Value(Value::Map(_)) | Item::Map(_) => dict(m, item, name, args),
        Item::Object(object) => match &**object {
            Object::DateTime(time) => datetime::call(m, time, name, args),
            Object::Delta(delta) => {
                args.none()?;
                #[expect(clippy::cast_precision_loss, reason = "as Python's total_seconds")]
                let seconds = delta.as_micros() as f64 / 1e6;
                Ok(Item::Value(Value::Float(seconds)))
            }
            Object::Bytes(bytes) => bytes_method(bytes, name),
            Object::Cycler(cycler) => {
                args.none()?;
                if name == "reset" {
                    cycler.position.set(0);
                    return Ok(Item::NULL);
                }
                let position = cycler.position.get();
                cycler.position.set((position + 1) % cycler.items.len().max(1));
                cycler.items.get(position).cloned().ok_or_else(|| Fault::new("the cycler has no items"))
            }
            Object::Vars | Object::HostVars | Object::Host(_) => dict(m, &Item::Object(Rc::clone(object)), name, args),
            _ => Err(none(item, name)),
        },
        _ => Err(none(item, name)),
    };
    result.map_err(|fault| if fault.is_undefined() { fault } else { fault.within(format_args!("`{name}`")) })
}

fn none(item: &Item, name: &str) -> Fault {
    Fault::undefined(format!("object of type '{}' has no attribute '{name}'", item.type_name()))
}

fn list(m: &Machine<'_>, item: &Item, name: &str, args: Args) -> Outcome {
    if name == "copy" {
        args.none()?;
        return Ok(item.clone());
    }
    let [value] = args.bind(["value"])?;
    let value = required(value, "value")?;
    let mut count = 0_u64;
    for (index, other) in m.iterate(item)?.iter().enumerate() {
        if equal(m, other, &value)? {
            if name == "index" {
                return Ok(Item::int(index as u64));
            }
            count += 1;
        }
    }
    match name {
        "count" => Ok(Item::int(count)),
        _ => Err(Fault::new("the value is not in the list")),
    }
}

fn dict(m: &Machine<'_>, item: &Item, name: &str, args: Args) -> Outcome {
    if name == "get" {
        let [key, default] = args.bind(["key", "default"])?;
        let key = required(key, "key")?;
        let default = default.unwrap_or(Item::NULL);
        if let Item::Object(_) = item {
            return Ok(match m.item(item, &key)? {
                Item::Missing(_) => default,
                found => found,
            });
        }
        let key = m.key(&key)?;
        let found = match item {
            Item::Value(Value::Map(map)) => map.get(&key).cloned().map(Item::Value),
            Item::Map(map) => map.get(&key).cloned(),
            _ => None,
        };
        return found.map_or(Ok(default), |found| m.open_item(found));
    }
    args.none()?;
    match name {
        "keys" => Ok(Item::list(m.iterate(item)?)),
        "copy" => Ok(item.clone()),
        _ => {
            let entries = m.entries(item)?.unwrap_or_default();
            Ok(Item::list(match name {
                "values" => entries.into_iter().map(|(_, value)| value).collect(),
                _ => entries.into_iter().map(|(key, value)| Item::tuple(vec![from_key(&key), value])).collect(),
            }))
        }
    }
}

fn bytes_method(bytes: &[u8], name: &str) -> Outcome {
    match name {
        "hex" => Ok(Item::text(bytes.iter().fold(String::new(), |mut out, byte| {
            use std::fmt::Write as _;
            let _ = write!(out, "{byte:02x}");
            out
        }))),
        _ => String::from_utf8(bytes.to_vec()).map(Item::text).map_err(|_| Fault::new("the bytes are not UTF-8")),
    }
}
