//! `group_vars` and `host_vars`: files of variables beside an inventory or a playbook.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use crate::diag::{Diagnostic, Diagnostics, SourceMap};
use crate::value::{Map, Value};
use crate::vault::{VaultSecrets, read_document};

/// The endings of variables files, in the order in which they are looked for.
const ENDINGS: [&str; 3] = ["yml", "yaml", "json"];

/// Whose variables.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Entity {
    /// A group's, in `group_vars`.
    Group,
    /// A host's, in `host_vars`.
    Host,
}

impl Entity {
    fn folder(self) -> &'static str {
        match self {
            Self::Group => "group_vars",
            Self::Host => "host_vars",
        }
    }
}

/// The `group_vars` and `host_vars` of one folder. Files are read when their host or group is asked for, once.
#[derive(Debug)]
pub struct VarsFolder {
    path: PathBuf,
    sources: SourceMap,
    secrets: VaultSecrets,
    groups: HashSet<String>,
    hosts: HashSet<String>,
    read: Mutex<HashMap<(Entity, String), Arc<Map>>>,
}

impl VarsFolder {
    /// Looks into a folder. Files that are encrypted are opened with `secrets`.
    #[must_use]
    pub fn new(path: &Path, sources: &SourceMap, secrets: &VaultSecrets) -> Self {
        Self {
            path: path.to_owned(),
            sources: sources.clone(),
            secrets: secrets.clone(),
            groups: names(&path.join(Entity::Group.folder())),
            hosts: names(&path.join(Entity::Host.folder())),
            read: Mutex::default(),
        }
    }

    /// The folder.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The variables of a group or host, as written; empty where there are none.
    ///
    /// # Errors
    /// Where a file cannot be read or opened, is not YAML, or does not hold a mapping.
    pub fn variables(
        &self,
        entity: Entity,
        name: &str,
        warnings: &mut Diagnostics,
    ) -> Result<Arc<Map>, Box<Diagnostic>> {
        if !self.may_have(entity, name) {
            return Ok(Arc::default());
        }
        let key = (entity, name.to_owned());
        let known = self.read.lock().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
        if let Some(known) = known {
            return Ok(known);
        }
        let mut vars = Map::new();
        for file in self.files(entity, name) {
            vars.extend(self.file(&file, warnings)?);
        }
        let vars = Arc::new(vars);
        self.read.lock().unwrap_or_else(PoisonError::into_inner).insert(key, Arc::clone(&vars));
        Ok(vars)
    }

    /// Whether the listing has a file or folder for the name, so that thousands of hosts cost no system calls.
    fn may_have(&self, entity: Entity, name: &str) -> bool {
        let listed = match entity {
            Entity::Group => &self.groups,
            Entity::Host => &self.hosts,
        };
        if listed.is_empty() || name.starts_with('/') {
            return false;
        }
        name.contains('/')
            || listed.contains(name)
            || ENDINGS.iter().any(|ending| listed.contains(&format!("{name}.{ending}")))
    }

    /// The files for a name: a file, or all files of a folder, without an ending before those with one.
    fn files(&self, entity: Entity, name: &str) -> Vec<PathBuf> {
        let folder = self.path.join(entity.folder());
        let with_ending = ENDINGS.iter().map(|ending| folder.join(format!("{name}.{ending}")));
        let Some(found) = std::iter::once(folder.join(name)).chain(with_ending).find(|path| path.exists()) else {
            return Vec::new();
        };
        let mut files = Vec::new();
        if found.is_dir() {
            collect(&found, &mut files);
        } else {
            files.push(found);
        }
        files
    }

    fn file(&self, path: &Path, warnings: &mut Diagnostics) -> Result<Map, Box<Diagnostic>> {
        let name = path.display().to_string();
        let text = fs::read_to_string(path).map_err(|error| {
            Box::new(Diagnostic::error("vars-file", format!("cannot read the variables in `{name}`: {error}")))
        })?;
        let node = read_document(&self.sources, &name, &text, &self.secrets, warnings)?;
        match node.to_value() {
            Value::Map(map) => Ok(Arc::unwrap_or_clone(map)),
            Value::Null => Ok(Map::new()),
            other => Err(Box::new(
                Diagnostic::error(
                    "vars-file",
                    format!("a variables file holds a mapping, not a {}", other.type_name()),
                )
                .at(node.span)
                .help("write `name: value` lines"),
            )),
        }
    }
}

fn names(folder: &Path) -> HashSet<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().into_string().ok()).collect()
}

/// The variables files of a folder and the folders in it, sorted; hidden files, backups and other endings are passed over.
fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> =
        fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    entries.sort();
    for path in entries {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if name.starts_with('.') || name.ends_with('~') {
            continue;
        }
        let ending = path.extension().and_then(|ending| ending.to_str());
        if path.is_dir() {
            if ending.is_none() {
                collect(&path, files);
            }
        } else if ending.is_none_or(|ending| ENDINGS.contains(&ending)) {
            files.push(path);
        }
    }
}
