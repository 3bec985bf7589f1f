//! Repositories.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::common::{Change, PageToken, QuotaReport};
use super::date::QuayDate;
use super::role::{RepositoryState, Visibility};

/// Answer of `GET /api/v1/repository/{repository}`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Repository {
    /// Organization or user.
    pub namespace: String,
    /// Name, which may hold slashes.
    pub name: String,
    /// `image`.
    #[serde(default)]
    pub kind: Option<String>,
    /// Markdown.
    #[serde(default)]
    pub description: Option<String>,
    /// Whether everybody may pull.
    #[serde(default)]
    pub is_public: bool,
    /// Whether the namespace is an organization.
    #[serde(default)]
    pub is_organization: bool,
    /// Whether the caller has starred it.
    #[serde(default)]
    pub is_starred: bool,
    /// For build badges.
    #[serde(default)]
    pub status_token: Option<String>,
    /// Unused.
    #[serde(default)]
    pub trust_enabled: bool,
    /// Time machine in seconds.
    #[serde(default)]
    pub tag_expiration_s: Option<i64>,
    /// Billing.
    #[serde(default)]
    pub is_free_account: bool,
    /// What may be done to its content.
    #[serde(default)]
    pub state: RepositoryState,
    /// Its tags, unless `includeTags=false`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tags: Option<IndexMap<String, RepositoryTag>>,
    /// Whether the caller may push.
    #[serde(default)]
    pub can_write: bool,
    /// Whether the caller may administer it.
    #[serde(default)]
    pub can_admin: bool,
    /// Pulls and pushes per day, with `includeStats=true`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stats: Option<Vec<Json>>,
}

/// A tag as a repository shows it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RepositoryTag {
    /// The name.
    pub name: String,
    /// Bytes of its layers; none for an index.
    #[serde(default)]
    pub size: Option<i64>,
    /// When it was last moved.
    #[serde(default)]
    pub last_modified: Option<QuayDate>,
    /// When it ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expiration: Option<QuayDate>,
    /// What it points to.
    pub manifest_digest: String,
}

/// A repository in `GET /api/v1/repository`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RepositorySummary {
    /// Organization or user.
    pub namespace: String,
    /// Name, which may hold slashes.
    pub name: String,
    /// Markdown.
    #[serde(default)]
    pub description: Option<String>,
    /// Whether everybody may pull.
    #[serde(default)]
    pub is_public: bool,
    /// `image`.
    #[serde(default)]
    pub kind: Option<String>,
    /// What may be done to its content.
    #[serde(default)]
    pub state: Option<RepositoryState>,
    /// Seconds since 1970 of the last push, `null` where there was none; left out unless `last_modified=true`.
    #[serde(default, skip_serializing_if = "Change::is_keep")]
    pub last_modified: Change<i64>,
    /// Left out unless `popularity=true`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub popularity: Option<f64>,
    /// Whether the caller has starred it.
    #[serde(default)]
    pub is_starred: bool,
    /// Use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quota_report: Option<QuotaReport>,
}

/// Answer of `GET /api/v1/repository`: at most 100 repositories.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Repositories {
    /// One page.
    pub repositories: Vec<RepositorySummary>,
    /// Where the next one starts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_page: Option<PageToken>,
}

/// Body of `POST /api/v1/repository`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CreateRepository {
    /// Organization or user; the caller's own where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// Name without namespace.
    pub repository: String,
    /// Who may see it.
    pub visibility: Visibility,
    /// Markdown; required.
    pub description: String,
    /// `image`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repo_kind: Option<String>,
}

/// Answer of `POST /api/v1/repository`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RepositoryCreated {
    /// Organization or user.
    pub namespace: String,
    /// Name without namespace.
    pub name: String,
    /// `image`.
    #[serde(default)]
    pub kind: Option<String>,
}

/// Body of `PUT /api/v1/repository/{repository}`; `null` is rejected.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct UpdateRepository {
    /// Markdown.
    pub description: String,
}

/// Body of `POST /api/v1/repository/{repository}/changevisibility`; with full access a missing repository gives 200 `null`.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct ChangeVisibility {
    /// Who may see it.
    pub visibility: Visibility,
}

/// Body of `PUT /api/v1/repository/{repository}/changestate`.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct ChangeState {
    /// `NORMAL`, `READ_ONLY` or `MIRROR`.
    pub state: RepositoryState,
}

/// Body of `POST /api/v1/user/starred`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct StarRepository {
    /// Organization or user.
    pub namespace: String,
    /// Name without namespace.
    pub repository: String,
}

/// A repository in the list of the caller's favourites.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Starred {
    /// Organization or user.
    pub namespace: String,
    /// Name without namespace.
    pub name: String,
    /// Markdown.
    #[serde(default)]
    pub description: Option<String>,
    /// Whether everybody may pull.
    #[serde(default)]
    pub is_public: bool,
}

/// Answer of `GET /api/v1/user/starred`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct StarredRepositories {
    /// One page.
    pub repositories: Vec<Starred>,
    /// Where the next one starts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_page: Option<PageToken>,
}
