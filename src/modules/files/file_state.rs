//! A path as the module `file` sees it.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use rustix::fs::{AtFlags, CWD, Timespec, Timestamps, UTIME_NOW, utimensat};
use serde::Serialize;

use crate::modules::context::Ctx;
use crate::modules::error::ModuleError;
use crate::modules::host::{Attributes, FileKind, FileMeta, Ownership};
use crate::value::{Map, Value};

/// What a path is, in Ansible's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(super) enum Kind {
    /// Nothing.
    Absent,
    /// A file with one name.
    File,
    /// A file with several names.
    Hard,
    /// A folder.
    Directory,
    /// A symbolic link.
    Link,
}

impl Kind {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Absent => "absent",
            Self::File => "file",
            Self::Hard => "hard",
            Self::Directory => "directory",
            Self::Link => "link",
        }
    }
}

/// A path with what the task may change about it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PathState {
    pub(super) path: PathBuf,
    pub(super) kind: Kind,
    /// Where a link points to.
    pub(super) target: Option<PathBuf>,
    /// Device and number of a file, for hard links.
    pub(super) inode: Option<(u64, u64)>,
    /// What a folder that shall go holds.
    pub(super) content: Option<Below>,
    /// Mode, owner and times of everything that the task changes.
    pub(super) attributes: Vec<Attrs>,
}

/// What is below a folder, for the diff of its removal.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(super) struct Below {
    directories: Vec<String>,
    files: Vec<String>,
}

/// Mode, owner and times of one path.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Attrs {
    pub(super) path: PathBuf,
    pub(super) is_dir: bool,
    pub(super) is_link: bool,
    pub(super) ownership: Ownership,
    pub(super) times: Times,
}

/// Times of access and change, since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Times {
    access: Stamp,
    modification: Stamp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
enum Stamp {
    At { seconds: i64, nanos: i64 },
    Now,
}

/// A time as an option asks for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum WantedTime {
    Preserve,
    Now,
    At(i64),
}

impl WantedTime {
    pub(super) fn parse(text: &str, format: &str) -> Result<Self, ModuleError> {
        match text {
            "preserve" => Ok(Self::Preserve),
            "now" => Ok(Self::Now),
            _ => DateTime::strptime(format, text)
                .and_then(|time| time.to_zoned(TimeZone::system()))
                .map(|time| Self::At(time.timestamp().as_second()))
                .map_err(|error| ModuleError::because(format!("`{text}` is no time in the format `{format}`"), error)),
        }
    }
}

impl Times {
    pub(super) fn now() -> Self {
        Self { access: Stamp::Now, modification: Stamp::Now }
    }

    fn of(meta: &FileMeta) -> Self {
        Self {
            access: Stamp::At { seconds: meta.raw.atime(), nanos: meta.raw.atime_nsec() },
            modification: Stamp::At { seconds: meta.raw.mtime(), nanos: meta.raw.mtime_nsec() },
        }
    }

    /// Adds the times that differ to the two sides of a diff, in seconds.
    pub(super) fn diff(&self, other: &Self, old: &mut Map, new: &mut Map) {
        for (key, before, after) in
            [("atime", self.access, other.access), ("mtime", self.modification, other.modification)]
        {
            if before != after {
                old.insert(key.into(), Value::Float(before.seconds()));
                new.insert(key.into(), Value::Float(after.seconds()));
            }
        }
    }
}

impl Stamp {
    fn seconds(self) -> f64 {
        match self {
            #[expect(clippy::cast_precision_loss, reason = "the diff shows seconds with a fraction, as Ansible does")]
            Self::At { seconds, nanos } => seconds as f64 + nanos as f64 / 1e9,
            Self::Now => SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO).as_secs_f64(),
        }
    }

    fn want(&mut self, wanted: WantedTime) {
        match wanted {
            WantedTime::Preserve => {}
            WantedTime::Now => *self = Self::Now,
            WantedTime::At(seconds) => *self = Self::At { seconds, nanos: 0 },
        }
    }

    fn spec(self) -> Timespec {
        match self {
            Self::At { seconds, nanos } => Timespec { tv_sec: seconds, tv_nsec: nanos },
            Self::Now => Timespec { tv_sec: 0, tv_nsec: UTIME_NOW },
        }
    }
}

