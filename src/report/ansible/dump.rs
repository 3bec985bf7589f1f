//! JSON as Python's `json.dumps(…, sort_keys=True, ensure_ascii=False)` writes it.

use std::fmt::Write as _;

use serde_json::Value as Json;

use crate::value::python_float;

/// On one line.
#[must_use]
pub fn python_json(json: &Json) -> String {
    let mut out = String::new();
    write(&mut out, json, None, 0);
    out
}

/// Indented by so many blanks a level.
#[must_use]
pub fn python_json_nice(json: &Json, indent: usize) -> String {
    let mut out = String::new();
    write(&mut out, json, Some(indent), 0);
    out
}

fn write(out: &mut String, json: &Json, indent: Option<usize>, depth: usize) {
    match json {
        Json::Array(items) if items.is_empty() => out.push_str("[]"),
        Json::Object(map) if map.is_empty() => out.push_str("{}"),
        Json::Array(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                separate(out, index, indent, depth + 1);
                write(out, item, indent, depth + 1);
            }
            end(out, indent, depth);
            out.push(']');
        }
        Json::Object(map) => {
            let mut entries: Vec<_> = map.iter().collect();
            entries.sort_by_key(|(key, _)| *key);
            out.push('{');
            for (index, (key, item)) in entries.into_iter().enumerate() {
                separate(out, index, indent, depth + 1);
                let _ = write!(out, "{}: ", Json::String(key.clone()));
                write(out, item, indent, depth + 1);
            }
            end(out, indent, depth);
            out.push('}');
        }
        Json::Number(number) => match number.as_f64().filter(|_| number.is_f64()) {
            Some(float) => out.push_str(&python_float(float)),
            None => {
                let _ = write!(out, "{number}");
            }
        },
        other => {
            let _ = write!(out, "{other}");
        }
    }
}

fn separate(out: &mut String, index: usize, indent: Option<usize>, depth: usize) {
    if index > 0 {
        out.push(',');
    }
    match indent {
        Some(_) => end(out, indent, depth),
        None if index > 0 => out.push(' '),
        None => {}
    }
}

fn end(out: &mut String, indent: Option<usize>, depth: usize) {
    if let Some(indent) = indent {
        out.push('\n');
        out.push_str(&" ".repeat(indent * depth));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn keys_are_sorted_and_floats_are_pythons() {
        let value = json!({"b": [1, 1e16, 0.5], "a": {}, "é": "\u{1}\"é"});
        assert_eq!(python_json(&value), r#"{"a": {}, "b": [1, 1e+16, 0.5], "é": "\u0001\"é"}"#);
        assert_eq!(
            python_json_nice(&json!({"a": [1, {"b": []}]}), 4),
            "{\n    \"a\": [\n        1,\n        {\n            \"b\": []\n        }\n    ]\n}"
        );
    }
}
