//! Renders values, expressions, conditions and template files.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::engine::Engine;
use super::error::TemplateError;
use super::eval::{self, Machine};
use super::fault::{At, Fault, Outcome};
use super::item::Item;
use super::lookups;
use super::outside::Outside;
use super::scope::{Overlay, Scope};
use super::syntax::{self, Delimiters, Dialect};
use crate::diag::{SourceMap, Span, did_you_mean};
use crate::value::{Map, Redactor, Text, Value, is_truthy};
use crate::vault::VaultSecrets;

/// A template file's text with the settings that the `template` module can change.
#[derive(Clone, Debug)]
pub struct TemplateFile<'t> {
    /// The text.
    pub text: &'t str,
    /// Its path, as far as known: messages show it, and templates that it includes are looked for beside it.
    pub name: &'t str,
    /// Remove the first newline after a block tag (Ansible's default is true).
    pub trim_blocks: bool,
    /// Strip blanks before a block tag (default false).
    pub lstrip_blocks: bool,
    /// What begins and ends tags, expressions and comments.
    pub delimiters: Delimiters,
}

impl TemplateFile<'_> {
    fn dialect(&self) -> Dialect {
        Dialect::of_file(self.trim_blocks, self.lstrip_blocks, &self.delimiters)
    }
}

/// The engine for templates: shared by all tasks and threads of a run, with its caches of compiled templates. Cloning shares
/// it.
#[derive(Clone)]
pub struct Templar {
    engine: Arc<Engine>,
}

impl Templar {
    /// An engine that opens Vault values with these secrets and registers what it opens with the redactor.
    #[must_use]
    pub fn new(vault: VaultSecrets, redactor: Redactor) -> Self {
        Self { engine: Arc::new(Engine::new(vault, redactor)) }
    }

    /// The same with the environment variables that `lookup('env')` and `expandvars` see, and the map of source texts in which
    /// errors are placed exactly. To be called before the engine is shared.
    #[must_use]
    pub fn with_context(self, environment: BTreeMap<String, String>, sources: Option<SourceMap>) -> Self {
        let mut engine = Engine::new(self.engine.vault.clone(), self.engine.redactor.clone());
        engine.environment = environment;
        engine.sources = sources;
        engine.outside.clone_from(&self.engine.outside);
        Self { engine: Arc::new(engine) }
    }

    /// The same with what lookups need of the world. To be called before the engine is shared.
    #[must_use]
    pub fn with_outside(self, outside: Arc<dyn Outside>) -> Self {
        let mut engine = Engine::new(self.engine.vault.clone(), self.engine.redactor.clone());
        engine.environment.clone_from(&self.engine.environment);
        engine.sources.clone_from(&self.engine.sources);
        engine.outside = Some(outside);
        Self { engine: Arc::new(engine) }
    }

