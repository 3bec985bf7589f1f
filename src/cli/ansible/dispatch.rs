//! Which of Ansible's commands quaymaster was called as.

use std::ffi::{OsStr, OsString};
use std::path::Path;

use clap::{Args, Parser};

use super::{adhoc, common, config, doc, playbook};
use crate::cli::dialect::Dialect;
use crate::cli::{inventory, vault};
use crate::diag::ExitCode;

/// One of Ansible's commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cli) enum AnsibleCommand {
    Playbook,
    AdHoc,
    Inventory,
    Vault,
    Doc,
    Config,
}

/// A command line whose options are another command's.
#[derive(Debug, Parser)]
struct Line<A: Args> {
    #[command(flatten)]
    args: A,
}

impl AnsibleCommand {
    /// The command of a program's path.
    pub(in crate::cli) fn of_program(program: &OsStr) -> Option<Self> {
        match Path::new(program).file_name()?.to_str()? {
            "ansible-playbook" => Some(Self::Playbook),
            "ansible" => Some(Self::AdHoc),
            "ansible-inventory" => Some(Self::Inventory),
            "ansible-vault" => Some(Self::Vault),
            "ansible-doc" => Some(Self::Doc),
            "ansible-config" => Some(Self::Config),
            _ => None,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Playbook => "ansible-playbook",
            Self::AdHoc => "ansible",
            Self::Inventory => "ansible-inventory",
            Self::Vault => "ansible-vault",
            Self::Doc => "ansible-doc",
            Self::Config => "ansible-config",
        }
    }

    /// Runs the command; the number is its exit status.
    pub(in crate::cli) fn run(self, arguments: Vec<OsString>) -> u8 {
        if arguments.iter().skip(1).any(|argument| argument == "--version") {
            return finish(common::print_version(self.name()));
        }
        match self {
            Self::Playbook => parsed(self, arguments, playbook::run),
            Self::AdHoc => parsed(self, arguments, adhoc::run),
            Self::Inventory => parsed(self, arguments, |args| inventory::run(args, Dialect::Ansible)),
            Self::Vault => parsed(self, arguments, |args| vault::run(args, Dialect::Ansible)),
            Self::Doc => parsed(self, arguments, |args| doc::run(&args)),
            Self::Config => parsed(self, arguments, |args| config::run(&args)),
        }
    }
}

/// Reads the command line and does what it asks for.
fn parsed<A: Args>(
    command: AnsibleCommand,
    arguments: Vec<OsString>,
    run: impl FnOnce(A) -> anyhow::Result<ExitCode>,
) -> u8 {
    let clap_command =
        <Line<A> as clap::CommandFactory>::command().name(command.name()).bin_name(command.name()).max_term_width(100);
    let read = clap_command
        .try_get_matches_from(arguments)
        .and_then(|matches| <Line<A> as clap::FromArgMatches>::from_arg_matches(&matches));
    match read {
        Ok(line) => finish(run(line.args)),
        Err(error) => {
            // Python's argparse says 2 of a wrong command line
            let code = if error.use_stderr() { 2 } else { 0 };
            drop(error.print());
            code
        }
    }
}

fn finish(result: anyhow::Result<ExitCode>) -> u8 {
    match result {
        Ok(code) => Dialect::Ansible.exit_code(code),
        Err(error) => {
            Dialect::Ansible.report(&error);
            Dialect::Ansible.exit_code(if error.is::<common::OptionsError>() {
                ExitCode::Usage
            } else {
                ExitCode::Error
            })
        }
    }
}
