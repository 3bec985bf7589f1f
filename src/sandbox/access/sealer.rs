//! The server's key at work: tags that only it can make.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use crate::value::Secret;

/// Makes and checks tags with the server's key.
#[derive(Clone, Debug)]
pub struct Sealer {
    key: Secret,
}

impl Sealer {
    /// With this key.
    pub fn new(key: &Secret) -> Self {
        Self { key: key.clone() }
    }

    /// HMAC-SHA-256 of the parts; each is set off by its length, so that no two lists of parts run together.
    pub fn tag(&self, parts: &[&[u8]]) -> Vec<u8> {
        // HMAC takes keys of any length
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(self.key.expose().as_bytes()) else { return Vec::new() };
        for part in parts {
            mac.update(&part.len().to_be_bytes());
            mac.update(part);
        }
        mac.finalize().into_bytes().to_vec()
    }

    /// What Quay calls an encrypted password: it signs in like the password as long as that is not changed, but does not
    /// tell it. Here it is a tag over the password's hash.
    pub fn encrypted_password(&self, username: &str, password_hash: &Secret) -> Secret {
        let nonce: [u8; 32] = rand::random();
        let mut sealed = nonce.to_vec();
        sealed.extend(self.tag(&[b"password", &nonce, username.as_bytes(), password_hash.expose().as_bytes()]));
        Secret::new(STANDARD.encode(sealed))
    }

    /// Whether this is an encrypted password of that user.
    pub fn is_encrypted_password(&self, text: &str, username: &str, password_hash: &Secret) -> bool {
        let Ok(sealed) = STANDARD.decode(text) else { return false };
        let Some((nonce, tag)) = sealed.split_first_chunk::<32>() else { return false };
        let right = self.tag(&[b"password", nonce, username.as_bytes(), password_hash.expose().as_bytes()]);
        right.ct_eq(tag).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_encrypted_password_ends_with_its_password() {
        let sealer = Sealer::new(&Secret::new("key"));
        let (old, new) = (Secret::new("hash 1"), Secret::new("hash 2"));
        let password = sealer.encrypted_password("alice", &old);
        assert!(sealer.is_encrypted_password(password.expose(), "alice", &old));
        assert!(!sealer.is_encrypted_password(password.expose(), "alice", &new));
        assert!(!sealer.is_encrypted_password(password.expose(), "bob", &old));
        assert!(!sealer.is_encrypted_password("password", "alice", &old));
    }
}
