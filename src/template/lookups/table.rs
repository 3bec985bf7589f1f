//! The table of lookups.

use super::call::Request;
use super::{files, lists, merge, outside, password, process, random, tables, vars};
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
    line("cartesian", lists::nested),
    line("community.general.filetree", outside::filetree),
    line("community.general.merge_variables", merge::merge_variables),
    line("community.general.random_string", random::random_string),
    line("config", outside::config),
    line("csvfile", tables::csvfile),
    line("dict", lists::dict),
    line("env", vars::env),
    line("file", files::file),
    line("fileglob", files::fileglob),
    line("first_found", files::first_found),
    line("flattened", lists::flattened),
    line("indexed_items", lists::indexed_items),
    line("ini", tables::ini),
    line("inventory_hostnames", vars::inventory_hostnames),
    line("items", lists::items),
    line("lines", process::lines),
    line("list", lists::list),
    line("nested", lists::nested),
    line("password", password::password),
    line("pipe", process::pipe),
    line("random_choice", lists::random_choice),
    line("sequence", lists::sequence),
    line("subelements", lists::subelements),
    line("template", files::template),
    line("together", lists::together),
    line("unvault", files::unvault),
    line("url", outside::url),
    line("varnames", vars::varnames),
    line("vars", vars::vars),
];

/// The lookup of a name. Those of `community.general` are found by their short names too.
pub(crate) fn find(name: &str) -> Option<&'static Lookup> {
    let exact = |name: &str| {
        let index = LOOKUPS.binary_search_by(|lookup| lookup.name.cmp(name)).ok()?;
        LOOKUPS.get(index)
    };
    if let Some(short) = ["ansible.builtin.", "ansible.legacy."].iter().find_map(|prefix| name.strip_prefix(prefix)) {
        return exact(short);
    }
    let of_community = ["cartesian", "flattened"].into_iter().find(|old| name == format!("community.general.{old}"));
    exact(of_community.unwrap_or(name)).or_else(|| exact(&format!("community.general.{name}")))
}

/// Whether there is a lookup of this name.
pub(crate) fn is_known(name: &str) -> bool {
    find(name).is_some()
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
