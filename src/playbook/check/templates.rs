//! The syntax of templates and conditions.

use crate::diag::{Diagnostic, Diagnostics};
use crate::template::{Templar, TemplateError};
use crate::value::{Text, Value};

/// A template error as a problem of the playbook.
fn problem(error: TemplateError, text: &Text) -> Diagnostic {
    Diagnostic::error("template-syntax", error.message).at_opt(error.span.or(text.span())).help_opt(error.help)
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

/// What is wrong with a condition. A condition is an expression already: braces round it are a warning.
pub(in crate::playbook) fn condition_problem(text: &Text, templar: &Templar) -> Option<Diagnostic> {
    let trimmed = text.trim();
    if let Some(inner) = trimmed.strip_prefix("{{").and_then(|rest| rest.strip_suffix("}}"))
        && !inner.contains("{{")
    {
        if let Err(error) = templar.check_syntax(text, text.span()) {
            return Some(problem(error, text));
        }
        return Some(
            Diagnostic::warning("braces-in-condition", "a condition is an expression already and needs no braces")
                .at_opt(text.span())
                .help(format!("write `{}`", inner.trim_matches('-').trim())),
        );
    }
    if text.is_template() {
        return templar.check_syntax(text, text.span()).err().map(|error| problem(error, text));
    }
    None
}
