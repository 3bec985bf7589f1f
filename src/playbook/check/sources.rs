//! Files that tasks name as their source.

use std::path::PathBuf;

use crate::diag::{Diagnostic, Span};
use crate::playbook::load::{LoadContext, is_literal};
use crate::tree::{Files, display_name, resolve};
use crate::value::{Value, parse_bool};

/// Modules that read a file of the controller, with the option and the folder that relative names are looked for in.
const SOURCES: &[(&str, &str, &str)] = &[
    ("assemble", "src", "files"),
    ("copy", "src", "files"),
    ("include_vars", "file", "vars"),
    ("script", "cmd", "files"),
    ("template", "src", "templates"),
];

/// The places in which a task's relative file of a kind (`files`, `templates`) is looked for, best first.
pub(in crate::playbook) fn candidates(context: &LoadContext, folder: &str, name: &str) -> Vec<PathBuf> {
    if name.starts_with('/') {
        return vec![resolve(&context.dir, name)];
    }
    let mut out = Vec::new();
    for base in search_folders(context, folder) {
        let candidate = resolve(&base, name);
        if !out.contains(&candidate) {
            out.push(candidate);
        }
    }
    out
}

/// The folders in which a task's relative file of a kind is looked for, best first.
pub(in crate::playbook) fn search_folders(context: &LoadContext, folder: &str) -> Vec<PathBuf> {
    let mut bases: Vec<PathBuf> = Vec::new();
    if let Some(role) = &context.role {
        bases.push(role.path.clone());
        bases.push(role.path.join("tasks"));
    }
    bases.push(context.dir.clone());
    bases.push(context.play_dir.clone());
    bases.into_iter().flat_map(|base| [base.join(folder), base]).collect()
}

/// What became of the search for a task's source file.
#[derive(Debug)]
pub(in crate::playbook) enum Source {
    /// The module reads no such file, or its name is only known in the run.
    Unknown,
    /// It is here.
    Found(PathBuf),
    /// It is nowhere.
    Missing(Box<Diagnostic>),
}

/// Looks for the file that a task names as its source.
pub(in crate::playbook) fn find_source(
    module: &str,
    option: &dyn Fn(&str) -> Option<(Value, Span)>,
    context: &LoadContext,
    files: &dyn Files,
) -> Source {
    search(module, option, context, files).unwrap_or(Source::Unknown)
}

fn search(
    module: &str,
    option: &dyn Fn(&str) -> Option<(Value, Span)>,
    context: &LoadContext,
    files: &dyn Files,
) -> Option<Source> {
    let (_, source, folder) = SOURCES.iter().find(|(name, _, _)| *name == module)?;
    let remote =
        option("remote_src").is_some_and(|(value, _)| !is_literal(&value) || parse_bool(&value) != Some(false));
    if remote {
        return None;
    }
    let (value, span) = option(source).or_else(|| option("_raw_params").filter(|_| module == "script"))?;
    let name = value.as_str().filter(|_| is_literal(&value))?;
    // a script may come with arguments
    let name = if module == "script" { name.split(' ').next()? } else { name };
    // an earlier task may make a file at an absolute path; one under a tilde depends on the user's home
    if name.is_empty() || name.starts_with(['/', '~']) {
        return None;
    }
    let places = candidates(context, folder, name);
    if let Some(found) = places.iter().find(|place| files.exists(place)) {
        return Some(Source::Found(found.clone()));
    }
    let shown: Vec<String> = places.iter().map(|path| format!("`{}`", display_name(path))).collect();
    let near = places.iter().find_map(|place| {
        let names = files.list(place.parent()?).ok()?;
        crate::diag::did_you_mean(place.file_name()?.to_str()?, names.iter().map(String::as_str))
    });
    Some(Source::Missing(Box::new(
        Diagnostic::error("missing-file", format!("there is no file `{name}` for `{module}`"))
            .at(span)
            .help_opt(near)
            .help(format!("looked for {}", shown.join(", "))),
    )))
}
