//! The Vault passwords that the command line and the configuration name.

use std::path::PathBuf;

use super::config::{Config, ConfigError};
use crate::cli::terminal::ask_secret;
use crate::vault::{PasswordError, PasswordSource, Prompt, VaultSecrets, load_passwords};

/// Where Vault passwords come from.
#[derive(Clone, Debug, Default)]
pub(super) struct VaultOptions {
    /// Files, or programs that print a password.
    pub(super) files: Vec<PathBuf>,
    /// Ids with sources: `ID@FILE`, `ID@prompt`.
    pub(super) ids: Vec<String>,
    /// Ask for one.
    pub(super) ask: bool,
}

impl VaultOptions {
    /// Adds what the configuration says: its identities always, its file and its wish to be asked where the command line
    /// names neither.
    pub(super) fn with_config(mut self, config: &Config) -> Result<Self, ConfigError> {
        if self.files.is_empty() && !self.ask {
            self.files.extend(config.path("DEFAULT_VAULT_PASSWORD_FILE"));
            self.ask = config.switch("DEFAULT_ASK_VAULT_PASS")?.unwrap_or(false);
        }
        let mut ids = config.list("DEFAULT_VAULT_IDENTITY_LIST").unwrap_or_default();
        ids.append(&mut self.ids);
        self.ids = ids;
        Ok(self)
    }

    /// The sources, in the order in which they are tried.
    pub(super) fn sources(&self) -> Vec<PasswordSource> {
        let mut sources: Vec<PasswordSource> = self.ids.iter().map(|id| PasswordSource::parse(id)).collect();
        sources.extend(self.files.iter().map(PasswordSource::file));
        if self.ask {
            sources.push(PasswordSource::ask());
        }
        sources
    }

    /// Reads the passwords. Warnings say which sources failed while others did not.
    pub(super) fn load(&self, warnings: &mut Vec<PasswordError>) -> Result<VaultSecrets, PasswordError> {
        let sources = self.sources();
        if sources.is_empty() {
            return Ok(VaultSecrets::default());
        }
        load_passwords(&sources, Prompt::Known, &mut |question| ask_secret(question), warnings)
            .map(VaultSecrets::from_passwords)
    }
}
