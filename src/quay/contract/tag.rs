//! Tags and their history.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::common::Change;
use super::date::QuayDate;

/// One entry of a repository's tag history: a tag pointed to a manifest from `start_ts` until `end_ts`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tag {
    /// The name.
    pub name: String,
    /// Whether the entry was made by a restore.
    #[serde(default)]
    pub reversion: bool,
    /// Whether it is protected (from 3.17).
    #[serde(default)]
    pub immutable: bool,
    /// Begin, seconds since 1970.
    pub start_ts: i64,
    /// End, seconds since 1970: past for an entry of the history, future for a tag that expires.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_ts: Option<i64>,
    /// What it points to.
    pub manifest_digest: String,
    /// Whether that is an index of manifests.
    #[serde(default)]
    pub is_manifest_list: bool,
    /// Bytes of its layers; `null` for an index.
    #[serde(default)]
    pub size: Option<i64>,
    /// Begin as a date.
    #[serde(default)]
    pub last_modified: Option<QuayDate>,
    /// End as a date.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expiration: Option<QuayDate>,
    /// Of an index: whether manifests are missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_sparse: Option<bool>,
    /// Of an index: how many manifests it names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub child_manifest_count: Option<i64>,
    /// Of an index: how many of them are here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub present_child_count: Option<i64>,
    /// Of an index: which of them are here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub child_manifests_presence: Option<BTreeMap<String, bool>>,
}

/// Answer of `GET /api/v1/repository/{repository}/tag/`: newest first, at most 100 with `limit`, 50 without.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TagPage {
    /// One page.
    pub tags: Vec<Tag>,
    /// Its number, from 1.
    pub page: u32,
    /// Whether there are further pages.
    pub has_additional: bool,
}

/// Body of `PUT /api/v1/repository/{repository}/tag/{tag}`: moves (or makes) the tag, or sets when it ends, or protects it.
/// With a digest, the other fields are ignored. The answer is the JSON text `"Updated"` with status 201.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct ChangeTag {
    /// What it shall point to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manifest_digest: Option<String>,
    /// When it ends, seconds since 1970; silently capped at about 104 weeks after its begin; never with `null`.
    #[serde(default, skip_serializing_if = "Change::is_keep")]
    pub expiration: Change<i64>,
    /// Whether it is protected; only administrators may lift the protection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub immutable: Option<bool>,
}

/// Body of `POST /api/v1/repository/{repository}/tag/{tag}/restore`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RestoreTag {
    /// What it shall point to: any manifest of the repository, so it also makes tags that never were.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manifest_digest: Option<String>,
}
