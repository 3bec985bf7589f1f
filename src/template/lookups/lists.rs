//! Lookups that rearrange lists and mappings.

use super::call::Request;
use crate::template::fault::{Fault, Outcome};
use crate::value::{Key, Map, Value};

/// `items`: the terms, lists among them laid out one level.
pub(super) fn items(request: &mut Request<'_, '_>) -> Outcome<Vec<Value>> {
    let mut out = Vec::new();
    for term in std::mem::take(&mut request.terms) {
        match term {
            Value::List(items) => out.extend(items.iter().cloned()),
            term => out.push(term),
        }
    }
    Ok(out)
}

/// `list`: the terms as they are.
pub(super) fn list(request: &mut Request<'_, '_>) -> Outcome<Vec<Value>> {
    Ok(std::mem::take(&mut request.terms))
}

/// `dict`: mappings as lists of `key` and `value`.
pub(super) fn dict(request: &mut Request<'_, '_>) -> Outcome<Vec<Value>> {
    let mut out = Vec::new();
    for term in std::mem::take(&mut request.terms) {
        let Value::Map(map) = &term else {
            return Err(Fault::new(format!("it takes a dictionary, not '{}'", term.type_name())));
        };
        for (key, value) in map.iter() {
            let mut entry = Map::with_capacity(2);
            entry.insert(Key::from("key"), key_value(key));
            entry.insert(Key::from("value"), value.clone());
            out.push(Value::map(entry));
        }
    }
    Ok(out)
}

/// A mapping's key as a value.
fn key_value(key: &Key) -> Value {
    match key {
        Key::Str(text) => Value::data(std::sync::Arc::clone(text)),
        Key::Int(number) => Value::Int(*number),
        Key::Bool(value) => Value::Bool(*value),
        Key::Null => Value::Null,
    }
}
