//! `ansible-playbook`: plays playbooks.

use std::path::PathBuf;
use std::sync::Arc;

use super::common::configuration;
use super::run_args::RunArgs;
use crate::cli::dialect::Dialect;
use crate::cli::play::play;
use crate::cli::request::{Listings, Request};
use crate::diag::ExitCode;
use crate::tree::{COLLECTION, WithEmbedded};

/// Arguments of `ansible-playbook`.
#[derive(Debug, clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is an option of Ansible's own")]
pub(super) struct PlaybookArgs {
    /// Playbooks to run, in order
    #[arg(required = true, value_name = "PLAYBOOK")]
    playbooks: Vec<PathBuf>,
    #[command(flatten)]
    run: RunArgs,
    /// Run only tasks with one of these tags (comma-separated)
    #[arg(short, long)]
    tags: Vec<String>,
    /// Leave out tasks with one of these tags (comma-separated)
    #[arg(long)]
    skip_tags: Vec<String>,
    /// Begin at the first task whose name matches
    #[arg(long)]
    start_at_task: Option<String>,
    /// Run notified handlers even on hosts where a task failed
    #[arg(long)]
    force_handlers: bool,
    /// Only check the playbooks
    #[arg(long)]
    syntax_check: bool,
    /// List the tasks that would run
    #[arg(long)]
    list_tasks: bool,
    /// List the tags there are
    #[arg(long)]
    list_tags: bool,
    /// Ask before each task whether it is to run
    #[arg(long)]
    step: bool,
}

/// Plays the playbooks.
pub(super) fn run(args: PlaybookArgs) -> anyhow::Result<ExitCode> {
    let files = Arc::new(WithEmbedded::new(COLLECTION));
    let (environment, config) = configuration()?;
    let mut request = Request::from_config(&config, Dialect::Ansible, environment, files)?;
    let listing = Listings {
        syntax: args.syntax_check,
        tasks: args.list_tasks,
        tags: args.list_tags,
        hosts: args.run.list_hosts,
    };
    request.listing = listing.some();
    if let Some(retry) = &mut request.reporting.retry {
        retry.playbook = args.playbooks.first().cloned();
    }
    request.playbooks = args.playbooks.iter().map(|path| path.to_string_lossy().into_owned()).collect();
    // one that is not there is told in Ansible's words, and with its exit status
    for name in request.playbooks.iter().filter(|name| !name.starts_with("quaymaster.quay.")) {
        if !std::path::Path::new(name).exists() {
            anyhow::bail!("the playbook: {name} could not be found");
        }
    }
    if !args.tags.is_empty() {
        request.tags = args.tags;
    }
    if !args.skip_tags.is_empty() {
        request.skip_tags = args.skip_tags;
    }
    request.start_at_task = args.start_at_task;
    request.step = args.step;
    request.force_handlers |= args.force_handlers;
    play(args.run.apply(request, &config)?)
}
