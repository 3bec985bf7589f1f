//! Roles, states and kinds.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

macro_rules! names {
    ($type:ident { $($variant:ident => $name:literal),* $(,)? }) => {
        impl $type {
            /// Quay's word for it.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name),* }
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

/// What somebody may do with a repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum RepositoryRole {
    /// Pull.
    Read,
    /// Pull and push.
    Write,
    /// Everything, including settings and deletion.
    Admin,
}

names!(RepositoryRole { Read => "read", Write => "write", Admin => "admin" });

/// What a team may do in its organization.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum TeamRole {
    /// What repositories grant to the team.
    Member,
    /// Also create repositories.
    Creator,
    /// Administer the organization.
    Admin,
}

names!(TeamRole { Member => "member", Creator => "creator", Admin => "admin" });

/// Who may see a repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Visibility {
    /// Everybody.
    Public,
    /// Those with a permission.
    Private,
}

names!(Visibility { Public => "public", Private => "private" });

impl Visibility {
    /// From `is_public`.
    #[must_use]
    pub const fn from_is_public(is_public: bool) -> Self {
        if is_public { Self::Public } else { Self::Private }
    }
}

/// What may be done to a repository's content.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RepositoryState {
    /// Pull and push.
    #[default]
    Normal,
    /// Pull only.
    ReadOnly,
    /// Filled by a repository mirror.
    Mirror,
    /// Filled by an organization mirror; cannot be set by hand.
    OrgMirror,
    /// Being deleted.
    MarkedForDeletion,
}

names!(RepositoryState {
    Normal => "NORMAL",
    ReadOnly => "READ_ONLY",
    Mirror => "MIRROR",
    OrgMirror => "ORG_MIRROR",
    MarkedForDeletion => "MARKED_FOR_DELETION",
});

/// What kind of principal a permission is given to. Robots are users here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum DelegateKind {
    /// A user or robot.
    User,
    /// A team of the organization.
    Team,
}

names!(DelegateKind { User => "user", Team => "team" });
