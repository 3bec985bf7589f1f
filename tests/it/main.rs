//! The tests that run the real binary or check the project as a whole. One binary, so that it links once.

#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::print_stderr
)]

mod agent;
mod demo;
mod differential;
mod fuzz;
mod golden;
mod harness;
mod hosts;
mod layers;
mod other_users;
mod prune;
mod prune_dlrn;
mod quay_bench;
mod quay_modules;
mod readme;
mod registry_clients;
mod registry_fixture;
mod registry_protocol;
mod remote;
mod sandbox_coverage;
mod sandbox_replay;
mod shards;
mod site;
mod sshd;
mod system_modules;
mod template_behaviour;
mod templates;
mod transport;
mod transport_faults;
mod vault;
