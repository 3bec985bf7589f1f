//! Lookups of files on the controller.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::call::Request;
use crate::template::eval::{Machine, Run, with_newlines_of};
use crate::template::fault::{Fault, Outcome};
use crate::template::item::Item;
use crate::template::paths::{expand_user, glob};
use crate::template::scope::Overlay;
use crate::template::syntax::{Delimiters, Dialect};
use crate::value::{Map, Text, Value};

/// The paths at which a file may be, best first.
fn candidates(machine: &Machine<'_>, kinds: &[&str], name: &str) -> Vec<PathBuf> {
    let name = expand_user(name, &machine.engine.environment);
    let path = Path::new(&name);
    if path.is_absolute() {
        return vec![path.to_owned()];
    }
    kinds.iter().flat_map(|kind| machine.scope.search_path(kind)).map(|folder| folder.join(path)).collect()
}

/// The file of a name in the search path.
pub(super) fn find(machine: &Machine<'_>, kind: &str, name: &str) -> Outcome<PathBuf> {
    let candidates = candidates(machine, &[kind], name);
    candidates.iter().find(|path| path.exists()).cloned().ok_or_else(|| {
        let searched: Vec<_> = candidates.iter().map(|path| path.display().to_string()).collect();
        let help = (!searched.is_empty()).then(|| format!("looked for {}", searched.join(", ")));
        Fault::new(format!("file `{name}` was not found")).help(help)
    })
}

/// A file's text; one that is encrypted with Vault is opened, and its text is secret.
pub(super) fn read(machine: &Machine<'_>, path: &Path) -> Outcome<Text> {
    let bytes = std::fs::read(path)
        .map_err(|error| Fault::new(format!("file `{}` cannot be read: {error}", path.display())))?;
    let text =
        String::from_utf8(bytes).map_err(|_| Fault::new(format!("file `{}` is not UTF-8 text", path.display())))?;
    if !crate::vault::is_encrypted(text.as_bytes()) {
        return Ok(Text::data(text));
    }
    let opened = machine
        .engine
        .vault
        .decrypt(&text)
        .map_err(|error| Fault::new(format!("file `{}` cannot be opened: {error}", path.display())))?;
    machine.engine.redactor.register(opened.expose());
    Ok(Text::secret(opened.expose()))
}

/// `file`: contents, the newlines at the end taken off.
pub(super) fn file(request: &mut Request<'_, '_>) -> Outcome<Vec<Value>> {
    let rstrip = request.truth_option("rstrip", true)?;
    let lstrip = request.truth_option("lstrip", false)?;
    request
        .texts()?
        .iter()
        .map(|name| {
            let text = read(request.machine, &find(request.machine, "files", name)?)?;
            let mut content = text.as_str();
            if lstrip {
                content = content.trim_start();
            }
            if rstrip {
                content = content.trim_end();
            }
            Ok(Value::Str(Text::new(content, text.origin())))
        })
        .collect()
}

/// `unvault`: contents as they are, opened where they are encrypted.
pub(super) fn unvault(request: &mut Request<'_, '_>) -> Outcome<Vec<Value>> {
    request
        .texts()?
        .iter()
        .map(|name| Ok(Value::Str(read(request.machine, &find(request.machine, "files", name)?)?)))
        .collect()
}

/// `fileglob`: the plain files that match patterns.
pub(super) fn fileglob(request: &mut Request<'_, '_>) -> Outcome<Vec<Value>> {
    let mut out = Vec::new();
    for pattern in request.texts()? {
        // the first folder of the search path in which anything is found counts
        for path in candidates(request.machine, &["files"], &pattern) {
            let found = glob(&path)?;
            if !found.is_empty() {
                out.extend(found.iter().map(|path| Value::data(path.to_string_lossy())));
                break;
            }
        }
    }
    Ok(out)
}

