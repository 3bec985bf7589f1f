//! The Vault passwords that the command line names.

use std::path::PathBuf;

use crate::cli::terminal::ask_secret;
use crate::vault::{PasswordError, PasswordSource, Prompt, VaultSecrets, load_passwords};

/// Reads the passwords of `--vault-password-file`, `--vault-id` and `--ask-vault-pass`. Warnings say which sources failed
/// while others did not.
pub(super) fn load(
    files: &[PathBuf],
    ids: &[String],
    ask: bool,
    warnings: &mut Vec<PasswordError>,
) -> Result<VaultSecrets, PasswordError> {
    let mut sources: Vec<PasswordSource> = ids.iter().map(|id| PasswordSource::parse(id)).collect();
    sources.extend(files.iter().map(PasswordSource::file));
    if ask {
        sources.push(PasswordSource::ask());
    }
    if sources.is_empty() {
        return Ok(VaultSecrets::default());
    }
    load_passwords(&sources, Prompt::Known, &mut |question| ask_secret(question), warnings)
        .map(VaultSecrets::from_passwords)
}
