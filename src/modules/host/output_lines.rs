//! What a process wrote, as return values.

use super::process::Output;
use crate::value::{Map, Value};

impl Output {
    /// `stdout` and `stderr`, each also as lines.
    #[must_use]
    pub fn written(&self) -> Map {
        let mut values = Map::new();
        for (name, text) in [("stdout", self.out()), ("stderr", self.err())] {
            values.insert(format!("{name}_lines").into(), lines(&text));
            values.insert(name.into(), Value::from(text));
        }
        values
    }
}

/// The lines of a text as Python's `splitlines` has them.
pub fn lines(text: &str) -> Value {
    let mut out: Vec<Value> = Vec::new();
    let mut rest = text;
    let ends = ['\n', '\r', '\x0b', '\x0c', '\x1c', '\x1d', '\x1e', '\u{85}', '\u{2028}', '\u{2029}'];
    while !rest.is_empty() {
        let (line, after) = match rest.find(ends) {
            Some(at) => {
                let (line, tail) = rest.split_at(at);
                let end = if tail.starts_with("\r\n") { 2 } else { tail.chars().next().map_or(0, char::len_utf8) };
                (line, tail.get(end..).unwrap_or_default())
            }
            None => (rest, ""),
        };
        out.push(Value::from(line));
        rest = after;
    }
    Value::list(out)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::value::to_json;

    #[test]
    fn lines_split_as_python_does() {
        assert_eq!(to_json(&lines("a\r\nb\n\nc")), json!(["a", "b", "", "c"]));
        assert_eq!(to_json(&lines("")), json!([]));
    }
}
