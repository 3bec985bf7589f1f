//! Users as they see themselves and as superusers see them.

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::common::{Avatar, PageToken, QuotaReport};
use super::wire;
use crate::value::Secret;

/// Answer of `GET /api/v1/user/`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CurrentUser {
    /// Always false.
    #[serde(default)]
    pub anonymous: bool,
    /// The name.
    pub username: String,
    /// The picture.
    #[serde(default)]
    pub avatar: Avatar,
    /// Whether the user may create repositories in the own namespace.
    #[serde(default)]
    pub can_create_repo: bool,
    /// Whether it is the caller.
    #[serde(default)]
    pub is_me: bool,
    /// Whether the address is confirmed.
    #[serde(default)]
    pub verified: bool,
    /// The address.
    #[serde(default)]
    pub email: Option<String>,
    /// External logins.
    #[serde(default)]
    pub logins: Vec<Json>,
    /// Invoices by e-mail.
    #[serde(default)]
    pub invoice_email: bool,
    /// Where invoices go.
    #[serde(default)]
    pub invoice_email_address: Option<String>,
    /// Whether the namespace is the caller's first.
    #[serde(default)]
    pub preferred_namespace: bool,
    /// Time machine of the own namespace in seconds.
    #[serde(default)]
    pub tag_expiration_s: i64,
    /// What the web interface asks for next.
    #[serde(default)]
    pub prompts: Vec<String>,
    /// Profile.
    #[serde(default)]
    pub company: Option<String>,
    /// Profile.
    #[serde(default)]
    pub family_name: Option<String>,
    /// Profile.
    #[serde(default)]
    pub given_name: Option<String>,
    /// Profile.
    #[serde(default)]
    pub location: Option<String>,
    /// Billing.
    #[serde(default)]
    pub is_free_account: bool,
    /// Whether a password is set.
    #[serde(default)]
    pub has_password_set: bool,
    /// Quotas of the own namespace.
    #[serde(default)]
    pub quotas: Vec<Json>,
    /// Use of the own namespace.
    #[serde(default)]
    pub quota_report: Option<QuotaReport>,
    /// The organizations that the user is a member of.
    #[serde(default)]
    pub organizations: Vec<UserOrganization>,
    /// Whether the user is a superuser; left out for others and by tokens that may not know.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub super_user: Option<bool>,
    /// Whether the user may read everything; left out for others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub global_readonly_super_user: Option<bool>,
}

/// An organization of the caller.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserOrganization {
    /// The name.
    pub name: String,
    /// The picture.
    #[serde(default)]
    pub avatar: Avatar,
    /// Whether the caller may create repositories in it.
    #[serde(default)]
    pub can_create_repo: bool,
    /// Unused.
    #[serde(default)]
    pub public: bool,
    /// Whether the caller administers it.
    #[serde(default)]
    pub is_org_admin: bool,
    /// Whether it is the caller's first.
    #[serde(default)]
    pub preferred_namespace: bool,
}

/// Answer of `GET /api/v1/users/{username}` for somebody else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OtherUser {
    /// Always false.
    #[serde(default)]
    pub anonymous: bool,
    /// The name.
    pub username: String,
    /// The picture.
    #[serde(default)]
    pub avatar: Avatar,
}

/// A user as superusers see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SuperuserUser {
    /// `user`.
    #[serde(default)]
    pub kind: String,
    /// The name.
    #[serde(default)]
    pub name: String,
    /// The name.
    pub username: String,
    /// The address; a UUID where none was given.
    #[serde(default)]
    pub email: Option<String>,
    /// Whether the address is confirmed.
    #[serde(default)]
    pub verified: bool,
    /// The picture.
    #[serde(default)]
    pub avatar: Avatar,
    /// Whether the user is a superuser. Superusers cannot be changed or deleted.
    #[serde(default)]
    pub super_user: bool,
    /// Whether the user may read everything.
    #[serde(default)]
    pub global_readonly_super_user: bool,
    /// Whether the user may sign in.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// Quotas of the namespace.
    #[serde(default)]
    pub quotas: Vec<Json>,
    /// Use of the namespace.
    #[serde(default)]
    pub quota_report: Option<QuotaReport>,
    /// Only in the answer to a new password.
    #[serde(default, serialize_with = "wire::clear_option", skip_serializing_if = "Option::is_none")]
    pub encrypted_password: Option<Secret>,
}

fn yes() -> bool {
    true
}

/// Answer of `GET /api/v1/superuser/users/`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SuperuserUsers {
    /// One page.
    pub users: Vec<SuperuserUser>,
    /// Where the next one starts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_page: Option<PageToken>,
}

/// Body of `POST /api/v1/superuser/users/`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CreateUser {
    /// The name.
    pub username: String,
    /// The address; needed with mailing on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
}

/// Answer of `POST /api/v1/superuser/users/`: the password is always generated.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct UserCreated {
    /// The name.
    pub username: String,
    /// The address.
    #[serde(default)]
    pub email: Option<String>,
    /// The generated password, shown only here.
    #[serde(serialize_with = "wire::clear")]
    pub password: Secret,
    /// The same, encrypted for registry clients.
    #[serde(default, serialize_with = "wire::clear_option")]
    pub encrypted_password: Option<Secret>,
}

/// Body of `PUT /api/v1/superuser/users/{username}`. The answer shows `enabled` as it was **before** the change.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct UpdateUser {
    /// A new address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// A new password.
    #[serde(default, serialize_with = "wire::clear_option", skip_serializing_if = "Option::is_none")]
    pub password: Option<Secret>,
    /// Whether the user may sign in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// Whether the user shall be a superuser after the next restart; newer releases ignore it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub superuser: Option<bool>,
}

impl UpdateUser {
    /// Whether it changes nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.email.is_none() && self.password.is_none() && self.enabled.is_none() && self.superuser.is_none()
    }
}
