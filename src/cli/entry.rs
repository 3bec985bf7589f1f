//! From the process's arguments to its exit code.

use std::process::ExitCode as ProcessExit;

use clap::Parser as _;

use super::args::{Cli, Command};
use crate::diag::ExitCode;

/// Runs the command that the process's arguments name.
#[must_use]
pub fn main() -> ProcessExit {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // help and version are asked for, everything else is a wrong command line
            let code = if error.use_stderr() { ExitCode::Usage } else { ExitCode::Success };
            drop(error.print());
            return code.code().into();
        }
    };
    let result = match cli.command {
        Command::Agent(args) => super::agent::run(&args),
        Command::Play(args) => super::play::run(&args),
        Command::Doc(args) => super::doc::run(&args),
        Command::Prune(args) => super::prune::run(&args),
        Command::Sandbox(args) => super::sandbox::run(args),
        Command::Inventory(args) => super::inventory::run(&args),
        Command::Vault(args) => super::vault::run(args),
    };
    match result {
        Ok(code) => code.code().into(),
        Err(error) => {
            report(&error);
            ExitCode::Error.code().into()
        }
    }
}

/// Prints an error with its causes, each once.
#[expect(clippy::print_stderr, reason = "the edge where errors become text")]
fn report(error: &anyhow::Error) {
    eprintln!("error: {error}");
    for cause in error.chain().skip(1) {
        eprintln!("  caused by: {cause}");
    }
}
