//! Prototypes: the default permissions that new repositories of an organization get.

use serde::{Deserialize, Serialize};

use super::common::Avatar;
use super::role::{DelegateKind, RepositoryRole};

/// A default permission.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Prototype {
    /// Whose new repositories it is for; `null` for everybody's.
    #[serde(default)]
    pub activating_user: Option<PrototypeEntity>,
    /// Who gets the permission.
    pub delegate: PrototypeEntity,
    /// The permission.
    pub role: RepositoryRole,
    /// What identifies it.
    pub id: String,
}

/// A user, robot or team of a prototype.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PrototypeEntity {
    /// The name.
    pub name: String,
    /// Whether it is a robot; left out for a team.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_robot: Option<bool>,
    /// User or team; robots are users.
    pub kind: DelegateKind,
    /// Whether the user is a member of the organization; left out for a team.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_org_member: Option<bool>,
    /// The picture.
    #[serde(default)]
    pub avatar: Avatar,
}

/// Answer of `GET /api/v1/organization/{orgname}/prototypes`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Prototypes {
    /// All of them.
    pub prototypes: Vec<Prototype>,
}

/// Body of `POST /api/v1/organization/{orgname}/prototypes`: makes a duplicate where an equal one exists. An
/// `activating_user` of `null` is rejected.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CreatePrototype {
    /// The permission.
    pub role: RepositoryRole,
    /// Who gets it.
    pub delegate: Delegate,
    /// Whose new repositories it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub activating_user: Option<PrincipalName>,
}

/// A user or robot by name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PrincipalName {
    /// The name.
    pub name: String,
}

/// Who gets a default permission.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delegate {
    /// User or team.
    pub kind: DelegateKind,
    /// The name; a robot's with its organization, `acme+ci`.
    pub name: String,
}
