//! One operand.

use std::rc::Rc;

use indexmap::IndexMap;

use super::object::Object;
use crate::template::fault::Fault;
use crate::value::{Key, Text, Value};

/// Something that does not exist, with the error to raise should it be used.
pub(crate) struct Missing {
    pub(crate) fault: Fault,
    /// The other branch of an `if` expression without `else`: prints as nothing.
    pub(crate) quiet: bool,
}

/// What an expression yields. A [`Value`]'s nested texts may still be templates: they are rendered when they are read. Lists
/// and mappings become their own variants only where they hold something that is not a value.
#[derive(Clone)]
pub(crate) enum Item {
    Missing(Rc<Missing>),
    Value(Value),
    List(Rc<Vec<Item>>),
    Tuple(Rc<Vec<Item>>),
    Map(Rc<IndexMap<Key, Item>>),
    Object(Rc<Object>),
}

impl Item {
    pub(crate) const NULL: Self = Self::Value(Value::Null);

    pub(crate) fn missing(fault: Fault) -> Self {
        Self::Missing(Rc::new(Missing { fault, quiet: false }))
    }

    pub(crate) fn text(text: impl Into<std::sync::Arc<str>>) -> Self {
        Self::Value(Value::data(text))
    }

    pub(crate) fn int(number: impl TryInto<i128>) -> Self {
        Self::Value(Value::Int(number.try_into().unwrap_or(i128::MAX)))
    }

    /// A list of anything.
    pub(crate) fn list(items: Vec<Item>) -> Self {
        if items.iter().all(|item| matches!(item, Self::Value(_))) {
            let values = items.into_iter().filter_map(|item| if let Self::Value(v) = item { Some(v) } else { None });
            return Self::Value(Value::list(values.collect()));
        }
        Self::List(Rc::new(items))
    }

    pub(crate) fn tuple(items: Vec<Item>) -> Self {
        Self::Tuple(Rc::new(items))
    }

    /// A mapping to anything.
    pub(crate) fn map(map: IndexMap<Key, Item>) -> Self {
        if map.values().all(|item| matches!(item, Self::Value(_))) {
            let entries =
                map.into_iter().filter_map(|(k, item)| if let Self::Value(v) = item { Some((k, v)) } else { None });
            return Self::Value(Value::map(entries.collect()));
        }
        Self::Map(Rc::new(map))
    }

    pub(crate) fn object(object: Object) -> Self {
        Self::Object(Rc::new(object))
    }

    pub(crate) fn is_missing(&self) -> bool {
        matches!(self, Self::Missing(_))
    }

    pub(crate) fn is_null(&self) -> bool {
        matches!(self, Self::Value(Value::Null))
    }

    /// The item, unless it does not exist.
    pub(crate) fn present(self) -> Result<Self, Fault> {
        match self {
            Self::Missing(missing) => Err(missing.fault.clone()),
            item => Ok(item),
        }
    }

    /// The text, if it is text.
    pub(crate) fn as_text(&self) -> Option<&Text> {
        match self {
            Self::Value(Value::Str(text)) => Some(text),
            _ => None,
        }
    }

    pub(crate) fn as_str(&self) -> Option<&str> {
        self.as_text().map(Text::as_str)
    }

    /// Python's name of its type.
    pub(crate) fn type_name(&self) -> &'static str {
        match self {
            Self::Missing(_) => "Undefined",
            Self::Value(value) => value.type_name(),
            Self::List(_) => "list",
            Self::Tuple(_) => "tuple",
            Self::Map(_) => "dict",
            Self::Object(object) => object.type_name(),
        }
    }
}

impl From<Value> for Item {
    fn from(value: Value) -> Self {
        Self::Value(value)
    }
}

impl From<bool> for Item {
    fn from(value: bool) -> Self {
        Self::Value(Value::Bool(value))
    }
}

impl From<String> for Item {
    fn from(text: String) -> Self {
        Self::text(text)
    }
}

impl From<&str> for Item {
    fn from(text: &str) -> Self {
        Self::text(text)
    }
}
