//! A result as the text behind `=>`.

use serde_json::Value as Json;

use super::dump::{python_json, python_json_nice};
use super::options::{CallbackOptions, ResultFormat};
use crate::event::{ItemResult, TaskStatus};
use crate::value::from_json;
use crate::yaml::{EmitOptions, TextStyle, emit};

/// What the module's kind means for how much is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shown {
    /// With `-v`.
    Usual,
    /// Always and indented: `debug`, `assert`.
    Always,
    /// Only with failures: facts.
    Never,
}

/// The name of a builtin module without its collection.
pub(super) fn short_name(action: &str) -> &str {
    action.strip_prefix("ansible.builtin.").or_else(|| action.strip_prefix("ansible.legacy.")).unwrap_or(action)
}

impl Shown {
    pub(super) fn of(action: &str) -> Self {
        match short_name(action) {
            "debug" | "assert" => Self::Always,
            "setup" | "gather_facts" => Self::Never,
            _ => Self::Usual,
        }
    }

    /// Whether a result that did not fail is shown.
    pub(super) fn is_shown(self, status: TaskStatus, verbosity: u8) -> bool {
        match self {
            Self::Never => false,
            // what was skipped has shown nothing
            Self::Always if status != TaskStatus::Skipped => true,
            Self::Always | Self::Usual => verbosity > 0,
        }
    }
}

/// The text of a result.
pub(super) fn dump(action: &str, result: &ItemResult, options: &CallbackOptions) -> String {
    let json = cleaned(action, result, options.verbosity);
    // a task that never came to its module has nothing to show at length
    let always = Shown::of(action) == Shown::Always
        && result.diagnostic.is_none()
        && !matches!(result.status, TaskStatus::Skipped | TaskStatus::Unreachable);
    let indented = match options.pretty_results {
        Some(pretty) => pretty,
        None => always || options.verbosity > 2,
    };
    match options.result_format {
        ResultFormat::Yaml => {
            let lossy = options.pretty_results != Some(false);
            format!("\n{}", yaml_block(&if lossy { without_lines(json) } else { json }))
        }
        ResultFormat::Json if indented => python_json_nice(&json, 4),
        ResultFormat::Json => python_json(&json),
    }
}

/// A warning's line.
pub(super) fn warning(message: &str) -> String {
    format!("[WARNING]: {}", without_word(message))
}

/// A drawn diagnostic without the word and the code that it begins with (`error[undefined]: `).
pub(super) fn without_word(message: &str) -> &str {
    let rest = message.strip_prefix("error").or_else(|| message.strip_prefix("warning"));
    let rest = rest.filter(|rest| rest.starts_with([':', '[']));
    rest.and_then(|rest| rest.split_once(": ")).map_or(message, |(_, rest)| rest)
}

/// The values that Ansible shows of a result.
pub(super) fn cleaned(action: &str, result: &ItemResult, verbosity: u8) -> Json {
    let Json::Object(map) = &result.result else { return result.result.clone() };
    let is_debug = short_name(action) == "debug";
    let hidden_of_debug = ["changed", "skip_reason", "invocation"];
    let keep = |key: &str| {
        if matches!(key, "failed" | "skipped" | "warnings" | "deprecations" | "exception")
            || key.starts_with("_ansible_")
            || (verbosity < 3 && matches!(key, "invocation" | "diff"))
            || key == "results" && result.label.is_none() && map.contains_key("results")
        {
            return false;
        }
        if is_debug {
            return if map.contains_key("msg") { key == "msg" } else { !hidden_of_debug.contains(&key) };
        }
        true
    };
    Json::Object(map.iter().filter(|(key, _)| keep(key)).map(|(key, value)| (key.clone(), value.clone())).collect())
}

fn without_lines(json: Json) -> Json {
    let Json::Object(mut map) = json else { return json };
    for stream in ["stdout", "stderr"] {
        let lines = format!("{stream}_lines");
        if map.contains_key(stream) && map.contains_key(&lines) {
            map.insert(lines, Json::String("<omitted>".to_owned()));
        }
    }
    trimmed(&Json::Object(map))
}

/// Texts of several lines without the blanks at their lines' ends, which a literal block could not hold.
fn trimmed(json: &Json) -> Json {
    match json {
        Json::String(text) if text.contains('\n') => {
            Json::String(text.trim_end().lines().map(str::trim_end).collect::<Vec<_>>().join("\n"))
        }
        Json::Object(map) => Json::Object(map.iter().map(|(key, value)| (key.clone(), trimmed(value))).collect()),
        Json::Array(items) => Json::Array(items.iter().map(trimmed).collect()),
        other => other.clone(),
    }
}

/// YAML with sorted keys, each line moved in by four blanks, without a newline at its end.
pub(super) fn yaml_block(json: &Json) -> String {
    let options = EmitOptions { text_style: TextStyle::Lines, ..EmitOptions::nice() };
    let text = emit(&from_json(json.clone()), &options).unwrap_or_else(|_| python_json(json));
    let indent = |line: &str| if line.trim().is_empty() { line.to_owned() } else { format!("    {line}") };
    text.trim_end_matches('\n').split('\n').map(indent).collect::<Vec<_>>().join("\n")
}
