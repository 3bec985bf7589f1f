//! Shell patterns on the file system, as Python's `glob.glob` has them.

use std::path::{Path, PathBuf};

use globset::GlobBuilder;

/// The paths that match a pattern, sorted; a path without magic in it matches itself when it exists, even as a dangling link.
#[must_use]
pub fn glob(pattern: &Path) -> Vec<PathBuf> {
    let text = pattern.to_string_lossy();
    if !text.contains(['*', '?', '[']) {
        return if pattern.symlink_metadata().is_ok() { vec![pattern.to_owned()] } else { Vec::new() };
    }
    let mut found = vec![PathBuf::new()];
    for part in pattern.components() {
        let part = part.as_os_str().to_string_lossy();
        found = if part.contains(['*', '?', '[']) {
            found.iter().flat_map(|folder| matching(folder, &part)).collect()
        } else {
            found.into_iter().map(|folder| folder.join(&*part)).filter(|path| path.symlink_metadata().is_ok()).collect()
        };
    }
    found.sort();
    found
}

fn matching(folder: &Path, pattern: &str) -> Vec<PathBuf> {
    // braces mean nothing to Python's glob
    let pattern = pattern.replace('{', "[{]").replace('}', "[}]");
    let Ok(glob) = GlobBuilder::new(&pattern).literal_separator(true).backslash_escape(false).build() else {
        return Vec::new();
    };
    let matcher = glob.compile_matcher();
    let read = if folder.as_os_str().is_empty() { Path::new(".").read_dir() } else { folder.read_dir() };
    let Ok(entries) = read else { return Vec::new() };
    entries
        .flatten()
        .map(|entry| entry.file_name())
        .filter(|name| {
            // hidden files match only a pattern that begins with a dot too
            let hidden = name.to_string_lossy().starts_with('.') && !pattern.starts_with('.');
            !hidden && matcher.is_match(Path::new(name))
        })
        .map(|name| folder.join(name))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_in_every_part_of_a_path() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["a1/x.conf", "a2/y.conf", "a2/.z.conf", "b/x.conf"] {
            let path = dir.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "").unwrap();
        }
        let names = |pattern: &str| -> Vec<String> {
            glob(&dir.path().join(pattern))
                .iter()
                .map(|path| path.strip_prefix(dir.path()).unwrap().display().to_string())
                .collect()
        };
        assert_eq!(names("a?/*.conf"), ["a1/x.conf", "a2/y.conf"]);
        assert_eq!(names("[b]/x.conf"), ["b/x.conf"]);
        assert_eq!(names("b/x.conf"), ["b/x.conf"]);
        assert!(names("c/*").is_empty());
    }
}
