//! Small readings of `/proc`, `/sys` and `/etc`.

use std::fs;
use std::path::{Path, PathBuf};

/// A file's text without blanks around it; `None` where it cannot be read or is empty. Many of these files exist only on
/// some hosts, so that a missing one is no error.
pub(super) fn file(path: &str) -> Option<String> {
    let bytes = fs::read(path).ok()?;
    let text = String::from_utf8_lossy(&bytes).trim().to_owned();
    (!text.is_empty()).then_some(text)
}

/// The number in a file.
pub(super) fn number(path: &Path) -> Option<i64> {
    file(&path.to_string_lossy())?.parse().ok()
}

/// The paths in a folder, sorted; none where there is no such folder.
pub(super) fn folder(path: &str) -> Vec<PathBuf> {
    let mut paths: Vec<_> =
        fs::read_dir(path).map(|entries| entries.flatten().map(|entry| entry.path()).collect()).unwrap_or_default();
    paths.sort();
    paths
}

/// The last part of a path as text.
pub(super) fn name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

/// The value of `KEY=value` in a file such as `os-release`, its quotes removed.
pub(super) fn assignment(text: &str, key: &str) -> Option<String> {
    let value = text.lines().find_map(|line| line.trim().strip_prefix(key)?.strip_prefix('='))?;
    let value = value.trim();
    let inner = ['"', '\''].iter().find_map(|quote| value.strip_prefix(*quote)?.strip_suffix(*quote));
    Some(inner.unwrap_or(value).to_owned())
}