pub(super) fn inode(meta: &FileMeta) -> (u64, u64) {
    (meta.raw.dev(), meta.raw.ino())
}

impl Attrs {
    /// Of a path, or of what it leads to; `None` where there is nothing.
    pub(super) fn read(path: &Path, follow: bool, ctx: &Ctx) -> Result<Option<Self>, ModuleError> {
        let meta = if follow { ctx.meta_following(path)? } else { ctx.meta(path)? };
        Ok(meta.map(|meta| Self::of(path, &meta)))
    }

    fn of(path: &Path, meta: &FileMeta) -> Self {
        Self {
            path: path.to_owned(),
            is_dir: meta.kind == FileKind::Directory,
            is_link: meta.kind == FileKind::Link,
            ownership: meta.ownership(),
            times: Times::of(meta),
        }
    }

    /// Lays the options over it.
    pub(super) fn want(
        &mut self,
        attributes: &Attributes,
        access: WantedTime,
        modification: WantedTime,
        ctx: &mut Ctx,
    ) -> Result<(), ModuleError> {
        let mode = self.ownership.mode;
        self.ownership = attributes.wanted(&self.path, self.ownership, self.is_dir, ctx)?;
        if self.is_link {
            // Linux has no modes of links
            self.ownership.mode = mode;
            self.ownership.flags = None;
        }
        self.times.access.want(access);
        self.times.modification.want(modification);
        Ok(())
    }

    /// Makes the path so.
    pub(super) fn set(&self, now: &Self) -> Result<(), ModuleError> {
        self.ownership.set(&self.path, now.ownership, self.is_link)?;
        if self.times != now.times {
            let times =
                Timestamps { last_access: self.times.access.spec(), last_modification: self.times.modification.spec() };
            let flags = if self.is_link { AtFlags::SYMLINK_NOFOLLOW } else { AtFlags::empty() };
            utimensat(CWD, &self.path, &times, flags).map_err(|error| {
                ModuleError::because(
                    format!("cannot set the times of `{}`", self.path.display()),
                    io::Error::from(error),
                )
            })?;
        }
        Ok(())
    }
}

impl PathState {
    /// The path itself, links not followed.
    pub(super) fn read(path: &Path, ctx: &Ctx) -> Result<Self, ModuleError> {
        let mut state = Self {
            path: path.to_owned(),
            kind: Kind::Absent,
            target: None,
            inode: None,
            content: None,
            attributes: Vec::new(),
        };
        let Some(meta) = ctx.meta(path)? else { return Ok(state) };
        state.kind = match meta.kind {
            FileKind::Directory => Kind::Directory,
            FileKind::Link => Kind::Link,
            _ if meta.raw.nlink() > 1 => Kind::Hard,
            _ => Kind::File,
        };
        if state.kind == Kind::Link {
            let cannot = |error| ModuleError::because(format!("cannot read the link `{}`", path.display()), error);
            state.target = Some(fs::read_link(path).map_err(cannot)?);
        } else if state.kind != Kind::Directory {
            state.inode = Some(inode(&meta));
        }
        state.attributes = vec![Attrs::of(path, &meta)];
        Ok(state)
    }

    /// Adds everything below a folder; links are followed or taken as such.
    pub(super) fn read_below(&mut self, follow: bool, ctx: &Ctx) -> Result<(), ModuleError> {
        let mut seen = Vec::new();
        let mut folders = match self.kind {
            Kind::Directory => vec![self.path.clone()],
            _ => Vec::new(),
        };
        while let Some(folder) = folders.pop() {
            if seen.contains(&folder) {
                continue;
            }
            for path in entries(&folder)? {
                let Some(entry) = Attrs::read(&path, false, ctx)? else { continue };
                if entry.is_dir {
                    folders.push(path.clone());
                } else if entry.is_link
                    && follow
                    && let Ok(real) = path.canonicalize()
                    && let Some(target) = Attrs::read(&real, false, ctx)?
                {
                    if target.is_dir {
                        folders.push(real.clone());
                    }
                    if self.attributes.iter().all(|known| known.path != real) {
                        self.attributes.push(target);
                    }
                }
                self.attributes.push(entry);
            }
            seen.push(folder);
        }
        Ok(())
    }
}

