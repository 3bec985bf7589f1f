//! `quaymaster doc`: what a module does and takes, from its own doc comments.

use anyhow::bail;

use crate::diag::{ExitCode, did_you_mean};
use crate::modules::{doc, table};

/// Arguments of `quaymaster doc`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The module, by its short or full name; without it, all modules are listed.
    module: Option<String>,
}

/// Prints the documentation.
#[expect(clippy::print_stdout, reason = "the documentation is the output")]
pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let Some(name) = &args.module else {
        for module in table::MODULES {
            println!("{}.{}", module.collection, module.name);
        }
        return Ok(ExitCode::Success);
    };
    let Some(module) = table::find(name) else {
        let help = did_you_mean(name, table::MODULES.iter().map(|module| module.name));
        bail!("there is no module `{name}`{}", help.map(|help| format!("; {help}")).unwrap_or_default());
    };
    print!("{}", doc::render(module));
    Ok(ExitCode::Success)
}
