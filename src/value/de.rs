//! Reads a value into a Rust type the way Ansible reads module options: `yes` is true for a truth value, `"5"` is 5 for a
//! number, `a,b` is a list for a list, 5 is `"5"` for a string. What cannot be read says where and why.

use std::borrow::Cow;
use std::cell::Cell;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, EnumAccess, Error as _, IntoDeserializer, MapAccess, SeqAccess,
    VariantAccess, Visitor,
};

use super::repr::{python_repr, python_str};
use super::text::Text;
use super::truth::parse_bool;
use super::value::Value;

/// Why a value could not be read, and where in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArgError {
    /// Keys and list positions from the outside in, such as `["perms", "0", "role"]`.
    pub path: Vec<String>,
    /// What is wrong.
    pub kind: ArgErrorKind,
}

/// What is wrong with an argument.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ArgErrorKind {
    /// There is no such option; the names that there are.
    Unknown(String, &'static [&'static str]),
    /// A required option is missing.
    Missing(&'static str),
    /// The value is not one of the choices.
    Choice(String, &'static [&'static str]),
    /// Anything else, as a sentence fragment.
    Other(String),
}

impl fmt::Display for ArgError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.path.is_empty() {
            write!(f, "option `{}`: ", self.path.join("."))?;
        }
        match &self.kind {
            ArgErrorKind::Unknown(name, known) => {
                write!(f, "unknown option `{name}` (known: {})", known.join(", "))
            }
            ArgErrorKind::Missing(name) => write!(f, "missing required option `{name}`"),
            ArgErrorKind::Choice(value, choices) => write!(f, "`{value}` is not one of {}", choices.join(", ")),
            ArgErrorKind::Other(message) => f.write_str(message),
        }
    }
}

impl std::error::Error for ArgError {}

impl ArgError {
    fn new(kind: ArgErrorKind) -> Self {
        Self { path: Vec::new(), kind }
    }

    fn within(mut self, part: impl Into<String>) -> Self {
        self.path.insert(0, part.into());
        self
    }
}

impl serde::de::Error for ArgError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::new(ArgErrorKind::Other(message.to_string()))
    }

    fn missing_field(field: &'static str) -> Self {
        Self::new(ArgErrorKind::Missing(field))
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        Self::new(ArgErrorKind::Unknown(field.to_owned(), expected))
    }

    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        Self::new(ArgErrorKind::Choice(variant.to_owned(), expected))
    }
}

/// Reads a value into a type with Ansible's conversions.
///
/// # Errors
/// An [`ArgError`] that names the option and the problem.
pub fn from_value<T: DeserializeOwned>(value: &Value) -> Result<T, ArgError> {
    T::deserialize(Reader(value))
}

/// A value being read.
#[derive(Clone, Copy)]
struct Reader<'v>(&'v Value);

impl Reader<'_> {
    fn wrong(self, wanted: &str) -> ArgError {
        // the value itself may be secret, so only its type is named
        ArgError::custom(format!("expected {wanted}, found {}", describe(self.0)))
    }
}

fn describe(value: &Value) -> String {
    match value {
        Value::Str(text) if text.is_secret() => "a secret string".to_owned(),
        Value::Str(_) | Value::Int(_) | Value::Float(_) | Value::Bool(_) => {
            format!("{} {}", value.type_name(), python_repr(value))
        }
        other => other.type_name().to_owned(),
    }
}

macro_rules! integers {
    ($($method:ident $visit:ident $type:ty),* $(,)?) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ArgError> {
            let number = match self.0 {
                Value::Int(number) => Some(*number),
                Value::Bool(value) => Some(i128::from(*value)),
                #[expect(clippy::cast_possible_truncation, reason = "only whole numbers get here")]
                Value::Float(number) if number.fract() == 0.0 && number.abs() < 1e15 => Some(*number as i128),
                Value::Str(text) => text.trim().replace('_', "").parse().ok(),
                _ => None,
            };
            let number = number.ok_or_else(|| self.wrong("an integer"))?;
            let fitting = <$type>::try_from(number)
                .map_err(|_| ArgError::custom(format!("{number} is outside {} to {}", <$type>::MIN, <$type>::MAX)))?;
            visitor.$visit(fitting)
        }
    )*};
}

