//! Modules for processes and commands.

mod execution;
mod options;

pub use options::{Command, Shell};
