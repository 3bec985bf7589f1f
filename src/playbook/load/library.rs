//! Modules that the user brings: files in the `library` folders of roles and playbooks, in collections and on the path for
//! modules.

use std::path::{Path, PathBuf};
use std::sync::PoisonError;

use super::action::{self, Target, short};
use super::context::LoadContext;
use super::loader::Inner;
use super::reader::Reader;
use super::role_files::split_collection;
use crate::diag::{Diagnostic, Span};
use crate::modules::custom::CustomKind;
use crate::tree::{display_name, resolve};

/// Names that no module has, however their folder is called.
const NO_MODULES: &[&str] =
    &["bak", "cfg", "ini", "json", "md", "orig", "pyc", "pyo", "rpm", "rst", "swp", "txt", "yaml", "yml"];

/// A file that may be a module.
pub(super) enum Found {
    /// It can be run.
    Runs(PathBuf),
    /// It cannot, and what is to be said of it.
    Refused(Box<Diagnostic>),
}

impl Inner {
    /// Makes a role's own modules known to what is read after it.
    pub(super) fn add_library(&self, folder: PathBuf) {
        let mut libraries = self.libraries.lock().unwrap_or_else(PoisonError::into_inner);
        if !libraries.contains(&folder) {
            libraries.push(folder);
        }
    }

    /// The names in a folder, looked up once.
    fn listed(&self, folder: &Path) -> std::sync::Arc<Vec<String>> {
        let mut listings = self.listings.lock().unwrap_or_else(PoisonError::into_inner);
        let listing = listings
            .entry(folder.to_owned())
            .or_insert_with(|| std::sync::Arc::new(self.options.files.list(folder).unwrap_or_default()));
        std::sync::Arc::clone(listing)
    }

    /// A module's file in a folder.
    fn module_in(&self, folder: &Path, name: &str) -> Option<PathBuf> {
        let names = self.listed(folder);
        let is_module = |file: &&String| {
            let (stem, extension) = file.rsplit_once('.').unwrap_or((file, ""));
            stem == name && !NO_MODULES.contains(&extension)
        };
        let path = resolve(folder, names.iter().find(is_module)?);
        self.options.files.is_file(&path).then_some(path)
    }
}

impl Reader<'_> {
    /// The file that brings the module of a name, if one does.
    fn library_file(&self, name: &str, context: &LoadContext) -> Option<PathBuf> {
        if let Some((collection, module)) = split_collection(name) {
            if matches!(collection, "ansible.builtin" | "ansible.legacy") {
                return (collection == "ansible.legacy").then(|| self.library_file(module, context)).flatten();
            }
            let folders = self.collection_folders(collection, context).into_iter();
            return folders
                .map(|folder| folder.join("plugins/modules"))
                .find_map(|folder| self.loader.module_in(&folder, module));
        }
        if name.is_empty() || name.contains('/') {
            return None;
        }
        let own = context.role.as_ref().map(|role| role.path.join("library"));
        let known = self.loader.libraries.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let folders = own.into_iter().chain([context.play_dir.join("library")]).chain(known);
        folders
            .chain(self.loader.options.library.iter().cloned())
            .find_map(|folder| self.loader.module_in(&folder, name))
    }

    /// What the user brings under a name.
    pub(super) fn brought(&self, name: &str, span: Span, context: &LoadContext) -> Option<Found> {
        let path = self.library_file(name, context)?;
        // what cannot be read is reported when the module is run
        let content = self.loader.options.files.read(&path).unwrap_or_default();
        Some(match CustomKind::of(&content) {
            Ok(_) => Found::Runs(path),
            Err(refusal) => Found::Refused(Box::new(
                Diagnostic::error("unsupported-module", format!("the module `{name}` cannot be run: {refusal}"))
                    .at(span)
                    .help(format!("it is `{}`", display_name(&path))),
            )),
        })
    }

    /// Whether the user brings something under a name.
    pub(super) fn brings(&self, name: &str, context: &LoadContext) -> bool {
        self.library_file(name, context).is_some()
    }

    /// What a name stands for: a file that the user brings goes before a built-in module of the same name, unless it cannot be
    /// run here.
    pub(super) fn custom_target(&mut self, name: &str, span: Span, context: &LoadContext) -> Option<Target> {
        let built_in = action::resolve(name, context);
        if matches!(built_in, Some(Target::Builtin(_))) || short(name) != name && name.starts_with("ansible.builtin.") {
            return built_in;
        }
        match (self.brought(name, span, context), built_in) {
            (Some(Found::Runs(path)), _) => Some(Target::Custom(path)),
            (Some(Found::Refused(problem)), Some(built_in)) => {
                let message =
                    format!("the built-in module `{name}` runs instead of one that cannot: {}", problem.message);
                let mut warning = Diagnostic::warning("library-module", message).at(span);
                warning.help = problem.help;
                self.problem(warning);
                Some(built_in)
            }
            (Some(Found::Refused(problem)), None) => Some(Target::Unsupported(name.to_owned(), problem)),
            (None, built_in) => built_in,
        }
    }
}
