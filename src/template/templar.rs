//! Renders values, expressions, conditions and template files.

use thiserror::Error;

use super::scope::Scope;
use crate::diag::Span;
use crate::value::{Map, Redactor, Value};
use crate::vault::VaultSecrets;

/// Why a template could not be rendered.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{message}")]
pub struct TemplateError {
    /// One sentence, lower-case, without a full stop, secrets never quoted.
    pub message: String,
    /// Where in the source text, where that is known.
    pub span: Option<Span>,
    /// What the user can do.
    pub help: Option<String>,
    /// Whether the cause is a variable that does not exist (`default`, `is defined` and `ignore_errors`-like callers ask).
    pub undefined: bool,
}

/// A template file's text with the settings that the `template` module can change.
#[derive(Clone, Debug)]
pub struct TemplateFile<'t> {
    /// The text.
    pub text: &'t str,
    /// Its name in messages.
    pub name: &'t str,
    /// Remove the first newline after a block tag (Ansible's default is true).
    pub trim_blocks: bool,
    /// Strip blanks before a block tag (default false).
    pub lstrip_blocks: bool,
}

/// The engine for templates: shared by all tasks and threads of a run, with its caches of compiled templates.
#[derive(Clone)]
pub struct Templar {
    vault: VaultSecrets,
    redactor: Redactor,
}

impl Templar {
    /// An engine that opens Vault values with these secrets and registers what it opens with the redactor.
    #[must_use]
    pub fn new(vault: VaultSecrets, redactor: Redactor) -> Self {
        Self { vault, redactor }
    }

    /// A value with every template in it rendered, to any depth, and every Vault value opened. A text that is one single
    /// expression keeps the expression's type. Entries whose value is `omit` are left out of mappings and lists.
    pub fn render(&self, value: &Value, scope: &dyn Scope) -> Result<Value, TemplateError> {
        todo!("{value:?} {}", scope.names().len())
    }

    /// The value of a bare expression, such as the text of `until` or `var: x`.
    pub fn evaluate(&self, expression: &str, span: Option<Span>, scope: &dyn Scope) -> Result<Value, TemplateError> {
        todo!("{expression} {span:?} {}", scope.names().len())
    }

    /// Whether a condition holds (`when`, `failed_when` …): a truth value, an expression's text, or a list of which all must
    /// hold.
    pub fn condition(&self, condition: &Value, scope: &dyn Scope) -> Result<bool, TemplateError> {
        todo!("{condition:?} {}", scope.names().len())
    }

    /// The text of a template file, with `extra` variables over the scope's.
    pub fn render_file(
        &self,
        file: &TemplateFile<'_>,
        extra: &Map,
        scope: &dyn Scope,
    ) -> Result<String, TemplateError> {
        todo!("{} {} {}", file.name, extra.len(), scope.names().len())
    }

    /// What a lookup returns, as `with_items` and friends need it (`items`, `dict`, `fileglob` …), always a list.
    pub fn lookup(&self, name: &str, terms: &Value, scope: &dyn Scope) -> Result<Vec<Value>, TemplateError> {
        todo!("{name} {terms:?} {}", scope.names().len())
    }

    /// Checks a text's template syntax without rendering it: for the static checks before a run.
    pub fn check_syntax(&self, text: &str, span: Option<Span>) -> Result<(), TemplateError> {
        todo!("{text} {span:?}")
    }

    /// The value that stands for an omitted option, which `{{ omit }}` yields.
    #[must_use]
    pub fn omit() -> Value {
        todo!()
    }

    /// Opens Vault values with these secrets.
    #[must_use]
    pub fn vault(&self) -> &VaultSecrets {
        &self.vault
    }

    /// Where secrets are registered.
    #[must_use]
    pub fn redactor(&self) -> &Redactor {
        &self.redactor
    }
}
