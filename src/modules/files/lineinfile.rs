//! `lineinfile`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::edit::{EditState, Editor, FileText, Note, edit_methods};
use crate::modules::context::Ctx;
use crate::modules::error::ModuleError;
use crate::modules::host::{Mode, file_options};
use crate::modules::managed::{Applied, Managed};
use crate::modules::outcome::Diff;
use crate::modules::pyregex::{PyRegex, expand};
use crate::value::{Map, Value};

/// Whether the line shall be there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum State {
    /// No such line.
    Absent,
    /// The line is there.
    #[default]
    Present,
}

file_options! {
    /// Makes sure that a line is in a text file, or that no such line is.
    #[derive(Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    pub struct LineInFile {
        /// The file.
        #[serde(alias = "dest", alias = "destfile", alias = "name")]
        #[schemars(extend("x-aliases" = ["dest", "destfile", "name"]))]
        path: String,
        /// Whether the line shall be there.
        #[serde(default)]
        state: State,
        /// The line. Needed with `state: present`.
        #[serde(alias = "value")]
        #[schemars(extend("x-aliases" = ["value"]))]
        line: Option<String>,
        /// Regular expression for the line to replace (of several the last one), or for the lines to remove.
        #[serde(alias = "regex")]
        #[schemars(extend("x-aliases" = ["regex"]))]
        regexp: Option<String>,
        /// Plain text to look for instead of a regular expression.
        search_string: Option<String>,
        /// Fill groups of `regexp` (`\1`, `\g<name>`) into `line`. Without a match the file is then left alone.
        #[serde(default)]
        backrefs: bool,
        /// Where nothing matches, put the line after the last line that matches this regular expression, or at `EOF`.
        insertafter: Option<String>,
        /// Where nothing matches, put the line before the last line that matches this regular expression, or at `BOF`.
        insertbefore: Option<String>,
        /// Take the first match instead of the last one.
        #[serde(default)]
        firstmatch: bool,
        /// Make the file where it is missing.
        #[serde(default)]
        create: bool,
        /// Keep a copy of the old file; its name is returned as `backup`.
        #[serde(default)]
        backup: bool,
        /// Mode of the file. Left alone where not given.
        mode: Option<Mode>,
        /// Command that must accept the new file before it takes its place; `%s` stands for its path. No shell is used.
        validate: Option<String>,
    }
}

impl LineInFile {
    fn editor(&self) -> Editor {
        Editor {
            path: self.path.clone(),
            attributes: self.attributes(self.mode.clone()),
            backup: self.backup,
            validate: self.validate.clone(),
            create: self.create || self.state == State::Absent,
            plain_headers: false,
        }
    }

    /// The text with the line in it, and what was done.
    fn present(&self, file: &FileText) -> Result<(String, &'static str), ModuleError> {
        let line = file.of_option(self.line.as_deref().unwrap_or_default());
        let mut lines: Vec<String> = file.text.split_inclusive('\n').map(str::to_owned).collect();
        let with_end = |text: String| if text.ends_with('\n') { text } else { text + "\n" };
        let unchanged = || Ok((file.text.clone(), ""));

        let place = match self.matching(file, &line, &lines)? {
            Some((number, new)) => Place::Instead(number, new),
            None => self.place(file, &line, &lines)?,
        };
        let at = match place {
            Place::Instead(number, new) => {
                let new = with_end(new);
                let Some(old) = lines.get_mut(number).filter(|old| **old != new) else { return unchanged() };
                *old = new;
                return Ok((lines.concat(), "line replaced"));
            }
            // without a match there is nothing to fill into the line
            _ if self.backrefs => return unchanged(),
            Place::Before(number) => number,
            Place::End => lines.len(),
        };
        if let Some(last) = lines.last_mut().filter(|last| at > 0 && !last.ends_with(['\n', '\r'])) {
            last.push('\n');
        }
        lines.insert(at.min(lines.len()), line + "\n");
        Ok((lines.concat(), "line added"))
    }

    /// The line that `regexp` or `search_string` finds, with what shall stand there.
    fn matching(&self, file: &FileText, line: &str, lines: &[String]) -> Result<Option<(usize, String)>, ModuleError> {
        let regexp = self.regexp.as_ref().map(|pattern| PyRegex::new(&file.of_option(pattern))).transpose()?;
        let search = self.search_string.as_ref().map(|text| file.of_option(text));
        let mut matched = None;
        for (number, text) in lines.iter().enumerate() {
            let new = match (&regexp, &search) {
                (Some(regexp), _) => match regexp.search(text)? {
                    Some(captures) if self.backrefs => {
                        let mut out = String::new();
                        expand(&captures, line, &mut out)?;
                        Some(out)
                    }
                    found => found.map(|_| line.to_owned()),
                },
                (None, Some(search)) => text.contains(search.as_str()).then(|| line.to_owned()),
                (None, None) => None,
            };
            if let Some(new) = new {
                matched = Some((number, new));
                if self.firstmatch {
                    break;
                }
            }
        }
        Ok(matched)
    }

