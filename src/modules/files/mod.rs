//! Modules for files and folders.

mod blockinfile;
mod edit;
mod file;
mod file_state;
mod find;
mod install;
mod lineinfile;
mod replace;
mod slurp;
mod stat;
mod tempfile;

pub use blockinfile::BlockInFile;
pub use edit::{EditState, Note};
pub use file::File;
pub use file_state::PathState;
pub use find::Find;
pub use install::{InstallFile, InstallState};
pub use lineinfile::LineInFile;
pub use replace::Replace;
pub use slurp::Slurp;
pub use stat::{Checksum, Stat};
pub use tempfile::TempFile;
