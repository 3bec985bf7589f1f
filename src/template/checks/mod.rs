//! Tests (`is …`): one documented function and one line in the table each.

mod compare;
mod kinds;
mod net;
mod paths;
mod results;
mod table;
mod texts;
mod version;

pub(crate) use table::{Check, find, names};
pub(crate) use version::loose_order;
