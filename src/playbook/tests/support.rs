//! A loader over files in memory.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::diag::{Diagnostics, RenderStyle, SourceMap, render};
use crate::playbook::{Loader, LoaderOptions, Playbook};
use crate::template::Templar;
use crate::tree::{FileKind, Files};
use crate::value::{Map, Redactor, Value};
use crate::vault::VaultSecrets;

/// Files by path.
#[derive(Debug, Default)]
struct Memory(BTreeMap<PathBuf, String>);

impl Files for Memory {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        self.0.get(path).map(|text| text.clone().into_bytes()).ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn kind(&self, path: &Path) -> Option<FileKind> {
        if self.0.contains_key(path) {
            return Some(FileKind::File);
        }
        self.0.keys().any(|file| path == Path::new(".") || file.starts_with(path)).then_some(FileKind::Folder)
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<String>> {
        let names = self.0.keys().filter_map(|file| {
            let rest = if folder == Path::new(".") { file } else { file.strip_prefix(folder).ok()? };
            Some(rest.components().next()?.as_os_str().to_string_lossy().into_owned())
        });
        let mut names: Vec<String> = names.collect();
        names.dedup();
        Ok(names)
    }

    fn mode(&self, _: &Path) -> Option<u32> {
        None
    }
}

/// A loader over these files, with the given variables of the command line.
pub(super) fn loader(files: &[(&str, &str)], extra: &[(&str, &str)]) -> Loader {
    let files = files.iter().map(|(path, text)| (PathBuf::from(path), (*text).to_owned())).collect();
    let extra_vars: Map = extra.iter().map(|(key, text)| ((*key).into(), Value::template(*text))).collect();
    let sources = SourceMap::new();
    let templar = Templar::new(VaultSecrets::default(), Redactor::new());
    Loader::new(LoaderOptions {
        sources: sources.clone(),
        files: Arc::new(Memory(files)),
        templar: templar.with_context(BTreeMap::new(), Some(sources)),
        extra_vars,
        roles_path: vec![PathBuf::from("/etc/roles")],
        collections_path: vec![PathBuf::from("/etc/collections")],
        library: vec![PathBuf::from("/etc/modules")],
        lists: false,
    })
}

/// The problems as a user sees them.
pub(super) fn shown(loader: &Loader, problems: &Diagnostics) -> String {
    let texts: Vec<String> =
        problems.iter().map(|problem| render(problem, loader.sources(), RenderStyle::Plain)).collect();
    texts.join("\n")
}

/// Loads `site.yml`, which must be good.
pub(super) fn load(files: &[(&str, &str)]) -> Playbook {
    let loader = loader(files, &[]);
    match loader.load_playbook("site.yml") {
        Ok(playbook) => playbook,
        Err(problems) => panic!("{}", shown(&loader, &problems)),
    }
}

/// Loads `site.yml`, which must not be good, and gives each problem's first line.
pub(super) fn messages(files: &[(&str, &str)]) -> Vec<String> {
    let loader = loader(files, &[]);
    let problems = loader.load_playbook("site.yml").expect_err("the playbook has problems");
    problems.into_iter().map(|problem| problem.message).collect()
}

/// Loads a playbook that must not be good and gives all problems as a user sees them.
pub(super) fn rendered(text: &str) -> String {
    let loader = loader(&[("site.yml", text)], &[]);
    let problems = loader.load_playbook("site.yml").expect_err("the playbook has problems");
    shown(&loader, &problems)
}
