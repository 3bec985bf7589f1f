//! quaymaster: bootstraps and runs a self-hosted Quay registry.
//!
//! The library holds everything; the binary only calls `cli`. Folders are layers, and a folder imports only folders that
//! stand above it in the table of ARCHITECTURE.md (a test enforces it).

#![cfg_attr(not(test), deny(unused_crate_dependencies))]
#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::print_stdout,
        clippy::print_stderr
    )
)]

pub mod agent;
pub mod cli;
pub mod diag;
pub mod engine;
pub mod event;
pub mod inventory;
pub mod modules;
pub mod playbook;
pub mod prune;
pub mod quay;
pub mod report;
pub mod sandbox;
pub mod template;
pub mod transport;
pub mod tree;
pub mod value;
pub mod vars;
pub mod vault;
pub mod yaml;
