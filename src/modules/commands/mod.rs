//! Modules for processes and commands.

mod async_status;
mod execution;
mod job_file;
mod options;

pub use async_status::{AsyncStatus, AsyncStatusMode};
pub use job_file::{ASYNC_DIR, JobFile, SECRETS};
pub use options::{Command, Shell};
