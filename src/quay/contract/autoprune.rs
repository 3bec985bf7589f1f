//! Auto-prune policies of organizations, repositories and users.

use serde::{Deserialize, Serialize};

/// How a policy chooses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PruneMethod {
    /// The newest so many tags stay.
    NumberOfTags,
    /// Tags younger than so much stay.
    CreationDate,
}

/// The measure of a policy: a number of tags, or an age such as `7d`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum PruneValue {
    /// For [`PruneMethod::NumberOfTags`].
    Count(i64),
    /// For [`PruneMethod::CreationDate`].
    Age(String),
}

/// A policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AutoPrunePolicy {
    /// What identifies it.
    pub uuid: String,
    /// How it chooses.
    pub method: PruneMethod,
    /// The measure.
    pub value: PruneValue,
    /// Which tags it looks at, a regular expression; all with `null`.
    #[serde(default)]
    pub tag_pattern: Option<String>,
    /// Whether it looks at those that match, or at the others.
    #[serde(default = "matches")]
    pub tag_pattern_matches: bool,
}

fn matches() -> bool {
    true
}

/// Answer of `GET …/autoprunepolicy/`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AutoPrunePolicies {
    /// All of them.
    pub policies: Vec<AutoPrunePolicy>,
}

/// Body of `POST …/autoprunepolicy/` (201) and `PUT …/autoprunepolicy/{policy_uuid}` (204).
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateAutoPrunePolicy {
    /// How it chooses.
    pub method: PruneMethod,
    /// The measure.
    pub value: PruneValue,
    /// Which tags it looks at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag_pattern: Option<String>,
    /// Whether it looks at those that match.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag_pattern_matches: Option<bool>,
}

/// Answer of `POST …/autoprunepolicy/` and of `DELETE …/autoprunepolicy/{policy_uuid}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyCreated {
    /// The policy.
    pub uuid: String,
}
