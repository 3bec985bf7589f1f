//! Lookups: one documented function and one line in the table each.

mod call;
mod lists;
mod table;
mod vars;

pub(crate) use call::{call, for_loop};
pub(crate) use table::{Lookup, find, names};
