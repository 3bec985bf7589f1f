//! Files of variables (`vars_files`, and those named by patterns of `include_vars`): read once and remembered.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use thiserror::Error;

use crate::diag::{Diagnostics, Span};
use crate::playbook::Loader;
use crate::template::{Scope, Templar, TemplateError};
use crate::tree::resolve;
use crate::value::{Map, Value};

/// Why a file of variables could not be had.
#[derive(Debug, Error)]
pub enum VarsFileError {
    /// Its name could not be rendered.
    #[error("the name of a variables file cannot be rendered")]
    Name(#[source] TemplateError),
    /// Its name is not text.
    #[error("the name of a variables file is a string or a list of strings, not a {0}")]
    NotAName(&'static str),
    /// None of the files exists.
    #[error("variables file not found: {}", .names.join(", "))]
    Missing {
        /// The names as rendered.
        names: Vec<String>,
        /// Where the first is named.
        span: Option<Span>,
    },
    /// It cannot be read, is not YAML, or not a mapping.
    #[error("{}", .0.first().map_or("the variables file cannot be read", |problem| problem.message.as_str()))]
    Content(Diagnostics),
}

/// Reads variables files and remembers them.
#[derive(Debug)]
pub struct VarsFiles {
    loader: Loader,
    read: Mutex<HashMap<PathBuf, Arc<Map>>>,
}

impl VarsFiles {
    /// A reader that has read nothing yet.
    #[must_use]
    pub fn new(loader: Loader) -> Self {
        Self { loader, read: Mutex::default() }
    }

    /// The layers of a play's `vars_files`, the highest first. Of an entry that is a list the first file that exists counts.
    /// An entry whose name needs a variable that is not there (yet) is passed over, as Ansible does.
    pub fn layers(
        &self,
        entries: &[Value],
        dir: &Path,
        templar: &Templar,
        scope: &dyn Scope,
    ) -> Result<Vec<Arc<Map>>, VarsFileError> {
        let mut layers = Vec::new();
        for entry in entries {
            let names = match templar.render(entry, scope) {
                Ok(names) => names,
                Err(error) if error.undefined => continue,
                Err(error) => return Err(VarsFileError::Name(error)),
            };
            layers.push(self.first(&names, entry, dir)?);
        }
        layers.reverse();
        Ok(layers)
    }

    fn first(&self, names: &Value, written: &Value, dir: &Path) -> Result<Arc<Map>, VarsFileError> {
        let first = match written {
            Value::List(items) => items.first(),
            other => Some(other),
        };
        let span = first.and_then(|value| if let Value::Str(text) = value { text.span() } else { None });
        let names = match names {
            Value::List(names) => names.to_vec(),
            other => vec![other.clone()],
        };
        let mut tried = Vec::new();
        for name in &names {
            let text = name.as_str().ok_or_else(|| VarsFileError::NotAName(name.type_name()))?;
            let beside_vars = (!text.starts_with("vars/")).then(|| resolve(&dir.join("vars"), text));
            for path in beside_vars.into_iter().chain([resolve(dir, text)]) {
                if self.loader.files().is_file(&path) {
                    return self.read(&path, span);
                }
            }
            tried.push(text.to_owned());
        }
        Err(VarsFileError::Missing { names: tried, span })
    }

    /// The variables of one file, opened where it is vaulted.
    pub fn read(&self, path: &Path, at: Option<Span>) -> Result<Arc<Map>, VarsFileError> {
        let known = || self.read.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(map) = known().get(path) {
            return Ok(Arc::clone(map));
        }
        let map = self.loader.load_vars_file(path, at).map_err(VarsFileError::Content)?;
        let map = Arc::new(map);
        known().insert(path.to_path_buf(), Arc::clone(&map));
        Ok(map)
    }
}