    /// Where the line belongs when nothing is to be replaced. A line that is there already stays where it is.
    fn place(&self, file: &FileText, line: &str, lines: &[String]) -> Result<Place, ModuleError> {
        let (pattern, offset) = match (&self.insertafter, &self.insertbefore) {
            (Some(after), _) if !matches!(after.as_str(), "BOF" | "EOF") => (Some(after), 1),
            (_, Some(before)) if before != "BOF" => (Some(before), 0),
            _ => (None, 0),
        };
        let anchor = pattern.map(|pattern| PyRegex::new(&file.of_option(pattern))).transpose()?;
        let (mut exact, mut place) = (None, None);
        for (number, text) in lines.iter().enumerate() {
            if text.trim_end_matches(['\r', '\n']) == line {
                exact = Some(number);
            } else if let Some(anchor) = &anchor
                && anchor.search(text)?.is_some()
            {
                place = Some(number + offset);
                if self.firstmatch {
                    break;
                }
            }
        }
        let start = [&self.insertafter, &self.insertbefore].into_iter().any(|option| option.as_deref() == Some("BOF"));
        Ok(match (exact, place) {
            (Some(number), _) => Place::Instead(number, line.to_owned()),
            (None, _) if start => Place::Before(0),
            (None, Some(number)) => Place::Before(number),
            (None, None) => Place::End,
        })
    }

    fn absent(&self, file: &FileText) -> Result<(String, usize), ModuleError> {
        let regexp = self.regexp.as_ref().map(|pattern| PyRegex::new(&file.of_option(pattern))).transpose()?;
        let search = self.search_string.as_ref().map(|text| file.of_option(text));
        let line = self.line.as_ref().map(|line| file.of_option(line));
        let (mut kept, mut found) = (String::new(), 0);
        for text in file.text.split_inclusive('\n') {
            let goes = match (&regexp, &search, &line) {
                (Some(regexp), ..) => regexp.search(text)?.is_some(),
                (None, Some(search), _) => text.contains(search.as_str()),
                (None, None, line) => line.as_deref() == Some(text.trim_end_matches(['\r', '\n'])),
            };
            if goes {
                found += 1;
            } else {
                kept.push_str(text);
            }
        }
        Ok((kept, found))
    }
}

/// Where the line belongs.
enum Place {
    /// In the place of this line, as this text.
    Instead(usize, String),
    /// Before this line.
    Before(usize),
    /// At the end.
    End,
}

impl Managed for LineInFile {
    type State = EditState;

    fn validate(&self) -> Result<(), ModuleError> {
        let both = |a: (&str, bool), b: (&str, bool)| match (a.1, b.1) {
            (true, true) => Err(ModuleError::new(format!("only one of `{}` and `{}` can be given", a.0, b.0))),
            _ => Ok(()),
        };
        let search = ("search_string", self.search_string.is_some());
        both(("insertbefore", self.insertbefore.is_some()), ("insertafter", self.insertafter.is_some()))?;
        both(("regexp", self.regexp.is_some()), search)?;
        both(("backrefs", self.backrefs), search)?;
        match self.state {
            State::Present if self.backrefs && self.regexp.is_none() => {
                Err(ModuleError::new("regexp is required with backrefs=true"))
            }
            State::Present if self.line.is_none() => Err(ModuleError::new("line is required with state=present")),
            State::Absent if self.line.is_none() && self.regexp.is_none() && !search.1 => {
                Err(ModuleError::new("one of line, search_string, or regexp is required with state=absent"))
            }
            _ => Ok(()),
        }
    }

    fn read(&self, ctx: &mut Ctx) -> Result<EditState, ModuleError> {
        for (option, value) in [("regexp", &self.regexp), ("search_string", &self.search_string)] {
            if value.as_deref() == Some("") {
                ctx.warn(format!("option `{option}` is empty, which matches every line of the file"));
            }
        }
        self.editor().read(ctx)
    }

