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

    /// The hosts whose variables `hostvars` shows.
    fn hosts(&self) -> Vec<String> {
        Vec::new()
    }

    /// Whether there is `hostvars`: asked more often than the hosts' names are needed.
    fn has_hosts(&self) -> bool {
        !self.hosts().is_empty()
    }

    /// The variables of another host, for `hostvars[name]`. Asked anew at each use, so it should be cheap to make; templates
    /// in those variables are rendered with that scope, not with this one.
    fn host(&self, name: &str) -> Option<Box<dyn Scope + '_>> {
        let _ = name;
        None
    }
}

/// A scope over a plain mapping.
pub struct MapScope<'m>(pub &'m Map);

impl Scope for MapScope<'_> {
    fn get(&self, name: &str) -> Option<Value> {
        self.0.get(name).cloned()
    }

    fn names(&self) -> Vec<String> {
        names_of(self.0)
    }
}

/// A scope with more variables laid over it.
pub struct Overlay<'s> {
    /// What is laid over.
    pub over: &'s Map,
    /// What is under.
    pub under: &'s dyn Scope,
}

impl Scope for Overlay<'_> {
    fn get(&self, name: &str) -> Option<Value> {
        self.over.get(name).cloned().or_else(|| self.under.get(name))
    }

    fn names(&self) -> Vec<String> {
        let mut names = names_of(self.over);
        names.extend(self.under.names().into_iter().filter(|name| !self.over.contains_key(name.as_str())));
        names
    }

    fn search_path(&self, kind: &str) -> Vec<PathBuf> {
        self.under.search_path(kind)
    }

    fn hosts(&self) -> Vec<String> {
        self.under.hosts()
    }

    fn has_hosts(&self) -> bool {
        self.under.has_hosts()
    }

    fn host(&self, name: &str) -> Option<Box<dyn Scope + '_>> {
        self.under.host(name)
    }
}

fn names_of(map: &Map) -> Vec<String> {
    map.keys().filter_map(|key| key.as_str().map(str::to_owned)).collect()
}
