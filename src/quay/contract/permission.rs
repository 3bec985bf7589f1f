//! Permissions for one repository.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use super::common::Avatar;
use super::role::RepositoryRole;

/// A user's or robot's permission.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct UserPermission {
    /// What the user may do.
    pub role: RepositoryRole,
    /// The user.
    pub name: String,
    /// Whether it is a robot.
    #[serde(default)]
    pub is_robot: bool,
    /// The picture.
    #[serde(default)]
    pub avatar: Avatar,
    /// Whether the user is a member of the organization; left out in a user's namespace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_org_member: Option<bool>,
}

/// Answer of `GET /api/v1/repository/{repository}/permissions/user/`; with full access also (empty) where the repository is
/// missing.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct UserPermissions {
    /// By user.
    pub permissions: IndexMap<String, UserPermission>,
}

/// A team's permission; the answer to `GET …/permissions/team/{teamname}` has only the role.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TeamPermission {
    /// What its members may do.
    pub role: RepositoryRole,
    /// The team.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub avatar: Option<Avatar>,
}

/// Answer of `GET /api/v1/repository/{repository}/permissions/team/`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TeamPermissions {
    /// By team.
    pub permissions: IndexMap<String, TeamPermission>,
}

/// Body of `PUT …/permissions/user/{username}`, `PUT …/permissions/team/{teamname}` and
/// `PUT /api/v1/organization/{orgname}/prototypes/{prototypeid}`.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct RolePut {
    /// The role.
    pub role: RepositoryRole,
}
