//! `ansible.cfg` as Python's `configparser` reads it, with `;` comments behind values.

use std::collections::HashMap;

/// Values by section and key, keys in lower case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Ini {
    values: HashMap<(String, String), String>,
}

impl Ini {
    /// Reads a file's text; the error names the line.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let mut ini = Self::default();
        let mut section: Option<String> = None;
        let mut last: Option<(String, String)> = None;
        for (number, raw) in text.lines().enumerate() {
            let line = without_comment(raw);
            let content = line.trim();
            if content.is_empty() {
                continue;
            }
            // a line that is moved in continues the value above
            if line.starts_with([' ', '\t'])
                && let Some(value) = last.as_ref().and_then(|key| ini.values.get_mut(key))
            {
                value.push('\n');
                value.push_str(content);
                continue;
            }
            if let Some(name) = content.strip_prefix('[').and_then(|rest| rest.split_once(']')).map(|(name, _)| name) {
                section = Some(name.to_owned());
                last = None;
                continue;
            }
            let Some(section) = &section else {
                return Err(format!("line {}: a setting outside of any section", number + 1));
            };
            let Some(at) = content.find(['=', ':']) else {
                return Err(format!("line {}: neither `key = value` nor a section", number + 1));
            };
            let (key, value) = content.split_at(at);
            let key = (section.clone(), key.trim().to_lowercase());
            let value = value.get(1..).unwrap_or_default().trim().to_owned();
            if ini.values.insert(key.clone(), value).is_some() {
                return Err(format!("line {}: `{}` is set twice in section [{section}]", number + 1, key.1));
            }
            last = Some(key);
        }
        Ok(ini)
    }

    /// A value.
    pub(super) fn get(&self, section: &str, key: &str) -> Option<&str> {
        self.values.get(&(section.to_owned(), key.to_owned())).map(String::as_str)
    }
}

fn without_comment(line: &str) -> &str {
    let trimmed = line.trim_start();
    if trimmed.starts_with(['#', ';']) {
        return "";
    }
    // behind a value only `;` begins a comment, and only after a blank
    let comment = line
        .match_indices(';')
        .find(|(at, _)| line.get(..*at).and_then(|before| before.chars().next_back()).is_some_and(char::is_whitespace));
    comment.and_then(|(at, _)| line.get(..at)).unwrap_or(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_comments_and_continuations() {
        let ini = Ini::parse(
            "# head\n[defaults]\nForks = 7 ; seven\nroles_path: a:\n   b\n; no\npass = x;y # z\n[tags]\nrun = a,b\n",
        )
        .unwrap();
        assert_eq!(ini.get("defaults", "forks"), Some("7"));
        assert_eq!(ini.get("defaults", "roles_path"), Some("a:\nb"));
        assert_eq!(ini.get("defaults", "pass"), Some("x;y # z"));
        assert_eq!(ini.get("tags", "run"), Some("a,b"));
        assert_eq!(ini.get("tags", "skip"), None);
        for (text, told) in [("a = 1\n", "line 1"), ("[d]\nx\n", "line 2"), ("[d]\na=1\nA=2\n", "`a` is set twice")] {
            assert!(Ini::parse(text).unwrap_err().contains(told));
        }
    }
}
