//! Looking into operands: attributes, items, iteration, truth, and leaving the template.

use std::sync::Arc;

use super::machine::{Machine, is_omit};
use super::number::index_of;
use crate::template::fault::{Fault, Outcome};
use crate::template::item::{Item, Object};
use crate::template::methods;
use crate::value::{Key, Map, Value, is_truthy, python_repr};

impl Machine<'_> {
    /// `item.name`: an entry of a mapping first, then an attribute.
    pub(crate) fn attr(&self, item: &Item, name: &Arc<str>) -> Outcome {
        match item {
            Item::Missing(_) => return Ok(item.clone()),
            Item::Value(Value::Map(map)) => {
                if let Some(value) = map.get(&**name) {
                    return self.open(value.clone());
                }
            }
            Item::Map(map) => {
                if let Some(value) = map.get(&**name) {
                    return self.open_item(value.clone());
                }
            }
            Item::Tuple(pair) => {
                if let Some(found) = crate::template::filters::group_attr(pair, name) {
                    return Ok(found);
                }
            }
            Item::Object(object) => {
                if let Some(found) = self.object_attr(object, name)? {
                    return Ok(found);
                }
            }
            _ => {}
        }
        if methods::exists(item, name) {
            let bound = crate::template::item::BoundMethod { receiver: item.clone(), name: Arc::clone(name) };
            return Ok(Item::object(Object::Method(bound)));
        }
        Ok(no_attribute(item, &format!("'{name}'")))
    }

    /// `item[key]`.
    pub(crate) fn item(&self, item: &Item, key: &Item) -> Outcome {
        if item.is_missing() {
            return Ok(item.clone());
        }
        if let Item::Missing(missing) = key {
            return Err(missing.fault.clone());
        }
        let found = match item {
            Item::Value(Value::Map(map)) => match self.key(key) {
                Ok(key) => map.get(&key).cloned().map(|value| self.open(value)).transpose()?,
                Err(_) => None,
            },
            Item::Map(map) => match self.key(key) {
                Ok(key) => map.get(&key).cloned().map(|item| self.open_item(item)).transpose()?,
                Err(_) => None,
            },
            Item::Value(Value::List(items)) => index_of(key, items.len())
                .and_then(|index| items.get(index).cloned())
                .map(|value| self.open(value))
                .transpose()?,
            Item::List(items) | Item::Tuple(items) => {
                let found = index_of(key, items.len()).and_then(|index| items.get(index).cloned());
                found.map(|item| self.open_item(item)).transpose()?
            }
            Item::Value(Value::Str(text)) => match key {
                Item::Value(Value::Int(_) | Value::Bool(_)) => {
                    let chars: Vec<char> = text.chars().collect();
                    index_of(key, chars.len())
                        .and_then(|index| chars.get(index))
                        .map(|c| Item::Value(Value::Str(crate::value::Text::new(c.to_string(), text.origin()))))
                }
                _ => None,
            },
            Item::Object(object) => match (key.as_text(), &**object) {
                (Some(name), _) => self.object_attr(object, &name.shared())?,
                (None, Object::Range(start, stop, step)) => {
                    let items: Vec<_> = range(*start, *stop, *step).collect();
                    index_of(key, items.len()).and_then(|index| items.get(index)).map(|number| Item::int(*number))
                }
                _ => None,
            },
            _ => None,
        };
        match (found, key.as_text()) {
            (Some(found), _) => Ok(found),
            (None, Some(name)) if methods::exists(item, name) => {
                let bound = crate::template::item::BoundMethod { receiver: item.clone(), name: name.shared() };
                Ok(Item::object(Object::Method(bound)))
            }
            _ => Ok(no_attribute(item, &self.display_repr(key))),
        }
    }

    /// A part of a list or mapping, which may still be a template.
    pub(crate) fn open_item(&self, item: Item) -> Outcome {
        match item {
            Item::Value(value) => self.open(value),
            item => Ok(item),
        }
    }

    /// What a `for` loop or a filter goes through.
    pub(crate) fn iterate(&self, item: &Item) -> Outcome<Vec<Item>> {
        match item {
            Item::Missing(missing) => Err(missing.fault.clone()),
            Item::Value(Value::List(items)) => items.iter().map(|value| self.open(value.clone())).collect(),
            Item::List(items) | Item::Tuple(items) => items.iter().map(|item| self.open_item(item.clone())).collect(),
            Item::Value(Value::Map(map)) => Ok(map.keys().map(from_key).collect()),
            Item::Map(map) => Ok(map.keys().map(from_key).collect()),
            Item::Value(Value::Str(text)) => Ok(text
                .chars()
                .map(|c| Item::Value(Value::Str(crate::value::Text::new(c.to_string(), text.origin()))))
                .collect()),
            Item::Object(object) => match &**object {
                Object::Range(start, stop, step) => Ok(range(*start, *stop, *step).map(Item::int).collect()),
                Object::Vars => Ok(self.scope.names().into_iter().map(Item::from).collect()),
                Object::HostVars => Ok(self.scope.hosts().into_iter().map(Item::from).collect()),
                Object::Host(host) => {
                    let names = self.scope.host(host).map(|scope| scope.names()).unwrap_or_default();
                    Ok(names.into_iter().map(Item::from).collect())
                }
                _ => Err(not_iterable(item)),
            },
            Item::Value(_) => Err(not_iterable(item)),
        }
    }

    /// The entries of a mapping, or nothing if it is none.
    pub(crate) fn entries(&self, item: &Item) -> Outcome<Option<Vec<(Key, Item)>>> {
        Ok(Some(match item {
            Item::Missing(missing) => return Err(missing.fault.clone()),
            Item::Value(Value::Map(map)) => {
                map.iter().map(|(key, value)| Ok((key.clone(), self.open(value.clone())?))).collect::<Outcome<_>>()?
            }
            Item::Map(map) => map
                .iter()
                .map(|(key, item)| Ok((key.clone(), self.open_item(item.clone())?)))
                .collect::<Outcome<_>>()?,
            Item::Object(object) if matches!(**object, Object::Vars | Object::HostVars | Object::Host(_)) => self
                .iterate(item)?
                .into_iter()
                .map(|name| Ok((self.key(&name)?, self.item(item, &name)?)))
                .collect::<Outcome<_>>()?,
            _ => return Ok(None),
        }))
    }

    /// `len(item)`.
    pub(crate) fn length(&self, item: &Item) -> Outcome<usize> {
        Ok(match item {
            Item::Value(Value::List(items)) => items.len(),
            Item::Value(Value::Map(map)) => map.len(),
            Item::Value(Value::Str(text)) => text.chars().count(),
            Item::Map(map) => map.len(),
            Item::Missing(_) | Item::List(_) | Item::Tuple(_) | Item::Object(_) => match self.iterate(item) {
                Ok(items) => items.len(),
                Err(fault) if fault.is_undefined() => return Err(fault),
                Err(_) => return Err(Fault::new(format!("object of type '{}' has no len()", item.type_name()))),
            },
            Item::Value(_) => return Err(Fault::new(format!("object of type '{}' has no len()", item.type_name()))),
        })
    }

    /// Python's truth.
    pub(crate) fn truthy(&self, item: &Item) -> Outcome<bool> {
        Ok(match item {
            Item::Missing(missing) if missing.quiet => false,
            Item::Missing(missing) => return Err(missing.fault.clone()),
            Item::Value(value) => is_truthy(value),
            Item::List(items) | Item::Tuple(items) => !items.is_empty(),
            Item::Map(map) => !map.is_empty(),
            Item::Object(object) => match &**object {
                Object::Range(start, stop, step) => range(*start, *stop, *step).next().is_some(),
                Object::Delta(delta) => !delta.is_zero(),
                Object::Bytes(bytes) => !bytes.is_empty(),
                Object::HostVars => !self.scope.hosts().is_empty(),
                _ => true,
            },
        })
    }

    /// An operand as a key of a mapping.
    pub(crate) fn key(&self, item: &Item) -> Outcome<Key> {
        Ok(match item {
            Item::Missing(missing) => return Err(missing.fault.clone()),
            Item::Value(Value::Str(text)) => Key::Str(text.shared()),
            Item::Value(Value::Int(number)) => Key::Int(*number),
            Item::Value(Value::Bool(value)) => Key::Bool(*value),
            Item::Value(Value::Null) => Key::Null,
            Item::Value(Value::Float(number)) if number.fract() == 0.0 && number.abs() < 1e18 =>
            {
                #[expect(clippy::cast_possible_truncation, reason = "whole and far inside the range")]
                Key::Int(*number as i128)
            }
            Item::Value(Value::Float(number)) => Key::from(crate::value::python_float(*number)),
            Item::Tuple(_) => Key::from(self.display_repr(item)),
            other => return Err(Fault::new(format!("unhashable type: '{}'", other.type_name()))),
        })
    }

    /// The operand as a value: everything in it rendered, tuples and ranges as lists, omitted entries gone.
    pub(crate) fn plain(&self, item: &Item) -> Outcome<Value> {
        Ok(match item {
            Item::Missing(missing) => return Err(missing.fault.clone()),
            Item::Value(value) => self.deep(value)?,
            Item::List(items) | Item::Tuple(items) => {
                let mut out = Vec::with_capacity(items.len());
                for item in items.iter() {
                    let value = self.plain(item)?;
                    if !is_omit(&value) {
                        out.push(value);
                    }
                }
                Value::list(out)
            }
            Item::Map(map) => {
                let mut out = Map::with_capacity(map.len());
                for (key, item) in map.iter() {
                    let value = self.plain(item)?;
                    if !is_omit(&value) {
                        out.insert(key.clone(), value);
                    }
                }
                Value::map(out)
            }
            Item::Object(object) => match &**object {
                Object::Range(start, stop, step) => Value::list(range(*start, *stop, *step).map(Value::Int).collect()),
                Object::DateTime(_) | Object::Delta(_) | Object::Bytes(_) => Value::data(self.display(item)?),
                Object::Vars | Object::HostVars | Object::Host(_) => {
                    let entries = self.entries(item)?.unwrap_or_default();
                    let mut out = Map::with_capacity(entries.len());
                    for (key, item) in entries {
                        out.insert(key, self.plain(&item)?);
                    }
                    Value::map(out)
                }
                other => {
                    return Err(Fault::new(format!(
                        "a value of type '{}' cannot leave its template",
                        other.type_name()
                    )));
                }
            },
        })
    }

    /// `repr(item)`, for messages: never fails and never shows a secret.
    pub(super) fn display_repr(&self, item: &Item) -> String {
        match item {
            Item::Value(Value::Str(text)) if text.is_secret() => "<secret>".to_owned(),
            Item::Value(value @ (Value::Str(_) | Value::Int(_) | Value::Float(_) | Value::Bool(_) | Value::Null)) => {
                python_repr(value)
            }
            other => super::display::repr(self, other).unwrap_or_else(|_| format!("<{}>", other.type_name())),
        }
    }
}