    /// A value with every template in it rendered, to any depth, and every Vault value opened. A text that is one single
    /// expression keeps the expression's type. Entries whose value is `omit` are left out of mappings and lists; a text that
    /// is itself `omit` yields the value that [`Templar::is_omit`] tells.
    pub fn render(&self, value: &Value, scope: &dyn Scope) -> Result<Value, TemplateError> {
        if matches!(value, Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_)) {
            return Ok(value.clone());
        }
        let machine = Machine::new(&self.engine, scope);
        machine.deep(value).map_err(|fault| self.error(&fault, Some(scope)))
    }

    /// The value of a bare expression, such as the text of `until` or `var: x`.
    pub fn evaluate(&self, expression: &str, span: Option<Span>, scope: &dyn Scope) -> Result<Value, TemplateError> {
        let machine = Machine::new(&self.engine, scope);
        self.expression(&machine, &Text::template(expression, span))
            .and_then(|item| machine.plain(&item))
            .map_err(|fault| self.error(&self.placed(fault, expression, span), Some(scope)))
    }

    /// Whether a condition holds (`when`, `failed_when` …): a truth value, an expression's text, or a list of which all must
    /// hold. An expression's value of any type counts by Python's truth.
    pub fn condition(&self, condition: &Value, scope: &dyn Scope) -> Result<bool, TemplateError> {
        let machine = Machine::new(&self.engine, scope);
        self.holds(&machine, condition).map_err(|fault| self.error(&fault, Some(scope)))
    }

    fn holds(&self, machine: &Machine<'_>, condition: &Value) -> Outcome<bool> {
        match condition {
            Value::List(all) => {
                for condition in all.iter() {
                    if !self.holds(machine, condition)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            Value::Str(text) => {
                if text.is_empty() {
                    // as Ansible has it: no condition
                    return Ok(true);
                }
                let item = if text.is_template() {
                    let item = machine.text(text)?;
                    match item.as_text() {
                        // `{{ x }}` that yields text yields an expression's text, as it always did
                        Some(inner) => self.expression(machine, &inner.clone().with_span(text.span()))?,
                        None => item,
                    }
                } else {
                    self.expression(machine, text)?
                };
                machine.truthy(&item).map_err(|fault| self.placed(fault, text, text.span()))
            }
            Value::Encrypted(_) => {
                let opened = machine.deep(condition)?;
                self.holds(machine, &opened)
            }
            other => Ok(is_truthy(other)),
        }
    }

    fn expression(&self, machine: &Machine<'_>, text: &Text) -> Outcome {
        self.engine
            .expression(text)
            .and_then(|program| machine.run(&program))
            .map_err(|fault| self.placed(fault, text, text.span()))
    }

    /// The text of a template file, with `extra` variables over the scope's. It is marked secret where a secret went into it.
    pub fn render_file(&self, file: &TemplateFile<'_>, extra: &Map, scope: &dyn Scope) -> Result<Text, TemplateError> {
        let scope = Overlay { over: extra, under: scope };
        let machine = Machine::new(&self.engine, &scope);
        let text = Text::data(file.text);
        let result = self.engine.headed(&text, Some(file.name), &file.dialect()).and_then(|program| {
            let item = machine.run(&program).map_err(|fault| fault.placed(|at| self.engine.place_in(&program, at)))?;
            let item = eval::with_newlines_of(file.text, item);
            let (out, secret) = machine.watched(|| match &item {
                Item::Value(Value::Null) => Ok(String::new()),
                item => machine.display(item),
            })?;
            let out = Text::data(out);
            Ok(if secret { out.into_secret() } else { out })
        });
        result.map_err(|fault| {
            let fault = fault.placed(|at| {
                let mut place = self.engine.place(&text, at);
                place.file = Some(file.name.to_owned());
                place
            });
            self.error(&fault, Some(&scope))
        })
    }

    /// What a lookup returns, as `with_items` and friends need it (`items`, `dict`, `fileglob` …), always a list. Templates in
    /// the terms are rendered first.
    pub fn lookup(&self, name: &str, terms: &Value, scope: &dyn Scope) -> Result<Vec<Value>, TemplateError> {
        let machine = Machine::new(&self.engine, scope);
        machine
            .deep(terms)
            .and_then(|terms| lookups::for_loop(&machine, name, &terms))
            .map_err(|fault| self.error(&fault, Some(scope)))
    }

    /// The lookups that there are, without `ansible.builtin.`.
    #[must_use]
    pub fn lookup_names() -> Vec<&'static str> {
        lookups::names()
    }

    /// Whether there is a lookup of this name, as `with_<lookup>` has it.
    #[must_use]
    pub fn has_lookup(name: &str) -> bool {
        lookups::is_known(name)
    }

    /// Checks a text's template syntax without rendering it: for the static checks before a run. Filters and tests that do not
    /// exist are errors here, wherever they stand; one under a condition says so.
    pub fn check_syntax(&self, text: &str, span: Option<Span>) -> Result<(), TemplateError> {
        if !["{{", "{%", "{#"].iter().any(|marker| text.contains(marker)) {
            return Ok(());
        }
        let text = Text::template(text, span);
        self.checked(self.engine.headed(&text, None, &Dialect::VALUE), &text, span)
    }

    /// Checks a bare expression in the same way.
    pub fn check_expression(&self, expression: &str, span: Option<Span>) -> Result<(), TemplateError> {
        self.checked(self.engine.expression(expression), expression, span)
    }

    /// Checks a template file's text in the same way.
    pub fn check_file(&self, file: &TemplateFile<'_>) -> Result<(), TemplateError> {
        let program = self.engine.headed(&Text::data(file.text), Some(file.name), &file.dialect());
        self.checked(program, file.text, None)
    }

    fn checked(
        &self,
        program: Outcome<Arc<syntax::Compiled>>,
        text: &str,
        span: Option<Span>,
    ) -> Result<(), TemplateError> {
        let mut conditional = false;
        let unknown = program.and_then(|program| {
            let certain = program.unknown.iter().find(|unknown| !unknown.conditional);
            match certain.or(program.unknown.first()) {
                Some(unknown) => {
                    conditional = unknown.conditional;
                    Err(Fault::new(unknown.message.clone()).help(unknown.help.clone()).at(unknown.at))
                }
                None => Ok(()),
            }
        });
        unknown.map_err(|fault| TemplateError { conditional, ..self.error(&self.placed(fault, text, span), None) })
    }

    /// The value that stands for an omitted option, which `{{ omit }}` yields.
    #[must_use]
    pub fn omit() -> Value {
        eval::omit()
    }

    /// Whether a value is the one that stands for an omitted option.
    #[must_use]
    pub fn is_omit(value: &Value) -> bool {
        eval::is_omit(value)
    }

    /// Opens Vault values with these secrets.
    #[must_use]
    pub fn vault(&self) -> &VaultSecrets {
        &self.engine.vault
    }

    /// Where secrets are registered.
    #[must_use]
    pub fn redactor(&self) -> &Redactor {
        &self.engine.redactor
    }

    fn placed(&self, fault: Fault, text: &str, span: Option<Span>) -> Fault {
        fault.placed(|at| self.engine.place(&Text::template(text, span), at))
    }

    /// The error as callers see it.
    fn error(&self, fault: &Fault, scope: Option<&dyn Scope>) -> TemplateError {
        let guess = fault.unknown_name().and_then(|name| {
            let names = scope.map(Scope::names).unwrap_or_default();
            did_you_mean(name, names.iter().map(String::as_str))
        });
        let help = match (guess, fault.advice()) {
            (Some(guess), Some(advice)) => Some(format!("{guess} ({advice})")),
            (guess, advice) => guess.or(advice),
        };
        let place = fault.place();
        TemplateError {
            message: self.engine.redactor.redact(fault.message()).into_owned(),
            span: place.and_then(|place| place.span),
            help: help.map(|help| self.engine.redactor.redact(&help).into_owned()),
            undefined: fault.is_undefined(),
            conditional: false,
            position: place.map(|place| place.position),
            range: place.map(|place| range(place.at)),
            file: place.and_then(|place| place.file.clone()),
        }
    }
}

fn range(at: At) -> (usize, usize) {
    (at.start as usize, at.end as usize)
}
