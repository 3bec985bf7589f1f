//! JSON as Python writes it.

use serde_json::ser::Formatter;

use crate::value::{Value, to_json};

/// As Python's `json.dumps` writes it: blanks after colons and commas, characters outside ASCII escaped.
pub(in crate::modules) fn python_json(value: &Value) -> String {
    let mut out = Vec::new();
    let mut serializer = serde_json::Serializer::with_formatter(&mut out, PythonStyle);
    // a JSON value can always be written into memory
    let _ = serde::Serialize::serialize(&to_json(value), &mut serializer);
    String::from_utf8(out).unwrap_or_default()
}

struct PythonStyle;

impl Formatter for PythonStyle {
    fn begin_array_value<W: ?Sized + std::io::Write>(&mut self, writer: &mut W, first: bool) -> std::io::Result<()> {
        if first { Ok(()) } else { writer.write_all(b", ") }
    }

    fn begin_object_key<W: ?Sized + std::io::Write>(&mut self, writer: &mut W, first: bool) -> std::io::Result<()> {
        if first { Ok(()) } else { writer.write_all(b", ") }
    }

    fn begin_object_value<W: ?Sized + std::io::Write>(&mut self, writer: &mut W) -> std::io::Result<()> {
        writer.write_all(b": ")
    }

    fn write_string_fragment<W: ?Sized + std::io::Write>(&mut self, writer: &mut W, text: &str) -> std::io::Result<()> {
        for c in text.chars() {
            if c.is_ascii() {
                writer.write_all(&[c as u8])?;
            } else {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    write!(writer, "\\u{unit:04x}")?;
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::value::from_json;

    #[test]
    fn blanks_and_escapes_are_pythons() {
        let text = python_json(&from_json(json!({"a": [1, 2.5, null], "b": "ä\n😀"})));
        assert_eq!(text, "{\"a\": [1, 2.5, null], \"b\": \"\\u00e4\\n\\ud83d\\ude00\"}");
    }
}
