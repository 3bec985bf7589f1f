//! To and from JSON and Rust types.

use serde::Serialize;
use serde_json::{Number, Value as Json};

use super::key::Key;
use super::redact::REDACTED;
use super::value::{Map, Value};

/// A JSON document as a value; its texts are data.
#[must_use]
pub fn from_json(json: Json) -> Value {
    match json {
        Json::Null => Value::Null,
        Json::Bool(value) => Value::Bool(value),
        Json::Number(number) => number
            .as_i128()
            .map(Value::Int)
            .or_else(|| number.as_f64().map(Value::Float))
            .unwrap_or_else(|| Value::data(number.to_string())),
        Json::String(text) => Value::data(text),
        Json::Array(items) => Value::list(items.into_iter().map(from_json).collect()),
        Json::Object(map) => Value::map(map.into_iter().map(|(k, v)| (Key::from(k), from_json(v))).collect::<Map>()),
    }
}

/// The value as JSON, secrets in clear: for the wire and for modules, never for output.
#[must_use]
pub fn to_json(value: &Value) -> Json {
    convert(value, &|text| text.as_str().to_owned())
}

/// The value as JSON with every secret blanked out: for anything that is shown or stored.
#[must_use]
pub fn to_json_redacted(value: &Value) -> Json {
    convert(value, &|text| if text.is_secret() { REDACTED.to_owned() } else { text.as_str().to_owned() })
}

fn convert(value: &Value, text_of: &dyn Fn(&super::Text) -> String) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Bool(value) => Json::Bool(*value),
        // JSON readers take integers of 64 bits; a larger one is passed on as text rather than rounded
        Value::Int(number) => Number::from_i128(*number).map_or_else(|| Json::String(number.to_string()), Json::Number),
        Value::Float(number) => Number::from_f64(*number).map_or(Json::Null, Json::Number),
        Value::Str(text) => Json::String(text_of(text)),
        Value::Encrypted(_) => Json::String(REDACTED.to_owned()),
        Value::List(items) => Json::Array(items.iter().map(|item| convert(item, text_of)).collect()),
        Value::Map(map) => Json::Object(map.iter().map(|(k, v)| (k.to_string(), convert(v, text_of))).collect()),
    }
}

/// A Rust value as a runtime value; its texts are data.
///
/// # Errors
/// Where the type cannot be written as JSON (a map with keys that are not strings).
pub fn to_value<T: Serialize + ?Sized>(value: &T) -> Result<Value, serde_json::Error> {
    serde_json::to_value(value).map(from_json)
}
