//! Methods that change their receiver, such as `list.append`.
//!
//! Values are shared and immutable, so the change is made to the variable that the receiver is reached through: another
//! variable that held the same list does not see it, unlike in Python.

use std::rc::Rc;
use std::sync::Arc;

use super::args::{Args, required};
use super::machine::Machine;
use super::number::int_of;
use super::run::Run;
use crate::template::fault::{Fault, Outcome};
use crate::template::item::{Item, Object};
use crate::template::methods;
use crate::template::syntax::{Arg, Expr, ExprKind};
use crate::value::{Key, Value};

const MUTATORS: &[&str] =
    &["append", "clear", "extend", "insert", "pop", "popitem", "remove", "reverse", "setdefault", "sort", "update"];

/// Whether a method of this name changes lists or mappings.
pub(super) fn is_mutator(name: &str) -> bool {
    MUTATORS.binary_search(&name).is_ok()
}

/// One step from a variable to a part of it.
enum Step {
    Attr(Arc<str>),
    Index(Item),
}

impl Run<'_, '_> {
    /// `receiver.name(…)` for a method that changes its receiver.
    pub(super) fn mutate(&mut self, receiver: &Expr, name: &Arc<str>, args: &[Arg]) -> Outcome {
        let args = self.args(args)?;
        let mut steps = Vec::new();
        let mut root = receiver;
        let variable = loop {
            root = match &root.kind {
                ExprKind::Name(variable) => break Some(Arc::clone(variable)),
                ExprKind::Attr(inner, name) => {
                    steps.push(Step::Attr(Arc::clone(name)));
                    inner
                }
                ExprKind::Index(inner, key) => {
                    steps.push(Step::Index(self.eval(key)?));
                    inner
                }
                _ => break None,
            };
        };
        steps.reverse();
        let Some(variable) = variable else {
            let mut item = self.eval(receiver)?;
            return apply(self.machine, &mut item, name, args);
        };
        let mut item = self.take(&variable)?;
        let machine = self.machine;
        let result = change(machine, &mut item, &steps, name, args);
        self.give_back(&variable, item);
        result
    }

    /// Takes a variable out of its frame, so that it is not shared while it changes.
    fn take(&mut self, name: &Arc<str>) -> Outcome {
        for frame in self.frames.iter_mut().rev() {
            if let Some(slot) = frame.get_mut(name) {
                return Ok(std::mem::replace(slot, Item::NULL));
            }
        }
        self.name(name)
    }

    /// Puts it back; a variable of the scope is laid over with its changed form for the rest of the template.
    fn give_back(&mut self, name: &Arc<str>, item: Item) {
        for frame in self.frames.iter_mut().rev() {
            if let Some(slot) = frame.get_mut(name) {
                *slot = item;
                return;
            }
        }
        if let Some(frame) = self.frames.first_mut() {
            frame.insert(Arc::clone(name), item);
        }
    }
}

/// Goes down to the part that changes.
fn change(m: &Machine<'_>, item: &mut Item, steps: &[Step], name: &str, args: Args) -> Outcome {
    let Some((step, rest)) = steps.split_first() else { return apply(m, item, name, args) };
    if let Item::Object(object) = &*item
        && let (Object::Namespace(names), Step::Attr(attr)) = (&**object, step)
    {
        let Some(mut inner) = names.borrow_mut().get_mut(attr).map(|slot| std::mem::replace(slot, Item::NULL)) else {
            return m.attr(item, attr);
        };
        let result = change(m, &mut inner, rest, name, args);
        names.borrow_mut().insert(Arc::clone(attr), inner);
        return result;
    }
    let key = match step {
        Step::Attr(attr) => Item::text(Arc::clone(attr)),
        Step::Index(key) => key.clone(),
    };
    let mut inner = m.item(item, &key)?;
    if inner.is_missing() {
        return Ok(inner);
    }
    let result = change(m, &mut inner, rest, name, args);
    match item {
        Item::Value(Value::List(_)) | Item::List(_) => {
            let mut items = m.iterate(item)?;
            if let Some(slot) = super::number::index_of(&key, items.len()).and_then(|index| items.get_mut(index)) {
                *slot = inner;
            }
            *item = Item::list(items);
        }
        Item::Value(Value::Map(_)) | Item::Map(_) => {
            let mut map = entries(m, item)?;
            map.insert(m.key(&key)?, inner);
            *item = Item::map(map);
        }
        _ => {}
    }
    result
}

fn entries(m: &Machine<'_>, item: &Item) -> Outcome<indexmap::IndexMap<Key, Item>> {
    // entries that nobody asked for stay unrendered
    Ok(match item {
        Item::Value(Value::Map(map)) => map.iter().map(|(k, v)| (k.clone(), Item::Value(v.clone()))).collect(),
        _ => m.entries(item)?.unwrap_or_default().into_iter().collect(),
    })
}

