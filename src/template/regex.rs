//! Python's regular expressions on `fancy-regex`.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, PoisonError, RwLock};

use super::fault::{Fault, Outcome};

/// Python's flags that filters and tests offer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Flags {
    pub(crate) ignore_case: bool,
    pub(crate) multi_line: bool,
    pub(crate) dot_all: bool,
}

/// A compiled pattern.
#[derive(Clone)]
pub(crate) struct Regex(pub(crate) Arc<fancy_regex::Regex>);

type Known = HashMap<(String, Flags), Arc<fancy_regex::Regex>>;

/// Patterns compiled so far; they are few, and compiling one is slow.
static KNOWN: LazyLock<RwLock<Known>> = LazyLock::new(RwLock::default);
const MOST: usize = 2048;

impl Regex {
    /// Compiles a pattern of Python's `re`.
    pub(crate) fn new(pattern: &str, flags: Flags) -> Outcome<Self> {
        let key = (pattern.to_owned(), flags);
        if let Some(known) = KNOWN.read().unwrap_or_else(PoisonError::into_inner).get(&key) {
            return Ok(Self(Arc::clone(known)));
        }
        let compiled = fancy_regex::RegexBuilder::new(&translate(pattern))
            .case_insensitive(flags.ignore_case)
            .multi_line(flags.multi_line)
            .dot_matches_new_line(flags.dot_all)
            .build()
            .map_err(|error| Fault::new(format!("invalid regular expression: {error}")))?;
        let compiled = Arc::new(compiled);
        let mut known = KNOWN.write().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST {
            known.clear();
        }
        known.insert(key, Arc::clone(&compiled));
        Ok(Self(compiled))
    }

    /// Whether it is found anywhere.
    pub(crate) fn is_match(&self, text: &str) -> Outcome<bool> {
        self.0.is_match(text).map_err(|error| too_hard(&error))
    }

    /// `re.match`.
    pub(crate) fn matches_at_start(&self, text: &str) -> Outcome<bool> {
        // the first match found need not be the one at the start, but if there is one at the start it is found first
        let found = self.0.find(text).map_err(|error| too_hard(&error))?;
        Ok(found.is_some_and(|found| found.start() == 0))
    }

    /// `re.fullmatch`.
    pub(crate) fn matches_whole(&self, text: &str) -> Outcome<bool> {
        let whole = fancy_regex::Regex::new(&format!("^(?:{})\\z", self.0.as_str()))
            .map_err(|error| Fault::new(format!("invalid regular expression: {error}")))?;
        whole.is_match(text).map_err(|error| too_hard(&error))
    }

    /// The first match with its groups.
    pub(crate) fn first<'t>(&self, text: &'t str) -> Outcome<Option<fancy_regex::Captures<'t, str>>> {
        self.0.captures(text).map_err(|error| too_hard(&error))
    }

    /// `re.subn`: the text with matches replaced, and how many were.
    pub(crate) fn replace(&self, text: &str, replacement: &str, limit: Option<usize>) -> Outcome<(String, usize)> {
        let replacement = Replacement::parse(replacement, &self.0)?;
        let mut out = String::with_capacity(text.len());
        let (mut last, mut count) = (0, 0);
        for found in self.captures(text)? {
            if limit.is_some_and(|limit| count >= limit) {
                break;
            }
            let Some(whole) = found.get(0) else { continue };
            out.push_str(text.get(last..whole.start()).unwrap_or(""));
            replacement.expand(&found, &mut out);
            last = whole.end();
            count += 1;
        }
        out.push_str(text.get(last..).unwrap_or(""));
        Ok((out, count))
    }

    /// All matches with their groups. As in Python, an empty match may follow right after another one.
    pub(crate) fn captures<'t>(&self, text: &'t str) -> Outcome<Vec<fancy_regex::Captures<'t, str>>> {
        let mut out = Vec::new();
        let mut from = 0;
        while from <= text.len() {
            let Some(found) = self.0.captures_from_pos(text, from).map_err(|error| too_hard(&error))? else { break };
            let Some(whole) = found.get(0) else { break };
            from = whole.end();
            if whole.start() == whole.end() {
                from += text.get(from..).and_then(|rest| rest.chars().next()).map_or(1, char::len_utf8);
            }
            out.push(found);
        }
        Ok(out)
    }
}

/// A replacement of Python's `re.sub`.
struct Replacement(Vec<Piece>);

enum Piece {
    Text(String),
    Group(usize),
}

