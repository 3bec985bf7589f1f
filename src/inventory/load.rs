//! From sources to an inventory: files, folders, and lists of hosts on the command line.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use fancy_regex::Regex;

use super::address;
use super::ini::{self, Secrecy};
use super::model::{Inventory, UNGROUPED};
use super::plugins::{self, PluginContext};
use super::script;
use super::toml_file;
use super::vars_folder::VarsFolder;
use super::yaml_file;
use crate::diag::{Diagnostic, Diagnostics, Severity, SourceMap};
use crate::template::Templar;
use crate::value::{Key, Map, Value};
use crate::vault::{VaultSecrets, is_encrypted, open_source, read_document, seal};
use crate::yaml;

/// Names that a folder of inventories may hold beside them.
const IGNORED_NAMES: [&str; 3] = ["group_vars", "host_vars", "vars_plugins"];
/// Endings that are not inventories in a folder.
const IGNORED_ENDINGS: [&str; 12] =
    [".pyc", ".pyo", ".swp", ".bak", "~", ".rpm", ".md", ".txt", ".rst", ".orig", ".cfg", ".retry"];

/// What the configuration says of inventories.
#[derive(Clone, Debug, Default)]
pub struct LoadOptions {
    /// `-e`, for plug-ins that use them.
    pub extra_vars: Map,
    /// Endings of files in a folder that are no inventories; the usual ones without.
    pub ignore_endings: Option<Vec<String>>,
    /// Whether lists of hosts on the command line may have ranges (the plug-in `advanced_host_list`).
    pub host_list_ranges: bool,
    /// Regular expressions of names in a folder that are no inventories.
    pub ignore_patterns: Vec<String>,
}

impl Inventory {
    /// As [`Inventory::load_with`], with the usual options.
    ///
    /// # Errors
    /// As there.
    pub fn load(
        inputs: &[impl AsRef<str>],
        sources: &SourceMap,
        secrets: &VaultSecrets,
        warnings: &mut Diagnostics,
    ) -> Result<Self, Diagnostics> {
        Self::load_with(inputs, sources, secrets, &LoadOptions::default(), warnings)
    }

    /// Reads the sources of `-i`: files, folders, and lists of hosts with a comma in them (`web1,web2` or `localhost,`). What
    /// should be known but stops nothing is added to `warnings`.
    ///
    /// # Errors
    /// Everything that is wrong in any of the sources and in the `group_vars` and `host_vars` beside them.
    pub fn load_with(
        inputs: &[impl AsRef<str>],
        sources: &SourceMap,
        secrets: &VaultSecrets,
        options: &LoadOptions,
        warnings: &mut Diagnostics,
    ) -> Result<Self, Diagnostics> {
        let mut ignored = Vec::new();
        for pattern in &options.ignore_patterns {
            ignored.push(Regex::new(pattern).map_err(|error| {
                vec![Diagnostic::error("inventory", format!("the pattern `{pattern}` of ignored names: {error}"))]
            })?);
        }
        let templar = Templar::new(secrets.clone(), secrets.redactor().clone());
        let inventory = Self::new();
        let mut loader = Loader { inventory, sources, secrets, options, ignored, templar, diagnostics: Vec::new() };
        for input in inputs {
            loader.input(input.as_ref());
        }
        loader.inventory.reconcile();
        loader.inventory.report_clashes(&mut loader.diagnostics);
        loader.inventory.check_variables(&[], &mut loader.diagnostics);
        let (errors, soft): (Diagnostics, Diagnostics) =
            loader.diagnostics.into_iter().partition(|diagnostic| diagnostic.severity == Severity::Error);
        warnings.extend(soft);
        if errors.is_empty() { Ok(loader.inventory) } else { Err(errors) }
    }

    fn report_clashes(&self, diagnostics: &mut Diagnostics) {
        for group in self.groups.values() {
            if let Some(host) = self.hosts.get(&*group.name) {
                let mut diagnostic =
                    Diagnostic::warning("inventory", format!("`{}` is the name of a host and of a group", group.name));
                for span in [host.span, group.span].into_iter().flatten() {
                    diagnostic = diagnostic.at(span);
                }
                diagnostics.push(diagnostic);
            }
        }
    }
}

