//! One host pattern: what stands between the commas of `hosts: web*:!web1,db[0]`.

use fancy_regex::Regex;

use super::address;
use super::glob::Glob;

/// How a pattern changes the selection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Operation {
    /// Adds its hosts.
    Add,
    /// Keeps only its hosts (`&`).
    Keep,
    /// Takes its hosts away (`!`).
    Remove,
}

/// What a pattern matches names with.
#[derive(Clone, Debug)]
pub(super) enum Matcher {
    /// `~regex`, anchored at the start.
    Regex(Box<Regex>),
    /// A name or a glob.
    Glob(Glob),
}

/// Which of the matching hosts are meant, as in `web[0]`, `web[1:3]`, `web[-1]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Subscript {
    /// One host, counted from the end where negative.
    Index(i64),
    /// From the first to the last position, both included; without the last, to the end.
    Range(usize, Option<usize>),
}

/// A pattern taken apart.
#[derive(Clone, Debug)]
pub(super) struct Pattern {
    pub(super) operation: Operation,
    /// The expression without operation and subscript.
    pub(super) expression: String,
    pub(super) matcher: Matcher,
    pub(super) subscript: Option<Subscript>,
}

impl Pattern {
    /// Takes a pattern apart.
    ///
    /// # Errors
    /// The message of a regular expression that is not valid.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let (operation, rest) = match (text.strip_prefix('!'), text.strip_prefix('&')) {
            (Some(rest), _) => (Operation::Remove, rest),
            (_, Some(rest)) => (Operation::Keep, rest),
            _ => (Operation::Add, text),
        };
        if let Some(regex) = rest.strip_prefix('~') {
            let regex = Regex::new(&format!(r"\A(?:{regex})")).map_err(|error| error.to_string())?;
            let matcher = Matcher::Regex(Box::new(regex));
            return Ok(Self { operation, expression: rest.to_owned(), matcher, subscript: None });
        }
        let (expression, subscript) = split_subscript(rest);
        let matcher = Matcher::Glob(Glob::new(expression));
        Ok(Self { operation, expression: expression.to_owned(), matcher, subscript })
    }

    /// Whether hosts are matched even where a group matches: the pattern is a regular expression or looks like a glob or a
    /// name with dots.
    pub(super) fn also_hosts(&self) -> bool {
        matches!(self.matcher, Matcher::Regex(_)) || self.expression.contains(['.', '?', '*', '['])
    }
}

impl Matcher {
    pub(super) fn matches(&self, name: &str) -> bool {
        match self {
            // a regular expression that runs into its own limit of work matches nothing
            Self::Regex(regex) => regex.is_match(name).unwrap_or(false),
            Self::Glob(glob) => glob.matches(name),
        }
    }
}

fn split_subscript(text: &str) -> (&str, Option<Subscript>) {
    let parts = text.strip_suffix(']').and_then(|rest| rest.rsplit_once('['));
    let Some((expression, inner)) = parts.filter(|(expression, _)| !expression.is_empty()) else { return (text, None) };
    let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    let negative = inner.strip_prefix('-').unwrap_or(inner);
    if !negative.is_empty() && digits(negative) {
        return match inner.parse() {
            Ok(index) => (expression, Some(Subscript::Index(index))),
            Err(_) => (text, None),
        };
    }
    // Ansible still reads `[1-3]` as `[1:3]`
    let Some((start, end)) = inner.split_once([':', '-']) else { return (text, None) };
    match (start.parse(), end) {
        (Ok(start), "") => (expression, Some(Subscript::Range(start, None))),
        (Ok(start), end) if digits(end) => match end.parse() {
            Ok(end) => (expression, Some(Subscript::Range(start, Some(end)))),
            Err(_) => (text, None),
        },
        _ => (text, None),
    }
}

/// Splits a list of patterns at its commas, or else at its colons, which also stand in addresses and ranges.
pub(super) fn split_list(text: &str) -> Vec<&str> {
    let parts: Vec<&str> = if text.contains(',') {
        text.split(',').collect()
    } else if address::parse(text).is_some() {
        vec![text]
    } else {
        split_at_colons(text)
    };
    parts.into_iter().map(str::trim).filter(|part| !part.is_empty()).collect()
}

/// Splits at colons and blanks outside brackets.
fn split_at_colons(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut start, mut inside) = (0, false);
    for (at, c) in text.char_indices() {
        match c {
            '[' if !inside && text.get(at..).is_some_and(|rest| rest.contains(']')) => inside = true,
            ']' => inside = false,
            c if !inside && (c == ':' || c.is_whitespace()) => {
                parts.extend(text.get(start..at));
                start = at + c.len_utf8();
            }
            _ => {}
        }
    }
    parts.extend(text.get(start..));
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_split_at_commas_or_colons() {
        let cases: [(&str, &[&str]); 8] = [
            ("a,b[1], c[2:3] , d", &["a", "b[1]", "c[2:3]", "d"]),
            ("web:&prod:!web1", &["web", "&prod", "!web1"]),
            ("web[0:2]:db", &["web[0:2]", "db"]),
            ("2001:db8::1", &["2001:db8::1"]),
            ("web:22", &["web:22"]),
            ("all", &["all"]),
            ("~(a|b)\\d+:!c", &["~(a|b)\\d+", "!c"]),
            ("", &[]),
        ];
        for (text, expected) in cases {
            assert_eq!(split_list(text), expected, "{text}");
        }
    }

    #[test]
    fn subscripts_are_recognised() {
        let cases = [
            ("web[0]", ("web", Some(Subscript::Index(0)))),
            ("web[-1]", ("web", Some(Subscript::Index(-1)))),
            ("web[1:3]", ("web", Some(Subscript::Range(1, Some(3))))),
            ("web[1:]", ("web", Some(Subscript::Range(1, None)))),
            ("web*[2]", ("web*", Some(Subscript::Index(2)))),
            ("web[ab]", ("web[ab]", None)),
            ("web[-]", ("web[-]", None)),
            ("[1]", ("[1]", None)),
        ];
        for (text, expected) in cases {
            assert_eq!(split_subscript(text), expected, "{text}");
        }
    }
}
