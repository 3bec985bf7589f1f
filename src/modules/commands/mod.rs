//! Modules for processes and commands.

mod async_status;
mod execution;
mod expect;
mod job_file;
mod options;
mod raw;
mod script;

pub use async_status::{AsyncStatus, AsyncStatusMode};
pub use expect::Expect;
pub use job_file::{ASYNC_DIR, JobFile, SECRETS};
pub use options::{Command, Shell};
pub use raw::{Raw, ShellLine};
pub use script::RunScript;
