//! A text file of the system's configuration, read and written whole.

use std::path::PathBuf;

use crate::modules::context::Ctx;
use crate::modules::error::ModuleError;
use crate::modules::host::{Attributes, Content, FileState, TargetFile};
use crate::modules::outcome::{Diff, DiffText};
use crate::value::Map;

/// A configuration file. Links to it are followed.
pub(in crate::modules::system) struct ConfigFile {
    target: TargetFile,
}

impl ConfigFile {
    /// The file of a path.
    pub(in crate::modules::system) fn at(path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        let path = path.canonicalize().unwrap_or(path);
        // a file that is mounted on its own, as containers have `/etc/hostname`, cannot be replaced
        let attributes = Attributes { unsafe_writes: true, ..Attributes::default() };
        Self { target: TargetFile { path, attributes, backup: false, validate: None } }
    }

    /// With a copy of the old file kept.
    pub(in crate::modules::system) fn backup(mut self, backup: bool) -> Self {
        self.target.backup = backup;
        self
    }

    /// What the file says; `None` where there is none.
    pub(in crate::modules::system) fn text(&self, ctx: &Ctx) -> Result<Option<String>, ModuleError> {
        let Some(content) = self.target.read(ctx)?.content else { return Ok(None) };
        let path = self.target.path.display();
        let bytes = content.bytes().map_err(|error| ModuleError::because(format!("cannot read `{path}`"), error))?;
        Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
    }

    /// Writes the file, or removes it. Returns `backup_file` where a copy was kept.
    pub(in crate::modules::system) fn write(&self, text: Option<&str>, ctx: &mut Ctx) -> Result<Map, ModuleError> {
        let now = self.target.read(ctx)?;
        let wanted = match text {
            Some(text) => {
                if let Some(folder) = self.target.path.parent() {
                    std::fs::create_dir_all(folder)
                        .map_err(|error| ModuleError::because(format!("cannot make `{}`", folder.display()), error))?;
                }
                self.target.desired(&now, Content::new(text.as_bytes()), ctx)?
            }
            None => FileState::ABSENT,
        };
        self.target.apply(&now, &wanted, ctx)
    }
}

/// The diff of a file's text, absent where there is no file.
pub(in crate::modules::system) fn text_diff(header: &str, before: Option<&str>, after: Option<&str>) -> Diff {
    let side = |text: Option<&str>| text.map_or(DiffText::Absent, |text| DiffText::Text(text.to_owned()));
    Diff { before_header: header.to_owned(), after_header: header.to_owned(), before: side(before), after: side(after) }
}
