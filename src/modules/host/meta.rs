//! What the file system says about a path.

use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

use crate::modules::context::Ctx;
use crate::modules::error::ModuleError;
use crate::modules::host::{Ownership, show_mode};
use crate::value::{Map, Value};

/// What kind of thing a path names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// A regular file.
    File,
    /// A folder.
    Directory,
    /// A symbolic link.
    Link,
    /// A device, pipe or socket.
    Special,
}

/// What the file system says about a path.
#[derive(Clone, Debug)]
pub struct FileMeta {
    /// The kind.
    pub kind: FileKind,
    /// Everything that `stat` gives.
    pub raw: Metadata,
}

impl FileMeta {
    /// About the path itself, not what a link there points to; `None` where nothing is.
    pub fn of(path: &Path) -> io::Result<Option<Self>> {
        found(fs::symlink_metadata(path))
    }

    /// About what the path leads to; `None` where nothing is, or a link leads nowhere.
    pub fn following(path: &Path) -> io::Result<Option<Self>> {
        found(fs::metadata(path))
    }

    /// Mode and owner.
    pub fn ownership(&self) -> Ownership {
        Ownership { mode: self.raw.mode() & 0o7777, uid: self.raw.uid(), gid: self.raw.gid(), flags: None }
    }

    /// Ansible's word for the kind: `file`, `hard` (a file with several names), `directory`, `link`.
    pub fn state(&self) -> &'static str {
        match self.kind {
            FileKind::Directory => "directory",
            FileKind::Link => "link",
            FileKind::File | FileKind::Special if self.raw.nlink() > 1 => "hard",
            FileKind::File | FileKind::Special => "file",
        }
    }
}

fn found(result: io::Result<Metadata>) -> io::Result<Option<FileMeta>> {
    match result {
        Ok(raw) => {
            let of = raw.file_type();
            let kind = if of.is_file() {
                FileKind::File
            } else if of.is_dir() {
                FileKind::Directory
            } else if of.is_symlink() {
                FileKind::Link
            } else {
                debug_assert!(of.is_block_device() || of.is_char_device() || of.is_fifo() || of.is_socket());
                FileKind::Special
            };
            Ok(Some(FileMeta { kind, raw }))
        }
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(None),
        Err(error) => Err(error),
    }
}

impl Ctx {
    /// What is at a path, a link itself and not its target.
    pub fn meta(&self, path: &Path) -> Result<Option<FileMeta>, ModuleError> {
        FileMeta::of(path).map_err(|error| ModuleError::because(format!("cannot look at `{}`", path.display()), error))
    }

    /// What a path leads to, links followed.
    pub fn meta_following(&self, path: &Path) -> Result<Option<FileMeta>, ModuleError> {
        FileMeta::following(path)
            .map_err(|error| ModuleError::because(format!("cannot look at `{}`", path.display()), error))
    }

    /// The return values that every file module gives about its file: owner, group, mode, size, state.
    pub fn path_info(&self, path: &Path) -> Result<Map, ModuleError> {
        let mut values = Map::new();
        if let Some(meta) = self.meta(path)?.filter(|_| path.exists()) {
            let owner = meta.ownership();
            values.insert("uid".into(), i64::from(owner.uid).into());
            values.insert("gid".into(), i64::from(owner.gid).into());
            values.insert("owner".into(), self.user_name(owner.uid).into());
            values.insert("group".into(), self.group_name(owner.gid).into());
            values.insert("mode".into(), show_mode(owner.mode).into());
            values.insert("state".into(), Value::from(meta.state()));
            values.insert("size".into(), meta.raw.size().into());
        }
        Ok(values)
    }

    /// The path with every link in it followed, as far as it exists.
    pub fn real_path(&self, path: &Path) -> PathBuf {
        let mut missing = Vec::new();
        let mut rest = path;
        loop {
            if let Ok(real) = rest.canonicalize() {
                return missing.iter().rev().fold(real, |real, name| real.join(name));
            }
            let (Some(parent), Some(name)) = (rest.parent(), rest.file_name()) else { return path.to_owned() };
            missing.push(name);
            rest = parent;
        }
    }
}