/// The change itself.
fn apply(m: &Machine<'_>, item: &mut Item, name: &str, args: Args) -> Outcome {
    match item {
        Item::Missing(_) => Ok(item.clone()),
        Item::Value(Value::List(_)) | Item::List(_) => {
            let mut items = match item {
                Item::Value(Value::List(values)) => {
                    let values = std::mem::take(Arc::make_mut(values));
                    values.into_iter().map(Item::Value).collect()
                }
                Item::List(items) => std::mem::take(Rc::make_mut(items)),
                _ => Vec::new(),
            };
            let result = change_list(m, &mut items, name, args);
            *item = Item::list(items);
            result
        }
        Item::Value(Value::Map(_)) | Item::Map(_) => {
            let mut map = entries(m, item)?;
            let result = change_map(m, &mut map, name, args);
            *item = Item::map(map);
            result
        }
        other => {
            if methods::exists(other, name) {
                return methods::call(m, other, name, args);
            }
            Err(Fault::undefined(format!("object of type '{}' has no attribute '{name}'", other.type_name())))
        }
    }
}

fn change_list(m: &Machine<'_>, items: &mut Vec<Item>, name: &str, args: Args) -> Outcome {
    let none = Ok(Item::NULL);
    let position = |item: &Item, length: usize| -> Outcome<usize> {
        let index = int_of(item)?;
        let length = i128::try_from(length).unwrap_or(i128::MAX);
        let index = if index < 0 { (index + length).max(0) } else { index.min(length) };
        Ok(usize::try_from(index).unwrap_or(0))
    };
    match name {
        "append" => {
            let [item] = args.bind(["object"])?;
            items.push(required(item, "object")?);
            none
        }
        "extend" => {
            let [more] = args.bind(["iterable"])?;
            items.extend(m.iterate(&required(more, "iterable")?)?);
            none
        }
        "insert" => {
            let [index, item] = args.bind(["index", "object"])?;
            let index = position(&required(index, "index")?, items.len())?;
            items.insert(index, required(item, "object")?);
            none
        }
        "pop" => {
            let [index] = args.bind(["index"])?;
            let index = index.unwrap_or(Item::int(-1));
            match super::number::index_of(&index, items.len()) {
                Some(index) => m.open_item(items.remove(index)),
                None if items.is_empty() => Err(Fault::new("pop from empty list")),
                None => Err(Fault::new("pop index out of range")),
            }
        }
        "remove" => {
            let [item] = args.bind(["value"])?;
            let item = required(item, "value")?;
            for (index, other) in items.iter().enumerate() {
                if super::equal(m, other, &item)? {
                    items.remove(index);
                    return none;
                }
            }
            Err(Fault::new("list.remove(x): x not in list"))
        }
        "clear" => {
            items.clear();
            none
        }
        "reverse" => {
            items.reverse();
            none
        }
        "sort" => {
            let [reverse] = args.bind(["reverse"])?;
            let reverse = reverse.map(|item| m.truthy(&item)).transpose()?.unwrap_or(false);
            crate::template::filters::sort_items(m, items, reverse)?;
            none
        }
        _ => Err(Fault::undefined(format!("object of type 'list' has no attribute '{name}'"))),
    }
}

fn change_map(m: &Machine<'_>, map: &mut indexmap::IndexMap<Key, Item>, name: &str, mut args: Args) -> Outcome {
    match name {
        "update" => {
            let named = std::mem::take(&mut args.named);
            let [other] = args.bind(["other"])?;
            if let Some(other) = other {
                match m.entries(&other)? {
                    Some(entries) => map.extend(entries),
                    None => {
                        for pair in m.iterate(&other)? {
                            let [key, value] = <[Item; 2]>::try_from(m.iterate(&pair)?)
                                .map_err(|_| Fault::new("dictionary update sequence element is not a pair"))?;
                            map.insert(m.key(&key)?, value);
                        }
                    }
                }
            }
            map.extend(named.into_iter().map(|(name, item)| (Key::Str(name), item)));
            Ok(Item::NULL)
        }
        "pop" => {
            let [key, default] = args.bind(["key", "default"])?;
            let key = m.key(&required(key, "key")?)?;
            match (map.shift_remove(&key), default) {
                (Some(item), _) => m.open_item(item),
                (None, Some(default)) => Ok(default),
                (None, None) => Err(Fault::new(format!("there is no key '{key}' to pop"))),
            }
        }
        "popitem" => {
            args.none()?;
            match map.pop() {
                Some((key, item)) => Ok(Item::tuple(vec![super::from_key(&key), m.open_item(item)?])),
                None => Err(Fault::new("popitem(): dictionary is empty")),
            }
        }
        "setdefault" => {
            let [key, default] = args.bind(["key", "default"])?;
            let key = m.key(&required(key, "key")?)?;
            let item = map.entry(key).or_insert(default.unwrap_or(Item::NULL)).clone();
            m.open_item(item)
        }
        "clear" => {
            map.clear();
            Ok(Item::NULL)
        }
        _ => match map.get(name).cloned() {
            Some(item) => Err(Fault::new(format!("'{}' object is not callable", item.type_name()))),
            None => Err(Fault::undefined(format!("object of type 'dict' has no attribute '{name}'"))),
        },
    }
}
