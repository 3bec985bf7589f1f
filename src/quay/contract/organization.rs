//! Organizations.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use super::common::{Avatar, Change, PageToken, QuotaReport};
use super::quota::QuotaLimit;
use super::role::TeamRole;

/// Answer of `GET /api/v1/organization/{orgname}`: reduced for those who are not members, also for an invalid token.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Organization {
    /// The name.
    pub name: String,
    /// The address; empty for those who may not see it.
    #[serde(default)]
    pub email: String,
    /// The picture.
    #[serde(default)]
    pub avatar: Avatar,
    /// Whether the caller administers it.
    #[serde(default)]
    pub is_admin: bool,
    /// Whether the caller is a member.
    #[serde(default)]
    pub is_member: bool,
    /// The teams by name; only members see them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub teams: Option<IndexMap<String, OrganizationTeam>>,
    /// The names of the teams in their order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ordered_teams: Option<Vec<String>>,
    /// Invoices by e-mail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invoice_email: Option<bool>,
    /// Where invoices go: `null` unless set, left out for those who are not members.
    #[serde(default, skip_serializing_if = "Change::is_keep")]
    pub invoice_email_address: Change<String>,
    /// Time machine in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag_expiration_s: Option<i64>,
    /// Billing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_free_account: Option<bool>,
    /// Quotas.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quotas: Option<Vec<OrganizationQuota>>,
    /// Use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quota_report: Option<QuotaReport>,
}

/// A quota as an organization shows it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct OrganizationQuota {
    /// Its number.
    pub id: i64,
    /// Bytes.
    pub limit_bytes: i64,
    /// What happens when.
    #[serde(default)]
    pub limits: Vec<QuotaLimit>,
}

/// A team as an organization shows it: everything but its members.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct OrganizationTeam {
    /// The name.
    pub name: String,
    /// Markdown.
    #[serde(default)]
    pub description: String,
    /// What its members may do.
    pub role: TeamRole,
    /// The picture.
    #[serde(default)]
    pub avatar: Avatar,
    /// Whether the caller may see its members.
    #[serde(default)]
    pub can_view: bool,
    /// How many repositories it has a permission for.
    #[serde(default)]
    pub repo_count: i64,
    /// How many members it has.
    #[serde(default)]
    pub member_count: i64,
    /// Whether its members come from LDAP or OIDC.
    #[serde(default)]
    pub is_synced: bool,
}

/// Body of `POST /api/v1/organization/`. The answer is the JSON text `"Created"`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct CreateOrganization {
    /// The name; deleted ones stay taken for a while.
    pub name: String,
    /// The address; two organizations may share one, a user's may not be used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// A further address that is not checked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact_email: Option<String>,
}

/// Body of `PUT /api/v1/organization/{orgname}`. Unknown keys are ignored by Quay.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct ChangeOrganization {
    /// A new address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// A new contact address.
    #[serde(default, skip_serializing_if = "Change::is_keep")]
    pub contact_email: Change<String>,
    /// Invoices by e-mail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invoice_email: Option<bool>,
    /// Where invoices go.
    #[serde(default, skip_serializing_if = "Change::is_keep")]
    pub invoice_email_address: Change<String>,
    /// Time machine in seconds: one of the server's options.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag_expiration_s: Option<i64>,
}

/// Body of `PUT /api/v1/superuser/organizations/{name}`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct RenameOrganization {
    /// The new name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// A new address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
}

/// An organization as superusers list it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrganizationSummary {
    /// The name.
    pub name: String,
    /// The address.
    #[serde(default)]
    pub email: Option<String>,
    /// The picture.
    #[serde(default)]
    pub avatar: Avatar,
    /// Quotas.
    #[serde(default)]
    pub quotas: Vec<serde_json::Value>,
    /// Use.
    #[serde(default)]
    pub quota_report: Option<QuotaReport>,
}

/// Answer of `GET /api/v1/superuser/organizations/`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SystemOrganizations {
    /// One page.
    pub organizations: Vec<OrganizationSummary>,
    /// Where the next one starts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_page: Option<PageToken>,
}

/// Answer of `GET /api/v1/organization/{orgname}/members`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Members {
    /// Users in at least one team.
    pub members: Vec<Member>,
}

/// A member of an organization.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Member {
    /// The name.
    pub name: String,
    /// `user`.
    pub kind: String,
    /// The picture.
    #[serde(default)]
    pub avatar: Avatar,
    /// The teams.
    #[serde(default)]
    pub teams: Vec<MemberTeam>,
    /// Repositories that the user has a permission for.
    #[serde(default)]
    pub repositories: Vec<String>,
}

/// A team of a member.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct MemberTeam {
    /// The name.
    pub name: String,
    /// The picture.
    #[serde(default)]
    pub avatar: Avatar,
}
