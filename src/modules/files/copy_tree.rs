//! `copy` of a folder: what it holds, and the parts that it is copied in.

use std::path::{Path, PathBuf};

use super::install_arguments::{Install, attribute_arguments, set};
use crate::modules::error::ModuleError;
use crate::modules::host::Attributes;
use crate::modules::outcome::Outcome;
use crate::tree::{EMBEDDED_ROOT, Files, display_name};
use crate::value::{Map, Value};

/// Where a folder is copied from.
pub(in crate::modules) trait CopySource {
    /// The files there are.
    fn files(&self) -> &dyn Files;

    /// Copies one file to the host, under a path relative to `install.dest`.
    fn file(&mut self, install: &Install, path: &Path, relative: String) -> Result<Outcome, ModuleError>;

    /// Runs `file` on the host.
    fn entry(&mut self, args: &Value) -> Result<Outcome, ModuleError>;
}

/// Copies a folder with all below it; with a slash at the end of `src` only what is in it.
pub(in crate::modules) fn copy_folder(
    from: &mut dyn CopySource,
    src: &str,
    folder: &Path,
    install: &Install,
    local_follow: bool,
) -> Result<Outcome, ModuleError> {
    let mut tree = Tree::default();
    let top = match folder.file_name() {
        Some(name) if !src.ends_with('/') => PathBuf::from(name),
        _ => PathBuf::new(),
    };
    if !top.as_os_str().is_empty() {
        tree.folders.push(top.clone());
    }
    tree.walk(from.files(), folder, &top, local_follow)?;
    let dest = format!("{}/", install.dest.trim_end_matches('/'));
    let each = Install { dest: dest.clone(), follow: install.follow && tree.folders.is_empty(), ..install.clone() };
    let mut total = Outcome::ok();
    let attributes = Attributes { mode: None, ..install.attributes.clone() };
    for folder in &tree.folders {
        let mut args = attribute_arguments(&attributes);
        set(&mut args, "mode", install.directory_mode.as_ref().map(ToString::to_string).as_deref());
        set(&mut args, "path", Some(&format!("{dest}{}", folder.display())));
        set(&mut args, "state", Some("directory"));
        add(&mut total, from.entry(&Value::map(args))?);
    }
    for (path, relative) in &tree.files {
        add(&mut total, from.file(&each, path, relative.to_string_lossy().into_owned())?);
    }
    for (target, relative) in &tree.links {
        let mut args = attribute_arguments(&attributes);
        set(&mut args, "path", Some(&format!("{dest}{}", relative.display())));
        set(&mut args, "src", Some(&target.to_string_lossy()));
        set(&mut args, "state", Some("link"));
        args.insert("force".into(), Value::Bool(true));
        args.insert("follow".into(), Value::Bool(false));
        add(&mut total, from.entry(&Value::map(args))?);
    }
    if let [_] = tree.files.as_slice() {
        return Ok(total);
    }
    total.values = Map::new();
    Ok(total.with("dest", dest).with("src", display_name(folder)))
}

/// The result of one part joins that of the whole.
fn add(total: &mut Outcome, part: Outcome) {
    total.changed |= part.changed;
    total.diff.extend(part.diff);
    total.warnings.extend(part.warnings);
    if part.values.contains_key("checksum") {
        total.values = part.values;
    }
}

/// What a source folder holds, by paths relative to it.
#[derive(Default)]
struct Tree {
    files: Vec<(PathBuf, PathBuf)>,
    folders: Vec<PathBuf>,
    links: Vec<(PathBuf, PathBuf)>,
}

impl Tree {
    fn walk(&mut self, files: &dyn Files, folder: &Path, relative: &Path, follow: bool) -> Result<(), ModuleError> {
        let cannot = |error| ModuleError::because(format!("cannot read the folder `{}`", display_name(folder)), error);
        for name in files.list(folder).map_err(cannot)? {
            let (path, below) = (folder.join(&name), relative.join(&name));
            if !follow && !path.starts_with(EMBEDDED_ROOT) && path.is_symlink() {
                self.links.push((path.read_link().map_err(cannot)?, below));
            } else if files.is_folder(&path) {
                self.folders.push(below.clone());
                self.walk(files, &path, &below, follow)?;
            } else {
                self.files.push((path, below));
            }
        }
        Ok(())
    }
}
