//! Python literals, which INI inventories hold as values: `port=22`, `list=[1, 'a']`, `flag=True`.

use crate::value::{Key, Map, Text, Value};

/// Nesting beyond this is left as text.
const MAX_DEPTH: usize = 50;

/// Reads a value as Python's `ast.literal_eval` does; what is no literal is text as it stands. `string` makes the texts.
pub(super) fn read(text: &str, string: &dyn Fn(&str) -> Text) -> Value {
    parse(text, string).unwrap_or_else(|| Value::Str(string(text)))
}

fn parse(text: &str, string: &dyn Fn(&str) -> Text) -> Option<Value> {
    let mut reader = Reader { rest: text.trim_start_matches([' ', '\t']), depth: 0, string };
    // a newline ends the expression outside brackets; inventories have one line anyway
    let first = reader.value()?;
    reader.skip();
    let value = if reader.rest.starts_with(',') {
        // a tuple needs no parentheses
        let mut items = vec![first];
        reader.more_items(&mut items, None)?;
        Value::list(items)
    } else {
        first
    };
    reader.skip();
    reader.rest.is_empty().then_some(value)
}

struct Reader<'t> {
    rest: &'t str,
    depth: usize,
    string: &'t dyn Fn(&str) -> Text,
}

impl Reader<'_> {
    /// Skips blanks and comments.
    fn skip(&mut self) {
        loop {
            self.rest = self.rest.trim_start_matches([' ', '\t', '\n', '\r', '\u{c}']);
            if !self.rest.starts_with('#') {
                return;
            }
            self.rest = self.rest.find('\n').and_then(|end| self.rest.get(end..)).unwrap_or("");
        }
    }

    fn eat(&mut self, token: &str) -> bool {
        self.skip();
        match self.rest.strip_prefix(token) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn value(&mut self) -> Option<Value> {
        self.skip();
        match self.rest.chars().next()? {
            '[' | '(' | '{' => {
                self.depth += 1;
                let value = if self.depth > MAX_DEPTH { None } else { self.collection() };
                self.depth -= 1;
                value
            }
            '\'' | '"' => self.strings(),
            '-' | '+' => {
                let negative = self.rest.starts_with('-');
                self.rest = self.rest.get(1..)?;
                self.skip();
                match (self.number()?, negative) {
                    (Value::Int(number), true) => Some(Value::Int(number.checked_neg()?)),
                    (Value::Float(number), true) => Some(Value::Float(-number)),
                    (number, _) => Some(number),
                }
            }
            c if c.is_ascii_digit() || c == '.' => {
                if let Some(rest) = self.rest.strip_prefix("...") {
                    self.rest = rest;
                    return Some(Value::Str((self.string)("...")));
                }
                self.number()
            }
            c if c.is_alphabetic() || c == '_' => self.word(),
            _ => None,
        }
    }

    fn word(&mut self) -> Option<Value> {
        let end = self.rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at_checked(end)?;
        if rest.starts_with(['\'', '"']) && is_string_prefix(word) {
            return self.strings();
        }
        self.rest = rest;
        match word {
            "True" => Some(Value::Bool(true)),
            "False" => Some(Value::Bool(false)),
            "None" => Some(Value::Null),
            "set" => (self.eat("(") && self.eat(")")).then(|| Value::list(Vec::new())),
            _ => None,
        }
    }

    /// Items after the first up to a closing token (or the end), commas between them.
    fn more_items(&mut self, items: &mut Vec<Value>, close: Option<&str>) -> Option<()> {
        loop {
            if let Some(close) = close
                && self.eat(close)
            {
                return Some(());
            }
            if !self.eat(",") {
                self.skip();
                return (close.is_none() && self.rest.is_empty()).then_some(());
            }
            self.skip();
            match close {
                Some(close) if self.eat(close) => return Some(()),
                None if self.rest.is_empty() => return Some(()),
                _ => items.push(self.value()?),
            }
        }
    }

    fn collection(&mut self) -> Option<Value> {
        if self.eat("[") {
            return self.items("]").map(|(items, _)| Value::list(items));
        }
        if self.eat("(") {
            let (mut items, tuple) = self.items(")")?;
            return if items.len() == 1 && !tuple { items.pop() } else { Some(Value::list(items)) };
        }
        self.eat("{");
        self.dict_or_set()
    }

    /// The items up to a closing token, and whether there was a comma or nothing at all (which makes a tuple).
    fn items(&mut self, close: &str) -> Option<(Vec<Value>, bool)> {
        if self.eat(close) {
            return Some((Vec::new(), true));
        }
        let mut items = vec![self.value()?];
        self.skip();
        let tuple = self.rest.starts_with(',');
        self.more_items(&mut items, Some(close))?;
        Some((items, tuple))
    }

    fn dict_or_set(&mut self) -> Option<Value> {
        if self.eat("}") {
            return Some(Value::empty_map());
        }
        let first = self.value()?;
        if !self.eat(":") {
            let mut items = vec![first];
            self.more_items(&mut items, Some("}"))?;
            let mut unique: Vec<Value> = Vec::new();
            for item in items {
                if matches!(item, Value::List(_) | Value::Map(_)) {
                    return None;
                }
                if !unique.contains(&item) {
                    unique.push(item);
                }
            }
            return Some(Value::list(unique));
        }
        let mut map = Map::new();
        map.insert(key(&first)?, self.value()?);
        loop {
            if self.eat("}") {
                return Some(Value::map(map));
            }
            if !self.eat(",") {
                return None;
            }
            if self.eat("}") {
                return Some(Value::map(map));
            }
            let next = self.value()?;
            if !self.eat(":") {
                return None;
            }
            map.insert(key(&next)?, self.value()?);
        }
    }

    fn number(&mut self) -> Option<Value> {
        let bytes = self.rest.as_bytes();
        let is_radix = matches!(bytes, [b'0', b'x' | b'X' | b'o' | b'O' | b'b' | b'B', ..]);
        let mut end = 0;
        while let Some(b) = bytes.get(end) {
            let exponent_sign = matches!(b, b'+' | b'-')
                && !is_radix
                && matches!(end.checked_sub(1).and_then(|at| bytes.get(at)), Some(b'e' | b'E'));
            if !(b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.') || exponent_sign) {
                break;
            }
            end += 1;
        }
        let (text, rest) = self.rest.split_at_checked(end)?;
        self.rest = rest;
        let digits = strip_underscores(text)?;
        for (prefix, radix) in [("0x", 16), ("0o", 8), ("0b", 2)] {
            if let Some(digits) = digits.to_ascii_lowercase().strip_prefix(prefix) {
                return i128::from_str_radix(digits, radix)
                    .ok()
                    .filter(|_| !digits.starts_with(['+', '-']))
                    .map(Value::Int);
            }
        }
        if digits.bytes().all(|b| b.is_ascii_digit()) {
            // a leading zero is an error in Python, except in zero itself
            let zero = digits.bytes().all(|b| b == b'0');
            return if digits.starts_with('0') && !zero { None } else { digits.parse().ok().map(Value::Int) };
        }
        let float = digits.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'e' | b'E' | b'+' | b'-'));
        if float { digits.parse().ok().map(Value::Float) } else { None }
    }

    /// String literals; several in a row are one.
    fn strings(&mut self) -> Option<Value> {
        let mut out = String::new();
        loop {
            out.push_str(&self.one_string()?);
            self.skip();
            let end = self.rest.find(['\'', '"']).unwrap_or(self.rest.len());
            let next = self.rest.get(..end)?;
            if end == self.rest.len() || !(next.is_empty() || is_string_prefix(next)) {
                return Some(Value::Str((self.string)(&out)));
            }
        }
    }

    fn one_string(&mut self) -> Option<String> {
        let start = self.rest.find(['\'', '"'])?;
        let (prefix, rest) = self.rest.split_at_checked(start)?;
        let raw = prefix.contains(['r', 'R']);
        let quote = rest.chars().next()?;
        let triple = quote.to_string().repeat(3);
        let close = if rest.starts_with(&triple) { triple } else { quote.to_string() };
        let mut out = String::new();
        let mut rest = rest.get(close.len()..)?;
        loop {
            if let Some(after) = rest.strip_prefix(close.as_str()) {
                self.rest = after;
                return Some(out);
            }
            let c = rest.chars().next()?;
            rest = rest.get(c.len_utf8()..)?;
            match c {
                '\n' if close.len() == 1 => return None,
                '\\' if raw => {
                    let next = rest.chars().next()?;
                    out.extend(['\\', next]);
                    rest = rest.get(next.len_utf8()..)?;
                }
                '\\' => rest = escape(rest, &mut out)?,
                c => out.push(c),
            }
        }
    }
}

