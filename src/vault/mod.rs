//! Ansible Vault envelopes 1.1 and 1.2, vault ids, and where passwords come from.
//!
//! Nothing here prints or asks: a password that must be typed in comes through a closure of the caller, and everything that
//! was opened is wiped from memory when it is dropped.

mod cipher;
mod document;
mod envelope;
mod files;
mod password;
mod secrets;
mod source;
mod strings;

pub use document::{not_opened, open_source, read_document, seal};
pub use envelope::{DEFAULT_ID, Envelope, is_encrypted};
pub use files::{Editor, FileError, Vault, write_private};
pub use password::Password;
pub use secrets::{Opened, VaultError, VaultSecrets};
pub use source::{PasswordError, PasswordKind, PasswordSource, Prompt, load_passwords};
pub use strings::encrypted_variable;

#[cfg(test)]
mod tests;
