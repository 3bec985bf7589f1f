//! Images that are real but tiny, for repositories that are filled rather than pushed to.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::error::SandboxError;
use super::store::manifests::{self, NewManifest};
use super::store::{Db, ManifestId, RepositoryId, StoreError, blobs};

/// A blob's digest and its size in bytes.
pub(super) type Content = (String, usize);

/// Writes the blobs that all tiny images share, a configuration and a layer, below the state folder.
pub(super) fn content(state: &Path) -> Result<Vec<Content>, SandboxError> {
    let blobs: [&[u8]; 2] = [b"{}", b"nothing in particular"];
    let mut content = Vec::new();
    for bytes in blobs {
        let digest = digest(bytes);
        let hex = digest.strip_prefix("sha256:").unwrap_or_default();
        let folder = state.join("blobs/sha256").join(hex.get(..2).unwrap_or_default());
        let path = folder.join(hex);
        fs::create_dir_all(&folder)
            .and_then(|()| fs::write(&path, bytes))
            .map_err(|source| SandboxError::File { path, source })?;
        content.push((digest, bytes.len()));
    }
    Ok(content)
}

/// Makes the blobs known to a repository.
pub(super) fn put_blobs(db: &Db<'_>, repository: RepositoryId, content: &[Content]) -> Result<(), StoreError> {
    for (digest, size) in content {
        blobs::put(db, repository, digest, i64::try_from(*size).unwrap_or(i64::MAX))?;
    }
    Ok(())
}

/// Adds a manifest; `made_for` makes its digest another one.
pub(super) fn put_manifest(
    db: &Db<'_>,
    repository: RepositoryId,
    content: &[Content],
    made_for: &str,
) -> Result<ManifestId, StoreError> {
    let media_type = "application/vnd.oci.image.manifest.v1+json";
    let describe = |at: usize, kind: &str| {
        let blob = content.get(at);
        json!({ "mediaType": kind, "digest": blob.map(|(digest, _)| digest), "size": blob.map(|(_, size)| size) })
    };
    let bytes = json!({
        "schemaVersion": 2,
        "mediaType": media_type,
        "config": describe(0, "application/vnd.oci.image.config.v1+json"),
        "layers": [describe(1, "application/vnd.oci.image.layer.v1.tar")],
        "annotations": { "made-for": made_for },
    })
    .to_string()
    .into_bytes();
    let digests: Vec<String> = content.iter().map(|(digest, _)| digest.clone()).collect();
    let new = NewManifest {
        digest: &digest(&bytes),
        media_type,
        config_media_type: Some("application/vnd.oci.image.config.v1+json"),
        bytes: &bytes,
        layers_size: content.get(1).and_then(|(_, size)| i64::try_from(*size).ok()),
        blobs: &digests,
        ..NewManifest::default()
    };
    manifests::put(db, repository, &new)
}

fn digest(bytes: &[u8]) -> String {
    let mut text = "sha256:".to_owned();
    for byte in Sha256::digest(bytes) {
        // writing to a string cannot fail
        let _ = write!(text, "{byte:02x}");
    }
    text
}
