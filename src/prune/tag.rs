//! What the planner knows of tags.

use jiff::Timestamp;

/// A live tag as the registry lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TagState {
    /// The tag's name.
    pub name: String,
    /// The digest of the manifest or index that it points to, `sha256:…`.
    pub digest: String,
    /// Since when it points there; its age counts from here.
    pub started: Timestamp,
    /// When it expires, if an expiration is set.
    pub ends: Option<Timestamp>,
    /// The registry refuses to move, expire or delete it.
    pub immutable: bool,
    /// Digests of the manifests that it reaches through an index.
    pub children: Vec<String>,
}

/// The live tags of one repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RepositoryTags {
    /// The organization or user that it belongs to.
    pub namespace: String,
    /// Its name in there.
    pub name: String,
    /// Its live tags, in any order.
    pub tags: Vec<TagState>,
}

impl RepositoryTags {
    /// `namespace/name`.
    #[must_use]
    pub fn full_name(&self) -> String {
        format!("{}/{}", self.namespace, self.name)
    }
}

/// The digest that a signature, attestation, SBOM or referrers-fallback tag belongs to: `sha256-<hex>.sig` and
/// `sha256-<hex>` belong to `sha256:<hex>`. `None` for every other tag.
pub(super) fn subject_of(tag: &str) -> Option<String> {
    let rest = tag.strip_prefix("sha256-")?;
    let (hex, suffix) = rest.split_at_checked(64)?;
    let is_hex = hex.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
    (is_hex && (suffix.is_empty() || suffix.starts_with('.'))).then(|| format!("sha256:{hex}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn companions_are_told_by_their_whole_name() {
        let hex = "ab".repeat(32);
        let digest = format!("sha256:{hex}");
        assert_eq!(subject_of(&format!("sha256-{hex}.sig")), Some(digest.clone()));
        assert_eq!(subject_of(&format!("sha256-{hex}")), Some(digest));
        assert_eq!(subject_of(&format!("sha256-{hex}x")), None);
        assert_eq!(subject_of("sha256-abc.sig"), None);
        assert_eq!(subject_of(&format!("sha256-{}", "é".repeat(40))), None);
        assert_eq!(subject_of("latest"), None);
    }
}
