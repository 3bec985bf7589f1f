//! Storage quotas.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

/// A quota of a namespace. Lists of them are bare JSON arrays.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quota {
    /// Its number; the server's default has none.
    pub id: Option<i64>,
    /// Bytes.
    #[serde(deserialize_with = "whole_bytes")]
    pub limit_bytes: i64,
    /// The same for people, `10.0 MiB`.
    #[serde(default)]
    pub limit: String,
    /// Whether it is the server's default.
    #[serde(default)]
    pub default_config: bool,
    /// What happens when.
    #[serde(default)]
    pub limits: Vec<QuotaLimit>,
    /// Whether the server has a default.
    #[serde(default)]
    pub default_config_exists: bool,
}

/// A quota set by a text such as `10 MiB` is given back as a floating-point number once.
fn whole_bytes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    let number = serde_json::Number::deserialize(deserializer)?;
    #[expect(clippy::cast_possible_truncation, reason = "a quota is far below 2^53 bytes")]
    number
        .as_i64()
        .or_else(|| number.as_f64().map(|n| n as i64))
        .ok_or_else(|| D::Error::custom("not a number of bytes"))
}

/// What happens at a part of a quota.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuotaLimit {
    /// Its number.
    pub id: i64,
    /// `Warning` or `Reject`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Percent of the quota.
    pub limit_percent: i64,
}

/// Body of `POST …/quota`: one of the two.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct CreateQuota {
    /// Bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit_bytes: Option<i64>,
    /// For people, `10 GiB`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<String>,
}

/// Body of `PUT …/quota/{quota_id}`; zero is ignored by Quay.
pub type UpdateQuota = CreateQuota;

/// Body of `POST …/limit`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CreateQuotaLimit {
    /// `Warning` or `Reject`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Percent of the quota, 1 to 100.
    pub threshold_percent: i64,
}

/// Body of `PUT …/limit/{limit_id}`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct UpdateQuotaLimit {
    /// `Warning` or `Reject`.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Percent of the quota, 1 to 100.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub threshold_percent: Option<i64>,
}