/// The numbers of a Python range.
pub(crate) fn range(start: i128, stop: i128, step: i128) -> impl Iterator<Item = i128> {
    let mut next = start;
    std::iter::from_fn(move || {
        let inside = if step >= 0 { next < stop } else { next > stop };
        let current = next;
        next = next.saturating_add(step);
        (inside && step != 0).then_some(current)
    })
}

/// A mapping's key as an operand.
pub(crate) fn from_key(key: &Key) -> Item {
    Item::Value(match key {
        Key::Str(text) => Value::data(Arc::clone(text)),
        Key::Int(number) => Value::Int(*number),
        Key::Bool(value) => Value::Bool(*value),
        Key::Null => Value::Null,
    })
}

fn not_iterable(item: &Item) -> Fault {
    Fault::new(format!("'{}' object is not iterable", item.type_name()))
}

fn no_attribute(item: &Item, name: &str) -> Item {
    let candidates: Vec<&str> = match item {
        Item::Value(Value::Map(map)) => map.keys().filter_map(Key::as_str).collect(),
        Item::Map(map) => map.keys().filter_map(Key::as_str).collect(),
        _ => Vec::new(),
    };
    let help = crate::diag::did_you_mean(name.trim_matches('\''), candidates);
    Item::missing(Fault::undefined(format!("object of type '{}' has no attribute {name}", item.type_name())).help(help))
}
