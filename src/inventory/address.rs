//! Host names with ports and ranges: `web[01:50:2].example.com:2222`.

use std::net::Ipv6Addr;

/// What is wrong with a range.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum RangeError {
    #[error("a host range is `[begin:end]` or `[begin:end:step]`")]
    Shape,
    #[error("a host range needs an end")]
    NoEnd,
    #[error("begin and end of a host range with leading zeros must have the same length")]
    Width,
    #[error("the begin of a host range must not come after its end")]
    Order,
    #[error("`{0}` is neither a number nor a letter")]
    Bound(String),
    #[error("the step of a host range must be a whole number above 0")]
    Step,
    #[error("the host ranges make more than {MAX_HOSTS} hosts")]
    TooMany,
    #[error("the host ranges make long names in great number")]
    TooLong,
}

/// More hosts than this from one line are a mistake.
const MAX_HOSTS: usize = 500_000;
/// All names from one line together are no longer than this.
const MAX_BYTES: usize = 64 << 20;

/// Splits a port off a host pattern: `name:22`, `[::1]:22`, `web[1:3]:22`. What is no host pattern at all keeps its colon.
pub(super) fn split_port(pattern: &str) -> (&str, Option<u16>) {
    match parse(pattern) {
        Some((host, port)) => (host, port),
        None => (pattern, None),
    }
}

/// A host identifier with an optional port; `None` where the text is neither a host name nor an address.
pub(super) fn parse(text: &str) -> Option<(&str, Option<u16>)> {
    let (mut host, mut port) = (text, None);
    if let Some((inner, digits)) = text.strip_prefix('[').and_then(|rest| rest.rsplit_once("]:"))
        && !inner.is_empty()
        && let Some(number) = read_port(digits)
    {
        (host, port) = (inner, Some(number));
    } else if let Some((before, digits)) = text.rsplit_once(':')
        && colon_outside_brackets(before) == Some(false)
        && let Some(number) = read_port(digits)
    {
        (host, port) = (before, Some(number));
    }
    (is_host_name(host) || is_ipv6(host)).then_some((host, port))
}

fn read_port(digits: &str) -> Option<u16> {
    digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse().ok()).flatten()
}

/// Whether a colon stands outside brackets; `None` where brackets do not match.
fn colon_outside_brackets(text: &str) -> Option<bool> {
    let (mut inside, mut colon) = (false, false);
    for c in text.chars() {
        match c {
            '[' if !inside => inside = true,
            ']' if inside => inside = false,
            ']' => return None,
            ':' if !inside => colon = true,
            _ => {}
        }
    }
    (!inside).then_some(colon)
}

/// Labels of word characters, `-` and ranges, joined with dots; no label ends in `-` or `_`, none starts with `-`.
fn is_host_name(text: &str) -> bool {
    let mut rest = text;
    let mut last: Option<char> = None;
    while let Some(c) = rest.chars().next() {
        let at_start = last.is_none_or(|last| last == '.');
        if c == '[' {
            let Some((range, after)) = rest.get(1..).and_then(|inner| inner.split_once(']')) else { return false };
            if !is_range(range) {
                return false;
            }
            (rest, last) = (after, Some(']'));
            continue;
        }
        let fits = match c {
            '.' => !at_start && !matches!(last, Some('-' | '_')),
            '-' => !at_start,
            c => c.is_alphanumeric() || c == '_',
        };
        if !fits {
            return false;
        }
        last = Some(c);
        rest = rest.get(c.len_utf8()..).unwrap_or_default();
    }
    last.is_some_and(|last| !matches!(last, '-' | '_' | '.'))
}

fn is_range(text: &str) -> bool {
    let parts: Vec<&str> = text.split(':').collect();
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    let letter = |part: &str| part.len() == 1 && part.bytes().all(|b| b.is_ascii_alphabetic());
    match parts.as_slice() {
        [begin, end] => digits(begin) && digits(end) || letter(begin) && letter(end),
        [begin, end, step] => (digits(begin) && digits(end) || letter(begin) && letter(end)) && digits(step),
        _ => false,
    }
}

/// An IPv6 address, in which a range may stand for each number.
fn is_ipv6(text: &str) -> bool {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('[') {
        let Some((range, after)) = after.split_once(']') else { return false };
        let hex = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_hexdigit());
        if !(2..=3).contains(&range.split(':').count()) || !range.split(':').all(hex) {
            return false;
        }
        plain.push_str(before);
        plain.push('0');
        rest = after;
    }
    plain.push_str(rest);
    plain.parse::<Ipv6Addr>().is_ok()
}

/// The host names that a pattern with ranges stands for, in order; one without ranges stands for itself. How many there are is
/// known before the first is made.
pub(super) fn expand(pattern: &str) -> Result<Vec<String>, RangeError> {
    let mut parts: Vec<Vec<String>> = Vec::new();
    let mut rest = pattern;
    let mut hosts = 1_usize;
    while let Some((head, inner)) = rest.split_once('[') {
        let (range, tail) = inner.split_once(']').ok_or(RangeError::Shape)?;
        let members = members(range)?;
        hosts = hosts.saturating_mul(members.len());
        if hosts > MAX_HOSTS {
            return Err(RangeError::TooMany);
        }
        if hosts > 0 {
            parts.push(vec![head.to_owned()]);
            parts.push(members);
        }
        rest = tail;
    }
    if hosts == 0 {
        return Ok(Vec::new());
    }
    parts.push(vec![rest.to_owned()]);
    let longest: usize = parts.iter().map(|part| part.iter().map(String::len).max().unwrap_or_default()).sum();
    if hosts.saturating_mul(longest) > MAX_BYTES {
        return Err(RangeError::TooLong);
    }
    let mut names = vec![String::with_capacity(longest)];
    for part in parts {
        names = names.iter().flat_map(|name| part.iter().map(move |member| format!("{name}{member}"))).collect();
    }
    Ok(names)
}

