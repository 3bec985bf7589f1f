//! Files as YAML documents: read once, opened where they are vaulted.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError};

use super::context::LoadContext;
use super::loader::Inner;
use super::reader::{Reader, without_quotes};
use crate::diag::{Diagnostic, Diagnostics, Span};
use crate::tree::{display_name, resolve};
use crate::value::{Map, Redactor, Value};
use crate::vault::VaultError;
use crate::yaml::{self, Node};

/// Why a file gives no document; remembered, so that a file with a problem is reported alike each time it is asked for.
#[derive(Clone, Debug)]
pub(in crate::playbook) enum DocumentError {
    /// It cannot be read, and why.
    Unreadable(String),
    /// It is encrypted and cannot be opened.
    Closed(VaultError),
    /// It is not valid, and where.
    Invalid(Box<Diagnostic>),
}

/// What a vaulted file starts with.
const VAULT_HEADER: &str = "$ANSIBLE_VAULT;";

impl Inner {
    /// A file's only document.
    pub(super) fn document(&self, path: &Path) -> Result<Arc<Node>, DocumentError> {
        if let Some(known) = self.documents.lock().unwrap_or_else(PoisonError::into_inner).get(path) {
            return known.clone();
        }
        let document = self.read_document(path);
        // only the one who stores it first may be used: spans of one file must all lie in one source
        let mut documents = self.documents.lock().unwrap_or_else(PoisonError::into_inner);
        documents.entry(path.to_owned()).or_insert(document).clone()
    }

    fn read_document(&self, path: &Path) -> Result<Arc<Node>, DocumentError> {
        let name = display_name(path);
        let bytes = self.options.files.read(path).map_err(|error| DocumentError::Unreadable(describe(&error)))?;
        let text = String::from_utf8(bytes).map_err(|error| {
            DocumentError::Unreadable(format!("it is not UTF-8 text (byte {})", error.utf8_error().valid_up_to()))
        })?;
        let source = if text.starts_with(VAULT_HEADER) {
            let opened = self.options.templar.vault().decrypt(&text).map_err(DocumentError::Closed)?;
            self.options.sources.add_secret(name, opened.expose())
        } else {
            self.options.sources.add(name, text)
        };
        let mut warnings = Diagnostics::new();
        let parsed = yaml::parse_one(&self.options.sources, source, &mut warnings);
        let secret = self.options.sources.get(source).is_some_and(|source| source.secret);
        for warning in warnings {
            self.warn(if secret { without_quotes(warning) } else { warning });
        }
        parsed.map(Arc::new).map_err(DocumentError::Invalid)
    }

    /// Whether a place lies in a file that was encrypted.
    pub(super) fn is_secret(&self, span: Span) -> bool {
        self.options.sources.get(span.source).is_some_and(|source| source.secret)
    }

    /// The file that a task in this context means by a name.
    pub(super) fn find_task_file(
        &self,
        name: &str,
        at: Option<Span>,
        context: &LoadContext,
    ) -> Result<PathBuf, Diagnostic> {
        let folder = context.task_folder();
        let mut candidates: Vec<PathBuf> = vec![resolve(&context.dir, name)];
        if let Some(role) = &context.role {
            candidates.push(resolve(&role.path.join(folder), name));
            candidates.push(resolve(&role.path.join("tasks"), name));
            candidates.push(resolve(&role.path, name));
            candidates.push(resolve(&context.play_dir.join(folder), name));
        }
        candidates.push(resolve(&context.play_dir, name));
        let mut seen: Vec<&PathBuf> = Vec::new();
        for candidate in &candidates {
            if seen.contains(&candidate) {
                continue;
            }
            if self.options.files.is_file(candidate) {
                return Ok(candidate.clone());
            }
            seen.push(candidate);
        }
        let places: Vec<String> = seen.iter().map(|path| format!("`{}`", display_name(path))).collect();
        Err(Diagnostic::error("missing-file", format!("there is no task file `{name}`"))
            .at_opt(at)
            .help_opt(self.similar_file(&context.dir, name))
            .help(format!("looked for {}", places.join(", "))))
    }

    /// "Did you mean" among the files of the folder that a missing file would be in.
    pub(super) fn similar_file(&self, dir: &Path, name: &str) -> Option<String> {
        let wanted = resolve(dir, name);
        let file = wanted.file_name()?.to_str()?;
        let folder = wanted.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let names = self.options.files.list(folder).ok()?;
        crate::diag::did_you_mean(file, names.iter().map(String::as_str))
    }
}

/// Makes the texts of an encrypted file known, so that they are blanked out where a command or server gives them back.
fn register(value: &Value, redactor: &Redactor) {
    match value {
        Value::Str(text) if !text.is_template() => redactor.register(text),
        Value::List(items) => items.iter().for_each(|item| register(item, redactor)),
        Value::Map(map) => map.values().for_each(|item| register(item, redactor)),
        _ => {}
    }
}

/// An input error as a sentence fragment, without the number that Rust adds.
fn describe(error: &io::Error) -> String {
    let text = error.to_string();
    match text.find(" (os error") {
        Some(at) => text.get(..at).unwrap_or(&text).to_owned(),
        None => text,
    }
}

impl Reader<'_> {
    /// A file's only document; a problem is reported at the place that named the file.
    pub(super) fn document(&mut self, path: &Path, at: Option<Span>) -> Option<Arc<Node>> {
        match self.loader.document(path) {
            Ok(node) => Some(node),
            Err(DocumentError::Invalid(diagnostic)) => {
                self.problem(*diagnostic);
                None
            }
            Err(DocumentError::Closed(error)) => {
                let message = format!("cannot decrypt `{}`: {error}", display_name(path));
                let problem = Diagnostic::error("vault", message).at_opt(at);
                self.problem(match error {
                    VaultError::NoPassword => {
                        problem.help("give one with `--vault-password-file`, `--vault-id` or `--ask-vault-pass`")
                    }
                    VaultError::WrongPassword => {
                        problem.help("check which password and vault id it was encrypted with")
                    }
                    _ => problem,
                });
                None
            }
            Err(DocumentError::Unreadable(reason)) => {
                let message = format!("cannot read `{}`: {reason}", display_name(path));
                self.problem(Diagnostic::error("unreadable-file", message).at_opt(at));
                None
            }
        }
    }

    /// A file of variables.
    pub(super) fn vars_file(&mut self, path: &Path, at: Option<Span>) -> Option<Map> {
        let node = self.document(path, at)?;
        if node.is_null() {
            return Some(Map::new());
        }
        let secret = self.loader.is_secret(node.span);
        let vars = self.vars(&node, &format!("`{}`", display_name(path)))?;
        if !secret {
            return Some(vars);
        }
        vars.values().for_each(|value| register(value, self.loader.options.templar.redactor()));
        Some(vars.into_iter().map(|(key, value)| (key, value.into_secret())).collect())
    }
}
