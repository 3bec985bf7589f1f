//! The table of filters.

use Takes::{Kept, Missing, Plain};

use super::{general, lists, select, text};
use crate::template::eval::{Args, Run};
use crate::template::fault::Outcome;
use crate::template::item::Item;

/// What a filter does with what is missing and what is secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Takes {
    /// It makes something new: what is missing passes by, and what comes from a secret is secret.
    Plain,
    /// It hands on parts of its operands as they are, their secrecy with them; what is missing passes by.
    Kept,
    /// As `Kept`, and it looks at operands that do not exist itself.
    Missing,
}

/// One filter.
pub(crate) struct Filter {
    pub(crate) name: &'static str,
    pub(crate) takes: Takes,
    pub(crate) run: fn(&mut Run<'_, '_>, Item, Args) -> Outcome,
}

/// One line of the table.
const fn line(name: &'static str, takes: Takes, run: fn(&mut Run<'_, '_>, Item, Args) -> Outcome) -> Filter {
    Filter { name, takes, run }
}

/// All filters by name. Names of `ansible.builtin` are found with and without it.
static FILTERS: &[Filter] = &[
    line("attr", Kept, general::attr),
    line("batch", Kept, lists::batch),
    line("capitalize", Plain, text::capitalize),
    line("center", Plain, text::center),
    line("count", Plain, lists::length),
    line("d", Missing, general::default),
    line("default", Missing, general::default),
    line("e", Plain, text::escape),
    line("escape", Plain, text::escape),
    line("first", Kept, lists::first),
    line("flatten", Kept, lists::flatten),
    line("forceescape", Plain, text::escape),
    line("format", Plain, text::format),
    line("groupby", Kept, select::groupby),
    line("indent", Plain, text::indent),
    line("join", Plain, lists::join),
    line("last", Kept, lists::last),
    line("length", Plain, lists::length),
    line("list", Kept, lists::list),
    line("lower", Plain, text::lower),
    line("mandatory", Missing, general::mandatory),
    line("map", Kept, select::map),
    line("max", Kept, lists::max),
    line("min", Kept, lists::min),
    line("reject", Kept, select::reject),
    line("rejectattr", Kept, select::rejectattr),
    line("replace", Plain, text::replace),
    line("reverse", Kept, lists::reverse),
    line("safe", Kept, general::same),
    line("select", Kept, select::select),
    line("selectattr", Kept, select::selectattr),
    line("slice", Kept, lists::slice),
    line("sort", Kept, lists::sort),
    line("string", Plain, text::string),
    line("striptags", Plain, text::striptags),
    line("sum", Kept, lists::sum),
    line("ternary", Kept, general::ternary),
    line("title", Plain, text::title),
    line("trim", Plain, text::trim),
    line("truncate", Plain, text::truncate),
    line("type_debug", Missing, general::type_debug),
    line("undef", Kept, general::undef),
    line("unique", Kept, lists::unique),
    line("upper", Plain, text::upper),
    line("wordcount", Plain, text::wordcount),
    line("wordwrap", Plain, text::wordwrap),
    line("xmlattr", Plain, text::xmlattr),
];

/// The filter of a name.
pub(crate) fn find(name: &str) -> Option<&'static Filter> {
    let name = name.strip_prefix("ansible.builtin.").unwrap_or(name);
    let index = FILTERS.binary_search_by(|filter| filter.name.cmp(name)).ok()?;
    FILTERS.get(index)
}

/// All names.
pub(crate) fn names() -> Vec<&'static str> {
    FILTERS.iter().map(|filter| filter.name).collect()
}

/// What to say of a filter or test that collections have and this program does not.
pub(crate) fn note_on_missing(what: &str, name: &str) -> Option<String> {
    let short = name.rsplit('.').next().unwrap_or(name);
    let collection = match (what, short) {
        ("filter", "json_query") => {
            "community.general.json_query, which is not supported yet: `selectattr` and `map` do most of it"
        }
        (
            "filter",
            "ipaddr" | "ipv4" | "ipv6" | "ipwrap" | "ipsubnet" | "ipmath" | "cidr_merge" | "nthhost"
            | "network_in_network",
        ) => "one of ansible.utils, which are not supported yet",
        _ if name.contains('.') && !name.starts_with("ansible.builtin.") => "one of a collection that is not supported",
        _ => return None,
    };
    Some(format!("the {what} is {collection}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted() {
        assert!(FILTERS.is_sorted_by(|a, b| a.name < b.name), "filters stand in the order of their names, each once");
    }
}
