//! What `lineinfile`, `blockinfile` and `replace` share: a text file that is read, changed in memory, and written back.

use std::fs;
use std::path::PathBuf;

use serde::{Serialize, Serializer};

use crate::modules::context::Ctx;
use crate::modules::error::ModuleError;
use crate::modules::host::{Attributes, Content, FileState, Ownership, TargetFile};
use crate::modules::managed::Applied;
use crate::modules::outcome::{Diff, DiffText};
use crate::value::{Map, Value};

/// The file with what is to be told of the change.
#[derive(Clone, PartialEq, Serialize)]
pub struct EditState {
    pub(super) path: PathBuf,
    pub(super) file: FileState,
    pub(super) note: Note,
}

/// What is told of a change; it says nothing about the file, so that all notes are equal.
#[derive(Clone, Debug, Default)]
pub struct Note {
    pub(super) msg: String,
    pub(super) values: Map,
}

impl PartialEq for Note {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Serialize for Note {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_unit()
    }
}

/// The options that the editing modules have in common.
pub(super) struct Editor {
    pub(super) path: String,
    pub(super) attributes: Attributes,
    pub(super) backup: bool,
    pub(super) validate: Option<String>,
    /// Whether a missing file may be made.
    pub(super) create: bool,
    /// Whether the diff is headed with the path alone.
    pub(super) plain_headers: bool,
}

impl Editor {
    fn target(&self, path: PathBuf) -> TargetFile {
        TargetFile { path, attributes: self.attributes.clone(), backup: self.backup, validate: self.validate.clone() }
    }

    /// The file as it is, links followed.
    pub(super) fn read(&self, ctx: &Ctx) -> Result<EditState, ModuleError> {
        let path = ctx.resolve(&self.path);
        if path.is_dir() {
            return Err(ModuleError::new(format!("Path {} is a directory !", path.display())).with("rc", 256_i64));
        }
        let path = ctx.real_path(&path);
        let file = self.target(path.clone()).read(ctx)?;
        if file.content.is_none() && !self.create {
            return Err(ModuleError::new(format!("Path {} does not exist !", path.display())).with("rc", 257_i64));
        }
        Ok(EditState { path, file, note: Note::default() })
    }

    /// The file's text.
    pub(super) fn text(state: &EditState) -> Result<FileText, ModuleError> {
        let Some(content) = &state.file.content else { return Ok(FileText::new(Vec::new())) };
        let cannot = |error| ModuleError::because(format!("cannot read `{}`", state.path.display()), error);
        Ok(FileText::new(content.bytes().map_err(cannot)?.to_vec()))
    }

    /// The file with another text, and its attributes as asked for.
    pub(super) fn desired(
        &self,
        current: &EditState,
        bytes: Vec<u8>,
        mut note: Note,
        ctx: &mut Ctx,
    ) -> Result<EditState, ModuleError> {
        let secret = current.file.content.as_ref().is_some_and(Content::is_secret);
        let target = self.target(current.path.clone());
        let file = target.desired(&current.file, Content::new(bytes).secret(secret), ctx)?;
        let before = match current.file.ownership {
            Some(ownership) => ownership,
            None => Ownership::fresh(&current.path, false, ctx)?,
        };
        if file.ownership.is_some_and(|ownership| ownership != before) {
            if !note.msg.is_empty() {
                note.msg.push_str(" and ");
            }
            note.msg.push_str("ownership, perms or SE linux context changed");
        }
        Ok(EditState { path: current.path.clone(), file, note })
    }

    /// Writes it; returns the backup under this name.
    pub(super) fn apply(
        &self,
        current: &EditState,
        desired: &EditState,
        backup: &str,
        ctx: &Ctx,
    ) -> Result<Applied, ModuleError> {
        if let Some(folder) = desired.path.parent().filter(|folder| !folder.exists()) {
            fs::create_dir_all(folder).map_err(|error| {
                ModuleError::because(format!("cannot make the folder `{}`", folder.display()), error)
            })?;
        }
        let mut values = self.target(desired.path.clone()).apply(&current.file, &desired.file, ctx)?;
        if let Some(copy) = values.shift_remove("backup_file") {
            values.insert(backup.into(), copy);
        }
        Ok(Applied { values, facts: None })
    }

    /// The diff, its headers as Ansible has them.
    pub(super) fn diff(&self, current: &EditState, desired: &EditState) -> Result<Vec<Diff>, ModuleError> {
        let mut parts = self.target(desired.path.clone()).diff(&current.file, &desired.file)?;
        for part in &mut parts {
            let what = if matches!(part.after, DiffText::Value(_)) { "file attributes" } else { "content" };
            part.before_header = if self.plain_headers { self.path.clone() } else { format!("{} ({what})", self.path) };
            part.after_header.clone_from(&part.before_header);
        }
        Ok(parts)
    }
}

impl EditState {
    /// The return values.
    pub(super) fn values(&self) -> Map {
        let mut values = self.note.values.clone();
        values.insert("msg".into(), Value::from(self.note.msg.as_str()));
        values
    }
}

/// A file's text as lines can be searched in it. A file that is not UTF-8 is taken byte by byte, each byte as one character,
/// and so is then the text of options.
#[derive(Clone, Debug)]
pub(super) struct FileText {
    pub(super) text: String,
    bytewise: bool,
}

impl FileText {
    fn new(bytes: Vec<u8>) -> Self {
        match String::from_utf8(bytes) {
            Ok(text) => Self { text, bytewise: false },
            Err(error) => {
                Self { text: error.as_bytes().iter().map(|byte| char::from(*byte)).collect(), bytewise: true }
            }
        }
    }

    /// Text of an option in the same representation.
    pub(super) fn of_option(&self, option: &str) -> String {
        if self.bytewise { option.bytes().map(char::from).collect() } else { option.to_owned() }
    }

    /// The bytes of a text in the same representation.
    pub(super) fn to_bytes(&self, text: &str) -> Vec<u8> {
        if self.bytewise {
            // every character was one byte
            text.chars().map(|c| u8::try_from(u32::from(c)).unwrap_or(b'?')).collect()
        } else {
            text.as_bytes().to_vec()
        }
    }
}

/// What the modules that edit a text have in common of [`Managed`](crate::modules::Managed): they differ in what they want
/// the text to be. The backup is returned under the name given.
macro_rules! edit_methods {
    ($backup:literal) => {
        fn apply(&self, current: &EditState, desired: &EditState, ctx: &mut Ctx) -> Result<Applied, ModuleError> {
            self.editor().apply(current, desired, $backup, ctx)
        }

        fn values(&self, state: &EditState) -> Map {
            state.values()
        }

        fn diff(&self, current: &EditState, desired: &EditState) -> Result<Vec<Diff>, ModuleError> {
            self.editor().diff(current, desired)
        }

        fn title(&self) -> String {
            self.path.clone()
        }
    };
}
pub(super) use edit_methods;
