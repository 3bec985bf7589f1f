//! Paths as options write them.

use std::path::{Component, Path, PathBuf};

use crate::modules::context::Ctx;

impl Ctx {
    /// The path that an option means: `~` and `$VARIABLE` replaced, a relative one taken from the working folder.
    pub fn resolve(&self, path: &str) -> PathBuf {
        self.working_dir.join(self.expand(path))
    }

    /// The text with a leading `~` or `~user` and every `$VARIABLE` or `${VARIABLE}` replaced; what is not known stays.
    pub fn expand(&self, text: &str) -> String {
        let with_variables = expand_variables(text, &|name| self.variable(name));
        self.expand_home(&with_variables)
    }

    /// An environment variable as the task's commands would see it.
    pub fn variable(&self, name: &str) -> Option<String> {
        self.environment.get(name).or_else(|| self.services.environment().get(name)).cloned()
    }

    fn expand_home(&self, text: &str) -> String {
        let Some(rest) = text.strip_prefix('~') else { return text.to_owned() };
        let (name, rest) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let home = if name.is_empty() {
            self.variable("HOME")
                .or_else(|| self.user_of(rustix::process::getuid().as_raw()).ok().flatten().map(|user| user.home))
        } else {
            self.user(name).ok().flatten().map(|user| user.home)
        };
        match home {
            Some(home) => format!("{}{rest}", home.trim_end_matches('/')),
            None => text.to_owned(),
        }
    }
}

fn expand_variables(text: &str, lookup: &dyn Fn(&str) -> Option<String>) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        out.push_str(rest.get(..at).unwrap_or_default());
        let after = rest.get(at + 1..).unwrap_or_default();
        let (name, taken) = if let Some(inner) = after.strip_prefix('{') {
            match inner.find('}') {
                Some(end) => (inner.get(..end).unwrap_or_default(), end + 2),
                None => ("", 0),
            }
        } else {
            let end = after.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(after.len());
            (after.get(..end).unwrap_or_default(), end)
        };
        match lookup(name).filter(|_| !name.is_empty()) {
            Some(value) => out.push_str(&value),
            None => out.push_str(rest.get(at..=at + taken).unwrap_or_default()),
        }
        rest = after.get(taken..).unwrap_or_default();
    }
    out.push_str(rest);
    out
}

/// The path without `.` and `..` parts, resolved by text alone.
#[must_use]
pub fn normalized(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                out.pop();
            }
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::modules::testing::with_ctx;

    #[test]
    fn home_variables_and_relative_paths() {
        with_ctx(|ctx| {
            ctx.working_dir = PathBuf::from("/play");
            ctx.environment.insert("HOME".into(), "/home/me".into());
            ctx.environment.insert("APP".into(), "quay".into());
            assert_eq!(ctx.resolve("~/x"), Path::new("/home/me/x"));
            assert_eq!(ctx.resolve("etc/${APP}.d/$APP-$NONE"), Path::new("/play/etc/quay.d/quay-$NONE"));
            assert_eq!(ctx.expand("~root"), "/root");
            assert_eq!(ctx.expand("a$"), "a$");
        });
    }
}
