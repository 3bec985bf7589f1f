//! Operands as text.

use std::fmt::Write as _;

use jiff::SignedDuration;
use jiff::civil::DateTime;

use super::machine::{Machine, is_omit};
use crate::template::fault::{Fault, Outcome};
use crate::template::item::{Item, Object};
use crate::value::{Key, Value, python_repr, python_str};

/// `str(item)`.
pub(crate) fn display(m: &Machine<'_>, item: &Item) -> Outcome<String> {
    match item {
        Item::Missing(missing) => Err(missing.fault.clone()),
        Item::Value(Value::Str(text)) => {
            m.touch(text);
            Ok(text.to_string())
        }
        Item::Value(value) => Ok(python_str(&m.deep(value)?)),
        Item::Object(object) => match &**object {
            Object::DateTime(time) => Ok(datetime_str(time)),
            Object::Delta(delta) => Ok(delta_str(delta)),
            _ => repr(m, item),
        },
        _ => repr(m, item),
    }
}

impl Machine<'_> {
    /// `str(item)`.
    pub(crate) fn display(&self, item: &Item) -> Outcome<String> {
        display(self, item)
    }

    /// `repr(item)`.
    pub(crate) fn repr(&self, item: &Item) -> Outcome<String> {
        repr(self, item)
    }
}

/// `repr(item)`.
pub(super) fn repr(m: &Machine<'_>, item: &Item) -> Outcome<String> {
    Ok(match item {
        Item::Missing(missing) => return Err(missing.fault.clone()),
        Item::Value(value) => python_repr(&m.deep(value)?),
        Item::List(items) => format!("[{}]", joined(m, items)?),
        Item::Tuple(items) if items.len() == 1 => format!("({},)", joined(m, items)?),
        Item::Tuple(items) => format!("({})", joined(m, items)?),
        Item::Map(map) => {
            let mut out = String::from("{");
            for (index, (key, value)) in map.iter().enumerate() {
                if index > 0 {
                    out.push_str(", ");
                }
                out.push_str(&key_repr(key));
                out.push_str(": ");
                out.push_str(&repr(m, value)?);
            }
            out.push('}');
            out
        }
        Item::Object(object) => match &**object {
            Object::Range(start, stop, 1) => format!("range({start}, {stop})"),
            Object::Range(start, stop, step) => format!("range({start}, {stop}, {step})"),
            Object::Bytes(bytes) => bytes_repr(bytes),
            Object::DateTime(time) => format!(
                "datetime.datetime({}, {}, {}, {}, {})",
                time.year(),
                time.month(),
                time.day(),
                time.hour(),
                time.minute()
            ),
            Object::Delta(delta) => format!("datetime.timedelta(seconds={})", delta.as_secs()),
            Object::Vars | Object::HostVars | Object::Host(_) => python_repr(&m.plain(item)?),
            Object::Namespace(names) => {
                let inner: Outcome<Vec<_>> =
                    names.borrow().iter().map(|(key, value)| Ok(format!("'{key}': {}", repr(m, value)?))).collect();
                format!("<Namespace {{{}}}>", inner?.join(", "))
            }
            Object::Macro(function) => format!("<Macro '{}'>", function.decl.name),
            other => return Err(Fault::new(format!("a value of type '{}' has no text", other.type_name()))),
        },
    })
}

fn joined(m: &Machine<'_>, items: &[Item]) -> Outcome<String> {
    let mut out = String::new();
    let shown = items.iter().filter(|item| !matches!(item, Item::Value(value) if is_omit(value)));
    for (index, item) in shown.enumerate() {
        if index > 0 {
            out.push_str(", ");
        }
        out.push_str(&repr(m, item)?);
    }
    Ok(out)
}

fn key_repr(key: &Key) -> String {
    match key {
        Key::Str(text) => python_repr(&Value::data(std::sync::Arc::clone(text))),
        other => other.to_string(),
    }
}

/// `str(datetime)`.
pub(crate) fn datetime_str(time: &DateTime) -> String {
    let mut out = time.strftime("%Y-%m-%d %H:%M:%S").to_string();
    let micros = time.subsec_nanosecond() / 1000;
    if micros != 0 {
        let _ = write!(out, ".{micros:06}");
    }
    out
}

/// `str(timedelta)`.
fn delta_str(delta: &SignedDuration) -> String {
    let micros = delta.as_micros();
    let (days, rest) = (micros.div_euclid(86_400_000_000), micros.rem_euclid(86_400_000_000));
    let (seconds, micros) = (rest / 1_000_000, rest % 1_000_000);
    let mut out = String::new();
    if days != 0 {
        let _ = write!(out, "{days} day{}, ", if days.abs() == 1 { "" } else { "s" });
    }
    let _ = write!(out, "{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
    if micros != 0 {
        let _ = write!(out, ".{micros:06}");
    }
    out
}

fn bytes_repr(bytes: &[u8]) -> String {
    let quote = if bytes.contains(&b'\'') && !bytes.contains(&b'"') { '"' } else { '\'' };
    let mut out = format!("b{quote}");
    for byte in bytes {
        match byte {
            b'\\' => out.push_str("\\\\"),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            byte if char::from(*byte) == quote => {
                out.push('\\');
                out.push(quote);
            }
            0x20..=0x7e => out.push(char::from(*byte)),
            byte => {
                let _ = write!(out, "\\x{byte:02x}");
            }
        }
    }
    out.push(quote);
    out
}
