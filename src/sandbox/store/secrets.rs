//! Random secrets and the digests they are kept as.

use rand::RngExt;
use sha2::{Digest, Sha256};
use std::fmt::Write;

const UPPER_DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
const URL_SAFE: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Capital letters and digits, as Quay's robot tokens, OAuth tokens and client identities.
pub fn upper(length: usize) -> String {
    random(UPPER_DIGITS, length)
}

/// URL-safe characters, as Quay's CSRF tokens.
pub fn url_safe(length: usize) -> String {
    random(URL_SAFE, length)
}

/// SHA-256 in hexadecimal: how tokens that are never given back are kept.
pub fn digest(secret: &str) -> String {
    hex(&Sha256::digest(secret.as_bytes()))
}

/// Bytes in hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        // writing to a string cannot fail
        let _ = write!(out, "{byte:02x}");
    }
    out
}

fn random(alphabet: &[u8], length: usize) -> String {
    let mut rng = rand::rng();
    (0..length)
        .filter_map(|_| alphabet.get(rng.random_range(0..alphabet.len())))
        .map(|byte| char::from(*byte))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_have_their_length_and_alphabet() {
        let token = upper(64);
        assert_eq!(token.len(), 64);
        assert!(token.bytes().all(|byte| UPPER_DIGITS.contains(&byte)));
        assert_ne!(token, upper(64));
        assert_eq!(url_safe(40).len(), 40);
        assert_eq!(digest("").len(), 64);
    }
}
