//! The value itself.

use std::fmt;
use std::sync::Arc;

use indexmap::IndexMap;

use super::key::Key;
use super::text::{Origin, Text};
use crate::diag::Span;

/// A mapping that keeps its order.
pub type Map = IndexMap<Key, Value>;

/// A value encrypted with Ansible Vault, still closed: it is opened when a template or task first reads it.
#[derive(Clone, PartialEq, Eq)]
pub struct Encrypted {
    /// The envelope, from `$ANSIBLE_VAULT` on, without indentation.
    pub envelope: Arc<str>,
    /// Where it stands.
    pub span: Option<Span>,
}

impl fmt::Debug for Encrypted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<vault>")
    }
}

/// What YAML holds, templates compute and modules return. Cheap to clone: lists and mappings are shared and copied on write.
#[derive(Clone, Debug)]
pub enum Value {
    /// `null`, Python's `None`.
    Null,
    /// A truth value.
    Bool(bool),
    /// An integer. Python's are unbounded; beyond 128 bits reading one is an error.
    Int(i128),
    /// A floating-point number.
    Float(f64),
    /// Text with its origin.
    Str(Text),
    /// A list.
    List(Arc<Vec<Value>>),
    /// A mapping.
    Map(Arc<Map>),
    /// A closed Vault value.
    Encrypted(Arc<Encrypted>),
}

impl Value {
    /// Text that something returned: data, not a template.
    #[must_use]
    pub fn data(text: impl Into<Arc<str>>) -> Self {
        Self::Str(Text::data(text))
    }

    /// Secret data.
    #[must_use]
    pub fn secret(text: impl Into<Arc<str>>) -> Self {
        Self::Str(Text::secret(text))
    }

    /// Text that the user wrote, without a place.
    #[must_use]
    pub fn template(text: impl Into<Arc<str>>) -> Self {
        Self::Str(Text::new(text, Origin::TEMPLATE))
    }

    /// A list.
    #[must_use]
    pub fn list(items: Vec<Value>) -> Self {
        Self::List(Arc::new(items))
    }

    /// A mapping.
    #[must_use]
    pub fn map(map: Map) -> Self {
        Self::Map(Arc::new(map))
    }

    /// An empty mapping.
    #[must_use]
    pub fn empty_map() -> Self {
        Self::map(Map::new())
    }

    /// The text, if it is text.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Str(text) => Some(text),
            _ => None,
        }
    }

    /// The list, if it is one.
    #[must_use]
    pub fn as_list(&self) -> Option<&[Value]> {
        match self {
            Self::List(items) => Some(items),
            _ => None,
        }
    }

    /// The mapping, if it is one.
    #[must_use]
    pub fn as_map(&self) -> Option<&Map> {
        match self {
            Self::Map(map) => Some(map),
            _ => None,
        }
    }

    /// The truth value, if it is one (no conversion).
    #[must_use]
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(value) => Some(*value),
            _ => None,
        }
    }

    /// The integer, if it is one (no conversion).
    #[must_use]
    pub fn as_int(&self) -> Option<i128> {
        match self {
            Self::Int(number) => Some(*number),
            _ => None,
        }
    }

    /// The value under a string key of a mapping.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.as_map()?.get(key)
    }

    /// Python's name of the type, as error messages and `type_debug` show it.
    #[must_use]
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::Null => "NoneType",
            Self::Bool(_) => "bool",
            Self::Int(_) => "int",
            Self::Float(_) => "float",
            Self::Str(_) | Self::Encrypted(_) => "str",
            Self::List(_) => "list",
            Self::Map(_) => "dict",
        }
    }

    /// The same value with every text in it as data, so that nothing in it is rendered again.
    #[must_use]
    pub fn into_data(self) -> Self {
        self.map_text(&Text::into_data)
    }

    /// The same value with every text in it secret.
    #[must_use]
    pub fn into_secret(self) -> Self {
        self.map_text(&Text::into_secret)
    }

    /// Whether any text in it is secret.
    #[must_use]
    pub fn holds_secret(&self) -> bool {
        match self {
            Self::Str(text) => text.is_secret(),
            Self::List(items) => items.iter().any(Self::holds_secret),
            Self::Map(map) => map.values().any(Self::holds_secret),
            Self::Encrypted(_) => true,
            Self::Null | Self::Bool(_) | Self::Int(_) | Self::Float(_) => false,
        }
    }

    fn map_text(self, change: &dyn Fn(Text) -> Text) -> Self {
        match self {
            Self::Str(text) => Self::Str(change(text)),
            Self::List(items) => {
                Self::list(Arc::unwrap_or_clone(items).into_iter().map(|v| v.map_text(change)).collect())
            }
            Self::Map(map) => {
                Self::map(Arc::unwrap_or_clone(map).into_iter().map(|(k, v)| (k, v.map_text(change))).collect())
            }
            other => other,
        }
    }
}

/// As Python compares: numbers by value whatever their type, `True == 1`, text by content.
impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Null, Self::Null) => true,
            (Self::Str(a), Self::Str(b)) => a == b,
            (Self::List(a), Self::List(b)) => a == b,
            (Self::Map(a), Self::Map(b)) => a == b,
            (Self::Encrypted(a), Self::Encrypted(b)) => a == b,
            (a, b) => match (a.number(), b.number()) {
                (Some(Number::Int(a)), Some(Number::Int(b))) => a == b,
                (Some(a), Some(b)) => a.as_f64() == b.as_f64(),
                _ => false,
            },
        }
    }
}

enum Number {
    Int(i128),
    Float(f64),
}

impl Number {
    fn as_f64(&self) -> f64 {
        match self {
            #[expect(
                clippy::cast_precision_loss,
                reason = "Python compares int with float by value; beyond 2^53 this is near enough"
            )]
            Self::Int(number) => *number as f64,
            Self::Float(number) => *number,
        }
    }
}

impl Value {
    fn number(&self) -> Option<Number> {
        match self {
            Self::Bool(value) => Some(Number::Int(i128::from(*value))),
            Self::Int(number) => Some(Number::Int(*number)),
            Self::Float(number) => Some(Number::Float(*number)),
            _ => None,
        }
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Int(number.into())
    }
}

impl From<u64> for Value {
    fn from(number: u64) -> Self {
        Self::Int(number.into())
    }
}

/// Data, not a template.
impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::data(text)
    }
}

/// Data, not a template.
impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::data(text)
    }
}

impl From<Text> for Value {
    fn from(text: Text) -> Self {
        Self::Str(text)
    }
}

impl From<Vec<Value>> for Value {
    fn from(items: Vec<Value>) -> Self {
        Self::list(items)
    }
}

impl From<Map> for Value {
    fn from(map: Map) -> Self {
        Self::map(map)
    }
}
