//! The clap tree.

use clap::{Parser, Subcommand};

/// Bootstraps and runs a self-hosted Quay registry: an Ansible-compatible playbook runner with built-in Quay modules.
#[derive(Debug, Parser)]
#[command(name = "quaymaster", version, max_term_width = 100, arg_required_else_help = true)]
pub(super) struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub(super) command: Command,
}

/// The subcommands, one file each.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Work on this host by request of a run
    #[command(hide = true)]
    Agent(super::agent::Args),
    /// Play playbooks
    Play(Box<super::play_args::Args>),
    /// Show a module's options, or list the modules
    Doc(super::doc::Args),
    /// Remove old tags from a registry: show the plan, and with --confirm apply it.
    Prune(Box<super::prune::Args>),
    /// Serve a rehearsal registry that answers Quay's API
    Sandbox(super::sandbox::Args),
    /// Show hosts, groups and their variables
    Inventory(super::inventory::InventoryArgs),
    /// Encrypt, decrypt and edit files and values with Ansible Vault
    Vault(super::vault::VaultArgs),
}