fn members(range: &str) -> Result<Vec<String>, RangeError> {
    let bounds: Vec<&str> = range.split(':').collect();
    let (begin, end, step) = match bounds.as_slice() {
        [begin, end] => (*begin, *end, "1"),
        [begin, end, step] => (*begin, *end, *step),
        _ => return Err(RangeError::Shape),
    };
    let begin = if begin.is_empty() { "0" } else { begin };
    if end.is_empty() {
        return Err(RangeError::NoEnd);
    }
    let width = if begin.starts_with('0') && begin.len() > 1 { begin.len() } else { 0 };
    if width > 0 && width != end.len() {
        return Err(RangeError::Width);
    }
    let step = step.parse::<usize>().ok().filter(|step| *step > 0).ok_or(RangeError::Step)?;
    if let (Some(begin), Some(end)) = (letter_index(begin), letter_index(end)) {
        if begin > end {
            return Err(RangeError::Order);
        }
        return Ok((begin..=end).step_by(step).filter_map(letter).map(String::from).collect());
    }
    let number = |text: &str| text.parse::<u64>().map_err(|_| RangeError::Bound(text.to_owned()));
    let (begin, end) = (number(begin)?, number(end)?);
    if end.saturating_sub(begin) / step as u64 >= MAX_HOSTS as u64 {
        return Err(RangeError::TooMany);
    }
    Ok((begin..=end).step_by(step).map(|number| format!("{number:0width$}")).collect())
}

/// The position of a letter among `a` to `z`, `A` to `Z`, as Python orders them.
fn letter_index(text: &str) -> Option<u8> {
    match text.as_bytes() {
        [c @ b'a'..=b'z'] => Some(c - b'a'),
        [c @ b'A'..=b'Z'] => Some(c - b'A' + 26),
        _ => None,
    }
}

fn letter(index: u8) -> Option<char> {
    match index {
        0..26 => Some(char::from(b'a' + index)),
        26..52 => Some(char::from(b'A' + index - 26)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_split_off_hosts_and_addresses() {
        let cases = [
            ("web", ("web", None)),
            ("web:22", ("web", Some(22))),
            ("web[1:3]:22", ("web[1:3]", Some(22))),
            ("10.0.0.1:2222", ("10.0.0.1", Some(2222))),
            ("::1", ("::1", None)),
            ("[::1]:22", ("::1", Some(22))),
            ("[2001:db8::1]:22", ("2001:db8::1", Some(22))),
            ("2001:db8::1:22", ("2001:db8::1:22", None)),
            ("2001:db8::[1:3]", ("2001:db8::[1:3]", None)),
            ("a_b.c-d:1", ("a_b.c-d", Some(1))),
            ("odd-:22", ("odd-:22", None)),
            ("web:", ("web:", None)),
            ("web:99999", ("web:99999", None)),
            ("ü.example:1", ("ü.example", Some(1))),
        ];
        for (text, expected) in cases {
            assert_eq!(split_port(text), expected, "{text}");
        }
    }

    #[test]
    fn ranges_expand() {
        let cases: [(&str, &[&str]); 8] = [
            ("web", &["web"]),
            ("web[1:3]", &["web1", "web2", "web3"]),
            ("web[08:10].x", &["web08.x", "web09.x", "web10.x"]),
            ("web[01:06:2]", &["web01", "web03", "web05"]),
            ("db-[a:c]", &["db-a", "db-b", "db-c"]),
            ("n[:1][y:z]", &["n0y", "n0z", "n1y", "n1z"]),
            ("n[3:1]", &[]),
            ("n[1:9][3:1][1:9]", &[]),
        ];
        for (pattern, expected) in cases {
            assert_eq!(expand(pattern).unwrap(), expected, "{pattern}");
        }
    }

    #[test]
    fn wrong_ranges_say_why() {
        let cases = [
            ("w[1]", RangeError::Shape),
            ("w[1:2", RangeError::Shape),
            ("w[1:]", RangeError::NoEnd),
            ("w[01:100]", RangeError::Width),
            ("w[c:a]", RangeError::Order),
            ("w[1:x]", RangeError::Bound("x".to_owned())),
            ("w[1:9:0]", RangeError::Step),
            ("w[1:99999999]", RangeError::TooMany),
            ("w[1:1000][1:1000][1:1000]", RangeError::TooMany),
        ];
        for (pattern, expected) in cases {
            assert_eq!(expand(pattern), Err(expected), "{pattern}");
        }
        let long = format!("{}[a:z][a:z][a:z]", "x".repeat(10_000));
        assert_eq!(expand(&long), Err(RangeError::TooLong));
        let none = format!("w{}[9:1]", "[01:99]".repeat(20));
        assert_eq!(expand(&none), Err(RangeError::TooMany));
    }
}
