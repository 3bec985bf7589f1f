//! The table of filters that collections have, by their full names.

use super::table::Filter;
use super::table::Takes::{Kept, Plain};
use super::table::line;
use super::{community, documents, net, words};

/// All of them in the order of their names.
pub(super) static FILTERS: &[Filter] = &[
    line("ansible.utils.cidr_merge", Plain, net::cidr_merge),
    line("ansible.utils.consolidate", Kept, community::consolidate),
    line("ansible.utils.fact_diff", Plain, community::fact_diff),
    line("ansible.utils.get_path", Kept, community::get_path),
    line("ansible.utils.hwaddr", Plain, net::hwaddr),
    line("ansible.utils.index_of", Plain, community::index_of),
    line("ansible.utils.ip4_hex", Plain, net::ip4_hex),
    line("ansible.utils.ipaddr", Plain, net::ipaddr),
    line("ansible.utils.ipcut", Plain, net::ipcut),
    line("ansible.utils.ipmath", Plain, net::ipmath),
    line("ansible.utils.ipsubnet", Plain, net::ipsubnet),
    line("ansible.utils.ipv4", Plain, net::ipv4),
    line("ansible.utils.ipv6", Plain, net::ipv6),
    line("ansible.utils.ipv6form", Plain, net::ipv6form),
    line("ansible.utils.ipwrap", Plain, net::ipwrap),
    line("ansible.utils.keep_keys", Kept, community::keep_deep),
    line("ansible.utils.macaddr", Plain, net::macaddr),
    line("ansible.utils.network_in_network", Plain, net::network_in_network),
    line("ansible.utils.network_in_usable", Plain, net::network_in_usable),
    line("ansible.utils.next_nth_usable", Plain, net::next_nth_usable),
    line("ansible.utils.nthhost", Plain, net::nthhost),
    line("ansible.utils.param_list_compare", Plain, community::param_list_compare),
    line("ansible.utils.previous_nth_usable", Plain, net::previous_nth_usable),
    line("ansible.utils.reduce_on_network", Kept, net::reduce_on_network),
    line("ansible.utils.remove_keys", Kept, community::remove_deep),
    line("ansible.utils.replace_keys", Kept, community::replace_deep),
    line("ansible.utils.slaac", Plain, net::slaac),
    line("ansible.utils.to_paths", Kept, community::to_paths),
    line("ansible.utils.usable_range", Plain, net::usable_range),
    line("community.general.accumulate", Plain, community::accumulate),
    line("community.general.counter", Plain, community::counter),
    line("community.general.crc32", Plain, community::crc32),
    line("community.general.dict", Kept, community::dict),
    line("community.general.dict_kv", Kept, community::dict_kv),
    line("community.general.from_csv", Plain, community::from_csv),
    line("community.general.from_ini", Plain, community::from_ini),
    line("community.general.groupby_as_dict", Kept, community::groupby_as_dict),
    line("community.general.json_query", Kept, community::json_query),
    line("community.general.keep_keys", Kept, community::keep_keys),
    line("community.general.lists_difference", Kept, community::lists_difference),
    line("community.general.lists_intersect", Kept, community::lists_intersect),
    line("community.general.lists_mergeby", Kept, community::lists_mergeby),
    line("community.general.lists_symmetric_difference", Kept, community::lists_symmetric_difference),
    line("community.general.lists_union", Kept, community::lists_union),
    line("community.general.random_mac", Plain, net::random_mac),
    line("community.general.remove_keys", Kept, community::remove_keys),
    line("community.general.replace_keys", Kept, community::replace_keys),
    line("community.general.reveal_ansible_type", Plain, community::reveal_ansible_type),
    line("community.general.to_days", Plain, community::to_days),
    line("community.general.to_hours", Plain, community::to_hours),
    line("community.general.to_ini", Plain, community::to_ini),
    line("community.general.to_milliseconds", Plain, community::to_milliseconds),
    line("community.general.to_minutes", Plain, community::to_minutes),
    line("community.general.to_months", Plain, community::to_months),
    line("community.general.to_nice_yaml", Plain, documents::to_nice_yaml),
    line("community.general.to_seconds", Plain, community::to_seconds),
    line("community.general.to_time_unit", Plain, community::to_time_unit),
    line("community.general.to_weeks", Plain, community::to_weeks),
    line("community.general.to_yaml", Plain, documents::to_yaml),
    line("community.general.to_years", Plain, community::to_years),
    line("community.general.unicode_normalize", Plain, community::unicode_normalize),
    line("community.general.version_sort", Kept, community::version_sort),
    line("infra.quay_configuration.quay_docker_config", Plain, words::quay_docker_config),
];

/// Collections that filters moved away from, and where to.
const MOVED: &[(&str, &str)] =
    &[("ansible.netcommon.", "ansible.utils."), ("herve4m.quay.", "infra.quay_configuration.")];

/// The filter of a full name, or of a short one that no two collections have.
pub(super) fn find(name: &str) -> Option<&'static Filter> {
    if !name.contains('.') {
        let mut found = FILTERS.iter().filter(|filter| filter.name.rsplit('.').next() == Some(name));
        return found.next().filter(|_| found.next().is_none());
    }
    let moved = MOVED.iter().find_map(|(old, new)| Some(format!("{new}{}", name.strip_prefix(old)?)));
    let name = moved.as_deref().unwrap_or(name);
    let index = FILTERS.binary_search_by(|filter| filter.name.cmp(name)).ok()?;
    FILTERS.get(index)
}
