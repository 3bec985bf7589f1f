//! The table of tests.

use super::{compare, kinds, net, paths, results, texts, version};
use crate::template::eval::{Args, Run};
use crate::template::fault::Outcome;
use crate::template::item::Item;

/// One test.
pub(crate) struct Check {
    pub(crate) name: &'static str,
    /// Whether it looks at operands that do not exist itself; for others the test does not exist either.
    pub(crate) takes_missing: bool,
    pub(crate) run: fn(&mut Run<'_, '_>, &Item, Args) -> Outcome<bool>,
}

/// One line of the table.
const fn line(name: &'static str, run: fn(&mut Run<'_, '_>, &Item, Args) -> Outcome<bool>) -> Check {
    Check { name, takes_missing: false, run }
}

/// One line of a test that looks at what does not exist.
const fn aware(name: &'static str, run: fn(&mut Run<'_, '_>, &Item, Args) -> Outcome<bool>) -> Check {
    Check { name, takes_missing: true, run }
}

/// All tests by name. Names of `ansible.builtin` are found with and without it.
static CHECKS: &[Check] = &[
    line("!=", compare::ne),
    line("<", compare::lt),
    line("<=", compare::le),
    line("==", compare::eq),
    line(">", compare::gt),
    line(">=", compare::ge),
    line("abs", paths::abs),
    line("all", compare::all),
    line("any", compare::any),
    line("boolean", kinds::boolean),
    line("callable", kinds::callable),
    line("change", results::changed),
    line("changed", results::changed),
    line("contains", compare::contains),
    aware("defined", kinds::defined),
    line("directory", paths::directory),
    line("divisibleby", compare::divisibleby),
    line("eq", compare::eq),
    line("equalto", compare::eq),
    line("escaped", kinds::escaped),
    line("even", compare::even),
    line("exists", paths::exists),
    line("failed", results::failed),
    line("failure", results::failed),
    line("false", kinds::is_false),
    line("falsy", kinds::falsy),
    line("file", paths::file),
    line("filter", kinds::filter),
    line("finished", results::finished),
    line("float", kinds::float),
    line("ge", compare::ge),
    line("greaterthan", compare::gt),
    line("gt", compare::gt),
    line("in", compare::within),
    line("integer", kinds::integer),
    line("is_abs", paths::abs),
    line("is_dir", paths::directory),
    line("is_file", paths::file),
    line("is_link", paths::link),
    line("is_mount", paths::mount),
    line("is_same_file", paths::same_file),
    line("isnan", kinds::nan),
    line("issubset", compare::subset),
    line("issuperset", compare::superset),
    line("iterable", kinds::iterable),
    line("le", compare::le),
    line("lessthan", compare::lt),
    line("link", paths::link),
    line("link_exists", paths::link_exists),
    line("lower", texts::lower),
    line("lt", compare::lt),
    line("mapping", kinds::mapping),
    line("match", texts::matches),
    line("mount", paths::mount),
    line("nan", kinds::nan),
    line("ne", compare::ne),
    line("none", kinds::none),
    line("number", kinds::number),
    line("odd", compare::odd),
    line("reachable", results::reachable),
    line("regex", texts::regex),
    line("same_file", paths::same_file),
    line("sameas", compare::sameas),
    line("search", texts::search),
    line("sequence", kinds::sequence),
    line("skip", results::skipped),
    line("skipped", results::skipped),
    line("started", results::started),
    line("string", kinds::string),
    line("subset", compare::subset),
    line("succeeded", results::succeeded),
    line("success", results::succeeded),
    line("successful", results::succeeded),
    line("superset", compare::superset),
    line("test", kinds::test),
    line("timedout", results::timedout),
    line("true", kinds::is_true),
    line("truthy", kinds::truthy),
    aware("undefined", kinds::undefined),
    line("unreachable", results::unreachable),
    line("upper", texts::upper),
    line("uri", texts::uri),
    line("url", texts::url),
    line("urn", texts::urn),
    line("vault_encrypted", texts::vault_encrypted),
    line("vaulted_file", paths::vaulted_file),
    line("version", version::version),
    line("version_compare", version::version),
];

/// The tests of collections, by their full names.
static OF_COLLECTIONS: &[Check] = &[
    line("ansible.utils.in_any_network", net::in_any_network),
    line("ansible.utils.in_network", net::in_network),
    line("ansible.utils.in_one_network", net::in_one_network),
    line("ansible.utils.ip", net::ip),
    line("ansible.utils.ip_address", net::ip_address),
    line("ansible.utils.ipv4", net::ipv4),
    line("ansible.utils.ipv4_address", net::ipv4_address),
    line("ansible.utils.ipv4_hostmask", net::ipv4_hostmask),
    line("ansible.utils.ipv4_netmask", net::ipv4_netmask),
    line("ansible.utils.ipv6", net::ipv6),
    line("ansible.utils.ipv6_address", net::ipv6_address),
    line("ansible.utils.ipv6_ipv4_mapped", net::ipv4_mapped),
    line("ansible.utils.ipv6_sixtofour", net::sixtofour),
    line("ansible.utils.ipv6_teredo", net::teredo),
    line("ansible.utils.loopback", net::loopback),
    line("ansible.utils.mac", net::mac),
    line("ansible.utils.multicast", net::multicast),
    line("ansible.utils.private", net::private),
    line("ansible.utils.public", net::public),
    line("ansible.utils.reserved", net::reserved),
    line("ansible.utils.resolvable", net::resolvable),
    line("ansible.utils.subnet_of", net::in_network),
    line("ansible.utils.supernet_of", net::supernet_of),
    line("ansible.utils.unspecified", net::unspecified),
    line("community.general.ansible_type", kinds::ansible_type),
];

/// The test of a name.
pub(crate) fn find(name: &str) -> Option<&'static Check> {
    let short = ["ansible.builtin.", "ansible.legacy."].iter().find_map(|prefix| name.strip_prefix(prefix));
    let name = short.unwrap_or(name);
    let (table, name) = if name.contains('.') { (OF_COLLECTIONS, name) } else { (CHECKS, name) };
    let index = table.binary_search_by(|check| check.name.cmp(name)).ok()?;
    table.get(index)
}

/// All names.
pub(crate) fn names() -> Vec<&'static str> {
    CHECKS.iter().chain(OF_COLLECTIONS).map(|check| check.name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted() {
        assert!(CHECKS.is_sorted_by(|a, b| a.name < b.name), "tests stand in the order of their names, each once");
        assert!(OF_COLLECTIONS.is_sorted_by(|a, b| a.name < b.name), "and so do those of collections");
    }
}
