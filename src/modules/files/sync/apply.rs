//! Compares a tree with a list, and makes it so.

use std::collections::HashSet;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, CWD, Timespec, Timestamps, utimensat};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::entry::{Entry, EntryKind};
use super::list::patterns;
use crate::modules::action::Action;
use crate::modules::context::Ctx;
use crate::modules::error::ModuleError;
use crate::modules::host::{Content, FileKind};
use crate::modules::outcome::Outcome;
use crate::value::Value;

/// What is kept of the source.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::modules) struct SyncOptions {
    /// Compare contents by checksum rather than size and time.
    pub(in crate::modules) checksum: bool,
    /// Remove what the source does not have.
    pub(in crate::modules) delete: bool,
    /// Make nothing new.
    pub(in crate::modules) existing_only: bool,
    /// Keep modes.
    pub(in crate::modules) perms: bool,
    /// Keep times.
    pub(in crate::modules) times: bool,
    /// Keep owners.
    pub(in crate::modules) owner: bool,
    /// Keep groups.
    pub(in crate::modules) group: bool,
    /// Shell patterns of what is left alone.
    pub(in crate::modules) exclude: Vec<String>,
}

/// What differs.
#[derive(Clone, Debug, Default)]
pub(in crate::modules) struct Compared {
    /// Files whose contents are needed.
    pub(in crate::modules) needed: Vec<String>,
    /// A line for each difference, in rsync's manner.
    pub(in crate::modules) changes: Vec<String>,
}

/// Compares a tree of the host with a list, or makes all of it so but the contents of files. Not for playbooks: `synchronize`
/// uses it.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SyncApply {
    /// The tree's top.
    dest: String,
    /// What the other side has.
    entries: Vec<Entry>,
    /// What is kept.
    options: SyncOptions,
    /// Make it so, after contents were brought.
    finish: bool,
}

impl Action for SyncApply {
    fn run(&self, ctx: &mut Ctx) -> Result<Outcome, ModuleError> {
        let dest = ctx.resolve(&self.dest);
        if self.finish {
            if !ctx.mode.check {
                self.options.finish(&dest, &self.entries, ctx)?;
            }
            return Ok(Outcome::ok());
        }
        let compared = self.options.compare(&dest, &self.entries, ctx)?;
        if !ctx.mode.check {
            self.options.make_folders(&dest, &self.entries)?;
        }
        let list = |lines: &[String]| Value::list(lines.iter().map(|line| Value::from(line.as_str())).collect());
        Ok(Outcome::ok().with("needed", list(&compared.needed)).with("changes", list(&compared.changes)))
    }
}

impl SyncOptions {
    fn is_newer(&self, path: &Path, entry: &Entry) -> Result<bool, ModuleError> {
        let cannot = |error| ModuleError::because(format!("cannot read `{}`", path.display()), error);
        let meta = match path.symlink_metadata() {
            Ok(meta) if meta.is_file() && meta.len() == entry.size => meta,
            _ => return Ok(true),
        };
        match &entry.checksum {
            Some(sum) if self.checksum => Ok(Content::of_file(path).map_err(cannot)?.sha1() != sum),
            _ => Ok(meta.mtime() != entry.time),
        }
    }

    /// What would be different in mode, owner and time: a letter for each.
    fn attributes(&self, path: &Path, entry: &Entry, ctx: &Ctx) -> Result<String, ModuleError> {
        let Some(meta) = ctx.meta(path)? else { return Ok(String::new()) };
        let mut letters = String::new();
        let is_link = entry.kind == EntryKind::Link;
        if self.times && !is_link && meta.raw.mtime() != entry.time {
            letters.push('t');
        }
        if self.perms && !is_link && meta.raw.mode() & 0o7777 != entry.mode {
            letters.push('p');
        }
        // only the superuser gives files away
        let root = rustix::process::geteuid().is_root();
        if self.owner && root && ctx.user_name(meta.raw.uid()) != entry.owner && ctx.user(&entry.owner)?.is_some() {
            letters.push('o');
        }
        if self.group && root && ctx.group_name(meta.raw.gid()) != entry.group && ctx.group(&entry.group)?.is_some() {
            letters.push('g');
        }
        Ok(letters)
    }

    pub(in crate::modules) fn compare(
        &self,
        dest: &Path,
        entries: &[Entry],
        ctx: &Ctx,
    ) -> Result<Compared, ModuleError> {
        let mut compared = Compared::default();
        for path in self.extra(dest, entries)? {
            compared.changes.push(format!("*deleting {}", path.strip_prefix(dest).unwrap_or(&path).display()));
        }
        for entry in entries {
            let path = dest.join(&entry.path);
            let now = ctx.meta(&path)?;
            if now.is_none() && self.existing_only {
                continue;
            }
            let shown = if entry.path.is_empty() { "./" } else { &entry.path };
            let same_kind = now.as_ref().is_some_and(|now| {
                matches!(
                    (&entry.kind, now.kind),
                    (EntryKind::File, FileKind::File)
                        | (EntryKind::Directory, FileKind::Directory)
                        | (EntryKind::Link, FileKind::Link)
                )
            });
            let letters = self.attributes(&path, entry, ctx)?;
            match entry.kind {
                EntryKind::File if self.is_newer(&path, entry)? => {
                    compared.needed.push(entry.path.clone());
                    compared.changes.push(format!(">f {shown}"));
                }
                EntryKind::Directory if !same_kind => compared.changes.push(format!("cd {shown}")),
                EntryKind::Link
                    if !same_kind
                        || path.read_link().ok().map(|target| target.display().to_string()) != entry.target =>
                {
                    compared.changes.push(format!("cL {shown}"));
                }
                // a folder's time changes with what is put into it, and is set back after that
                EntryKind::Directory if letters == "t" => {}
                _ if !letters.is_empty() => compared.changes.push(format!(".{letters} {shown}")),
                _ => {}
            }
        }
        Ok(compared)
    }

