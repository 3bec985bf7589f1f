//! The registry itself: capabilities, health, search.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Number, Value as Json};

use super::common::Avatar;

/// Answer of `GET /api/v1/registry/capabilities` (from 3.17).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Capabilities {
    /// Indexes with missing manifests.
    #[serde(default)]
    pub sparse_manifests: SparseManifests,
    /// Architectures that mirrors may be limited to.
    #[serde(default)]
    pub mirror_architectures: Vec<String>,
}

/// Whether indexes may name manifests that are not here.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SparseManifests {
    /// Whether they may.
    #[serde(default)]
    pub supported: bool,
    /// Architectures that must be here.
    #[serde(default)]
    pub required_architectures: Vec<String>,
    /// Whether others may be missing.
    #[serde(default)]
    pub optional_architectures_allowed: bool,
}

/// Answer of `GET /health/instance` and `GET /health/endtoend`: status 200, or 503 with a service that is false.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Health {
    /// The parts.
    pub data: HealthData,
    /// The status again.
    pub status_code: u16,
}

/// The parts of a registry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HealthData {
    /// Whether each works.
    pub services: BTreeMap<String, bool>,
}

/// Answer of `GET /api/v1/entities/{prefix}`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Entities {
    /// Names that begin with the prefix.
    pub results: Vec<Entity>,
}

/// A user, robot, team, organization or (of LDAP) external user.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Entity {
    /// The name.
    pub name: String,
    /// `user`, `team`, `org` or `external`.
    pub kind: String,
    /// Of an external user, the address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Whether it is a robot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_robot: Option<bool>,
    /// The picture.
    #[serde(default)]
    pub avatar: Avatar,
    /// Whether a user is a member of the organization that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_org_member: Option<bool>,
}

/// Answer of `GET /api/v1/find/repositories`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct FoundRepositories {
    /// One page.
    pub results: Vec<FoundRepository>,
    /// Whether there are further pages.
    #[serde(default)]
    pub has_additional: bool,
    /// Its number, from 1.
    #[serde(default)]
    pub page: u32,
    /// How many a page holds.
    #[serde(default)]
    pub page_size: u32,
    /// Index of the first, from 0.
    #[serde(default)]
    pub start_index: u32,
}

/// A repository that was found.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct FoundRepository {
    /// `repository`.
    pub kind: String,
    /// `repo`.
    #[serde(default)]
    pub title: String,
    /// Its namespace.
    pub namespace: Json,
    /// Name without namespace.
    pub name: String,
    /// Markdown.
    #[serde(default)]
    pub description: Option<String>,
    /// Whether everybody may pull.
    #[serde(default)]
    pub is_public: Option<bool>,
    /// How good the match is.
    pub score: Number,
    /// Path in the web interface.
    #[serde(default)]
    pub href: String,
    /// Seconds since 1970 of the last push; left out where there was none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_modified: Option<i64>,
    /// How many starred it.
    #[serde(default)]
    pub stars: Option<i64>,
    /// How much it is used.
    #[serde(default)]
    pub popularity: Option<f64>,
}
