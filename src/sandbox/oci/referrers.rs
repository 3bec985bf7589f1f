//! `GET /v2/<name>/referrers/<digest>`: the manifests that say they belong to another one.

use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::context::Context;
use super::document::INDEX;
use super::error::RegistryError;
use super::names::{Digest, RepositoryName};
use crate::sandbox::store::manifests::{self, Manifest};

/// Answers with an index of descriptors, empty where nothing refers to the digest.
pub(super) async fn get(
    context: Context,
    name: RepositoryName,
    digest: &str,
    query: Option<&str>,
) -> Result<Response, RegistryError> {
    let digest = Digest::parse(digest).ok_or_else(RegistryError::digest_invalid)?;
    let kind = url::form_urlencoded::parse(query.unwrap_or("").as_bytes())
        .find(|(key, _)| key == "artifactType")
        .map(|(_, value)| value.into_owned());
    let app = std::sync::Arc::clone(&context.app);
    let found = app
        .store
        .read(move |db| {
            let repository = context.pull(db, &name)?;
            let mut found = Vec::new();
            for manifest in manifests::referrers(db, repository.id, digest.as_str())? {
                if manifests::is_reachable(db, manifest.id)? {
                    found.push(manifest);
                }
            }
            Ok::<_, RegistryError>(found)
        })
        .await?;
    let entries: Vec<Value> = found
        .iter()
        .filter(|manifest| kind.is_none() || artifact_type(manifest) == kind.as_deref())
        .map(descriptor)
        .collect();
    let index = json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": entries });
    let mut response = ([(header::CONTENT_TYPE, INDEX)], index.to_string()).into_response();
    if kind.is_some() {
        response.headers_mut().insert("oci-filters-applied", HeaderValue::from_static("artifactType"));
    }
    Ok(response)
}

/// What an artifact says it is; without a word of its own, what its config is.
fn artifact_type(manifest: &Manifest) -> Option<&str> {
    manifest.artifact_type.as_deref().or(manifest.config_media_type.as_deref())
}

fn descriptor(manifest: &Manifest) -> Value {
    let mut entry = json!({
        "mediaType": manifest.media_type,
        "digest": manifest.digest,
        "size": manifest.bytes.len(),
    });
    if let Some(entry) = entry.as_object_mut() {
        if let Some(kind) = artifact_type(manifest) {
            entry.insert("artifactType".to_owned(), kind.into());
        }
        let annotations: Option<Value> =
            manifest.annotations.as_deref().and_then(|text| serde_json::from_str(text).ok());
        if let Some(annotations) = annotations {
            entry.insert("annotations".to_owned(), annotations);
        }
    }
    entry
}