    /// What is there and not in the list, the innermost first.
    fn extra(&self, dest: &Path, entries: &[Entry]) -> Result<Vec<PathBuf>, ModuleError> {
        let mut extra = Vec::new();
        if !self.delete {
            return Ok(extra);
        }
        let known: HashSet<PathBuf> = entries.iter().map(|entry| dest.join(&entry.path)).collect();
        let exclude = patterns(&self.exclude)?;
        for folder in entries.iter().filter(|entry| entry.kind == EntryKind::Directory) {
            let path = dest.join(&folder.path);
            if !path.is_dir() || path.is_symlink() {
                continue;
            }
            let cannot = |error| ModuleError::because(format!("cannot read the folder `{}`", path.display()), error);
            for entry in path.read_dir().map_err(cannot)? {
                let found = entry.map_err(cannot)?.path();
                let name = found.strip_prefix(dest).unwrap_or(&found);
                if !known.contains(&found) && !exclude.is_match(name) {
                    extra.push(found);
                }
            }
        }
        extra.sort();
        extra.reverse();
        Ok(extra)
    }

    /// Makes the folders that files are about to be put into.
    pub(in crate::modules) fn make_folders(&self, dest: &Path, entries: &[Entry]) -> Result<(), ModuleError> {
        for entry in entries.iter().filter(|entry| entry.kind == EntryKind::Directory && !self.existing_only) {
            let path = dest.join(&entry.path);
            let cannot = |error| ModuleError::because(format!("cannot make the folder `{}`", path.display()), error);
            if path.symlink_metadata().is_ok_and(|meta| !meta.is_dir()) {
                fs::remove_file(&path).map_err(cannot)?;
            }
            fs::create_dir_all(&path).map_err(cannot)?;
        }
        Ok(())
    }

    /// Links, removals, modes, owners and times.
    pub(in crate::modules) fn finish(&self, dest: &Path, entries: &[Entry], ctx: &Ctx) -> Result<(), ModuleError> {
        for path in self.extra(dest, entries)? {
            let removed =
                if path.is_dir() && !path.is_symlink() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
            removed.map_err(|error| ModuleError::because(format!("cannot remove `{}`", path.display()), error))?;
        }
        // folders last, the innermost first, as their times change with what is put into them
        for entry in entries.iter().rev() {
            let path = dest.join(&entry.path);
            if let Some(target) = &entry.target {
                self.link(&path, target)?;
            }
            if ctx.meta(&path)?.is_some() {
                self.set(&path, entry, ctx)?;
            }
        }
        Ok(())
    }

    fn link(&self, path: &Path, target: &str) -> Result<(), ModuleError> {
        let cannot = |error| ModuleError::because(format!("cannot make the link `{}`", path.display()), error);
        if path.read_link().is_ok_and(|now| now == Path::new(target)) {
            return Ok(());
        }
        match path.symlink_metadata() {
            Ok(meta) if meta.is_dir() => fs::remove_dir_all(path).map_err(cannot)?,
            Ok(_) => fs::remove_file(path).map_err(cannot)?,
            Err(_) if self.existing_only => return Ok(()),
            Err(_) => {}
        }
        std::os::unix::fs::symlink(target, path).map_err(cannot)
    }

    fn set(&self, path: &Path, entry: &Entry, ctx: &Ctx) -> Result<(), ModuleError> {
        use std::os::unix::fs::PermissionsExt as _;
        let letters = self.attributes(path, entry, ctx)?;
        let cannot = |error| ModuleError::because(format!("cannot set mode or owner of `{}`", path.display()), error);
        if letters.contains(['o', 'g']) {
            let uid = if letters.contains('o') { ctx.user(&entry.owner)?.map(|user| user.uid) } else { None };
            let gid = if letters.contains('g') { ctx.group(&entry.group)?.map(|group| group.gid) } else { None };
            std::os::unix::fs::lchown(path, uid, gid).map_err(cannot)?;
        }
        if letters.contains('p') {
            fs::set_permissions(path, fs::Permissions::from_mode(entry.mode)).map_err(cannot)?;
        }
        if letters.contains('t') {
            let at = Timespec { tv_sec: entry.time, tv_nsec: 0 };
            let times = Timestamps { last_access: at, last_modification: at };
            utimensat(CWD, path, &times, AtFlags::empty()).map_err(|error| cannot(error.into()))?;
        }
        Ok(())
    }
}
