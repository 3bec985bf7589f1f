//! The body of a request.

use std::fs;

use base64::Engine as _;

use super::multipart::multipart;
use super::uri::{BodyFormat, UriRequest};
use crate::modules::context::Ctx;
use crate::modules::error::ModuleError;
use crate::modules::python_json;
use crate::value::{Value, python_str};

/// The body and its media type.
pub(super) fn body(uri: &UriRequest, ctx: &Ctx) -> Result<(Option<Vec<u8>>, Option<String>), ModuleError> {
    if let Some(path) = uri.source.as_ref().or(uri.src.as_ref()) {
        let path = ctx.resolve(path);
        let cannot = |error| ModuleError::because(format!("Unable to open source file {}", path.display()), error);
        return Ok((Some(fs::read(&path).map_err(cannot)?), None));
    }
    if let Some(encoded) = &uri.source_base64 {
        let bytes = base64::engine::general_purpose::STANDARD.decode(encoded);
        return Ok((Some(bytes.map_err(|error| ModuleError::because("the content is not Base64", error))?), None));
    }
    let text = |value: &Value| value.as_str().map(|text| text.as_bytes().to_vec());
    let kind = |kind: &str| Some(kind.to_owned());
    match (uri.body_format, &uri.body) {
        // Ansible sends `null` where there is nothing to write as JSON
        (BodyFormat::Json, body) => {
            let body = body.as_ref().unwrap_or(&Value::Null);
            let json = || python_json(body).into_bytes();
            Ok((Some(text(body).unwrap_or_else(json)), kind("application/json")))
        }
        (BodyFormat::FormUrlencoded, body) => {
            let bytes = match body {
                Some(value) => Some(match text(value) {
                    Some(text) => text,
                    None => form(value)?.into_bytes(),
                }),
                None => None,
            };
            Ok((bytes, kind("application/x-www-form-urlencoded")))
        }
        (BodyFormat::FormMultipart, Some(Value::Map(parts))) => {
            let (bytes, boundary) = multipart(parts, ctx)?;
            Ok((Some(bytes), Some(format!("multipart/form-data; boundary=\"{boundary}\""))))
        }
        (BodyFormat::FormMultipart, body) => {
            let found = body.as_ref().map_or("nothing", Value::type_name);
            Err(ModuleError::new(format!("body must be mapping, cannot be type {found}")))
        }
        (BodyFormat::Raw, Some(value)) => {
            Ok((Some(text(value).unwrap_or_else(|| python_str(value).into_bytes())), None))
        }
        (BodyFormat::Raw, None) => Ok((None, None)),
    }
}

/// A mapping, or a list of pairs, as the fields of a web form; a list as a value means several fields of one name.
fn form(value: &Value) -> Result<String, ModuleError> {
    let wrong =
        || ModuleError::new("failed to parse body as form_urlencoded: cannot form-urlencode body, expect list or dict");
    let pairs: Vec<(String, Value)> = match value {
        Value::Map(map) => map.iter().map(|(key, value)| (key.to_string(), value.clone())).collect(),
        Value::List(items) => items
            .iter()
            .map(|item| match item.as_list() {
                Some([key, value]) => Ok((python_str(key), value.clone())),
                _ => Err(wrong()),
            })
            .collect::<Result<_, _>>()?,
        _ => return Err(wrong()),
    };
    let mut out = url::form_urlencoded::Serializer::new(String::new());
    for (key, value) in &pairs {
        let values = match value {
            Value::List(items) => items.to_vec(),
            one => vec![one.clone()],
        };
        for value in values.iter().filter(|value| !matches!(value, Value::Null)) {
            out.append_pair(key, &python_str(value));
        }
    }
    Ok(out.finish())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::value::from_json;

    #[test]
    fn forms() {
        let of = |json| form(&from_json(json)).unwrap();
        assert_eq!(of(json!({"a": "x y", "b": [1, 2], "c": null, "d": true})), "a=x+y&b=1&b=2&d=True");
        assert_eq!(of(json!([["a", "ü"], ["a", 2]])), "a=%C3%BC&a=2");
        assert!(form(&from_json(json!(5))).is_err());
    }
}
