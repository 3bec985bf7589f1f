//! The table of filters.

use Takes::{Kept, Missing, Plain};

use super::{
    collections, dicts, documents, general, hashes, lists, numbers, paths, regexes, select, sets, text, urls, words,
};
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
    pub(crate) run: fn(&mut Run<'_, '_>, &Item, Args) -> Outcome,
}

/// One line of the table.
pub(super) const fn line(
    name: &'static str,
    takes: Takes,
    run: fn(&mut Run<'_, '_>, &Item, Args) -> Outcome,
) -> Filter {
    Filter { name, takes, run }
}

/// All filters by name. Names of `ansible.builtin` are found with and without it.
static FILTERS: &[Filter] = &[
    line("abs", Plain, numbers::abs),
    line("attr", Kept, general::attr),
    line("b64decode", Plain, hashes::b64decode),
    line("b64encode", Plain, hashes::b64encode),
    line("basename", Plain, paths::basename),
    line("batch", Kept, lists::batch),
    line("bool", Plain, numbers::bool),
    line("capitalize", Plain, text::capitalize),
    line("center", Plain, text::center),
    line("checksum", Plain, hashes::sha1),
    line("combinations", Kept, sets::combinations),
    line("combine", Kept, dicts::combine),
    line("comment", Plain, words::comment),
    line("commonpath", Plain, paths::commonpath),
    line("count", Plain, lists::length),
    line("d", Missing, general::default),
    line("default", Missing, general::default),
    line("dict2items", Kept, dicts::dict2items),
    line("dictsort", Kept, dicts::dictsort),
    line("difference", Kept, sets::difference),
    line("dirname", Plain, paths::dirname),
    line("e", Plain, text::escape),
    line("escape", Plain, text::escape),
    line("expanduser", Plain, paths::expanduser),
    line("expandvars", Plain, paths::expandvars),
    line("extract", Kept, dicts::extract),
    line("fileglob", Plain, paths::fileglob),
    line("filesizeformat", Plain, numbers::filesizeformat),
    line("first", Kept, lists::first),
    line("flatten", Kept, lists::flatten),
    line("float", Plain, numbers::float),
    line("forceescape", Plain, text::escape),
    line("format", Plain, text::format),
    line("from_json", Plain, documents::from_json),
    line("from_yaml", Plain, documents::from_yaml),
    line("from_yaml_all", Plain, documents::from_yaml_all),
    line("groupby", Kept, select::groupby),
    line("hash", Plain, hashes::hash),
    line("human_readable", Plain, numbers::human_readable),
    line("human_to_bytes", Plain, numbers::human_to_bytes),
    line("indent", Plain, text::indent),
    line("int", Plain, numbers::int),
    line("intersect", Kept, sets::intersect),
    line("items", Kept, dicts::items),
    line("items2dict", Kept, dicts::items2dict),
    line("join", Plain, lists::join),
    line("last", Kept, lists::last),
    line("length", Plain, lists::length),
    line("list", Kept, lists::list),
    line("log", Plain, numbers::log),
    line("lower", Plain, text::lower),
    line("mandatory", Missing, general::mandatory),
    line("map", Kept, select::map),
    line("max", Kept, lists::max),
    line("md5", Plain, hashes::md5),
    line("min", Kept, lists::min),
    line("normpath", Plain, paths::normpath),
    line("password_hash", Plain, hashes::password_hash),
    line("path_join", Plain, paths::path_join),
    line("permutations", Kept, sets::permutations),
    line("pow", Plain, numbers::pow),
    line("pprint", Plain, documents::pprint),
    line("product", Kept, sets::product),
    line("quote", Plain, words::quote),
    line("random", Kept, sets::random),
    line("realpath", Plain, paths::realpath),
    line("regex_escape", Plain, regexes::regex_escape),
    line("regex_findall", Plain, regexes::regex_findall),
    line("regex_replace", Plain, regexes::regex_replace),
    line("regex_search", Plain, regexes::regex_search),
    line("reject", Kept, select::reject),
    line("rejectattr", Kept, select::rejectattr),
    line("rekey_on_member", Kept, dicts::rekey_on_member),
    line("relpath", Plain, paths::relpath),
    line("replace", Plain, text::replace),
    line("reverse", Kept, lists::reverse),
    line("root", Plain, numbers::root),
    line("round", Plain, numbers::round),
    line("safe", Kept, general::same),
    line("select", Kept, select::select),
    line("selectattr", Kept, select::selectattr),
    line("sha1", Plain, hashes::sha1),
    line("shuffle", Kept, sets::shuffle),
    line("slice", Kept, lists::slice),
    line("sort", Kept, lists::sort),
    line("split", Plain, words::split),
    line("splitext", Plain, paths::splitext),
    line("strftime", Plain, words::strftime),
    line("string", Plain, text::string),
    line("striptags", Plain, text::striptags),
    line("subelements", Kept, sets::subelements),
    line("sum", Kept, lists::sum),
    line("symmetric_difference", Kept, sets::symmetric_difference),
    line("ternary", Kept, general::ternary),
    line("title", Plain, text::title),
    line("to_datetime", Plain, words::to_datetime),
    line("to_json", Plain, documents::to_json),
    line("to_nice_json", Plain, documents::to_nice_json),
    line("to_nice_yaml", Plain, documents::to_nice_yaml),
    line("to_uuid", Plain, hashes::to_uuid),
    line("to_yaml", Plain, documents::to_yaml),
    line("tojson", Plain, documents::tojson),
    line("trim", Plain, text::trim),
    line("truncate", Plain, text::truncate),
    line("type_debug", Missing, general::type_debug),
    line("union", Kept, sets::union),
    line("unique", Kept, lists::unique),
    line("unvault", Kept, paths::unvault),
    line("upper", Plain, text::upper),
    line("urldecode", Plain, urls::urldecode),
    line("urlencode", Plain, urls::urlencode),
    line("urlize", Plain, urls::urlize),
    line("urlsplit", Plain, urls::urlsplit),
    line("vault", Kept, paths::vault),
    line("win_basename", Plain, paths::win_basename),
    line("win_dirname", Plain, paths::win_dirname),
    line("win_splitdrive", Plain, paths::win_splitdrive),
    line("wordcount", Plain, text::wordcount),
    line("wordwrap", Plain, text::wordwrap),
    line("xmlattr", Plain, text::xmlattr),
    line("zip", Kept, sets::zip),
    line("zip_longest", Kept, sets::zip_longest),
];

