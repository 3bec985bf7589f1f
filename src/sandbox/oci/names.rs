//! Digests, tags and repository names, checked once.

use std::fmt;

/// The namespace of repositories whose name has only one part, as in Quay.
const LIBRARY: &str = "library";
const MAX_TAG: usize = 128;
const MAX_NAME: usize = 255;

/// `sha256:<64 hexadecimal digits>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Digest(String);

impl Digest {
    /// Reads a digest; only SHA-256 is known.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let hex = text.strip_prefix("sha256:")?;
        let valid = hex.len() == 64 && hex.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
        valid.then(|| Self(text.to_owned()))
    }

    /// The digest of bytes that were hashed.
    pub(super) fn of_hash(hash: &[u8]) -> Self {
        use fmt::Write as _;
        let mut text = String::with_capacity(71);
        text.push_str("sha256:");
        for byte in hash {
            // writing to a string cannot fail
            let _ = write!(text, "{byte:02x}");
        }
        Self(text)
    }

    /// The whole text.
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    /// The digits alone.
    pub(super) fn hex(&self) -> &str {
        self.0.strip_prefix("sha256:").unwrap_or_default()
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A manifest's tag or digest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Reference {
    /// By name.
    Tag(String),
    /// By content.
    Digest(Digest),
}

impl Reference {
    /// Reads the last part of a manifest's path.
    pub(super) fn parse(text: &str) -> Option<Self> {
        if text.contains(':') {
            return Digest::parse(text).map(Self::Digest);
        }
        let mut bytes = text.bytes();
        let first = bytes.next().is_some_and(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        let rest = bytes.all(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte));
        (first && rest && text.len() <= MAX_TAG).then(|| Self::Tag(text.to_owned()))
    }
}

/// A repository's full name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RepositoryName {
    /// The user or organization.
    pub(super) namespace: String,
    /// The rest; may hold slashes.
    pub(super) name: String,
}

impl RepositoryName {
    /// Splits a path's name; a name of one part is in the library. Nothing else is checked: a name that cannot exist is
    /// simply not found.
    pub(super) fn split(text: &str) -> Self {
        let (namespace, name) = text.split_once('/').unwrap_or((LIBRARY, text));
        Self { namespace: namespace.to_owned(), name: name.to_owned() }
    }

    /// Whether a repository of this name may be made.
    pub(super) fn is_valid(&self) -> bool {
        let part = |part: &str| {
            part.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
                && part.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_.-".contains(&byte))
        };
        self.name.len() <= MAX_NAME && self.name.split('/').all(part)
    }
}

impl fmt::Display for RepositoryName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.namespace, self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_are_sha256_in_small_hexadecimal() {
        let good = format!("sha256:{}", "0f".repeat(32));
        assert_eq!(Digest::parse(&good).unwrap().hex(), "0f".repeat(32));
        for bad in
            ["sha256:", "sha256:zz", &format!("sha256:{}", "0F".repeat(32)), &format!("sha512:{}", "0f".repeat(64))]
        {
            assert_eq!(Digest::parse(bad), None, "{bad}");
        }
        assert!(Digest::parse(Digest::of_hash(&[7; 32]).as_str()).is_some());
    }

    #[test]
    fn references_are_tags_or_digests() {
        assert_eq!(Reference::parse("v1.0_x-y"), Some(Reference::Tag("v1.0_x-y".into())));
        for bad in [".hidden", "-x", "a/b", "", "a b", &"x".repeat(129), "sha256:short"] {
            assert_eq!(Reference::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn names_have_a_namespace() {
        let deep = RepositoryName::split("acme/deep/er");
        assert_eq!((deep.namespace.as_str(), deep.name.as_str()), ("acme", "deep/er"));
        assert_eq!(RepositoryName::split("busybox").to_string(), "library/busybox");
        assert!(deep.is_valid() && RepositoryName::split("acme/a..b_").is_valid());
        assert!(!RepositoryName::split("acme/App").is_valid() && !RepositoryName::split("acme/a//b").is_valid());
    }
}
