//! What went wrong with a task before or beside its module, as one line and, where the playbook's text is the cause, as a
//! drawing of the place.

use std::error::Error;

use crate::diag::{Diagnostic, RenderStyle, SourceMap, Span, render};
use crate::modules::ModuleError;
use crate::template::TemplateError;
use crate::value::{Key, Map, Value};
use crate::vars::VarsFileError;

/// A failure with its place.
#[derive(Clone, Debug)]
pub(super) struct Problem {
    /// One line.
    pub(super) message: String,
    /// The rendered diagnostic.
    pub(super) diagnostic: Option<String>,
    /// Return values that go with it.
    pub(super) values: Map,
}

impl Problem {
    /// A failure without a place.
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), diagnostic: None, values: Map::new() }
    }

    /// A failure at a place.
    pub(super) fn from_diagnostic(diagnostic: &Diagnostic, sources: &SourceMap) -> Self {
        Self {
            message: diagnostic.message.clone(),
            diagnostic: Some(render(diagnostic, sources, RenderStyle::Plain)),
            values: Map::new(),
        }
    }

    /// Several at once: the first one's message, all drawings.
    pub(super) fn from_diagnostics(diagnostics: &[Diagnostic], sources: &SourceMap) -> Self {
        let drawn: Vec<String> =
            diagnostics.iter().map(|diagnostic| render(diagnostic, sources, RenderStyle::Plain)).collect();
        Self {
            message: diagnostics.first().map(|diagnostic| diagnostic.message.clone()).unwrap_or_default(),
            diagnostic: (!drawn.is_empty()).then(|| drawn.join("\n")),
            values: Map::new(),
        }
    }

    /// A template that could not be rendered; `place` is where to point when the template does not know.
    pub(super) fn from_template(error: &TemplateError, place: Option<Span>, sources: &SourceMap) -> Self {
        let code = if error.undefined { "undefined-variable" } else { "template" };
        let diagnostic =
            Diagnostic::error(code, error.message.as_str()).at_opt(error.span.or(place)).help_opt(error.help.clone());
        Self::from_diagnostic(&diagnostic, sources)
    }

    /// A variables file that could not be had.
    pub(super) fn from_vars_file(error: &VarsFileError, place: Span, sources: &SourceMap) -> Self {
        match error {
            VarsFileError::Name(error) => Self::from_template(error, Some(place), sources),
            VarsFileError::Content(problems) => Self::from_diagnostics(problems, sources),
            VarsFileError::Missing { span, .. } => {
                let diagnostic = Diagnostic::error("vars-file", error.to_string()).at(span.unwrap_or(place));
                Self::from_diagnostic(&diagnostic, sources)
            }
            VarsFileError::NotAName(_) => {
                Self::from_diagnostic(&Diagnostic::error("vars-file", error.to_string()).at(place), sources)
            }
        }
    }

    /// A module that failed. Where an option was wrong, its place among the arguments is shown.
    pub(super) fn from_module(error: &ModuleError, args: &Value, action: Span, sources: &SourceMap) -> Self {
        let message = error.full_message();
        if let Some(template) = template_cause(error) {
            let problem = Self::from_template(template, Some(action), sources);
            return Self { message, values: error.values.clone(), ..problem };
        }
        let diagnostic = error.option.as_ref().map(|path| {
            let place = place_of(args, path).unwrap_or(action);
            render(&Diagnostic::error("module-option", message.as_str()).at(place), sources, RenderStyle::Plain)
        });
        Self { message, diagnostic, values: error.values.clone() }
    }

    /// The same, with what was being done in front.
    pub(super) fn within(mut self, what: &str) -> Self {
        self.message = format!("{what}: {}", self.message);
        self
    }
}

/// The template that could not be rendered, where that is the cause.
fn template_cause(error: &ModuleError) -> Option<&TemplateError> {
    let mut cause: Option<&(dyn Error + 'static)> = error.source.as_ref().map(|source| source.as_ref() as _);
    while let Some(error) = cause {
        if let Some(template) = error.downcast_ref::<TemplateError>() {
            return Some(template);
        }
        cause = error.source();
    }
    None
}

/// Where the option at a path stands, as far in as places are known.
fn place_of(args: &Value, path: &[String]) -> Option<Span> {
    let mut value = args;
    let mut place = None;
    for part in path {
        let next = match value {
            Value::Map(map) => {
                map.iter().find(|(key, _)| matches!(key, Key::Str(name) if **name == **part)).map(|(_, v)| v)
            }
            Value::List(items) => part.parse::<usize>().ok().and_then(|index| items.get(index)),
            _ => None,
        };
        let Some(next) = next else { break };
        value = next;
        if let Some(span) = span_of(value) {
            place = Some(span);
        }
    }
    place
}

/// Where a value stands, where that is known: that of a text, or of the first text inside.
pub(super) fn span_of(value: &Value) -> Option<Span> {
    match value {
        Value::Str(text) => text.span(),
        Value::Encrypted(encrypted) => encrypted.span,
        Value::List(items) => items.iter().find_map(span_of),
        Value::Map(map) => map.values().find_map(span_of),
        _ => None,
    }
}
