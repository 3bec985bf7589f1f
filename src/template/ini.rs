//! INI files as Python's `configparser` reads them.

use indexmap::IndexMap;

use crate::template::fault::{Fault, Outcome};

/// The section whose entries all others have too.
const DEFAULT: &str = "DEFAULT";
/// Deeper `%(name)s` are taken for a loop, as `configparser` takes them.
const DEEPEST: usize = 10;

/// A file's sections.
pub(crate) struct Ini {
    sections: IndexMap<String, IndexMap<String, Option<String>>>,
    case_sensitive: bool,
}

impl Ini {
    /// Reads a text. Keys are in small letters unless `case_sensitive`; keys without a value are an error unless
    /// `allow_none`.
    pub(crate) fn parse(text: &str, case_sensitive: bool, allow_none: bool) -> Outcome<Self> {
        let mut ini = Self { sections: IndexMap::new(), case_sensitive };
        let mut section: Option<String> = None;
        let mut key: Option<String> = None;
        for (number, line) in text.lines().enumerate() {
            let trimmed = line.trim();
            if trimmed.is_empty() || trimmed.starts_with(['#', ';']) {
                continue;
            }
            let indented = line.starts_with(char::is_whitespace);
            if indented
                && let (Some(section), Some(key)) = (&section, &key)
                && let Some(Some(value)) = ini.sections.get_mut(section).and_then(|keys| keys.get_mut(key))
            {
                value.push('\n');
                value.push_str(trimmed);
                continue;
            }
            if let Some(name) = trimmed.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
                ini.sections.entry(name.0.to_owned()).or_default();
                section = Some(name.0.to_owned());
                key = None;
                continue;
            }
            let Some(current) = &section else {
                return Err(Fault::new(format!("line {} stands before the first section", number + 1)));
            };
            let (name, value) = match trimmed.find(['=', ':']) {
                Some(at) => {
                    let (name, value) = trimmed.split_at(at);
                    (name.trim_end(), Some(value.get(1..).unwrap_or("").trim().to_owned()))
                }
                None if allow_none => (trimmed, None),
                None => return Err(Fault::new(format!("line {} is neither a section nor `key = value`", number + 1))),
            };
            let name = ini.name(name);
            ini.sections.entry(current.clone()).or_default().insert(name.clone(), value);
            key = Some(name);
        }
        Ok(ini)
    }

    fn name(&self, name: &str) -> String {
        if self.case_sensitive { name.to_owned() } else { name.to_lowercase() }
    }

    pub(crate) fn has(&self, section: &str) -> bool {
        self.sections.contains_key(section)
    }

    pub(crate) fn sections(&self) -> impl Iterator<Item = &str> {
        self.sections.keys().map(String::as_str)
    }

    /// The keys of a section and of the defaults.
    pub(crate) fn keys(&self, section: &str) -> impl Iterator<Item = &str> {
        let own = self.sections.get(section);
        let defaults = self.sections.get(DEFAULT).filter(|_| section != DEFAULT);
        own.into_iter().chain(defaults).flat_map(IndexMap::keys).map(String::as_str)
    }

    /// A section with the defaults before its own entries.
    pub(crate) fn whole(&self, section: &str) -> impl Iterator<Item = (&str, &str)> {
        let own = self.sections.get(section);
        let defaults = self.sections.get(DEFAULT).filter(|_| section != DEFAULT);
        let merged: IndexMap<&str, &str> = defaults
            .into_iter()
            .chain(own)
            .flatten()
            .map(|(key, value)| (key.as_str(), value.as_deref().unwrap_or("")))
            .collect();
        merged.into_iter()
    }

    fn raw(&self, section: &str, name: &str) -> Option<&Option<String>> {
        let find = |section: &str| self.sections.get(section).and_then(|keys| keys.get(name));
        find(section).or_else(|| find(DEFAULT))
    }

    /// A value, with `%(name)s` replaced if asked for.
    pub(crate) fn get(&self, section: &str, name: &str, interpolation: bool) -> Outcome<Option<String>> {
        match self.raw(section, &self.name(name)) {
            None | Some(None) => Ok(None),
            Some(Some(value)) if interpolation => self.interpolated(section, value, 0).map(Some),
            Some(Some(value)) => Ok(Some(value.clone())),
        }
    }

    fn interpolated(&self, section: &str, value: &str, depth: usize) -> Outcome<String> {
        if depth > DEEPEST {
            return Err(Fault::new("values refer to each other too deeply"));
        }
        let mut out = String::with_capacity(value.len());
        let mut rest = value;
        while let Some((before, after)) = rest.split_once('%') {
            out.push_str(before);
            if let Some(after) = after.strip_prefix('%') {
                out.push('%');
                rest = after;
            } else if let Some((name, after)) = after.strip_prefix('(').and_then(|inner| inner.split_once(")s")) {
                match self.raw(section, &self.name(name)) {
                    Some(Some(inner)) => out.push_str(&self.interpolated(section, inner, depth + 1)?),
                    _ => return Err(Fault::new(format!("`%({name})s` names no key of the section"))),
                }
                rest = after;
            } else {
                return Err(Fault::new("'%' must be followed by '%' or '('")
                    .help(Some("`interpolation=false` takes values as they are".to_owned())));
            }
        }
        out.push_str(rest);
        Ok(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_those_of_configparser() {
        let text = "[DEFAULT]\nd=9\n[s two]\nA : %(b)s/x\nb=1\n  2\n;c\np=50%%\n";
        let ini = Ini::parse(text, false, false).unwrap();
        let get = |name: &str| ini.get("s two", name, true).unwrap();
        assert_eq!(get("a").as_deref(), Some("1\n2/x"));
        assert_eq!(get("D").as_deref(), Some("9"));
        assert_eq!(get("p").as_deref(), Some("50%"));
        assert_eq!(get("nope"), None);
        assert_eq!(ini.keys("s two").collect::<Vec<_>>(), ["a", "b", "p", "d"]);
        assert!(Ini::parse("[s]\nx\n", false, false).is_err());
        assert!(Ini::parse("x=1\n", false, false).is_err());
    }
}
