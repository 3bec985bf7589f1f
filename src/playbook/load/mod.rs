//! Reading playbooks, roles and task files into the model.

mod action;
mod arguments;
mod block;
mod context;
mod document;
mod freeform;
mod import;
mod include;
mod known;
mod library;
mod loader;
mod named;
mod names;
mod notify;
mod play;
mod playbook;
mod reader;
mod role;
mod role_files;
mod role_use;
mod shared;
mod sources;
mod task;
mod unsupported;

pub use context::{LoadContext, RoleHome, VarsRank};
pub use loader::{Loader, LoaderOptions};
pub use role_use::RoleUse;

pub(super) use reader::{is_literal, kind_of_value};
