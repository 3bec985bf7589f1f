//! Modules for files and folders.

pub mod file;
mod file_state;
pub mod install;
pub mod stat;
