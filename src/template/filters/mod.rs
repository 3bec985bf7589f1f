//! Filters: one documented function and one line in the table each.

mod general;
mod lists;
mod select;
mod sort;
mod table;
mod text;

pub(crate) use select::group_attr;
pub(crate) use sort::sort_items;
pub(crate) use table::{Filter, Takes, find, names, note_on_missing};
