//! Modules for working copies of source code.

mod git;
mod git_remote;
mod git_repository;
#[cfg(test)]
mod tests;

pub use git::{Git, GitState};
