//! The options of `quaymaster play`, which are ansible-playbook's where it has them.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use super::config::Config;
use super::connection_args::ConnectionArgs;
use super::dialect::Dialect;
use super::reporting::RetryFile;
use super::request::{Listings, Request};
use super::vault_passwords::VaultOptions;
use crate::engine::Defaults;
use crate::inventory::Shard;
use crate::tree::{COLLECTION, WithEmbedded};

/// Arguments of `quaymaster play`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Playbooks to run, in order; `quaymaster.quay.NAME` is one that is built in
    #[arg(required = true, value_name = "PLAYBOOK")]
    pub(super) playbooks: Vec<PathBuf>,

    /// An inventory: a file, a folder, or a list of hosts that ends in a comma
    #[arg(short = 'i', long = "inventory", value_name = "PATH|HOST,", help_heading = "Hosts")]
    pub(super) inventory: Vec<String>,

    /// Work only on the hosts that match this pattern
    #[arg(short = 'l', long, value_name = "PATTERN", help_heading = "Hosts")]
    pub(super) limit: Option<String>,

    /// Work only on this part of the hosts: `0/4` to `3/4` are the parts of four runs beside each other
    ///
    /// Plays on this machine that no inventory lists are played by every part.
    #[arg(long, value_name = "INDEX/COUNT", help_heading = "Hosts")]
    pub(super) shard: Option<Shard>,

    /// How many hosts to work on at once
    ///
    /// Without it, the setting `forks`, or 5.
    #[arg(short = 'f', long, value_name = "N", help_heading = "Hosts")]
    pub(super) forks: Option<usize>,

    /// Run only tasks with one of these tags (comma-separated)
    #[arg(short = 't', long = "tags", value_name = "TAGS", help_heading = "Tasks")]
    pub(super) tags: Vec<String>,

    /// Leave out tasks with one of these tags (comma-separated)
    #[arg(long = "skip-tags", value_name = "TAGS", help_heading = "Tasks")]
    pub(super) skip_tags: Vec<String>,

    /// Begin at the first task whose name matches
    #[arg(long = "start-at-task", value_name = "NAME", help_heading = "Tasks")]
    pub(super) start_at_task: Option<String>,

    /// Ask before each task whether it is to run
    #[arg(long, help_heading = "Tasks")]
    pub(super) step: bool,

    /// Run notified handlers even on hosts where a task failed
    #[arg(long = "force-handlers", help_heading = "Tasks")]
    pub(super) force_handlers: bool,

    /// Variables: `key=value …`, a YAML or JSON mapping, or `@FILE`
    #[arg(short = 'e', long = "extra-vars", value_name = "VARS", help_heading = "Variables")]
    pub(super) extra_vars: Vec<String>,

    /// A file that holds the Vault password, or a program that prints it
    #[arg(
        long = "vault-password-file",
        visible_alias = "vault-pass-file",
        value_name = "FILE",
        help_heading = "Variables"
    )]
    pub(super) vault_password_file: Vec<PathBuf>,

    /// A Vault identity with its source: `ID@FILE` or `ID@prompt`
    #[arg(long = "vault-id", value_name = "ID@SOURCE", help_heading = "Variables")]
    pub(super) vault_id: Vec<String>,

    /// Ask for the Vault password
    #[arg(short = 'J', long = "ask-vault-pass", visible_alias = "ask-vault-password", help_heading = "Variables")]
    pub(super) ask_vault_pass: bool,

    /// Change nothing; show what would change
    #[arg(short = 'C', long, help_heading = "Mode")]
    pub(super) check: bool,

    /// Show what changes in files and objects, line by line
    #[arg(short = 'D', long, help_heading = "Mode")]
    pub(super) diff: bool,

    /// Only check the playbooks, and report every problem
    #[arg(long = "syntax-check", help_heading = "Mode", conflicts_with_all = ["list_tasks", "list_hosts", "list_tags"])]
    pub(super) syntax_check: bool,

    /// List the tasks that would run
    #[arg(long = "list-tasks", help_heading = "Mode")]
    pub(super) list_tasks: bool,

    /// List the tags there are
    #[arg(long = "list-tags", help_heading = "Mode")]
    pub(super) list_tags: bool,

    /// List the hosts that match
    #[arg(long = "list-hosts", help_heading = "Mode")]
    pub(super) list_hosts: bool,

    /// Forget the facts that earlier runs kept (setting `fact_caching`)
    #[arg(long = "flush-cache", help_heading = "Mode")]
    pub(super) flush_cache: bool,

    #[command(flatten)]
    pub(super) connection: ConnectionArgs,

    /// Folders with roles, after `roles/` beside the playbook
    #[arg(long = "roles-path", value_name = "DIR", value_delimiter = ':', help_heading = "Mode")]
    pub(super) roles_path: Vec<PathBuf>,

    /// Show more; up to -vvvv
    #[arg(short = 'v', long = "verbose", action = clap::ArgAction::Count, help_heading = "Output")]
    pub(super) verbose: u8,

    /// How the run is reported
    ///
    /// Without it, the setting `stdout_callback` where it names one of them, else `console`.
    #[arg(long, value_enum, help_heading = "Output")]
    pub(super) output: Option<OutputFormat>,

    /// When to use colours
    #[arg(long, value_enum, help_heading = "Output")]
    pub(super) color: Option<When>,
}

