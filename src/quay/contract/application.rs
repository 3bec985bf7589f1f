//! OAuth applications and their tokens.

use serde::{Deserialize, Serialize};

use super::common::{Avatar, PageToken};
use super::date::IsoDate;
use super::organization::Organization;
use super::wire;
use crate::value::Secret;

/// An application of an organization.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Application {
    /// The name; several applications may share one.
    pub name: String,
    /// Free text.
    #[serde(default)]
    pub description: String,
    /// Its home page.
    #[serde(default)]
    pub application_uri: String,
    /// What identifies it.
    pub client_id: String,
    /// Its secret.
    #[serde(default, serialize_with = "wire::clear_option", skip_serializing_if = "Option::is_none")]
    pub client_secret: Option<Secret>,
    /// Where browsers go after authorization.
    #[serde(default)]
    pub redirect_uri: String,
    /// Whose picture it shows.
    #[serde(default)]
    pub avatar_email: Option<String>,
}

/// Answer of `GET /api/v1/organization/{orgname}/applications`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Applications {
    /// All of them.
    pub applications: Vec<Application>,
}

/// Body of `POST /api/v1/organization/{orgname}/applications`: makes a duplicate where the name exists.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct CreateApplication {
    /// The name.
    pub name: String,
    /// Free text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Its home page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub application_uri: Option<String>,
    /// Where browsers go after authorization.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redirect_uri: Option<String>,
    /// Whose picture it shows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub avatar_email: Option<String>,
}

/// Body of `PUT /api/v1/organization/{orgname}/applications/{client_id}`; the first three are required.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct UpdateApplication {
    /// The name.
    pub name: String,
    /// Where browsers go after authorization.
    pub redirect_uri: String,
    /// Its home page.
    pub application_uri: String,
    /// Free text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Whose picture it shows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub avatar_email: Option<String>,
}

/// Answer of `GET /api/v1/app/{client_id}`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ApplicationInfo {
    /// The name.
    pub name: String,
    /// Free text.
    #[serde(default)]
    pub description: String,
    /// Its home page.
    #[serde(default)]
    pub uri: String,
    /// The picture.
    #[serde(default)]
    pub avatar: Avatar,
    /// Its organization.
    pub organization: Organization,
}

/// A token of an application (from 3.18).
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ApplicationToken {
    /// What identifies it.
    pub uuid: String,
    /// Its name; tokens made by `/oauth/authorizeapp` have none.
    #[serde(default)]
    pub name: Option<String>,
    /// Scopes separated by blanks.
    #[serde(default)]
    pub scope: String,
    /// When it ends.
    #[serde(default)]
    pub expires_at: Option<IsoDate>,
    /// When it was made.
    #[serde(default)]
    pub created: Option<IsoDate>,
    /// Whom it speaks for.
    #[serde(default)]
    pub created_by: Option<String>,
    /// When it was last used.
    #[serde(default)]
    pub last_accessed: Option<IsoDate>,
    /// The token itself, only in the answer to its creation.
    #[serde(default, serialize_with = "wire::clear_option", skip_serializing_if = "Option::is_none")]
    pub token: Option<Secret>,
}

/// Answer of `GET /api/v1/organization/{orgname}/applications/{client_id}/tokens`, newest first.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ApplicationTokens {
    /// One page.
    pub tokens: Vec<ApplicationToken>,
    /// Where the next one starts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_page: Option<PageToken>,
}

/// Body of `POST /api/v1/organization/{orgname}/applications/{client_id}/tokens`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CreateApplicationToken {
    /// The name; duplicates are allowed.
    pub name: String,
    /// Scopes separated by blanks.
    pub scope: String,
    /// Lifetime in seconds; about ten years without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expiration: Option<u64>,
}
