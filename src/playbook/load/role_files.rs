//! Where roles and their files lie.

use std::path::{Path, PathBuf};

use super::context::{LoadContext, RoleHome};
use super::reader::Reader;
use crate::diag::{Diagnostic, Severity, Span, did_you_mean};
use crate::tree::{EMBEDDED_ROOT, Files, display_name, resolve};

/// The collection that is built into the binary.
const EMBEDDED_COLLECTION: &str = "quaymaster.quay";

/// The endings of YAML files, in the order they are tried.
const ENDINGS: [&str; 3] = [".yml", ".yaml", ".json"];

/// A collection's name and the rest of `namespace.collection.name`.
pub(super) fn split_collection(name: &str) -> Option<(&str, &str)> {
    let word = |part: &str| {
        part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
            && part.bytes().next().is_some_and(|first| !first.is_ascii_digit())
    };
    let (namespace, rest) = name.split_once('.')?;
    let (collection, own) = rest.split_once('.')?;
    let valid = word(namespace) && word(collection) && !own.is_empty() && own.split('.').all(word);
    valid.then(|| (&name[..namespace.len() + 1 + collection.len()], own))
}

impl Reader<'_> {
    /// The folders that a collection may lie in, best first.
    pub(super) fn collection_folders(&self, collection: &str, context: &LoadContext) -> Vec<PathBuf> {
        let mut folders = Vec::new();
        if let Some((namespace, name)) = collection.split_once('.') {
            let inside = Path::new("ansible_collections").join(namespace).join(name);
            folders.push(context.play_dir.join("collections").join(&inside));
            folders.extend(self.loader.options.collections_path.iter().map(|path| path.join(&inside)));
        }
        if collection == EMBEDDED_COLLECTION {
            folders.push(PathBuf::from(EMBEDDED_ROOT));
        }
        folders
    }

    /// Finds a role; what is not there is reported with the places where it was looked for. `conditional` where it may never
    /// be needed.
    pub(super) fn find_role(
        &mut self,
        name: &str,
        at: Option<Span>,
        context: &LoadContext,
        conditional: bool,
    ) -> Option<RoleHome> {
        let files = &*self.loader.options.files;
        let mut looked = Vec::new();
        // names with a collection, and short names where collections are given
        let full: Vec<(String, String)> = match split_collection(name) {
            Some((collection, own)) => vec![(collection.to_owned(), own.to_owned())],
            None if name.contains('/') => Vec::new(),
            None => searched_collections(context).map(|collection| (collection, name.to_owned())).collect(),
        };
        for (collection, own) in &full {
            for folder in self.collection_folders(collection, context) {
                let path = folder.join("roles").join(own.replace('.', "/"));
                if files.is_folder(&path) {
                    let full = format!("{collection}.{own}").as_str().into();
                    return Some(RoleHome { name: full, short_name: own.as_str().into(), path });
                }
                looked.push(path);
            }
        }
        let mut folders = vec![context.play_dir.join("roles")];
        folders.extend(self.loader.options.roles_path.iter().cloned());
        if let Some(parent) = context.role.as_ref().and_then(|role| role.path.parent()) {
            folders.push(parent.to_owned());
        }
        folders.push(context.play_dir.clone());
        for folder in &folders {
            let path = resolve(folder, name);
            if files.is_folder(&path) {
                return Some(RoleHome { name: name.into(), short_name: name.into(), path });
            }
            looked.push(path);
        }
        let path = resolve(Path::new("."), name);
        if name.contains('/') && files.is_folder(&path) {
            let base = path.file_name().map_or_else(|| name.to_owned(), |base| base.to_string_lossy().into_owned());
            return Some(RoleHome { name: base.as_str().into(), short_name: base.as_str().into(), path });
        }
        self.notifications.may_grow(); // its handlers would be known otherwise
        let near: Vec<String> = folders.iter().filter_map(|folder| files.list(folder).ok()).flatten().collect();
        let mut seen = Vec::new();
        looked.retain(|path| {
            !seen.contains(path) && {
                seen.push(path.clone());
                true
            }
        });
        let looked: Vec<String> = looked.iter().map(|path| format!("`{}`", display_name(path))).collect();
        let problem = Diagnostic::error("missing-role", format!("there is no role `{name}`"))
            .at_opt(at)
            .help_opt(did_you_mean(name, near.iter().map(String::as_str)))
            .help(format!("looked for {}", looked.join(", ")));
        self.problem_if_reached(problem, conditional);
        None
    }

    /// The files of a role's subfolder under one name: one file, or with `folders` all files of a folder of that name.
    /// A name that the user gave must exist.
    pub(super) fn role_files(
        &mut self,
        home: &RoleHome,
        subfolder: &str,
        given: Option<&str>,
        folders: bool,
        at: Option<Span>,
    ) -> Vec<PathBuf> {
        let files = &*self.loader.options.files;
        let folder = home.path.join(subfolder);
        let name = given.unwrap_or("main");
        let path = resolve(&folder, name);
        if !path.starts_with(&folder) {
            let message = format!("`{name}` lies outside the role's folder `{}`", display_name(&folder));
            self.problem(Diagnostic::error("missing-file", message).at_opt(at));
            return Vec::new();
        }
        let bare = std::iter::once("");
        // the plain name comes first where the user gave it, last for `main`
        let endings: Vec<&str> = match given {
            Some(_) => bare.chain(ENDINGS).collect(),
            None => ENDINGS.into_iter().chain(bare).collect(),
        };
        for ending in endings {
            let mut text = path.clone().into_os_string();
            text.push(ending);
            let candidate = PathBuf::from(text);
            if files.is_file(&candidate) {
                return vec![candidate];
            }
            if folders && files.is_folder(&candidate) {
                return files_below(files, &candidate);
            }
        }
        if given.is_some() {
            let near = self.loader.similar_file(&folder, &format!("{name}.yml"));
            let message = format!("the role `{}` has no file `{subfolder}/{name}`", home.name);
            let problem = Diagnostic::error("missing-file", message)
                .at_opt(at)
                .help_opt(near)
                .help(format!("looked in `{}`", display_name(&folder)));
            // Ansible does not miss a file of a folder that is not there at all
            let severity = if files.is_folder(&folder) { Severity::Error } else { Severity::Warning };
            self.problem(Diagnostic { severity, ..problem });
        }
        Vec::new()
    }
}

