//! The passwords of a run.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use sha2::{Digest, Sha256};
use thiserror::Error;
use zeroize::Zeroizing;

use super::cipher;
use super::envelope::{DEFAULT_ID, Envelope, is_encrypted};
use super::password::Password;
use crate::value::{Redactor, Secret};

/// Why an envelope could not be opened or made.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum VaultError {
    /// None of the passwords fits.
    #[error("no Vault password given opens it")]
    WrongPassword,
    /// There is no password at all.
    #[error("a Vault password is needed")]
    NoPassword,
    /// The envelope is damaged, and how.
    #[error("the Vault envelope is not valid: {0}")]
    Format(String),
    /// What is inside was to be text and is not.
    #[error("the decrypted content is not UTF-8 text")]
    NotText,
    /// What was to be encrypted already is.
    #[error("the input is already encrypted")]
    AlreadyEncrypted,
    /// What was to be decrypted is not encrypted.
    #[error("the input is not encrypted with Vault")]
    NotEncrypted,
    /// Several passwords, and none was named to encrypt with.
    #[error("several vault ids are available to encrypt with ({}); name one", .0.join(", "))]
    AmbiguousId(Vec<String>),
    /// The id to encrypt with has no password.
    #[error("there is no password for the vault id `{id}` (known: {})", .known.join(", "))]
    UnknownId {
        /// The id asked for.
        id: String,
        /// The ids there are.
        known: Vec<String>,
    },
}

/// What an envelope held, and which password opened it.
#[derive(Clone)]
pub struct Opened {
    /// The content.
    pub bytes: Zeroizing<Vec<u8>>,
    /// The id that was given for the password that fitted.
    pub id: String,
    /// The password that fitted.
    pub password: Password,
}

impl fmt::Debug for Opened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Opened").field("id", &self.id).finish_non_exhaustive()
    }
}

/// The Vault passwords of a run, by vault id, in the order to try them, and what they opened so far. Cloning shares both.
#[derive(Clone, Default)]
pub struct VaultSecrets {
    inner: Arc<Inner>,
}

#[derive(Default)]
struct Inner {
    passwords: Vec<(String, Password)>,
    match_id: bool,
    /// Opened texts by the hash of their envelope: deriving the keys takes milliseconds, and a template may read a variable
    /// in every task on every host.
    opened: Mutex<HashMap<[u8; 32], Secret>>,
    redactor: Redactor,
}

impl fmt::Debug for VaultSecrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.inner.passwords.iter().map(|(id, _)| id)).finish()
    }
}

impl VaultSecrets {
    /// Passwords with their ids (`default` where none was given), in the order to try them.
    #[must_use]
    pub fn new(passwords: Vec<(String, Secret)>) -> Self {
        Self::from_passwords(passwords.into_iter().map(|(id, password)| (id, password.into())).collect())
    }

    /// Passwords that need not be text, with their ids, in the order to try them.
    #[must_use]
    pub fn from_passwords(passwords: Vec<(String, Password)>) -> Self {
        Self { inner: Arc::new(Inner { passwords, ..Inner::default() }) }
    }

    /// The same passwords, but an envelope with an id is only tried with the passwords of that id (Ansible's
    /// `DEFAULT_VAULT_ID_MATCH`).
    #[must_use]
    pub fn matching_ids_only(&self) -> Self {
        let (passwords, redactor) = (self.inner.passwords.clone(), self.inner.redactor.clone());
        Self { inner: Arc::new(Inner { passwords, redactor, match_id: true, ..Inner::default() }) }
    }

    /// Where the texts of encrypted documents are registered. Whoever shows anything uses this one.
    #[must_use]
    pub fn redactor(&self) -> &Redactor {
        &self.inner.redactor
    }

    /// Whether there is no password.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.inner.passwords.is_empty()
    }

    /// The ids, in the order of their passwords.
    #[must_use]
    pub fn ids(&self) -> Vec<String> {
        self.inner.passwords.iter().map(|(id, _)| id.clone()).collect()
    }

    /// Opens an envelope that holds text: the passwords of its own id first, then the others. Opened texts are cached.
    pub fn decrypt(&self, envelope: &str) -> Result<Secret, VaultError> {
        let hash: [u8; 32] = Sha256::digest(envelope).into();
        let cached = self.inner.opened.lock().unwrap_or_else(PoisonError::into_inner).get(&hash).cloned();
        if let Some(secret) = cached {
            return Ok(secret);
        }
        let opened = self.open(envelope.as_bytes())?;
        let text = std::str::from_utf8(&opened.bytes).map_err(|_| VaultError::NotText)?;
        let secret = Secret::new(text);
        self.inner.opened.lock().unwrap_or_else(PoisonError::into_inner).insert(hash, secret.clone());
        Ok(secret)
    }

    /// Opens an envelope that may hold anything, uncached.
    pub fn open(&self, envelope: &[u8]) -> Result<Opened, VaultError> {
        if !is_encrypted(envelope.trim_ascii_start()) {
            return Err(VaultError::NotEncrypted);
        }
        let envelope = Envelope::parse(envelope.trim_ascii_start())?;
        if self.is_empty() {
            return Err(VaultError::NoPassword);
        }
        let own_id = envelope.id.as_deref().unwrap_or(DEFAULT_ID);
        let passwords = &self.inner.passwords;
        let first = passwords.iter().filter(|(id, _)| id == own_id);
        let others = passwords.iter().filter(|(id, _)| id != own_id && !self.inner.match_id);
        for (id, password) in first.chain(others) {
            if let Some(bytes) = cipher::open(&envelope, password)? {
                return Ok(Opened { bytes, id: id.clone(), password: password.clone() });
            }
        }
        Err(VaultError::WrongPassword)
    }

    /// The content of a file that may be encrypted as a whole: opened, or as it is. `true` says that it was encrypted, so
    /// that everything in it is secret.
    pub fn open_text(&self, text: &str) -> Result<(Secret, bool), VaultError> {
        if is_encrypted(text.as_bytes()) {
            return Ok((self.decrypt(text)?, true));
        }
        Ok((Secret::new(text), false))
    }

    /// The password to encrypt with: that of the id asked for, else the only one.
    pub fn to_encrypt_with(&self, id: Option<&str>) -> Result<(String, Password), VaultError> {
        let passwords = &self.inner.passwords;
        match id {
            Some(wanted) => passwords
                .iter()
                .find(|(id, _)| id == wanted)
                .cloned()
                .ok_or_else(|| VaultError::UnknownId { id: wanted.to_owned(), known: self.ids() }),
            None if passwords.len() > 1 => Err(VaultError::AmbiguousId(self.ids())),
            None => passwords.first().cloned().ok_or(VaultError::NoPassword),
        }
    }

    /// Encrypts bytes; the text ends in a newline.
    pub fn encrypt(&self, plain: &[u8], id: Option<&str>) -> Result<String, VaultError> {
        let (id, password) = self.to_encrypt_with(id)?;
        encrypt_with(plain, &password, Some(&id))
    }
}

/// Encrypts bytes with a password; the text ends in a newline.
pub(super) fn encrypt_with(plain: &[u8], password: &Password, id: Option<&str>) -> Result<String, VaultError> {
    if is_encrypted(plain) {
        return Err(VaultError::AlreadyEncrypted);
    }
    Ok(cipher::seal(plain, password, id)?.to_text())
}
