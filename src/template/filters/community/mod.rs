//! Filters of collections: `community.general` and `ansible.utils`, without those on addresses.

mod compare;
mod documents;
mod groups;
mod keep;
mod keys;
mod lists;
mod paths;
mod texts;
mod times;

pub(super) use compare::{consolidate, fact_diff, param_list_compare};
pub(super) use documents::{from_csv, from_ini, json_query, to_ini};
pub(super) use groups::{accumulate, counter, dict, dict_kv, groupby_as_dict, lists_mergeby, version_sort};
pub(super) use keep::{keep_keys, remove_keys, replace_keys};
pub(super) use keys::{keep_deep, remove_deep, replace_deep};
pub(super) use lists::{lists_difference, lists_intersect, lists_symmetric_difference, lists_union};
pub(super) use paths::{get_path, index_of, to_paths};
pub(crate) use texts::ansible_type;
pub(super) use texts::{crc32, reveal_ansible_type, unicode_normalize};
pub(super) use times::{
    to_days, to_hours, to_milliseconds, to_minutes, to_months, to_seconds, to_time_unit, to_weeks, to_years,
};
