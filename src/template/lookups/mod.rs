//! Lookups: one documented function and one line in the table each.

mod call;
mod files;
mod lists;
mod merge;
mod outside;
mod password;
mod process;
mod random;
mod table;
mod tables;
mod vars;
mod words;

pub(crate) use call::{call, for_loop};
pub(crate) use table::{is_known, names};
