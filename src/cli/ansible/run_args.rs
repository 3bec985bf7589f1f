//! The options that `ansible-playbook` and `ansible` share.

use std::path::PathBuf;

use super::common::OptionsError;
use crate::cli::config::Config;
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

    /// The connection of hosts that say none
    #[arg(short, long, help_heading = "Connection options")]
    connection: Option<String>,
    /// Connect as this user (not used yet)
    #[arg(short, long = "user", value_name = "REMOTE_USER", help_heading = "Connection options")]
    user: Option<String>,
    /// A private key (not used yet)
    #[arg(long, visible_alias = "key-file", value_name = "FILE", help_heading = "Connection options")]
    private_key: Option<PathBuf>,
    /// Seconds to wait for a connection (not used yet)
    #[arg(short = 'T', long, help_heading = "Connection options")]
    timeout: Option<u64>,
    /// Ask for the connection's password (not supported)
    #[arg(short = 'k', long, help_heading = "Connection options")]
    ask_pass: bool,
    /// A file with the connection's password (not used yet)
    #[arg(long, visible_alias = "conn-pass-file", value_name = "FILE", help_heading = "Connection options")]
    connection_password_file: Option<PathBuf>,
    /// Arguments for ssh, scp and sftp (not used yet)
    #[arg(long, allow_hyphen_values = true, help_heading = "Connection options")]
    ssh_common_args: Option<String>,
    /// Arguments for ssh (not used yet)
    #[arg(long, allow_hyphen_values = true, help_heading = "Connection options")]
    ssh_extra_args: Option<String>,
    /// Arguments for scp (not used yet)
    #[arg(long, allow_hyphen_values = true, help_heading = "Connection options")]
    scp_extra_args: Option<String>,
    /// Arguments for sftp (not used yet)
    #[arg(long, allow_hyphen_values = true, help_heading = "Connection options")]
    sftp_extra_args: Option<String>,

    /// Become another user
    #[arg(short = 'b', long = "become", help_heading = "Privilege escalation options")]
    r#become: bool,
    /// How to become another user (not used yet)
    #[arg(long, help_heading = "Privilege escalation options")]
    become_method: Option<String>,
    /// The user to become
    #[arg(long, help_heading = "Privilege escalation options")]
    become_user: Option<String>,
    /// Ask for the password to become another user (not supported)
    #[arg(short = 'K', long, help_heading = "Privilege escalation options")]
    ask_become_pass: bool,
    /// A file with the password to become another user (not used yet)
    #[arg(
        long,
        visible_alias = "become-pass-file",
        value_name = "FILE",
        help_heading = "Privilege escalation options"
    )]
    become_password_file: Option<PathBuf>,
}

impl RunArgs {
    /// Lays the command line over what the configuration says.
    pub(super) fn apply(self, mut request: Request, config: &Config) -> anyhow::Result<Request> {
        // a question that nobody would use the answer of is not asked
        for (given, name) in [(self.ask_pass, "--ask-pass"), (self.ask_become_pass, "--ask-become-pass")] {
            if given {
                return Err(OptionsError(format!("`{name}` is not supported: passwords are not used yet")).into());
            }
        }
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
        request.r#become |= self.r#become;
        request.defaults.connection = self.connection;
        request.defaults.become_user = self.become_user;
        request.reporting.verbosity = request.reporting.verbosity.saturating_add(self.verbose);
        let vault = VaultOptions { files: self.vault_password_file, ids: self.vault_id, ask: self.ask_vault_password };
        request.vault = vault.with_config(config)?;
        Ok(request)
    }

    fn warn_unused(&self, warnings: &mut Vec<String>) {
        let unused = [
            (!self.module_path.is_empty(), "--module-path", "only built-in modules are found"),
            (self.user.is_some(), "--user", NO_SSH),
            (self.private_key.is_some(), "--private-key", NO_SSH),
            (self.timeout.is_some(), "--timeout", NO_SSH),
            (self.connection_password_file.is_some(), "--connection-password-file", NO_SSH),
            (self.ssh_common_args.is_some(), "--ssh-common-args", NO_SSH),
            (self.ssh_extra_args.is_some(), "--ssh-extra-args", NO_SSH),
            (self.scp_extra_args.is_some(), "--scp-extra-args", NO_SSH),
            (self.sftp_extra_args.is_some(), "--sftp-extra-args", NO_SSH),
            (self.become_method.is_some(), "--become-method", NO_BECOME),
            (self.become_password_file.is_some(), "--become-password-file", NO_BECOME),
        ];
        for (given, name, why) in unused {
            if given {
                warnings.push(format!("`{name}` has no effect: {why}"));
            }
        }
    }
}

const NO_SSH: &str = "hosts are not reached over ssh yet";
const NO_BECOME: &str = "becoming another user is not supported yet";
