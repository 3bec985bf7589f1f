//! Hosts, groups and their variables; where they are read from; and patterns that select hosts.
//!
//! Variables stay as they were written: templates in them are rendered when a task reads them. Hosts and groups are kept by
//! position, so that ten thousand hosts cost no searching.

mod address;
mod export;
mod glob;
mod group_order;
mod ini;
mod literal;
mod load;
mod merged;
mod model;
mod name;
mod pattern;
mod plugins;
mod reconcile;
mod script;
mod select;
mod shard;
mod toml_file;
mod vars_folder;
mod words;
mod yaml_file;

pub use export::{ExportVars, Exporter};
pub use load::LoadOptions;
pub use model::{Group, Host, Inventory};
pub use name::HostName;
pub use select::{HostOrder, Limit, LimitError};
pub use shard::{Shard, ShardError};
pub use vars_folder::{Entity, VarsFolder};

#[cfg(test)]
mod tests;
