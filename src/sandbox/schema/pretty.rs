//! JSON as Python writes it: `repr`, and the wrapping of `pprint` at 72 columns with sorted keys.

use std::fmt::Write as _;

use serde_json::Value as Json;

const WIDTH: usize = 72;

/// `repr(value)` with sorted keys.
pub fn repr(value: &Json) -> String {
    match value {
        Json::Null => "None".to_owned(),
        Json::Bool(true) => "True".to_owned(),
        Json::Bool(false) => "False".to_owned(),
        Json::Number(number) => number.to_string(),
        Json::String(text) => repr_text(text),
        Json::Array(items) => format!("[{}]", items.iter().map(repr).collect::<Vec<_>>().join(", ")),
        Json::Object(_) => {
            let items: Vec<String> =
                sorted(value).into_iter().map(|(key, value)| format!("{}: {}", repr_text(key), repr(value))).collect();
            format!("{{{}}}", items.join(", "))
        }
    }
}

/// `pprint.pformat(value, width=72)`.
pub fn pretty(value: &Json) -> String {
    let mut out = String::new();
    format(value, &mut out, 0, 0, 0);
    out
}

fn sorted(value: &Json) -> Vec<(&String, &Json)> {
    let mut items: Vec<_> = value.as_object().into_iter().flatten().collect();
    items.sort_by_key(|(key, _)| *key);
    items
}

/// Text in quotes: single ones, unless it holds such and no double ones.
fn repr_text(text: &str) -> String {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    let mut out = String::with_capacity(text.len() + 2);
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
            c if (c as u32) < 0x20 || (0x7f..0xa0).contains(&(c as u32)) => {
                // writing to a string cannot fail
                let _ = write!(out, "\\x{:02x}", c as u32);
            }
            c => out.push(c),
        }
    }
    out.push(quote);
    out
}

fn columns(text: &str) -> usize {
    text.chars().count()
}

/// `indent` columns are taken to the left, `allowance` must be kept free to the right.
fn format(value: &Json, out: &mut String, indent: usize, allowance: usize, level: usize) {
    let short = repr(value);
    if columns(&short) <= WIDTH.saturating_sub(indent + allowance) {
        out.push_str(&short);
        return;
    }
    match value {
        Json::Object(_) => {
            out.push('{');
            let items = sorted(value);
            let last = items.len().saturating_sub(1);
            for (at, (key, value)) in items.into_iter().enumerate() {
                let key = repr_text(key);
                out.push_str(&key);
                out.push_str(": ");
                let inner = indent + 1 + columns(&key) + 2;
                format(value, out, inner, if at == last { allowance + 1 } else { 1 }, level + 1);
                if at != last {
                    next_line(out, indent + 1, ",");
                }
            }
            out.push('}');
        }
        Json::Array(items) => {
            out.push('[');
            let last = items.len().saturating_sub(1);
            for (at, value) in items.iter().enumerate() {
                format(value, out, indent + 1, if at == last { allowance + 1 } else { 1 }, level + 1);
                if at != last {
                    next_line(out, indent + 1, ",");
                }
            }
            out.push(']');
        }
        Json::String(text) => format_text(text, out, indent, allowance, level + 1),
        _ => out.push_str(&short),
    }
}

fn next_line(out: &mut String, indent: usize, before: &str) {
    out.push_str(before);
    out.push('\n');
    out.extend(std::iter::repeat_n(' ', indent));
}

/// Long text as several literals, broken after blanks.
fn format_text(text: &str, out: &mut String, mut indent: usize, mut allowance: usize, level: usize) {
    if level == 1 {
        indent += 1;
        allowance += 1;
    }
    let width = WIDTH.saturating_sub(indent);
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let mut chunks = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let last_line = at + 1 == lines.len();
        let whole = repr_text(line);
        if columns(&whole) <= width.saturating_sub(if last_line { allowance } else { 0 }) {
            chunks.push(whole);
            continue;
        }
        let parts = words(line);
        let mut current = String::new();
        for (n, part) in parts.iter().enumerate() {
            let room = width.saturating_sub(if last_line && n + 1 == parts.len() { allowance } else { 0 });
            let candidate = format!("{current}{part}");
            if columns(&repr_text(&candidate)) > room {
                if !current.is_empty() {
                    chunks.push(repr_text(&current));
                }
                (*part).clone_into(&mut current);
            } else {
                current = candidate;
            }
        }
        if !current.is_empty() {
            chunks.push(repr_text(&current));
        }
    }
    let bracketed = level == 1 && chunks.len() > 1;
    if bracketed {
        out.push('(');
    }
    for (at, chunk) in chunks.iter().enumerate() {
        if at > 0 {
            next_line(out, indent, "");
        }
        out.push_str(chunk);
    }
    if bracketed {
        out.push(')');
    }
}

/// Words, each with the blanks that follow it.
fn words(line: &str) -> Vec<&str> {
    let mut out = Vec::new();
    let mut rest = line;
    while !rest.is_empty() {
        let word = rest.find(char::is_whitespace).unwrap_or(rest.len());
        let after = rest.get(word..).unwrap_or_default();
        let blanks = after.find(|c: char| !c.is_whitespace()).unwrap_or(after.len());
        let (part, tail) = rest.split_at(word + blanks);
        out.push(part);
        rest = tail;
    }
    out
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_read_as_python_writes_them() {
        let value = json!({ "b": [1, 2.5, null, true], "a": "it's", "c": "\"'" });
        assert_eq!(repr(&value), r#"{'a': "it's", 'b': [1, 2.5, None, True], 'c': '"\''}"#);
        assert_eq!(pretty(&value), repr(&value));
    }

    #[test]
    fn long_text_is_broken_after_blanks_and_bracketed_at_the_top() {
        let text = "word ".repeat(20);
        assert_eq!(
            pretty(&json!(text)),
            "('word word word word word word word word word word word word word '\n 'word word word word word word word ')"
        );
    }
}