/// `first_found`: the first file there is, of names or of `files` in `paths`; `skip` makes finding none no error.
pub(super) fn first_found(request: &mut Request<'_, '_>) -> Outcome<Vec<Value>> {
    let mut skip = request.truth_option("skip", false)?;
    let (files, paths) = (request.option("files"), request.option("paths"));
    let errors = request.text_option("errors")?;
    let mut wanted = Vec::new();
    if let Some(files) = &files {
        wanted.extend(combinations(Some(files), paths.as_ref())?);
    }
    for term in flat_terms(&request.terms) {
        match &term {
            Value::Map(map) => {
                wanted.extend(combinations(map.get("files"), map.get("paths"))?);
                if let Some(value) = map.get("skip") {
                    skip = crate::value::parse_bool(value).unwrap_or(false);
                }
            }
            term => {
                let name = request.machine.display(&Item::Value(term.clone()))?;
                match &paths {
                    Some(_) if files.is_none() => wanted.extend(combinations(Some(term), paths.as_ref())?),
                    _ => wanted.push(name),
                }
            }
        }
    }
    for name in &wanted {
        if name.is_empty() {
            continue;
        }
        let found = candidates(request.machine, &["files", "templates", "vars", "tasks"], name)
            .into_iter()
            .find(|path| path.exists());
        if let Some(found) = found {
            return Ok(vec![Value::data(found.to_string_lossy())]);
        }
    }
    if skip || errors.as_deref() == Some("ignore") {
        return Ok(Vec::new());
    }
    let names: Vec<_> = wanted.iter().map(|name| format!("`{name}`")).collect();
    Err(Fault::new(format!("none of the files was found: {}", names.join(", ")))
        .help(Some("`skip: true` makes that no error".to_owned())))
}

fn flat_terms(terms: &[Value]) -> Vec<Value> {
    let mut out = Vec::new();
    for term in terms {
        match term {
            Value::List(items) => out.extend(flat_terms(items)),
            term => out.push(term.clone()),
        }
    }
    out
}

/// Every file in every path.
fn combinations(files: Option<&Value>, paths: Option<&Value>) -> Outcome<Vec<String>> {
    let files = split(files, &[',', ';'])?;
    let paths = split(paths, &[',', ':', ';'])?;
    if files.is_empty() {
        return Ok(paths);
    }
    if paths.is_empty() {
        return Ok(files);
    }
    Ok(paths
        .iter()
        .flat_map(|path| files.iter().map(move |file| Path::new(path).join(file).to_string_lossy().into_owned()))
        .collect())
}

fn split(value: Option<&Value>, separators: &[char]) -> Outcome<Vec<String>> {
    match value {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Str(text)) => {
            Ok(text.split(separators).map(|part| part.trim().to_owned()).filter(|part| !part.is_empty()).collect())
        }
        Some(Value::List(items)) => {
            let mut out = Vec::new();
            for item in items.iter() {
                out.extend(split(Some(item), separators)?);
            }
            Ok(out)
        }
        Some(other) => Err(Fault::new(format!("a text or list of texts is needed, not '{}'", other.type_name()))),
    }
}

/// `template`: templates rendered with the variables at hand and those of `template_vars`.
pub(super) fn template(request: &mut Request<'_, '_>) -> Outcome<Vec<Value>> {
    let vars = match request.option("template_vars") {
        Some(Value::Map(map)) => map,
        None => Arc::new(Map::new()),
        Some(other) => return Err(Fault::new(format!("`template_vars` is a dictionary, not '{}'", other.type_name()))),
    };
    let mut delimiters = Delimiters::default();
    for name in Delimiters::NAMES {
        if let Some(text) = request.text_option(name)? {
            delimiters.set(name, &text);
        }
    }
    let trim_blocks = request.truth_option("trim_blocks", true)?;
    let dialect = Dialect::of_file(trim_blocks, request.truth_option("lstrip_blocks", false)?, &delimiters);
    // what a template yields has its type already
    request.option("convert_data");
    request.option("jinja2_native");
    let scope = Overlay { over: &vars, under: request.machine.scope };
    request
        .texts()?
        .iter()
        .map(|name| {
            let path = find(request.machine, "templates", name)?;
            let text = read(request.machine, &path)?;
            let machine = request.machine.nested(&scope);
            let program = machine.engine.headed(&text, Some(&path.to_string_lossy()), &dialect)?;
            let item = request
                .machine
                .deeper(|| Run::new(&machine, Arc::clone(&program)).execute())
                .map_err(|fault| fault.placed(|at| machine.engine.place_in(&program, at)))?;
            let value = machine.plain(&with_newlines_of(&text, item))?;
            Ok(value.into_data())
        })
        .collect()
}
