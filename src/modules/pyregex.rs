//! Python's regular expressions for modules, with what `re.sub` and `Match.expand` do to a replacement.

use crate::modules::error::ModuleError;
use crate::template::{Flags, Regex};

/// A compiled pattern of Python's `re`.
pub(in crate::modules) struct PyRegex {
    regex: Regex,
    pattern: String,
}

/// Where a pattern matched, with its groups.
pub(in crate::modules) type Captures<'t> = fancy_regex::Captures<'t, str>;

impl PyRegex {
    /// Compiles a pattern without flags.
    pub(in crate::modules) fn new(pattern: &str) -> Result<Self, ModuleError> {
        Self::with_flags(pattern, Flags::default())
    }

    /// Compiles a pattern with `re.MULTILINE` or `re.DOTALL`.
    pub(in crate::modules) fn with_flags(pattern: &str, flags: Flags) -> Result<Self, ModuleError> {
        match Regex::new(pattern, flags) {
            Ok(regex) => Ok(Self { regex, pattern: pattern.to_owned() }),
            Err(_) => Err(ModuleError::new(format!("`{pattern}` is no valid regular expression"))),
        }
    }

    /// `re.search`.
    pub(in crate::modules) fn search<'t>(&self, text: &'t str) -> Result<Option<Captures<'t>>, ModuleError> {
        self.regex.0.captures(text).map_err(|error| self.too_hard(error))
    }

    /// `re.match`: at the start of the text.
    pub(in crate::modules) fn matches_start(&self, text: &str) -> Result<bool, ModuleError> {
        let found = self.regex.0.find(text).map_err(|error| self.too_hard(error))?;
        Ok(found.is_some_and(|found| found.start() == 0))
    }

    /// `re.subn`: the text with every match replaced, and how many there were.
    pub(in crate::modules) fn replace_all(
        &self,
        text: &str,
        replacement: &str,
    ) -> Result<(String, usize), ModuleError> {
        let mut out = String::new();
        let (mut count, mut done) = (0, 0);
        for captures in self.regex.0.captures_iter(text) {
            let captures = captures.map_err(|error| self.too_hard(error))?;
            let Some(whole) = captures.get(0) else { continue };
            out.push_str(text.get(done..whole.start()).unwrap_or_default());
            expand(&captures, replacement, &mut out)?;
            done = whole.end();
            count += 1;
        }
        out.push_str(text.get(done..).unwrap_or_default());
        Ok((out, count))
    }

    /// The names of its groups.
    pub(in crate::modules) fn names(&self) -> impl Iterator<Item = &str> {
        self.regex.0.capture_names().flatten()
    }

    fn too_hard(&self, error: fancy_regex::Error) -> ModuleError {
        ModuleError::because(format!("the regular expression `{}` cannot be applied", self.pattern), error)
    }
}

/// `Match.expand`: the replacement with `\1`, `\g<name>` and escapes such as `\n` filled in.
pub(in crate::modules) fn expand(
    captures: &Captures<'_>,
    replacement: &str,
    out: &mut String,
) -> Result<(), ModuleError> {
    let group = |name: &str| -> Result<&str, ModuleError> {
        let unknown = || ModuleError::new(format!("the replacement names a group `{name}` that the pattern has not"));
        match name.parse::<usize>() {
            Ok(number) if number >= captures.len() => Err(unknown()),
            Ok(number) => Ok(captures.get(number).map_or("", |found| found.as_str())),
            Err(_) => captures.name(name).map(|found| found.as_str()).ok_or_else(unknown),
        }
    };
    let mut rest = replacement;
    while let Some(at) = rest.find('\\') {
        out.push_str(rest.get(..at).unwrap_or_default());
        rest = rest.get(at + 1..).unwrap_or_default();
        let Some(c) = rest.chars().next() else {
            return Err(ModuleError::new("the replacement ends with a backslash"));
        };
        if let Some(name) = rest.strip_prefix("g<") {
            let end = name.find('>').ok_or_else(|| ModuleError::new("`\\g<` in the replacement has no `>`"))?;
            out.push_str(group(name.get(..end).unwrap_or_default())?);
            rest = name.get(end + 1..).unwrap_or_default();
            continue;
        }
        let mut taken = c.len_utf8();
        match c {
            '1'..='9' => {
                // two digits are a group too
                let more = rest.chars().nth(1).is_some_and(|c| c.is_ascii_digit());
                taken += usize::from(more);
                out.push_str(group(rest.get(..taken).unwrap_or_default())?);
            }
            '0' => out.push('\0'),
            'n' => out.push('\n'),
            't' => out.push('\t'),
            'r' => out.push('\r'),
            'a' => out.push('\x07'),
            'b' => out.push('\x08'),
            'f' => out.push('\x0c'),
            'v' => out.push('\x0b'),
            '\\' => out.push('\\'),
            c if c.is_ascii_alphabetic() => {
                return Err(ModuleError::new(format!("bad escape `\\{c}` in the replacement")));
            }
            c => out.extend(['\\', c]),
        }
        rest = rest.get(taken..).unwrap_or_default();
    }
    out.push_str(rest);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replacements_are_pythons() {
        let regex = PyRegex::new(r"(?P<key>\w+)=(\w*)").unwrap();
        let (text, count) = regex.replace_all("a=1 b=2", r"\g<key>: \2\\\n").unwrap();
        assert_eq!((text.as_str(), count), ("a: 1\\\n b: 2\\\n", 2));
        assert!(regex.replace_all("a=1", r"\3").is_err());
        assert!(regex.replace_all("a=1", r"\q").is_err());
        assert_eq!(PyRegex::new("x*").unwrap().replace_all("abc", "-").unwrap().0, "-a-b-c-");
    }

    #[test]
    fn a_match_stands_at_the_start() {
        assert!(PyRegex::new("b").unwrap().matches_start("bc").unwrap());
        assert!(!PyRegex::new("c").unwrap().matches_start("bc").unwrap());
    }
}
