//! A file that a module keeps: read, compared and replaced in one step, its mode and owner included.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::IFlags;
use serde::Serialize;

use super::attributes::{Attributes, Ownership};
use super::content::Content;
use super::flags::{set_flags, show_flags};
use super::meta::FileKind;
use crate::modules::context::Ctx;
use crate::modules::error::ModuleError;
use crate::modules::outcome::{Diff, DiffText};
use crate::value::split_words;
use crate::value::{Map, Value};

/// A file and how it is to be written.
#[derive(Clone, Debug)]
pub struct TargetFile {
    /// The file itself; a link here is followed or not as the module documents.
    pub path: PathBuf,
    /// Mode, owner and the like.
    pub attributes: Attributes,
    /// Keep a copy of what was there.
    pub backup: bool,
    /// A command that must accept the new file before it takes its place; `%s` stands for its path.
    pub validate: Option<String>,
}

/// A file as it is or shall be.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FileState {
    /// What it holds; `None` where there is no file.
    pub content: Option<Content>,
    /// Mode and owner; `None` where there is no file.
    pub ownership: Option<Ownership>,
}

impl FileState {
    /// No file.
    pub const ABSENT: Self = Self { content: None, ownership: None };
}

impl TargetFile {
    /// The file as it is.
    pub fn read(&self, ctx: &Ctx) -> Result<FileState, ModuleError> {
        let path = &self.path;
        match ctx.meta_following(path)? {
            None => Ok(FileState::ABSENT),
            Some(meta) if meta.kind == FileKind::Directory => {
                Err(ModuleError::new(format!("`{}` is a directory", path.display())))
            }
            Some(meta) => Ok(FileState {
                content: Some(
                    Content::of_file(path)
                        .map_err(|error| ModuleError::because(format!("cannot read `{}`", path.display()), error))?,
                ),
                ownership: Some(meta.ownership()),
            }),
        }
    }

    /// The file with this content and the attributes asked for.
    pub fn desired(&self, current: &FileState, content: Content, ctx: &mut Ctx) -> Result<FileState, ModuleError> {
        self.attributes.check()?;
        let now = match current.ownership {
            Some(ownership) => ownership,
            None => Ownership::fresh(&self.path, false, ctx)?,
        };
        Ok(FileState { content: Some(content), ownership: Some(self.attributes.wanted(&self.path, now, false, ctx)?) })
    }

    /// Makes it so. Returns `backup_file` where a copy was kept.
    pub fn apply(&self, current: &FileState, desired: &FileState, ctx: &Ctx) -> Result<Map, ModuleError> {
        let mut values = Map::new();
        let Some((content, ownership)) = desired.content.as_ref().zip(desired.ownership) else {
            if self.backup && current.content.is_some() {
                values.insert("backup_file".into(), ctx.back_up(&self.path)?);
            }
            fs::remove_file(&self.path).or_else(|error| match error.kind() {
                io::ErrorKind::NotFound => Ok(()),
                _ => Err(ModuleError::because(format!("cannot remove `{}`", self.path.display()), error)),
            })?;
            return Ok(values);
        };
        if current.content.as_ref() == Some(content) {
            let now = current.ownership.unwrap_or(ownership);
            ownership.set(&self.path, now, false)?;
            return Ok(values);
        }
        if self.backup && current.content.is_some() {
            values.insert("backup_file".into(), ctx.back_up(&self.path)?);
        }
        self.replace(content, ownership, current.ownership, ctx)?;
        Ok(values)
    }

    fn replace(
        &self,
        content: &Content,
        ownership: Ownership,
        before: Option<Ownership>,
        ctx: &Ctx,
    ) -> Result<(), ModuleError> {
        let path = &self.path;
        let failed =
            |what: &str, error: io::Error| ModuleError::because(format!("cannot {what} `{}`", path.display()), error);
        let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        // born with mode 0600 beside its target, so that nobody reads it early and the rename is one step
        let mut new = tempfile::Builder::new()
            .prefix(&format!(".{name}."))
            .suffix(".tmp")
            .tempfile_in(folder)
            .map_err(|error| ModuleError::because(format!("cannot write into `{}`", folder.display()), error))?;
        content.write_to(new.as_file_mut()).map_err(|error| failed("write", error))?;
        let flags = self.attributes.wanted_flags(path)?;
        self.take_ownership(new.as_file(), ownership, before)?;
        if let Some(command) = &self.validate {
            validate(command, new.path(), ctx)?;
        }
        match new.persist(path) {
            // the new file has none of the old one's attributes
            Ok(_) => flags.map_or(Ok(()), |(_, wanted)| set_flags(path, wanted)),
            Err(error) if self.attributes.unsafe_writes => {
                let mut target = File::create(path).map_err(|error| failed("open", error))?;
                content.write_to(&mut target).and_then(|()| target.flush()).map_err(|error| failed("write", error))?;
                drop(error.file);
                self.take_ownership(&target, ownership, before)
            }
            Err(error) => Err(failed("replace", error.error)),
        }
    }

