//! Shell patterns as Python's `fnmatch` reads them: `*`, `?`, `[abc]`, `[!a-z]`; case counts.

/// A pattern ready to match.
#[derive(Clone, Debug)]
pub(super) struct Glob {
    parts: Vec<Part>,
}

#[derive(Clone, Debug)]
enum Part {
    Char(char),
    Any,
    Many,
    Class { negated: bool, ranges: Vec<(char, char)> },
}

impl Glob {
    /// Reads a pattern; every text is one (an unclosed `[` means itself).
    pub(super) fn new(pattern: &str) -> Self {
        let mut parts = Vec::new();
        let mut rest = pattern;
        while let Some(c) = rest.chars().next() {
            rest = rest.get(c.len_utf8()..).unwrap_or_default();
            match c {
                '*' => parts.push(Part::Many),
                '?' => parts.push(Part::Any),
                '[' => match class(rest) {
                    Some((part, after)) => {
                        parts.push(part);
                        rest = after;
                    }
                    None => parts.push(Part::Char('[')),
                },
                c => parts.push(Part::Char(c)),
            }
        }
        Self { parts }
    }

    /// The text that the pattern stands for, where it has no wildcard.
    pub(super) fn literal(&self) -> Option<String> {
        self.parts.iter().map(|part| if let Part::Char(c) = part { Some(*c) } else { None }).collect()
    }

    /// Whether it matches a whole text.
    pub(super) fn matches(&self, text: &str) -> bool {
        let chars: Vec<char> = text.chars().collect();
        let (mut part, mut at) = (0, 0);
        let mut star: Option<(usize, usize)> = None;
        // on a mismatch the last star takes one more character, so the work is at most parts times characters
        while at < chars.len() || part < self.parts.len() {
            match (self.parts.get(part), chars.get(at)) {
                (Some(Part::Many), _) => {
                    star = Some((part, at));
                    part += 1;
                }
                (Some(single), Some(c)) if single.fits(*c) => {
                    part += 1;
                    at += 1;
                }
                _ => match star {
                    Some((star_part, star_at)) if star_at < chars.len() => {
                        star = Some((star_part, star_at + 1));
                        part = star_part + 1;
                        at = star_at + 1;
                    }
                    _ => return false,
                },
            }
        }
        true
    }
}

impl Part {
    fn fits(&self, c: char) -> bool {
        match self {
            Self::Char(own) => *own == c,
            Self::Any => true,
            Self::Many => false,
            Self::Class { negated, ranges } => ranges.iter().any(|(low, high)| (*low..=*high).contains(&c)) != *negated,
        }
    }
}

/// A class after its `[`, and the rest of the pattern.
fn class(rest: &str) -> Option<(Part, &str)> {
    let (negated, body) = match rest.strip_prefix('!') {
        Some(body) => (true, body),
        None => (false, rest),
    };
    // a `]` right at the start is a member
    let first = body.chars().next()?.len_utf8();
    let close = first + body.get(first..)?.find(']')?;
    let (members, after) = (body.get(..close)?, body.get(close + 1..)?);
    let mut ranges = Vec::new();
    let mut chars = members.chars().peekable();
    while let Some(low) = chars.next() {
        let mut ahead = chars.clone();
        match (ahead.next(), ahead.next()) {
            (Some('-'), Some(high)) => {
                ranges.push((low, high));
                chars = ahead;
            }
            _ => ranges.push((low, low)),
        }
    }
    Some((Part::Class { negated, ranges }, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_as_in_python() {
        let cases = [
            ("web*", "web1", true),
            ("web*", "aweb", false),
            ("*.example.com", "a.b.example.com", true),
            ("w?b", "wéb", true),
            ("w?b", "wb", false),
            ("web[12]", "web2", true),
            ("web[!12]", "web2", false),
            ("web[a-c]", "webb", true),
            ("web[]x]", "web]", true),
            ("web[", "web[", true),
            ("*a*b*c*", "xxaxxbxxc", true),
            ("*a*b*c*", "xxaxxcxxb", false),
            ("", "", true),
            ("*", "", true),
        ];
        for (pattern, text, expected) in cases {
            assert_eq!(Glob::new(pattern).matches(text), expected, "{pattern} {text}");
        }
    }
}
