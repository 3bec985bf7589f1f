//! Paths by their text alone.

use std::path::{Component, Path, PathBuf};

/// The path without `.` and with `..` taken literally, as Ansible tidies paths. Links are not followed.
#[must_use]
pub fn clean(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => match out.components().next_back() {
                Some(Component::Normal(_)) => {
                    out.pop();
                }
                Some(Component::RootDir) => {}
                _ => out.push(".."),
            },
            other => out.push(other),
        }
    }
    if out.as_os_str().is_empty() {
        out.push(".");
    }
    out
}

/// The path from the root, cleaned; one that cannot be made absolute stays as it is.
#[must_use]
pub fn absolute(path: &Path) -> PathBuf {
    clean(&std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf()))
}

/// `name` as seen from the folder `dir`.
#[must_use]
pub fn resolve(dir: &Path, name: &str) -> PathBuf {
    clean(&dir.join(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dots_are_taken_literally() {
        assert_eq!(resolve(Path::new("a/b"), "../c/./d"), Path::new("a/c/d"));
        assert_eq!(resolve(Path::new("."), "site.yml"), Path::new("site.yml"));
        assert_eq!(resolve(Path::new("a"), "../.."), Path::new(".."));
        assert_eq!(resolve(Path::new("/"), "../x"), Path::new("/x"));
        assert_eq!(resolve(Path::new("a"), "/x"), Path::new("/x"));
    }
}