impl Replacement {
    fn parse(replacement: &str, regex: &fancy_regex::Regex) -> Outcome<Self> {
        let mut pieces = Vec::new();
        let mut text = String::new();
        let mut chars = replacement.chars().peekable();
        let names: Vec<Option<&str>> = regex.capture_names().collect();
        let checked = |number: usize| -> Outcome<usize> {
            if number < names.len() {
                Ok(number)
            } else {
                Err(Fault::new(format!("invalid group reference {number} in the replacement")))
            }
        };
        while let Some(c) = chars.next() {
            if c != '\\' {
                text.push(c);
                continue;
            }
            match chars.next() {
                Some('g') if chars.next_if_eq(&'<').is_some() => {
                    let name: String = chars.by_ref().take_while(|c| *c != '>').collect();
                    let number = match name.parse() {
                        Ok(number) => checked(number)?,
                        Err(_) => names
                            .iter()
                            .position(|known| *known == Some(name.as_str()))
                            .ok_or_else(|| Fault::new(format!("unknown group name '{name}' in the replacement")))?,
                    };
                    pieces.push(Piece::Text(std::mem::take(&mut text)));
                    pieces.push(Piece::Group(number));
                }
                Some(digit @ '0'..='9') => {
                    let mut digits = String::from(digit);
                    if digit != '0'
                        && let Some(second) = chars.next_if(char::is_ascii_digit)
                    {
                        digits.push(second);
                    }
                    if digit == '0' {
                        text.push('\0');
                        continue;
                    }
                    let number = checked(digits.parse().unwrap_or(usize::MAX))?;
                    pieces.push(Piece::Text(std::mem::take(&mut text)));
                    pieces.push(Piece::Group(number));
                }
                Some('n') => text.push('\n'),
                Some('r') => text.push('\r'),
                Some('t') => text.push('\t'),
                Some('f') => text.push('\u{c}'),
                Some('v') => text.push('\u{b}'),
                Some('a') => text.push('\u{7}'),
                Some('b') => text.push('\u{8}'),
                Some('\\') | None => text.push('\\'),
                Some(c) if c.is_ascii_alphabetic() => {
                    return Err(Fault::new(format!("bad escape \\{c} in the replacement")));
                }
                Some(c) => {
                    text.push('\\');
                    text.push(c);
                }
            }
        }
        pieces.push(Piece::Text(text));
        Ok(Self(pieces))
    }

    fn expand(&self, found: &fancy_regex::Captures<'_, str>, out: &mut String) {
        for piece in &self.0 {
            match piece {
                Piece::Text(text) => out.push_str(text),
                Piece::Group(number) => out.push_str(found.get(*number).map_or("", |group| group.as_str())),
            }
        }
    }
}

pub(crate) fn too_hard(error: &fancy_regex::Error) -> Fault {
    Fault::new(format!("the regular expression fails: {error}"))
}

/// Python's syntax to Rust's, where they differ.
fn translate(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len());
    let mut chars = pattern.chars().peekable();
    let mut in_class = false;
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                // Python's end of text; Rust's `\Z` is Perl's, which allows a newline after it
                Some('Z') if !in_class => out.push_str("\\z"),
                Some(
                    c @ ('<' | '>' | '"' | '\'' | '`' | ' ' | ',' | ';' | ':' | '=' | '@' | '%' | '!' | '_' | '/'),
                ) => {
                    // escapes of what needs none; Rust gives some of them a meaning of their own
                    if c.is_ascii_punctuation() && !matches!(c, '<' | '>' | '_' | '"' | '\'' | '`') {
                        out.push('\\');
                    }
                    out.push(c);
                }
                Some(c) => {
                    out.push('\\');
                    out.push(c);
                }
                None => out.push('\\'),
            },
            '[' if in_class => out.push_str("\\["),
            '[' => {
                in_class = true;
                out.push('[');
                if chars.next_if_eq(&'^').is_some() {
                    out.push('^');
                }
                // a bracket right at the start means itself
                if chars.next_if_eq(&']').is_some() {
                    out.push_str("\\]");
                }
            }
            ']' if in_class => {
                in_class = false;
                out.push(']');
            }
            // operators of sets that Python does not have
            '&' | '~' if in_class && chars.peek() == Some(&c) => {
                out.push('\\');
                out.push(c);
            }
            '$' if !in_class => out.push_str(if is_multi_line(pattern) { "$" } else { "(?:$|(?=\\n\\z))" }),
            '(' if !in_class && chars.peek() == Some(&'?') => {
                let rest: String = chars.clone().take(4).collect();
                out.push('(');
                if rest.starts_with("?a:") {
                    for _ in 0..3 {
                        chars.next();
                    }
                    out.push_str("?:");
                } else if rest.starts_with("?a)") || rest.starts_with("?u)") {
                    for _ in 0..3 {
                        chars.next();
                    }
                    out.push_str("?:)");
                }
            }
            c => out.push(c),
        }
    }
    out
}

/// Whether the pattern asks for line-wise anchors itself.
fn is_multi_line(pattern: &str) -> bool {
    pattern
        .strip_prefix("(?")
        .and_then(|rest| rest.split_once(')'))
        .is_some_and(|(flags, _)| flags.contains('m') && flags.chars().all(|c| c.is_ascii_alphabetic()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(pattern: &str, text: &str) -> bool {
        Regex::new(pattern, Flags::default()).unwrap().is_match(text).unwrap()
    }

    #[test]
    fn anchors_are_pythons() {
        assert!(found("a$", "a\n"));
        assert!(!found("a$", "a\nb"));
        assert!(!found(r"a\Z", "a\n"));
        assert!(found(r"a\Z", "a"));
        assert!(found("(?m)a$", "a\nb"));
    }

    #[test]
    fn classes_are_pythons() {
        assert!(found("[[:x]", "["));
        assert!(found("^[]a]+$", "]a"));
        assert!(found("[a&&b]", "&"));
    }

    #[test]
    fn look_around_and_back_references_work() {
        assert!(found(r"(?<=x)y(?!z)", "xy"));
        assert!(found(r"(a)\1", "aa"));
        assert!(found(r"(?P<n>a)(?P=n)", "aa"));
    }

    #[test]
    fn a_match_begins_at_the_start() {
        let regex = Regex::new("b+", Flags::default()).unwrap();
        assert!(regex.matches_at_start("bb").unwrap());
        assert!(!regex.matches_at_start("abb").unwrap());
    }
}
