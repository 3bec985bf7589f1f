//! Equality and order as Python has them.

use std::cmp::Ordering;
use std::rc::Rc;

use super::machine::Machine;
use super::number::Number;
use crate::template::fault::{Fault, Outcome};
use crate::template::item::{Item, Object};
use crate::value::Value;

/// `a == b`.
pub(crate) fn equal(m: &Machine<'_>, a: &Item, b: &Item) -> Outcome<bool> {
    match (a, b) {
        (Item::Missing(missing), _) | (_, Item::Missing(missing)) => return Err(missing.fault.clone()),
        (Item::Value(Value::Str(a)), Item::Value(Value::Str(b))) => return Ok(a == b),
        (Item::Object(a), Item::Object(b)) => {
            return Ok(match (&**a, &**b) {
                (Object::DateTime(a), Object::DateTime(b)) => a == b,
                (Object::Delta(a), Object::Delta(b)) => a == b,
                (Object::Bytes(a), Object::Bytes(b)) => a == b,
                (Object::Range(..), Object::Range(..)) => {
                    m.plain(&Item::Object(Rc::clone(a)))? == m.plain(&Item::Object(Rc::clone(b)))?
                }
                _ => Rc::ptr_eq(a, b),
            });
        }
        (Item::Object(_), _) | (_, Item::Object(_)) => return Ok(false),
        _ => {}
    }
    if let (Some(a), Some(b)) = (Number::of(a), Number::of(b)) {
        return Ok(match (a, b) {
            (Number::Int(a), Number::Int(b)) => a == b,
            (a, b) => a.float() == b.float(),
        });
    }
    let tuple = |item: &Item| matches!(item, Item::Tuple(_));
    if is_sequence(a) && is_sequence(b) {
        if tuple(a) != tuple(b) {
            return Ok(false);
        }
        let (a, b) = (m.iterate(a)?, m.iterate(b)?);
        if a.len() != b.len() {
            return Ok(false);
        }
        for (a, b) in a.iter().zip(&b) {
            if !equal(m, a, b)? {
                return Ok(false);
            }
        }
        return Ok(true);
    }
    if let (Some(a), Some(b)) = (m.entries(a)?, m.entries(b)?) {
        if a.len() != b.len() {
            return Ok(false);
        }
        let b: indexmap::IndexMap<_, _> = b.into_iter().collect();
        for (key, value) in &a {
            match b.get(key) {
                Some(other) if equal(m, value, other)? => {}
                _ => return Ok(false),
            }
        }
        return Ok(true);
    }
    Ok(a.is_null() && b.is_null())
}

fn is_sequence(item: &Item) -> bool {
    matches!(item, Item::Value(Value::List(_)) | Item::List(_) | Item::Tuple(_))
}

/// `a < b` and its kin; types that have no order are an error that names the operator.
pub(crate) fn order(m: &Machine<'_>, a: &Item, b: &Item, operator: &str) -> Outcome<Ordering> {
    if let (Some(a), Some(b)) = (Number::of(a), Number::of(b)) {
        return Ok(match (a, b) {
            (Number::Int(a), Number::Int(b)) => a.cmp(&b),
            // as Python: nothing is less or greater than NaN
            (a, b) => a.float().partial_cmp(&b.float()).unwrap_or(Ordering::Equal),
        });
    }
    match (a, b) {
        (Item::Missing(missing), _) | (_, Item::Missing(missing)) => Err(missing.fault.clone()),
        (Item::Value(Value::Str(a)), Item::Value(Value::Str(b))) => Ok(a.as_str().cmp(b.as_str())),
        (Item::Object(x), Item::Object(y)) => match (&**x, &**y) {
            (Object::DateTime(x), Object::DateTime(y)) => Ok(x.cmp(y)),
            (Object::Delta(x), Object::Delta(y)) => Ok(x.cmp(y)),
            _ => Err(unordered(a, b, operator)),
        },
        _ if is_sequence(a) && is_sequence(b) => {
            let (a, b) = (m.iterate(a)?, m.iterate(b)?);
            for (a, b) in a.iter().zip(&b) {
                if !equal(m, a, b)? {
                    return order(m, a, b, operator);
                }
            }
            Ok(a.len().cmp(&b.len()))
        }
        _ => Err(unordered(a, b, operator)),
    }
}

fn unordered(a: &Item, b: &Item, operator: &str) -> Fault {
    let fault = Fault::new(format!(
        "'{operator}' not supported between instances of '{}' and '{}'",
        a.type_name(),
        b.type_name()
    ));
    let number_and_text =
        (Number::of(a).is_some() && b.as_str().is_some()) || (a.as_str().is_some() && Number::of(b).is_some());
    fault.help(number_and_text.then(|| "turn the text into a number with `| int`".to_owned()))
}

/// `needle in haystack`.
pub(crate) fn contains(m: &Machine<'_>, haystack: &Item, needle: &Item) -> Outcome<bool> {
    match (haystack, needle) {
        (Item::Missing(missing), _) | (_, Item::Missing(missing)) => Err(missing.fault.clone()),
        (Item::Value(Value::Str(text)), Item::Value(Value::Str(part))) => Ok(text.contains(part.as_str())),
        (Item::Value(Value::Str(_)), other) => {
            Err(Fault::new(format!("'in <string>' requires string as left operand, not {}", other.type_name())))
        }
        (Item::Value(Value::Map(map)), needle) => Ok(map.contains_key(&m.key(needle)?)),
        (Item::Map(map), needle) => Ok(map.contains_key(&m.key(needle)?)),
        (Item::Object(object), Item::Value(Value::Str(name))) => match &**object {
            Object::Vars => Ok(m.scope.get(name).is_some()),
            Object::HostVars => Ok(m.scope.host(name).is_some()),
            Object::Host(host) => Ok(m.scope.host(host).is_some_and(|scope| scope.get(name).is_some())),
            _ => Err(no_container(haystack)),
        },
        _ => {
            let items = m
                .iterate(haystack)
                .map_err(|fault| if fault.is_undefined() { fault } else { no_container(haystack) })?;
            for item in &items {
                if equal(m, item, needle)? {
                    return Ok(true);
                }
            }
            Ok(false)
        }
    }
}

fn no_container(item: &Item) -> Fault {
    Fault::new(format!("argument of type '{}' is not iterable", item.type_name()))
}
