//! Where modules run.

mod bring;
mod defaults;
mod local;
mod raw;
mod remote;
mod target;
mod targets;
mod users;

pub use defaults::ConnectionDefaults;
pub(super) use target::{Job, Request, Target, TargetError};
pub(super) use targets::{Targets, Wanted};