/// The paths in a folder, sorted.
fn entries(folder: &Path) -> Result<Vec<PathBuf>, ModuleError> {
    let cannot = |error| ModuleError::because(format!("cannot read the folder `{}`", folder.display()), error);
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).map_err(cannot)? {
        paths.push(entry.map_err(cannot)?.path());
    }
    paths.sort();
    Ok(paths)
}

/// Everything below a folder.
pub(super) fn below(folder: &Path) -> Result<Below, ModuleError> {
    let mut out = Below::default();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for path in entries(&folder)? {
            let name = path.display().to_string();
            if path.is_dir() && !path.is_symlink() {
                out.directories.push(name);
                folders.push(path);
            } else {
                out.files.push(name);
            }
        }
    }
    Ok(out)
}

impl Below {
    pub(super) fn to_value(&self) -> Value {
        let list = |names: &[String]| Value::list(names.iter().map(|name| Value::from(name.as_str())).collect());
        let map: Map = [("directories".into(), list(&self.directories)), ("files".into(), list(&self.files))].into();
        Value::map(map)
    }
}

/// Makes the path so. `made` is called for each folder that had to be made on the way.
pub(super) fn apply(
    current: &PathState,
    desired: &PathState,
    source: Option<&Path>,
    made: &dyn Fn(&Path, &mut Ctx) -> Result<(), ModuleError>,
    ctx: &mut Ctx,
) -> Result<(), ModuleError> {
    let path = &desired.path;
    let cannot = |what: &str| {
        let message = format!("cannot {what} `{}`", path.display());
        move |error: io::Error| ModuleError::because(message, error)
    };
    let differs = (current.kind, &current.target, current.inode) != (desired.kind, &desired.target, desired.inode);
    match desired.kind {
        Kind::Absent if current.kind == Kind::Directory => fs::remove_dir_all(path).map_err(cannot("remove"))?,
        Kind::Absent => fs::remove_file(path).map_err(cannot("remove"))?,
        Kind::Directory if current.kind == Kind::Absent => {
            let missing: Vec<_> = path.ancestors().take_while(|folder| !folder.exists()).collect();
            for folder in missing.into_iter().rev() {
                match fs::create_dir(folder) {
                    Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                        return Err(cannot("make the folder")(error));
                    }
                    _ => made(folder, ctx)?,
                }
            }
        }
        Kind::File if current.kind == Kind::Absent => {
            fs::File::options().create(true).append(true).open(path).map(drop).map_err(cannot("touch"))?;
        }
        Kind::Link if differs => {
            let target = desired.target.as_deref().unwrap_or(Path::new(""));
            replace(path, current.kind, |new| std::os::unix::fs::symlink(target, new))
                .map_err(cannot("make the link"))?;
        }
        Kind::Hard if differs => {
            let source = source.map(Path::to_owned).unwrap_or_default();
            replace(path, current.kind, |new| fs::hard_link(&source, new)).map_err(cannot("make the link"))?;
        }
        _ => {}
    }
    for entry in &desired.attributes {
        let Some(now) = Attrs::read(&entry.path, !entry.is_link, ctx)? else { continue };
        entry.set(&now)?;
    }
    Ok(())
}

/// Puts a new link in a path's place in one step, wherever something is there already.
fn replace(path: &Path, now: Kind, make: impl Fn(&Path) -> io::Result<()>) -> io::Result<()> {
    if now == Kind::Absent {
        return make(path);
    }
    if now == Kind::Directory {
        fs::remove_dir(path)?;
        return make(path);
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let temporary = path.with_file_name(format!(".{name}.{}.tmp", std::process::id()));
    make(&temporary)?;
    fs::rename(&temporary, path).inspect_err(|_| {
        // the error that matters is the rename's
        let _ = fs::remove_file(&temporary);
    })
}
