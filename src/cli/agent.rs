//! `quaymaster agent`: what a run asks of the binary on a host. Not for users.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context as _;
use clap::Subcommand;

use crate::agent::{Agent, run_job, say_damaged, sha256};
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
    /// Serve a runner on standard input and output
    Serve {
        /// What the SHA-256 of this binary must be
        #[arg(long)]
        verify: Option<String>,
    },
}

/// Does it.
pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let environment: BTreeMap<String, String> = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .context("no threads to work with")?;
    match &args.work {
        Work::Job { request } => {
            runtime.block_on(run_job(request, HostServices::with_environment(environment)))?;
        }
        Work::Serve { verify } => {
            let program = std::env::current_exe().context("cannot find the own binary")?;
            if let Some(digest) = verify
                && sha256(&program)? != *digest
            {
                tell_damaged();
                std::fs::remove_file(&program)?;
                return Ok(ExitCode::Error);
            }
            let home = at_home(&environment);
            let services = HostServices::with_environment(environment).with_program(program.clone());
            let agent = Agent { services: Arc::new(services), program, home };
            runtime.block_on(agent.serve(tokio::io::stdin(), tokio::io::stdout()))?;
        }
    }
    // threads that did not end in time end with the process
    runtime.shutdown_background();
    Ok(ExitCode::Success)
}

#[expect(clippy::print_stdout, reason = "the runner reads it")]
fn tell_damaged() {
    println!("{}", say_damaged());
}

/// Goes to the user's home, as a login does; where it cannot be entered, to a folder that can.
fn at_home(environment: &BTreeMap<String, String>) -> PathBuf {
    let home = environment.get("HOME").map_or_else(|| PathBuf::from("/"), PathBuf::from);
    if std::env::set_current_dir(&home).is_ok() {
        return home;
    }
    // the root folder can always be entered
    let _ = std::env::set_current_dir("/");
    PathBuf::from("/")
}
