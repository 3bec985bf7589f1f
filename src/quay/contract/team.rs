//! Teams of an organization.

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::common::Avatar;
use super::date::QuayDate;
use super::role::TeamRole;

/// Answer of `PUT /api/v1/organization/{orgname}/team/{teamname}`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Team {
    /// The name.
    pub name: String,
    /// Markdown.
    #[serde(default)]
    pub description: String,
    /// Whether the caller may see its members.
    #[serde(default)]
    pub can_view: bool,
    /// What its members may do.
    pub role: TeamRole,
    /// The picture.
    #[serde(default)]
    pub avatar: Avatar,
    /// Whether it was made by this call.
    #[serde(default)]
    pub new_team: bool,
}

/// Body of `PUT /api/v1/organization/{orgname}/team/{teamname}`: `role` is always required.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PutTeam {
    /// What its members may do.
    pub role: TeamRole,
    /// Markdown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// Answer of `GET /api/v1/organization/{orgname}/team/{teamname}/members`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TeamMembers {
    /// The team.
    pub name: String,
    /// Its members; pending invitations only with `includePending=true`, repeated as often as they were sent.
    pub members: Vec<TeamMember>,
    /// Whether the caller may change them.
    #[serde(default)]
    pub can_edit: bool,
    /// What members could be taken from, where team synchronization is on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub can_sync: Option<Json>,
    /// What members are taken from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub synced: Option<TeamSync>,
}

/// A member, or an invitation: of a user (`invited`) or of an e-mail address (`kind` is `invite`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TeamMember {
    /// The user or robot; none for an address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The address of an invitation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// `user` (robots too) or `invite`.
    pub kind: String,
    /// Whether it is a robot; left out for an address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_robot: Option<bool>,
    /// The picture.
    #[serde(default)]
    pub avatar: Avatar,
    /// Whether the invitation has not been accepted yet.
    #[serde(default)]
    pub invited: bool,
}

/// Where the members of a synchronized team come from.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TeamSync {
    /// `ldap`, `oidc`, `keystone`.
    pub service: String,
    /// When they were last read.
    #[serde(default)]
    pub last_updated: Option<QuayDate>,
    /// The group.
    #[serde(default)]
    pub config: Json,
}

/// Answer of `PUT …/team/{teamname}/invite/{email}`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Invited {
    /// The address.
    pub email: String,
    /// `invite`.
    pub kind: String,
    /// The picture.
    #[serde(default)]
    pub avatar: Avatar,
    /// Always true.
    #[serde(default)]
    pub invited: bool,
}
