//! Filters: one documented function and one line in the table each.

mod collections;
mod community;
mod dicts;
mod documents;
mod general;
mod hashes;
mod lists;
mod net;
mod numbers;
mod paths;
mod regexes;
mod select;
mod sets;
mod sort;
mod table;
mod text;
mod urls;
mod words;

pub(crate) use community::ansible_type;
pub(crate) use select::group_attr;
pub(crate) use sort::sort_items;
pub(crate) use table::{Filter, Takes, find, names, note_on_missing};
