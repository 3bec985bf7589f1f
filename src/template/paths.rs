//! Paths on the controller.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::fault::{Fault, Outcome};

/// `os.path.normpath`.
pub(crate) fn normal(path: &str) -> String {
    let root = match path.bytes().take_while(|byte| *byte == b'/').count() {
        0 => "",
        2 => "//",
        _ => "/",
    };
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            ".." if !root.is_empty() => {}
            part => parts.push(part),
        }
    }
    let joined = format!("{root}{}", parts.join("/"));
    if joined.is_empty() { ".".to_owned() } else { joined }
}

/// `~` and `~/…` as the home folder of the user who runs the program; other users' stay as they are.
pub(crate) fn expand_user(path: &str, environment: &BTreeMap<String, String>) -> String {
    match (path.strip_prefix('~'), environment.get("HOME")) {
        (Some(rest), Some(home)) if rest.is_empty() || rest.starts_with('/') => {
            format!("{}{rest}", home.trim_end_matches('/'))
        }
        _ => path.to_owned(),
    }
}

/// The plain files that match a pattern, sorted by name. Wildcards may stand in any part of the path.
pub(crate) fn glob(pattern: &Path) -> Outcome<Vec<PathBuf>> {
    let mut found = vec![if pattern.is_absolute() { PathBuf::from("/") } else { PathBuf::new() }];
    for part in pattern.components() {
        let std::path::Component::Normal(part) = part else {
            if !matches!(part, std::path::Component::RootDir) {
                found = found.into_iter().map(|path| path.join(part)).collect();
            }
            continue;
        };
        let text = part.to_string_lossy();
        if !text.contains(['*', '?', '[']) {
            found =
                found.into_iter().map(|path| path.join(part)).filter(|path| path.symlink_metadata().is_ok()).collect();
            continue;
        }
        let matcher = globset::GlobBuilder::new(&text)
            .literal_separator(true)
            .backslash_escape(false)
            .build()
            .map_err(|error| Fault::new(format!("`{text}` is no pattern: {}", error.kind())))?
            .compile_matcher();
        let mut next = Vec::new();
        for folder in found {
            let shown = if folder.as_os_str().is_empty() { Path::new(".") } else { &folder };
            // a folder that cannot be read holds nothing that can be found
            let Ok(entries) = std::fs::read_dir(shown) else { continue };
            for entry in entries.flatten() {
                let name = entry.file_name();
                let hidden = name.to_string_lossy().starts_with('.') && !text.starts_with('.');
                if !hidden && matcher.is_match(&name) {
                    next.push(folder.join(name));
                }
            }
        }
        found = next;
    }
    found.retain(|path| path.is_file());
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_made_normal() {
        assert_eq!(normal("/a/./b/../c//d"), "/a/c/d");
        assert_eq!(normal("../a/.."), "..");
        assert_eq!(normal(""), ".");
        assert_eq!(normal("/.."), "/");
    }

    #[test]
    fn wildcards_stand_in_any_part() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["a/x.yml", "a/y.yml", "b/x.yml", "b/.h.yml", "b/z.txt"] {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "").unwrap();
        }
        let found = |pattern: &str| -> Vec<String> {
            let found = glob(&folder.path().join(pattern)).unwrap();
            found.iter().map(|path| path.strip_prefix(folder.path()).unwrap().display().to_string()).collect()
        };
        assert_eq!(found("*/x.yml"), ["a/x.yml", "b/x.yml"]);
        assert_eq!(found("b/*.yml"), ["b/x.yml"]);
        assert_eq!(found("b/[!x]*"), ["b/z.txt"]);
        assert_eq!(found("*"), Vec::<String>::new());
    }
}