/// The filter of a name.
pub(crate) fn find(name: &str) -> Option<&'static Filter> {
    let short = ["ansible.builtin.", "ansible.legacy."].iter().find_map(|prefix| name.strip_prefix(prefix));
    let name = short.unwrap_or(name);
    match FILTERS.binary_search_by(|filter| filter.name.cmp(name)) {
        Ok(index) => FILTERS.get(index),
        Err(_) => collections::find(name),
    }
}

/// All names.
pub(crate) fn names() -> Vec<&'static str> {
    FILTERS.iter().chain(collections::FILTERS).map(|filter| filter.name).collect()
}

/// What to say of a filter or test that others have and this program does not.
pub(crate) fn note_on_missing(what: &str, name: &str) -> Option<String> {
    let same: Vec<String> = match what {
        "filter" if !name.contains('.') => names()
            .into_iter()
            .filter(|full| full.rsplit('.').next() == Some(name))
            .map(|full| format!("`{full}`"))
            .collect(),
        _ => Vec::new(),
    };
    if same.len() > 1 {
        return Some(format!("write {}", same.join(" or ")));
    }
    let reason = match (what, name.rsplit('.').next().unwrap_or(name)) {
        (
            "filter",
            "jc" | "hashids_encode" | "hashids_decode" | "to_prettytable" | "json_patch" | "json_patch_recipe"
            | "json_diff" | "from_xml" | "to_xml",
        ) => "one that needs a Python package, and there is no Python here",
        _ if name.contains('.') && !name.starts_with("ansible.builtin.") => {
            if let Some(guess) = crate::diag::did_you_mean(name, names()).filter(|_| what == "filter") {
                return Some(guess);
            }
            "one of a collection that is not supported"
        }
        _ => return None,
    };
    Some(format!("the {what} is {reason}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted() {
        assert!(FILTERS.is_sorted_by(|a, b| a.name < b.name), "filters stand in the order of their names, each once");
        assert!(collections::FILTERS.is_sorted_by(|a, b| a.name < b.name), "and so do those of collections");
    }
}