fn is_string_prefix(word: &str) -> bool {
    matches!(word.to_ascii_lowercase().as_str(), "r" | "u" | "b" | "br" | "rb")
}

/// The digits without underscores, which may stand only between digits.
fn strip_underscores(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    for (at, b) in bytes.iter().enumerate() {
        if *b == b'_' {
            let before = at.checked_sub(1).and_then(|at| bytes.get(at));
            let after = bytes.get(at + 1);
            if !before.is_some_and(u8::is_ascii_alphanumeric) || !after.is_some_and(u8::is_ascii_hexdigit) {
                return None;
            }
        }
    }
    Some(text.replace('_', ""))
}

/// One escape after its backslash; the rest of the text is returned.
fn escape<'t>(rest: &'t str, out: &mut String) -> Option<&'t str> {
    let c = rest.chars().next()?;
    let after = rest.get(c.len_utf8()..)?;
    let simple = match c {
        '\n' => return Some(after),
        '\\' | '\'' | '"' => c,
        'a' => '\u{7}',
        'b' => '\u{8}',
        'f' => '\u{c}',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'v' => '\u{b}',
        'x' | 'u' | 'U' => {
            let length = match c {
                'x' => 2,
                'u' => 4,
                _ => 8,
            };
            let (digits, after) = after.split_at_checked(length)?;
            let valid = digits.bytes().all(|b| b.is_ascii_hexdigit());
            out.push(valid.then(|| u32::from_str_radix(digits, 16).ok()).flatten().and_then(char::from_u32)?);
            return Some(after);
        }
        '0'..='7' => {
            let length = rest.bytes().take(3).take_while(|b| (b'0'..=b'7').contains(b)).count();
            let (digits, after) = rest.split_at_checked(length)?;
            out.push(u32::from_str_radix(digits, 8).ok().and_then(char::from_u32)?);
            return Some(after);
        }
        // named characters need Unicode's table of names
        'N' => return None,
        other => {
            out.push('\\');
            other
        }
    };
    out.push(simple);
    Some(after)
}

