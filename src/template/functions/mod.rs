//! Global functions: one documented function and one line in the table each.

mod builtin;
mod table;

pub(crate) use table::{Function, find};