    fn desired(&self, current: &EditState, ctx: &mut Ctx) -> Result<EditState, ModuleError> {
        let mut note = Note::default();
        note.values.insert("backup".into(), Value::from(""));
        if self.state == State::Absent && current.file.content.is_none() {
            "file not present".clone_into(&mut note.msg);
            return Ok(EditState { note, ..current.clone() });
        }
        let file = Editor::text(current)?;
        let text = match self.state {
            State::Present => {
                let (text, msg) = self.present(&file)?;
                msg.clone_into(&mut note.msg);
                text
            }
            State::Absent => {
                let (text, found) = self.absent(&file)?;
                if found > 0 {
                    note.msg = format!("{found} line(s) removed");
                }
                note.values.insert("found".into(), Value::from(found as u64));
                text
            }
        };
        self.editor().desired(current, file.to_bytes(&text), note, ctx)
    }

    edit_methods!("backup");
}

#[cfg(test)]
mod tests {
    use std::fs;

    use serde_json::json;

    use crate::modules::testing::{prove, run, with_ctx};

    /// The file's text after the module has run on it, proven to be idempotent.
    fn edited(text: &str, mut args: serde_json::Value) -> String {
        with_ctx(|ctx| {
            let dir = tempfile::tempdir().unwrap();
            let path = dir.path().join("f");
            fs::write(&path, text).unwrap();
            args["path"] = json!(path);
            prove(ctx, dir.path(), "lineinfile", &args);
            fs::read_to_string(path).unwrap()
        })
    }

    #[test]
    fn lines_are_added_and_replaced() {
        assert_eq!(edited("a\nb", json!({"line": "c"})), "a\nb\nc\n");
        assert_eq!(edited("", json!({"line": "c"})), "c\n");
        assert_eq!(edited("a\na=1\na=2\n", json!({"line": "a=3", "regexp": "^a="})), "a\na=1\na=3\n");
        assert_eq!(edited("b=1\nb=2\n", json!({"line": "b=3", "regexp": "^b=\\d$", "firstmatch": true})), "b=3\nb=2\n");
        assert_eq!(edited("x\ny\n", json!({"line": "n", "insertafter": "^x"})), "x\nn\ny\n");
        assert_eq!(edited("x\ny", json!({"line": "n", "insertafter": "y$"})), "x\ny\nn\n");
        assert_eq!(edited("x\ny\n", json!({"line": "n", "insertbefore": "^y"})), "x\nn\ny\n");
        assert_eq!(edited("x\n", json!({"line": "n", "insertbefore": "BOF"})), "n\nx\n");
        assert_eq!(edited("x\n", json!({"line": "n", "insertafter": "nothing"})), "x\nn\n");
        assert_eq!(edited("p 80\n", json!({"line": "p 81", "search_string": "p 8"})), "p 81\n");
        assert_eq!(
            edited("opt = 1 # c\n", json!({"line": "\\g<1>2\\2", "regexp": "^(opt = )1(.*)$", "backrefs": true})),
            "opt = 2 # c\n"
        );
        assert_eq!(edited("a\nb\na\n", json!({"state": "absent", "line": "a"})), "b\n");
        assert_eq!(edited("a1\nb\na2\n", json!({"state": "absent", "regexp": "^a\\d"})), "b\n");
    }

    #[test]
    fn special_files() {
        with_ctx(|ctx| {
            let dir = tempfile::tempdir().unwrap();
            let path = dir.path().join("sub/f");
            assert!(run(ctx, "lineinfile", json!({"path": path, "line": "x"})).is_err());
            assert!(!run(ctx, "lineinfile", json!({"path": path, "line": "x", "state": "absent"})).unwrap().changed);
            prove(ctx, dir.path(), "lineinfile", &json!({"path": path, "line": "x", "create": true, "mode": "0600"}));
            fs::write(&path, b"caf\xe9\n").unwrap();
            let done =
                run(ctx, "lineinfile", json!({"path": path, "line": "th\u{e9}", "mode": "0640", "backup": true}))
                    .unwrap();
            assert_eq!(done.msg.as_deref(), Some("line added and ownership, perms or SE linux context changed"));
            assert_eq!(fs::read(&path).unwrap(), b"caf\xe9\nth\xc3\xa9\n");
            let link = dir.path().join("link");
            std::os::unix::fs::symlink(&path, &link).unwrap();
            prove(ctx, dir.path(), "lineinfile", &json!({"path": link, "line": "through"}));
            assert!(link.is_symlink());
            let done =
                run(ctx, "lineinfile", json!({"path": path, "line": "z", "regexp": "no", "backrefs": true})).unwrap();
            assert!(!done.changed);
            assert!(run(ctx, "lineinfile", json!({"path": path, "line": "z", "regexp": "("})).is_err());
        });
    }
}
