//! A Vault password.

use std::fmt;

use zeroize::Zeroizing;

use crate::value::Secret;

/// A Vault password: bytes, as Ansible has it, since a password file may hold anything. Never shown; wiped when dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(Zeroizing<Vec<u8>>);

impl Password {
    /// Takes a password in.
    #[must_use]
    pub fn new(bytes: impl Into<Vec<u8>>) -> Self {
        Self(Zeroizing::new(bytes.into()))
    }

    /// The bytes themselves, for key derivation alone.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl From<Secret> for Password {
    fn from(secret: Secret) -> Self {
        Self::new(secret.expose())
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(crate::value::REDACTED)
    }
}
