//! Where modules run.

mod become_user;
mod local;
mod target;
mod targets;

pub(super) use local::crash_message;
pub(super) use target::{Job, Request, Target, TargetError};
pub(super) use targets::{Targets, Wanted};
