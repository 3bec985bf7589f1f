//! Differences as Ansible prints them, from a result's `diff`.

use std::fmt::Write as _;

use serde_json::Value as Json;
use similar::TextDiff;

use super::colours::Shade;
use super::dump::python_json_nice;
use super::options::{CallbackOptions, ResultFormat};
use super::result::yaml_block;
use crate::report::Palette;

/// The text of all differences; empty where there is none to show.
pub(super) fn text(diff: &Json, options: &CallbackOptions) -> String {
    match diff {
        Json::Array(diffs) => diffs.iter().map(|one| text(one, options)).collect(),
        Json::Object(_) => one(diff, options),
        _ => String::new(),
    }
}

fn one(diff: &Json, options: &CallbackOptions) -> String {
    let mut out = String::new();
    for (key, which) in [("dst_binary", "destination"), ("src_binary", "source")] {
        if diff.get(key).is_some() {
            let _ = writeln!(out, "diff skipped: {which} file appears to be binary");
        }
    }
    for (key, which) in [("dst_larger", "destination"), ("src_larger", "source")] {
        if let Some(size) = diff.get(key) {
            let _ = writeln!(out, "diff skipped: {which} file size is greater than {size}");
        }
    }
    if let (Some(before), Some(after)) = (diff.get("before"), diff.get("after")) {
        let header = |side: &str| match diff.get(format!("{side}_header")).and_then(Json::as_str) {
            Some(header) => format!("{side}: {header}"),
            None => side.to_owned(),
        };
        let (before, after) = (side(before, options), side(after, options));
        if before != after {
            let unified = TextDiff::from_lines(&before, &after)
                .unified_diff()
                .context_radius(options.diff_context)
                .header(&header("before"), &header("after"))
                .to_string();
            out.push_str(&painted(&unified, options.palette));
            out.push('\n');
        }
    }
    out.push_str(diff.get("prepared").and_then(Json::as_str).unwrap_or_default());
    out
}

fn side(value: &Json, options: &CallbackOptions) -> String {
    match value {
        Json::Null => String::new(),
        Json::String(text) => text.clone(),
        other if options.result_format == ResultFormat::Yaml => format!("{}\n", yaml_block(other)),
        other => format!("{}\n", python_json_nice(other, 4)),
    }
}

fn painted(unified: &str, palette: Palette) -> String {
    if palette == Palette::Plain {
        return unified.to_owned();
    }
    let paint = |line: &str| {
        let shade = match line.as_bytes().first() {
            Some(b'+') => Shade::Ok,
            Some(b'-') => Shade::Failed,
            Some(b'@') => Shade::Skipped,
            _ => return line.to_owned(),
        };
        shade.paint(palette, line)
    };
    unified.split_inclusive('\n').map(paint).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn texts_and_structures_are_compared_line_by_line() {
        let options = CallbackOptions::default();
        let diff = json!([{"before": "", "after": "a\nb", "after_header": "/f"}]);
        assert_eq!(
            text(&diff, &options),
            "--- before\n+++ after: /f\n@@ -0,0 +1,2 @@\n+a\n+b\n\\ No newline at end of file\n\n"
        );
        let diff = json!({"before": {"state": "absent"}, "after": {"state": "file"}});
        assert_eq!(
            text(&diff, &options),
            "--- before\n+++ after\n@@ -1,3 +1,3 @@\n {\n-    \"state\": \"absent\"\n+    \"state\": \"file\"\n }\n\n"
        );
        assert_eq!(text(&json!({"before": "same", "after": "same"}), &options), "");
        assert_eq!(
            text(&json!([{"dst_binary": 1, "src_larger": 104_448}]), &options),
            "diff skipped: destination file appears to be binary\ndiff skipped: source file size is greater than 104448\n"
        );
    }
}
