//! Ansible Vault envelopes 1.1 and 1.2, vault ids, and where passwords come from.

mod secrets;

pub use secrets::{VaultError, VaultSecrets};
