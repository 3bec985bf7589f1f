//! The command line: one file for each subcommand. Only here does anything print, read the environment or exit.

mod agent;
mod ansible;
mod args;
mod config;
mod connection_args;
mod diagnostics;
mod dialect;
mod doc;
mod entry;
mod extra_vars;
mod facts;
mod inventory;
mod outside;
mod play;
mod play_args;
mod prune;
mod questions;
mod reporting;
mod request;
mod sandbox;
mod terminal;
mod vault;
mod vault_editor;
mod vault_passwords;

pub use entry::main;
