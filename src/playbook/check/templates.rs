//! The syntax of templates and conditions.

use crate::diag::{Diagnostic, Diagnostics, SourceMap, Span};
use crate::template::{Templar, TemplateError, TemplateFile};
use crate::value::{Text, Value};

/// A template error as a problem of the playbook.
fn problem(error: TemplateError, text: &Text) -> Diagnostic {
    diagnostic(&error).at_opt(error.span.or(text.span())).help_opt(error.help)
}

/// A warning where the place may never be reached.
fn diagnostic(error: &TemplateError) -> Diagnostic {
    let message = error.message.as_str();
    if error.conditional {
        Diagnostic::warning("template-syntax", message)
    } else {
        Diagnostic::error("template-syntax", message)
    }
}

/// What is wrong with the syntax of any template in a value.
pub(in crate::playbook) fn template_problems(value: &Value, templar: &Templar, out: &mut Diagnostics) {
    match value {
        Value::Str(text) if text.is_template() => {
            if let Err(error) = templar.check_syntax(text, text.span()) {
                out.push(problem(error, text));
            }
        }
        Value::List(items) => items.iter().for_each(|item| template_problems(item, templar, out)),
        Value::Map(map) => map.values().for_each(|item| template_problems(item, templar, out)),
        _ => {}
    }
}

/// What is wrong with the syntax of an expression that is written without braces.
pub(in crate::playbook) fn expression_problem(text: &Text, templar: &Templar) -> Option<Diagnostic> {
    templar.check_expression(text, text.span()).err().map(|error| problem(error, text))
}

/// What is wrong with a condition. A condition is an expression already: braces in it are a warning.
pub(in crate::playbook) fn condition_problem(text: &Text, templar: &Templar) -> Option<Diagnostic> {
    if text.trim().is_empty() {
        return None;
    }
    if !text.is_template() {
        return expression_problem(text, templar);
    }
    if let Err(error) = templar.check_syntax(text, text.span()) {
        return Some(problem(error, text));
    }
    let whole = text.trim().strip_prefix("{{").and_then(|rest| rest.strip_suffix("}}"));
    let whole = whole.filter(|inner| !inner.contains("{{"));
    let help = match whole {
        Some(inner) => format!("write `{}`", inner.trim_matches('-').trim()),
        None => "write variables by their names alone".to_owned(),
    };
    Some(
        Diagnostic::warning("braces-in-condition", "a condition is an expression already and needs no braces")
            .at_opt(text.span())
            .help(help),
    )
}

/// What is wrong with the syntax of a template file; its text is added to the sources then.
pub(in crate::playbook) fn file_problem(
    file: &TemplateFile<'_>,
    templar: &Templar,
    sources: &SourceMap,
) -> Option<Diagnostic> {
    let error = templar.check_file(file).err()?;
    let source = sources.add(file.name, file.text);
    let (start, end) = error.range.unwrap_or((0, 0));
    Some(diagnostic(&error).at(Span::new(source, start, end)).help_opt(error.help))
}