fn key(value: &Value) -> Option<Key> {
    match value {
        Value::Str(text) => Some(Key::Str(text.shared())),
        Value::Int(number) => Some(Key::Int(*number)),
        Value::Bool(value) => Some(Key::Bool(*value)),
        Value::Null => Some(Key::Null),
        Value::Float(_) => Some(Key::from(crate::value::python_str(value))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::python_repr;

    fn shown(text: &str) -> String {
        python_repr(&read(text, &|text| Text::data(text)))
    }

    /// The right side is what ansible-inventory makes of the value.
    #[test]
    fn values_read_as_python_literals() {
        let cases = [
            ("22", "22"),
            ("-1", "-1"),
            ("--1", "'--1'"),
            ("0755", "'0755'"),
            ("00", "0"),
            ("0o17", "15"),
            ("0x1f", "31"),
            ("1_000", "1000"),
            ("1__0", "'1__0'"),
            ("1.5", "1.5"),
            ("1e3", "1000.0"),
            (".5", "0.5"),
            ("1.2.3", "'1.2.3'"),
            ("10.0.0.1", "'10.0.0.1'"),
            ("True", "True"),
            ("true", "'true'"),
            ("yes", "'yes'"),
            ("None", "None"),
            ("", "''"),
            ("'a' 'b'", "'ab'"),
            ("'a\\tb'", "'a\\tb'"),
            ("r'a\\tb'", "'a\\\\tb'"),
            ("\"it's\"", "\"it's\""),
            ("'open", "\"'open\""),
            ("[1, 'a', [True]]", "[1, 'a', [True]]"),
            ("[1,]", "[1]"),
            ("[1 2]", "'[1 2]'"),
            ("(1)", "1"),
            ("(1,)", "[1]"),
            ("()", "[]"),
            ("1, 2", "[1, 2]"),
            ("1,", "[1]"),
            ("{'a': 1, 2: {}}", "{'a': 1, 2: {}}"),
            ("{1, 1, 2}", "[1, 2]"),
            ("{{ x }}", "'{{ x }}'"),
            ("foo # bar", "'foo # bar'"),
            ("1 # bar", "1"),
            ("a b", "'a b'"),
            ("...", "'...'"),
            ("set()", "[]"),
            ("1+2", "'1+2'"),
            ("x=1", "'x=1'"),
        ];
        for (text, expected) in cases {
            assert_eq!(shown(text), expected, "{text}");
        }
        assert_eq!(shown(&"[".repeat(100)), format!("'{}'", "[".repeat(100)));
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_the_reader_panic(text in "([\\[\\](){}'\"\\\\,:# +.0-9_-]|\\\\x|é|True|0x|r'|\n){0,30}") {
            shown(&text);
        }
    }
}
