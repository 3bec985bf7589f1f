//! Results without what differs from run to run or is one program's own.

use std::collections::BTreeMap;

use serde_json::Value as Json;

/// What a program said of a task on a host.
pub struct Said<'s> {
    pub status: &'s str,
    pub ignored: bool,
    pub action: &'s str,
    pub result: &'s Json,
}

/// Modules whose message on failure is the user's own.
const OWN_WORDS: &[&str] = &["fail", "assert"];

/// Values that are another in every run, wherever they stand.
const TIMES: &[&str] =
    &["start", "end", "delta", "atime", "mtime", "ctime", "inode", "dev", "elapsed", "ansible_job_id", "results_file"];

/// Values that only say how a program works, wherever they stand.
const WORKINGS: &[&str] = &[
    "invocation",
    "exception",
    "warnings",
    "deprecations",
    "diff",
    "_ansible_no_log",
    "failed_when_suppressed_exception",
    "version",
    "frame",
];

/// What a loop adds to a result.
const ITEM: &[&str] = &["item", "ansible_loop_var", "results", "failed", "changed"];

/// A result as one line.
pub fn result(said: &Said<'_>) -> String {
    // ansible does not tell of an unreachable host whether that was ignored; the recap does
    let ignored = if said.ignored && said.status != "unreachable" { " (ignored)" } else { "" };
    let action = said.action.rsplit('.').next().unwrap_or_default();
    // of an include only the included tasks tell
    if matches!(action, "include_tasks" | "include_role") {
        return format!("{}{ignored}", said.status);
    }
    format!("{}{ignored} {}", said.status, top(said.result, said.status, action))
}

/// A result or a loop item's: what it says of its own status stands before it already.
fn top(value: &Json, status: &str, action: &str) -> Json {
    let Json::Object(map) = value else { return value.clone() };
    let failed = status == "failed" || map.get("failed") == Some(&Json::Bool(true));
    let changed = status == "changed" || map.get("changed") == Some(&Json::Bool(true));
    // which values come with a failure is documented of those that run something; of others only that they failed
    let bare = failed && matches!(action, "copy" | "template" | "file")
        // ansible tells nothing of what check mode predicts
        || changed && matches!(action, "copy" | "template") && !map.contains_key("md5sum");
    let mut clean = BTreeMap::new();
    for (key, value) in map {
        let keep = match key.as_str() {
            key if bare && !ITEM.contains(&key) => false,
            "failed" | "changed" | "skipped" | "skip_reason" => *value == Json::Bool(true) && status.is_empty(),
            // the wording is each program's own
            "msg" => !(failed || status == "unreachable") || OWN_WORDS.contains(&action),
            "results" => {
                let items = value.as_array().cloned().unwrap_or_default();
                let items = items.iter().map(|item| top(item, "", action)).collect();
                clean.insert(key.clone(), Json::Array(items));
                false
            }
            // the one ansible tells only where it found nothing to do, the other is a temporary copy
            "path" | "src" => !matches!(action, "copy" | "template"),
            key => !key.starts_with("_ansible"),
        };
        if keep && action == "find" && key == "files" {
            // the order of a folder's entries is the file system's
            let mut files = value.as_array().cloned().unwrap_or_default();
            files.sort_by_key(|file| file["path"].to_string());
            clean.insert(key.clone(), nested(key, &Json::Array(files)));
        } else if keep && !WORKINGS.contains(&key.as_str()) && !temporary(value) {
            clean.insert(key.clone(), nested(key, value));
        }
    }
    Json::Object(clean.into_iter().collect())
}

fn temporary(value: &Json) -> bool {
    value.as_str().is_some_and(|text| text.contains("/.ansible/tmp/"))
}

fn nested(key: &str, value: &Json) -> Json {
    if TIMES.contains(&key) {
        return Json::String("[TIME]".to_owned());
    }
    match value {
        Json::Object(map) => map
            .iter()
            .filter(|(key, value)| !WORKINGS.contains(&key.as_str()) && !temporary(value))
            .map(|(key, value)| (key.clone(), nested(key, value)))
            .collect::<BTreeMap<_, _>>()
            .into_iter()
            .collect(),
        Json::Array(items) => items.iter().map(|item| nested("", item)).collect(),
        // which option is wrong, and what it should be, without the library's words for why
        Json::String(text) if text.contains("we were unable to convert to ") => {
            let to = text.rfind("convert to ").map_or(text.len(), |at| at + "convert to ".len());
            let end = text[to..].find(':').map_or(text.len(), |at| to + at);
            text[..end].into()
        }
        other => other.clone(),
    }
}
