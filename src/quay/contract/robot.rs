//! Robot accounts.

use serde::{Deserialize, Serialize};
use serde_json::{Map as JsonMap, Value as Json};

use super::date::QuayDate;
use super::role::RepositoryRole;
use super::wire;
use crate::value::Secret;

/// A robot.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Robot {
    /// Full name, `acme+ci`.
    pub name: String,
    /// When it was made.
    #[serde(default)]
    pub created: Option<QuayDate>,
    /// When it was last used.
    #[serde(default)]
    pub last_accessed: Option<QuayDate>,
    /// Teams, where permissions were asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub teams: Option<Vec<Json>>,
    /// Names of repositories, where permissions were asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repositories: Option<Vec<String>>,
    /// Free text; cannot be changed later.
    #[serde(default)]
    pub description: String,
    /// Its password; lists leave it out when asked to, and global read-only superusers never see it.
    #[serde(default, serialize_with = "wire::clear_option", skip_serializing_if = "Option::is_none")]
    pub token: Option<Secret>,
    /// Free data; lists leave it out, `null` after creation where none was given.
    #[serde(default, skip_serializing_if = "Metadata::is_absent")]
    pub unstructured_metadata: Metadata,
}

/// A robot's free data, which may be left out, `null` or a mapping.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Metadata {
    /// Left out.
    #[default]
    Absent,
    /// `null`.
    Null,
    /// A mapping.
    Map(JsonMap<String, Json>),
}

impl Metadata {
    fn is_absent(&self) -> bool {
        *self == Self::Absent
    }
}

impl Serialize for Metadata {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Absent | Self::Null => serializer.serialize_none(),
            Self::Map(map) => map.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Metadata {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Option::deserialize(deserializer)?.map_or(Self::Null, Self::Map))
    }
}

/// Answer of `GET /api/v1/organization/{orgname}/robots`, in no order; empty also where the organization does not exist.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Robots {
    /// All of them.
    pub robots: Vec<Robot>,
}

/// Body of `PUT …/robots/{robot_shortname}`; `null` is rejected in both fields.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct CreateRobot {
    /// Free text of at most 255 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Free data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unstructured_metadata: Option<JsonMap<String, Json>>,
}

/// Answer of `GET …/robots/{robot_shortname}/permissions` and `GET …/team/{teamname}/permissions`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RobotPermissions {
    /// One for each repository.
    pub permissions: Vec<RobotPermission>,
}

/// A repository that a robot or team may use.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RobotPermission {
    /// The repository.
    pub repository: RobotPermissionRepository,
    /// What it may do.
    pub role: RepositoryRole,
}

/// A repository in a list of permissions.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RobotPermissionRepository {
    /// Name without namespace.
    pub name: String,
    /// Whether everybody may pull.
    #[serde(default)]
    pub is_public: bool,
}

/// An identity of another service that may act as a robot (from 3.13).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct RobotFederation {
    /// The service that vouches for it.
    pub issuer: String,
    /// Its name there.
    pub subject: String,
}
