//! Arrows between the folders of `src/` point only downwards, files stay small, and `mod.rs` only declares.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The table of ARCHITECTURE.md: each folder with the folders that it may import.
fn layers() -> BTreeMap<String, Vec<String>> {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("ARCHITECTURE.md")).unwrap();
    let rows = page.lines().filter_map(|line| {
        let mut cells = line.strip_prefix("| `")?.split('|');
        let folder = cells.next()?.trim().strip_suffix("/`")?.to_owned();
        let imports = cells.nth(1)?.split(',').map(|name| name.trim().to_owned()).filter(|name| name != "-").collect();
        Some((folder, imports))
    });
    let layers: BTreeMap<String, Vec<String>> = rows.collect();
    assert!(layers.len() > 10, "the table of layers was not found");
    layers
}

/// Lines without tests that no file may pass.
const MAX_LINES: usize = 500;

fn sources() -> Vec<(PathBuf, String)> {
    fn walk(dir: &Path, out: &mut Vec<(PathBuf, String)>) {
        let mut entries: Vec<_> = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect();
        entries.sort();
        for path in entries {
            if path.is_dir() {
                walk(&path, out);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                out.push((path, text));
            }
        }
    }
    let mut out = Vec::new();
    walk(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut out);
    out
}

fn layer(path: &Path) -> Option<String> {
    let inside = path.strip_prefix(Path::new(env!("CARGO_MANIFEST_DIR")).join("src")).unwrap();
    (inside.components().count() > 1)
        .then(|| inside.components().next().unwrap().as_os_str().to_str().unwrap().to_owned())
}

/// The lines before the test module.
fn production(text: &str) -> impl Iterator<Item = &str> {
    text.lines().take_while(|line| line.trim() != "#[cfg(test)]")
}

#[test]
fn imports_point_down() {
    let layers = layers();
    let mut wrong = Vec::new();
    for (path, text) in sources() {
        let Some(own) = layer(&path) else { continue };
        let allowed = layers.get(&own).unwrap_or_else(|| panic!("src/{own} is not in the table of layers"));
        for (number, line) in production(&text).enumerate() {
            if line.trim_start().starts_with("//") {
                continue;
            }
            for (at, _) in line.match_indices("crate::") {
                let rest = &line[at + "crate::".len()..];
                let names: Vec<&str> = match rest.strip_prefix('{') {
                    Some(group) => group.split(',').map(|part| part.trim().split("::").next().unwrap()).collect(),
                    None => vec![rest.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap()],
                };
                for name in names {
                    if layers.contains_key(name) && name != own && !allowed.iter().any(|one| one == name) {
                        wrong.push(format!("{}:{}: {own} imports {name}", path.display(), number + 1));
                    }
                }
            }
        }
        // the sandbox answers the contract from its own model; it must never lean on the client
        if own == "sandbox" {
            for (number, line) in production(&text).enumerate() {
                if line.contains("crate::quay::") && !line.contains("crate::quay::contract") {
                    wrong.push(format!("{}:{}: sandbox imports more than quay::contract", path.display(), number + 1));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "upward imports:\n{}", wrong.join("\n"));
}

#[test]
fn files_fit_in_the_head() {
    let mut wrong = Vec::new();
    for (path, text) in sources() {
        let lines = production(&text).count();
        if lines > MAX_LINES {
            wrong.push(format!("{}: {lines} lines", path.display()));
        }
        if path.file_name().is_some_and(|name| name == "mod.rs") {
            for line in production(&text) {
                let code = line.split("//").next().unwrap().trim();
                if code.starts_with("fn ") || code.contains(" fn ") || code.starts_with("impl") {
                    wrong.push(format!("{}: mod.rs only declares, found `{code}`", path.display()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
