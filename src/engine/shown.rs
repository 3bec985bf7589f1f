//! Results as events show them.

use super::outcome::Done;
use crate::event::{ItemResult, TaskStatus};
use crate::modules::{Diff, DiffText};
use crate::value::{REDACTED, Value, from_json, python_str, to_json_redacted};
use crate::yaml::{EmitOptions, emit};

/// A result for an event.
pub(super) fn item_result(done: &Done) -> ItemResult {
    let hidden = done.no_log;
    let msg = done.result.get("msg").filter(|_| !hidden).map(label_text);
    let warnings = match done.result.get("warnings") {
        Some(Value::List(warnings)) if !hidden => warnings.iter().map(label_text).collect(),
        _ => Vec::new(),
    };
    let failed = matches!(done.status(), TaskStatus::Failed | TaskStatus::Unreachable);
    ItemResult {
        status: done.status(),
        label: done.label.clone(),
        msg,
        diagnostic: done.diagnostic.clone().filter(|_| !hidden && failed),
        result: done.json(),
        diff: if hidden { Vec::new() } else { done.diff.clone() },
        warnings,
        seconds: done.seconds,
    }
}

/// A value as one text, as Python's `str` has it, its secrets blanked out.
pub(super) fn label_text(value: &Value) -> String {
    match value {
        Value::Str(text) if text.is_secret() => REDACTED.to_owned(),
        Value::Str(text) => text.to_string(),
        other => python_str(&from_json(to_json_redacted(other))),
    }
}

/// A diff as text: headers, then the lines that differ with three around them.
pub(super) fn unified(diff: &Diff) -> String {
    let before = side(&diff.before);
    let after = side(&diff.after);
    let (before, after) = match (before, after) {
        (Err(why), _) | (_, Err(why)) => {
            return format!("--- before: {}\n+++ after: {}\n({why})\n", diff.before_header, diff.after_header);
        }
        (Ok(before), Ok(after)) => (before, after),
    };
    let texts = similar::TextDiff::from_lines(&before, &after);
    texts
        .unified_diff()
        .context_radius(3)
        .header(&format!("before: {}", diff.before_header), &format!("after: {}", diff.after_header))
        .to_string()
}

/// One side's text, or why it is not shown.
fn side(side: &DiffText) -> Result<String, &str> {
    Ok(match side {
        DiffText::Text(text) => text.clone(),
        DiffText::Value(value) => {
            let shown = from_json(to_json_redacted(value));
            let options = EmitOptions { indent: 2, sort_keys: false, ..EmitOptions::nice() };
            emit(&shown, &options).unwrap_or_else(|_| format!("{}\n", python_str(&shown)))
        }
        DiffText::Absent => String::new(),
        DiffText::Hidden(why) => return Err(why),
    })
}
