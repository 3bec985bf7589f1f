//! `quaymaster agent`: what a run asks of the binary on a host. Not for users.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::Subcommand;

use crate::agent::run_job;
use crate::diag::ExitCode;
use crate::modules::HostServices;

/// Arguments of `quaymaster agent`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    work: Work,
}

/// What there is to do.
#[derive(Debug, Subcommand)]
enum Work {
    /// Run a module in the background
    Job {
        /// The file that says what to do; it is removed
        request: PathBuf,
    },
}

/// Does it.
pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let Work::Job { request } = &args.work;
    let environment = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .context("no threads to work with")?;
    runtime.block_on(run_job(request, HostServices::with_environment(environment)))?;
    runtime.shutdown_background();
    Ok(ExitCode::Success)
}