/// Collections in which a short name is looked for: those given, and the built-in one for its own playbooks and roles.
fn searched_collections(context: &LoadContext) -> impl Iterator<Item = String> {
    let built_in = context.dir.starts_with(EMBEDDED_ROOT) || context.play_dir.starts_with(EMBEDDED_ROOT);
    let mut collections = context.collections.clone();
    if built_in && !collections.iter().any(|collection| collection == EMBEDDED_COLLECTION) {
        collections.insert(0, EMBEDDED_COLLECTION.to_owned());
    }
    collections.into_iter()
}

/// The YAML files in a folder and its folders, sorted; hidden files and backups are passed over.
fn files_below(files: &dyn Files, folder: &Path) -> Vec<PathBuf> {
    let mut out = Vec::new();
    for name in files.list(folder).unwrap_or_default() {
        if name.starts_with('.') || name.ends_with('~') {
            continue;
        }
        let path = folder.join(&name);
        let has_ending = name.contains('.');
        if files.is_folder(&path) {
            if !has_ending {
                out.extend(files_below(files, &path));
            }
        } else if !has_ending || ENDINGS.iter().any(|ending| name.ends_with(ending)) {
            out.push(path);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::split_collection;

    #[test]
    fn full_names_are_taken_apart() {
        assert_eq!(split_collection("quaymaster.quay.quay_project"), Some(("quaymaster.quay", "quay_project")));
        assert_eq!(split_collection("a.b"), None);
        assert_eq!(split_collection("../x.y.z"), None);
        assert_eq!(split_collection("rdo/quay"), None);
    }
}
