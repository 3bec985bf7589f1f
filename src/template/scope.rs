//! Where a template finds its variables.

use std::path::PathBuf;

use crate::value::{Map, Value};

/// The variables that a template can see. A value may itself hold templates (text that the user wrote): the templar renders
/// them when they are read, never before.
pub trait Scope {
    /// The raw value of a variable.
    fn get(&self, name: &str) -> Option<Value>;

    /// The names there are, for `vars`, `hostvars`-like iteration and "did you mean".
    fn names(&self) -> Vec<String>;

    /// Folders in which lookups and `include` look for a relative file of a kind (`files`, `templates`, `vars`), best first.
    fn search_path(&self, kind: &str) -> Vec<PathBuf> {
        let _ = kind;
        Vec::new()
    }
}

/// A scope over a plain mapping.
pub struct MapScope<'m>(pub &'m Map);

impl Scope for MapScope<'_> {
    fn get(&self, name: &str) -> Option<Value> {
        self.0.get(name).cloned()
    }

    fn names(&self) -> Vec<String> {
        self.0.keys().filter_map(|key| key.as_str().map(str::to_owned)).collect()
    }
}