impl Args {
    /// What is asked for: the command line, and where it says nothing, the configuration.
    pub(super) fn into_request(
        self,
        config: &Config,
        environment: BTreeMap<String, String>,
    ) -> anyhow::Result<Request> {
        let files = Arc::new(WithEmbedded::new(COLLECTION));
        let base = Request::from_config(config, Dialect::Own, environment, files)?;
        let vault = VaultOptions { files: self.vault_password_file, ids: self.vault_id, ask: self.ask_vault_pass };
        let mut reporting = base.reporting;
        reporting.format = self.output.unwrap_or(reporting.format);
        reporting.colour = self.color.unwrap_or(reporting.colour);
        reporting.verbosity = reporting.verbosity.max(self.verbose);
        if let Some(retry) = &mut reporting.retry {
            *retry = RetryFile { playbook: self.playbooks.first().cloned(), ..std::mem::take(retry) };
        }
        let listing = Listings {
            syntax: self.syntax_check,
            tasks: self.list_tasks,
            tags: self.list_tags,
            hosts: self.list_hosts,
        };
        Ok(Request {
            playbooks: self.playbooks.iter().map(|path| path.to_string_lossy().into_owned()).collect(),
            inventory: if self.inventory.is_empty() { base.inventory } else { self.inventory },
            limit: self.limit,
            shard: self.shard,
            forks: self.forks.unwrap_or(base.forks).max(1),
            tags: if self.tags.is_empty() { base.tags } else { self.tags },
            skip_tags: if self.skip_tags.is_empty() { base.skip_tags } else { self.skip_tags },
            start_at_task: self.start_at_task,
            step: self.step,
            force_handlers: self.force_handlers || base.force_handlers,
            extra_vars: self.extra_vars,
            vault: vault.with_config(config)?,
            check: self.check,
            diff: self.diff || base.diff,
            listing: listing.some(),
            r#become: self.connection.r#become || base.r#become,
            defaults: Defaults { connection: self.connection.apply(base.defaults.connection)?, ..base.defaults },
            facts: base.facts.flushed(self.flush_cache),
            roles_path: if self.roles_path.is_empty() { base.roles_path } else { self.roles_path },
            reporting,
            ..base
        })
    }
}

/// How a run is reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum OutputFormat {
    /// A readable report
    Console,
    /// One JSON event a line, for machines
    Json,
    /// The lines of Ansible's own default report
    Ansible,
    /// One block for each result, as the ansible command shows it
    #[value(name = "minimal")]
    AnsibleMinimal,
    /// One line for each result
    #[value(name = "oneline")]
    AnsibleOneline,
}

/// When to use colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum When {
    /// On a terminal, unless `NO_COLOR` is set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}
