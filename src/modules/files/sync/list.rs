//! Lists a tree.

use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use globset::{Glob, GlobSet, GlobSetBuilder};
use schemars::JsonSchema;
use serde::Deserialize;

use super::entry::{Entry, EntryKind};
use crate::modules::action::Action;
use crate::modules::context::Ctx;
use crate::modules::error::ModuleError;
use crate::modules::host::{Content, FileKind};
use crate::modules::outcome::Outcome;
use crate::value::{Value, to_value};

/// How a tree is listed.
#[derive(Clone, Debug, Default)]
pub(in crate::modules) struct ListOptions {
    /// Go into folders.
    pub(in crate::modules) recursive: bool,
    /// Take links as links; without it they are left out.
    pub(in crate::modules) links: bool,
    /// Take what links lead to.
    pub(in crate::modules) copy_links: bool,
    /// Tell checksums.
    pub(in crate::modules) checksum: bool,
    /// Shell patterns of what is left out.
    pub(in crate::modules) exclude: Vec<String>,
}

/// Lists a tree of the host. Not for playbooks: `synchronize` uses it.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SyncList {
    /// File or folder; a slash at its end means what is in the folder.
    src: String,
    /// Go into folders.
    recursive: bool,
    /// Take links as links.
    links: bool,
    /// Take what links lead to.
    copy_links: bool,
    /// Tell checksums.
    checksum: bool,
    /// Shell patterns of what is left out.
    exclude: Vec<String>,
}

impl Action for SyncList {
    fn run(&self, ctx: &mut Ctx) -> Result<Outcome, ModuleError> {
        let options = ListOptions {
            recursive: self.recursive,
            links: self.links,
            copy_links: self.copy_links,
            checksum: self.checksum,
            exclude: self.exclude.clone(),
        };
        let source = ctx.resolve(&self.src);
        let entries = list_tree(&source, self.src.ends_with('/'), &options, ctx)?;
        let value = to_value(&entries).map_err(|error| ModuleError::because("cannot tell the entries", error))?;
        Ok(Outcome::ok().with("entries", value).with("src", Value::from(source.display().to_string())))
    }
}

/// The entries of a tree, folders before what is in them. Without `inside` their paths begin with the source's own name.
pub(in crate::modules) fn list_tree(
    source: &Path,
    inside: bool,
    options: &ListOptions,
    ctx: &Ctx,
) -> Result<Vec<Entry>, ModuleError> {
    if ctx.meta(source)?.is_none() {
        return Err(ModuleError::new(format!("`{}` does not exist", source.display())));
    }
    let exclude = patterns(&options.exclude)?;
    let name = source.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let mut lister = Lister { options, exclude, ctx, entries: Vec::new() };
    lister.add(source, if inside && source.is_dir() { "" } else { &name })?;
    Ok(lister.entries)
}

/// What tells the names that are left out.
pub(super) fn patterns(exclude: &[String]) -> Result<GlobSet, ModuleError> {
    let mut patterns = GlobSetBuilder::new();
    for pattern in exclude {
        // as rsync does: a pattern without a slash counts for names everywhere, one that begins with a slash from the top
        let anchored = pattern.strip_prefix('/').map(str::to_owned);
        let text = anchored.unwrap_or_else(|| format!("**/{pattern}"));
        let glob = Glob::new(text.trim_end_matches('/'))
            .map_err(|error| ModuleError::because(format!("`{pattern}` is no shell pattern"), error))?;
        patterns.add(glob);
    }
    patterns.build().map_err(|error| ModuleError::because("the patterns to leave out cannot be used", error))
}

struct Lister<'a> {
    options: &'a ListOptions,
    exclude: GlobSet,
    ctx: &'a Ctx,
    entries: Vec<Entry>,
}

impl Lister<'_> {
    fn add(&mut self, path: &Path, name: &str) -> Result<(), ModuleError> {
        if !name.is_empty() && self.exclude.is_match(name) {
            return Ok(());
        }
        let follow = self.options.copy_links || name.is_empty();
        let meta = if follow { self.ctx.meta_following(path)? } else { self.ctx.meta(path)? };
        let Some(meta) = meta else { return Ok(()) };
        let cannot = |error| ModuleError::because(format!("cannot read `{}`", path.display()), error);
        let (kind, target) = match meta.kind {
            FileKind::Directory => (EntryKind::Directory, None),
            FileKind::Link if !self.options.links => return Ok(()),
            FileKind::Link => {
                let target = path.read_link().map_err(cannot)?;
                (EntryKind::Link, Some(target.to_string_lossy().into_owned()))
            }
            FileKind::File => (EntryKind::File, None),
            // devices, pipes and sockets hold nothing that could be copied
            FileKind::Special => return Ok(()),
        };
        let checksum = match kind {
            EntryKind::File if self.options.checksum => Some(Content::of_file(path).map_err(cannot)?.sha1().to_owned()),
            _ => None,
        };
        let is_folder = kind == EntryKind::Directory;
        self.entries.push(Entry {
            path: name.to_owned(),
            kind,
            size: meta.raw.size(),
            time: meta.raw.mtime(),
            mode: meta.raw.mode() & 0o7777,
            owner: self.ctx.user_name(meta.raw.uid()),
            group: self.ctx.group_name(meta.raw.gid()),
            target,
            checksum,
        });
        if !is_folder || !self.options.recursive {
            return Ok(());
        }
        let mut below = Vec::new();
        for entry in path.read_dir().map_err(cannot)? {
            below.push(entry.map_err(cannot)?.file_name());
        }
        below.sort();
        for part in below {
            let own = part.to_string_lossy();
            let name = if name.is_empty() { own.into_owned() } else { format!("{name}/{own}") };
            self.add(&path.join(&part), &name)?;
        }
        Ok(())
    }
}
