//! Playbook files and `import_playbook`.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::context::{LoadContext, VarsRank};
use super::names;
use super::reader::{Reader, kind_of};
use super::role_files::split_collection;
use crate::diag::{Diagnostic, Span};
use crate::playbook::keywords::Keywords;
use crate::playbook::model::{Play, Playbook};
use crate::tree::{display_name, resolve};
use crate::value::Map;
use crate::yaml::{Entry, Node};

/// The ways of writing `import_playbook`.
const IMPORT: [&str; 3] = ["import_playbook", "ansible.builtin.import_playbook", "ansible.legacy.import_playbook"];

impl Reader<'_> {
    /// A playbook by path or full name.
    pub(super) fn playbook(&mut self, name: &str) -> Option<Playbook> {
        let path = self.playbook_path(name, Path::new("."), &LoadContext::new("."));
        if !self.loader.options.files.exists(&path) {
            let near = self.loader.similar_file(Path::new("."), name);
            self.problem(Diagnostic::error("missing-file", format!("there is no playbook `{name}`")).help_opt(near));
            return None;
        }
        let mut plays = Vec::new();
        self.plays_of(&path, None, &Keywords::default(), &mut plays)?;
        Some(Playbook { path, plays })
    }

    /// The path of a playbook as named: one in a collection, or a path seen from a folder.
    fn playbook_path(&self, name: &str, dir: &Path, context: &LoadContext) -> PathBuf {
        let files = &self.loader.options.files;
        let path = resolve(dir, name);
        if files.is_file(&path) {
            return path;
        }
        if let Some((collection, own)) = split_collection(name) {
            for folder in self.collection_folders(collection, context) {
                for ending in [".yml", ".yaml"] {
                    let candidate = folder.join("playbooks").join(format!("{}{ending}", own.replace('.', "/")));
                    if files.is_file(&candidate) {
                        return candidate;
                    }
                }
            }
        }
        path
    }

    /// The plays of a file. `outer` are the keywords of the imports around it: `vars`, `when` and `tags`.
    fn plays_of(&mut self, path: &Path, at: Option<Span>, outer: &Keywords, plays: &mut Vec<Arc<Play>>) -> Option<()> {
        self.in_file(path, at, |reader, node| {
            let shown = display_name(path);
            let Some(items) = node.as_sequence() else {
                let message = if node.is_null() {
                    format!("the playbook `{shown}` is empty")
                } else {
                    format!("a playbook is a list of plays, not {}", kind_of(node))
                };
                return reader.problem(Diagnostic::error("no-plays", message).at(node.span));
            };
            if items.is_empty() {
                reader.error("no-plays", format!("the playbook `{shown}` has no plays"), node.span);
            }
            let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
            let dir = parent.unwrap_or(Path::new("."));
            for item in items {
                let import = item
                    .as_mapping()
                    .into_iter()
                    .flatten()
                    .find(|entry| entry.key.as_str().is_some_and(|key| IMPORT.contains(&key)));
                match import {
                    Some(import) => reader.import_playbook(item, import, dir, outer, plays),
                    None => plays.extend(reader.play(item, dir, outer).map(Arc::new)),
                }
            }
        })
    }

    fn import_playbook(
        &mut self,
        item: &Node,
        import: &Entry,
        dir: &Path,
        outer: &Keywords,
        plays: &mut Vec<Arc<Play>>,
    ) {
        let mut keywords = Keywords::default();
        for (key, entry) in self.entries(item, "`import_playbook`").unwrap_or_default() {
            if IMPORT.contains(&key) {
                if entry.key.span != import.key.span {
                    self.error("several-modules", "one entry imports one playbook", entry.key.span);
                }
            } else if !names::IMPORT_PLAYBOOK.contains(&key) || !self.shared_keyword(key, entry, &mut keywords) {
                self.unknown_keyword(entry, key, "`import_playbook`", names::IMPORT_PLAYBOOK);
            } else if !matches!(key, "name" | "vars" | "when" | "tags") {
                self.problem(
                    Diagnostic::warning("no-effect", format!("`{key}` has no effect on `import_playbook`"))
                        .at(entry.key.span)
                        .help("only `vars`, `when` and `tags` reach the imported plays"),
                );
            }
        }
        let inner = keywords.inherit(outer);
        let context = LoadContext::new(dir).with_vars(VarsRank::Play, inner.vars.clone());
        let value = import.value.to_value();
        let Some(name) = value.as_str().filter(|name| !name.is_empty()) else {
            let message = format!("`import_playbook` takes the name of a file, not {}", kind_of(&import.value));
            return self.error("wrong-type", message, import.value.span);
        };
        let _ = name;
        self.check_templates(&value);
        let Some(name) = self.static_name(&value, &context, &Map::new()) else { return };
        let path = self.playbook_path(&name, dir, &context);
        if !self.loader.options.files.is_file(&path) {
            let near = self.loader.similar_file(dir, &name);
            return self.problem(
                Diagnostic::error("missing-file", format!("there is no playbook `{name}`"))
                    .at(import.value.span)
                    .help_opt(near)
                    .help(format!("looked for `{}`", display_name(&path))),
            );
        }
        self.plays_of(&path, Some(import.value.span), &inner, plays);
    }
}
