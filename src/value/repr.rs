//! Values as Python writes them.

use std::fmt::Write as _;

use super::redact::REDACTED;
use super::value::Value;

/// `str(value)`.
#[must_use]
pub fn python_str(value: &Value) -> String {
    match value {
        Value::Str(text) => text.to_string(),
        other => python_repr(other),
    }
}

/// `repr(value)`: strings in single quotes unless they hold one and no double quote.
#[must_use]
pub fn python_repr(value: &Value) -> String {
    let mut out = String::new();
    write_repr(&mut out, value);
    out
}

fn write_repr(out: &mut String, value: &Value) {
    match value {
        Value::Null => out.push_str("None"),
        Value::Bool(true) => out.push_str("True"),
        Value::Bool(false) => out.push_str("False"),
        Value::Int(number) => {
            let _ = write!(out, "{number}");
        }
        Value::Float(number) => out.push_str(&python_float(*number)),
        Value::Str(text) => write_str_repr(out, text),
        Value::Encrypted(_) => out.push_str(REDACTED),
        Value::List(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push_str(", ");
                }
                write_repr(out, item);
            }
            out.push(']');
        }
        Value::Map(map) => {
            out.push('{');
            for (index, (key, item)) in map.iter().enumerate() {
                if index > 0 {
                    out.push_str(", ");
                }
                match key.as_str() {
                    Some(text) => write_str_repr(out, text),
                    None => {
                        let _ = write!(out, "{key}");
                    }
                }
                out.push_str(": ");
                write_repr(out, item);
            }
            out.push('}');
        }
    }
}

fn write_str_repr(out: &mut String, text: &str) {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    out.push(quote);
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c == quote => {
                out.push('\\');
                out.push(c);
            }
            c if (c as u32) < 0x20 || (0x7f..0xa1).contains(&(c as u32)) => {
                let _ = write!(out, "\\x{:02x}", c as u32);
            }
            c => out.push(c),
        }
    }
    out.push(quote);
}

/// `repr(float)`: the shortest digits that read back, with an exponent from 1e16 up and below 1e-4.
#[must_use]
pub fn python_float(number: f64) -> String {
    if number.is_nan() {
        return "nan".to_owned();
    }
    if number.is_infinite() {
        return if number > 0.0 { "inf" } else { "-inf" }.to_owned();
    }
    let size = number.abs();
    if size != 0.0 && !(1e-4..1e16).contains(&size) {
        let text = format!("{number:e}");
        let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let (sign, exponent) = exponent.strip_prefix('-').map_or(('+', exponent), |e| ('-', e));
        return format!("{digits}e{sign}{exponent:0>2}");
    }
    let text = format!("{number}");
    if text.contains('.') { text } else { format!("{text}.0") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_read_as_python_prints_them() {
        let shown: Vec<_> = [1e20, 1e16, 1e15, 2.5, 1e-5, 0.0001, -0.0, 3.0].iter().map(|n| python_float(*n)).collect();
        assert_eq!(shown, ["1e+20", "1e+16", "1000000000000000.0", "2.5", "1e-05", "0.0001", "-0.0", "3.0"]);
    }

    #[test]
    fn quotes_follow_python() {
        assert_eq!(python_repr(&Value::data("it's")), "\"it's\"");
        assert_eq!(python_repr(&Value::data("it's \"x\"")), "'it\\'s \"x\"'");
        assert_eq!(
            python_repr(&Value::list(vec![Value::Null, true.into(), Value::data("a\n")])),
            "[None, True, 'a\\n']"
        );
    }
}
