//! Options that are handed on as they are.

use serde::{Deserialize, Deserializer};

use crate::value::{Map, Value};

/// A task's options, unread: for modules whose options are those of another one.
pub(in crate::modules) struct RawOptions(pub(in crate::modules) Map);

impl RawOptions {
    /// As the arguments of a module.
    pub(in crate::modules) fn to_value(&self) -> Value {
        Value::map(self.0.clone())
    }
}

impl<'de> Deserialize<'de> for RawOptions {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use serde::de::Error as _;
        match Value::deserialize(deserializer)? {
            Value::Map(map) => Ok(Self((*map).clone())),
            other => Err(D::Error::custom(format!("expected a mapping, found {}", other.type_name()))),
        }
    }
}
