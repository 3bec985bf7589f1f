//! The lines of one host's result.

use std::fmt::Write as _;

use serde_json::Value as Json;

use super::colour::Palette;
use crate::event::{ItemResult, TaskStatus};

/// At most this many labels of loop items are named on one line.
const MOST_LABELS: usize = 8;

/// The label of an item of a task with `no_log`.
const CENSORED: &str = "(censored due to no_log)";

/// Return values that are told otherwise, or that say nothing to a reader.
const TOLD: &[&str] = &["changed", "failed", "skipped", "msg", "results", "warnings", "diff", "_ansible_no_log"];

/// How much is shown of a result.
#[derive(Clone, Copy, Debug)]
pub(super) struct View {
    pub(super) verbosity: u8,
    pub(super) palette: Palette,
    /// The module is there to show something (`debug`), so its result is shown at any verbosity.
    pub(super) shows_result: bool,
}

/// What is remembered of a loop item until its host is done.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    pub(super) status: TaskStatus,
    pub(super) label: Option<String>,
    /// It has been told on a line of its own.
    pub(super) told: bool,
}

/// The word that a status is shown by.
pub(super) fn word(status: TaskStatus) -> &'static str {
    match status {
        TaskStatus::Ok => "ok",
        TaskStatus::Changed => "changed",
        TaskStatus::Skipped => "skipping",
        TaskStatus::Failed => "failed",
        TaskStatus::Unreachable => "unreachable",
    }
}

impl View {
    /// Whether the result needs lines of its own, or may be told together with other hosts'.
    pub(super) fn matters(self, result: &ItemResult) -> bool {
        matches!(result.status, TaskStatus::Failed | TaskStatus::Unreachable)
            || self.shows_result && result.status != TaskStatus::Skipped
            || self.verbosity > 0
            || !result.diff.is_empty()
    }

    /// All lines of one result, without a trailing newline.
    pub(super) fn lines(self, host: &str, result: &ItemResult, ignored: bool) -> String {
        let mut head = format!("{}: [{host}]", word(result.status));
        if let Some(label) = &result.label {
            let _ = write!(head, " => (item={label})");
        }
        let failed = matches!(result.status, TaskStatus::Failed | TaskStatus::Unreachable);
        let shown = self.shows_result && !failed && result.status != TaskStatus::Skipped;
        let mut body = String::new();
        if failed {
            failure(&mut head, &mut body, result);
        } else if shown {
            show(&mut head, &mut body, result);
        }
        if self.verbosity > 0 && !shown {
            let skip: &[&str] = if failed { TOLD } else { &["warnings", "diff"] };
            let _ = write!(head, " => {}", pretty(&without(&result.result, skip)));
        }
        if ignored {
            head.push_str(" (ignored)");
        }
        let mut out = self.palette.status(result.status, &head);
        for part in result.diff.iter().map(|diff| self.palette.diff(diff.trim_end())) {
            out.push('\n');
            out.push_str(&part);
        }
        out.push_str(&body);
        out
    }

    /// The line of a loop of which nothing failed: which items changed, how many did not.
    pub(super) fn folded(self, host: &str, status: TaskStatus, items: &[Seen]) -> String {
        let mut head = format!("{}: [{host}]", word(status));
        let named: Vec<_> = items
            .iter()
            .filter(|item| item.status == status)
            .filter_map(|item| item.label.as_deref())
            .filter(|label| *label != CENSORED)
            .collect();
        let labels = if named.len() > MOST_LABELS {
            format!("{} and {} more", named.get(..MOST_LABELS).unwrap_or(&named).join(", "), named.len() - MOST_LABELS)
        } else {
            named.join(", ")
        };
        let count = items.iter().filter(|item| item.status == status).count();
        let of = if count == items.len() { format!("{count}") } else { format!("{count} of {}", items.len()) };
        let noun = if items.len() == 1 { "item" } else { "items" };
        let _ = write!(head, " => {of} {noun}");
        if !named.is_empty() && (status == TaskStatus::Changed || items.len() <= MOST_LABELS) {
            let _ = write!(head, ": {labels}");
        }
        self.palette.status(status, &head)
    }
}

fn failure(head: &mut String, body: &mut String, result: &ItemResult) {
    // of a task with `no_log` nothing is told but that
    let censored = result.result.get("censored").and_then(Json::as_str);
    if let Some(msg) = result.msg.as_deref().filter(|msg| !msg.is_empty()).or(censored) {
        let _ = write!(head, ": {msg}");
    }
    if let Some(diagnostic) = &result.diagnostic {
        indent(body, diagnostic);
    }
    // a command says why it failed in its own words
    for stream in ["stderr", "stdout", "module_stderr"] {
        if let Some(text) = result.result.get(stream).and_then(Json::as_str).filter(|text| !text.trim().is_empty()) {
            let _ = write!(body, "\n  {stream}:");
            indent(body, text.trim_end());
        }
    }
}

fn show(head: &mut String, body: &mut String, result: &ItemResult) {
    let rest = without(&result.result, TOLD);
    let msg = result.result.get("msg");
    match msg {
        Some(Json::String(text)) if !text.contains('\n') => {
            let _ = write!(head, " => {text}");
        }
        Some(Json::String(text)) => indent(body, text),
        Some(other) => {
            let _ = write!(head, " => {}", pretty(other));
        }
        None => {
            let _ = write!(head, " => {}", pretty(&rest));
        }
    }
}

fn indent(out: &mut String, text: &str) {
    for line in text.lines() {
        out.push('\n');
        if !line.is_empty() {
            out.push_str("    ");
            out.push_str(line);
        }
    }
}

fn without(json: &Json, keys: &[&str]) -> Json {
    match json {
        Json::Object(map) => Json::Object(
            map.iter().filter(|(key, _)| !keys.contains(&key.as_str())).map(|(k, v)| (k.clone(), v.clone())).collect(),
        ),
        other => other.clone(),
    }
}

fn pretty(json: &Json) -> String {
    // the alternate form of JSON's Display is the indented one
    match json {
        Json::Object(map) if map.is_empty() => "{}".to_owned(),
        Json::Object(_) | Json::Array(_) => format!("{json:#}"),
        Json::String(text) => text.clone(),
        other => other.to_string(),
    }
}
