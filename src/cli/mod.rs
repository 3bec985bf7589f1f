//! The command line: one file for each subcommand. Only here does anything print, read the environment or exit.

mod args;
mod doc;
mod entry;
mod sandbox;

pub use entry::main;
