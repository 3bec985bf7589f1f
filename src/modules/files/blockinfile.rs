//! `blockinfile`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::edit::{EditState, Editor, FileText, Note, edit_methods};
use crate::modules::context::Ctx;
use crate::modules::error::ModuleError;
use crate::modules::host::{Mode, file_options};
use crate::modules::managed::{Applied, Managed};
use crate::modules::outcome::Diff;
use crate::modules::pyregex::PyRegex;
use crate::value::Map;

/// Whether the block shall be there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum State {
    /// No such block.
    Absent,
    /// The block is there.
    #[default]
    Present,
}

file_options! {
    /// Keeps a block of lines between two marker lines in a text file.
    #[derive(Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    pub struct BlockInFile {
        /// The file.
        #[serde(alias = "dest", alias = "destfile", alias = "name")]
        #[schemars(extend("x-aliases" = ["dest", "destfile", "name"]))]
        path: String,
        /// Whether the block shall be there.
        #[serde(default)]
        state: State,
        /// The lines of the block. Nothing means that the block goes, its markers included.
        #[serde(default, alias = "content")]
        #[schemars(extend("x-aliases" = ["content"]))]
        block: String,
        /// The marker lines; `{mark}` is replaced by the next two options. Several blocks in one file need different markers.
        #[serde(default = "marker")]
        marker: String,
        /// What `{mark}` becomes above the block.
        #[serde(default = "begin")]
        marker_begin: String,
        /// What `{mark}` becomes below the block.
        #[serde(default = "end")]
        marker_end: String,
        /// Where there are no markers yet, put the block after the last line that matches this regular expression, or at
        /// `EOF`.
        insertafter: Option<String>,
        /// Where there are no markers yet, put the block before the last line that matches this regular expression, or at
        /// `BOF`.
        insertbefore: Option<String>,
        /// Make the file where it is missing.
        #[serde(default)]
        create: bool,
        /// Keep an empty line between the block and what follows.
        #[serde(default)]
        append_newline: bool,
        /// Keep an empty line between what precedes and the block.
        #[serde(default)]
        prepend_newline: bool,
        /// Keep a copy of the old file; its name is returned as `backup_file`.
        #[serde(default)]
        backup: bool,
        /// Mode of the file. Left alone where not given.
        mode: Option<Mode>,
        /// Command that must accept the new file before it takes its place; `%s` stands for its path. No shell is used.
        validate: Option<String>,
    }
}

fn marker() -> String {
    "# {mark} ANSIBLE MANAGED BLOCK".to_owned()
}

fn begin() -> String {
    "BEGIN".to_owned()
}

fn end() -> String {
    "END".to_owned()
}

/// The lines of a text with their ends, which may be of all three kinds.
fn split_lines(text: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(['\n', '\r']) {
        let length = at + if rest.get(at..).is_some_and(|tail| tail.starts_with("\r\n")) { 2 } else { 1 };
        let (line, after) = rest.split_at(length);
        lines.push(line.to_owned());
        rest = after;
    }
    if !rest.is_empty() {
        lines.push(rest.to_owned());
    }
    lines
}

impl BlockInFile {
    fn editor(&self) -> Editor {
        Editor {
            path: self.path.clone(),
            attributes: self.attributes(self.mode.clone()),
            backup: self.backup,
            validate: self.validate.clone(),
            create: self.create,
            plain_headers: false,
        }
    }

    fn edited(&self, file: &FileText) -> Result<String, ModuleError> {
        let mark = |word: &str| file.of_option(&self.marker.replace("{mark}", word)) + "\n";
        let (first, last) = (mark(&self.marker_begin), mark(&self.marker_end));
        let present = self.state == State::Present;
        let mut block = Vec::new();
        if present && !self.block.is_empty() {
            let text = file.of_option(&self.block);
            block.push(first.clone());
            block.extend(split_lines(&if text.ends_with('\n') { text } else { text + "\n" }));
            block.push(last.clone());
        }
        let mut lines = split_lines(&file.text);
        let found = |marker: &String| lines.iter().rposition(|line| line == marker);
        let mut at = match (found(&first), found(&last)) {
            (Some(a), Some(b)) => {
                let (from, to) = (a.min(b), a.max(b));
                lines.drain(from..=to);
                from
            }
            _ => self.place(file, &lines)?,
        };
        if let Some(line) = at.checked_sub(1).and_then(|before| lines.get_mut(before))
            && !line.ends_with('\n')
        {
            line.push('\n');
        }
        let blank = |lines: &[String], number: usize| lines.get(number).is_none_or(|line| line == "\n");
        if self.prepend_newline && present && at > 0 && !blank(&lines, at - 1) {
            lines.insert(at, "\n".to_owned());
            at += 1;
        }
        let after = at + block.len();
        lines.splice(at..at, block);
        if self.append_newline && present && !blank(&lines, after) {
            lines.insert(after, "\n".to_owned());
        }
        Ok(lines.concat())
    }