    fn take_ownership(&self, file: &File, wanted: Ownership, before: Option<Ownership>) -> Result<(), ModuleError> {
        let failed = |what: &str, error: io::Error| {
            ModuleError::because(format!("{what} failed for `{}`", self.path.display()), error)
        };
        let now = file.metadata().map_err(|error| failed("stat", error))?;
        if (now.uid(), now.gid()) != (wanted.uid, wanted.gid)
            && let Err(error) = std::os::unix::fs::fchown(file, Some(wanted.uid), Some(wanted.gid))
        {
            // only keeping the owner that the old file had is a wish; asking for one is an order
            let keeping = before.is_some_and(|before| (before.uid, before.gid) == (wanted.uid, wanted.gid));
            if !(keeping && error.kind() == io::ErrorKind::PermissionDenied) {
                return Err(failed("chown", error));
            }
        }
        file.set_permissions(fs::Permissions::from_mode(wanted.mode)).map_err(|error| failed("chmod", error))
    }

    /// Return values about the file after the change.
    pub fn values(&self, desired: &FileState, ctx: &Ctx) -> Result<Map, ModuleError> {
        let mut values = Map::new();
        if let Some(content) = &desired.content {
            values.insert("checksum".into(), Value::from(content.sha1()));
        }
        values.extend(ctx.path_info(&self.path)?);
        Ok(values)
    }

    /// The diff of content, and of mode and owner where they differ.
    pub fn diff(&self, current: &FileState, desired: &FileState) -> Result<Vec<Diff>, ModuleError> {
        let mut out = Vec::new();
        let header = self.path.display().to_string();
        if current.content != desired.content {
            let secret = [current, desired].iter().any(|side| side.content.as_ref().is_some_and(Content::is_secret));
            let side = |state: &FileState| match &state.content {
                // what stands in place of a secret is as secret as the secret
                Some(content) => content.clone().secret(secret).diff_text(),
                None => Ok(DiffText::Absent),
            };
            out.push(Diff {
                before_header: header.clone(),
                after_header: header.clone(),
                before: side(current)?,
                after: side(desired)?,
            });
        }
        if let Some((before, after)) = current.ownership.zip(desired.ownership)
            && before != after
        {
            let (before, after) = ownership_diff(before, after);
            out.push(Diff {
                before_header: header.clone(),
                after_header: header,
                before: DiffText::Value(Value::map(before)),
                after: DiffText::Value(Value::map(after)),
            });
        }
        Ok(out)
    }
}

/// The parts of mode and owner that differ.
pub fn ownership_diff(before: Ownership, after: Ownership) -> (Map, Map) {
    let (mut old, mut new) = (Map::new(), Map::new());
    let mut add = |key: &str, before: Value, after: Value| {
        if before != after {
            old.insert(key.into(), before);
            new.insert(key.into(), after);
        }
    };
    add("owner", i64::from(before.uid).into(), i64::from(after.uid).into());
    add("group", i64::from(before.gid).into(), i64::from(after.gid).into());
    add("mode", super::show_mode(before.mode).into(), super::show_mode(after.mode).into());
    let flags =
        |flags: Option<u32>| flags.map_or(Value::Null, |bits| show_flags(IFlags::from_bits_retain(bits)).into());
    add("attributes", flags(before.flags), flags(after.flags));
    (old, new)
}

fn validate(command: &str, file: &Path, ctx: &Ctx) -> Result<(), ModuleError> {
    if !command.contains("%s") {
        return Err(ModuleError::new(format!("validate must contain %s: {command}")));
    }
    let words =
        split_words(command).map_err(|error| ModuleError::because("cannot split `validate` into words", error))?;
    let name = file.to_string_lossy();
    let output = ctx.command(words.iter().map(|word| word.replace("%s", &name))).run()?;
    if output.rc == 0 {
        return Ok(());
    }
    Err(ModuleError::new("failed to validate")
        .with("exit_status", i64::from(output.rc))
        .with("stdout", output.out())
        .with("stderr", output.err()))
}

impl Ctx {
    /// Copies a file beside itself, with mode, owner and times, under a name with process number and time. Returns the copy's
    /// path.
    pub fn back_up(&self, path: &Path) -> Result<Value, ModuleError> {
        let failed = |error: io::Error| ModuleError::because(format!("cannot back up `{}`", path.display()), error);
        let stamp = jiff::Zoned::now().strftime("%Y-%m-%d@%H:%M:%S").to_string();
        let name = format!("{}.{}.{stamp}~", path.display(), std::process::id());
        let copy = PathBuf::from(&name);
        let meta = fs::metadata(path).map_err(failed)?;
        fs::copy(path, &copy).map_err(failed)?;
        match std::os::unix::fs::chown(&copy, Some(meta.uid()), Some(meta.gid())) {
            Err(error) if error.kind() != io::ErrorKind::PermissionDenied => return Err(failed(error)),
            _ => {}
        }
        let times = fs::FileTimes::new().set_modified(meta.modified().map_err(failed)?);
        File::options().append(true).open(&copy).and_then(|file| file.set_times(times)).map_err(failed)?;
        Ok(Value::from(name))
    }
}
