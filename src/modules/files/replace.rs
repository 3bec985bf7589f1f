//! `replace`.

use schemars::JsonSchema;
use serde::Deserialize;

use super::edit::{EditState, Editor, Note, edit_methods};
use crate::modules::context::Ctx;
use crate::modules::error::ModuleError;
use crate::modules::host::{Mode, file_options};
use crate::modules::managed::{Applied, Managed};
use crate::modules::outcome::Diff;
use crate::modules::pyregex::PyRegex;
use crate::template::Flags;
use crate::value::{Map, Value};

file_options! {
    /// Replaces everything in a file that matches a regular expression.
    ///
    /// Whether that is idempotent is up to the expression: it should not match what it was replaced by.
    #[derive(Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    pub struct Replace {
        /// The file.
        #[serde(alias = "dest", alias = "destfile", alias = "name")]
        #[schemars(extend("x-aliases" = ["dest", "destfile", "name"]))]
        path: String,
        /// The regular expression. `^` and `$` match at every line.
        regexp: String,
        /// What to put there; `\1` and `\g<name>` stand for groups of the expression. Nothing removes what matches.
        #[serde(default)]
        replace: String,
        /// Only replace in the text after what this regular expression matches.
        after: Option<String>,
        /// Only replace in the text before what this regular expression matches.
        before: Option<String>,
        /// Keep a copy of the old file; its name is returned as `backup_file`.
        #[serde(default)]
        backup: bool,
        /// Mode of the file. Left alone where not given.
        mode: Option<Mode>,
        /// Command that must accept the new file before it takes its place; `%s` stands for its path. No shell is used.
        validate: Option<String>,
        /// Encoding of the file; only `utf-8`.
        #[serde(default = "utf8")]
        encoding: String,
    }
}

fn utf8() -> String {
    "utf-8".to_owned()
}

impl Replace {
    fn editor(&self) -> Editor {
        Editor {
            path: self.path.clone(),
            attributes: self.attributes(self.mode.clone()),
            backup: self.backup,
            validate: self.validate.clone(),
            create: false,
            plain_headers: true,
        }
    }

    /// The text with its replacements, and what is to be told.
    fn edited(&self, text: &str) -> Result<(String, String), ModuleError> {
        let given = |option: &Option<String>| option.clone().filter(|pattern| !pattern.is_empty());
        let section = match (given(&self.after), given(&self.before)) {
            (Some(after), Some(before)) => Some(format!("{after}(?P<subsection>.*?){before}")),
            (Some(after), None) => Some(format!("{after}(?P<subsection>.*)")),
            (None, Some(before)) => Some(format!("(?P<subsection>.*){before}")),
            (None, None) => None,
        };
        let (from, to) = match &section {
            None => (0, text.len()),
            Some(pattern) => {
                let regex = PyRegex::with_flags(pattern, Flags { dot_all: true, ..Flags::default() })?;
                let Some(found) = regex.search(text)?.and_then(|captures| captures.name("subsection")) else {
                    let said = format!("Pattern for before/after params did not match the given file: {pattern}");
                    return Ok((text.to_owned(), said));
                };
                (found.start(), found.end())
            }
        };
        let regex = PyRegex::with_flags(&self.regexp, Flags { multi_line: true, ..Flags::default() })?;
        let part = text.get(from..to).unwrap_or_default();
        let (new, count) = regex.replace_all(part, &self.replace)?;
        if new == part {
            return Ok((text.to_owned(), String::new()));
        }
        let (head, tail) = (text.get(..from).unwrap_or_default(), text.get(to..).unwrap_or_default());
        Ok((format!("{head}{new}{tail}"), format!("{count} replacements made")))
    }
}

impl Managed for Replace {
    type State = EditState;

    fn validate(&self) -> Result<(), ModuleError> {
        match self.encoding.to_ascii_lowercase().as_str() {
            "utf-8" | "utf8" | "utf_8" | "ascii" | "us-ascii" => Ok(()),
            other => Err(ModuleError::new(format!("option `encoding`: only utf-8 is supported, not `{other}`"))),
        }
    }

    fn read(&self, ctx: &mut Ctx) -> Result<EditState, ModuleError> {
        self.editor().read(ctx)
    }

    fn desired(&self, current: &EditState, ctx: &mut Ctx) -> Result<EditState, ModuleError> {
        let file = Editor::text(current)?;
        if std::str::from_utf8(&file.to_bytes(&file.text)).is_err() {
            return Err(ModuleError::new(format!("`{}` is not valid UTF-8", current.path.display())));
        }
        let (text, msg) = self.edited(&file.text)?;
        let values = Map::from([("rc".into(), Value::Int(0))]);
        self.editor().desired(current, text.into_bytes(), Note { msg, values }, ctx)
    }

    edit_methods!("backup_file");
}

#[cfg(test)]
mod tests {
    use std::fs;

    use serde_json::json;

    use crate::modules::testing::{prove, run, with_ctx};

    fn edited(text: &str, mut args: serde_json::Value) -> (String, Option<String>) {
        with_ctx(|ctx| {
            let dir = tempfile::tempdir().unwrap();
            let path = dir.path().join("f");
            fs::write(&path, text).unwrap();
            args["path"] = json!(path);
            let done = prove(ctx, dir.path(), "replace", &args);
            (fs::read_to_string(path).unwrap(), done.msg)
        })
    }

    #[test]
    fn matches_are_replaced() {
        let (text, msg) = edited("a 1\nb 2\na 3\n", json!({"regexp": "^a (\\d)$", "replace": "x \\1"}));
        assert_eq!((text.as_str(), msg.as_deref()), ("x 1\nb 2\nx 3\n", Some("2 replacements made")));
        let args = json!({"regexp": "o", "replace": "0", "after": "<a>", "before": "</a>"});
        assert_eq!(edited("o<a>o\no</a>o", args).0, "o<a>0\n0</a>o");
        assert_eq!(edited("o X o", json!({"regexp": "o", "replace": "0", "after": "X"})).0, "o X 0");
        assert_eq!(edited("o X o", json!({"regexp": "o", "replace": "0", "before": "X"})).0, "0 X o");
        assert_eq!(edited("ab\n", json!({"regexp": "b", "mode": "0600"})).0, "a\n");
    }

    #[test]
    fn nothing_to_do_and_errors() {
        with_ctx(|ctx| {
            let dir = tempfile::tempdir().unwrap();
            let path = dir.path().join("f");
            fs::write(&path, "text").unwrap();
            let done = run(ctx, "replace", json!({"path": path, "regexp": "t", "after": "nothing"})).unwrap();
            assert!(!done.changed && done.msg.unwrap().starts_with("Pattern for before/after"));
            assert!(run(ctx, "replace", json!({"path": path, "regexp": "("})).is_err());
            assert!(run(ctx, "replace", json!({"path": path, "regexp": "t", "encoding": "latin-1"})).is_err());
            assert!(run(ctx, "replace", json!({"path": dir.path().join("no"), "regexp": "t"})).is_err());
        });
    }
}