    /// The number of the line before which a new block goes.
    fn place(&self, file: &FileText, lines: &[String]) -> Result<usize, ModuleError> {
        let (pattern, offset) = match (&self.insertafter, &self.insertbefore) {
            (Some(after), _) if after != "EOF" => (after, 1),
            (_, Some(before)) if before != "BOF" => (before, 0),
            (None, Some(_)) => return Ok(0),
            _ => return Ok(lines.len()),
        };
        let regex = PyRegex::new(&file.of_option(pattern))?;
        let flags = pattern.strip_prefix("(?").and_then(|rest| rest.split_once(')'));
        let mut found = None;
        if flags.is_some_and(|(flags, _)| flags.contains('m') && flags.chars().all(|c| c.is_ascii_alphabetic())) {
            // a pattern over several lines is looked for once in the whole text
            if let Some(place) = regex.search(&file.text)?.and_then(|captures| captures.get(0)) {
                let edge = if offset == 1 { place.end() } else { place.start() };
                found = Some(file.text.get(..edge).unwrap_or_default().matches('\n').count());
            }
        } else {
            for (number, line) in lines.iter().enumerate() {
                if regex.search(line)?.is_some() {
                    found = Some(number);
                }
            }
        }
        Ok(found.map_or(lines.len(), |number| (number + offset).min(lines.len())))
    }
}

impl Managed for BlockInFile {
    type State = EditState;

    fn validate(&self) -> Result<(), ModuleError> {
        if self.insertbefore.is_some() && self.insertafter.is_some() {
            return Err(ModuleError::new("only one of `insertbefore` and `insertafter` can be given"));
        }
        Ok(())
    }

    fn read(&self, ctx: &mut Ctx) -> Result<EditState, ModuleError> {
        self.editor().read(ctx)
    }

    fn desired(&self, current: &EditState, ctx: &mut Ctx) -> Result<EditState, ModuleError> {
        let missing = current.file.content.is_none();
        if missing && self.state == State::Absent {
            let note = Note { msg: format!("File {} not present", self.path), ..Note::default() };
            return Ok(EditState { note, ..current.clone() });
        }
        let file = Editor::text(current)?;
        let text = self.edited(&file)?;
        let msg = if missing {
            "File created"
        } else if text == file.text {
            ""
        } else if self.state == State::Absent || self.block.is_empty() {
            "Block removed"
        } else {
            "Block inserted"
        };
        let note = Note { msg: msg.to_owned(), ..Note::default() };
        self.editor().desired(current, file.to_bytes(&text), note, ctx)
    }

    edit_methods!("backup_file");
}

#[cfg(test)]
mod tests {
    use std::fs;

    use serde_json::json;

    use crate::modules::testing::{prove, run, with_ctx};

    fn edited(text: &str, mut args: serde_json::Value) -> String {
        with_ctx(|ctx| {
            let dir = tempfile::tempdir().unwrap();
            let path = dir.path().join("f");
            fs::write(&path, text).unwrap();
            args["path"] = json!(path);
            prove(ctx, dir.path(), "blockinfile", &args);
            fs::read_to_string(path).unwrap()
        })
    }

    const B: &str = "# BEGIN ANSIBLE MANAGED BLOCK\n";
    const E: &str = "# END ANSIBLE MANAGED BLOCK\n";

    #[test]
    fn blocks_are_put_replaced_and_removed() {
        assert_eq!(edited("a", json!({"block": "x\ny"})), format!("a\n{B}x\ny\n{E}"));
        assert_eq!(edited(&format!("a\n{B}old\n{E}b\n"), json!({"block": "new"})), format!("a\n{B}new\n{E}b\n"));
        assert_eq!(edited(&format!("a\n{B}old\n{E}b\n"), json!({"state": "absent"})), "a\nb\n");
        assert_eq!(edited("a\nb\n", json!({"block": "x", "insertafter": "^a"})), format!("a\n{B}x\n{E}b\n"));
        assert_eq!(edited("a\nb\n", json!({"block": "x", "insertbefore": "^b"})), format!("a\n{B}x\n{E}b\n"));
        assert_eq!(edited("a\n", json!({"block": "x", "insertbefore": "BOF"})), format!("{B}x\n{E}a\n"));
        assert_eq!(
            edited(
                "a\nb\n",
                json!({"block": "x", "insertafter": "a", "prepend_newline": true, "append_newline": true})
            ),
            format!("a\n\n{B}x\n{E}\nb\n")
        );
        assert_eq!(
            edited("", json!({"block": "x", "marker": "<!-- {mark} -->", "marker_begin": "A", "marker_end": "Z"})),
            "<!-- A -->\nx\n<!-- Z -->\n"
        );
        assert_eq!(
            edited("a\nb\nc\n", json!({"block": "x", "insertafter": "(?m)^a\nb$"})),
            format!("a\nb\n{B}x\n{E}c\n")
        );
    }

    #[test]
    fn a_missing_file() {
        with_ctx(|ctx| {
            let dir = tempfile::tempdir().unwrap();
            let path = dir.path().join("sub/f");
            let error = run(ctx, "blockinfile", json!({"path": path, "block": "x"})).unwrap_err();
            assert!(error.message.ends_with("does not exist !"));
            let done = prove(ctx, dir.path(), "blockinfile", &json!({"path": path, "block": "x", "create": true}));
            assert_eq!(done.msg.as_deref(), Some("File created"));
        });
    }
}
