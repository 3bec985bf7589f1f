//! The options that `ansible-playbook` and `ansible` share.

use std::path::PathBuf;

use crate::cli::config::Config;
use crate::cli::connection_args::ConnectionArgs;
use crate::cli::request::Request;
use crate::cli::vault_passwords::VaultOptions;

/// Options of commands that run tasks.
#[derive(Debug, clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is an option of Ansible's own")]
pub(super) struct RunArgs {
    /// An inventory: a file, a folder, or a list of hosts with a comma in it
    #[arg(short, long, visible_alias = "inventory-file")]
    inventory: Vec<String>,
    /// Work only on the hosts that match this pattern
    #[arg(short = 'l', long = "limit", value_name = "SUBSET")]
    pub(super) limit: Option<String>,
    /// List the hosts that match, and run nothing
    #[arg(long)]
    pub(super) list_hosts: bool,
    /// Variables: `key=value …`, a YAML or JSON mapping, or `@FILE`
    #[arg(short, long)]
    extra_vars: Vec<String>,
    /// How many hosts to work on at once
    #[arg(short, long)]
    forks: Option<usize>,
    /// Change nothing; show what would change
    #[arg(short = 'C', long)]
    check: bool,
    /// Show what changes in files and objects
    #[arg(short = 'D', long)]
    diff: bool,
    /// Show more; up to -vvvv
    #[arg(short, long, action = clap::ArgAction::Count)]
    verbose: u8,
    /// Forget stored facts before the run
    #[arg(long)]
    flush_cache: bool,
    /// Folders with modules (not supported)
    #[arg(short = 'M', long)]
    module_path: Vec<String>,

    /// A vault id with the source of its password: `ID@FILE` or `ID@prompt`
    #[arg(long = "vault-id", value_name = "VAULT_IDS")]
    vault_id: Vec<String>,
    /// A file that holds the Vault password, or a program that prints it
    #[arg(long, visible_alias = "vault-pass-file", value_name = "FILE")]
    vault_password_file: Vec<PathBuf>,
    /// Ask for the Vault password
    #[arg(short = 'J', long, visible_alias = "ask-vault-pass", conflicts_with = "vault_password_file")]
    ask_vault_password: bool,

    #[command(flatten)]
    connection: ConnectionArgs,
}

impl RunArgs {
    /// Lays the command line over what the configuration says.
    pub(super) fn apply(self, mut request: Request, config: &Config) -> anyhow::Result<Request> {
        self.warn_unused(&mut request.warnings);
        if !self.inventory.is_empty() {
            request.inventory = self.inventory;
        }
        request.limit = self.limit;
        request.extra_vars = self.extra_vars;
        request.forks = self.forks.unwrap_or(request.forks).max(1);
        request.check = self.check;
        request.facts = request.facts.flushed(self.flush_cache);
        request.diff |= self.diff;
        request.r#become |= self.connection.r#become;
        request.defaults.connection = self.connection.apply(request.defaults.connection)?;
        request.reporting.verbosity = request.reporting.verbosity.saturating_add(self.verbose);
        let vault = VaultOptions { files: self.vault_password_file, ids: self.vault_id, ask: self.ask_vault_password };
        request.vault = vault.with_config(config)?;
        Ok(request)
    }

    fn warn_unused(&self, warnings: &mut Vec<String>) {
        let unused = [(!self.module_path.is_empty(), "--module-path", "only built-in modules are found")];
        for (given, name, why) in unused {
            if given {
                warnings.push(format!("`{name}` has no effect: {why}"));
            }
        }
    }
}