impl<'de> Deserializer<'de> for Reader<'_> {
    type Error = ArgError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ArgError> {
        match self.0 {
            Value::Null => visitor.visit_unit(),
            Value::Bool(value) => visitor.visit_bool(*value),
            Value::Int(number) => match (i64::try_from(*number), u64::try_from(*number)) {
                (Ok(number), _) => visitor.visit_i64(number),
                (_, Ok(number)) => visitor.visit_u64(number),
                _ => visitor.visit_i128(*number),
            },
            Value::Float(number) => visitor.visit_f64(*number),
            Value::Str(text) => visitor.visit_str(text),
            Value::Encrypted(_) => Err(ArgError::custom("a Vault value is still closed here")),
            Value::List(_) => self.deserialize_seq(visitor),
            Value::Map(_) => self.deserialize_map(visitor),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ArgError> {
        let value = parse_bool(self.0).ok_or_else(|| self.wrong("a truth value (yes, no, true, false …)"))?;
        visitor.visit_bool(value)
    }

    integers! {
        deserialize_i8 visit_i8 i8, deserialize_i16 visit_i16 i16, deserialize_i32 visit_i32 i32,
        deserialize_i64 visit_i64 i64, deserialize_i128 visit_i128 i128, deserialize_u8 visit_u8 u8,
        deserialize_u16 visit_u16 u16, deserialize_u32 visit_u32 u32, deserialize_u64 visit_u64 u64,
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ArgError> {
        self.deserialize_f64(visitor)
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ArgError> {
        let number = match self.0 {
            #[expect(clippy::cast_precision_loss, reason = "an option given as a huge integer may lose digits")]
            Value::Int(number) => Some(*number as f64),
            Value::Float(number) => Some(*number),
            Value::Str(text) => text.trim().parse().ok(),
            _ => None,
        };
        visitor.visit_f64(number.ok_or_else(|| self.wrong("a number"))?)
    }

    fn deserialize_char<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ArgError> {
        self.deserialize_str(visitor)
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ArgError> {
        match self.0 {
            Value::Str(text) => visitor.visit_str(text),
            Value::Bool(_) | Value::Int(_) | Value::Float(_) => visitor.visit_string(python_str(self.0)),
            _ => Err(self.wrong("a string")),
        }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ArgError> {
        self.deserialize_str(visitor)
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ArgError> {
        match self.0 {
            Value::Str(text) => visitor.visit_bytes(text.as_bytes()),
            _ => Err(self.wrong("a string")),
        }
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ArgError> {
        self.deserialize_bytes(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ArgError> {
        match self.0 {
            Value::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ArgError> {
        match self.0 {
            Value::Null => visitor.visit_unit(),
            _ => Err(self.wrong("nothing")),
        }
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, ArgError> {
        self.deserialize_unit(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, name: &'static str, visitor: V) -> Result<V::Value, ArgError> {
        if name == WHOLE {
            PASSED.set(Some(self.0.clone()));
            return visitor.visit_unit();
        }
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ArgError> {
        match self.0 {
            Value::List(items) => visitor.visit_seq(Items { items, next: 0 }),
            // Ansible splits a string at commas where an option is a list
            Value::Str(text) => {
                let items: Vec<_> = match text.trim() {
                    "" => Vec::new(),
                    text => text.split(',').map(|part| Value::data(part.trim())).collect(),
                };
                visitor.visit_seq(Items { items: &items, next: 0 })
            }
            Value::Int(_) | Value::Float(_) | Value::Bool(_) => {
                visitor.visit_seq(Items { items: std::slice::from_ref(self.0), next: 0 })
            }
            _ => Err(self.wrong("a list")),
        }
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, ArgError> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, ArgError> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ArgError> {
        match self.0 {
            Value::Map(map) => visitor.visit_map(Entries { entries: map.iter(), value: None }),
            _ => Err(self.wrong("a mapping")),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ArgError> {
        self.deserialize_map(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        choices: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ArgError> {
        match self.0 {
            Value::Str(text) => visitor.visit_enum(text.as_str().into_deserializer()),
            // `state: yes` reads as a truth value; where a choice is called so, that is what was meant
            Value::Bool(value) => {
                let names: &[&str] = if *value { &["yes", "true", "on"] } else { &["no", "false", "off"] };
                match choices.iter().find(|choice| names.contains(choice)) {
                    Some(choice) => visitor.visit_enum((*choice).into_deserializer()),
                    None => Err(self.wrong(&format!("one of {}", choices.join(", ")))),
                }
            }
            Value::Int(_) | Value::Float(_) => visitor.visit_enum(python_str(self.0).into_deserializer()),
            Value::Map(map) if map.len() == 1 => match map.first() {
                Some((key, value)) => visitor.visit_enum(Variant { name: key.to_string(), value }),
                None => Err(self.wrong("a choice")),
            },
            _ => Err(self.wrong(&format!("one of {}", choices.join(", ")))),
        }
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ArgError> {
        self.deserialize_str(visitor)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ArgError> {
        visitor.visit_unit()
    }
}

struct Items<'v> {
    items: &'v [Value],
    next: usize,
}

impl<'de> SeqAccess<'de> for Items<'_> {
    type Error = ArgError;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, ArgError> {
        let Some(item) = self.items.get(self.next) else { return Ok(None) };
        let position = self.next;
        self.next += 1;
        seed.deserialize(Reader(item)).map(Some).map_err(|error| error.within(position.to_string()))
    }
}

struct Entries<'v> {
    entries: indexmap::map::Iter<'v, super::Key, Value>,
    value: Option<(String, &'v Value)>,
}

impl<'de> MapAccess<'de> for Entries<'_> {
    type Error = ArgError;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, ArgError> {
        let Some((key, value)) = self.entries.next() else { return Ok(None) };
        let name = key.to_string();
        self.value = Some((name.clone(), value));
        seed.deserialize(name.into_deserializer()).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, ArgError> {
        let (name, value) = self.value.take().ok_or_else(|| ArgError::custom("a value without its key"))?;
        seed.deserialize(Reader(value)).map_err(|error| error.within(name))
    }
}

struct Variant<'v> {
    name: String,
    value: &'v Value,
}

impl<'de, 'v> EnumAccess<'de> for Variant<'v> {
    type Error = ArgError;
    type Variant = Reader<'v>;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Reader<'v>), ArgError> {
        let name: serde::de::value::StringDeserializer<ArgError> = self.name.into_deserializer();
        Ok((seed.deserialize(name)?, Reader(self.value)))
    }
}

impl<'de> VariantAccess<'de> for Reader<'_> {
    type Error = ArgError;

    fn unit_variant(self) -> Result<(), ArgError> {
        Ok(())
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, ArgError> {
        seed.deserialize(self)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, ArgError> {
        self.deserialize_seq(visitor)
    }

    fn struct_variant<V: Visitor<'de>>(self, _: &'static [&'static str], visitor: V) -> Result<V::Value, ArgError> {
        self.deserialize_map(visitor)
    }
}

/// The name under which [`Value`] asks a [`Reader`] for the value itself, so that secrecy survives where serde's own data
/// model has no room for it.
const WHOLE: &str = "$quaymaster::value";

thread_local! {
    /// The value on its way from the reader to the visitor that asked for it: set and taken within one call.
    static PASSED: Cell<Option<Value>> = const { Cell::new(None) };
}

struct WholeVisitor;

impl<'de> Visitor<'de> for WholeVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<Value, E> {
        Ok(PASSED.take().unwrap_or(Value::Null))
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        serde_json::Value::deserialize(deserializer).map(super::from_json)
    }
}

/// A value as such, for options that take anything: texts keep their origin, so that secret ones stay secret.
impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_newtype_struct(WHOLE, WholeVisitor)
    }
}

/// Text as an option that may hold a secret: numbers and truth values are written as Python writes them.
impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::Str(text) => Ok(text),
            value @ (Value::Bool(_) | Value::Int(_) | Value::Float(_)) => Ok(Self::data(python_str(&value))),
            other => Err(D::Error::custom(format!("expected a string, found {}", describe(&other)))),
        }
    }
}

impl JsonSchema for Value {
    fn schema_name() -> Cow<'static, str> {
        "Value".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        Schema::default()
    }
}

impl JsonSchema for Text {
    fn schema_name() -> Cow<'static, str> {
        "Text".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Map;

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(deny_unknown_fields)]
    struct Params {
        path: String,
        #[serde(default)]
        force: bool,
        retries: Option<u8>,
        #[serde(default)]
        names: Vec<String>,
        state: Option<State>,
    }

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(rename_all = "lowercase")]
    enum State {
        Present,
        Absent,
    }

    fn map(entries: &[(&str, Value)]) -> Value {
        Value::map(entries.iter().map(|(k, v)| ((*k).into(), v.clone())).collect::<Map>())
    }

    #[test]
    fn conversions_are_ansibles() {
        let value = map(&[
            ("path", Value::Int(5)),
            ("force", "yes".into()),
            ("retries", "3".into()),
            ("names", "a, b".into()),
            ("state", "absent".into()),
        ]);
        let wanted = Params {
            path: "5".into(),
            force: true,
            retries: Some(3),
            names: vec!["a".into(), "b".into()],
            state: Some(State::Absent),
        };
        assert_eq!(from_value::<Params>(&value), Ok(wanted));
    }

    #[test]
    fn errors_name_the_option() {
        let value = map(&[("path", "x".into()), ("retries", "many".into())]);
        let text = from_value::<Params>(&value).map_err(|e| e.to_string());
        assert_eq!(text, Err("option `retries`: expected an integer, found str 'many'".to_owned()));
        let text =
            from_value::<Params>(&map(&[("path", "x".into()), ("state", "gone".into())])).map_err(|e| e.to_string());
        assert_eq!(text, Err("option `state`: `gone` is not one of present, absent".to_owned()));
        assert!(matches!(
            from_value::<Params>(&map(&[("path", "x".into()), ("stat", "gone".into())])),
            Err(ArgError { kind: ArgErrorKind::Unknown(..), .. })
        ));
    }

    #[test]
    fn secrecy_survives_reading() {
        #[derive(Debug, Deserialize)]
        struct Params {
            content: Text,
            any: Value,
            more: Option<Value>,
        }
        let value = map(&[("content", Value::secret("s3cret")), ("any", vec![Value::secret("t0ken")].into())]);
        let params = from_value::<Params>(&value).unwrap();
        assert!(params.content.is_secret());
        assert!(matches!(params.any.as_list(), Some([Value::Str(text)]) if text.is_secret()));
        assert!(params.more.is_none());
        assert_eq!(from_value::<Text>(&Value::Int(5)).unwrap().as_str(), "5");
        assert!(serde_json::from_str::<Value>("{\"a\": [1, null]}").is_ok_and(|v| v.get("a").is_some()));
    }
}
