//! From the process's arguments to its exit code.

use std::process::ExitCode as ProcessExit;

use clap::Parser as _;

use super::ansible::AnsibleCommand;
use super::args::{Cli, Command};
use super::dialect::Dialect;
use crate::diag::ExitCode;

/// Runs the command that the process's arguments name.
#[must_use]
pub fn main() -> ProcessExit {
    let program = std::env::args_os().next().unwrap_or_default();
    if let Some(command) = AnsibleCommand::of_program(&program) {
        return command.run(std::env::args_os().collect()).into();
    }
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
        Command::Play(args) => super::play::run(*args),
        Command::Doc(args) => super::doc::run(&args),
        Command::Prune(args) => super::prune::run(&args),
        Command::Sandbox(args) => super::sandbox::run(args),
        Command::Inventory(args) => super::inventory::run(args, Dialect::Own),
        Command::Vault(args) => super::vault::run(args, Dialect::Own),
    };
    match result {
        Ok(code) => code.code().into(),
        Err(error) => {
            Dialect::Own.report(&error);
            ExitCode::Error.code().into()
        }
    }
}
