//! Manifests and their labels.

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

/// Answer of `GET /api/v1/repository/{repository}/manifest/{manifestref}`; tags are not taken as reference.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Manifest {
    /// Its digest.
    pub digest: String,
    /// Whether it is an index.
    #[serde(default)]
    pub is_manifest_list: bool,
    /// The document itself.
    pub manifest_data: String,
    /// Media type of its configuration; `null` for an index.
    #[serde(default)]
    pub config_media_type: Option<String>,
    /// Bytes.
    #[serde(default)]
    pub layers_compressed_size: Option<i64>,
    /// Its layers; `null` for an index.
    #[serde(default)]
    pub layers: Option<Vec<Layer>>,
}

/// A layer of a manifest.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Layer {
    /// Position from the bottom, from 0.
    pub index: i64,
    /// Bytes.
    #[serde(default)]
    pub compressed_size: Option<i64>,
    /// Whether it is stored elsewhere.
    #[serde(default)]
    pub is_remote: bool,
    /// Where.
    #[serde(default)]
    pub urls: Option<Vec<String>>,
    /// The build step.
    #[serde(default)]
    pub command: Option<Json>,
    /// From the image's history.
    #[serde(default)]
    pub comment: Option<String>,
    /// From the image's history.
    #[serde(default)]
    pub author: Option<String>,
    /// Its digest.
    #[serde(default)]
    pub blob_digest: Option<String>,
    /// From the image's history.
    #[serde(default)]
    pub created_datetime: Option<String>,
}

/// A label of a manifest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Label {
    /// What identifies it.
    pub id: String,
    /// The key.
    pub key: String,
    /// The value.
    pub value: String,
    /// `manifest` (read-only, from the image) or `api`.
    pub source_type: String,
    /// `text/plain` or `application/json`.
    pub media_type: String,
}

/// Answer of `GET …/labels`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Labels {
    /// All of them.
    pub labels: Vec<Label>,
}

/// Answer of `POST …/labels`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LabelCreated {
    /// The new one.
    pub label: Label,
}

/// Body of `POST …/labels`: makes a duplicate where an equal one exists.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CreateLabel {
    /// The key; the prefix `quay.` is reserved.
    pub key: String,
    /// The value.
    pub value: String,
    /// `text/plain`, `application/json` or `null`, with which Quay guesses.
    pub media_type: Option<String>,
}