struct Loader<'a> {
    inventory: Inventory,
    sources: &'a SourceMap,
    secrets: &'a VaultSecrets,
    options: &'a LoadOptions,
    /// `ignore_patterns`
    ignored: Vec<Regex>,
    templar: Templar,
    diagnostics: Diagnostics,
}

impl Loader<'_> {
    fn input(&mut self, input: &str) {
        let path = Path::new(input);
        if input.contains(',') && !path.exists() {
            return self.host_list(input);
        }
        if !path.exists() {
            self.diagnostics.push(
                Diagnostic::error("inventory", format!("the inventory `{input}` does not exist"))
                    .help(format!("if a host is meant, put a comma behind it: `{input},`")),
            );
            return;
        }
        let beside = if path.is_dir() { Some(path) } else { path.parent() };
        let beside = beside.filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        if !self.inventory.folders.iter().any(|folder| folder.path() == beside) {
            let folder = VarsFolder::new(beside, self.sources, self.secrets);
            self.inventory.folders.push(Arc::new(folder));
        }
        self.path(path);
    }

    fn host_list(&mut self, input: &str) {
        let source: Arc<Path> = Path::new(input).into();
        let group = self.inventory.ensure_group(UNGROUPED, None);
        for name in input.split(',').map(str::trim).filter(|name| !name.is_empty()) {
            let (pattern, port) = address::split_port(name);
            let (hosts, port) = match address::expand(pattern) {
                Ok(hosts) if self.options.host_list_ranges => (hosts, port),
                // without ranges such a name stays as it is
                _ if pattern.contains('[') => (vec![name.to_owned()], None),
                _ => (vec![pattern.to_owned()], port),
            };
            for host in hosts {
                if self.inventory.hosts.contains_key(&*host) {
                    continue;
                }
                let index = self.inventory.ensure_host(&host, None, Some(&source));
                if let (Some(port), Some(host)) = (port, self.inventory.host_at_mut(index)) {
                    host.vars.insert(Key::from("ansible_port"), Value::Int(port.into()));
                }
                self.inventory.put_host(group, index);
            }
        }
    }

    fn path(&mut self, path: &Path) {
        if !path.is_dir() {
            if let Err(error) = self.file(path) {
                self.diagnostics.push(*error);
            }
            return;
        }
        let mut entries: Vec<PathBuf> = match fs::read_dir(path) {
            Ok(entries) => entries.flatten().map(|entry| entry.path()).collect(),
            Err(error) => return self.diagnostics.push(unreadable(path, &error)),
        };
        entries.sort();
        for entry in entries {
            let name = entry.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            if !self.is_ignored(&name) {
                self.path(&entry);
            }
        }
    }

    /// Whether a name in a folder is none of an inventory.
    fn is_ignored(&self, name: &str) -> bool {
        let ending = match &self.options.ignore_endings {
            Some(endings) => endings.iter().any(|ending| name.ends_with(ending.as_str())),
            None => IGNORED_ENDINGS.iter().any(|ending| name.ends_with(ending)),
        };
        // a pattern that runs into its own limit of work matches nothing
        let pattern = || self.ignored.iter().any(|pattern| pattern.is_match(name).unwrap_or(false));
        ending || name.starts_with('.') || IGNORED_NAMES.contains(&name) || pattern()
    }

    fn file(&mut self, path: &Path) -> Result<(), Box<Diagnostic>> {
        let name = path.display().to_string();
        let ending = path.extension().and_then(|ending| ending.to_str());
        let bytes = fs::read(path).map_err(|error| Box::new(unreadable(path, &error)))?;
        let text = String::from_utf8(bytes);
        let source: Arc<Path> = std::path::absolute(path).unwrap_or_else(|_| path.to_owned()).into();
        let executable = fs::metadata(path).is_ok_and(|data| data.permissions().mode() & 0o111 != 0);
        let text = match text {
            Ok(text) if !text.starts_with("#!") => text,
            Err(_) if !executable => {
                return Err(Box::new(Diagnostic::error(
                    "inventory",
                    format!("the inventory `{name}` is not UTF-8 text"),
                )));
            }
            // a program, or a text that says what runs it
            _ => return script::read(&mut self.inventory, &source, self.sources, &mut self.diagnostics),
        };
        match ending {
            Some("toml") => self.toml(&name, &text, &source),
            Some("yml" | "yaml" | "json" | "config") => self.yaml(&name, &text, &source),
            None if self.looks_like_yaml(&name, &text)? => self.yaml(&name, &text, &source),
            _ => self.ini(&name, &text, &source),
        }
    }

    /// Whether a file without an ending is YAML: a mapping, or broken, but begun like one.
    fn looks_like_yaml(&self, name: &str, text: &str) -> Result<bool, Box<Diagnostic>> {
        let opened;
        let text = if is_encrypted(text.as_bytes()) {
            opened = open_source(self.sources, name, text, self.secrets)?;
            opened.expose()
        } else {
            text
        };
        let scratch = SourceMap::new();
        let id = scratch.add("", text);
        if let Ok(node) = yaml::parse_one(&scratch, id, &mut Vec::new()) {
            return Ok(node.as_mapping().is_some());
        }
        let first = text.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with(['#', ';']));
        Ok(first.is_some_and(|line| line == "---" || line.ends_with(':')))
    }

    fn yaml(&mut self, name: &str, text: &str, source: &Arc<Path>) -> Result<(), Box<Diagnostic>> {
        let node = read_document(self.sources, name, text, self.secrets, &mut self.diagnostics)?;
        let Some(plugin) = node.get("plugin") else {
            yaml_file::read(&mut self.inventory, &node, source, &mut self.diagnostics);
            return Ok(());
        };
        let context = PluginContext {
            inventory: &mut self.inventory,
            templar: &self.templar,
            extra_vars: &self.options.extra_vars,
            path: source,
            diagnostics: &mut self.diagnostics,
        };
        plugins::run(plugin, &node, context)
    }

    fn toml(&mut self, name: &str, text: &str, source: &Arc<Path>) -> Result<(), Box<Diagnostic>> {
        let node = if is_encrypted(text.as_bytes()) {
            let content = open_source(self.sources, name, text, self.secrets)?;
            let id = self.sources.add_secret(name, content.expose());
            let found = toml_file::read(content.expose(), id);
            let node =
                found.map_err(|problem| Diagnostic { message: "this is not valid TOML".to_owned(), ..*problem })?;
            seal(node, self.secrets.redactor())
        } else {
            toml_file::read(text, self.sources.add(name, text))?
        };
        yaml_file::read(&mut self.inventory, &node, source, &mut self.diagnostics);
        Ok(())
    }

    fn ini(&mut self, name: &str, text: &str, source: &Arc<Path>) -> Result<(), Box<Diagnostic>> {
        if !is_encrypted(text.as_bytes()) {
            let id = self.sources.add(name, text);
            ini::read(&mut self.inventory, text, id, source, Secrecy::Open, &mut self.diagnostics);
            return Ok(());
        }
        let content = open_source(self.sources, name, text, self.secrets)?;
        let id = self.sources.add_secret(name, content.expose());
        let mut found = Vec::new();
        ini::read(
            &mut self.inventory,
            content.expose(),
            id,
            source,
            Secrecy::Secret(self.secrets.redactor()),
            &mut found,
        );
        self.diagnostics.extend(found.into_iter().map(|diagnostic| Diagnostic {
            message: "a line of this encrypted inventory is not valid".to_owned(),
            help: vec!["look at it with `quaymaster vault view`".to_owned()],
            ..diagnostic
        }));
        Ok(())
    }
}

fn unreadable(path: &Path, error: &std::io::Error) -> Diagnostic {
    Diagnostic::error("inventory", format!("cannot read the inventory `{}`: {error}", path.display()))
}
