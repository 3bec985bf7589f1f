//! What `archive` packs.

use std::path::{Path, PathBuf};

use globset::{Glob, GlobSet, GlobSetBuilder};

use crate::modules::context::Ctx;
use crate::modules::error::ModuleError;
use crate::modules::host::glob;

/// The paths that the options name, and everything below them.
pub(super) struct Sources {
    /// The paths themselves.
    pub(super) found: Vec<PathBuf>,
    /// Paths that are not there.
    pub(super) missing: Vec<PathBuf>,
    /// Paths that were left out.
    pub(super) excluded: Vec<PathBuf>,
    /// The folder that the names in the archive start from.
    pub(super) root: PathBuf,
    /// What goes into the archive, by names from `root`, folders before what is in them.
    pub(super) members: Vec<PathBuf>,
}

impl Sources {
    pub(super) fn find(
        paths: &[String],
        exclude: &[String],
        patterns: &[String],
        dest: &Path,
        ctx: &Ctx,
    ) -> Result<Self, ModuleError> {
        let (mut found, mut missing) = (Vec::new(), Vec::new());
        let excluded: Vec<PathBuf> = exclude.iter().flat_map(|path| glob(&ctx.resolve(path))).collect();
        for path in paths {
            let path = ctx.resolve(path.trim_end_matches('/'));
            let matching = glob(&path);
            if matching.is_empty() {
                missing.push(path);
            }
            found.extend(matching.into_iter().filter(|path| !excluded.contains(path)));
        }
        let root = common_folder(&found);
        let mut left_out = GlobSetBuilder::new();
        for pattern in patterns {
            let glob = Glob::new(pattern)
                .map_err(|error| ModuleError::because(format!("`{pattern}` is no shell pattern"), error))?;
            left_out.add(glob);
        }
        let left_out = left_out
            .build()
            .map_err(|error| ModuleError::because("the patterns of `exclusion_patterns` cannot be used", error))?;
        let mut sources = Self { found, missing, excluded, root, members: Vec::new() };
        for path in sources.found.clone() {
            sources.add(&path, dest, &left_out)?;
        }
        Ok(sources)
    }

    fn add(&mut self, path: &Path, dest: &Path, left_out: &GlobSet) -> Result<(), ModuleError> {
        let name = path.strip_prefix(&self.root).unwrap_or(path);
        let out = left_out.is_match(name) || path.file_name().is_some_and(|name| left_out.is_match(Path::new(name)));
        if out || path == dest || self.excluded.iter().any(|excluded| excluded == path) {
            return Ok(());
        }
        self.members.push(name.to_owned());
        if path.is_dir() && !path.is_symlink() {
            let cannot = |error| ModuleError::because(format!("cannot read the folder `{}`", path.display()), error);
            let mut below: Vec<PathBuf> = Vec::new();
            for entry in path.read_dir().map_err(cannot)? {
                below.push(entry.map_err(cannot)?.path());
            }
            below.sort();
            for path in below {
                self.add(&path, dest, left_out)?;
            }
        }
        Ok(())
    }
}

/// The folder that all paths are in.
fn common_folder(paths: &[PathBuf]) -> PathBuf {
    let mut folders = paths.iter().map(|path| path.parent().unwrap_or(Path::new("/")).to_owned());
    let Some(first) = folders.next() else { return PathBuf::from("/") };
    folders.fold(first, |common, folder| {
        common.ancestors().find(|ancestor| folder.starts_with(ancestor)).unwrap_or(Path::new("/")).to_owned()
    })
}
