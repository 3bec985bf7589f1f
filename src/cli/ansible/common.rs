//! What all of Ansible's commands share.

use std::collections::BTreeMap;

use thiserror::Error;

use crate::cli::config::Config;
use crate::cli::play::environment;
use crate::diag::ExitCode;

/// The options do not go together, or one has a meaning that is not supported.
#[derive(Debug, Error)]
#[error("{0}")]
pub(super) struct OptionsError(pub(super) String);

/// Environment and configuration of this process.
pub(super) fn configuration() -> anyhow::Result<(BTreeMap<String, String>, Config)> {
    let environment = environment();
    let config = Config::load(&environment, &std::env::current_dir()?)?;
    Ok((environment, config))
}

/// `--version`: the level of the language in the brackets where scripts look for ansible-core's number.
#[expect(clippy::print_stdout, reason = "the version is the output")]
pub(super) fn print_version(name: &str) -> anyhow::Result<ExitCode> {
    let (_, config) = configuration()?;
    let file = config.file.map_or_else(|| "None".to_owned(), |path| path.display().to_string());
    let program = std::env::current_exe().map(|path| path.display().to_string()).unwrap_or_default();
    println!("{name} [core {}]", crate::vars::LANGUAGE_VERSION);
    println!("  config file = {file}");
    println!("  configured module search path = built in");
    println!("  executable location = {program}");
    println!("  quaymaster version = {}", env!("CARGO_PKG_VERSION"));
    Ok(ExitCode::Success)
}
