//! Methods of Python's types, as templates call them.

mod datetime;
mod format;
mod percent;
mod split;
mod strings;
mod table;
mod wrap;

pub(crate) use percent::percent_format;
pub(crate) use split::split_lines;
pub(crate) use strings::{capitalize, center};
pub(crate) use table::{call, exists};
pub(crate) use wrap::wrap;
