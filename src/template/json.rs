//! JSON byte for byte as Python's `json.dumps` writes it.

use std::fmt::Write as _;

use super::fault::{Fault, Outcome};
use crate::value::{Key, Map, Value, python_float};

/// The arguments of `json.dumps`.
#[derive(Clone, Debug)]
pub(crate) struct Style {
    /// What stands before each nested item, times its depth; without, everything is on one line.
    pub(crate) indent: Option<String>,
    pub(crate) sort_keys: bool,
    pub(crate) ensure_ascii: bool,
    /// Between items, and between a key and its value.
    pub(crate) separators: (String, String),
}

impl Style {
    /// The defaults on one line.
    pub(crate) fn compact() -> Self {
        Self { indent: None, sort_keys: false, ensure_ascii: true, separators: (", ".to_owned(), ": ".to_owned()) }
    }

    /// With an indentation.
    pub(crate) fn indented(width: usize) -> Self {
        Self { indent: Some(" ".repeat(width)), separators: (",".to_owned(), ": ".to_owned()), ..Self::compact() }
    }
}

/// A value as JSON.
pub(crate) fn dump(value: &Value, style: &Style) -> Outcome<String> {
    let mut out = String::new();
    write(&mut out, value, style, 0)?;
    Ok(out)
}

fn write(out: &mut String, value: &Value, style: &Style, depth: usize) -> Outcome<()> {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(true) => out.push_str("true"),
        Value::Bool(false) => out.push_str("false"),
        Value::Int(number) => {
            let _ = write!(out, "{number}");
        }
        Value::Float(number) => out.push_str(&float(*number)),
        Value::Str(text) => string(out, text, style.ensure_ascii),
        Value::Encrypted(_) => return Err(Fault::new("a Vault value is still closed")),
        Value::List(items) => {
            if items.is_empty() {
                out.push_str("[]");
                return Ok(());
            }
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push_str(&style.separators.0);
                }
                line(out, style, depth + 1);
                write(out, item, style, depth + 1)?;
            }
            line(out, style, depth);
            out.push(']');
        }
        Value::Map(map) => {
            if map.is_empty() {
                out.push_str("{}");
                return Ok(());
            }
            out.push('{');
            for (index, (key, item)) in entries(map, style.sort_keys)?.into_iter().enumerate() {
                if index > 0 {
                    out.push_str(&style.separators.0);
                }
                line(out, style, depth + 1);
                string(out, &key_text(key), style.ensure_ascii);
                out.push_str(&style.separators.1);
                write(out, item, style, depth + 1)?;
            }
            line(out, style, depth);
            out.push('}');
        }
    }
    Ok(())
}

fn line(out: &mut String, style: &Style, depth: usize) {
    if let Some(indent) = &style.indent {
        out.push('\n');
        for _ in 0..depth {
            out.push_str(indent);
        }
    }
}

/// The entries in their order or sorted; keys of several kinds have no order in Python.
fn entries(map: &Map, sort: bool) -> Outcome<Vec<(&Key, &Value)>> {
    let mut entries: Vec<_> = map.iter().collect();
    if sort {
        let number = |key: &Key| match key {
            Key::Int(number) => Some(*number),
            Key::Bool(value) => Some(i128::from(*value)),
            _ => None,
        };
        if entries.iter().all(|(key, _)| key.as_str().is_some()) {
            entries.sort_by(|(a, _), (b, _)| a.as_str().cmp(&b.as_str()));
        } else if entries.iter().all(|(key, _)| number(key).is_some()) {
            entries.sort_by_key(|(key, _)| number(key));
        } else if entries.len() > 1 {
            return Err(Fault::new("the keys of a dictionary are of several types and cannot be sorted"));
        }
    }
    Ok(entries)
}

fn key_text(key: &Key) -> String {
    match key {
        Key::Str(text) => text.to_string(),
        Key::Int(number) => number.to_string(),
        Key::Bool(value) => value.to_string(),
        Key::Null => "null".to_owned(),
    }
}

fn float(number: f64) -> String {
    if number.is_nan() {
        "NaN".to_owned()
    } else if number.is_infinite() {
        if number > 0.0 { "Infinity" } else { "-Infinity" }.to_owned()
    } else {
        python_float(number)
    }
}

fn string(out: &mut String, text: &str, ensure_ascii: bool) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            c if (c as u32) < 0x20 || (ensure_ascii && !(' '..='~').contains(&c)) => {
                let mut units = [0; 2];
                for unit in c.encode_utf16(&mut units) {
                    let _ = write!(out, "\\u{unit:04x}");
                }
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_escaped_as_python_escapes_them() {
        let dumped = dump(&Value::data("é\u{1f600}\u{7f}\u{1}\"/"), &Style::compact()).unwrap();
        assert_eq!(dumped, r#""\u00e9\ud83d\ude00\u007f\u0001\"/""#);
    }
}
