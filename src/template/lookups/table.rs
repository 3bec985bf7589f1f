//! The table of lookups.

use super::call::Request;
use super::{lists, vars};
use crate::template::fault::Outcome;
use crate::value::Value;

/// One lookup.
pub(crate) struct Lookup {
    pub(crate) name: &'static str,
    pub(crate) run: fn(&mut Request<'_, '_>) -> Outcome<Vec<Value>>,
}

/// One line of the table.
const fn line(name: &'static str, run: fn(&mut Request<'_, '_>) -> Outcome<Vec<Value>>) -> Lookup {
    Lookup { name, run }
}

/// All lookups by name. Names of `ansible.builtin` are found with and without it.
static LOOKUPS: &[Lookup] = &[
    line("dict", lists::dict),
    line("env", vars::env),
    line("items", lists::items),
    line("list", lists::list),
    line("varnames", vars::varnames),
    line("vars", vars::vars),
];

/// The lookup of a name.
pub(crate) fn find(name: &str) -> Option<&'static Lookup> {
    let name = name.strip_prefix("ansible.builtin.").unwrap_or(name);
    let index = LOOKUPS.binary_search_by(|lookup| lookup.name.cmp(name)).ok()?;
    LOOKUPS.get(index)
}

/// All names.
pub(crate) fn names() -> Vec<&'static str> {
    LOOKUPS.iter().map(|lookup| lookup.name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted() {
        assert!(LOOKUPS.is_sorted_by(|a, b| a.name < b.name), "lookups stand in the order of their names, each once");
    }
}
