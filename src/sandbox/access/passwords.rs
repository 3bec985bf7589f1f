//! Passwords: what is accepted, and bcrypt.

use crate::value::Secret;

/// Quay's rule: at least 8 characters, no blanks.
pub fn is_acceptable_password(password: &str) -> bool {
    password.chars().count() >= 8 && !password.chars().any(char::is_whitespace)
}

/// bcrypt of a password. Absent where bcrypt refuses the cost.
pub fn hash_password(password: &str, cost: u32) -> Option<Secret> {
    // bcrypt reads 72 bytes; Quay cuts the rest off too
    bcrypt::hash(cut(password), cost).ok().map(Secret::new)
}

/// Whether the password is the hashed one.
pub fn verify_password(password: &str, hash: &Secret) -> bool {
    bcrypt::verify(cut(password), hash.expose()).unwrap_or(false)
}

fn cut(password: &str) -> &[u8] {
    let bytes = password.as_bytes();
    bytes.get(..72).unwrap_or(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_hashed_and_verified() {
        let hash = hash_password("correct horse", 4).unwrap();
        assert!(verify_password("correct horse", &hash));
        assert!(!verify_password("battery staple", &hash));
        assert!(is_acceptable_password("12345678") && !is_acceptable_password("1234567"));
        assert!(!is_acceptable_password("12345 6789"));
    }
}
